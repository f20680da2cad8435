"""The study of effects: what it takes from other studies, and what it hands on."""

import json
from pathlib import Path

import numpy as np
import pytest

from pycosim.attention import linear_models
from pycosim.flows.characterization import Design, make_design
from pycosim.flows.config import GainCellConfig
from pycosim.flows.effects import MeasuredEffects
from pycosim.flows.progress import SilentProgress
from pycosim.models import CellDeviation, LookupCell
from pycosim.spice import Replay
from pycosim.studies.effect_sources import with_figures
from pycosim.studies.effects import study_effects
from pycosim.studies.study import Laboratory

SPREAD = {
    "charge_to_pulse": {"sigma_offset_s": 1.3e-9, "sigma_gain": 0.06},
    "signed_charge_to_pulse": {"sigma_offset_s": 2e-9, "sigma_gain": 0.05},
}
FIGURES = {
    "monte_carlo": {"converters": SPREAD},
    "converter": {
        name: {"trim": {"after_sigma_offset_s": 0.1e-9, "after_sigma_gain": 0.002}}
        for name in ("charge_to_pulse", "signed_charge_to_pulse")
    },
    "noise_s": {
        "hard_sigmoid": {"total": 50e-12, "ktc_storage": 30e-12},
        "signed": {"total": 50e-12, "ktc_storage": 40e-12},
    },
    "ir_drop": {"64": {"loss": {"driver": 0.01, "word_line": 0.02, "bit_line": 0.03}}},
    "write_path": {"stored_levels_v": [float(v) for v in np.linspace(0.002, 0.898, 8)]},
    "input_driver": {"gain": 0.999, "offset_s": -5e-12},
}


@pytest.fixture(scope="module")
def design() -> Design:
    return make_design(GainCellConfig())


def test_figures_of_other_studies_become_effects(design: Design) -> None:
    found = with_figures(MeasuredEffects(typical=linear_models()), FIGURES, design)
    assert found.untrimmed is not None and found.noise is not None and found.pulses is not None
    assert found.untrimmed.second.offset == 2e-9
    assert found.untrimmed.first.charge_per_second == design.first.converter.saturation_current
    assert found.noise.first.noise == pytest.approx(40e-12)  # the stored voltages' share is drawn by writes
    assert found.noise.second.noise == pytest.approx(30e-12)
    assert found.wire_loss is not None and found.wire_loss.bit_line == 0.03
    assert found.levels is not None and found.levels.errors[0] == pytest.approx(2e-3)
    assert found.pulses.arrived[0] == 0
    assert found.pulses.arrived[10] == pytest.approx(9.985e-9)
    assert found.trimmed is not None and found.trimmed.second.offset == 0.1e-9
    before = {"converter": {name: {"trim": {f"before_{k}": v for k, v in own.items()}} for name, own in SPREAD.items()}}
    assert with_figures(MeasuredEffects(typical=linear_models()), before, design).untrimmed == found.untrimmed


def test_simulated_noise_of_the_stored_voltage_replaces_the_closed_form(design: Design) -> None:
    table = LookupCell(pulse_widths=[0, 1e-9], stored_voltages=[0, 0.9], charges=np.ones((2, 2)))
    noise = CellDeviation(name="stored voltage", sigma=0.59e-3, sensitivity=table, is_written=True)
    measured = MeasuredEffects(typical=linear_models(), write_noise=noise)
    simulated = with_figures(measured, {"noise_storage_v": 0.61e-3}, design).write_noise
    assert simulated is not None and simulated.sigma == 0.61e-3
    assert with_figures(measured, {}, design).write_noise is noise


def test_what_no_study_found_is_left_out(design: Design) -> None:
    found = with_figures(MeasuredEffects(typical=linear_models()), {"noise_s": {"hard_sigmoid": {}}}, design)
    assert found.untrimmed is found.noise is found.wire_loss is found.levels is found.pulses is None


def test_the_study_has_a_row_for_every_effect(design: Design, tmp_path: Path) -> None:
    lab = Laboratory(design=design, simulator=Replay(tmp_path), progress=SilentProgress(), quick=True)
    study = study_effects(lab, MeasuredEffects(typical=linear_models()))
    rows = study.figures["effects"]
    assert json.loads(json.dumps(study.figures)) == study.figures
    assert isinstance(rows, list)
    assert [row["name"] for row in rows[:2]] == ["exact softmax", "ideal linear hardware"]
    assert rows[1]["ratio_to_ideal"] == 1
    assert all(row["perplexity"] > 3 for row in rows)
    assert len(study.tables[0].rows) + len(study.tables[1].rows) == len(rows) - 1
    assert all(len(row) == len(table.header) for table in study.tables for row in table.rows)
    assert set(study.plots) == {"effects", "effect_limits"}
    assert study.tables[2].rows[0][0] == "offset of converters"
    run = study.figures["effects_run"]
    assert isinstance(run, dict)
    # a head waits for all layers, of which the shipped model has four
    assert run["token_interval_s"] == pytest.approx(4 * run["token_period_s"])
