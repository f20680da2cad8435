"""Which charge-to-pulse circuit? The shipped current conveyor against an active integrator, and a bare capacitor.

Both circuits read the same columns of real cells. Energy is that of one read of one column, array included: supply,
references and word lines; bias and ramp count once per tile of 64 columns. It is measured twice: with columns whose
charges cover the range evenly, and with what the shipped transformer sends.
"""

from __future__ import annotations

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from pycosim.evaluate.document import Json
from pycosim.flows.columns import draw_operands
from pycosim.flows.read_operands import transformer_operands
from pycosim.models.cell import LookupCell
from pycosim.studies.energy_floor import Floor, energy_floor
from pycosim.studies.monte_carlo import transfer_lines
from pycosim.studies.study import Laboratory, Study
from pycosim.studies.topology_reads import (
    BURST_CELLS,
    PUBLISHED_ENERGY,
    Found,
    both_topologies,
    column_energy,
    over_corners,
)
from pycosim.studies.topology_tables import bare_table, circuit_table, draw_topologies, energy_table
from pycosim.sweeps.active_integrator import passive_charges
from pycosim.sweeps.cell import read_charges

Array = NDArray[np.float64]

CAPACITANCES = (3e-12, 12e-12)
"""Of the bare capacitor (F): as large as the integrator's, and so large that a full charge moves it by 0.1 V."""

FIRST_DIE = 2000
"""Seed of the first die after the laboratory's: none of them is a die of another study."""


def study_topologies(lab: Laboratory) -> Study:
    """Error, linearity, clamp, energy, area, latency and mismatch of both charge-to-pulse circuits."""
    design, full = lab.design, lab.design.first.converter.saturation_current * lab.design.max_pulse_width
    n_spread, n_real, n_dies, n_charges = (2, 1, 2, 3) if lab.quick else (12, 12, 12, 9)
    cells = _cell_charges(lab)
    stored, widths = draw_operands(design, design.first, cells, n_spread, np.random.default_rng([lab.seed, 83]))
    real = transformer_operands(design, n_real, np.random.default_rng([lab.seed, 59]))[0]
    step = design.unit_time
    burst = np.full((len(BURST_CELLS), stored.shape[1]), design.levels[-1])
    active = np.arange(stored.shape[1]) < np.array(BURST_CELLS)[:, None]
    charges = [float(q) for q in full * np.linspace(0.05, 0.95, n_charges)]
    quarters = [float(q) for q in full * np.array([0.25, 0.5, 0.75])]
    corners = list(design.technology.corners)  # the others are compared with the first
    over = over_corners(lab, quarters[:1] if lab.quick else quarters, corners[:2] if lab.quick else corners)
    found = []
    for topology, moved in zip(both_topologies(lab), over, strict=True):
        lab.progress.stage(f"topologies: {topology.label}", total=n_spread + n_real + len(BURST_CELLS))
        spread, transformer, bursts = (
            topology.reads(levels, pulses, lab.advance)
            for levels, pulses in (
                (stored, widths),
                (real.stored_voltages, real.pulse_widths),
                (burst, np.where(active, step, 0.0)),
            )
        )
        dies = topology.spread([lab.seed + FIRST_DIE + k for k in range(n_dies)], quarters)
        found.append(
            Found(
                topology=topology,
                spread=spread,
                transformer=transformer,
                burst=np.asarray(bursts["pulse_width"].values),
                transfer=topology.transfer(charges),
                lines=transfer_lines(dies, design.max_pulse_width),
                static_current=topology.static_current(lab),
                corners=moved,
                area=topology.area(),
                shared=topology.shared_area(),
            )
        )
    lab.progress.stage("topologies: a bare capacitor", total=len(CAPACITANCES) * (n_spread + n_real))
    passive, passive_real = (
        passive_charges(
            design.cell,
            design.technology,
            design.first.timing,
            lab.simulator,
            capacitances=CAPACITANCES,
            stored_voltages=levels,
            pulse_widths=pulses,
            progress=lab.advance,
        )
        for levels, pulses in ((stored, widths), (real.stored_voltages, real.pulse_widths))
    )
    expected = cells.charge(widths, stored).sum(axis=-1)
    ideal = np.clip(expected / full, 0.0, 1.0) * design.max_pulse_width
    bursts_ideal = np.array(BURST_CELLS) * float(cells.charge(step, design.levels[-1])) / full * design.max_pulse_width
    floors = [
        energy_floor(cells.charge(pulses, levels), design.technology)
        for levels, pulses in ((stored, widths), (real.stored_voltages, real.pulse_widths))
    ]
    bare = _passive_figures(passive, passive_real, expected, full, _comparator_energy(found[1]))
    figures = {one.topology.name: _figures(one, ideal, bursts_ideal) for one in found}
    return Study(
        name="topologies",
        title="Charge-to-pulse circuits: current conveyor, active integrator, bare capacitor",
        figures={
            "topologies": {
                **figures,
                "published_energy_j": PUBLISHED_ENERGY,
                "floor_j": _floor_figures(floors[0]),
                "floor_transformer_j": _floor_figures(floors[1]),
                "bare_capacitor": bare,
            }
        },
        tables=(circuit_table(found, figures), energy_table(found, floors), bare_table(bare, n_spread)),
        datasets={
            f"{one.topology.name}_{kind}": data
            for one in found
            for kind, data in (("spread", one.spread), ("transformer", one.transformer), ("transfer", one.transfer))
        },
        plots={"topologies": draw_topologies(found, ideal, floors)},
    )


def _cell_charges(lab: Laboratory) -> LookupCell:
    """The charge of one cell at every code and level, in a column whose bit line does not move."""
    design = lab.design
    codes = (1, 5, 10, 15) if lab.quick else range(1, 16)
    widths = [design.unit_time * code for code in codes]
    found = read_charges(
        design.cell,
        design.technology,
        lab.simulator,
        stored_voltages=[float(v) for v in design.levels],
        pulse_widths=widths,
    )["charge"].isel(word_line_voltage=0)
    return LookupCell(
        pulse_widths=np.array([0.0, *widths]),
        stored_voltages=design.levels,
        charges=np.vstack([np.zeros(design.levels.size), found.values]),
    )


def _figures(one: Found, ideal: Array, bursts: Array) -> dict[str, Json]:
    found = np.asarray(one.spread["pulse_width"].values)
    error, inside = found - ideal, (ideal > 0) & (ideal < one.topology.timing.max_pulse_width)
    charge, width = one.transfer["charge"].values, np.asarray(one.transfer["pulse_width"].values)
    bent = _bent(charge, width)
    gain = one.lines["gain"].values
    return {
        "column_error_rms_s": float(np.sqrt(np.mean(error**2))),
        "column_error_max_s": float(np.max(np.abs(error))),
        "column_error_trimmed_rms_s": (
            float(np.sqrt(np.mean(_bent(ideal[inside], found[inside]) ** 2))) if inside.sum() > 2 else None
        ),
        "linearity_rms_s": float(np.sqrt(np.mean(bent**2))),
        "linearity_max_s": float(np.max(np.abs(bent))),
        "burst_error_s": [float(e) for e in one.burst - bursts],
        "energy_j": {**column_energy(one.spread)},
        "energy_transformer_j": {**column_energy(one.transformer)},
        "static_current_a": one.static_current,
        "static_current_corners_a": [float(i) for i in one.corners["static_current"].values],
        "corner_shift_s": _largest_shift(one.corners["pulse_width"]),
        "area_m2": one.area.transistors + one.area.capacitors,
        "shared_area_m2": 0.0 if one.shared is None else one.shared.transistors + one.shared.capacitors,
        "capacitance_f": one.area.capacitance,
        "delay_s": one.topology.delay,
        "n_dies": int(gain.size),
        "sigma_offset_s": float(np.nanstd(one.lines["offset"].values, ddof=1)),
        "sigma_gain": float(np.nanstd(gain, ddof=1) / np.nanmean(gain)),
    }


def _bent(x: Array, y: Array) -> Array:
    """What a line through the points leaves; x is scaled to 1."""
    share = x / np.max(np.abs(x))
    return np.asarray(y - np.polyval(np.polyfit(share, y, 1), share))


def _largest_shift(widths: xr.DataArray) -> float:
    """How far a pulse moves from the first corner to any other (s)."""
    return float(np.max(np.abs(widths.values - widths.values[0])))


def _floor_figures(floor: Floor) -> dict[str, Json]:
    return {"dissipated_in_cells": floor.dissipated, "drawn_from_supply": floor.drawn}


def _comparator_energy(integrator: Found) -> float:
    """What a column of the integrator draws to turn a held voltage into a pulse: comparator, share of the ramp (J)."""
    return float((integrator.transformer["energy_conversion"] + integrator.transformer["energy_ramp"]).mean())


def _passive_figures(
    spread: xr.Dataset, real: xr.Dataset, expected: Array, full: float, comparator: float
) -> list[Json]:
    """Of each capacitor: gain, rms error that a common gain leaves (of a full charge), energy.

    The energy is that of word lines and recharge, and of a comparator and a ramp as the integrator has them.
    """
    rows: list[Json] = []
    energies = [(data["energy_word_lines"] + data["energy_recharge"]).mean("sample").values for data in (spread, real)]
    for k, (capacitance, charge) in enumerate(zip(spread["capacitance"].values, spread["charge"].values, strict=True)):
        gain = float((charge @ expected) / (expected @ expected))
        error = charge / gain - expected
        rows.append(
            {
                "capacitance_f": float(capacitance),
                "gain": gain,
                "error_rms": float(np.sqrt(np.mean(error**2)) / full),
                "energy_array_j": float(energies[0][k]),
                "energy_array_transformer_j": float(energies[1][k]),
                "energy_j": float(energies[0][k]) + comparator,
                "energy_transformer_j": float(energies[1][k]) + comparator,
            }
        )
    return rows
