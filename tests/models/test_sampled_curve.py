"""Sampled curves as values: shapes, domains, files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pycosim.errors import DomainError, InputError
from pycosim.models.io import load_model, save_model
from pycosim.models.sampled import SampledCurve


def curve(*, modes: list[list[float]], bends: list[list[float]], mean: tuple[float, ...] = (1.0, 2.0)) -> SampledCurve:
    return SampledCurve(
        quantity="pulse_width",
        unit="s",
        argument="charge",
        argument_unit="C",
        points=np.array([0.0, 1.0]),
        mean=np.array(mean),
        modes=np.array(modes),
        bends=np.array(bends),
    )


def test_a_part_is_the_mean_and_its_numbers_times_the_modes() -> None:
    one = curve(modes=[[0.1, 0.1], [0.0, 0.4]], bends=[[0.0, 0.0], [0.0, 0.05]])
    found = one.value([[1.0, 2.0], [0.0, 0.0]], [[0.0, 0.5, 1.0]])
    np.testing.assert_allclose(found[0], [1.1, 1.5 + 0.1 + 2 * 0.2 + 3 * 0.025, 2.0 + 0.1 + 0.8 + 3 * 0.05])
    np.testing.assert_allclose(found[1], [1.0, 1.5 - 0.025, 2.0 - 0.05])


def test_every_part_may_have_an_argument_of_its_own() -> None:
    one = curve(modes=[[0.1, 0.3]], bends=[[0.0, 0.0]])
    np.testing.assert_allclose(one.value([[1.0], [1.0]], [0.0, 1.0]), [1.1, 2.3])


def test_the_mean_over_parts_is_the_mean_with_or_without_bends() -> None:
    one = curve(modes=[[0.2, 0.2]], bends=[[0.1, 0.1]])
    drawn = one.value(one.draw(200_000, 0), np.array([[0.5]]))
    # four standard errors of the mean of 200 000 draws
    assert drawn.mean() == pytest.approx(1.5, abs=4 * float(one.deviation(0.5)) / np.sqrt(200_000))
    assert drawn.std() == pytest.approx(float(one.deviation(0.5)), rel=0.02)
    assert float(one.deviation(0.5)) == pytest.approx(np.sqrt(0.04 + 2 * 0.01))


def test_an_argument_outside_the_points_raises() -> None:
    with pytest.raises(DomainError, match="charge"):
        curve(modes=[[0.1, 0.1]], bends=[[0.0, 0.0]]).value([[0.0]], [2.0])


def test_shapes_that_do_not_fit_are_refused() -> None:
    with pytest.raises(InputError, match="one shape"):
        curve(modes=[[0.1, 0.1]], bends=[[0.0]])
    with pytest.raises(InputError, match="numbers must be"):
        curve(modes=[[0.1, 0.1]], bends=[[0.0, 0.0]]).value([[0.0, 1.0]], [0.5])


def test_a_curve_is_the_same_after_it_was_saved(tmp_path: Path) -> None:
    one = curve(modes=[[0.1, 0.3]], bends=[[0.0, 0.2]])
    save_model(tmp_path / "sampled", one)
    loaded, _ = load_model(tmp_path / "sampled")
    np.testing.assert_array_equal(loaded.value([[0.7]], [0.3]), one.value([[0.7]], [0.3]))
    assert loaded.quantity == "pulse_width"
