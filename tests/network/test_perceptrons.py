from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from pycosim.errors import InputError
from pycosim.models.multiplier import GilbertLaw, ProductPolynomial, ProductSpread
from pycosim.models.product_factors import factor_product
from pycosim.models.rectifier import Rectifier
from pycosim.models.summing import SummingStage
from pycosim.network.analog import AnalogLayer, CellErrors
from pycosim.network.data import load_data_set
from pycosim.network.mapping import Ranges, layer_scales, stage_gains
from pycosim.network.perceptron import Layer, Parameters, accuracy_of, exact_layers, run_layers
from pycosim.network.training import Schedule, gradients, random_parameters, train

Array = NDArray[np.float64]
GAIN = 7e-4
RANGES = Ranges(inputs=0.158, weights=0.112, scores=0.3)
SIZES = (4, 4, 3)


def ideal_product() -> ProductPolynomial:
    """k V_u V_l as Chebyshev coefficients: T_1(u) T_1(l)."""
    coefficients = np.zeros((2, 2))
    coefficients[1, 1] = GAIN * 0.112 * 0.4
    return ProductPolynomial(coefficients=coefficients, upper_range=0.112, lower_range=0.4, outside="clip")


def analog_layers(parameters: Parameters, inputs: Array, model: ProductPolynomial | GilbertLaw) -> list[AnalogLayer]:
    scales = layer_scales(parameters, inputs, RANGES)
    product = factor_product(model, tolerance=1e-12)
    return [
        AnalogLayer(
            product=product,
            stage=SummingStage(gain=resistance),
            rectifier=Rectifier(knee=1e-12) if k == 0 else None,
            scale=scale,
        )
        for k, (scale, resistance) in enumerate(zip(scales, stage_gains(scales, GAIN), strict=True))
    ]


def square_law() -> GilbertLaw:
    return GilbertLaw(
        gain=GAIN, upper_overdrive=0.22, lower_overdrive=0.32, upper_range=0.112, lower_range=0.25, outside="clip"
    )


@pytest.fixture(scope="module")
def parameters() -> Parameters:
    drawn = random_parameters(SIZES, seed=1)
    return replace(drawn, biases=(np.array([0.1, -0.2, 0.3, 0.0]), np.array([0.2, -0.1, 0.05])))


@pytest.fixture(scope="module")
def inputs() -> Array:
    return np.random.default_rng(2).standard_normal((40, 4))


def test_ideal_multipliers_stages_and_rectifiers_give_the_exact_perceptron(
    parameters: Parameters, inputs: Array
) -> None:
    exact = run_layers(exact_layers(2), parameters, inputs)
    analog = run_layers(analog_layers(parameters, inputs, ideal_product()), parameters, inputs)
    for one, other in zip(exact, analog, strict=True):
        assert np.allclose(one, other, rtol=0, atol=1e-8 * np.abs(one).max())


def test_errors_of_nothing_change_nothing(parameters: Parameters, inputs: Array) -> None:
    layer = analog_layers(parameters, inputs, square_law())[0]
    zeros = np.zeros((4, 5))
    spoilt = replace(layer, errors=CellErrors(upper_offset=zeros, lower_offset=zeros, output_offset=zeros, gain=zeros))
    weights, biases = parameters.weights[0], parameters.biases[0]
    assert np.allclose(layer.forward(inputs, weights, biases), spoilt.forward(inputs, weights, biases), rtol=1e-12)


def test_errors_act_cell_by_cell_as_the_multiplier_says(parameters: Parameters, inputs: Array) -> None:
    """The factored layer against every cell evaluated by itself, offsets and all."""
    model = square_law()
    layer = analog_layers(parameters, inputs, model)[0]
    upper, lower, output, gain = ProductSpread(
        upper_offset=2e-3, lower_offset=3e-3, output_offset=1e-6, gain=2e-3
    ).draw((4, 5), seed=0)
    errors = CellErrors(upper_offset=upper, lower_offset=lower, output_offset=output, gain=gain)
    weights, biases = 0.9 * parameters.weights[0], parameters.biases[0]  # so that no offset leaves the range
    found = replace(layer, errors=errors).currents(inputs, weights, biases)
    x = np.hstack([layer.scale.inputs * inputs, np.full((40, 1), layer.scale.bias_input)])
    w = np.hstack([layer.scale.weights * weights, layer.scale.biases * biases[:, None]])
    cells = model.current((w - upper)[None], x[:, None, :] - lower[None]) * (1 + gain) + output
    # offsets of the input enter to first order only: what is left is their square times the surface's bend
    assert np.abs(found - cells.sum(axis=2)).max() < 2e-3 * np.abs(found).max()


@pytest.mark.parametrize("kind", ["exact", "analog"])
def test_gradients_are_those_of_finite_differences(kind: str, parameters: Parameters, inputs: Array) -> None:
    labels = np.random.default_rng(3).integers(0, 3, len(inputs))
    layers: list[Layer] = list(exact_layers(2))
    if kind == "analog":
        spread = ProductSpread(upper_offset=1e-3, lower_offset=1e-3, output_offset=1e-7, gain=1e-3)
        layers = [
            replace(
                layer,
                rectifier=layer.rectifier and Rectifier(knee=1e-3),
                errors=CellErrors(
                    **dict(
                        zip(
                            ("upper_offset", "lower_offset", "output_offset", "gain"),
                            spread.draw((w.shape[0], w.shape[1] + 1), seed=4),
                            strict=True,
                        )
                    )
                ),
            )
            for layer, w in zip(analog_layers(parameters, inputs, square_law()), parameters.weights, strict=True)
        ]
    small = replace(parameters, weights=tuple(0.9 * w for w in parameters.weights))

    def loss(weights: tuple[Array, ...]) -> float:
        scores = run_layers(layers, replace(small, weights=weights), inputs)[-1]
        top = scores.max(axis=1, keepdims=True)
        logarithm = np.log(np.exp(scores - top).sum(axis=1)) + top[:, 0]
        return float(np.mean(logarithm - scores[np.arange(len(labels)), labels]))

    found, step = gradients(layers, small, inputs, labels), 1e-5
    for k, place in ((0, (1, 2)), (0, (3, 0)), (1, (2, 1))):
        changed = [[w.copy() for w in small.weights] for _ in range(2)]
        changed[0][k][place] += step
        changed[1][k][place] -= step
        slope = (loss(tuple(changed[0])) - loss(tuple(changed[1]))) / (2 * step)
        # offsets of the inputs' ports are not in the gradient by the inputs of the second layer: second order
        assert found.weights[k][place] == pytest.approx(slope, rel=5e-3, abs=1e-5)


def test_the_scales_fill_the_ranges_and_never_clip_a_weight(parameters: Parameters, inputs: Array) -> None:
    for layer, weights, biases in zip(
        analog_layers(parameters, inputs, square_law()), parameters.weights, parameters.biases, strict=True
    ):
        largest = max(np.abs(layer.scale.weights * weights).max(), np.abs(layer.scale.biases * biases).max())
        assert largest == pytest.approx(RANGES.weights)
        assert layer.clipped(weights, biases) == 0.0


def test_a_network_learns_iris_and_again_on_a_die_with_offsets() -> None:
    data = load_data_set("iris", seed=0)
    schedule = Schedule(epochs=80, batch=16, rate=1e-2)
    exact = exact_layers(2)
    trained = train(exact, random_parameters(SIZES, seed=0), data.inputs, data.labels, schedule, seed=0)
    assert accuracy_of(exact, trained, data.test_inputs, data.test_labels) > 0.9
    spread = ProductSpread(upper_offset=4e-3, lower_offset=6e-3, output_offset=2e-6, gain=5e-3)
    layers = [
        replace(layer, errors=CellErrors(upper_offset=u, lower_offset=ell, output_offset=o, gain=g))
        for layer, w in zip(analog_layers(trained, data.inputs, square_law()), trained.weights, strict=True)
        for u, ell, o, g in [spread.draw((w.shape[0], w.shape[1] + 1), seed=7)]
    ]
    before = accuracy_of(layers, trained, data.inputs, data.labels)
    learned = train(layers, trained, data.inputs, data.labels, Schedule(epochs=30, batch=16), seed=0)
    after = accuracy_of(layers, learned, data.inputs, data.labels)
    assert before < 0.9 < after


def test_training_is_the_same_for_the_same_seed() -> None:
    data = load_data_set("iris", seed=0)
    runs = [
        train(exact_layers(2), random_parameters(SIZES, seed=0), data.inputs, data.labels, Schedule(epochs=2), seed=5)
        for _ in range(2)
    ]
    assert (runs[0].weights[0] == runs[1].weights[0]).all()


def test_the_data_sets_are_split_without_overlap() -> None:
    digits, iris = load_data_set("digits", seed=0), load_data_set("iris", seed=0)
    assert (digits.n_inputs, digits.n_classes, len(digits.labels) + len(digits.test_labels)) == (64, 10, 1797)
    assert (iris.n_inputs, iris.n_classes, len(iris.labels) + len(iris.test_labels)) == (4, 3, 150)
    assert 0 <= digits.inputs.min() < digits.inputs.max() == 1.0
    assert np.allclose(iris.inputs.std(axis=0), 1.0)
    with pytest.raises(InputError, match="digits and iris"):
        load_data_set("flowers", seed=0)  # type: ignore[arg-type]


def test_layers_and_inputs_that_do_not_fit_are_refused(parameters: Parameters) -> None:
    with pytest.raises(InputError, match="inputs of 4 numbers"):
        run_layers(exact_layers(2), parameters, np.zeros((2, 5)))
    with pytest.raises(InputError, match="follow each other"):
        Parameters(weights=(np.zeros((3, 4)), np.zeros((2, 5))), biases=(np.zeros(3), np.zeros(2)))
    with pytest.raises(InputError, match="train it first"):
        layer_scales(replace(parameters, weights=(np.zeros((4, 4)), np.zeros((3, 4)))), np.ones((3, 4)), RANGES)
    with pytest.raises(InputError, match="weights"):
        Ranges(inputs=0.1, weights=0.0, scores=0.1)
