"""The studies of write path and input driver, few points: they run, and what they state hangs together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import pytest

from pycosim.evaluate.document import Json, to_json
from pycosim.flows.characterization import make_design
from pycosim.flows.config import GainCellConfig
from pycosim.flows.progress import SilentProgress
from pycosim.spice import NgspicePool
from pycosim.studies.input_driver import study_input_driver
from pycosim.studies.study import Laboratory
from pycosim.studies.write_path import study_write_path

pytestmark = [pytest.mark.ngspice, pytest.mark.slow]


@pytest.fixture(scope="module")
def lab(pool: NgspicePool) -> Laboratory:
    return Laboratory(design=make_design(GainCellConfig()), simulator=pool, progress=SilentProgress(), quick=True)


def test_the_energy_of_a_token_is_that_of_its_parts(lab: Laboratory) -> None:
    study = study_write_path(lab)
    found = cast(Mapping[str, Json], study.figures["write_path"])
    parts = cast(Mapping[str, float], found["energy_j"])
    assert found["energy_per_token_j"] == pytest.approx(2 * sum(parts.values()))
    assert found["energy_per_cell_j"] == pytest.approx(sum(parts.values()) / 64)
    assert to_json(study.figures)
    assert set(study.plots) == {"write", "errors"}
    assert all(len(row) == len(table.header) for table in study.tables for row in table.rows)


def test_the_law_of_the_input_driver_is_nearly_the_ideal_one(lab: Laboratory) -> None:
    study = study_input_driver(lab)
    found = cast(Mapping[str, float], study.figures["input_driver"])
    assert found["gain"] == pytest.approx(1.0, abs=1e-3)
    assert abs(found["offset_s"]) < 20e-12
    assert found["code_0_width_s"] == 0.0
    assert to_json(study.figures)
    assert set(study.plots) == {"transfer", "drop"}
    assert all(len(row) == len(table.header) for table in study.tables for row in table.rows)
