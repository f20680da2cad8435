"""One small run of the Gilbert flow from end to end, in ngspice."""

from __future__ import annotations

import html
import json
from pathlib import Path

import pytest

from pycosim.errors import InputError
from pycosim.evaluate.any_report import terminal_any_report, write_any_report
from pycosim.flows.gilbert import run_gilbert
from pycosim.flows.gilbert_config import GilbertConfig
from pycosim.flows.progress import SilentProgress
from pycosim.models import load_model
from pycosim.models.multiplier import ProductPolynomial
from pycosim.spice import find_libngspice, find_ngspice, installation_hint

pytestmark = [
    pytest.mark.ngspice,
    pytest.mark.slow,
    pytest.mark.skipif(
        find_ngspice() is None or find_libngspice() is None, reason=f"needs ngspice. {installation_hint()}"
    ),
]


def test_a_small_run_meets_its_targets_and_leaves_everything_it_was_computed_from(tmp_path: Path) -> None:
    out = tmp_path / "run"
    config = GilbertConfig(quick=True, n_offset_dies=3, n_dies=2, n_samples=10, n_tokens=256)
    report = run_gilbert(config, out, SilentProgress())
    assert [check.name for check in report.checks if not check.passed] == []
    page = write_any_report(report, out)
    text = html.unescape(page.read_text(encoding="utf-8"))
    assert all(table.title in text for table in report.tables.values())
    assert terminal_any_report(report) is not None
    document = json.loads((out / "report.json").read_text(encoding="utf-8"))
    digits, transformer = document["digits"], document["transformer"]
    assert digits["accuracy_analog"] > 0.94 and abs(digits["accuracy_analog"] - digits["accuracy_exact"]) < 0.01
    assert digits["accuracy_dies"] + 0.1 < digits["accuracy_learned"]
    assert transformer["analog"] == pytest.approx(transformer["exact"], rel=0.02)
    assert transformer["exact"] < transformer["die_trimmed"] < transformer["die"]
    kept = [entry["path"] for entry in document["provenance"]["netlists"]]
    assert kept and all((out / path).is_file() for path in kept)
    model, record = load_model(out / "models" / "multiplier")
    assert isinstance(model, ProductPolynomial) and record.netlist_digests
    with pytest.raises(InputError, match="another run"):
        run_gilbert(config, out, SilentProgress())
