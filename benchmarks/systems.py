"""The table of the four systems in the README, from the figures that their commands wrote; nothing is run.

python benchmarks/systems.py
"""

from __future__ import annotations

import json
import re
from typing import Any

import typer
from record import ROOT, table

README = ROOT / "README.md"
BEGIN, END = "<!-- begin systems -->", "<!-- end systems -->"
HEAD = ["system", "circuit", "model against ngspice", "task", "exact", "analog", "latency", "energy", "command"]


def results(name: str) -> Any:
    return json.loads((ROOT / "docs" / "results" / f"{name}.json").read_text(encoding="utf-8"))


def gain_cell() -> list[str]:
    hardware, speed = results("gain_cell"), results("speed")
    effects = {effect["name"]: effect for effect in hardware["effects"]}
    energy = sum(hardware["energy_j"].values())
    return [
        "[gain-cell attention](docs/gain_cell.md)",
        "arrays of 64 x 64 cells, charge-to-pulse converters, BSIM4",
        f"{100 * speed['surrogate']['behaviour_error']:.2f} % of a pulse, columns not fitted to",
        "language model, perplexity",
        f"{effects['exact softmax']['perplexity']:.2f}",
        f"{effects['all together']['adapted_perplexity']:.2f}, mismatch and noise too",
        f"{1e9 * hardware['latency_s']['tt']:.1f} ns a token (worst corner {1e9 * hardware['latency_s']['worst']:.1f})",
        f"{1e9 * energy:.1f} nJ a token and head of 1024 tokens",
        "`pycosim characterize`, `benchmarks/surrogates.py`",
    ]


def electro_optic() -> list[str]:
    found = results("electro_optic")
    whole = {
        row["unit"]: row
        for row in found["accuracy"]
        if row["whole"]
        and row["bits"] is None
        and row["model"] == "shipped language model"
        and row["trained"] == "softmax"
    }
    return [
        "[electro-optic softmax](docs/electro_optic.md)",
        "two lithium niobate modulators, detector, amplifier",
        f"{100 * found['row']['optmax']['model_error_rms']:.2f} % of full scale, a row of 64",
        "language model, perplexity",
        f"{whole['softmax']['value']:.2f}",
        f"{whole['optmax']['value']:.2f}, not adapted",
        f"{1e9 * found['latency_s']['optmax']:.1f} ns for 64 scores",
        f"{1e12 * found['energy_per_symbol_j']['optmax']:.0f} pJ a symbol, most of it assumed",
        "`pycosim run --flow electro_optic`",
    ]


def gilbert() -> list[str]:
    found = results("gilbert")
    digits, network = found["digits"], found["network"]["errors"]["behavioural"]
    return [
        "[Gilbert-cell perceptron](docs/gilbert.md)",
        "multipliers, summers, rectifiers of transistors",
        f"{100 * network['largest_of_full_scale']:.2f} % of full scale, a whole network",
        "digits, accuracy",
        f"{100 * digits['accuracy_exact']:.1f} %",
        f"{100 * digits['accuracy_analog']:.1f} %; dies {100 * digits['accuracy_dies']:.1f} %, "
        f"after learning {100 * digits['accuracy_learned']:.1f} %",
        f"{1e9 * digits['latency_s']:.0f} ns a digit",
        f"{1e9 * digits['energy_j']:.0f} nJ a digit",
        "`pycosim run --flow gilbert`",
    ]


def interferometer() -> list[str]:
    found = results("interferometer")
    digits = found["digits"]
    return [
        "[optical interference](docs/interferometer.md)",
        f"{found['circuit']['n_paths']} paths, mirrors, phases, balanced homodyne",
        f"{found['circuit']['products']['homodyne_error']:.0e} of full scale (linear)",
        "digits, accuracy",
        f"{100 * digits['accuracy_exact']:.1f} %",
        f"{100 * digits['together']:.1f} %, everything imperfect",
        f"{1e3 * digits['latency_grey_s']:.2f} ms a digit, two frames of 8-bit mirrors",
        f"{1e12 * digits['optical_energy_j']:.1f} pJ of light a digit; the rest is not counted",
        "`pycosim run --flow interferometer`",
    ]


def systems() -> str:
    """The table in Markdown."""
    return table(HEAD, [gain_cell(), electro_optic(), gilbert(), interferometer()])


def main() -> None:
    old = README.read_text(encoding="utf-8")
    pattern = re.compile(f"{re.escape(BEGIN)}.*?{re.escape(END)}", re.DOTALL)
    README.write_text(pattern.sub(lambda _: f"{BEGIN}\n{systems()}\n{END}", old), encoding="utf-8")
    typer.echo(f"written: {README}")


if __name__ == "__main__":
    typer.run(main)
