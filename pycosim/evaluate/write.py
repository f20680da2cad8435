"""REPORT -> FILES: report.json, report.html, figures.json and figures/*.svg, each whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from pycosim.errors import InputError
from pycosim.evaluate.document import figures_document, report_document, to_json
from pycosim.evaluate.drawing import for_file, render_svg
from pycosim.evaluate.html import render_html
from pycosim.evaluate.plots import draw_figures
from pycosim.evaluate.report import Report


def write_report(report: Report, directory: Path) -> Path:
    """Write a report into a run directory.

    Args:
        report: any report.
        directory: where to; made where absent. Files of an earlier report are replaced.

    Returns:
        The path of report.html.

    Raises:
        InputError: the report lacks an accuracy that every report must state, or the directory cannot be
            written.
    """
    wanted = report.accuracy_keys
    missing = [key for key in wanted if key not in report.accuracy]
    if missing:
        raise InputError(f"a report needs the accuracy of {', '.join(wanted)}; it lacks {', '.join(missing)}")
    drawings = {name: render_svg(figure, name) for name, figure in draw_figures(report).items()}
    page = directory / "report.html"
    try:
        (directory / "figures").mkdir(parents=True, exist_ok=True)
        write_text(directory / "report.json", to_json(report_document(report)))
        write_text(directory / "figures.json", to_json(figures_document(report.figures, report.curves)))
        for name, drawing in drawings.items():
            write_text(directory / "figures" / f"{name}.svg", for_file(drawing))
        write_text(page, render_html(report, drawings))
    except OSError as error:
        raise InputError(
            f"cannot write the report into {directory}: {error}; choose another folder with --out"
        ) from error
    return page


def write_text(path: Path, text: str) -> None:
    """Write a file in one step: a reader sees the old text or the new one, never a part.

    Args:
        path: the file; its folder exists.
        text: written as UTF-8.
    """
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _umask() -> int:
    """The process's file mode mask, which can only be read by setting it."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
