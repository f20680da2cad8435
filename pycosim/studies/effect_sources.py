"""What the table of effects builds on: measured here, or taken from the figures of other studies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from circuits.benches.cell import CELLS_PER_LINE
from pycosim.evaluate.document import Json
from pycosim.flows.characterization import N_INPUTS, Design
from pycosim.flows.conditions import measure_models
from pycosim.flows.effects import ConverterPair, MeasuredEffects
from pycosim.models.driven import Transfer
from pycosim.models.input_pulse import InputPulse
from pycosim.models.spread import CellDeviation, ConverterSpread, voltage_sensitivity
from pycosim.models.stored_levels import StoredLevels
from pycosim.models.wire_loss import WireLoss
from pycosim.studies.numbers import figure_at, number_at, numbers
from pycosim.studies.study import Laboratory
from pycosim.sweeps.cell import storage_drift
from pycosim.sweeps.cell_spread import cell_deviations, charge_sensitivities

BOLTZMANN = 1.380649e-23
"""J/K, exact [2019 SI]."""

ZERO_CELSIUS = 273.15
"""K."""

VOLTAGE_STEP = 5e-3
"""Of the difference that gives a charge's slope over the stored voltage (V). Ours: small against a level's 129 mV."""

CONDITIONS: Mapping[str, tuple[str | None, float | None, float]] = {
    "corner ss": ("ss", None, 1.0),
    "corner ff": ("ff", None, 1.0),
    "corner sf": ("sf", None, 1.0),
    "corner fs": ("fs", None, 1.0),
    "0 C": (None, 0.0, 1.0),
    "85 C": (None, 85.0, 1.0),
    "supply -10 %": (None, None, 0.9),
    "supply +10 %": (None, None, 1.1),
}
"""Name -> corner, temperature (deg C), supply over nominal; None as in the laboratory. One changes at a time."""


def measure_effects(lab: Laboratory, figures: Mapping[str, Json]) -> MeasuredEffects:
    """Everything that the table needs.

    Measured here: models at every condition, the cell's sensitivities to its transistors' deviations, what its write
    gate injects. From the figures of other studies, where they are there: spread and noise of the converters, wire
    loss, levels of the write path, pulses of the input driver.

    Args:
        lab: circuits, simulator.
        figures: merged figures of the studies that ran before.

    Raises:
        SimulationError: a deck failed.
    """
    design = lab.design
    chosen = dict(list(CONDITIONS.items())[:1]) if lab.quick else CONDITIONS
    lab.progress.stage("effects: circuits at every condition", total=len(chosen) + 3)
    typical = measure_models(design, lab.simulator, quick=lab.quick)
    lab.progress.advance()
    conditions = {}
    for name, (corner, temperature, scale) in chosen.items():
        supply = scale * design.technology.supply_voltage
        other = design.at(corner=corner, temperature=temperature, supply_voltage=supply)
        conditions[name] = measure_models(other, lab.simulator, quick=lab.quick)
        lab.progress.advance()
    sensitivities = charge_sensitivities(
        design.cell,
        design.technology,
        lab.simulator,
        stored_voltages=[float(v) for v in np.linspace(0.0, design.levels[-1], 2 * design.levels.size - 1)],
        pulse_widths=[1e-9, design.max_pulse_width] if lab.quick else [0.5e-9, 1e-9, 4e-9, design.max_pulse_width],
    )
    lab.progress.advance()
    injected = storage_drift(
        design.cell,
        design.technology,
        lab.simulator,
        stored_voltages=[float(v) for v in design.levels],
        hold_time=1e-6,
    )["injection"]
    lab.progress.advance()
    slope = voltage_sensitivity(
        typical.cell_k, np.linspace(0.0, design.max_pulse_width, 16), design.levels, step=VOLTAGE_STEP
    )
    measured = MeasuredEffects(
        typical=typical,
        conditions=conditions,
        cells=cell_deviations(sensitivities),
        write_noise=CellDeviation(
            name="stored voltage", sigma=_sampled_noise(design), sensitivity=slope, is_written=True
        ),
        levels_in_cell=StoredLevels(
            voltages=design.levels + injected.values, full_scale=design.technology.supply_voltage
        ),
    )
    return with_figures(measured, figures, design)


def with_figures(measured: MeasuredEffects, figures: Mapping[str, Json], design: Design) -> MeasuredEffects:
    """Add what other studies found; what they have not found is left out.

    Args:
        measured: what is known already.
        figures: merged figures of the studies `monte_carlo`, `converter`, `noise`, `array`, `write_path` and
            `input_driver`, as many as there are.
        design: gives currents of the converters and sizes.
    """
    levels, supply = numbers(figure_at(figures, "write_path", "stored_levels_v")), design.technology.supply_voltage
    write_noise, stored = measured.write_noise, number_at(figures, "noise_storage_v")
    if write_noise is not None and stored is not None:
        write_noise = replace(write_noise, sigma=stored)
    return replace(
        measured,
        write_noise=write_noise,
        untrimmed=_spread(figures, design, ("monte_carlo", "converters"), ())
        or _spread(figures, design, ("converter",), ("trim",), "before_"),
        trimmed=_spread(figures, design, ("converter",), ("trim",), "after_"),
        noise=_noise(figures, design),
        wire_loss=_wire_loss(figures),
        levels=StoredLevels(voltages=np.array(levels), full_scale=supply) if levels else None,
        pulses=_pulses(figures, design),
    )


def _spread(
    figures: Mapping[str, Json], design: Design, before: tuple[str, ...], after: tuple[str, ...], prefix: str = ""
) -> ConverterPair | None:
    """Offset and gain of both converters, whose name stands between the keys `before` and `after`."""
    spreads = []
    for column, name in ((design.first, "charge_to_pulse"), (design.second, "signed_charge_to_pulse")):
        offset, gain = (
            number_at(figures, *before, name, *after, f"{prefix}{key}") for key in ("sigma_offset_s", "sigma_gain")
        )
        if offset is not None and gain is not None:
            current = column.converter.saturation_current
            spreads.append(ConverterSpread(charge_per_second=current, offset=offset, gain=gain))
    return ConverterPair(first=spreads[0], second=spreads[1]) if len(spreads) == 2 else None


def _noise(figures: Mapping[str, Json], design: Design) -> ConverterPair | None:
    """Noise of a conversion; that of the stored voltages, which a write draws, is not in it."""
    spreads = []
    for column, name in ((design.first, "hard_sigmoid"), (design.second, "signed")):
        total = number_at(figures, "noise_s", name, "total")
        stored = number_at(figures, "noise_s", name, "ktc_storage")
        if total is not None and stored is not None:
            own = float(np.sqrt(max(total**2 - stored**2, 0.0)))
            spreads.append(ConverterSpread(charge_per_second=column.converter.saturation_current, noise=own))
    return ConverterPair(first=spreads[0], second=spreads[1]) if len(spreads) == 2 else None


def _wire_loss(figures: Mapping[str, Json]) -> WireLoss | None:
    """Of the published size; in both arrays the word lines run along 64 cells, and so do the bit lines."""
    driver, word_line, bit_line = (
        number_at(figures, "ir_drop", str(CELLS_PER_LINE), "loss", part) for part in ("driver", "word_line", "bit_line")
    )
    if driver is None or word_line is None or bit_line is None:
        return None
    return WireLoss(
        n_rows=CELLS_PER_LINE, n_columns=CELLS_PER_LINE, driver=driver, word_line=word_line, bit_line=bit_line
    )


def _pulses(figures: Mapping[str, Json], design: Design) -> Transfer | None:
    """What arrives of a pulse: none of code 0, and the driver's gain and offset from code 1 on."""
    gain, offset = number_at(figures, "input_driver", "gain"), number_at(figures, "input_driver", "offset_s")
    if gain is None or offset is None:
        return None
    law = InputPulse(n_codes=N_INPUTS, unit_time=design.unit_time, gain=gain, offset=offset)
    codes = np.arange(law.n_codes, dtype=np.float64)
    return Transfer(meant=law.unit_time * codes, arrived=law.pulse_width(codes))


def _sampled_noise(design: Design) -> float:
    """kT/C of the storage capacitor, which every write samples (V): what holds until a study of noise says more."""
    kelvin = design.technology.temperature + ZERO_CELSIUS
    return float(np.sqrt(BOLTZMANN * kelvin / design.cell.storage_capacitance))
