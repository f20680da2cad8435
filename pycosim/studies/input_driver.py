"""How good is the pulse that a code becomes, at both ends of its row, over corners, and what does it cost?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import xarray as xr

from circuits.benches.cell import CELLS_PER_LINE
from circuits.technology import Technology
from pycosim.evaluate.document import Json
from pycosim.fitting.fit import Fit, hold_out_every
from pycosim.fitting.input_pulse import fit_input_pulse
from pycosim.fitting.points import netlist_digests
from pycosim.models.input_pulse import InputPulse
from pycosim.studies.conditions import FIVE_CORNERS, SLOWEST, Condition, condition_name, design_at
from pycosim.studies.input_driver_plots import draw_transfer
from pycosim.studies.numbers import number
from pycosim.studies.study import Laboratory, Study, Table
from pycosim.studies.word_line_drop import Drop, compared_sizes, draw_drops, drop_table, word_line_drops
from pycosim.sweeps.pulse_driver import PulseRow, mean_width, passed_pulses, row_pulses

CORNER_CODES = (0, 1, 2, 8, 15)
"""Codes that are simulated at every corner."""

SHORT_PULSES = (20e-12, 30e-12, 40e-12, 60e-12, 100e-12, 200e-12, 1e-9)
"""Pulses from a charge-to-pulse circuit that the word line driver is given (s)."""

CONDITIONS: tuple[Condition, ...] = (*FIVE_CORNERS, SLOWEST, ("ss", 85.0, 0.9), ("ff", 0.0, 1.1))
"""The five corners, and their extremes."""


def study_input_driver(lab: Laboratory) -> Study:
    """Width over code and its law, edges and skew, corners, drop against driver and wire, energy of a pulse."""
    row = PulseRow(cell=lab.design.cell, technology=lab.design.technology)
    rng = np.random.default_rng(lab.seed)
    random = lab.design.levels[rng.integers(0, lab.design.levels.size, (1, CELLS_PER_LINE))]
    codes = [0, 1, 2, 5, 8, 15] if lab.quick else list(range(row.driver.n_codes))
    conditions = CONDITIONS[-2:-1] if lab.quick else CONDITIONS
    sizes = compared_sizes(row, quick=lab.quick)
    lab.progress.stage("input driver", total=len(codes) + len(conditions) * len(CORNER_CODES) + 3 * len(sizes) + 10)
    transfer = row_pulses(row, lab.simulator, codes=codes, stored_voltages=random, progress=lab.advance).isel(pattern=0)
    corners = []
    for condition in conditions:
        technology = design_at(lab.design, condition).technology
        found = row_pulses(
            replace(row, technology=technology),
            lab.simulator,
            codes=CORNER_CODES,
            stored_voltages=random * condition[2],
            progress=lab.advance,
        ).isel(pattern=0)
        corners.append(_corner(row, found, technology))
    drops = word_line_drops(lab, row, random, sizes)
    passed = passed_pulses(
        row,
        lab.simulator,
        pulse_widths=SHORT_PULSES[::3] if lab.quick else SHORT_PULSES,
        stored_voltages=[float(v) for v in random[0]],
        progress=lab.advance,
    )
    fit = _law(row, transfer)
    return Study(
        name="input_driver",
        title="Input driver: from a digital code to a pulse on the read word lines",
        figures={"input_driver": _figures(transfer, fit, passed, corners, drops)},
        tables=(
            _code_table(transfer, fit),
            _short_table(passed),
            _corner_table(corners),
            drop_table(drops, row.driver),
            _energy_table(transfer),
        ),
        datasets={"codes": transfer, "short_pulses": passed},
        plots={"transfer": draw_transfer(transfer, fit.model), "drop": draw_drops(drops)},
    )


def _law(row: PulseRow, found: xr.Dataset) -> Fit[InputPulse]:
    """The law of the mean width of both lines at both ends; every third code is held out where there are enough."""
    pulses = found.where(found["code"] > 0, drop=True)
    return fit_input_pulse(
        pulses["code"].values,
        mean_width(pulses).values,
        held_out=hold_out_every(3, pulses.sizes["code"]),
        n_codes=row.driver.n_codes,
        unit_time=row.driver.unit_time,
        netlist_digests=netlist_digests(found),
    )


def _inl(found: xr.Dataset) -> float:
    """Largest deviation of any line's width at any end from its own best line over the codes (s)."""
    pulses = found.where(found["code"] > 0, drop=True)
    codes = pulses["code"].values
    worst = 0.0
    for name in ("width_upper_near", "width_upper_far", "width_lower_near", "width_lower_far"):
        widths = pulses[name].values
        worst = max(worst, float(np.abs(widths - np.polyval(np.polyfit(codes, widths, 1), codes)).max()))
    return worst


def _corner(row: PulseRow, found: xr.Dataset, technology: Technology) -> dict[str, Json]:
    law = _law(row, found).model
    pulses = found.where(found["code"] > 0, drop=True)
    return {
        "corner": technology.corner,
        "temperature_c": technology.temperature,
        "supply_v": technology.supply_voltage,
        "gain": law.gain,
        "offset_s": law.offset,
        "inl_s": _inl(found),
        "skew_s": float(max(np.abs(pulses["skew_start"]).max(), np.abs(pulses["skew_end"]).max())),
        "delay_s": float(pulses["delay"].mean()),
        "rise_s": float(pulses["rise_time"].max()),
        "fall_s": float(pulses["fall_time"].max()),
        "code_0_width_s": float(found["width_upper_near"].sel(code=0)),
        "energy_own_j": _own_energy(found, int(found["code"].max())),
    }


def _own_energy(found: xr.Dataset, code: int) -> float:
    """What a pulse costs without what the cells draw (J)."""
    one = found.sel(code=code)
    return float(sum(float(one[f"energy_{name}"]) for name in ("logic", "line", "idle_rail", "shared_lines")))


def _figures(
    transfer: xr.Dataset,
    fit: Fit[InputPulse],
    passed: xr.Dataset,
    corners: Sequence[dict[str, Json]],
    drops: Sequence[Drop],
) -> dict[str, Json]:
    pulses = transfer.where(transfer["code"] > 0, drop=True)
    last = int(transfer["code"].max())
    return {
        "gain": fit.model.gain,
        "offset_s": fit.model.offset,
        "held_out_residual_max_s": fit.held_out_residual_max,
        "inl_s": _inl(transfer),
        "short_pulses": [
            {"given_s": float(width), "passed_s": float(mean_width(passed).sel(pulse_width=width))}
            for width in passed["pulse_width"].values
        ],
        "shortest_pulse_s": float(mean_width(pulses).min()),
        "code_0_width_s": float(transfer["width_upper_near"].sel(code=0)),
        "skew_start_s": float(pulses["skew_start"].mean()),
        "skew_end_s": float(pulses["skew_end"].mean()),
        "delay_s": float(pulses["delay"].mean()),
        "rise_s": float(pulses["rise_time"].max()),
        "fall_s": float(pulses["fall_time"].max()),
        "energy_own_j": _own_energy(transfer, last),
        "energy_cells_j": float(transfer["energy_cells"].sel(code=last)),
        "drops": [one.figures() for one in drops],
        "corners": list(corners),
    }


def _code_table(transfer: xr.Dataset, fit: Fit[InputPulse]) -> Table:
    names = ("width_upper_near", "width_upper_far", "width_lower_near", "width_lower_far")
    area = ("area_upper_far", "area_lower_far")
    rows = tuple(
        (f"{float(code):.0f}", *(f"{1e9 * float(transfer[name].sel(code=code)):.3f}" for name in (*names, *area)))
        for code in transfer["code"].values
    )
    return Table(
        title="Width of the pulse, ns",
        header=("code", "upper, near", "upper, far", "lower, near", "lower, far", "upper, far, area", "lower, area"),
        rows=rows,
        note=f"Beyond half the amplitude; area over the nominal amplitude, so that the drop counts (random levels). "
        f"Law: {fit.model.gain:.5f} x code x 1 ns {1e12 * fit.model.offset:+.1f} ps, within "
        f"{1e12 * fit.held_out_residual_max:.2f} ps of codes that the fit has not seen.",
    )


def _short_table(passed: xr.Dataset) -> Table:
    names = ("width_upper_far", "width_lower_far", "area_upper_far", "area_lower_far")
    return Table(
        title="Short pulses through the word line driver alone, ps",
        header=("given", "upper, far", "lower, far", "upper, far, area", "lower, far, area"),
        rows=tuple(
            (
                f"{1e12 * float(width):.0f}",
                *(f"{1e12 * float(passed[name].sel(pulse_width=width)):.1f}" for name in names),
            )
            for width in passed["pulse_width"].values
        ),
        note="This is how the pulse of the first array's converters reaches the second array.",
    )


def _corner_table(corners: Sequence[Mapping[str, Json]]) -> Table:
    columns = (
        ("gain", 1.0, ".5f"),
        ("offset_s", 1e12, "+.1f"),
        ("inl_s", 1e12, ".2f"),
        ("skew_s", 1e12, ".1f"),
        ("delay_s", 1e12, ".0f"),
        ("rise_s", 1e12, ".0f"),
        ("fall_s", 1e12, ".0f"),
        ("energy_own_j", 1e15, ".0f"),
    )
    return Table(
        title="Input driver over corners",
        header=("corner", "gain", "offset, ps", "INL, ps", "skew, ps", "delay, ps", "rise, ps", "fall, ps", "own, fJ"),
        rows=tuple(
            (
                condition_name(row["corner"], number(row["temperature_c"]), number(row["supply_v"])),
                *(format(scale * number(row[key]), form) for key, scale, form in columns),
            )
            for row in corners
        ),
        note="The phases are ideal; rise and fall are 10-90 % of the upper line's far end; own: of the longest pulse, "
        "without what the cells draw.",
    )


def _energy_table(transfer: xr.Dataset) -> Table:
    codes = [int(c) for c in transfer["code"].values]
    chosen = sorted({codes[0], codes[len(codes) // 2], codes[-1]})
    parts = {
        "tree and buffers": "energy_logic",
        "lines and crossing currents": "energy_line",
        "mid-supply rail": "energy_idle_rail",
        "share of the shared lines": "energy_shared_lines",
        "drawn by the cells": "energy_cells",
    }
    return Table(
        title="Energy of one pulse of a row of 64 cells with random levels, fJ",
        header=("part", *(f"code {code}" for code in chosen)),
        rows=tuple(
            (text, *(f"{1e15 * float(transfer[name].sel(code=code)):.1f}" for code in chosen))
            for text, name in parts.items()
        ),
        note="The shared lines count those whose edge comes within the deck; in the longest all do.",
    )
