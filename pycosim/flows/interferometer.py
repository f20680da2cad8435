"""Matrix multiplication by interference, the whole sentence: photonic process to report, in one screen.

laser, splitter, mirrors, mask, combiner, detectors -> netlists -> ngspice -> products, phase errors, noise -> layer ->
optical perceptron -> accuracy by phase bits, phase error, contrast and photons
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from circuits.photonic_platform import load_platform
from circuits.rectifiers import RectifierParameters
from circuits.technology import load_technology
from pycosim.evaluate.document import Json
from pycosim.evaluate.report import Check
from pycosim.evaluate.system_report import SystemReport
from pycosim.fitting.neuron import fit_rectifier
from pycosim.flows.gilbert_parts import LEVEL
from pycosim.flows.interferometer_circuit import measure_circuit
from pycosim.flows.interferometer_config import InterferometerConfig
from pycosim.flows.interferometer_digits import run_optical_digits
from pycosim.flows.interferometer_tables import interferometer_tables
from pycosim.flows.interferometer_transformer import run_optical_transformer
from pycosim.flows.progress import Progress, TimedProgress
from pycosim.flows.run_record import RunClock, check_new, provenance
from pycosim.spice import NgspicePool, Simulator
from pycosim.spice.keep import KeepNetlists
from pycosim.sweeps.amplifier import rectifier_transfer

SIGMAS = 3.0
"""Standard errors within which a Monte Carlo must agree with its closed form. Ours."""


def run_interferometer(
    config: InterferometerConfig, out: Path, progress: Progress, simulator: Simulator | None = None
) -> SystemReport:
    """Run the interferometer flow from scratch.

    Args:
        config: every choice.
        out: the run's directory, new or empty: receives `netlists/`.
        progress: told what happens.
        simulator: default a pool of ngspice workers, one per processor.

    Returns:
        The report; writing it is the caller's (`pycosim.evaluate.system_report.write_system_report`).

    Raises:
        InputError: the directory holds another run.
        SimulationError: a deck failed; the message names its netlist and run directory.
    """
    clock, timed, config = RunClock.start(), TimedProgress(progress), config.sized()
    photonics, square = load_platform("tfln"), load_technology("square")
    check_new(out)
    inner = simulator or NgspicePool(n_workers=config.n_workers, run_root=out / "failed")
    with KeepNetlists(inner, out / "netlists") as engine:
        circuit = measure_circuit(photonics, engine, timed, config)
        parts = RectifierParameters(kind="super_diode")
        transfer = rectifier_transfer(parts, square, engine, reference=LEVEL, span=0.5)
        kept = engine.kept
    held_out = np.arange(transfer.sizes["input"]) % 3 == 1
    rectifier = fit_rectifier(transfer["input"].values, transfer["output"].values, held_out=held_out).model
    timed.stage("optical digits")
    endless = type(rectifier)(
        gain=rectifier.gain, threshold=rectifier.threshold, knee=rectifier.knee, floor=rectifier.floor
    )
    figures: dict[str, Json] = {
        "circuit": circuit,
        "digits": run_optical_digits(endless, seed=config.seed),
        "transformer": run_optical_transformer(timed, n_tokens=config.n_tokens, seed=config.seed),
    }
    return SystemReport(
        system="Optical interference",
        summary=(
            "One laser, mirrors as inputs, a phase mask as weights, fields that add, balanced homodyne detectors; the "
            "ReLU is the analog one of the Gilbert flow, biases and scales are digital."
        ),
        figures=figures,
        tables=interferometer_tables(figures),
        checks=interferometer_checks(figures),
        provenance=provenance(
            kept,
            out,
            technology=f"{photonics.technology.name} and {square.name}",
            corner=square.corner,
            temperature=photonics.technology.temperature,
            seed=config.seed,
            configuration=config.text(),
        ),
        run=clock.record(config.n_workers, timed.times()),
        notes=(
            "Splitters, mask, mirrors and combiner are linear in the fields and without delay; mirrors and mask are "
            "not devices with voltages here.",
            "The optical perceptron runs the weights of the exact one; it was not trained for few bits or photons.",
            "Energy is that of the signal's light alone: neither laser, mirrors, amplifiers nor converters.",
        ),
    )


def interferometer_checks(figures: Mapping[str, Any]) -> tuple[Check, ...]:
    """The figures that have targets."""
    circuit = figures["circuit"]
    found = []
    for name, unit in (("gain", "gain exp(-s²/2)"), ("residual", "residual (1 - exp(-s²))/sqrt(2)")):
        apart = max(abs(one[name] - one[f"expected_{name}"]) / one[f"{name}_error"] for one in circuit["phase_errors"])
        found.append(
            Check(
                name=f"phase errors: {unit}, in standard errors",
                value=apart,
                unit="",
                relation="at_most",
                target=SIGMAS,
                detail=f"{circuit['phase_errors'][0]['n_samples']} circuits of {circuit['n_paths']} paths each",
            )
        )
    found += [
        Check(
            name=f"shot noise over 2 q I, {name}",
            value=circuit["noise"][f"shot_{name}"]["ratio"],
            unit="",
            relation="within",
            target=1.0,
            tolerance=0.02,
            detail="`.noise` of the circuit less the amplifier's resistor",
        )
        for name in ("homodyne", "single")
    ]
    products = circuit["products"]
    found += [
        Check(
            name=f"{name}, largest error of full scale",
            value=products[key],
            unit="",
            relation="at_most",
            target=1e-3,
            detail="against the closed form, random operands; target: ours",
        )
        for name, key in (
            ("homodyne: sum of x cos(phi)", "homodyne_error"),
            ("single detector: squared sum", "quadratic_error"),
            ("anchor identity", "anchor_error"),
        )
    ]
    return tuple(found)
