"""What the documents say must be so: links lead somewhere, and the code on the first page runs."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from pycosim.spice import find_libngspice, installation_hint

ROOT = Path(__file__).resolve().parents[1]
NAMED = ("README.md", "CONTRIBUTING.md", "training/README.md")
DOCUMENTS = [*(ROOT / name for name in NAMED), *sorted(ROOT.glob("docs/*.md"))]
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_of_a_document_lead_somewhere(document: Path) -> None:
    targets = [link for link in LINK.findall(document.read_text(encoding="utf-8")) if "://" not in link]
    assert [link for link in targets if not (document.parent / link).exists()] == []


@pytest.mark.ngspice
@pytest.mark.skipif(find_libngspice() is None, reason=f"needs libngspice. {installation_hint()}")
def test_the_code_of_the_readme_prints_a_charge() -> None:
    code = re.search(r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    assert code is not None
    found = subprocess.run([sys.executable, "-c", code[1]], capture_output=True, text=True, check=True, cwd=ROOT)
    # a cell at 0.8 V sinks about 7 uA, for 8 ns
    assert float(found.stdout) == pytest.approx(7e-6 * 8e-9, rel=0.15)
