"""Studies of cells, quick: they run, and their figures hang together."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from pycosim.flows.characterization import make_design
from pycosim.flows.config import GainCellConfig
from pycosim.flows.progress import SilentProgress
from pycosim.spice import NgspicePool, find_libngspice, find_ngspice
from pycosim.studies.cells import study_cells
from pycosim.studies.retention import study_retention
from pycosim.studies.retention_tables import seconds
from pycosim.studies.study import Laboratory, Study

needs_ngspice = pytest.mark.skipif(find_ngspice() is None or find_libngspice() is None, reason="needs ngspice")


@pytest.fixture(scope="module")
def lab() -> Iterator[Laboratory]:
    with NgspicePool(n_workers=2) as pool:
        yield Laboratory(design=make_design(GainCellConfig()), simulator=pool, progress=SilentProgress(), quick=True)


@pytest.fixture(scope="module")
def retention(lab: Laboratory) -> Study:
    return study_retention(lab, write_energy=1e-12)


@pytest.mark.ngspice
@needs_ngspice
def test_an_oxide_cell_lives_for_minutes_where_silicon_lives_for_milliseconds(retention: Study) -> None:
    rows = retention.figures["retention_s"]
    assert isinstance(rows, list)
    assert len(rows) == 2 * 8 * 2  # cells, levels, temperatures
    lives = {device: [r["seconds"] for r in rows if r["device"] == device] for device in ("silicon", "oxide")}
    shortest = {device: min(x for x in found if x is not None) for device, found in lives.items()}
    assert 1e-4 < shortest["silicon"] < 20e-3
    assert shortest["oxide"] > 60


@pytest.mark.ngspice
@needs_ngspice
def test_a_leak_measured_at_dc_forecasts_the_transient_and_one_time_constant_does_not(retention: Study) -> None:
    rows = retention.figures["decay_models"]
    assert isinstance(rows, list)
    residual: dict[str, list[float]] = {}
    for row in rows:
        residual.setdefault(row["model"], []).append(row["held_out_rms_v"])
    assert max(residual["leak measured at DC"]) < 0.5e-3
    assert max(residual["leak fitted"]) < 1.5e-3
    assert min(residual["one time constant"]) > 5e-3


@pytest.mark.ngspice
@needs_ngspice
def test_refreshing_is_dearer_when_hot_and_no_study_is_without_tables_and_plots(retention: Study) -> None:
    for row in retention.figures["refresh"]:
        assert row["period_s"]["27"] > row["period_s"]["85"]
        assert row["refresh_power_w"] > 0
    assert set(retention.plots) == {"retention_drift", "retention_score", "retention_times"}
    assert all(len(line) == len(table.header) for table in retention.tables for line in table.rows)
    json.dumps(retention.figures, allow_nan=False)


@pytest.mark.ngspice
@needs_ngspice
def test_cells_are_compared_by_what_they_read_hold_and_cost(lab: Laboratory) -> None:
    study = study_cells(lab)
    silicon, oxide = study.figures["cells"]
    assert silicon["transistors"] == 4
    assert oxide["transistors"] == 3
    assert oxide["retention_27c_s"] > 1e5 * silicon["retention_27c_s"]
    for row in (silicon, oxide):
        assert row["read_current_max_a"] == pytest.approx(10e-6, rel=0.05)
        assert row["write_time_s"] < 8e-9
    assert all(len(line) == len(table.header) for table in study.tables for line in table.rows)
    json.dumps(study.figures, allow_nan=False)


def test_times_are_written_for_people() -> None:
    found = [seconds(value) for value in (None, float("inf"), 7.7e-4, 6.6e-3, 0.183, 59.0, 780.0, 20880.0, 2e5, 6.4e7)]
    assert found == ["never", "never", "770 us", "6.6 ms", "180 ms", "59 s", "13 min", "5.8 h", "2.3 d", "2 a"]
