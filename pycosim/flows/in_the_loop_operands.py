"""What the hardware was given at one read while the transformer ran, as a deck can take it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pycosim.attention import AttentionTrace
from pycosim.attention.hardware import AttentionHardware, AttentionModels
from pycosim.checks import Array
from pycosim.errors import InputError
from pycosim.flows.in_the_loop_draw import ReadPlace
from pycosim.flows.operand_kinds import SHORTEST_INPUT
from pycosim.models.axis import OperandAxis
from pycosim.models.decay import DecayModel, NoDecay
from pycosim.models.quantizer import Quantizer


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ReadOperands:
    """Operands of one read, and what the model made of them.

    Attributes:
        place: of the read.
        held_voltages: (n_rows,) what the decay model says that the cells hold at their age (V), as a level that is
            written would give the same charge. A row that holds no token is at mid range, and has no pulse.
        pulse_widths: (n_rows,) inputs (s), those that are too short for a deck left out.
        ages: (n_rows,) since the cell was written (s); NaN where it holds no token.
        n_left_out: inputs shorter than `SHORTEST_INPUT`, which no driver makes whole.
        left_out_charge: what the model makes of these (C).
        charge: of the column according to the model (C), with the inputs that were left out.
        width: pulse that the model makes of it (s), cut at the longest pulse; signed in the second array.
    """

    place: ReadPlace
    held_voltages: Array
    pulse_widths: Array
    ages: Array
    n_left_out: int
    left_out_charge: float
    charge: float
    width: float


def read_operands(
    trace: AttentionTrace,
    place: ReadPlace,
    *,
    sequence: int,
    width: float,
    models: AttentionModels,
    hardware: AttentionHardware,
) -> ReadOperands:
    """Take the operands of one read from the trace of the call in which it happens.

    Args:
        trace: of a call with a batch of sequences, (sequence, head, token, feature).
        place: the read.
        sequence: of the batch.
        width: pulse that the model made of it (s).
        models: those that the trace comes from.
        hardware: sizes and levels.
    """
    rows = _first if place.array == "first" else _second
    stored, widths, steps, charge = rows(trace, place, sequence, hardware)
    holds = steps >= 0
    ages = np.where(holds, steps, 0) * hardware.token_period
    held = held_voltage(models.decay, stored, ages)
    short = (widths > 0) & (widths < SHORTEST_INPUT)
    cell = models.cell_k if place.array == "first" else models.cell_v
    middle = (hardware.stored_low + hardware.stored_high) / 2
    return ReadOperands(
        place=place,
        held_voltages=np.where(holds, np.clip(held, hardware.stored_low, hardware.stored_high), middle),
        pulse_widths=np.where(short, 0.0, widths),
        ages=np.where(holds, ages, np.nan),
        n_left_out=int(np.count_nonzero(short)),
        left_out_charge=float(cell.charge(np.where(short, widths, 0.0), held).sum()),
        charge=charge,
        width=float(np.clip(width, *pulse_limits(place, hardware))),
    )


def held_voltage(decay: DecayModel, stored_voltage: Array, age: Array) -> Array:
    """The voltage (V) that is left of stored ones after `age` s.

    Raises:
        InputError: the model has no voltage: its law is one of the charge.
    """
    if isinstance(decay, NoDecay):
        return np.broadcast_to(stored_voltage, np.broadcast_shapes(stored_voltage.shape, age.shape))
    voltage = getattr(decay, "voltage", None)
    if voltage is None:
        raise InputError(
            f"a {type(decay).__name__} says what a read's charge becomes and not what the cell holds, which a deck "
            "must be given; use a decay model of the stored voltage"
        )
    return np.asarray(voltage(stored_voltage, age))


def pulse_limits(place: ReadPlace, hardware: AttentionHardware) -> tuple[float, float]:
    """Shortest and longest pulse of a read (s): what is beyond is cut when the read phase ends."""
    longest = hardware.max_pulse_width
    return (0.0 if place.array == "first" else -longest), longest


_Rows = tuple[Array, Array, NDArray[np.intp], float]
"""Stored voltages as written (V), inputs (s), tokens since each row was written (-1: never), charge (C)."""


def _first(trace: AttentionTrace, place: ReadPlace, sequence: int, hardware: AttentionHardware) -> _Rows:
    token, key = ((sequence, place.head, t) for t in (place.token, place.column))
    widths = _on_axis(np.asarray(trace.q[token]) * hardware.max_pulse_width, hardware.query_axis)
    stored = _on_axis(np.asarray(trace.k[key]), hardware.stored_axis)
    steps = np.full(stored.shape, place.token - place.column)
    return stored, widths, steps, float(trace.score_charge[(*token, place.column)])


def _second(trace: AttentionTrace, place: ReadPlace, sequence: int, hardware: AttentionHardware) -> _Rows:
    slots = place.tile * hardware.tile + np.arange(hardware.tile)
    steps = (place.token - slots) % hardware.window
    holds = steps <= place.token
    held = np.where(holds, place.token - steps, 0)
    weights = np.asarray(trace.weight_width[sequence, place.head, place.token], dtype=np.float64)
    widths = np.where(holds, weights[held], 0.0)
    stored = _on_axis(np.asarray(trace.v[sequence, place.head, held, place.column]), hardware.stored_axis)
    charge = trace.tile_charge[place.tile, sequence, place.head, place.token, place.column]
    return stored, widths, np.where(holds, steps, -1), float(charge)


def _on_axis(values: Array, axis: OperandAxis) -> Array:
    """The values as the hardware takes them: the nearest level, or within the range where there are none."""
    low, high = float(axis.nodes[0]), float(axis.nodes[-1])
    if not axis.is_coded:
        return np.clip(values, low, high)
    return np.asarray(axis.nodes[Quantizer(n_levels=axis.nodes.size, low=low, high=high).codes(values)])
