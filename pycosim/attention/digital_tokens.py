"""A few tokens in digital memory: the first of a text, which many heads look back to, and the most recent ones.

Their keys and values keep the precision they came with; arithmetic units compute the linear law that the arrays stand
for. The result is added where the counts of the tiles are added. Columns that hold these tokens are not read.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from array_api_compat import device
from numpy.typing import NDArray

from pycosim.attention.linear_law import LinearLaw
from pycosim.checks import at_least
from pycosim.errors import InputError
from pycosim.namespace import AnyArray, chosen, like, namespace_of, transposed

MOST_ROWS = 64  # tokens that are computed together
Range = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class DigitalTokens:
    """Which tokens are in digital memory, for each token t that attends.

    Args:
        first: tokens 0 .. first - 1 of the sequence, however long ago they came: beyond the window, too.
        recent: tokens t - recent + 1 .. t. A token is written into the cells when it comes, too, and its column is read
            from when it leaves the digital memory.
        law: what the arithmetic units compute; saturation of the sum is the arrays' alone.
    """

    first: int = 0
    recent: int = 0
    law: LinearLaw = field(default_factory=LinearLaw)

    def __post_init__(self) -> None:
        at_least("first", self.first, 0)
        at_least("recent", self.recent, 0)
        if not self.first + self.recent:
            raise InputError("digital tokens must be the first or the recent of a text, found none; leave digital out")

    def multiply_adds(self, d_head: int) -> int:
        """Return the multiply-accumulates of one token and head, in scores and in the sum of values."""
        return 2 * d_head * (self.first + self.recent)

    def numbers(self, d_head: int) -> int:
        """Return how many keys' and values' features a head keeps in digital memory."""
        return 2 * d_head * (self.first + self.recent)

    def analog_ages(self, ages: NDArray[np.intp], columns: NDArray[np.intp]) -> NDArray[np.intp]:
        """Return ages (t, tau) with -1 for tokens in digital memory, of which nobody reads the column.

        Args:
            ages: in tokens; negative where t does not attend to tau.
            columns: places of tau in the sequence, (tau,) or (t, tau).
        """
        return np.where((ages < self.recent) | (columns < self.first), -1, ages)


def digital_shares(
    digital: DigitalTokens, ranges: tuple[Range, Range], q: AnyArray, k: AnyArray, v: AnyArray, *, causal: bool = True
) -> AnyArray:
    """Return what digital tokens contribute to the sums of counts of a text, as shares of the full count.

    Args:
        digital: which tokens.
        ranges: of scaled queries, and of stored voltages (V): operands are clipped as they are for the cells.
        q: scaled queries (..., head, token, d_head).
        k: scaled keys, V, like q.
        v: scaled values, V, like q.
        causal: whether a token attends to none after it.
    """
    q, k, v = _clipped(ranges, q, k, v)
    n_tokens = q.shape[-2]
    out = namespace_of(q).zeros(q.shape, dtype=q.dtype, device=device(q))
    for row in range(0, n_tokens, MOST_ROWS):
        rows = slice(row, min(row + MOST_ROWS, n_tokens))
        end = rows.stop if causal else n_tokens
        first = min(digital.first, end)
        for columns in (slice(0, first), slice(max(row - digital.recent + 1, first), end)):
            if columns.stop > columns.start and (columns.start < first or digital.recent):
                places = np.arange(columns.start, columns.stop)
                mask = _attended(digital, np.arange(rows.start, rows.stop), places, causal)
                some = q[..., rows, :], k[..., columns, :], v[..., columns, :]
                out[..., rows, :] += _shares(digital.law, *some, mask)
    return out


class DigitalMemory:
    """Keys and values of one layer's digital tokens, of texts that grow.

    Args:
        digital: which tokens.
        ranges: as in `digital_shares`.
    """

    def __init__(self, digital: DigitalTokens, ranges: tuple[Range, Range]) -> None:
        self._digital = digital
        self._ranges = ranges
        self._places = np.zeros(0, dtype=np.intp)  # in the sequence, of what is kept
        self._kept: list[AnyArray] = []
        self._n_tokens = 0

    def step(self, q: AnyArray, k: AnyArray, v: AnyArray) -> AnyArray:
        """Take the next tokens, scaled, (..., head, n_new, d_head); return what digital tokens contribute to each."""
        xp, digital = namespace_of(q), self._digital
        new = np.arange(self._n_tokens, self._n_tokens + q.shape[-2])
        self._n_tokens += q.shape[-2]
        if self._kept:
            q, k, v = _clipped(self._ranges, q, k, v)
            k, v = (xp.concat(pair, axis=-2) for pair in zip(self._kept, (k, v), strict=True))
            places = np.concatenate([self._places, new])
            out = _shares(digital.law, q, k, v, _attended(digital, new, places, True))
        else:
            out = digital_shares(digital, self._ranges, q, k, v)
            (q, k, v), places = _clipped(self._ranges, q, k, v), new
        wanted = np.flatnonzero((places < digital.first) | (places > self._n_tokens - digital.recent))
        self._kept, self._places = [chosen(x, wanted, -2) for x in (k, v)], places[wanted]
        return out


def _clipped(ranges: tuple[Range, Range], q: AnyArray, k: AnyArray, v: AnyArray) -> tuple[AnyArray, ...]:
    xp = namespace_of(q)
    return tuple(xp.clip(x, *own) for x, own in ((q, ranges[0]), (k, ranges[1]), (v, ranges[1])))


def _attended(
    digital: DigitalTokens, rows: NDArray[np.intp], places: NDArray[np.intp], causal: bool
) -> NDArray[np.float64]:
    """1 where token t attends to the digital token tau, (t, tau)."""
    ages = rows[:, None] - places
    seen = (places < digital.first) | ((ages >= 0) & (ages < digital.recent))
    return np.asarray(seen & (ages >= 0) if causal else seen, dtype=np.float64)


def _shares(law: LinearLaw, q: AnyArray, k: AnyArray, v: AnyArray, mask: NDArray[np.float64]) -> AnyArray:
    """The linear law for queries (..., t, d), keys and values (..., tau, d) and a mask (t, tau)."""
    keys = (k - law.zero_voltage) * (law.transconductance / law.saturation_current)
    values = (v - law.zero_voltage) * (law.transconductance / law.signed_saturation_current)
    return (namespace_of(q).clip(q @ transposed(keys), 0.0, 1.0) * like(mask, q)) @ values
