"""RECORDS -> HTML: every study on one page, tables and plots, that needs nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from markupsafe import Markup

from pycosim.errors import InputError
from pycosim.evaluate.document import to_json
from pycosim.evaluate.drawing import DARK, FONTS, LIGHT
from pycosim.evaluate.html import page_templates
from pycosim.evaluate.write import write_text
from pycosim.studies.document import results_document
from pycosim.studies.record import Record


def write_page(records: Mapping[str, Record], out: Path) -> Path:
    """Write `characterization.html` and `results.json` of all records into a folder.

    Returns:
        The page.

    Raises:
        InputError: the folder cannot be written, or two studies give one figure.
    """
    page = out / "characterization.html"
    text = (
        page_templates()
        .get_template("characterization.html.j2")
        .render(
            records=tuple(records.values()),
            settings=next(iter(records.values())).settings,
            light=LIGHT,
            dark=DARK,
            fonts=Markup(FONTS),
            svg=Markup,
        )
    )
    try:
        write_text(out / "results.json", to_json(results_document(records)))
        write_text(page, text)
    except OSError as error:
        raise InputError(f"cannot write {page}: {error}; choose another folder with --out") from error
    return page
