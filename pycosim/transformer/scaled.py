"""What the weights of every model share: named arrays, and per layer the scalers of analog attention where they are.

Weights that were trained for the hardware carry, per layer and each (n_head,),

    <attention of the layer>.scale_{q,k,v,out}.{a,b}    gain and offset of the four scalers

which a public checkpoint has not.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from pycosim.errors import InputError
from pycosim.transformer.layers import Array

SCALED = ("q", "k", "v", "out")
SAMPLED = 4096
"""Values of an array from which the digest is made, at least."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ScaledArrays:
    """Arrays by name, some of which may be scalers: what the weights of every model are made of.

    Attributes:
        arrays: every parameter by its checkpoint name, float32.
        metadata: what else is known of them, as text.
    """

    arrays: Mapping[str, Array]
    metadata: Mapping[str, str] = field(default_factory=dict)

    def attention_name(self, layer: int) -> str:
        """Return what the names of a layer's attention begin with."""
        raise NotImplementedError

    def __getitem__(self, name: str) -> Array:
        """Return one array by its name."""
        return self.arrays[name]

    def pair(self, prefix: str) -> tuple[Array, Array]:
        """Return (weight, bias) of one layer norm or projection.

        Args:
            prefix: for example ``h.0.mlp.c_fc``.

        Returns:
            The arrays ``prefix.weight`` and ``prefix.bias``.
        """
        return self.arrays[f"{prefix}.weight"], self.arrays[f"{prefix}.bias"]

    @property
    def has_scalers(self) -> bool:
        """Whether the weights have the scalers of analog attention."""
        return f"{self.attention_name(0)}.scale_q.a" in self.arrays

    def scaler(self, layer: int, signal: str) -> tuple[Array, Array]:
        """Return (a, b) of ``scaled = a * signal + b``, each (n_head,).

        Args:
            layer: 0 .. n_layer-1.
            signal: ``q``, ``k``, ``v`` or ``out``.

        Returns:
            Gain and offset per head.

        Raises:
            InputError: if the weights have none for this layer and signal.
        """
        name = f"{self.attention_name(layer)}.scale_{signal}"
        if f"{name}.a" not in self.arrays:
            raise InputError(
                f"these weights have no {name}.a; scalers belong to {', '.join(SCALED)} of every layer, "
                "and only weights trained for analog attention carry them"
            )
        return self.arrays[f"{name}.a"], self.arrays[f"{name}.b"]

    def digest(self) -> str:
        """Return a number of the weights without their scalers, as text: equal for equal models.

        Of a large array a sample is taken: the number tells models apart, and proves nothing.
        """
        scalers = re.compile(r".*\.scale_(q|k|v|out)\.(a|b)")
        found = hashlib.sha256()
        for name in sorted(name for name in self.arrays if not scalers.fullmatch(name)):
            values = self.arrays[name].ravel()
            found.update(f"{name}{self.arrays[name].shape}".encode())
            found.update(np.ascontiguousarray(values[:: max(1, values.size // SAMPLED)]).tobytes())
        return found.hexdigest()

    def with_arrays(self, arrays: Mapping[str, Array]) -> Self:
        """Return new weights of which some arrays are others, or more: scalers where there were none.

        Args:
            arrays: by name; the others stay.

        Raises:
            InputError: if a name is unknown, a type or shape is wrong, a value is not finite, or there are some
                scalers but not all.
        """
        return replace(self, arrays={**self.arrays, **arrays})


def scaler_names(attentions: list[str]) -> set[str]:
    """Return the names of all scalers, of which weights have all or none.

    Args:
        attentions: what the names of each layer's attention begin with.
    """
    return {f"{name}.scale_{signal}.{part}" for name in attentions for signal in SCALED for part in ("a", "b")}


def check_calibration(tokens: NDArray[Any] | None, n_ctx: int, n_vocab: int) -> None:
    """Raise InputError unless calibration tokens are ids of a vocabulary, (n_texts, n_tokens), or None."""
    if tokens is None:
        return
    low, high = tokens.min(initial=0), tokens.max(initial=0)
    is_whole = np.issubdtype(tokens.dtype, np.integer)
    if not is_whole or tokens.ndim != 2 or tokens.shape[1] > n_ctx or low < 0 or high >= n_vocab:
        raise InputError(
            f"calibration tokens must be ids 0 .. {n_vocab - 1}, (n_texts, up to {n_ctx}), "
            f"found {tokens.dtype} from {low} to {high} of shape {tokens.shape}; export again"
        )
