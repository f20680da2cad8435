"""Fixtures of the engine tests; those marked ngspice are skipped where it is not installed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pycosim.spice import NgspiceBatch, NgspicePool
from pycosim.spice.installation import find_libngspice, find_ngspice, installation_hint


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("ngspice") and (find_ngspice() is None or find_libngspice() is None):
        pytest.skip(f"needs ngspice and libngspice. {installation_hint()}")


@pytest.fixture(scope="session")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NgspicePool]:
    """Two workers that all tests share, so that every deck runs after many others."""
    root = tmp_path_factory.mktemp("pool-runs")
    with NgspicePool(n_workers=2, timeout=30.0, run_root=root) as shared:
        yield shared


@pytest.fixture
def batch(tmp_path: object) -> NgspiceBatch:
    return NgspiceBatch(run_root=tmp_path, timeout=30.0)  # type: ignore[arg-type]
