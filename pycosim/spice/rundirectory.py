"""A run is a directory: deck, start-up file with the settings, log; kept where something failed."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

DECK: Final = "deck.cir"
LOG: Final = "ngspice.log"
RAW: Final = "out.raw"
START_UP: Final = ".spiceinit"

Settings = Sequence[tuple[str, str]]


def start_up_text(settings: Settings) -> str:
    """Content of ``.spiceinit``: one thread, then the variables that must be set before the deck is read.

    ngspice 46 sets eight threads in its own start-up file; the one in the run directory is read after it and
    instead of the user's, so that a run depends on nothing outside its directory.
    """
    variables = {"num_threads": "1"} | dict(settings)
    lines = [f"set {name}={value}" if value else f"set {name}" for name, value in variables.items()]
    return "\n".join(["* start-up file of this run, instead of the user's", *lines, ""])


def new_run_directory(name: str, run_root: Path | None) -> Path:
    """Create ``<run_root>/<name>-<random>``; in the system's temporary folder without a root."""
    if run_root is not None:
        run_root.mkdir(parents=True, exist_ok=True)
    plain = re.sub(r"[^\w.-]", "_", name)[:60] or "run"
    return Path(tempfile.mkdtemp(prefix=f"{plain}-", dir=run_root)).resolve()


def write_run(directory: Path, deck: str, settings: Settings, log: str | None = None) -> None:
    """Write what ``ngspice -b deck.cir`` needs in this directory and, after a failure, what ngspice said."""
    (directory / DECK).write_text(deck, encoding="utf-8")
    (directory / START_UP).write_text(start_up_text(settings), encoding="utf-8")
    if log is not None:
        (directory / LOG).write_text(log, encoding="utf-8")


def remove_run(directory: Path) -> None:
    """Remove a run directory; one that is gone already is no error."""
    shutil.rmtree(directory, ignore_errors=True)
