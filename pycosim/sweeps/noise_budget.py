"""The noise of a pulse, source by source, as a standard deviation in seconds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from pycosim.spice import Simulator
from pycosim.sweeps.cell import read_charges
from pycosim.sweeps.column import Column
from pycosim.sweeps.noise import (
    DECISION_NODE,
    LOWEST_FREQUENCY,
    Decision,
    decision,
    discharge_noise,
    read_noise,
)
from pycosim.sweeps.stored_noise import reset_noise, write_noise
from pycosim.sweeps.transient_noise import pulse_sensitivity
from pycosim.waveforms import weighted_noise, window_noise

Array = NDArray[np.float64]

BEFORE_END = tuple(float(t) * 1e-9 for t in (0, 0.1, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6, 0.7, 0.9, 1.2))
"""When the comparator is probed, before the pulse's end (s). Ours: its gates take 0.35 ns after the trip, and it
forgets within 0.3 ns."""

KICK = 4e-17
"""Charge that probes the comparator (C). Ours: moves the end by 40 ps at most; a quarter of it gives the same jitter to
8 %."""

VOLTAGE_STEP = 5e-3
"""Half of the step over which a stored level's influence on the charge is measured (V)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operands:
    """What a column computes while its noise is looked at.

    Attributes:
        stored_voltages: (n_rows,) (V).
        pulse_widths: (n_rows,) (s).
    """

    stored_voltages: Array
    pulse_widths: Array


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NoiseBudget:
    """Noise of one column, and what it was worked out from.

    Attributes:
        seconds: source -> standard deviation of the pulse (s); sources are independent of each other.
        read, discharge: densities, see `read_noise` and `discharge_noise`; the discharge that is the noisier.
        decision: the comparator at its trip.
        sensitivity: of the pulse's end to the decision node.
        storage_voltage, reset_voltage: what the switches leave on their nodes (V, standard deviation).
        storage_charge: what that makes of the charge of this column (C, standard deviation).
        window: how long noise is integrated (s).
        discharge_time: of the pulse that `seconds` is for (s).
    """

    seconds: Mapping[str, float]
    read: xr.Dataset
    discharge: xr.Dataset
    decision: Decision
    sensitivity: xr.Dataset
    storage_voltage: float
    reset_voltage: float
    storage_charge: float
    window: float
    discharge_time: float

    @property
    def total(self) -> float:
        """Root of the sum of squares (s)."""
        return float(np.sqrt(sum(value**2 for value in self.seconds.values())))

    @property
    def current(self) -> float:
        """The discharging current (A): a charge over it is a time."""
        return float(self.discharge["current"])

    def of_read(self, name: str, *, period: float | None = None) -> float:
        """Part of the pulse's deviation (s) that one density of `read` makes; see `window_noise` for the period."""
        return _charge(self.read, name, self.window, period) / self.current

    def of_discharge(self, name: str, width: float, *, period: float | None = None) -> float:
        """The same of one density of `discharge`, for a pulse of this width (s)."""
        return _charge(self.discharge, name, width, period) / self.current

    @property
    def flicker(self) -> float:
        """What flicker contributes to cells, conveyor and discharge (s)."""
        read = [self.of_read(f"{group}_flicker") for group in ("cells", "converter")]
        return float(np.linalg.norm([*read, self.of_discharge("converter_flicker", self.discharge_time)]))

    def auto_zeroed(self, period: float) -> float:
        """The total (s) if every token subtracted what an empty read gave a period (s) before."""
        slow = [self.of_read("total", period=period), self.of_discharge("total", self.discharge_time, period=period)]
        twice = [np.sqrt(2) * self.seconds[name] for name in ("comparator", "ktc_integration")]
        return float(np.linalg.norm([*slow, *twice, self.seconds["ktc_storage"]]))


def noise_budget(
    column: Column, simulator: Simulator, operands: Operands, *, before_end: Sequence[float] = BEFORE_END
) -> NoiseBudget:
    """Measure every source of noise of a column that computes a sum of these operands.

    The cells and the conveyor are frozen in the middle of the input window and count over the whole of it, the
    discharge counts over half of the longest pulse. The comparator is probed at the times `before_end` (s) before the
    end of its pulse.
    """
    timing, converter = column.timing, column.converter
    read = read_noise(column, simulator, stored_voltages=operands.stored_voltages, pulse_widths=operands.pulse_widths)
    discharges = [discharge_noise(column, simulator, positive=sign) for sign in (True, False)[: 1 + converter.signed]]
    discharge = max(discharges, key=lambda one: float(one["total"].median()))
    trip = decision(column, simulator)
    sensitivity = pulse_sensitivity(
        column,
        simulator,
        node=DECISION_NODE,
        charge=converter.saturation_current * timing.max_pulse_width / 2,
        before_end=before_end,
        kick=KICK,
    )
    reset = reset_noise(column, simulator)
    stored = write_noise(column, simulator, level=column.technology.mid_voltage)
    gains = _charge_per_volt(column, simulator, operands)
    storage_charge = stored * float(np.sqrt(np.sum(gains**2)))
    current = float(discharge["current"])
    window, discharge_time = timing.release - timing.reset_end, timing.max_pulse_width / 2
    jitter = weighted_noise(
        trip.current_density["frequency"].values,
        trip.current_density.values,
        sensitivity["time"].values,
        sensitivity["sensitivity"].values,
        lowest=LOWEST_FREQUENCY,
    )
    copied = float(read["copy_gain"].sel(frequency=1e6, method="nearest"))
    return NoiseBudget(
        seconds={
            "cells": _charge(read, "cells", window) / current,
            "conveyor": _charge(read, "converter", window) / current,
            "comparator": float(np.sqrt(jitter)),
            "sink": _charge(discharge, "total", discharge_time) / current,
            "ktc_integration": reset / abs(trip.ramp),
            "ktc_storage": storage_charge * copied / current,
        },
        read=read,
        discharge=discharge,
        decision=trip,
        sensitivity=sensitivity,
        storage_voltage=stored,
        reset_voltage=reset,
        storage_charge=storage_charge,
        window=window,
        discharge_time=discharge_time,
    )


def _charge(spectrum: xr.Dataset, name: str, window: float, period: float | None = None) -> float:
    """Standard deviation of a noise current's charge over a window (C)."""
    variance = window_noise(
        spectrum["frequency"].values, spectrum[name].values, window, lowest=LOWEST_FREQUENCY, period=period
    )
    return float(np.sqrt(variance))


def _charge_per_volt(column: Column, simulator: Simulator, operands: Operands) -> Array:
    """How the charge of each row depends on its stored voltage (C/V): (n_rows,), proportional to the pulse's width."""
    longest = column.timing.max_pulse_width
    levels, row = np.unique(operands.stored_voltages, return_inverse=True)
    supply = column.technology.supply_voltage
    ends = np.clip(levels[:, None] + np.array([-VOLTAGE_STEP, VOLTAGE_STEP]), 0.0, supply)
    charges = read_charges(
        column.cell,
        column.technology,
        simulator,
        stored_voltages=[float(v) for v in ends.ravel()],
        pulse_widths=[longest],
    )["charge"].values.reshape(levels.size, 2)
    slope = np.diff(charges, axis=1)[:, 0] / np.diff(ends, axis=1)[:, 0]
    return np.asarray(slope[row] * operands.pulse_widths / longest, dtype=np.float64)
