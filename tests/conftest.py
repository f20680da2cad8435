"""Fixtures of all tests."""

import os
from pathlib import Path

import pytest

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy: its threads spin on a busy machine


@pytest.fixture(scope="session")
def reference_data() -> Path:
    """The folder of the reference data, which is no part of the repository."""
    beside = Path(__file__).resolve().parents[1].parent / "shared" / "data"
    folder = Path(os.environ.get("PYCOSIM_REFERENCE_DATA", beside))
    if not folder.is_dir():
        pytest.skip(f"no reference data in {folder}; set PYCOSIM_REFERENCE_DATA to the folder that has it")
    return folder
