"""REPORT OF ANY SYSTEM -> FILES and terminal: an attention's report, or that of a system of other parts."""

from __future__ import annotations

from pathlib import Path

from rich.console import RenderableType

from pycosim.evaluate.report import Report
from pycosim.evaluate.system_report import SystemReport, terminal_system_report, write_system_report
from pycosim.evaluate.terminal import terminal_report
from pycosim.evaluate.write import write_report

AnyReport = Report | SystemReport
"""What a flow returns."""


def write_any_report(report: AnyReport, directory: Path) -> Path:
    """Write a report into a run directory; returns the path of report.html.

    Raises:
        InputError: the directory cannot be written, or an attention's report lacks what every one must state.
    """
    if isinstance(report, SystemReport):
        return write_system_report(report, directory)
    return write_report(report, directory)


def terminal_any_report(report: AnyReport) -> RenderableType:
    """Lay out a report for `rich.print`."""
    return terminal_system_report(report) if isinstance(report, SystemReport) else terminal_report(report)
