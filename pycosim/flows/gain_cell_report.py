"""Stage 8 of the gain-cell flow: everything found -> Report."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from pycosim.evaluate import published
from pycosim.evaluate.cost import Latency
from pycosim.evaluate.quantities import show_count, show_quantity
from pycosim.evaluate.report import (
    Check,
    Report,
    StageTime,
)
from pycosim.flows.accuracy import AccuracyResult
from pycosim.flows.characterization import CellData
from pycosim.flows.columns import ColumnCheck
from pycosim.flows.config import config_text
from pycosim.flows.cost_laws import law_checks, law_records
from pycosim.flows.gain_cell_figures import gain_cell_figures
from pycosim.flows.gain_cell_result import GainCellResult
from pycosim.flows.gain_cell_workload import report_workload_cost
from pycosim.flows.run_record import RunClock, provenance
from pycosim.flows.saved_fits import model_records
from pycosim.flows.workload import shipped_workload

PLANNED_LATENCY = 60.6e-9
"""Sum of the phases in the plan that the circuits were first drawn for (s). Ours."""


def gain_cell_report(
    result: GainCellResult,
    *,
    kept: Mapping[str, tuple[str, Path]],
    out: Path,
    clock: RunClock,
    stages: tuple[StageTime, ...],
) -> Report:
    """Assemble the report of one gain-cell run.

    Args:
        result: what the stages found.
        kept: digest -> (name, file) of every netlist that was run.
        out: the run's directory, to which the files are relative.
        clock: when the run began.
        stages: how long each stage took.
    """
    technology, config = result.design.technology, result.config
    laws, reads = result.laws, result.reads
    cost = (
        None if laws is None or reads is None else report_workload_cost(reads, laws.fits, result.energy, result.latency)
    )
    return Report(
        system="gain-cell attention",
        workload=shipped_workload(result.workload, window=result.workload.window, tile=result.workload.tile),
        accuracy=result.accuracy.accuracy,
        latency=result.latency,
        energy=result.energy,
        workload_cost=cost,
        models=(*model_records(result.fits.named(), "models"), *(() if laws is None else law_records(laws, "models"))),
        checks=(
            *_checks(result.cell, result.checks, result.latency, result.accuracy),
            *(() if laws is None else law_checks(laws, result.design.max_pulse_width)),
        ),
        figures=gain_cell_figures(result),
        provenance=provenance(
            kept,
            out,
            technology=technology.name,
            corner=technology.corner,
            temperature=technology.temperature,
            seed=config.seed,
            configuration=config_text(config),
            weights=("softmax", "linear"),
        ),
        run=clock.record(config.n_workers, stages),
        notes=_notes(result),
    )


def _checks(
    cell: CellData, checks: tuple[ColumnCheck, ColumnCheck], latency: Latency, accuracy: AccuracyResult
) -> tuple[Check, ...]:
    found = accuracy.accuracy
    table = published.read_current()
    static = cell.read_current["read_current"].values
    zero = float(np.interp(0.0, static[:, -1], published.STORED_VOLTAGES))
    ratio = found["linear"].perplexity / found["exact"].perplexity
    adapted = found["analog_adapted"].perplexity / found["linear"].perplexity
    columns = [
        Check(
            name=f"pulse error of {check.simulated.size} {name}, rms",
            value=check.error_rms,
            unit="s",
            relation="at_most",
            target=0.1e-9,
            detail=(
                f"model against ngspice on {check.simulated.size} random columns that no fit saw; "
                f"largest {check.error_max * 1e12:.0f} ps; target: a tenth of a level"
            ),
        )
        for name, check in zip(("columns", "signed columns"), checks, strict=True)
    ]
    return (
        Check(
            name="cell: DC read current against the published table, rms of 10 uA",
            value=published.relative_rms(static),
            unit="",
            relation="at_most",
            target=0.015,
            detail=f"{table.size} points; largest {np.abs(static - table).max() * 1e6:.2f} uA",
        ),
        Check(
            name="cell: pulse charge against the published table, rms of 10 uA",
            value=published.relative_rms(cell.pulse_table),
            unit="",
            relation="at_most",
            target=0.015,
            detail=f"15 ns pulses after a real write; largest {np.abs(cell.pulse_table - table).max() * 1e6:.2f} uA",
        ),
        Check(
            name="cell: zero crossing at full input",
            value=zero,
            unit="V",
            relation="within",
            target=published.ZERO_CROSSING,
            tolerance=0.02,
            detail="DC, upper word line at the supply",
        ),
        *columns,
        Check(
            name="perplexity: linear hardware over exact softmax",
            value=ratio,
            unit="",
            relation="at_most",
            target=1.05,
            detail="same text; two sets of trained weights",
        ),
        Check(
            name="perplexity: adapted analog over linear hardware",
            value=adapted,
            unit="",
            relation="at_most",
            target=1.10,
            detail=f"{len(accuracy.adaptation.history) - 1} gradient-free steps",
        ),
        Check(
            name="latency of a token, every phase settled to half a level",
            value=latency.total,
            unit="s",
            relation="at_most",
            target=latency.published_total,
            detail="sum of the simulated phases, against the published figure",
        ),
        Check(
            name="latency of a token, as the decks are clocked",
            value=latency.scheduled_total,
            unit="s",
            relation="at_most",
            target=PLANNED_LATENCY,
            detail="sum of the phases with the margins that all models were measured with; target: our first plan",
        ),
    )


def _notes(result: GainCellResult) -> tuple[str, ...]:
    fits, linear = result.fits, result.workload.linear.metadata
    shares = ", ".join(f"{name} {100 * share:.0f} %" for name, share in result.accuracy.clipped.items())
    decay, models = fits.decay.model, result.models
    first, second = (model.clips.fraction for model in (models.charge_to_pulse, models.signed_charge_to_pulse))
    used = [models.cell_k, models.charge_to_pulse, models.signed_charge_to_pulse, models.decay]
    notes = [
        (
            f"The linear weights had {linear['steps']} more training steps than the softmax weights, and their "
            "training varied the cell's response around the linear one, so that they bear other cells; the "
            "row of the linear hardware has the linear cell (training/README.md)."
        ),
        f"Operands outside the hardware's range are clipped to it, in the layer that clips most: {shares}.",
        (
            "Charges beyond the measured range of the converters, taken as saturated: "
            f"{100 * first:.2f} % in the first array, {100 * second:.2f} % in the second."
        ),
        (
            f"Attention runs on {', '.join(type(model).__name__ for model in used)}: of each "
            "circuit's models the one with the smallest held-out residual."
        ),
        (
            f"The layers run one after the other, so that a head gets a token, and its cells age, every "
            f"{show_quantity(result.workload.token_interval(result.latency.scheduled_total), 's')}."
        ),
        (
            f"One exponential for the cell's drift ({decay.time_constant * 1e3:.3g} ms to {decay.final_voltage:.3f} V) "
            f"misses it by {fits.decay.held_out_residual_rms * 1e3:.2f} mV rms on held-out ages, the measured table by "
            f"{fits.drift.held_out_residual_rms * 1e3:.2f} mV, a leak that follows the voltage by "
            f"{fits.leak.held_out_residual_rms * 1e3:.2f} mV."
        ),
        (
            "Word-line and data-line drivers, clocks and bias voltages are ideal sources here; DACs and digital "
            "control are the published figures, marked assumed. docs/gain_cell.md has drivers of transistors."
        ),
        "Energy of a block: the mean over random columns whose charges are spread evenly over the converters' range.",
    ]
    if result.reads is not None:
        notes.append(
            f"The cost of this text is that of all {show_count(result.reads.n_reads)} columns that "
            f"{result.reads.n_tokens} tokens read in their heads, drawn from those with a full window; by laws that "
            "know neither drift nor mismatch."
        )
    if result.config.quick:
        notes.append("This was a quick run: fewer points, columns and tokens.")
    return tuple(notes)
