from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pycosim.campaign.axes import Axis, Grid, read_axis
from pycosim.errors import ConfigurationError


def values(wanted: object) -> tuple[object, ...]:
    return read_axis("a", wanted).values


def test_an_axis_is_written_in_many_ways() -> None:
    assert values([1.0, 3.0, 2.0]) == (1.0, 3.0, 2.0)
    assert values(np.array([1.0, 2.0])) == (1.0, 2.0)
    assert values(range(3)) == (0, 1, 2)
    assert values(("tt", "ss")) == ("tt", "ss")
    assert values({"start": 0.0, "stop": 1.0, "n": 5}) == (0.0, 0.25, 0.5, 0.75, 1.0)
    assert values({"start": 5, "stop": 1, "step": -2}) == (5, 3, 1)
    assert values({"start": 1e-6, "stop": 1e-4, "n": 3, "spacing": "log"}) == (1e-6, 1e-5, 1e-4)
    assert values({"seeds": 3}) == (0, 1, 2)
    assert values({"seeds": 2, "first": 7}) == (7, 8)
    assert values({"start": 2.0, "stop": 2.0, "n": 1}) == (2.0,)


def test_points_of_a_range_have_the_names_that_one_would_give_them() -> None:
    assert values({"start": 0.0, "stop": 0.4, "step": 0.1}) == (0.0, 0.1, 0.2, 0.3, 0.4)
    assert values({"start": 0.0, "stop": 1.2e-12, "n": 13})[3] == 3e-13


def test_a_range_by_steps_ends_before_a_stop_that_no_step_meets() -> None:
    assert values({"start": 0.0, "stop": 1.0, "step": 0.3}) == (0.0, 0.3, 0.6, 0.9)


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ([], "must have one point or more"),
        ({"seeds": 0}, "must have one point or more"),
        ([1.0, float("nan")], "finite points, found nan"),
        ([1.0, float("inf")], "finite points, found inf"),
        ([1.0, 2.0, 1.0], "found 1.0 twice"),
        ([1.0, "tt"], "numbers or words, not both"),
        ([True, False], "found True"),
        ([[1.0]], r"found \[1.0\]"),
        (3.0, "must be several values, found 3.0"),
        ("tt", "must be several values, found 'tt'"),
        ({"start": 0.0, "stop": 1.0}, "write a list, {start, stop, n}"),
        ({"start": 0.0, "stop": 1.0, "n": 3, "step": 0.5}, "write a list"),
        ({"begin": 0.0, "stop": 1.0, "n": 3}, "has begin, n, stop"),
        ({}, "has nothing"),
        ({"start": 0.0, "stop": 1.0, "n": 2.5}, "n must be a whole number"),
        ({"start": 0.0, "stop": 1.0, "n": -1}, "n must be a whole number"),
        ({"start": "0", "stop": 1.0, "n": 2}, "start must be a finite number"),
        ({"start": 0.0, "stop": 1.0, "n": 3, "spacing": "log"}, "limits above 0"),
        ({"start": 0.1, "stop": 1.0, "n": 3, "spacing": "cubic"}, 'must be "linear" or "log"'),
        ({"start": 0.1, "stop": 1.0, "step": 0.1, "spacing": "log"}, "has n and no step"),
        ({"start": 0.0, "stop": 1.0, "step": -0.1}, "does not lead"),
        ({"start": 0.0, "stop": 1.0, "step": 0.0}, "does not lead"),
        ({"start": 0.0, "stop": 1.0, "step": 1e-12}, "take a larger step"),
        ({"start": 0.0, "stop": 1.0, "n": 1}, "one point cannot be 0 and 1"),
        ({"start": 1.0, "stop": 1.0, "n": 2}, "found 1.0 twice"),
        ({"seeds": -1}, "seeds must be a whole number"),
        ({"seeds": 3, "first": True}, "first must be a whole number"),
    ],
)
def test_what_is_no_axis_is_refused_in_one_sentence(wanted: object, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words) as error:
        values(wanted)
    assert "the axis a" in str(error.value)


def grid(*axes: tuple[str, object], zipped: tuple[tuple[str, ...], ...] = ()) -> Grid:
    return Grid(axes=tuple(read_axis(name, wanted) for name, wanted in axes), zipped=zipped)


def test_axes_are_crossed_with_the_last_one_fastest() -> None:
    crossed = grid(("a", [1, 2]), ("b", ["x", "y", "z"]))
    assert (crossed.dims, crossed.shape, crossed.size) == (("a", "b"), (2, 3), 6)
    assert [(p["a"], p["b"]) for p in crossed.points()] == [(a, b) for a in (1, 2) for b in "xyz"]


def test_zipped_axes_share_the_dimension_of_the_first() -> None:
    zipped = grid(("a", [1, 2]), ("b", ["x", "y", "z"]), ("c", [10, 20]), zipped=(("c", "a"),))
    assert (zipped.dims, zipped.shape) == (("a", "b"), (2, 3))
    assert zipped.coordinates()["c"] == ("a", (10, 20))
    assert [(p["a"], p["b"], p["c"]) for p in zipped.points()] == [(a, b, 10 * a) for a in (1, 2) for b in "xyz"]


def test_a_sweep_without_axes_is_one_point() -> None:
    assert (grid().size, list(grid().points())) == (1, [{}])


@given(st.lists(st.integers(1, 4), min_size=1, max_size=4))
def test_the_order_of_points_is_that_of_numpy(shape: list[int]) -> None:
    crossed = Grid(axes=tuple(Axis(name=f"a{k}", values=tuple(range(n))) for k, n in enumerate(shape)))
    assert [tuple(p.values()) for p in crossed.points()] == list(np.ndindex(*shape))


@pytest.mark.parametrize(
    ("zipped", "words"),
    [
        ((("a", "d"),), "no axis 'd'"),
        ((("a", "b"),), "as many points each, found a: 2, b: 3"),
        ((("a", "c"), ("a",)), "must be in one group"),
    ],
)
def test_what_cannot_move_together_is_refused(zipped: tuple[tuple[str, ...], ...], words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        grid(("a", [1, 2]), ("b", [1, 2, 3]), ("c", [1, 2]), zipped=zipped)


def test_a_slip_of_a_range_is_not_ten_billion_points() -> None:
    with pytest.raises(ConfigurationError, match="may have 10000000 points, found 25000000"):
        grid(("a", range(5000)), ("b", range(5000)))
    with pytest.raises(ConfigurationError, match="each axis must be there once"):
        grid(("a", [1]), ("a", [2]))
