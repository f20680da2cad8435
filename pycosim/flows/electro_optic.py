"""Electro-optic softmax and sigmoid, the whole sentence: platform to report, in one screen.

platform -> laser, modulators, photodiode, amplifier -> netlists -> ngspice -> waveforms -> datasets -> fits
-> edges, memory, noise -> Optmax and Optmoid -> transformer -> accuracy, latency and energy
"""

from __future__ import annotations

from pathlib import Path

from pycosim.evaluate.document import to_json
from pycosim.evaluate.report import Report
from pycosim.evaluate.write import write_text
from pycosim.flows.electro_optic_accuracy import evaluate_units
from pycosim.flows.electro_optic_config import ElectroOpticConfig
from pycosim.flows.electro_optic_measure import make_units, measure_units
from pycosim.flows.electro_optic_models import Operators, approximations, fit_electro_optic
from pycosim.flows.electro_optic_report import electro_optic_report
from pycosim.flows.electro_optic_results import ElectroOpticResult, results_document
from pycosim.flows.electro_optic_row import optmax_row, optmoid_row
from pycosim.flows.electro_optic_scores import read_scores, score_distances
from pycosim.flows.electro_optic_tasks import tasks_of
from pycosim.flows.progress import Progress, TimedProgress
from pycosim.flows.run_record import RunClock, check_new, save_datasets
from pycosim.flows.saved_fits import save_fits
from pycosim.flows.workload import load_workload
from pycosim.spice import NgspicePool, Simulator
from pycosim.spice.keep import KeepNetlists

RESULTS = "electro_optic.json"
"""Name of the results in the run's directory."""


def run_electro_optic(
    config: ElectroOpticConfig, out: Path, progress: Progress, simulator: Simulator | None = None
) -> Report:
    """Run the electro-optic flow from scratch.

    Args:
        config: every choice.
        out: the run's directory, new or empty: receives `netlists/`, `models/`, `data/` and `electro_optic.json`.
        progress: told what happens.
        simulator: default a pool of ngspice workers, one per processor.

    Returns:
        The report; writing it is the caller's.

    Raises:
        InputError: the directory holds another run, or the configuration does not fit the text or the platform.
        SimulationError: a deck failed; the message names its netlist and run directory.
    """
    clock, config, timed = RunClock.start(), config.sized(), TimedProgress(progress)
    units, workload = make_units(config), load_workload(config.n_tokens)
    scores, tasks = read_scores(Path(config.scores)) if config.scores else (), tasks_of(workload, config)
    check_new(out)
    inner = simulator or NgspicePool(n_workers=config.n_workers, timeout=300.0, run_root=out / "failed")
    with KeepNetlists(inner, out / "netlists") as engine:
        measured = measure_units(units, config, engine, timed)
        fits = fit_electro_optic(units, measured, config)
        save_fits(fits.named(), out / "models")
        operators = Operators.of(units, fits, seed=config.seed)
        rows = {
            "optmax": optmax_row(operators, config, engine, timed),
            "optmoid": optmoid_row(operators, config, engine, timed),
        }
        kept = engine.kept
    save_datasets(out, {**{f"rest_{k}": v for k, v in measured.static.items()}, **measured.settled})
    result = ElectroOpticResult(
        config=config,
        units=units,
        measured=measured,
        fits=fits,
        operators=operators,
        scales=approximations(units, measured),
        rows=rows,
        scores=evaluate_units(tasks, operators, timed, quick=config.quick, seed=config.seed),
        distances=score_distances(scores, operators, timed, seed=config.seed),
    )
    write_text(out / RESULTS, to_json(results_document(result)))
    return electro_optic_report(result, workload, kept=kept, out=out, clock=clock, stages=timed.times())
