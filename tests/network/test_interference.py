import numpy as np
import pytest

from pycosim.errors import InputError
from pycosim.models.rectifier import Rectifier
from pycosim.network.interference import InterferenceLayer, mask_weights
from pycosim.network.perceptron import ExactLayer

RNG = np.random.default_rng(0)
INPUTS, WEIGHTS, BIASES = RNG.uniform(0, 2, (30, 6)), RNG.uniform(-1.5, 1.5, (4, 6)), RNG.uniform(-0.5, 0.5, 4)
LARGEST = float(INPUTS.max())


def layer(**changes: float) -> InterferenceLayer:
    return InterferenceLayer(largest_input=LARGEST, rectifier=None, **changes)  # type: ignore[arg-type]


def outputs(one: InterferenceLayer) -> np.ndarray:
    return one.forward(INPUTS, WEIGHTS, BIASES)


def test_without_imperfections_it_is_the_exact_layer() -> None:
    exact = ExactLayer(rectified=False).forward(INPUTS, WEIGHTS, BIASES)
    assert np.allclose(outputs(layer()), exact, atol=1e-12)
    rectified = InterferenceLayer(largest_input=LARGEST, rectifier=Rectifier(knee=1e-12), rectifier_range=0.15)
    assert np.allclose(outputs(rectified), np.maximum(exact, 0.0), atol=1e-9)


def test_more_bits_come_nearer_and_one_bit_is_a_sign() -> None:
    exact = outputs(layer())
    errors = [np.abs(outputs(layer(bits=bits)) - exact).max() for bits in (2, 4, 6, 8)]
    assert errors == sorted(errors, reverse=True)
    assert set(mask_weights(np.linspace(-1, 1, 7), 1).tolist()) == {-1.0, 1.0}
    assert mask_weights(np.array([0.1]), 2) == pytest.approx(0.0)


def test_phase_errors_take_the_gain_that_the_closed_form_says() -> None:
    sums = InterferenceLayer(largest_input=1.0, rectifier=None, phase_error=0.3, seed=1)
    found = sums.forward(np.ones((1, 4000)), np.ones((1, 4000)), np.zeros(1))
    # 4000 paths: the mean of a cosine is known to 0.1 %
    assert found[0, 0] / 4000 == pytest.approx(np.exp(-0.045), rel=4e-3)


def test_a_poor_contrast_adds_light_where_there_should_be_none() -> None:
    dark = layer(contrast=100.0).forward(np.zeros((1, 6)), np.ones((1, 6)), np.zeros(1))
    assert dark[0, 0] == pytest.approx(0.1 * 6 * LARGEST)


def test_noise_is_the_same_for_the_same_seed_and_falls_with_the_photons() -> None:
    exact = outputs(layer())
    few, many = (np.std(outputs(layer(photons=p)) - exact) for p in (1.0, 100.0))
    assert few == pytest.approx(10 * many, rel=1e-6)
    assert (outputs(layer(photons=1.0)) == outputs(layer(photons=1.0))).all()


def test_the_quadratic_reading_knows_no_sign() -> None:
    squared = InterferenceLayer(largest_input=LARGEST, rectifier=None, quadratic=True)
    found = squared.forward(INPUTS, WEIGHTS, np.zeros(4))
    assert (found >= 0).all()
    assert np.allclose(found, squared.forward(INPUTS, -WEIGHTS, np.zeros(4)))


def test_layers_that_cannot_be_are_refused() -> None:
    with pytest.raises(InputError, match="contrast must be 1 or more"):
        layer(contrast=0.5)
    with pytest.raises(InputError, match="scale them first"):
        mask_weights(np.array([1.5]), 3)
    with pytest.raises(InputError, match="no gradients"):
        layer().backward(np.ones((1, 4)), INPUTS[:1], WEIGHTS, BIASES)
