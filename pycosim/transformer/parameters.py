"""What a GPT-2 is made of: its sizes and its arrays, every name, type and shape known in advance.

The names are those of the public GPT-2 checkpoints (``wte.weight``, ``h.0.attn.c_attn.weight``, ...),
projections stored as (in, out). For analog attention there may also be, per layer and each (n_head,):

    h.{i}.attn.scale_{q,k,v,out}.{a,b}         gain and offset of the four scalers
    h.{i}.attn.scale_{q,k,v,out}.{mean,std}    of what leaves a scaler, recorded in training
    h.{i}.attn.read_{k,v}.{mean,std}           of the voltage that the read current stands for

and the tokens on which these were recorded, so that scalers can be fitted again to another circuit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pycosim.errors import ConfigurationError, InputError
from pycosim.transformer.arrays import check_arrays
from pycosim.transformer.layers import Array
from pycosim.transformer.scaled import SCALED, ScaledArrays, check_calibration

RECORDED = ("scale_q", "scale_k", "scale_v", "scale_out", "read_k", "read_v")
SIZES = ("n_layer", "n_head", "d_head", "n_ctx", "n_vocab")


@dataclass(frozen=True, slots=True, kw_only=True)
class Gpt2Config:
    """The sizes of a GPT-2; all at least 1.

    Attributes:
        n_layer: number of blocks.
        n_head: attention heads per block.
        d_head: features per head; ``d_model = n_head * d_head``.
        n_ctx: the longest sequence, in tokens.
        n_vocab: number of token ids.
    """

    n_layer: int
    n_head: int
    d_head: int
    n_ctx: int
    n_vocab: int

    def __post_init__(self) -> None:
        for name in SIZES:
            if getattr(self, name) < 1:
                raise ConfigurationError(f"{name} must be at least 1, found {getattr(self, name)}")

    @property
    def d_model(self) -> int:
        """Width of the residual stream."""
        return self.n_head * self.d_head


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Weights(ScaledArrays):
    """The parameters of one GPT-2, checked on construction.

    Attributes:
        config: the sizes.
        arrays: every parameter by its checkpoint name, float32.
        metadata: the text that the file carries besides the sizes (``window``, ``tile``, ``tokenizer``, ...).
        calibration_tokens: ids on which the statistics were recorded, (n_texts, n_tokens), or None.

    Raises:
        InputError: if a name is missing or unknown, a type or shape is wrong, or a value is not finite.
    """

    config: Gpt2Config
    calibration_tokens: NDArray[np.int64] | None = None

    def __post_init__(self) -> None:
        check_arrays(
            self.arrays,
            expected_shapes(self.config),
            f"GPT-2 with {self.config}",
            optional=_optional_sets(self.config),
            optional_shape=(self.config.n_head,),
        )
        check_calibration(self.calibration_tokens, self.config.n_ctx, self.config.n_vocab)

    def attention_name(self, layer: int) -> str:
        """Return what the names of a layer's attention begin with."""
        return f"h.{layer}.attn"

    @property
    def has_statistics(self) -> bool:
        """Whether the file holds the recorded statistics of the signals."""
        return "h.0.attn.scale_q.mean" in self.arrays

    def statistics(self, layer: int, signal: str) -> tuple[Array, Array]:
        """Return (mean, std) of a signal as recorded in training, each (n_head,).

        Args:
            layer: 0 .. n_layer-1.
            signal: ``scale_q``, ``scale_k``, ``scale_v`` or ``scale_out`` (what leaves a scaler), ``read_k``
                or ``read_v`` (the voltage that the read current stands for, V).

        Returns:
            Mean and standard deviation per head.

        Raises:
            InputError: if the weights have none for this layer and signal.
        """
        name = f"{self.attention_name(layer)}.{signal}"
        if f"{name}.mean" not in self.arrays:
            raise InputError(
                f"these weights ({self.config.n_layer} layers) have no {name}.mean; statistics belong to "
                f"{', '.join(RECORDED)}, and only weights trained for analog attention carry them"
            )
        return self.arrays[f"{name}.mean"], self.arrays[f"{name}.std"]


def expected_shapes(config: Gpt2Config) -> dict[str, tuple[int, ...]]:
    """Return the shape of every array that a GPT-2 of these sizes must have, by name.

    Args:
        config: the sizes.

    Returns:
        Name -> shape; scalers and statistics, which are optional, are not among them.
    """
    d = config.d_model
    of_block = {
        "ln_1.weight": (d,),
        "ln_1.bias": (d,),
        "attn.c_attn.weight": (d, 3 * d),
        "attn.c_attn.bias": (3 * d,),
        "attn.c_proj.weight": (d, d),
        "attn.c_proj.bias": (d,),
        "ln_2.weight": (d,),
        "ln_2.bias": (d,),
        "mlp.c_fc.weight": (d, 4 * d),
        "mlp.c_fc.bias": (4 * d,),
        "mlp.c_proj.weight": (4 * d, d),
        "mlp.c_proj.bias": (d,),
    }
    blocks = {f"h.{i}.{name}": shape for i in range(config.n_layer) for name, shape in of_block.items()}
    embeddings = {"wte.weight": (config.n_vocab, d), "wpe.weight": (config.n_ctx, d)}
    return {**embeddings, **blocks, "ln_f.weight": (d,), "ln_f.bias": (d,)}


def _optional_sets(config: Gpt2Config) -> list[set[str]]:
    """Names that a file holds all or none of: scalers, and statistics of each kind."""
    scaled = [f"scale_{signal}" for signal in SCALED]
    read = [signal for signal in RECORDED if signal not in scaled]
    return [
        {f"h.{i}.attn.{signal}.{part}" for i in range(config.n_layer) for signal in signals for part in parts}
        for signals, parts in ((scaled, ("a", "b")), (scaled, ("mean", "std")), (read, ("mean", "std")))
    ]
