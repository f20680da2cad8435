"""ngspice in the loop of the transformer: how far the behavioural models are from it on reads that really happen.

    python benchmarks/in_the_loop.py [--quick] [--models RUN] [--reads 200] [--tokens 8192] [--workers N]

Runs `pycosim run` where no finished run is given (some minutes; kept in runs/in_the_loop), then `pycosim evaluate
--spice-sample --replace` as a user would. Writes `in_the_loop` of docs/results/speed.json, docs/results/in_the_loop.svg
and the output between the marks of docs/in_the_loop.md. What ngspice has done is kept, so that a run that was killed
goes on. `--quick` takes a quick run and 8 reads, and writes nothing into docs/.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer
from record import ROOT, write_table

from pycosim.evaluate.document import to_json
from pycosim.evaluate.write import write_text

RESULTS = ROOT / "docs" / "results"
RUN = Path("runs") / "in_the_loop"
OUT = Path("runs") / "evaluate-in_the_loop"


def pycosim(*arguments: str) -> str:
    """Run the command in the repository's root; its messages go to the terminal, its output comes back."""
    found = subprocess.run(
        [sys.executable, "-m", "pycosim", *arguments], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True
    )
    return found.stdout


def main(
    quick: Annotated[
        bool, typer.Option("--quick", help="a quick run and 8 reads; nothing is written into docs/")
    ] = False,
    models: Annotated[Path | None, typer.Option(help="folder of a finished `pycosim run`")] = None,
    reads: int = 200,
    tokens: int = 8192,
    workers: int | None = None,
    seed: int = 0,
) -> None:
    processes = [] if workers is None else ["--workers", str(workers)]
    run = models or RUN.with_name(RUN.name + ("-quick" if quick else ""))
    if not (ROOT / run / "attention" / "attention.json").exists():
        pycosim("run", "--out", str(run), *processes, *(["--quick"] if quick else []))
    sizes = ["--tokens", str(1024 if quick else tokens), "--spice-sample", str(8 if quick else reads)]
    command = ["evaluate", "--models", str(run), *sizes, "--seed", str(seed), "--replace"]
    text = pycosim(*command, "--out", str(OUT), *processes)
    typer.echo(text)
    if quick:
        return
    found = json.loads((ROOT / OUT / "evaluate.json").read_text(encoding="utf-8"))
    figures = {key: value for key, value in found["in_the_loop"].items() if key != "reads"}
    path = RESULTS / "speed.json"
    document = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    write_text(path, to_json({**document, "in_the_loop": {**figures, "accuracy": found["accuracy"]}}))
    shutil.copyfile(ROOT / OUT / "reads.svg", RESULTS / "in_the_loop.svg")
    shown = "\n".join(line.rstrip() for line in text.splitlines())
    write_table("in_the_loop", f"```\n$ pycosim {' '.join(command)}\n{shown}\n```")
    typer.echo(f"written: {path}")


if __name__ == "__main__":
    typer.run(main)
