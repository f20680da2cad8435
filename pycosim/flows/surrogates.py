"""Columns in ngspice -> a model of the column: its pulse, its energy by supply and its latency, each judged apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from pycosim.errors import InputError
from pycosim.fitting.column import LawFit, ReadErrors, charge_of_pulse, fit_column_law, read_errors
from pycosim.fitting.points import netlist_digests
from pycosim.flows.operand_kinds import Operands
from pycosim.models.activity import column_activity
from pycosim.models.cell import CellModel
from pycosim.models.column import ColumnSurrogate
from pycosim.models.converter import ConverterModel
from pycosim.models.io import ModelRecord
from pycosim.spice import Simulator
from pycosim.sweeps.characterize import Advance
from pycosim.sweeps.column import Column, column_reads

Array = NDArray[np.float64]

CORRECTION = (
    "one",
    "charge",
    "cells_sink",
    "cells_source",
    "signed_square",
    "sunk_square",
    "loaded_charge",
    "crowded_charge",
    "crowded_square",
    "railed_charge",
    "low_charge",
    "far_charge",
    "pulses",
    "first_step",
)
"""What may be missing in the sum of the cells: offset, gain, by sign, the soft clamp, the place, edges.

A bit line that is not held moves with the line's current, and each cell that is up loses current by its own output
conductance. That is no share of the cell's current: it rises steeply towards the rails, and is not the same for both of
the read transistors, hence the two terms of the levels."""

CONVERTER = (
    "one",
    "charge",
    "line_sinks",
    "line_sources",
    "root_current",
    "square",
    "cube",
    "longest",
    "output_time",
    "output_pulse",
)
"""On what the energy of a converter may depend; its idle energy stands in every law."""

WORD_LINES = ("pulses", "pulse_time", "cells_sink", "cells_source", "line_sinks", "line_sources", "square")
"""On what the energy of the word lines may depend."""

WRITE = ("one", "levels", "levels_squared", "cells_raised", "cells_lowered")
"""On what the energy of the write may depend; a cell that is lowered gives charge back, so signs are free."""

CONVERSION = ("one", "output_time")
"""Of what the time from the release to the end of the pulse is made: its start, and its width."""

CORRECTED = "with the correction"
"""Key of the behaviour of the whole model."""

MARGIN = 1.0
"""By how much of its fitted range a term of energy or time may lie beyond it. Ours: these laws are linear, and a clip
at the range of some 70 reads would cost more than the law errs one range further out."""


def measure_reads(
    column: Column,
    simulator: Simulator,
    operands: Mapping[str, Operands],
    progress: Advance | None = None,
) -> xr.Dataset:
    """Simulate columns with operands of several kinds.

    Args:
        column: circuit and plan.
        simulator: any.
        operands: kind -> stored voltages (V) and pulse widths (s), each (n_reads, n_rows).
        progress: called with (done, total).

    Returns:
        What `column_reads` gives, with the operands as `stored_voltage` and `input_width` over "row", `kind` of each
        read, and `conversion_time` (s) from the release of the conveyor to the end of the pulse, NaN without a pulse.
    """
    stored = np.concatenate([levels for levels, _ in operands.values()])
    widths = np.concatenate([pulses for _, pulses in operands.values()])
    reads = column_reads(column, simulator, stored_voltages=stored, pulse_widths=widths, progress=progress)
    kinds = np.concatenate([np.full(len(levels), kind) for kind, (levels, _) in operands.items()])
    return described(reads, stored, widths, kinds)


def described(reads: xr.Dataset, stored: Array, widths: Array, kinds: NDArray[np.str_]) -> xr.Dataset:
    """Reads of a column with their operands (n_reads, n_rows) in V and s, kinds and conversion times."""
    ended = np.abs(reads["pulse_width"].values) + reads["start_delay"].values
    return reads.assign(
        stored_voltage=(("sample", "row"), stored, {"unit": "V"}),
        input_width=(("sample", "row"), widths, {"unit": "s"}),
        kind=("sample", kinds),
        conversion_time=("sample", ended, {"unit": "s"}),
    )


def held_out_reads(kinds: Sequence[str] | NDArray[np.str_], share: float) -> NDArray[np.bool_]:
    """Mask of the last reads of every kind, at least one of each (n_reads,)."""
    names = np.asarray(kinds)
    mask = np.zeros(names.size, dtype=bool)
    for kind in set(names.tolist()):
        found = np.flatnonzero(names == kind)
        if found.size < 3:
            raise InputError(f"a kind of operands needs 3 reads or more, found {found.size} of {kind}")
        mask[found[-max(1, round(share * found.size)) :]] = True
    return mask


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SurrogateFit:
    """A model of a column with its verdict; all errors are on reads that no fit has seen.

    Attributes:
        surrogate: the model.
        laws: part ("correction", "conversion", "converter", "word_lines", "write") -> its fit.
        behaviour: of the pulse (s), without correction and with it: kind -> errors.
        energy: of the sum over the supplies (J).
        constant_energy: what the mean energy of the fitted reads would give: without a model of the operands.
        conversion: of the time from the release to the end of the pulse (s).
        latency: from the rise of the word lines to the end of the pulse (s), as `ColumnRead.latency`.
    """

    surrogate: ColumnSurrogate
    laws: Mapping[str, LawFit]
    behaviour: Mapping[str, Mapping[str, ReadErrors]]
    energy: Mapping[str, ReadErrors]
    constant_energy: Mapping[str, ReadErrors]
    conversion: Mapping[str, ReadErrors]
    latency: Mapping[str, ReadErrors]

    def records(self) -> dict[str, ModelRecord]:
        """Part's file name -> where it came from, for `save_column`."""
        names = {name: name if name in ("correction", "conversion") else f"energy_{name}" for name in self.laws}
        return {names[name]: law.record() for name, law in self.laws.items()}


def fit_surrogate(
    column: Column,
    reads: xr.Dataset,
    cell: CellModel,
    converter: ConverterModel,
    held_out: NDArray[np.bool_],
) -> SurrogateFit:
    """Fit a column's model to its reads.

    The correction is fitted in charge: what the converter's model would need to make the pulse that ngspice shows, less
    what the cells' model gives; reads without a pulse, or with a saturated one, do not tell. Energies are fitted with
    the weight of one over the whole read's energy. See `fit_column_law`.

    Args:
        column: circuit and plan.
        reads: from `measure_reads`.
        cell: model of every row, from a bench of its own.
        converter: model of the converter, from a bench of its own.
        held_out: (n_reads,) mask of the reads by which all is judged.

    Raises:
        FitError: a law cannot be fitted.
    """
    kinds, digests = np.asarray(reads["kind"].values), netlist_digests(reads)
    widths, levels = reads["input_width"].values, reads["stored_voltage"].values
    mid, timing = column.technology.mid_voltage, column.timing
    full = column.converter.saturation_current * timing.max_pulse_width
    plain = column_activity(cell, widths, levels, mid_voltage=mid)
    pulses = np.asarray(reads["pulse_width"].values)
    needed = charge_of_pulse(converter, pulses, -1.5 * full if column.converter.signed else -0.5 * full, 1.5 * full)
    correction = fit_column_law(
        plain,
        needed - plain.charge,
        kinds,
        held_out,
        quantity="correction of the charge",
        unit="C",
        candidates=CORRECTION,
        non_negative=False,
        netlist_digests=digests,
    )
    predicted = converter.pulse_width(plain.charge + correction.law.value(plain))
    active = plain.with_output(predicted)
    supplies = {name: np.asarray(reads[f"energy_{name}"].values) for name in ("converter", "word_lines", "write")}
    whole = np.asarray(sum(supplies.values()))
    energy = {
        name: fit_column_law(
            active,
            supplies[name],
            kinds,
            held_out,
            quantity=f"energy of {name.replace('_', ' ')}",
            unit="J",
            candidates=candidates,
            always=("one",) if name == "converter" else (),
            non_negative=name != "write",
            weights=1 / whole,
            margin=MARGIN,
            netlist_digests=digests,
        )
        for name, candidates in (("converter", CONVERTER), ("word_lines", WORD_LINES), ("write", WRITE))
    }
    times = np.asarray(reads["conversion_time"].values)
    conversion = fit_column_law(
        active,
        times,
        kinds,
        held_out,
        quantity="conversion time",
        unit="s",
        candidates=CONVERSION,
        always=CONVERSION,
        weights=1 / np.where(np.isfinite(times), times, 1.0),
        margin=MARGIN,
        netlist_digests=digests,
    )
    surrogate = ColumnSurrogate(
        cell=cell,
        converter=converter,
        correction=correction.law,
        energy={name: fit.law for name, fit in energy.items()},
        conversion=conversion.law,
        settle_time=timing.settle_time,
        mid_voltage=mid,
        n_rows=widths.shape[-1],
    )
    judged = np.asarray(held_out, dtype=bool)
    found = surrogate.read(widths, levels)
    ended = judged & np.isfinite(times)
    clocked = reads["input_time"].values + timing.settle_time + times
    return SurrogateFit(
        surrogate=surrogate,
        laws={"correction": correction, **energy, "conversion": conversion},
        behaviour={
            "sum of the cells": read_errors(converter.pulse_width(plain.charge)[judged], pulses[judged], kinds[judged]),
            CORRECTED: read_errors(found.pulse_width[judged], pulses[judged], kinds[judged]),
        },
        energy=read_errors(found.total_energy[judged], whole[judged], kinds[judged]),
        constant_energy=read_errors(np.full(judged.sum(), whole[~judged].mean()), whole[judged], kinds[judged]),
        conversion=read_errors(found.conversion[ended], times[ended], kinds[ended]),
        latency=read_errors(found.latency[ended], clocked[ended], kinds[ended]),
    )
