"""Attention of a text that grows: keys and values stay in the cells, each new token overwrites the oldest.

One step costs the window, however long the text is. The cells age by a token per step, as in
`pycosim.attention.analog`, whose results a text gives that comes token by token.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from array_api_compat import device

from pycosim.attention.analog import AttentionArrays
from pycosim.attention.digital_tokens import DigitalMemory
from pycosim.attention.exact import check_operands, exact_attention
from pycosim.attention.hardware import Scalers
from pycosim.attention.imperfections import ImperfectLayer
from pycosim.attention.operand_checks import check_heads, checked_digital_scalers
from pycosim.attention.reading import (
    HeldTokens,
    PlacedHardware,
    counted,
    encode,
    padded,
    read_text,
    tile_charges,
    weights,
)
from pycosim.attention.tile_calibration import TileCalibration
from pycosim.errors import InputError
from pycosim.namespace import AnyArray, namespace_of


class AnalogSteps:
    """Gain-cell arrays of one layer, in use for some texts of equal length.

    Args:
        arrays: the hardware.
        scalers: of the layer.
        parts: of the layer, where they differ; see `AttentionArrays.layer`.
        calibration: of its tiles; None for none.
        digital_scalers: of tokens in digital memory; None for the same.

    Raises:
        InputError: hardware that is not causal: nobody can attend to tokens that are not there yet.
    """

    def __init__(
        self,
        arrays: AttentionArrays,
        scalers: Scalers,
        parts: ImperfectLayer | None,
        calibration: TileCalibration | None = None,
        digital_scalers: Scalers | None = None,
    ) -> None:
        if not arrays.hardware.causal:
            raise InputError("a text that grows is attended to causally; take hardware with causal=True")
        self._arrays = arrays
        self._scalers = scalers
        self._parts = parts
        self._calibration = calibration
        self._digital_scalers = checked_digital_scalers(arrays.hardware, scalers, digital_scalers)
        digital = arrays.hardware.digital
        self._digital = None if digital is None else DigitalMemory(digital, arrays.hardware.operand_ranges)
        self._placed: PlacedHardware | None = None
        self._held: HeldTokens | None = None
        self.n_tokens = 0

    def step(self, q: AnyArray, k: AnyArray, v: AnyArray) -> AnyArray:
        """Take the next tokens, (..., n_heads, n_new, d_head), and return what they attend to, of that shape.

        Raises:
            InputError: unlike operands, or operands of other texts than before.
        """
        check_operands(q, k, v)
        check_heads(q, k, v, self._scalers, self._arrays.hardware)
        out = self._scalers.out(self._shares(self._scalers.q(q), self._scalers.k(k), self._scalers.v(v)))
        if self._digital is None:
            return out
        own = self._digital_scalers
        return out + own.out.scaled(self._digital.step(own.q(q), own.k(k), own.v(v)))

    def _shares(self, q: AnyArray, k: AnyArray, v: AnyArray) -> AnyArray:
        """Sums of counts that the cells give, for scaled operands."""
        if self._placed is None:
            return self._begin(q, k, v)
        expected = self._placed.reference.shape
        if (*q.shape[:-2], q.shape[-1]) != (*expected[:-2], expected[-1]):
            raise InputError(
                f"a text goes on with operands like {expected}, found {q.shape}; begin new steps for others"
            )
        steps = [self._one(self._placed, *(x[..., t : t + 1, :] for x in (q, k, v))) for t in range(q.shape[-2])]
        return namespace_of(q).concat(steps, axis=-2)

    def _begin(self, q: AnyArray, k: AnyArray, v: AnyArray) -> AnyArray:
        """Read the beginning of a text as a whole, and keep its last window, each token in its slot."""
        hardware = self._arrays.hardware
        placed = self._placed = self._arrays.place(self._parts, q, self._calibration)
        written = placed.write(*padded(k, v, hardware.tile), 0)
        out = read_text(placed, q, written, None)
        self.n_tokens = q.shape[-2]
        self._held = written.in_slots(hardware.window, self.n_tokens)
        return out

    def _one(self, placed: PlacedHardware, q: AnyArray, k: AnyArray, v: AnyArray) -> AnyArray:
        hardware, held = self._arrays.hardware, self._held
        assert held is not None
        token, slot = self.n_tokens, self.n_tokens % hardware.window
        for ring, new in zip(held.arrays, placed.write(k, v, token).arrays, strict=True):
            ring[..., slot : slot + 1, :] = new
        self.n_tokens += 1
        n_used = min(-(-self.n_tokens // hardware.tile) * hardware.tile, hardware.window)
        slots = np.arange(n_used)
        ages = (slot - slots) % hardware.window
        ages = np.where(ages <= token, ages, -1)[None]
        if hardware.digital is not None:
            ages = hardware.digital.analog_ages(ages, token - ages)
        aged = placed.aged(ages)
        some = held.part(slice(None), slice(0, n_used))
        widths = encode(q * hardware.max_pulse_width, hardware.query_axis)
        row, tiles = range(token, token + 1), range(n_used // hardware.tile)
        columns, read_outs, corrections = placed.conversions(row, 0, n_used, tiles)
        _, width = weights(placed, widths, some, aged, columns)
        charge = tile_charges(placed, width, some, aged, read_outs)
        return counted(hardware, placed.converters[1].pulse_width(charge), aged, corrections)


class ExactSteps:
    """Softmax attention of one layer that keeps keys and values.

    Args:
        window: attend to the last ``window`` tokens only; None for all.
    """

    def __init__(self, window: int | None = None) -> None:
        self._window = window
        self._kept: tuple[AnyArray, ...] = ()
        self._tokens = slice(0, 0)  # of what is kept: those that the next token may attend to

    def step(self, q: AnyArray, k: AnyArray, v: AnyArray) -> AnyArray:
        """Take the next tokens, (..., n_heads, n_new, d_head), and return what they attend to, of that shape."""
        check_operands(q, k, v)
        old = self._tokens
        new = slice(old.stop, old.stop + q.shape[-2])
        if not self._kept or new.stop > self._kept[0].shape[-2]:
            self._kept = tuple(_with_room(part, old, x) for part, x in zip(self._kept or (k, v), (k, v), strict=True))
            old, new = slice(0, old.stop - old.start), slice(old.stop - old.start, new.stop - old.start)
        for part, x in zip(self._kept, (k, v), strict=True):
            part[..., new, :] = x
        seen = [part[..., old.start : new.stop, :] for part in self._kept]
        oldest = old.start if self._window is None else max(old.start, new.stop - self._window + 1)
        self._tokens = slice(oldest, new.stop)
        return exact_attention(q, *seen, window=self._window)


def _with_room(kept: AnyArray, tokens: slice, new: AnyArray) -> AnyArray:
    """The tokens that are still wanted at the beginning of an array with room for as many again and the new ones."""
    xp = namespace_of(new)
    n_old = tokens.stop - tokens.start
    room = xp.zeros((*new.shape[:-2], 2 * (n_old + new.shape[-2]), new.shape[-1]), dtype=new.dtype, device=device(new))
    room[..., :n_old, :] = kept[..., tokens, :]
    return room


def analog_generation(
    arrays: AttentionArrays,
    scalers: Sequence[Scalers],
    calibrations: Sequence[TileCalibration] | None = None,
    digital_scalers: Sequence[Scalers] | None = None,
) -> list[AnalogSteps]:
    """Return one attention per layer for new texts, each of them on the same hardware.

    Args:
        arrays: shared by all layers.
        scalers: one set per layer.
        calibrations: of the tiles, one per layer; None for none.
        digital_scalers: of tokens in digital memory, one set per layer; None for the same.

    Raises:
        InputError: hardware that is not causal.
    """
    nobody = [None] * len(scalers)
    each = zip(scalers, calibrations or nobody, digital_scalers or nobody, strict=True)
    return [
        AnalogSteps(arrays, own, arrays.layer(layer), line, digital) for layer, (own, line, digital) in enumerate(each)
    ]
