"""Draw the chain, netlist to perplexity, from the files of a run: the figure at the top of the README.

python scripts/draw_chain.py runs/gain-cell docs/chain.svg
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import typer
from matplotlib.axes import Axes
from matplotlib.figure import Figure

BLUE, ORANGE, GREY = "#1f5fb4", "#d9730d", "#6b7280"
SHOWN = (".subckt gain_cell", "Mr", "Mw", "Cs ", "Xc0 ", "Xc1 ", "Xconverter", ".tran")
LABELS = {
    "exact": "exact softmax",
    "linear": "linear hardware",
    "analog": "analog",
    "analog_adapted": "analog,\nadapted",
}


def draw_netlist(axes: Axes, run: Path, report: dict[str, Any]) -> None:
    record = next(n for n in report["provenance"]["netlists"] if n["name"] == "column")
    lines = (run / record["path"]).read_text().splitlines()
    shown = [line if len(line) < 53 else line[:51] + "…" for line in lines if line.startswith(SHOWN)]
    axes.text(0.0, 0.97, "\n".join(shown), va="top", family="monospace", fontsize=6.2)
    n_cells = sum(line.startswith("Xc") and line.endswith("gain_cell") for line in lines)
    axes.text(0.0, 0.03, f"{n_cells} cells and their converter, BSIM4 throughout", fontsize=8, color=GREY)
    axes.axis("off")
    axes.set_title("netlist", fontsize=10, loc="left")


def draw_waveforms(axes: Axes, figures: dict[str, Any]) -> None:
    waves = figures["column_waveforms"]
    time = 1e9 * np.array(waves["time"])
    traces = {trace["label"]: np.array(trace["values"]) for trace in waves["traces"]}
    for label, color in (("bit line", GREY), ("integration node", ORANGE), ("pulse", BLUE)):
        axes.plot(time, traces[label], color=color, lw=1.1, label=label)
    axes.set(xlabel="time (ns)", ylabel="V", xlim=(6, time[-1]))
    axes.legend(fontsize=7, frameon=False, loc="upper left")
    axes.set_title("ngspice waveforms", fontsize=10, loc="left")


def draw_model(axes: Axes, figures: dict[str, Any]) -> None:
    transfer = figures["transfer"]
    charge, held = 1e12 * np.array(transfer["charge"]), np.array(transfer["held_out"])
    width = 1e9 * np.array(transfer["pulse_width"])
    axes.plot(charge, 1e9 * np.array(transfer["fitted"]), color=GREY, lw=1, label="HardSigmoid, fitted")
    axes.plot(charge[~held], width[~held], ".", color=BLUE, ms=3, label="ngspice, fitted")
    axes.plot(charge[held], width[held], "o", mfc="none", color=ORANGE, ms=4, mew=0.9, label="ngspice, held out")
    axes.set(xlabel="column charge (pC)", ylabel="pulse (ns)", xlim=(-0.4, 2.2))
    axes.legend(fontsize=7, frameon=False)
    axes.set_title("behavioural model", fontsize=10, loc="left")


def draw_perplexity(axes: Axes, report: dict[str, Any]) -> None:
    values = {name: report["accuracy"][name]["perplexity"] for name in LABELS}
    colors = [GREY, GREY, BLUE, BLUE]
    bars = axes.barh([LABELS[name] for name in values], list(values.values()), color=colors, height=0.62)
    axes.bar_label(bars, [f"{value:.2f}" for value in values.values()], fontsize=8, padding=2)
    axes.invert_yaxis()
    axes.set(xlabel="perplexity (bytes)", xlim=(0, 1.2 * max(values.values())))
    axes.tick_params(axis="y", labelsize=8)
    axes.set_title("transformer", fontsize=10, loc="left")


def main(run: Path, out: Path) -> None:
    report = json.loads((run / "report.json").read_text())
    figures = json.loads((run / "figures.json").read_text())
    mpl.rcParams.update({"svg.hashsalt": "pycosim", "font.size": 8})
    figure = Figure(figsize=(13, 2.9), layout="constrained", facecolor="white")
    netlist, waveforms, model, bars = figure.subplots(1, 4, width_ratios=[1.25, 1.1, 1, 0.9])
    draw_netlist(netlist, run, report)
    draw_waveforms(waveforms, figures)
    draw_model(model, figures)
    draw_perplexity(bars, report)
    for axes in (waveforms, model, bars):
        axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(out, metadata={"Date": None} if out.suffix == ".svg" else None, dpi=160)


if __name__ == "__main__":
    typer.run(main)
