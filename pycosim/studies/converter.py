"""How good are both charge-to-pulse circuits? Transfer, hold, clamp, dead zone; trim over dies; what energy buys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from pycosim.evaluate.document import Json
from pycosim.studies.converter_plots import plot_trade, plot_trim
from pycosim.studies.converter_trade import energy_trade, trade_table
from pycosim.studies.converter_trim import Trim, trim_dies, trim_table
from pycosim.studies.study import Laboratory, Study, Table
from pycosim.sweeps.column import Column
from pycosim.sweeps.converter import bit_line_hold, converter_transfer, hold_droop

Array = NDArray[np.float64]

HELD = 20e-3
"""The bit line counts as held while it is within this of V_DD/2 (V). Ours: a tenth of the drain voltage below which the
cells' currents fall."""

CURRENTS = (-600e-6, -500e-6, -400e-6, -300e-6, -100e-6, 0.0, 100e-6, 300e-6, 400e-6, 500e-6, 600e-6)
"""Sunk from the bit line (A): up to nearly all 64 cells at the top level, 640 uA."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Character:
    """What was measured of one converter as drawn.

    Attributes:
        column: the circuit.
        transfer: pulse over charge, fine about zero.
        droop: of the integration node.
        hold: bit line over current.
    """

    column: Column
    transfer: xr.Dataset
    droop: xr.Dataset
    hold: xr.Dataset


def study_converter(lab: Laboratory) -> Study:
    """Figures of both converters as drawn and trimmed, and what energy buys."""
    design = lab.design
    columns = {"charge_to_pulse": design.first, "signed_charge_to_pulse": design.second}
    lab.progress.stage("converters: transfer, hold, clamp", total=len(columns))
    characters = {name: _characterize(lab, column) for name, column in columns.items()}
    trims = {name: trim_dies(lab, column) for name, column in columns.items()}
    trade = energy_trade(lab)
    figures: dict[str, Json] = {name: {**_figures(characters[name]), "trim": trims[name].figures()} for name in columns}
    return Study(
        name="converter",
        title="Charge-to-pulse circuits: accuracy, limits, trim, energy",
        figures={"converter": {**figures, "energy_trade": [one.figures() for one in trade]}},
        tables=(_table(characters), trim_table(trims), trade_table(trade)),
        datasets=_datasets(characters, trims),
        plots={"converter_trim": plot_trim(trims), "converter_energy": plot_trade(trade)},
    )


def _datasets(characters: Mapping[str, Character], trims: Mapping[str, Trim]) -> dict[str, xr.Dataset]:
    found: dict[str, xr.Dataset] = {}
    for name, character in characters.items():
        found |= {f"{name}_transfer": character.transfer, f"{name}_hold": character.hold}
        found |= {f"{name}_untrimmed": trims[name].before, f"{name}_trimmed": trims[name].after}
    return found


def _characterize(lab: Laboratory, column: Column) -> Character:
    full = column.converter.saturation_current * column.timing.max_pulse_width
    coarse = np.linspace(-1.2 if column.converter.signed else -0.5, 1.2, 8 if lab.quick else 18)
    fine = np.linspace(-0.02, 0.03, 6 if lab.quick else 26)
    held = np.array([-0.5, 0.1, 0.9])
    currents = CURRENTS[::5] if lab.quick else CURRENTS
    parts = (column.converter, column.technology, column.timing, lab.simulator)
    found = Character(
        column=column,
        transfer=converter_transfer(*parts, charges=[float(q) for q in np.unique(np.append(coarse, fine)) * full]),
        droop=hold_droop(*parts, charges=[float(q) for q in held * full]),
        hold=bit_line_hold(*parts, currents=currents),
    )
    lab.progress.advance()
    return found


def _figures(character: Character) -> dict[str, Json]:
    column = character.column
    converter, longest = column.converter, column.timing.max_pulse_width
    full = converter.saturation_current * longest
    charges, widths = character.transfer["charge"].values, character.transfer["pulse_width"].values
    line = (np.abs(charges) > 0.05 * full) & (np.abs(charges) < 0.95 * full) & (converter.signed | (charges > 0))
    ideal = charges[line] / full * longest
    slope, offset = np.polyfit(ideal, widths[line], 1)
    currents, errors = character.hold["current"].values, character.hold["bit_line_error"].values
    # what the droop does to a pulse that lasts as long as its charge: the slope's charge over the discharge current
    slopes = character.droop["droop"].values
    held = np.abs(character.droop["charge"].values) / full * longest
    moved = slopes * held * converter.integration_capacitance / converter.discharge_current
    return {
        "offset_s": float(offset),
        "gain_error": float(slope - 1),
        "line_residual_max_s": float(np.max(np.abs(widths[line] - slope * ideal - offset))),
        "monotonic": bool((np.diff(widths) > -1e-12).all()),
        "largest_step_back_s": float(max(0.0, -np.diff(widths).min())),
        "smallest_pulse_s": float(np.abs(widths[widths != 0]).min()),
        **_dead_zone(charges, widths, converter.signed),
        "clamp_sunk_a": _limit(currents, errors, +1.0),
        "clamp_sourced_a": _limit(currents, errors, -1.0),
        "quiescent_a": float(np.interp(0.0, currents, character.hold["supply_current"].values)),
        "droop_v_per_s": [float(value) for value in slopes],
        "droop_error_s": [float(value) for value in moved],
    }


def _dead_zone(charges: Array, widths: Array, signed: bool) -> dict[str, Json]:
    """Where the pulse begins; of a signed converter where its sign changes, and what the pulse is there (C, s)."""
    if not signed:
        first = int(np.argmax(widths > 0))
        return {"first_pulse_c": float(charges[first]), "grid_step_c": float(charges[first] - charges[first - 1])}
    after = int(np.argmax(widths > 0))
    return {
        "sign_change_c": float(charges[after - 1] + charges[after]) / 2,
        "sign_change_jump_s": float(widths[after] - widths[after - 1]),
        "grid_step_c": float(charges[after] - charges[after - 1]),
    }


def _limit(currents: Array, errors: Array, sign: float) -> float:
    """Largest current of a direction for which the bit line is held (A); the last one measured if it always is."""
    side = sign * currents >= 0
    magnitude, error = np.abs(currents[side]), np.abs(errors[side])
    order = np.argsort(magnitude)
    magnitude, error = magnitude[order], error[order]
    beyond = np.flatnonzero(error > HELD)
    if beyond.size == 0:
        return float(magnitude[-1])
    k = int(beyond[0])
    if k == 0:
        return 0.0
    return float(np.interp(HELD, error[k - 1 : k + 1], magnitude[k - 1 : k + 1]))


def _table(characters: Mapping[str, Character]) -> Table:
    figures = {name: _figures(character) for name, character in characters.items()}

    def row(title: str, key: str, scale: float, text: str = "{:.3g}") -> tuple[str, ...]:
        cells = []
        for found in figures.values():
            value = found.get(key)
            numbers = value if isinstance(value, list) else [value]
            shown = [text.format(float(n) * scale) for n in numbers if isinstance(n, int | float)]
            cells.append(" / ".join(shown) or "-")
        return title, *cells

    return Table(
        title="Both converters as drawn",
        header=("quantity", *(name.replace("_", " ") for name in figures)),
        rows=(
            row("offset, ns", "offset_s", 1e9, "{:+.3f}"),
            row("gain error, %", "gain_error", 100, "{:+.2f}"),
            row("largest deviation from the line, ns", "line_residual_max_s", 1e9),
            row("largest step back of the transfer, ps", "largest_step_back_s", 1e12),
            row("first charge that gives a pulse, fC", "first_pulse_c", 1e15),
            row("charge at which the sign changes, fC", "sign_change_c", 1e15),
            row("jump of the signed pulse there, ns", "sign_change_jump_s", 1e9),
            row("bit line held up to, sunk, uA", "clamp_sunk_a", 1e6),
            row("bit line held up to, sourced, uA", "clamp_sourced_a", 1e6),
            row("supply current without signal, uA", "quiescent_a", 1e6),
            row("droop at -0.5, 0.1, 0.9 of the full charge, V/ms", "droop_v_per_s", 1e-3),
            row("its effect on the pulse, ps", "droop_error_s", 1e12),
        ),
        note=f"Held: within {HELD * 1e3:g} mV of V_DD/2.",
    )
