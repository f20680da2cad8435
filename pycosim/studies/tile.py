"""Does a whole tile compute what its models say? By columns at the published size, and flat in one netlist."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from pycosim.evaluate.document import Json
from pycosim.flows.characterization import N_INPUTS
from pycosim.models.quantizer import Quantizer
from pycosim.models.tile import Tile
from pycosim.studies.study import Laboratory, Study, Table
from pycosim.studies.tile_plots import plot_flat, plot_tile
from pycosim.studies.tile_reads import (
    FLAT_SIZE,
    TileReads,
    draw_tile,
    draw_within_range,
    read_tile,
    shipped_models,
    small_models,
    tile_circuit,
)
from pycosim.studies.wire_drop import PUBLISHED_SIZE, shipped_wire_loss
from pycosim.sweeps.column import Column
from pycosim.sweeps.column_charge import integrator_law
from pycosim.sweeps.tile import FlatTile, TileCircuit, flat_tile

Array = NDArray[np.float64]

N_OPERAND_SETS = 4
"""Random sets of query, keys and values for the tile of the published size."""


def study_tile(lab: Laboratory) -> Study:
    """A tile by columns against its models on random operands, and a small one end to end in one netlist."""
    circuit = tile_circuit(lab.design)
    small = circuit.for_rows(FLAT_SIZE)
    scaled = small_models(lab, small)
    flat, cut = _flat(lab, small, scaled)
    if lab.quick:
        size, circuit, models, real = FLAT_SIZE, small, scaled, [cut]
    else:
        size, models = PUBLISHED_SIZE, shipped_models(lab)
        lossy = replace(models, wire_loss=shipped_wire_loss(lab, size))
        rng = np.random.default_rng([lab.seed, 4])
        sets = [draw_tile(rng, size, lab.design) for _ in range(N_OPERAND_SETS)]
        real = [read_tile(lab, circuit, one, lossy, ideal_word_lines=False) for one in sets]
    ideal = [read_tile(lab, circuit, real[0].operands, models, ideal_word_lines=True)]
    laws = [_integrator_law(lab, array.column, size) for array in (circuit.first, circuit.second)]
    figures = _figures(circuit, real, ideal, models, laws)
    return Study(
        name="tile",
        title="A whole tile: by columns against its models, and flat in one netlist",
        figures={
            "tile_rms_error": figures["rms_error"],
            "column_pulse_rms_error_s": figures["column_rms_error_s"],
            "charge_balance_error": figures["charge_balance_error"],
            "tile": {**figures, "flat": _flat_figures(flat, cut)},
        },
        tables=(_tile_table(figures, size), _flat_table(flat, cut)),
        datasets={
            f"{name}_{k}": data
            for k, one in enumerate(real)
            for name, data in (("keys", one.first), ("values", one.second))
        },
        plots={
            "tile": plot_tile(
                np.concatenate([one.outputs for one in real]),
                np.concatenate([one.output_errors for one in real]),
                np.concatenate([one.weight_errors for one in real]),
            ),
            "tile_flat": plot_flat(flat),
        },
    )


def _flat(lab: Laboratory, small: TileCircuit, models: Tile) -> tuple[FlatTile, TileReads]:
    """The small tile: in one netlist, and by columns."""
    operands = draw_within_range(np.random.default_rng([lab.seed, 5]), FLAT_SIZE, lab.design, models)
    cut = read_tile(lab, small, operands, models, ideal_word_lines=False)
    lab.progress.stage(f"{FLAT_SIZE} x {FLAT_SIZE} tile in one netlist", total=1)
    flat = flat_tile(small, operands, lab.simulator)
    lab.progress.advance()
    return flat, cut


def _rms(values: Array) -> float:
    return float(np.sqrt(np.mean(values**2)))


def _figures(
    circuit: TileCircuit, real: list[TileReads], ideal: list[TileReads], models: Tile, laws: list[tuple[float, float]]
) -> dict[str, Json]:
    """Errors in s or of the longest pulse, charges of the full charge."""
    longest = circuit.first.column.timing.max_pulse_width
    errors = np.concatenate([one.output_errors for one in real])
    balance = _balance(circuit, [*real, *ideal], laws)
    read_out = Quantizer(n_levels=N_INPUTS, low=0.0, high=longest)
    counts, expected = (
        np.sign(pulses) * read_out.codes(np.abs(pulses))
        for pulses in (
            np.concatenate([one.second["pulse_width"].values for one in real]),
            np.concatenate([one.outputs for one in real]),
        )
    )
    return {
        "size": int(real[0].operands.pulse_widths.size),
        "n_operand_sets": len(real),
        "rms_error": _rms(errors) / longest,
        "rms_error_s": _rms(errors),
        "worst_error_s": float(np.abs(errors).max()),
        "mean_error_s": float(errors.mean()),
        "rms_error_without_wire_loss": _rms(
            np.concatenate([one.second["pulse_width"].values - replace(one, models=models).outputs for one in real])
        )
        / longest,
        "rms_error_ideal_word_lines": _rms(np.concatenate([one.output_errors for one in ideal])) / longest,
        "column_rms_error_s": _rms(np.concatenate([*(e for r in ideal for e in (r.weight_errors, r.second_errors))])),
        "weight_rms_error_s": _rms(np.concatenate([one.weight_errors for one in real])),
        "second_array_rms_error_s": _rms(np.concatenate([one.second_errors for one in real])),
        "clipped_outputs": float(np.mean(np.abs(np.concatenate([one.outputs for one in real])) >= 0.999 * longest)),
        "counts_equal": float(np.mean(counts == expected)),
        "counts_worst": float(np.abs(counts - expected).max()),
        **balance,
    }


def _integrator_law(lab: Laboratory, column: Column, n_rows: int) -> tuple[float, float]:
    return integrator_law(column.converter, column.technology, column.timing, lab.simulator, n_rows=n_rows)


def _balance(circuit: TileCircuit, reads: list[TileReads], laws: list[tuple[float, float]]) -> dict[str, Json]:
    """Differences of the charges of `column_charges`, of the full charge."""
    at_foot, copied = [], []
    for array, name, (gain, offset) in zip((circuit.first, circuit.second), ("first", "second"), laws, strict=True):
        column = array.column
        full = column.converter.saturation_current * column.timing.max_pulse_width
        for one in reads:
            data: xr.Dataset = getattr(one, name)
            cells, foot, integrated = (
                data[f"charge_{place}"].values / full for place in ("cells", "foot", "integrated")
            )
            at_foot.append(foot - cells)
            low = -1.0 if column.converter.signed else 0.0
            inside = (foot >= low) & (foot <= 1.0)
            copied.append(((integrated - offset / full) / gain - foot)[inside])
    difference, copy = np.concatenate(at_foot), np.concatenate(copied)
    return {
        "charge_balance_error": float(max(np.abs(difference).max(), np.abs(copy).max())),
        "integrator_gain": [gain for gain, _ in laws],
        "charge_balance_rms": _rms(difference),
        "charge_balance_worst": float(np.abs(difference).max()),
        "charge_copy_rms": _rms(copy),
        "charge_copy_worst": float(np.abs(copy).max()),
    }


def _flat_figures(flat: FlatTile, cut: TileReads) -> dict[str, Json]:
    by_columns, predicted = cut.second["pulse_width"].values, cut.outputs
    return {
        "size": FLAT_SIZE,
        "weights_cut_error_s": float(np.abs(cut.first["pulse_width"].values - flat.weights).max()),
        "outputs_cut_error_s": float(np.abs(by_columns - flat.outputs).max()),
        "weights_model_error_s": float(np.abs(cut.weights - flat.weights).max()),
        "outputs_model_error_s": float(np.abs(predicted - flat.outputs).max()),
        "driver_width_error_s": float(np.abs(flat.driven - flat.weights)[flat.weights > 0].max(initial=0.0)),
        "write_error_v": float(np.abs(flat.write_error).max()),
        "duration_s": float(flat.timing.second.stop),
    }


def _tile_table(figures: dict[str, Json], size: int) -> Table:
    def percent(key: str) -> str:
        return f"{100 * float(str(figures[key])):.2f} %"

    def picoseconds(key: str) -> str:
        return f"{1e12 * float(str(figures[key])):.0f} ps"

    return Table(
        title=f"{size} x {size} tile by columns against the behavioural tile, {figures['n_operand_sets']} operand sets",
        header=("figure", "found"),
        rows=(
            ("rms error of the outputs, of 15 ns", percent("rms_error")),
            ("the same, model without loss in the wires", percent("rms_error_without_wire_loss")),
            ("the same, ideal word lines in both, first set", percent("rms_error_ideal_word_lines")),
            ("worst error of an output", picoseconds("worst_error_s")),
            ("mean error of the outputs", picoseconds("mean_error_s")),
            ("rms error of a column's pulse, both arrays, ideal word lines", picoseconds("column_rms_error_s")),
            ("rms error of the pulses between the arrays", picoseconds("weight_rms_error_s")),
            ("rms error of the second array alone", picoseconds("second_array_rms_error_s")),
            ("outputs that clip", percent("clipped_outputs")),
            ("outputs with the same sign and count", percent("counts_equal")),
            ("largest difference of a count", f"{figures['counts_worst']:g}"),
            ("charge balance: word lines against foot, rms", percent("charge_balance_rms")),
            ("the same, worst", percent("charge_balance_worst")),
            ("capacitor against foot, inside the range, rms", percent("charge_copy_rms")),
            ("the same, worst", percent("charge_copy_worst")),
        ),
        note="Charges are of the full charge of their converter. The capacitor's charge is counted with the gain and "
        "offset that known charges from a current source have: junctions on its node hold some of it, the reset switch "
        "leaves some.",
    )


def _flat_table(flat: FlatTile, cut: TileReads) -> Table:
    def row(name: str, values: tuple[Array, Array, Array]) -> list[tuple[str, ...]]:
        return [
            (f"{name} {k}", *(f"{1e9 * value:.3f}" for value in row)) for k, row in enumerate(zip(*values, strict=True))
        ]

    return Table(
        title=f"{FLAT_SIZE} x {FLAT_SIZE} tile from write to read-out in one netlist, pulses in ns",
        header=("pulse", "one netlist", "by columns", "models"),
        rows=(
            *row("token", (flat.weights, cut.first["pulse_width"].values, cut.weights)),
            *row("feature", (flat.outputs, cut.second["pulse_width"].values, cut.outputs)),
        ),
        note="Conveyors of one unit instead of eight, so that four rows use the range; the transistor-level drivers "
        f"between the arrays change a pulse by at most "
        f"{1e12 * float(np.abs(flat.driven - flat.weights).max()):.0f} ps.",
    )
