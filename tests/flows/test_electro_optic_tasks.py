"""Tasks of the electro-optic flow: which weights meet which units, and what the settings name."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import pycosim.flows.electro_optic_tasks as tasks_module
from pycosim.attention.electro_optic import sigmoid_weights, weighing_attention
from pycosim.attention.exact import masked_softmax
from pycosim.errors import ConfigurationError, InputError
from pycosim.flows.electro_optic_accuracy import Case, Score, Trained
from pycosim.flows.electro_optic_config import ElectroOpticConfig
from pycosim.flows.electro_optic_task_checks import task_checks, value_of
from pycosim.flows.electro_optic_task_figures import task_curves
from pycosim.flows.electro_optic_tasks import DIGITS, SHIPPED, digit_tasks, language_tasks, tasks_of
from pycosim.flows.workload import load_workload
from pycosim.transformer.classifiers import shipped_classifiers
from pycosim.transformer.weights import shipped_names

CONFIG = ElectroOpticConfig(n_tokens=256, n_swept_tokens=128, n_given_tokens=64)
STORIES = Path(__file__).resolve().parents[3] / "shared" / "data"


def test_weights_tuned_for_a_unit_become_tasks_of_that_unit_alone_by_their_names() -> None:
    found = language_tasks(load_workload(256), CONFIG)
    tuned = [task for task in found if task.trained in ("optmax", "optmoid")]
    assert {task.trained for task in tuned} == {"optmax", "optmoid"} & set(shipped_names())
    assert all(task.units == (task.trained,) and task.name == SHIPPED for task in tuned)
    assert found[0].trained == "softmax" and "sigmoid" not in found[0].units


def test_a_quick_run_leaves_tuned_weights_out() -> None:
    quick = replace(CONFIG, quick=True)
    kinds = {task.trained for task in (*language_tasks(load_workload(256), quick), *digit_tasks(quick))}
    assert kinds <= {"softmax", "sigmoid"}


def test_weights_taken_up_by_name_are_those_of_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    real = tasks_module.load_weights

    def watched(name: str) -> object:
        asked.append(name)
        return real("softmax")

    monkeypatch.setattr(tasks_module, "load_weights", watched)
    monkeypatch.setattr(tasks_module, "shipped_names", lambda: ("linear", "optmax", "optmoid", "sigmoid", "softmax"))
    found = language_tasks(load_workload(256), CONFIG)
    assert [task.trained for task in found] == ["softmax", "sigmoid", "optmax", "optmoid"]
    assert asked == ["sigmoid", "optmax", "optmoid"]


def test_a_language_task_scores_its_weights_with_what_they_were_trained_with() -> None:
    weigh = {"softmax": masked_softmax, "sigmoid": sigmoid_weights}
    for task in language_tasks(load_workload(256), CONFIG)[:2]:
        value, accuracy = task.score(weighing_attention(weigh[task.trained]), whole=True)  # type: ignore[arg-type]
        assert accuracy is not None and accuracy.n_tokens == 256
        assert 2 < value < 10  # one chunk of text: bytes of 3.8 on average, no longer the 60 of untrained sigmoid


def test_digits_are_as_many_as_the_split_holds_back() -> None:
    task = digit_tasks(CONFIG)[0]
    value, accuracy = task.score(weighing_attention(masked_softmax, causal=False), whole=True)
    assert len(task.labels) == 539 and accuracy is None and value >= 0.97
    found = {f"digits_{task.trained}" for task in digit_tasks(CONFIG)}
    assert found == set(shipped_classifiers()) - {"digits_gain_cell"}


def test_settings_that_name_half_a_task_or_no_file_are_refused(tmp_path: Path) -> None:
    workload = load_workload(256)
    with pytest.raises(ConfigurationError, match="needs a text"):
        tasks_of(workload, replace(CONFIG, model="softmax"))
    with pytest.raises(InputError, match="no weights file"):
        tasks_of(workload, replace(CONFIG, model="nothing", text="none"))
    with pytest.raises(ConfigurationError, match="cannot read the text"):
        tasks_of(workload, replace(CONFIG, model="softmax", text=str(tmp_path / "none")))
    short = tmp_path / "short.txt"
    short.write_text("too short", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="must have 65 tokens"):
        tasks_of(workload, replace(CONFIG, model="softmax", text=str(short)))
    with pytest.raises(InputError, match="cannot read"):
        tasks_of(workload, replace(CONFIG, mnist=str(tmp_path)))


@pytest.mark.skipif(not STORIES.is_dir(), reason="needs ../shared/data")
def test_another_language_model_is_a_task_with_all_units() -> None:
    model, text = STORIES / "models/stories260K/stories260K.bin", STORIES / "text/tinystories.txt"
    task = tasks_of(load_workload(256), replace(CONFIG, model=str(model), text=str(text)))[-1]
    assert task.name == "stories260K" and {"softmax", "optmax", "sigmoid", "optmoid"} <= set(task.units)
    value, _ = task.score(weighing_attention(masked_softmax), whole=True)
    assert 2 < value < 12  # 4.9 on much text


def _score(task: str, trained: Trained, case: Case, value: float, *, whole: bool) -> Score:
    metric = "accuracy" if task == DIGITS else "perplexity"
    return Score(task=task, trained=trained, metric=metric, case=case, whole=whole, value=value, accuracy=None)


def test_checks_say_what_was_published_and_only_where_it_was_scored() -> None:
    assert task_checks([]) == ()
    scores = [
        _score(DIGITS, "sigmoid", Case(unit="sigmoid", bits=4), 0.98, whole=True),
        _score(DIGITS, "sigmoid", Case(unit="optmoid", bits=4), 0.90, whole=True),
        _score(SHIPPED, "softmax", Case(unit="optmax", bits=4), 4.0, whole=False),
        _score(SHIPPED, "softmax", Case(unit="optmax", bits=4, noise="additive", sigma=0.05), 24.0, whole=False),
        _score(SHIPPED, "optmax", Case(unit="optmax", bits=4, noise="additive", sigma=0.05), 8.0, whole=False),
    ]
    found = task_checks(scores)
    assert [round(check.value or 0.0, 6) for check in found] == [0.08, 6.0, 2.0]
    assert [check.passed for check in found] == [True, True, False]
    assert value_of(scores, SHIPPED, "optmax", Case(unit="optmax"), whole=False) is None


def test_every_task_has_a_figure_of_the_weights_that_it_was_scored_with() -> None:
    cases = [Case(unit="optmax", bits=4, noise="additive", sigma=s) for s in (0.01, 0.1)]
    scores = [_score(SHIPPED, "softmax", Case(unit="softmax", bits=4), 3.0, whole=True)]
    scores += [_score(SHIPPED, kind, case, 5.0, whole=False) for kind in ("softmax", "optmax") for case in cases]
    scores += [_score("stories260K", "softmax", Case(unit="optmax", bits=2), 6.0, whole=True)]
    found = task_curves(scores)
    assert list(found) == ["bits_and_noise", "stories260k_bits_and_noise"]
    labels = [curve.label for panel in found["bits_and_noise"].panels for curve in panel.curves]
    assert labels == ["softmax", "optmax, additive", "optmax trained with noise, additive"]
    drawn = found["bits_and_noise"].panels[1].curves[1]
    assert np.array_equal(drawn.x, [0.01, 0.1]) and len(found["stories260k_bits_and_noise"].panels) == 1
