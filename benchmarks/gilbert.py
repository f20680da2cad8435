"""The Gilbert flow from scratch, its figures in docs/results/gilbert.json and its tables in docs/gilbert.md.

python benchmarks/gilbert.py            # some minutes; writes the docs
python benchmarks/gilbert.py --quick    # fewer dies, samples and tokens; prints only
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import typer
from system_docs import run_into_docs

from pycosim.flows.gilbert import run_gilbert
from pycosim.flows.gilbert_config import GilbertConfig


def main(quick: bool = False, workers: int | None = None, out: Path | None = None) -> None:
    config = GilbertConfig(quick=quick, n_workers=workers)
    run_into_docs("gilbert", partial(run_gilbert, config), write=not quick, out=out)


if __name__ == "__main__":
    typer.run(main)
