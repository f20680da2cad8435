"""A flow from scratch, and what it found in the docs: shared by the scripts of the systems."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from record import ROOT, write_table
from rich.console import Console

from pycosim.evaluate.document import to_json
from pycosim.evaluate.system_report import (
    SystemReport,
    checks_table,
    system_document,
    terminal_system_report,
    write_system_report,
)
from pycosim.evaluate.write import write_text
from pycosim.flows.progress import Progress, RichProgress

RESULTS = ROOT / "docs" / "results"


def run_into_docs(
    name: str, run: Callable[[Path, Progress], SystemReport], *, write: bool, out: Path | None = None
) -> None:
    """Run a flow and print its report; write docs/results/NAME.json, its plots, and the tables of the docs.

    Args:
        name: of the system.
        run: the flow, into a folder.
        write: False prints only.
        out: keeps the run's folder; None for none.
    """
    with tempfile.TemporaryDirectory() as scratch, RichProgress(Console(stderr=True)) as progress:
        folder = out or Path(scratch) / "run"
        report = run(folder, progress)
        write_system_report(report, folder)
        figures = {path.stem: path.read_text(encoding="utf-8") for path in (folder / "figures").glob("*.svg")}
    Console().print(terminal_system_report(report))
    if not write:
        return
    document = system_document(report)
    ran, provenance = document["run"], document["provenance"]
    assert isinstance(ran, dict) and isinstance(provenance, dict) and isinstance(provenance["netlists"], list)
    provenance["netlists"] = len(provenance["netlists"])  # the run's own report has them one by one
    document["run"] = {key: ran[key] for key in ("wall_seconds", "n_workers", "stages", "machine")}
    write_text(RESULTS / f"{name}.json", to_json(document))
    for figure, drawing in figures.items():
        write_text(RESULTS / f"{name}_{figure}.svg", drawing)
    for title, table in {**report.tables, "checks": checks_table(report)}.items():
        write_table(f"{name} {title}", table.markdown())
