"""The table of faults: runs every test marked `fault`, and writes what each did to a sweep and what came of it.

    python benchmarks/sweeps_faults.py

Writes `faults` into docs/results/sweeps.json, and the table of docs/sweeps.md.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence
from pathlib import Path

import typer
from record import ROOT, merge, table, write_table


def rows_of(report: ElementTree.Element) -> list[dict[str, object]]:
    """What the tests noted, in their order; of one that did not pass, that it did not."""
    rows = []
    for case in report.iter("testcase"):
        noted = {one.get("name"): one.get("value", "") for one in case.iter("property")}
        test = case.get("name", "").partition("[")[0]
        trouble = [one for kind in ("failure", "error", "skipped") for one in case.iter(kind)]
        outcome = f"{trouble[0].tag}: {trouble[0].get('message')}" if trouble else noted.get("outcome", "passed")
        rows.append(
            {
                "name": noted.get("fault", test.removeprefix("test_").replace("_", " ")),
                "outcome": outcome,
                "passed": not trouble,
                "test": f"{case.get('classname', '').replace('.', '/')}.py::{test}",
            }
        )
    return rows


def fault_table(rows: Sequence[dict[str, object]]) -> str:
    """The rows as Markdown."""
    cells = [[row["name"], row["outcome"], f"`{str(row['test']).rpartition('::')[2]}`"] for row in rows]
    return table(["fault", "what happens", "test"], cells)


def main() -> None:
    """Run the tests and write what they saw."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        command = [sys.executable, "-m", "pytest", "-q", "-m", "fault", f"--junitxml={report}", "tests/campaign"]
        subprocess.run(command, cwd=ROOT, check=False)
        rows = rows_of(ElementTree.parse(report).getroot())
    merge({"faults": rows})
    text = fault_table(rows)
    write_table("faults", text)
    typer.echo(text)
    if not all(row["passed"] for row in rows):
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
