"""Attention with electro-optic nonlinearities in the softmax's place  [2026 Mickeler].

    Optmax    x = s - max(s)                    digital, by row
              a = ADC(edge(DAC(x)))             first pass, one symbol for each score
              z = sum(a) / 2^e, 1 <= z < 2      digital
              w = ADC(edge(DAC(x)) divisor(DAC(z))) gain / 2^e     second pass: the product is one of light
    Optmoid   w = ADC(swing(DAC(s + b))), b = -ln(n) for a row of n symbols; one pass

Rows of Optmax do not sum exactly to 1. Scores, maxima, sums and the product with the values are digital; quantisation
is at the converters of the unit alone. A row's symbols are sent in the order of the tokens, so that memory mixes
neighbours. With exp for an edge, 1/z for a divisor and no converters, Optmax is softmax to rounding.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from pycosim.attention.exact import Attend, check_operands
from pycosim.attention.window import causal_window
from pycosim.checks import Array, at_least
from pycosim.errors import InputError
from pycosim.models.edge_scales import OperandScale
from pycosim.models.symbol_channel import OutputNoise, SymbolMemory

LARGEST_BITS = 16

Operand = NDArray[Any]


class Weigh(Protocol):
    """Scores of whole rows -> weights."""

    def __call__(self, scores: Operand, mask: NDArray[np.bool_]) -> Operand:
        """Return weights (..., t, tau), 0 where the mask (t, tau) is False, for scores of the same shape."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Nonlinearity:
    """One modulator path with its converters: operand -> output over full scale.

    Args:
        law: operands -> outputs over full scale, of the same shape, without converters.
        low, high: smallest and largest operand; others are clipped to them.
        bits: of the converters at input and output; None for converters without steps.
        memory: of the symbols before.
        noise: of a sample, in shares of full scale.
    """

    law: Callable[[Array], Array]
    low: float
    high: float
    bits: int | None = None
    memory: SymbolMemory | None = None
    noise: OutputNoise = field(default_factory=OutputNoise)

    def __post_init__(self) -> None:
        if not self.low < self.high:
            raise InputError(f"operands must go from low to high, found {self.low:g} to {self.high:g}")
        if self.bits is not None and not 1 <= at_least("bits", self.bits, 1) <= LARGEST_BITS:
            raise InputError(f"converters have 1 to {LARGEST_BITS} bits, found {self.bits}")

    def settled(self, operands: Operand) -> Operand:
        """Return what symbols settle to, after the converter at the input, over full scale."""
        inside = np.clip(operands, self.low, self.high)
        if self.bits is None:
            return np.asarray(self.law(inside))
        count = 1 << self.bits
        table = np.asarray(self.law(np.linspace(self.low, self.high, count)), dtype=np.float32)
        codes = np.rint((inside - self.low) * ((count - 1) / (self.high - self.low)))
        return np.asarray(table[codes.astype(np.intp)])

    def sampled(self, settled: Operand, generator: np.random.Generator) -> Operand:
        """Return what the converter at the output gives for settled outputs (..., n_symbols), over full scale."""
        found = settled if self.memory is None else self.memory.apply(settled)
        found = self.noise.sample(found, generator)
        if self.bits is None:
            return found
        steps = (1 << self.bits) - 1
        return np.asarray(np.rint(np.clip(found, 0.0, 1.0) * steps) / steps, dtype=np.float32)


def edge_nonlinearity(
    transfer: Callable[[Array], Array],
    scale: OperandScale,
    operands: tuple[float, float],
    *,
    bits: int | None = None,
    memory: SymbolMemory | None = None,
    noise: OutputNoise | None = None,
) -> Nonlinearity:
    """The path of a measured edge.

    Args:
        transfer: level (V) -> output (V), a fitted model's `output`.
        scale: how operands are laid onto it; its levels are the ends of the converters' range.
        operands: smallest and largest operand that is sent; the converter's codes lie between.
        bits: of the converters.
        memory: of the symbols before.
        noise: in shares of full scale; None for none.
    """
    ends = transfer(np.array([scale.low, scale.high]))
    floor, top = float(ends.min()), float(ends.max())
    return Nonlinearity(
        law=lambda x: np.asarray((transfer(scale.level(x)) - floor) / (top - floor)),
        low=operands[0],
        high=operands[1],
        bits=bits,
        memory=memory,
        noise=noise or OutputNoise(),
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Optmax:
    """Softmax by two passes of light.

    Args:
        operand: the path of x = score - maximum, in nats, up to 0.
        divisor: the path of the normalised sum, 1 to 2; its output over that at 1. It has no memory: it stands still
            for a row.
        gain: what the product of both paths is multiplied with.
        seed: of the noise; every call draws on.
    """

    operand: Nonlinearity
    divisor: Nonlinearity
    gain: float = 1.0
    seed: int = 0
    generator: np.random.Generator = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "generator", np.random.default_rng(self.seed))

    def __call__(self, scores: Operand, mask: NDArray[np.bool_]) -> Operand:
        """Return weights; see `Weigh`."""
        shown = np.where(mask, scores, -np.inf)
        x = np.where(mask, shown - shown.max(axis=-1, keepdims=True), self.operand.low)
        settled = self.operand.settled(x)
        first = np.where(mask, self.operand.sampled(settled, self.generator), 0.0)
        total = np.maximum(first.sum(axis=-1, keepdims=True), self._least)
        _, exponent = np.frexp(total)
        power = np.ldexp(1.0, exponent - 1)  # 1 <= total / power < 2
        divided = settled * self.divisor.settled(total / power)
        second = self.operand.sampled(divided, self.generator)
        return np.asarray(np.where(mask, second * (self.gain / power), 0.0))

    @property
    def _least(self) -> float:
        """Smallest sum that is divided by: one step of the converter, where noise has left nothing."""
        return 1.0 if self.operand.bits is None else 1.0 / ((1 << self.operand.bits) - 1)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Optmoid:
    """Sigmoid by one pass of light.

    Args:
        operand: the path of score + b.
        bias: b; None for -ln(n) of the n symbols of each row.
        seed: of the noise; every call draws on.
    """

    operand: Nonlinearity
    bias: float | None = None
    seed: int = 0
    generator: np.random.Generator = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "generator", np.random.default_rng(self.seed))

    def __call__(self, scores: Operand, mask: NDArray[np.bool_]) -> Operand:
        """Return weights; see `Weigh`."""
        x = np.where(mask, scores + row_bias(mask, self.bias), self.operand.low)
        return np.asarray(np.where(mask, self.operand.sampled(self.operand.settled(x), self.generator), 0.0))


def sigmoid_weights(scores: Operand, mask: NDArray[np.bool_], bias: float | None = None) -> Operand:
    """Return exact sigmoid weights 1 / (1 + exp(-(s + b)))  [2024 Ramapuram]: what Optmoid stands in for."""
    shifted = np.clip(scores + row_bias(mask, bias), -500.0, 500.0)
    return np.asarray(np.where(mask, 1.0 / (1.0 + np.exp(-shifted)), 0.0))


def row_bias(mask: NDArray[np.bool_], bias: float | None) -> Array:
    """Return b of every row, (t, 1): a given one, or -ln(n) of its n symbols."""
    if bias is not None:
        return np.full((len(mask), 1), bias)
    return np.asarray(-np.log(mask.sum(axis=-1, keepdims=True)), dtype=np.float64)


def weighing_attention(weigh: Weigh, *, window: int | None = None, causal: bool = True) -> Attend:
    """Return attention with other weights than softmax's, with the signature of `exact_attention`.

    Args:
        weigh: scores and mask -> weights: `Optmax`, `Optmoid`, `sigmoid_weights`, `masked_softmax`.
        window: attend to the last ``window`` tokens only; None for all.
        causal: False where every token attends to all, as in a vision transformer.
    """
    if not causal and window is not None:
        raise InputError(f"a window of {window} tokens looks back: leave it out, or attend causally")

    def attend(q: Operand, k: Operand, v: Operand) -> Operand:
        check_operands(q, k, v)
        n_tokens = q.shape[-2]
        mask = causal_window(n_tokens, window) if causal else np.ones((n_tokens, n_tokens), dtype=bool)
        scores = q @ np.swapaxes(k, -1, -2) / math.sqrt(q.shape[-1])  # (..., head, t, tau)
        return np.asarray(weigh(scores, mask) @ v, dtype=q.dtype)

    return attend
