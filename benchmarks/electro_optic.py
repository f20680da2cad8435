"""The electro-optic flow, into docs/results/electro_optic.json, its plots and the tables of docs/electro_optic.md.

    python benchmarks/electro_optic.py [--quick] [--run DIRECTORY] [--scores FOLDER]

Without --run the flow is run; with it, the results of that run are taken.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from record import ROOT, table, write_table

RESULTS = ROOT / "docs" / "results"
PLOTS = ("transfers", "eyes", "noise", "row", "bits_and_noise", "digits_bits_and_noise")
SIGMAS = (0.005, 0.01, 0.02, 0.05, 0.1)
ORDER = ("softmax", "optmax", "sigmoid", "optmoid")
TUNED = ("optmax", "optmoid")
DATA = ROOT.parent / "shared" / "data"
Figures = Mapping[str, Any]


def percent(share: float, digits: int = 3) -> str:
    return f"{100 * share:.{digits}g} %"


def approximation_table(found: Figures) -> str:
    names = {
        "exp_1": "exp, one modulator",
        "exp_2": "exp, two in series",
        "exp_3": "exp, three in series",
        "sigmoid_slope": "sigmoid, slope matched",
        "sigmoid_minimax": "sigmoid, least error",
        "reciprocal": "1/z over 2:1, relative",
    }
    rows = [
        [name, percent(found["approximation"][key]), percent(found["approximation_limit"][key])]
        for key, name in names.items()
    ]
    return table(["function", "largest error, simulated", "limit of an ideal modulator"], rows)


def drift_table(found: Figures) -> str:
    rows = [[percent(row["bias_error_v_pi"]), percent(row["exp_error"])] for row in found["drift"]]
    return table(["bias error, of V_pi", "largest error of exp, one modulator"], rows)


def symbols_table(found: Figures) -> str:
    rows = [
        [
            row["unit"].replace("exp_1", "Optmax").replace("swing", "Optmoid"),
            f"{row['baud'] / 1e9:g}",
            f"{1e12 * row['delay_s']:.0f}",
            percent(row["error_rms"], 2),
            percent(row["interference"], 2),
        ]
        for row in found["symbols"]
    ]
    head = ["unit", "GBaud", "best sample after the edge, ps", "error of a sample, rms", "interference, worst"]
    return table(head, rows)


def noise_table(found: Figures) -> str:
    rows = [
        [f"{row['baud'] / 1e9:g}", f"{1e3 * row['power_w']:g}", f"{row['sigma']:.5f}", f"{row['closed_form']:.5f}"]
        for row in found["noise"]
    ]
    return table(["GBaud", "full scale, mW", "sigma, ngspice", "sigma, closed form"], rows)


def cost_table(found: Figures) -> str:
    published = {"optmax": "13 ns", "optmoid": "6.5 ns"}
    rows = [
        [
            name.capitalize(),
            f"{1e9 * found['latency_s'][name]:.2f} ns",
            published[name],
            f"{1e12 * found['energy_per_symbol_j'][name]:.1f} pJ",
            f"{1e12 * found['energy_simulated_per_symbol_j'][name]:.2f} pJ",
            "73 pJ",
        ]
        for name in ("optmax", "optmoid")
    ]
    head = ["unit", "latency of a row", "published", "energy of a symbol", "of which simulated", "published"]
    return table(head, rows)


def energy_table(found: Figures) -> str:
    blocks = list(found["energy_blocks_j"]["optmax"])
    rows = [
        [name, *(f"{1e12 * found['energy_blocks_j'][unit][name]:.2f}" for unit in ("optmax", "optmoid"))]
        for name in blocks
    ]
    return table(["block, pJ a symbol", "Optmax", "Optmoid"], rows)


def shown(row: Figures | None) -> str:
    if row is None:
        return ""
    return f"{100 * row['value']:.1f} %" if row["metric"] == "accuracy" else f"{row['value']:.3f}"


def weights_of(found: Figures, metric: str) -> list[tuple[str, str, str]]:
    """Every transformer, what its weights were trained with, and attention of one modulator, in the results' order."""
    kinds = {
        (row["model"], row["trained"], row["unit"])
        for row in found["accuracy"]
        if row["metric"] == metric and row["unit"] in ORDER
    }
    models = list(dict.fromkeys(row["model"] for row in found["accuracy"]))
    return sorted(kinds, key=lambda kind: (models.index(kind[0]), ORDER.index(kind[2]), ORDER.index(kind[1])))


def row_of(found: Figures, kind: tuple[str, str, str], **wanted: object) -> Figures | None:
    keys = dict(zip(("model", "trained", "unit"), kind, strict=True)) | wanted
    return next((row for row in found["accuracy"] if all(row[key] == value for key, value in keys.items())), None)


def learnt(trained: str) -> str:
    return f"{trained.capitalize()}, 4 bit, noise" if trained in TUNED else trained


def bits_table(found: Figures, metric: str) -> str:
    rows = []
    for kind in weights_of(found, metric):
        model, trained, unit = kind
        cells = [shown(row_of(found, kind, bits=bits, noise="none", whole=True)) for bits in (None, 8, 4, 2)]
        rows.append([model, unit.capitalize(), learnt(trained), *cells])
    return table([metric, "attention", "trained with", "full precision", "8 bit", "4 bit", "2 bit"], rows)


def noise_sweep_table(found: Figures, metric: str) -> str:
    rows = []
    for kind in weights_of(found, metric):
        model, trained, unit = kind
        for noise in ("additive", "multiplicative"):
            swept = [row_of(found, kind, bits=4, noise=noise, sigma=sigma) for sigma in SIGMAS]
            if any(swept):
                quiet = row_of(found, kind, bits=4, noise="none", whole=False)
                cells = [shown(row) for row in (quiet, *swept)]
                rows.append([model, unit.capitalize(), learnt(trained), noise, *cells])
    head = [f"{metric} at 4 bit", "attention", "trained with", "noise", "none", *(f"{sigma:g}" for sigma in SIGMAS)]
    return table(head, rows)


def series_table(found: Figures) -> str:
    rows = []
    for model in dict.fromkeys(row["model"] for row in found["accuracy"]):
        for bits in (None, 4):
            cells = [
                shown(row_of(found, (model, "softmax", unit), bits=bits, noise="none", whole=False))
                for unit in ("softmax", "optmax", "optmax 2", "optmax 3")
            ]
            simulated = shown(row_of(found, (model, "softmax", "optmax"), bits=bits, noise="simulated"))
            rows.append([model, str(bits or "full"), *cells, simulated])
    return table(["transformer", "bits", "softmax", "one", "two in series", "three", "one, simulated noise"], rows)


def distance_table(found: Figures) -> str:
    rows = [
        [
            row["unit"],
            row["bits"] or "full",
            row["noise"],
            *(f"{row[key]:.3f}" for key in ("mean", "smallest", "largest")),
        ]
        for row in found["golden_total_variation"].get("cases", [])
    ]
    return table(["unit", "bits", "noise", "mean", "best head", "worst head"], rows)


TABLES = {
    "electro_optic_approximation": approximation_table,
    "electro_optic_drift": drift_table,
    "electro_optic_symbols": symbols_table,
    "electro_optic_noise": noise_table,
    "electro_optic_cost": cost_table,
    "electro_optic_energy": energy_table,
    "electro_optic_accuracy": partial(bits_table, metric="perplexity"),
    "electro_optic_sweep": partial(noise_sweep_table, metric="perplexity"),
    "electro_optic_images": partial(bits_table, metric="accuracy"),
    "electro_optic_image_sweep": partial(noise_sweep_table, metric="accuracy"),
    "electro_optic_series": series_table,
    "electro_optic_distance": distance_table,
}


def settings_text(arguments: argparse.Namespace) -> str:
    """Real scores, MNIST and stories260K, each where it is present."""
    given = {
        "scores": Path(arguments.scores) if arguments.scores else DATA / "models/gpt2_golden_attention",
        "mnist": DATA / "mnist",
        "model": DATA / "models/stories260K/stories260K.bin",
        "text": DATA / "text/tinystories.txt",
    }
    return "".join(f'{name} = "{path}"\n' for name, path in given.items() if path.exists())


def run_flow(folder: Path, arguments: argparse.Namespace) -> Path:
    settings = folder / "settings.toml"
    settings.write_text(settings_text(arguments), encoding="utf-8")
    out = folder / "run"
    command = [sys.executable, "-m", "pycosim", "run", "--flow", "electro_optic", "--config", str(settings)]
    subprocess.run([*command, "--out", str(out), *(["--quick"] if arguments.quick else [])], check=True)
    return out


def publish(run: Path) -> list[Path]:
    found = json.loads((run / "electro_optic.json").read_text(encoding="utf-8"))
    if found["settings"]["quick"]:
        print("a quick run: nothing is written into the docs")
        return []
    shutil.copy(run / "electro_optic.json", RESULTS / "electro_optic.json")
    for name in PLOTS:
        shutil.copy(run / "figures" / f"{name}.svg", RESULTS / f"electro_optic_{name}.svg")
    written = [RESULTS / "electro_optic.json"]
    for name, make in TABLES.items():
        written += write_table(name, make(found))
    return written


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a quick run, which writes no docs")
    parser.add_argument("--run", help="directory of a finished run")
    parser.add_argument("--scores", help="folder of .npz files with real scores")
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        run = Path(given.run) if given.run else run_flow(Path(folder), given)
        for path in dict.fromkeys(publish(run)):
            print(path.relative_to(ROOT))


if __name__ == "__main__":
    main()
