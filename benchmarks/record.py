"""docs/results/sweeps.json and speed.json, and the tables of the docs made from them: shared by the benchmarks."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "docs" / "results" / "sweeps.json"
SPEED = RESULTS.with_name("speed.json")


def merge(found: Mapping[str, object], results: Path = RESULTS) -> dict[str, object]:
    """Put figures into the file, beside those of other benchmarks; returns all."""
    record = json.loads(results.read_text(encoding="utf-8")) if results.exists() else {}
    record = dict(sorted({**record, **found}.items()))
    part = results.with_suffix(".part")
    part.write_text(json.dumps(record, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    part.replace(results)
    return record


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A Markdown table; numbers as they are given."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell).replace("|", "\\|") for cell in line) + " |" for line in lines)


def write_table(name: str, text: str) -> list[Path]:
    """Put a table between `<!-- begin NAME -->` and `<!-- end NAME -->` wherever the docs have these lines."""
    begin, end = f"<!-- begin {name} -->", f"<!-- end {name} -->"
    pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    written = []
    for page in sorted((ROOT / "docs").glob("*.md")):
        old = page.read_text(encoding="utf-8")
        new = pattern.sub(lambda _: f"{begin}\n{text}\n{end}", old)
        if begin in old:
            page.write_text(new, encoding="utf-8")
            written.append(page)
    return written
