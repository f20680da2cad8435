"""Words of tunings: what is read, and what is refused in one sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from campaign.tunings import spec, words
from pycosim.campaign.search_settings import SearchSettings
from pycosim.campaign.tune_spec import load_tune, read_tune
from pycosim.errors import ConfigurationError

EXAMPLES = Path(__file__).resolve().parents[2] / "examples" / "tune"


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.toml")), ids=lambda path: path.stem)
def test_every_example_is_read(path: Path) -> None:
    found = load_tune(path)
    assert found.problem.objectives
    assert found.text == path.read_text(encoding="utf-8")


def test_the_words_of_the_converter_are_what_they_say() -> None:
    found = load_tune(EXAMPLES / "converter.toml")
    problem = found.problem
    energy, *limits = problem.goals
    assert energy.sense == "minimise"
    assert energy.labels == ("usual",)
    assert {goal.name: goal.words for goal in limits}["ringing"] == "< 902.9 uV"
    points = {
        name: value for goal in limits if goal.name == "ringing" for one in goal.points() for name, value in one.items()
    }
    assert points == {
        "corner": "ss",
        "temperature": 0.0,
        "supply_voltage": 0.81,
        "timing.settle_time": 8e-9,
        "charge": 0.1e-12,
    }
    assert problem.space.given["converter.conveyor.output_pmos.threshold_shift"] == -0.035
    assert found.search.method == "differential_evolution"


def test_axes_conditions_and_parameters_cross_in_a_fixed_order() -> None:
    (goal, _) = spec(
        words(
            minimise={"cost": {"measure": "bowl", "parameters": {"count": 7}}},
            limit={"total": {"above": -1, "at": "hot", "axes": {"input": [1.0, 2.0]}, "over": {"input": "mean"}}},
            axes={"corner": ["tt", "ss"]},
            conditions={"cool": {"heat": 1.0}, "hot": {"heat": 9.0}},
        )
    ).problem.goals
    assert goal.labels == ("cool, corner=tt", "cool, corner=ss", "hot, corner=tt", "hot, corner=ss")
    assert next(goal.points()) == {"heat": 1.0, "count": 7, "corner": "tt"}
    assert _.labels == ("hot",)


def test_several_objectives_take_nsga2_unless_told_otherwise() -> None:
    assert spec(words(minimise=["bowl"])).search.method == "differential_evolution"
    assert spec(words(minimise=["bowl"], maximise=["total"])).search.method == "nsga2"
    assert SearchSettings().seed == 0


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"minimise": ["bowl"], "goal": 1}, "unknown word 'goal'"),
        ({"minimise": ["bowl"], "limits": {}}, "did you mean limit"),
        ({}, "must minimise or maximise something"),
        ({"minimise": 3}, "minimise must be names of measurements"),
        ({"minimise": ["bowll"]}, "no measurement 'bowll'; did you mean bowl"),
        ({"minimise": ["bowl"], "maximise": ["bowl"]}, "bowl is the name of two goals"),
        ({"minimise": {"bowl": {"meassure": "x"}}}, "did you mean measure"),
        ({"minimise": ["bowl"], "limit": {"total": "5"}}, 'a text such as "< 1e-3"'),
        ({"minimise": ["bowl"], "limit": {"total": "< 5 V"}}, 'a text such as "< 1e-3"'),
        ({"minimise": ["bowl"], "limit": {"total": {"below": 1, "above": 0}}}, "one of below and above"),
        ({"minimise": ["bowl"], "limit": {"total": {"below": True}}}, "one of below and above"),
        ({"minimise": ["bowl"], "limit": {"total": {"below": float("inf")}}}, "a finite limit"),
        ({"minimise": ["bowl"], "limit": {"total": 5}}, "limit.total must be a table"),
        ({"minimise": {"bowl": {"at": "cold"}}}, "there is no condition 'cold'; write a table"),
        ({"minimise": {"bowl": {"at": "cold"}}, "conditions": {"colt": {"heat": 1}}}, "did you mean colt"),
        ({"minimise": {"bowl": {"over": {"heat": "mean"}}}}, "over names 'heat', which is no axis"),
        ({"minimise": {"bowl": {"over": {"heat": "meen"}}}, "axes": {"heat": [1, 2]}}, "did you mean mean"),
        ({"minimise": {"bowl": {"over": {"heat": "line_rms"}}}, "axes": {"heat": [1, 2]}}, "three numbers or more"),
        ({"minimise": ["bowl"], "conditions": {"hot": {"heet": 1}}}, "did you mean heat"),
        ({"minimise": ["bowl"], "conditions": {"hot": {"x0": 1}}}, "x0 is tuned, and set by"),
        ({"minimise": ["bowl"], "axes": {"x0": [1, 2]}}, "x0 is tuned, and set by"),
        (
            {"minimise": ["bowl"], "axes": {"heat": [1, 2]}, "conditions": {"hot": {"heat": 1}}},
            "heat is an axis and set",
        ),
        ({"minimise": {"x0": {"measure": "bowl"}}}, "a goal is called x0"),
        ({"minimise": {"stage": {"measure": "bowl"}}}, "a goal is called stage"),
        ({"minimise": ["bowl"], "search": {"evaluation": 3}}, "did you mean evaluations"),
        ({"minimise": ["bowl"], "search": {"evaluations": 0}}, "evaluations must be a whole number of 1 or more"),
        ({"minimise": ["bowl"], "search": {"population": 4}}, "population must be a whole number of 5 or more"),
        ({"minimise": ["bowl"], "search": {"polish": 1.5}}, "polish must be a share"),
        ({"minimise": ["bowl"], "search": {"method": "nsga"}}, "did you mean nsga2"),
        (
            {"minimise": ["bowl", "total"], "search": {"method": "differential_evolution"}},
            "has one objective, found 2",
        ),
        ({"minimise": ["bowl"], "tune": {}}, "must vary something"),
        ({"minimise": ["bowl"], "tune": {"x9": {"low": 0, "high": 1}}}, "no such parameter"),
        ({"minimise": ["bowl"], "tune": {"corner": {"low": 0, "high": 1}}}, "only numbers can be tuned"),
        ({"minimise": ["bowl"], "tune": {"seed": {"low": 0, "high": 9}}}, "no value of its own"),
        ({"minimise": ["bowl"], "tune": {"x0": {"low": 0}}}, "needs high"),
        ({"minimise": ["bowl"], "tune": {"x0": {"low": 2, "high": 1}}}, "low must be under high"),
        ({"minimise": ["bowl"], "tune": {"x0": {"low": 0, "high": 1, "spacing": "log"}}}, "must begin above 0"),
        ({"minimise": ["bowl"], "tune": {"x0": {"low": 0, "high": 1, "spacing": "lin"}}}, '"linear" or "log"'),
        ({"minimise": ["bowl"], "tune": {"count": {"low": 0.5, "high": 2}}}, "must be a whole number"),
        ({"minimise": ["bowl"], "tied": {"tied": {"follows": "x7"}}}, "which is not tuned"),
        ({"minimise": ["bowl"], "tied": {"x1": {"follows": "x0"}}}, "x1 is tuned and tied"),
        ({"minimise": ["bowl"], "tied": {"tied": {"follows": "x0", "times": "two"}}}, "times must be a number"),
    ],
)
def test_what_cannot_be_is_refused_in_one_sentence(more: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        read_tune({**words(), **more}, source="here.toml", folder=Path(), text="")
    text = str(raised.value)
    assert text.startswith("here.toml: ")
    assert message in text
    assert "\n" not in text


def test_dotted_names_need_no_quotes(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_text(
        'bench = "charge_to_pulse"\nminimise = "energy"\n'
        "[tune]\nconverter.conveyor.tail_current = { low = 1e-5, high = 2e-5 }\n"
        '[tied]\nconverter.comparator.tail_current = { follows = "converter.conveyor.tail_current", times = 0.5 }\n'
    )
    assert load_tune(path).problem.space.names == (
        "converter.conveyor.tail_current",
        "converter.comparator.tail_current",
    )
