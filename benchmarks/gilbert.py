"""The Gilbert flow from scratch, its figures in docs/results/gilbert.json and its tables in docs/gilbert.md.

python benchmarks/gilbert.py            # some minutes; writes the docs
python benchmarks/gilbert.py --quick    # about a minute; prints only
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from record import ROOT, write_table
from rich.console import Console

from pycosim.evaluate.document import to_json
from pycosim.evaluate.system_report import (
    checks_table,
    system_document,
    terminal_system_report,
    write_system_report,
)
from pycosim.evaluate.write import write_text
from pycosim.flows.gilbert import run_gilbert
from pycosim.flows.gilbert_config import GilbertConfig
from pycosim.flows.progress import RichProgress

RESULTS = ROOT / "docs" / "results"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer dies, samples and tokens; writes no docs")
    parser.add_argument("--workers", type=int, default=None, help="simulator processes")
    parser.add_argument("--out", type=Path, default=None, help="keep the run's folder here")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch, RichProgress(Console(stderr=True)) as progress:
        out = arguments.out or Path(scratch) / "run"
        config = GilbertConfig(quick=arguments.quick, n_workers=arguments.workers)
        report = run_gilbert(config, out, progress)
        write_system_report(report, out)
        figures = {path.stem: path.read_text(encoding="utf-8") for path in (out / "figures").glob("*.svg")}
    Console().print(terminal_system_report(report))
    if arguments.quick:
        return
    document = system_document(report)
    run = document.pop("run")
    assert isinstance(run, dict)
    provenance = document["provenance"]
    assert isinstance(provenance, dict) and isinstance(provenance["netlists"], list)
    provenance["netlists"] = len(provenance["netlists"])  # the run's own report has them one by one
    document["run"] = {name: run[name] for name in ("wall_seconds", "n_workers", "stages", "machine")}
    write_text(RESULTS / "gilbert.json", to_json(document))
    for name, drawing in figures.items():
        write_text(RESULTS / f"gilbert_{name}.svg", drawing)
    for name, table in {**report.tables, "checks": checks_table(report)}.items():
        write_table(f"gilbert {name}", table.markdown())


if __name__ == "__main__":
    main()
