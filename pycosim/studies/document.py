"""RECORDS -> DOCS: the results file, the plots and the tables between the marks of a Markdown file.

<!-- study: corners -->
(replaced by the tables and plots of that study)
<!-- /study -->
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from pycosim.errors import InputError
from pycosim.evaluate.document import Json, to_json
from pycosim.evaluate.write import write_text
from pycosim.studies.record import Record, merged_figures

_BLOCK = re.compile(r"(<!-- study: (\w+) -->\n).*?(<!-- /study -->)", re.DOTALL)


def results_document(records: Mapping[str, Record]) -> dict[str, Json]:
    """The results file: figures of all studies, and under `studies` what each was run with."""
    studies: dict[str, Json] = {
        name: {"settings": dict(record.settings), "seconds": record.seconds} for name, record in records.items()
    }
    return {**merged_figures(records), "studies": studies}


def fill_blocks(text: str, records: Mapping[str, Record], plots_folder: str) -> str:
    """The text with the tables and plots of every study between its marks; studies not in `records` stay as they are.

    Raises:
        InputError: a record without its marks.
    """
    marked = {match.group(2) for match in _BLOCK.finditer(text)}
    if missing := sorted(set(records) - marked):
        raise InputError(f"the document has no place for the study {missing[0]}; write <!-- study: {missing[0]} -->")

    def fill(match: re.Match[str]) -> str:
        record = records.get(match.group(2))
        return (
            match.group(0) if record is None else f"{match.group(1)}\n{record.markdown(plots_folder)}\n{match.group(3)}"
        )

    return _BLOCK.sub(fill, text)


def write_docs(records: Mapping[str, Record], docs: Path) -> list[Path]:
    """Write `results/gain_cell.json`, the plots beside it, and the tables of `gain_cell.md` in a folder of docs.

    Raises:
        InputError: `gain_cell.md` is not there, or has no place for a study.
    """
    page, folder = docs / "gain_cell.md", docs / "results"
    if not page.is_file():
        raise InputError(f"no {page} to fill; give the folder of the docs with --docs")
    text = fill_blocks(page.read_text(encoding="utf-8"), records, "results")
    folder.mkdir(exist_ok=True)
    written = [folder / "gain_cell.json", page]
    write_text(written[0], to_json(results_document(records)))
    write_text(page, text)
    for record in records.values():
        for name, plot in record.plots.items():
            written.append(folder / f"{name}.svg")
            write_text(written[-1], plot)
    return written
