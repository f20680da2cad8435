"""A text that comes token by token gives what it gives as a whole."""

import itertools

import numpy as np
import pytest
from test_analog_attention import HARDWARE, MODELS, SCALERS, operands
from test_imperfections import EVERYTHING, SMOOTH

from pycosim.attention import (
    AnalogSteps,
    ExactSteps,
    Imperfections,
    analog_generation,
    analog_layers,
    exact_attention,
    factored_arrays,
)
from pycosim.checks import Array
from pycosim.errors import InputError

CUTS = [(40,), (1,) * 40, (13, 1, 1, 6, 19), (16, 24)]


def grown(steps: AnalogSteps | ExactSteps, x: tuple[Array, Array, Array], cuts: tuple[int, ...]) -> Array:
    places = np.cumsum((0, *cuts))
    parts = itertools.pairwise(places)
    return np.concatenate([steps.step(*(one[..., a:b, :] for one in x)) for a, b in parts], axis=-2)


@pytest.mark.parametrize("cuts", CUTS)
@pytest.mark.parametrize("flaws", [None, EVERYTHING])
def test_analog_steps_give_the_whole_text(cuts: tuple[int, ...], flaws: Imperfections | None) -> None:
    """Two and a half windows, with and without parts that differ and noise."""
    arrays = factored_arrays(MODELS, SMOOTH, imperfections=flaws)
    whole = analog_layers(arrays, [SCALERS])[0](*operands(40))
    found = grown(analog_generation(arrays, [SCALERS])[0], operands(40), cuts)
    # charges of other blocks are summed in another order, and a pulse that just begins multiplies its rounding
    np.testing.assert_allclose(found, whole, rtol=0, atol=1e-12)


def test_counts_of_steps_are_those_of_the_text() -> None:
    arrays = factored_arrays(MODELS, HARDWARE)
    steps = analog_generation(arrays, [SCALERS])[0]
    assert np.array_equal(grown(steps, operands(40), (1,) * 40), analog_layers(arrays, [SCALERS])[0](*operands(40)))
    assert steps.n_tokens == 40


@pytest.mark.parametrize("cuts", CUTS)
@pytest.mark.parametrize("window", [None, 1, 7, 16, 100])
def test_exact_steps_give_the_whole_text(cuts: tuple[int, ...], window: int | None) -> None:
    found = grown(ExactSteps(window), operands(40), cuts)
    np.testing.assert_allclose(found, exact_attention(*operands(40), window=window), rtol=0, atol=1e-13)


def test_what_is_kept_does_not_grow_with_the_text() -> None:
    analog, exact = analog_generation(factored_arrays(MODELS, HARDWARE), [SCALERS])[0], ExactSteps(16)
    rng = np.random.default_rng(0)
    for _ in range(200):
        for steps in (analog, exact):
            steps.step(*rng.standard_normal((3, 2, 1, 8)))
    assert max(array.shape[-2] for array in analog._held.arrays) == HARDWARE.window
    assert exact._kept[0].shape[-2] <= 2 * 17


def test_a_text_goes_on_with_operands_like_its_first() -> None:
    q, k, v = operands(3)
    steps = analog_generation(factored_arrays(MODELS, HARDWARE), [SCALERS])[0]
    steps.step(q, k, v)
    with pytest.raises(InputError, match=r"goes on with operands like \(3, 2, 3, 8\), found \(1, 2, 3, 8\)"):
        steps.step(q[:1], k[:1], v[:1])
    with pytest.raises(InputError, match="scalers are for 2 heads"):
        analog_generation(factored_arrays(MODELS, HARDWARE), [SCALERS])[0].step(q[:, :1], k[:, :1], v[:, :1])
    with pytest.raises(InputError, match="one shape"):
        steps.step(q, k[..., :1, :], v)
