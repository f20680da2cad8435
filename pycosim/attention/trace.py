"""What happened inside one call of analog attention, for those who watch or change it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from array_api_compat import device

from pycosim.attention.blocks import Place
from pycosim.attention.hardware import AttentionHardware
from pycosim.namespace import AnyArray, namespace_of


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AttentionTrace:
    """What happened inside one call; axes (..., head, token, feature) unless said.

    Args:
        q: scaled query, share of the longest pulse, before clipping to 0 .. 1, or -1 .. 1 where it is signed.
        k: scaled key, V, before clipping to the stored range.
        v: scaled value, V, before clipping.
        score_charge: S (..., head, t, tau), C; 0 where t does not attend to tau.
        weight_width: phi (..., head, t, tau), s; 0 there too.
        tile_charge: charge of the second array (n_tiles, ..., head, token, d_head), C.
        out: result after the output scaler.
        clipped: share of the scaled q, k, v outside the range of the hardware, by name.
    """

    q: AnyArray
    k: AnyArray
    v: AnyArray
    score_charge: AnyArray
    weight_width: AnyArray
    tile_charge: AnyArray
    out: AnyArray
    clipped: dict[str, float]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pulses:
    """Pulses of one tile, which whoever is shown them may change in place.

    Args:
        array: "first" for pulses between the arrays, "second" for those of the signed read-out.
        tile: which array of the head.
        rows: tokens t.
        columns: tokens tau; features of the second array.
        width: (..., head, t, tau) or (..., head, t, d_head), s; of the first array only where t attends to tau.
    """

    array: Literal["first", "second"]
    tile: int
    rows: slice
    columns: slice
    width: AnyArray


Observe = Callable[[AttentionTrace], None]
Alter = Callable[[Pulses], None]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Watch:
    """Collects what happens in one call, and shows pulses to whoever may change them.

    Args:
        alter: is shown every pulse; None for nobody.
        score_charge: as in `AttentionTrace`.
        weight_width: the same.
        tile_charge: the same.
    """

    alter: Alter | None
    score_charge: AnyArray
    weight_width: AnyArray
    tile_charge: AnyArray

    @classmethod
    def of(cls, hardware: AttentionHardware, q: AnyArray, alter: Alter | None) -> Watch:
        """Return one for operands like q, (..., head, token, d_head)."""
        xp = namespace_of(q)

        def zeros(*shape: int) -> AnyArray:
            return xp.zeros(shape, dtype=q.dtype, device=device(q))

        square = (*q.shape[:-1], q.shape[-2])
        return cls(
            alter=alter,
            score_charge=zeros(*square),
            weight_width=zeros(*square),
            tile_charge=zeros(hardware.n_tiles, *q.shape),
        )

    def see_weights(self, place: Place, charge: AnyArray, width: AnyArray, mask: AnyArray) -> None:
        """Take the charges and widths (..., head, t, tau) of one block; columns beyond the text are left out."""
        if self.alter is not None:
            for index, tile in enumerate(place.tiles):
                columns = place.columns_of(index)
                shown = slice(columns.start - place.columns.start, columns.stop - place.columns.start)
                self.alter(Pulses(array="first", tile=tile, rows=place.rows, columns=columns, width=width[..., shown]))
        n_columns = place.columns.stop - place.columns.start
        shown = mask[:, :n_columns]
        self.score_charge[..., place.rows, place.columns] = charge[..., :n_columns] * shown
        self.weight_width[..., place.rows, place.columns] = width[..., :n_columns] * shown

    def see_tiles(self, place: Place, charge: AnyArray) -> None:
        """Take the charges (..., head, tile, t, d_head) of one block."""
        for index, tile in enumerate(place.held_tiles):
            self.tile_charge[tile, ..., place.rows, :] = charge[..., index, :, :]

    def see_read_outs(self, place: Place, width: AnyArray) -> None:
        """Show the widths (..., head, tile, t, d_head) of one block."""
        if self.alter is None:
            return
        features = slice(0, width.shape[-1])
        for index, tile in enumerate(place.held_tiles):
            self.alter(
                Pulses(array="second", tile=tile, rows=place.rows, columns=features, width=width[..., index, :, :])
            )

    def trace(
        self, hardware: AttentionHardware, scaled: tuple[AnyArray, AnyArray, AnyArray], out: AnyArray
    ) -> AttentionTrace:
        """Return what happened.

        Args:
            hardware: gives the ranges.
            scaled: q, k and v.
            out: result after the output scaler.
        """
        q, k, v = scaled
        stored = hardware.stored_range
        signals = {"q": (q, *hardware.query_range), "k": (k, *stored), "v": (v, *stored)}
        xp = namespace_of(q)
        clipped = {
            name: float(xp.count_nonzero((x < low) | (x > high))) / max(math.prod(x.shape), 1)
            for name, (x, low, high) in signals.items()
        }
        return AttentionTrace(
            q=q,
            k=k,
            v=v,
            score_charge=self.score_charge,
            weight_width=self.weight_width,
            tile_charge=self.tile_charge,
            out=out,
            clipped=clipped,
        )
