"""The interferometer flow: figures in docs/results/interferometer.json, tables in docs/interferometer.md.

python benchmarks/interferometer.py            # a minute; writes the docs
python benchmarks/interferometer.py --quick    # fewer circuits, some seconds; prints only
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import typer
from system_docs import run_into_docs

from pycosim.flows.interferometer import run_interferometer
from pycosim.flows.interferometer_config import InterferometerConfig


def main(quick: bool = False, workers: int | None = None, out: Path | None = None) -> None:
    config = InterferometerConfig(quick=quick, n_workers=workers)
    run_into_docs("interferometer", partial(run_interferometer, config), write=not quick, out=out)


if __name__ == "__main__":
    typer.run(main)
