"""What the gain-cell flow is judged on: the shipped transformer and the text that it has never seen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pycosim.attention.hardware import Scalers
from pycosim.errors import ConfigurationError
from pycosim.evaluate.report import Workload as ReportedWorkload
from pycosim.flows.hardware_scalers import scalers_of_weights
from pycosim.transformer.corpus import load_held_out_text
from pycosim.transformer.tokenizer import ByteTokenizer
from pycosim.transformer.weights import Weights, load_weights


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Workload:
    """Weights and text of one run.

    Attributes:
        softmax: weights trained with softmax attention.
        linear: weights fine-tuned for the linear hardware, with scalers and calibration text.
        tokens: (n_tokens + 1,) the held-out text as ids.
    """

    softmax: Weights
    linear: Weights
    tokens: NDArray[np.int64]

    @property
    def n_tokens(self) -> int:
        """Predicted tokens."""
        return int(self.tokens.size) - 1

    @property
    def tile(self) -> int:
        """Tokens per array."""
        return int(self.linear.metadata["tile"])

    @property
    def window(self) -> int:
        """Tokens that a head looks back on."""
        return int(self.linear.metadata["window"])

    @property
    def n_tiles(self) -> int:
        """Arrays of keys per head."""
        return self.window // self.tile

    def token_interval(self, token_time: float) -> float:
        """Time between two tokens of one head (s), by which its cells age.

        Layers run one after the other, so that a head waits for all the others [2025 Leroux: 12 layers of 65 ns].

        Args:
            token_time: of one token in one layer (s).
        """
        return self.linear.config.n_layer * token_time

    @property
    def scalers(self) -> list[Scalers]:
        """The scalers that the linear weights were trained with, one set per layer."""
        return shipped_scalers(self.linear)


def load_workload(n_tokens: int) -> Workload:
    """Load the shipped weights and the first `n_tokens` + 1 bytes of the held-out text.

    Raises:
        ConfigurationError: the text is shorter.
        InputError: a shipped file is damaged.
    """
    tokens = np.asarray(ByteTokenizer().encode(load_held_out_text()), dtype=np.int64)
    if n_tokens >= tokens.size:
        raise ConfigurationError(f"n_tokens must be at most {tokens.size - 1}, the held-out text, got {n_tokens}")
    return Workload(softmax=load_weights("softmax"), linear=load_weights("linear"), tokens=tokens[: n_tokens + 1])


def shipped_scalers(weights: Weights) -> list[Scalers]:
    """The scalers that weights were trained with, one set per layer."""
    return list(scalers_of_weights(weights, weights.config.n_layer))


def shipped_workload(workload: Workload, *, window: int, tile: int, trained: str = "") -> ReportedWorkload:
    """Return how a report describes the shipped transformer and its text.

    Args:
        workload: which.
        window: tokens that a head looks back on.
        tile: tokens of one array.
        trained: what is added to the name, with a space before it.
    """
    sizes = workload.softmax.config
    return ReportedWorkload(
        name=f"GPT-2 architecture, bytes, trained by this project on CPython's documentation{trained}",
        n_layers=sizes.n_layer,
        n_heads=sizes.n_head,
        d_head=sizes.d_head,
        n_vocab=sizes.n_vocab,
        n_parameters=sum(array.size for array in workload.softmax.arrays.values()),
        window=window,
        tile=tile,
        text=f"first {workload.n_tokens} bytes of the held-out tenth",
    )
