"""Rows of the table of faults: a test marked `fault` says what it did and what it saw.

`benchmarks/sweeps_faults.py` runs these tests and writes what they noted into docs/results/sweeps.json.
"""

from __future__ import annotations

import re
from collections.abc import Callable

Note = Callable[[str, object], None]
"""pytest's `record_property`."""


def note_fault(note: Note, fault: str, outcome: str) -> None:
    """Tell what was done to a sweep, and what came of it; what differs from run to run is left out."""
    note("fault", fault)
    note("outcome", same_everywhere(outcome))


def same_everywhere(text: str) -> str:
    """Text without folders of tests and ports."""
    text = re.sub(r"(?<![\w:/])/(?:[\w.-]+/)+", "", text)
    return re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:8786", text)
