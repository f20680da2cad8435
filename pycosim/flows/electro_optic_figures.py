"""Stage 7 of the electro-optic flow: the curves of the report."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pycosim.evaluate.curves import Curve, CurveFigure, Panel
from pycosim.flows.electro_optic_measure import Sent, working_levels
from pycosim.flows.electro_optic_models import divisor_levels, simulated_transfer
from pycosim.flows.electro_optic_results import ElectroOpticResult
from pycosim.flows.electro_optic_task_figures import task_curves
from pycosim.models.edge_scales import normalised

Array = NDArray[np.float64]


def electro_optic_curves(result: ElectroOpticResult) -> dict[str, CurveFigure]:
    """Every plot of an electro-optic report beside those of accuracy, latency and energy."""
    return {
        "transfers": _transfers(result),
        "eyes": _eyes(result),
        "noise": _noise(result),
        "row": _row(result),
        **task_curves(result.scores),
    }


def _transfers(result: ElectroOpticResult) -> CurveFigure:
    """Simulated transfers against exp, the sigmoid and 1/z."""
    x = np.linspace(-6.0, 0.0, 241)
    exponentials = [Curve(label="exp", x=x, y=np.exp(x), look="dashed", color=5)]
    for n, hardware in result.units.optmax.items():
        scale, (dark, zero) = result.scales[f"exp_{n}"], working_levels(hardware)
        y = normalised(simulated_transfer(result.measured.static[f"exp_{n}"]), dark, zero)(scale.level(x))
        exponentials.append(Curve(label=f"{n} in series", x=x, y=scale.gain * y, color=n - 1))
    s = np.linspace(-8.0, 8.0, 321)
    dark, bright = working_levels(result.units.optmoid)
    swing = normalised(simulated_transfer(result.measured.static["swing"]), dark, bright)
    sigmoids = [
        Curve(label="sigmoid", x=s, y=1 / (1 + np.exp(-s)), look="dashed", color=5),
        Curve(label="slope matched", x=s, y=swing(result.scales["sigmoid_slope"].level(s)), color=0),
        Curve(label="least error", x=s, y=swing(result.scales["sigmoid_minimax"].level(s)), color=1),
    ]
    z = np.linspace(1.0, 2.0, 101)
    bright, dark = divisor_levels(result.units)
    falling = normalised(simulated_transfer(result.measured.static["divisor"]), dark, bright)
    scale = result.scales["reciprocal"]
    quotients = [
        Curve(label="1/z", x=z, y=1 / z, look="dashed", color=5),
        Curve(
            label="falling edge",
            x=z,
            y=scale.gain * falling(scale.level(z - 1)) / float(falling(np.array([scale.origin]))[0]),
            color=0,
        ),
    ]
    return CurveFigure(
        title="Transfers",
        caption="Simulated transfers at rest, laid onto their operands by the scale of least error, against the "
        "functions that they stand in for.",
        panels=(
            Panel(title="Rising edge", x_label="x (nat)", y_label="of full scale", curves=tuple(exponentials)),
            Panel(title="Full swing", x_label="x (nat)", y_label="of full scale", curves=tuple(sigmoids)),
            Panel(title="Falling edge", x_label="sum, normalised", y_label="of that at 1", curves=tuple(quotients)),
        ),
    )


def _eyes(result: ElectroOpticResult) -> CurveFigure:
    panels = []
    for (name, rate), sent in result.measured.sent.items():
        if name != "exp_1":
            continue
        time, traces = _folded(sent)
        delay = result.fits.sampling[name, rate].delay
        edges = (float(traces.min()), float(traces.max()))
        panels.append(
            Panel(
                title=f"{rate / 1e9:g} GBaud",
                x_label="time from the symbol's edge (ps)",
                y_label="output (mV)",
                x_scale=1e12,
                y_scale=1e3,
                curves=(
                    Curve(label="", x=time, y=traces, look="thin", color=0),
                    Curve(label="sample", x=np.array([delay, delay]), y=np.array(edges), look="dashed", color=1),
                ),
            )
        )
    return CurveFigure(
        title="Eyes",
        caption="Random symbols through the unit of Optmax, folded over two periods, with the receiver of the run's "
        "rate: from the converter's edge to the output of the transimpedance amplifier.",
        panels=tuple(panels),
        columns=2,
    )


def _noise(result: ElectroOpticResult) -> CurveFigure:
    rows = result.measured.budgets
    curves = []
    for place, power in enumerate(sorted({row["power_w"] for row in rows}, reverse=True)):
        chosen = [row for row in rows if row["power_w"] == power]
        rates = np.array([row["baud"] for row in chosen])
        found, closed = (np.array([row[key] for row in chosen]) for key in ("sigma", "closed_form"))
        curves += [
            Curve(label=f"{1e3 * power:g} mW", x=rates, y=found, look="points", color=place),
            Curve(label="", x=rates, y=closed, look="dashed", color=place),
        ]
    dataset, fit = result.measured.noise["exp_1"], result.fits.noise["exp_1"]
    edge = result.fits.edges["exp_1"].model
    output = np.maximum(edge.output(dataset["level"].values) - edge.offset, 0.0)
    fine = np.linspace(0.0, float(output.max()), 101)
    spectrum = (
        Curve(label="ngspice", x=output, y=dataset["deviation"].values, look="points", color=0),
        Curve(label="model", x=fine, y=fit.model.deviation(fine), color=0),
    )
    return CurveFigure(
        title="Noise",
        caption="Deviation of a sample. Left: at full scale, with the receiver of each rate; points from ngspice, "
        "lines from the closed-form budget. Right: over the output, at the run's rate and power.",
        panels=(
            Panel(
                title="At full scale",
                x_label="symbol rate (GBaud)",
                y_label="deviation over full scale",
                x_scale=1e-9,
                curves=tuple(curves),
                log_x=True,
                log_y=True,
            ),
            Panel(
                title="Over the output",
                x_label="output (mV)",
                y_label="deviation (mV)",
                x_scale=1e3,
                y_scale=1e3,
                curves=spectrum,
            ),
        ),
        columns=2,
    )


def _row(result: ElectroOpticResult) -> CurveFigure:
    row = result.rows["optmax"]
    time, out = row.waves.time, np.real(row.waves.signals["v(out)"])
    place = np.arange(row.n_symbols, dtype=np.float64)
    return CurveFigure(
        title="A whole row",
        caption="One row of random scores through Optmax in ngspice: both passes, the second one divided by the sum of "
        "the first; and its weights beside softmax.",
        panels=(
            Panel(
                title="Output of the receiver",
                x_label="time (ns)",
                y_label="output (mV)",
                x_scale=1e9,
                y_scale=1e3,
                curves=(Curve(label="", x=time, y=out, color=0),),
            ),
            Panel(
                title="Weights",
                x_label="symbol",
                y_label="weight",
                curves=(
                    Curve(label="Optmax in ngspice", x=place, y=row.weights, look="points", color=0),
                    Curve(label="softmax", x=place, y=row.exact, color=5),
                ),
            ),
        ),
        columns=2,
    )


def _folded(sent: Sent) -> tuple[Array, Array]:
    """Traces of two periods from every symbol's edge on: times (s) and outputs (n_symbols - 2, n_times)."""
    period = 1.0 / sent.baud
    time = np.linspace(0.0, 2.0 * period, 81)
    starts = sent.first_symbol + period * np.arange(1, sent.levels.size - 1)
    return time, np.stack([np.interp(start + time, sent.waves.time, sent.output) for start in starts])
