"""What energy buys in a converter: error of columns and strength of the clamp, for other currents and sizes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from circuits.conveyor import ConveyorParameters
from pycosim.evaluate.document import Json
from pycosim.flows.columns import N_ROWS
from pycosim.studies.operands import measured_charges, spread_operands
from pycosim.studies.study import Laboratory, Table
from pycosim.sweeps.column import Column, column_reads

Array = NDArray[np.float64]

BURST = 1e-9
"""Pulse of the burst (s): every cell of a column at the top level at once, the largest current there is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trade:
    """One variant of the unsigned or the signed converter.

    Attributes:
        name: what differs from the shipped one.
        energy: mean over the columns: converter and word lines (J).
        converter_energy: of the converter alone (J).
        error_rms, error_max: pulse against the charge of the same cells (s).
        burst: pulse that a burst gives over the one it should give; 1 is a perfect clamp.
    """

    name: str
    energy: float
    converter_energy: float
    error_rms: float
    error_max: float
    burst: float

    def figures(self) -> dict[str, Json]:
        """As the results file has it."""
        return {
            "name": self.name,
            "energy_j": self.energy,
            "converter_energy_j": self.converter_energy,
            "column_error_rms_s": self.error_rms,
            "column_error_max_s": self.error_max,
            "burst_share": self.burst,
        }


def variants(column: Column) -> dict[str, Column]:
    """Name -> a column with another conveyor or plan."""
    shipped = column.converter.conveyor

    def conveyor(changed: ConveyorParameters) -> Column:
        return replace(column, converter=replace(column.converter, conveyor=changed))

    def output(width: float, shift: float) -> ConveyorParameters:
        """Other output transistors: the wider or the lower their threshold, the more quiescent current."""
        return replace(
            shipped,
            output_nmos=replace(shipped.output_nmos, width=width, threshold_shift=shift),
            output_pmos=replace(shipped.output_pmos, width=2 * width, threshold_shift=-shift),
        )

    def cascodes(factor: float) -> ConveyorParameters:
        nmos, pmos = shipped.cascode_nmos, shipped.cascode_pmos
        return replace(
            shipped,
            cascode_nmos=replace(nmos, width=factor * nmos.width),
            cascode_pmos=replace(pmos, width=factor * pmos.width),
        )

    width, shift = shipped.output_nmos.width, shipped.output_nmos.threshold_shift
    return {
        "as shipped": column,
        "wakes 2 ns earlier": replace(column, timing=replace(column.timing, wake_time=column.timing.wake_time + 2e-9)),
        "comparator at 20 uA": replace(
            column,
            converter=replace(column.converter, comparator=replace(column.converter.comparator, tail_current=20e-6)),
        ),
        "output thresholds 50 mV lower, half as wide": conveyor(output(width / 2, shift - 0.05)),
        "output thresholds 50 mV higher": conveyor(output(width, shift + 0.05)),
        "amplifier at half the current": conveyor(replace(shipped, tail_current=shipped.tail_current / 2)),
        "cascodes half as wide": conveyor(cascodes(0.5)),
        "cascodes twice as wide": conveyor(cascodes(2.0)),
    }


def energy_trade(lab: Laboratory) -> tuple[Trade, ...]:
    """Measure every variant of the unsigned converter on the same columns, and the signed one as shipped."""
    design = lab.design
    charges = measured_charges(lab, design)
    found = variants(design.first)
    if lab.quick:
        found = {"as shipped": design.first}
    lab.progress.stage("energy against error", total=len(found) + 1)
    trades = []
    for name, column in [*found.items(), ("signed, as shipped", design.second)]:
        trades.append(_measure(lab, name, column, charges))
        lab.progress.advance()
    return tuple(trades)


def _measure(lab: Laboratory, name: str, column: Column, cell_charges: Array) -> Trade:
    draws = [
        spread_operands(replace(lab, seed=lab.seed + k), lab.design, column, cell_charges)
        for k in range(1 if lab.quick else 3)
    ]
    stored, widths, charge = (np.concatenate([draw[part] for draw in draws]) for part in range(3))
    top = lab.design.levels[-1]
    reads = column_reads(
        column,
        lab.simulator,
        stored_voltages=np.vstack([stored, np.full((1, N_ROWS), top)]),
        pulse_widths=np.vstack([widths, np.full((1, N_ROWS), BURST)]),
    )
    longest = column.timing.max_pulse_width
    full = column.converter.saturation_current * longest
    pulses, ordinary = reads["pulse_width"].values, slice(0, len(charge))
    error = pulses[ordinary] - np.clip(charge / full, -1.0 if column.converter.signed else 0.0, 1.0) * longest
    # a burst's charge is that of a long pulse less its edges; the cells' own is taken at the full pulse
    expected = min(N_ROWS * float(cell_charges[-1, -1]) / lab.design.max_pulse_width * BURST / full, 1.0) * longest
    converter = float(reads["energy_converter"].values[ordinary].mean())
    return Trade(
        name=name,
        energy=converter + float(reads["energy_word_lines"].values[ordinary].mean()),
        converter_energy=converter,
        error_rms=float(np.sqrt(np.mean(error**2))),
        error_max=float(np.max(np.abs(error))),
        burst=float(pulses[-1]) / expected,
    )


def trade_table(trades: Sequence[Trade]) -> Table:
    """One line per variant."""
    return Table(
        title="What energy buys, by columns of real cells",
        header=("variant", "converter, pJ", "with word lines, pJ", "error, rms ns", "error, max ns", "burst read, %"),
        rows=tuple(
            (
                one.name,
                f"{one.converter_energy * 1e12:.2f}",
                f"{one.energy * 1e12:.2f}",
                f"{one.error_rms * 1e9:.3f}",
                f"{one.error_max * 1e9:.3f}",
                f"{100 * one.burst:.0f}",
            )
            for one in trades
        ),
        note="Burst: all 64 cells at the top level for 1 ns, 640 uA at once. Variants are not retuned.",
    )
