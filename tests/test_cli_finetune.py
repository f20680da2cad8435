"""`pycosim finetune` without PyTorch; with it: tests/training."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pycosim.cli import app


@pytest.mark.skipif(find_spec("torch") is not None, reason="PyTorch is installed")
def test_without_torch_one_sentence_says_what_to_install(tmp_path: Path) -> None:
    found = CliRunner().invoke(app, ["finetune", "--text", "any.txt", "--out", str(tmp_path)])
    assert found.exit_code == 2
    assert found.output == (
        "pycosim: training needs PyTorch, which is not installed; install it with: pip install 'pycosim-spice[train]'\n"
    )
