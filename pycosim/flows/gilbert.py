"""Gilbert-cell perceptrons, the whole sentence: technology to report, in one screen.

technology -> multipliers, amplifiers, rectifiers, weights -> netlists -> ngspice -> waveforms -> datasets -> fits
-> behavioural models -> layers -> perceptrons and feed-forward blocks -> accuracy, latency and energy
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pycosim.evaluate.document import Json
from pycosim.evaluate.report import Check
from pycosim.evaluate.system_report import SystemReport
from pycosim.flows.gilbert_cells import CellResult, measure_cells
from pycosim.flows.gilbert_config import GilbertConfig
from pycosim.flows.gilbert_design import make_gilbert_design
from pycosim.flows.gilbert_digits import run_digits
from pycosim.flows.gilbert_network import MappedNetwork, small_network
from pycosim.flows.gilbert_parts import measure_parts
from pycosim.flows.gilbert_plots import network_plot, surface_plot
from pycosim.flows.gilbert_tables import gilbert_tables
from pycosim.flows.gilbert_transformer import run_transformer
from pycosim.flows.progress import Progress, TimedProgress
from pycosim.flows.run_record import RunClock, check_new, provenance, save_datasets
from pycosim.models.io import save_model
from pycosim.spice import NgspicePool, Simulator
from pycosim.spice.keep import KeepNetlists

GAIN = 7.07
"""Gain of the reference's size in V/V^2: sqrt(beta_u beta_l / 2) R_L of 1 mA/V^2, 1 mA/V^2 and 10 kohm [textbook]."""

REFERENCE_ERRORS = (0.0046, 0.015, 0.043)
"""Error over both ports at 0.3, 0.5 and 0.7 of the overdrives, of full scale, computed from the square law."""


def run_gilbert(
    config: GilbertConfig, out: Path, progress: Progress, simulator: Simulator | None = None
) -> SystemReport:
    """Run the Gilbert flow from scratch.

    Args:
        config: every choice.
        out: the run's directory, new or empty: receives `netlists/`, `models/` and `data/`.
        progress: told what happens.
        simulator: default a pool of ngspice workers, one per processor.

    Returns:
        The report; writing it is the caller's (`pycosim.evaluate.system_report.write_system_report`).

    Raises:
        InputError: the directory holds another run.
        SimulationError: a deck failed; the message names its netlist and run directory.
    """
    clock, timed, config = RunClock.start(), TimedProgress(progress), config.sized()
    design, seed = make_gilbert_design(config), config.seed
    check_new(out)
    inner = simulator or NgspicePool(n_workers=config.n_workers, run_root=out / "failed")
    with KeepNetlists(inner, out / "netlists") as engine:
        cells = measure_cells(design, engine, timed, n_dies=config.n_offset_dies, seed=seed)
        parts = measure_parts(design, engine, timed, n_dies=config.n_offset_dies, seed=seed)
        small = small_network(design, cells, engine, timed, n_samples=config.n_samples, seed=seed)
        digits = run_digits(design, cells, engine, timed, n_dies=config.n_dies, seed=seed)
        transformer = run_transformer(design, cells, engine, timed, n_tokens=config.n_tokens, seed=seed)
        kept = engine.kept
    save_datasets(out, {"multiplier": cells.surface})
    _save_models(out / "models", cells, small.mapped)
    figures: dict[str, Json] = {
        "multipliers": dict(cells.figures),
        **parts.figures,
        "models": _models(cells, small.mapped, design.ranges.inputs),
        "network": dict(small.figures),
        "digits": dict(digits.figures),
        "transformer": dict(transformer),
    }
    technology = design.square
    return SystemReport(
        system="Gilbert-cell perceptron",
        summary=(
            "Inputs and weights are voltages, Gilbert cells multiply, currents add, rectifiers are the ReLU; "
            f"square-law transistors at {technology.supply_voltage:g} V, and "
            f"BSIM4 at {design.thick.supply_voltage:g} V beside."
        ),
        figures=figures,
        tables=gilbert_tables(figures),
        checks=gilbert_checks(figures),
        plots={"multiplier": surface_plot(cells.surface, cells.gain), "network": network_plot(small)},
        provenance=provenance(
            kept,
            out,
            technology=f"{technology.name} and {design.thick.name}",
            corner=technology.corner,
            temperature=technology.temperature,
            seed=seed,
            configuration=config.text(),
        ),
        run=clock.record(config.n_workers, timed.times()),
        notes=_notes(config.quick),
    )


def gilbert_checks(figures: Mapping[str, Json]) -> tuple[Check, ...]:
    """The figures that have targets."""
    data: dict[str, dict[str, object]] = figures  # type: ignore[assignment]
    ideal: dict[str, list[dict[str, float]]] = data["multipliers"]["ideal"]  # type: ignore[assignment]
    against: dict[str, float] = data["network"]["errors"]["behavioural"]  # type: ignore[index]
    gain = float(data["multipliers"]["ideal"]["gain_per_v"])  # type: ignore[index]
    worst = max(abs(one["third"] / one["closed_form"] - 1) for one in ideal["distortion"])
    amplifier: dict[str, dict[str, float]] = data["amplifier"]  # type: ignore[assignment]
    pairs = ("gain", "bandwidth", "slew_up", "phase_margin")
    apart = max(abs(amplifier["macromodel"][key] / amplifier["transistors"][key] - 1) for key in pairs)
    return (
        Check(
            name="multiplier: gain (V/V²)",
            value=gain,
            unit="",
            relation="within",
            target=GAIN,
            tolerance=0.01 * GAIN,
            detail="square law without channel-length modulation, at small voltages",
        ),
        *(
            Check(
                name=f"multiplier: error at ±{one['share_of_overdrive']:g} of the overdrives",
                value=one["error_of_full_scale"],
                unit="",
                relation="within",
                target=target,
                tolerance=0.05 * target,
                detail="largest deviation from the best ideal product, of its full scale",
            )
            for one, target in zip(ideal["errors"], REFERENCE_ERRORS, strict=True)
        ),
        Check(
            name="multiplier: HD3 against (A / V_ov)² / 32, largest deviation",
            value=worst,
            unit="",
            relation="at_most",
            target=0.1,
            detail="sines at the upper port of 0.3, 0.5 and 0.7 of the overdrive",
        ),
        Check(
            name="amplifier: macromodel against transistors, largest deviation",
            value=apart,
            unit="",
            relation="at_most",
            target=0.05,
            detail="gain, gain-bandwidth, slew and phase margin; target: ours",
        ),
        Check(
            name="network in ngspice against the behavioural one, of full scale",
            value=against["largest_of_full_scale"],
            unit="",
            relation="at_most",
            target=0.02,
            detail="largest over all samples and outputs",
        ),
        Check(
            name="network: samples with margin that get another class",
            value=against["with_margin"] - against["same_class_with_margin"],
            unit="",
            relation="at_most",
            target=0.0,
            detail="margin: the two best scores further apart than twice the error allowed",
        ),
    )


def _models(cells: CellResult, mapped: MappedNetwork, full_scale: float) -> Json:
    """Every fit with its residual on held-out points."""
    largest = float(abs(cells.surface["current"]).max())
    found: dict[str, Json] = {}
    for fit in (cells.law, cells.polynomial):
        kind = type(fit.model).__name__
        found[f"multiplier, {kind}"] = {
            "kind": kind,
            "held_out_residual": fit.held_out_residual_rms,
            "unit": fit.unit,
            "of_full_scale": fit.held_out_residual_rms / largest,
        }
    parts = [(f"loads and difference amplifier {k}", fit) for k, fit in enumerate(mapped.stages)]
    parts += [(f"rectifier {k}", fit) for k, fit in enumerate(mapped.rectifiers)]  # type: ignore[misc]
    for name, one in parts:
        found[name] = {
            "kind": type(one.model).__name__,
            "held_out_residual": one.held_out_residual_rms,
            "unit": one.unit,
            "of_full_scale": one.held_out_residual_rms / full_scale,
        }
    return found


def _save_models(folder: Path, cells: CellResult, mapped: MappedNetwork) -> None:
    """The models of the run as files that `pycosim.models.load_model` reads."""
    folder.mkdir(parents=True, exist_ok=True)
    save_model(folder / "multiplier_law", cells.law.model, cells.law.record())
    save_model(folder / "multiplier", cells.polynomial.model, cells.polynomial.record())
    for k, stage in enumerate(mapped.stages):
        save_model(folder / f"stage{k}", stage.model, stage.record())
    for k, rectifier in enumerate(mapped.rectifiers):
        save_model(folder / f"rectifier{k}", rectifier.model, rectifier.record())


def _notes(quick: bool) -> tuple[str, ...]:
    notes = (
        "Weights of the networks are ideal voltage sources; the weight memories are measured beside them. "
        "References and bias currents are ideal sources.",
        "The square-law technology has neither body effect nor weak inversion; it is the one of the closed forms. The "
        "BSIM4 cell says what a real transistor makes of them.",
        "Offsets of dies are those of the multipliers' transistors; amplifiers and resistors of the behavioural "
        "networks are as drawn. The network of a die in ngspice has all transistors deviate.",
    )
    return (*notes, "This was a quick run: fewer dies, samples and tokens.") if quick else notes
