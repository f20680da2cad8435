"""What a model loses as its hardware varies: limits, and a table and a plot of every axis."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pycosim.attention.hardware import AttentionHardware
from pycosim.attention.published import linear_models
from pycosim.errors import ConfigurationError
from pycosim.evaluate.drawing import render_svg
from pycosim.flows.accuracy_plots import plot_sweeps
from pycosim.flows.accuracy_sweeps import (
    AXES,
    AccuracySweeps,
    Case,
    HardwareSubject,
    all_cases,
    decay_cases,
    hardware_subject,
    mismatch_cases,
    sweep_accuracy,
    window_cases,
)
from pycosim.flows.accuracy_tables import accuracy_document, accuracy_tables
from pycosim.flows.config import GainCellConfig
from pycosim.flows.progress import SilentProgress
from pycosim.flows.saved_attention import SavedAttention
from pycosim.flows.workload import load_workload
from pycosim.models.decay import NoDecay
from pycosim.transformer.gpt2 import Gpt2
from pycosim.transformer.tokenizer import ByteTokenizer

N_TOKENS = 512


@pytest.fixture(scope="module")
def subject() -> HardwareSubject:
    """The shipped model on the linear hardware for which it was trained, on two windows of text."""
    workload = load_workload(N_TOKENS)
    return HardwareSubject(
        model=Gpt2(weights=workload.linear, tokenizer=ByteTokenizer()),
        models=linear_models(),
        hardware=AttentionHardware(token_period=2e-7),
        scalers=workload.scalers,
        tokens=workload.tokens,
    )


@pytest.fixture(scope="module")
def swept(subject: HardwareSubject) -> AccuracySweeps:
    """Three sizes of everything."""
    return sweep_accuracy(subject, all_cases(subject, quick=True), SilentProgress())


def test_hardware_as_it_is_costs_nothing(subject: HardwareSubject) -> None:
    same = Case(axis="window", settings={"tokens": 256}, models=subject.models, hardware=subject.hardware)
    found = sweep_accuracy(subject, [same], SilentProgress())
    assert found.rows[0].difference == 0.0
    assert found.rows[0].accuracy == found.reference


def test_a_window_of_the_whole_context_and_a_decay_without_end_change_nothing(subject: HardwareSubject) -> None:
    whole = window_cases(subject)[-1]
    assert whole.hardware == subject.hardware
    slow = decay_cases(subject)[-1]
    endless = replace(slow, models=replace(slow.models, decay=NoDecay()))
    found = sweep_accuracy(subject, [slow, endless], SilentProgress())
    assert found.rows[1].difference == 0.0
    # 256 tokens of a time constant of 65 536 take 0.4 % of a weight, a tenth of what a level is wide
    assert abs(found.rows[0].difference) < 0.01


def test_more_of_a_flaw_costs_more(swept: AccuracySweeps) -> None:
    decay = [row.difference for row in swept.of("decay")]
    noise = [row.difference for row in swept.of("noise")]
    assert decay[0] > 0.1 > abs(decay[-1])  # 16 tokens against 65 536
    assert noise[-1] > 0.1 > abs(noise[0])  # a tenth of the longest pulse against a six hundredth


def test_every_axis_has_rows_a_table_and_a_place_in_the_plot(swept: AccuracySweeps) -> None:
    document = accuracy_document(swept)
    assert all(document[axis] for axis in AXES)
    tables = accuracy_tables({"linear": swept, "twin": swept})
    assert set(tables) == {"quantisation linear", "quantisation twin", "decay", "window", "mismatch", "noise"}
    assert all(len(row) == len(table.header) for table in tables.values() for row in table.rows)
    svg = render_svg(plot_sweeps({"linear": swept, "twin": swept}), "accuracy")
    assert all(word in svg for word in ("window", "mismatch of cells", "noise of conversions"))


def test_a_die_is_the_same_for_one_seed_and_another_for_another(subject: HardwareSubject) -> None:
    case = mismatch_cases(subject)[4]
    other = mismatch_cases(replace(subject, seed=1))[4]
    found = sweep_accuracy(subject, [case, case, other], SilentProgress())
    first, again, different = (row.difference for row in found.rows)
    assert first == again != different


def test_hardware_without_time_has_no_decay_to_sweep(subject: HardwareSubject) -> None:
    still = replace(subject, hardware=replace(subject.hardware, token_period=0.0))
    assert decay_cases(still) == []


def test_scalers_of_another_model_are_refused_with_their_sizes(subject: HardwareSubject, tmp_path: Path) -> None:
    saved = SavedAttention(
        run=tmp_path,
        config=GainCellConfig(),
        hardware=subject.hardware,
        models=subject.models,
        scalers=tuple(subject.scalers)[:3],
    )
    with pytest.raises(ConfigurationError, match=r"3 layers of 2 heads, the transformer has 4 of 2"):
        hardware_subject(subject.model, saved, None, 16, 0)
    whole = replace(saved, scalers=tuple(subject.scalers))
    np.testing.assert_array_equal(hardware_subject(subject.model, whole, None, 16, 0).tokens, subject.tokens[:17])
