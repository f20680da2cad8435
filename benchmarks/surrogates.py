"""Models of whole columns against ngspice: behaviour, energy, latency and spread on reads and dies no fit has seen.

    python benchmarks/surrogates.py [--quick] [--keep runs/surrogates]

Prints the tables, writes `surrogate` of docs/results/speed.json, and fills <!-- study: surrogates --> of a page. What
was simulated is kept in a folder and taken from there; some 20 minutes on one core without, some 4 with --quick.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Annotated

import typer

from pycosim.evaluate.document import to_json
from pycosim.flows.characterization import make_design
from pycosim.flows.config import GainCellConfig
from pycosim.flows.progress import SilentProgress
from pycosim.spice import NgspicePool
from pycosim.studies.document import fill_blocks
from pycosim.studies.record import Record
from pycosim.studies.study import Laboratory
from pycosim.studies.surrogates import study_surrogates

DOCS = Path(__file__).resolve().parents[1] / "docs"


def main(
    quick: Annotated[bool, typer.Option(help="few reads and dies, and nothing is written into docs/")] = False,
    keep: Annotated[Path | None, typer.Option(help="folder for what is simulated and for the models")] = None,
    workers: Annotated[int | None, typer.Option(help="ngspice processes; all cores if not given")] = None,
    page: Annotated[Path, typer.Option(help="page of the docs with the marks of the tables")] = DOCS / "models.md",
    seed: int = 0,
) -> None:
    begun = time.monotonic()
    with NgspicePool(workers) as simulator:
        lab = Laboratory(
            design=make_design(GainCellConfig()), simulator=simulator, progress=SilentProgress(), seed=seed, quick=quick
        )
        study = study_surrogates(lab, keep)
    for table in study.tables:
        typer.echo(table.markdown())
    seconds = time.monotonic() - begun
    typer.echo(f"{seconds:.0f} s")
    if quick:
        return
    results = DOCS / "results" / "speed.json"
    known = json.loads(results.read_text(encoding="utf-8")) if results.is_file() else {}
    results.write_text(to_json({**known, **study.figures}), encoding="utf-8")
    if page.is_file():
        record = Record(
            name=study.name,
            title=study.title,
            settings={},
            seconds=seconds,
            figures=study.figures,
            tables=study.tables,
            plots={},
        )
        page.write_text(
            fill_blocks(page.read_text(encoding="utf-8"), {study.name: record}, "results"), encoding="utf-8"
        )


if __name__ == "__main__":
    typer.run(main)
