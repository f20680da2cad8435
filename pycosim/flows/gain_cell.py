"""Gain-cell attention, the whole sentence: technology to report, in one screen.

technology -> gain cell, charge-to-pulse circuit -> netlists -> ngspice -> waveforms -> datasets -> fits
-> behavioural models -> analog attention -> transformer -> accuracy, latency and energy
"""

from __future__ import annotations

from pathlib import Path

from pycosim.evaluate.report import Report
from pycosim.flows.accuracy import attention_hardware, evaluate_accuracy
from pycosim.flows.characterization import make_design, measure_cell, measure_transfers
from pycosim.flows.columns import check_columns
from pycosim.flows.config import GainCellConfig
from pycosim.flows.cost import column_energy, column_latency
from pycosim.flows.cost_laws import measure_cost_laws, save_cost_laws
from pycosim.flows.fits import fit_gain_cell
from pycosim.flows.gain_cell_report import gain_cell_report
from pycosim.flows.gain_cell_result import GainCellResult
from pycosim.flows.progress import Progress, TimedProgress
from pycosim.flows.run_record import RunClock, check_new, save_datasets
from pycosim.flows.saved_attention import save_attention
from pycosim.flows.saved_fits import save_fits
from pycosim.flows.workload import load_workload
from pycosim.flows.workload_cost import ReadMeter
from pycosim.spice import NgspicePool, Simulator
from pycosim.spice.keep import KeepNetlists

TOKENS_PER_CALL = 8
"""Tokens times heads that are metered of each call of a layer (16 chunks of text). Ours: 256 in a whole run, whose mean
energy has a standard error of a third of a percent, as large as the law's own error."""


def run_gain_cell(config: GainCellConfig, out: Path, progress: Progress, simulator: Simulator | None = None) -> Report:
    """Run the gain-cell flow from scratch.

    Args:
        config: every choice.
        out: the run's directory, new or empty: receives `netlists/`, `models/`, `data/` and `attention/`, each as soon
            as it exists.
        progress: told what happens.
        simulator: default a pool of ngspice workers, one per processor.

    Returns:
        The report; writing it is the caller's.

    Raises:
        InputError: the directory holds another run, or the configuration does not fit the text or the circuits.
        SimulationError: a deck failed; the message names its netlist and run directory.
    """
    clock, config, timed = RunClock.start(), config.sized(), TimedProgress(progress)
    design, workload = make_design(config), load_workload(config.n_tokens)
    check_new(out)
    inner = simulator or NgspicePool(n_workers=config.n_workers, run_root=out / "failed")
    with KeepNetlists(inner, out / "netlists") as engine:
        cell = measure_cell(design, config, engine, timed)
        save_datasets(
            out, {"cell_charges": cell.charges, "cell_drift": cell.drift, "cell_read_current": cell.read_current}
        )
        transfers = measure_transfers(design, config, engine, timed)
        save_datasets(out, {"charge_to_pulse": transfers[0], "signed_charge_to_pulse": transfers[1]})
        fits = fit_gain_cell(design, cell, transfers)
        save_fits(fits.named(), out / "models")
        models = fits.models()
        converters = (models.charge_to_pulse, models.signed_charge_to_pulse)
        checks = check_columns(design, models.cell_k, converters, config, engine, timed)
        save_datasets(out, {"columns": checks[0].reads, "signed_columns": checks[1].reads})
        laws = measure_cost_laws(design, checks, models, config, engine, timed)
        if laws is not None:
            save_datasets(out, {"cost_columns": laws.reads[0], "signed_cost_columns": laws.reads[1]})
            save_cost_laws(laws, out / "models")
        waveforms = engine.run(checks[0].example_netlist())
        kept = engine.kept
    latency, energy = column_latency(checks, transfers), column_energy(checks, workload.n_tiles)
    interval = workload.token_interval(latency.scheduled_total)
    hardware = attention_hardware(design, workload, interval)
    meter = None if laws is None else ReadMeter(laws.columns, hardware, n_per_call=TOKENS_PER_CALL, seed=config.seed)
    watch = None if meter is None else [meter.observer(layer) for layer in range(workload.linear.config.n_layer)]
    accuracy = evaluate_accuracy(models, design, workload, interval, config.adaptation_steps, timed, watch)
    save_attention(out, config, fits, hardware, accuracy.adaptation.scalers)
    result = GainCellResult(
        design=design,
        config=config,
        workload=workload,
        cell=cell,
        transfers=transfers,
        fits=fits,
        models=models,
        checks=checks,
        example=waveforms,
        latency=latency,
        energy=energy,
        accuracy=accuracy,
        laws=laws,
        reads=None if meter is None else meter.reads(),
    )
    return gain_cell_report(result, kept=kept, out=out, clock=clock, stages=timed.times())
