"""What the attention hardware is made of: sizes, levels, models and scalers."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import lru_cache

import numpy as np

from pycosim.attention.digital_tokens import DigitalTokens
from pycosim.checks import Array, at_least, frozen_array, not_negative, ordered, positive
from pycosim.errors import InputError
from pycosim.models.axis import OperandAxis
from pycosim.models.cell import CellModel
from pycosim.models.converter import ConverterModel
from pycosim.models.decay import DecayModel
from pycosim.namespace import AnyArray, floating, like


@dataclass(frozen=True, slots=True, kw_only=True)
class AttentionHardware:
    """Sizes and levels; defaults are the paper's, but for the window  [2025 Leroux].

    Args:
        token_period: time between the writes of two tokens of one head, s: what one step of age is. Layers that run one
            after the other make it that many times the time of one token.
        n_input_levels: pulse widths that a query can take, from 0; None for any width.
        n_stored_levels: voltages that a key or value can take; None for any.
        n_output_counts: counts of the signed read-out, the sign apart; None for any width.
        stored_low: lowest stored voltage, V.
        stored_high: highest stored voltage, V.
        max_pulse_width: longest pulse, s; also what a full count stands for.
        tile: tokens that one array holds.
        window: tokens that a head holds; a multiple of the tile.
        causal: a token attends to itself and those before it, and its query reads as soon as it is written. False: all
            tokens of a sequence, at most a window, are written first, and each attends to all.
        signed_queries: a query lies in -1 .. 1 and drives one of two complementary word lines; see
            `pycosim.models.differential`. The input levels are then those of each sign.
        digital: tokens that are kept in digital memory, beside the cells; None for none.
        query_group: heads of queries that share one head's keys and values, and so its tiles and converters; operands
            have the keys and values repeated for each of them.
        rows_per_feature: rows of the array of keys that hold the same feature of a key and get one pulse: a head of few
            features then fills the range of the converter as one of many does; see `pycosim.models.parallel`.
    """

    token_period: float
    n_input_levels: int | None = 16
    n_stored_levels: int | None = 8
    n_output_counts: int | None = 15
    stored_low: float = 0.0
    stored_high: float = 0.9
    max_pulse_width: float = 15e-9
    tile: int = 64
    window: int = 256
    causal: bool = True
    signed_queries: bool = False
    digital: DigitalTokens | None = None
    query_group: int = 1
    rows_per_feature: int = 1

    def __post_init__(self) -> None:
        not_negative("token_period", self.token_period, "s")
        positive("max_pulse_width", self.max_pulse_width, "s")
        ordered("stored voltages", self.stored_low, self.stored_high, "V")
        for name in ("n_input_levels", "n_stored_levels"):
            if getattr(self, name) is not None:
                at_least(name, getattr(self, name), 2)
        if self.n_output_counts is not None:
            at_least("n_output_counts", self.n_output_counts, 1)
        at_least("tile", self.tile, 1)
        if self.window < 1 or self.window % self.tile:
            raise InputError(f"window must be a multiple of the tile, {self.tile} tokens, found {self.window}")
        at_least("query_group", self.query_group, 1)
        at_least("rows_per_feature", self.rows_per_feature, 1)
        if self.digital is not None and self.rows_per_feature > 1:
            raise InputError(
                "digital tokens are computed for one row per feature, found rows_per_feature="
                f"{self.rows_per_feature}; take hardware without one of them"
            )
        if self.digital is not None and self.digital.recent and not self.causal:
            raise InputError(
                "recent tokens are those before the one that attends, but attention is not causal; "
                f"give digital tokens recent=0, found {self.digital.recent}"
            )

    @property
    def n_tiles(self) -> int:
        """Arrays that hold the tokens of a window."""
        return self.window // self.tile

    @property
    def n_ages(self) -> int:
        """Ages that are read are below this many tokens."""
        return self.window if self.causal else 2 * self.window

    @property
    def query_range(self) -> tuple[float, float]:
        """Smallest and largest scaled query, in shares of the longest pulse.

        Scalers begin well with the queries' mean at its middle and their deviation at a quarter of its length:
        0.5 +- 0.25, and 0 +- 0.5 for signed queries.
        """
        return (-1.0 if self.signed_queries else 0.0), 1.0

    @property
    def stored_range(self) -> tuple[float, float]:
        """Lowest and highest stored voltage, V."""
        return self.stored_low, self.stored_high

    @property
    def operand_ranges(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """Ranges of scaled queries and of stored voltages (V)."""
        return self.query_range, self.stored_range

    @property
    def query_axis(self) -> OperandAxis:
        """Pulse widths of a query, s; negative ones are pulses on the complementary word line."""
        if not self.signed_queries:
            return _axis(0.0, self.max_pulse_width, self.n_input_levels)
        n_levels = None if self.n_input_levels is None else 2 * self.n_input_levels - 1
        return _axis(-self.max_pulse_width, self.max_pulse_width, n_levels)

    @property
    def weight_axis(self) -> OperandAxis:
        """Pulse widths between the two arrays, s: any width, they are not quantised."""
        return _axis(0.0, self.max_pulse_width, None)

    @property
    def stored_axis(self) -> OperandAxis:
        """Stored voltages, V."""
        return _axis(self.stored_low, self.stored_high, self.n_stored_levels, is_smooth=True)


@lru_cache(maxsize=64)
def _axis(low: float, high: float, n_levels: int | None, *, is_smooth: bool = False) -> OperandAxis:
    """An axis, which never changes: made once, and not for every token."""
    return OperandAxis(nodes=np.linspace(low, high, n_levels or 2), is_coded=n_levels is not None, is_smooth=is_smooth)


@dataclass(frozen=True, slots=True, kw_only=True)
class AttentionModels:
    """The behavioural models of one head.

    Args:
        cell_k: cell of the first array, which holds keys.
        cell_v: cell of the second array, which holds values.
        charge_to_pulse: converter between the arrays.
        signed_charge_to_pulse: read-out of the second array.
        decay: how cells of both arrays age.
    """

    cell_k: CellModel
    cell_v: CellModel
    charge_to_pulse: ConverterModel
    signed_charge_to_pulse: ConverterModel
    decay: DecayModel


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scaler:
    """x -> a x + b, one pair of numbers per head.

    Args:
        a: (n_heads,) gain.
        b: (n_heads,) offset, in the unit of the result.
    """

    a: Array
    b: Array

    def __post_init__(self) -> None:
        object.__setattr__(self, "a", frozen_array("a", self.a, ndim=1))
        object.__setattr__(self, "b", frozen_array("b", self.b, ndim=1))
        if self.a.shape != self.b.shape or not self.a.size:
            raise InputError(f"a and b must have one number per head, found {self.a.size} and {self.b.size}")

    @classmethod
    def constant(cls, n_heads: int, a: float, b: float) -> Scaler:
        """Return the same gain and offset for every head."""
        return cls(a=np.full(n_heads, a), b=np.full(n_heads, b))

    def __call__(self, values: AnyArray) -> AnyArray:
        """Return a x + b for x (..., head, token, d_head), of its library and floating type."""
        x = floating(values)
        return x * like(self.a[:, None, None], x) + like(self.b[:, None, None], x)

    def scaled(self, values: AnyArray) -> AnyArray:
        """Return a x for x (..., head, token, d_head)."""
        x = floating(values)
        return x * like(self.a[:, None, None], x)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scalers:
    """The four scalers of one layer.

    q becomes a share of the longest pulse, k and v become volts, out what the transformer wants.
    """

    q: Scaler
    k: Scaler
    v: Scaler
    out: Scaler

    def __post_init__(self) -> None:
        sizes = {field.name: getattr(self, field.name).a.size for field in fields(self)}
        if len(set(sizes.values())) != 1:
            raise InputError(f"scalers must be for the same number of heads, found {sizes}")

    @property
    def n_heads(self) -> int:
        """Number of heads."""
        return int(self.q.a.size)

    @classmethod
    def initial(cls, n_heads: int, zero_voltage: float = 0.45) -> Scalers:
        """Return the paper's start: q and out unchanged, k and v around the voltage of zero weight, V."""
        unchanged, stored = Scaler.constant(n_heads, 1.0, 0.0), Scaler.constant(n_heads, 1.0, zero_voltage)
        return cls(q=unchanged, k=stored, v=stored, out=unchanged)

    @classmethod
    def identity(cls, n_heads: int) -> Scalers:
        """Return four scalers that change nothing."""
        unchanged = Scaler.constant(n_heads, 1.0, 0.0)
        return cls(q=unchanged, k=unchanged, v=unchanged, out=unchanged)
