"""A layer of multipliers: numbers become voltages, voltages currents, currents voltages, voltages numbers.

    V_x = s_in x;  V_w = s_w W;  V_b = s_b b         clipped to the ranges on which the multiplier is linear
    I_j = sum_i I(V_w,ij, V_x,i) + I(V_b,j, V_one)   Kirchhoff, one cell for each product and one for the bias
    y   = rectifier(stage(I)) / s_out

The scales follow from the ranges (`pycosim.network.mapping`). With an ideal multiplier and stage this is `ExactLayer`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pycosim.checks import Array
from pycosim.errors import InputError
from pycosim.models.product_factors import ProductFactors
from pycosim.models.rectifier import Rectifier
from pycosim.models.summing import SummingStage
from pycosim.network.perceptron import Gradients


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerScale:
    """How numbers become voltages.

    Attributes:
        inputs: of the inputs (V per unit).
        weights: of the weights (V per unit).
        outputs: of the outputs (V per unit).
        bias_input: constant input of the bias cells (V).
    """

    inputs: float
    weights: float
    outputs: float
    bias_input: float

    def __post_init__(self) -> None:
        for name in ("inputs", "weights", "outputs", "bias_input"):
            if not (np.isfinite(getattr(self, name)) and getattr(self, name) > 0):
                raise InputError(f"the scale of {name} must be finite and above 0, found {getattr(self, name)!r}")

    @property
    def biases(self) -> float:
        """Of the biases (V per unit): the bias cell's input is not one unit of the inputs."""
        return self.weights * self.inputs / self.bias_input


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CellErrors:
    """How the cells of one layer differ from the drawn one; (n_outputs, n_inputs + 1) each, the bias cell last.

    Attributes:
        upper_offset, lower_offset: of the ports (V).
        output_offset: of the current (A).
        gain: relative.
    """

    upper_offset: Array
    lower_offset: Array
    output_offset: Array
    gain: Array


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AnalogLayer:
    """One layer of Gilbert cells, loads, difference amplifiers and rectifiers.

    Attributes:
        product: the multiplier's surface, factored; weights at its upper port, inputs at its lower one.
        stage: summed current (A) to voltage (V).
        rectifier: the ReLU; None for a layer of scores.
        scale: numbers to voltages.
        errors: of the cells of one die; None for cells as drawn.
    """

    product: ProductFactors
    stage: SummingStage
    rectifier: Rectifier | None
    scale: LayerScale
    errors: CellErrors | None = None

    def forward(self, inputs: Array, weights: Array, biases: Array) -> Array:
        """Outputs (n, n_outputs) for inputs (n, n_inputs)."""
        current = self.currents(inputs, weights, biases)
        voltage = self.stage.voltage(current)
        return (voltage if self.rectifier is None else self.rectifier.voltage(voltage)) / self.scale.outputs

    def currents(self, inputs: Array, weights: Array, biases: Array) -> Array:
        """The summed currents (A), (n, n_outputs)."""
        x, w, lower_offset, gain, rest = self._operands(inputs, weights, biases)
        found = np.zeros((len(x), len(w))) + rest
        for of_x, slope_x, of_w in zip(
            self.product.of_lower(x), self.product.of_lower(x, derivative=True), self.product.of_upper(w), strict=True
        ):
            found += of_x @ (gain * of_w).T
            if self.errors is not None:
                found -= slope_x @ (gain * lower_offset * of_w).T
        return found

    def backward(self, upstream: Array, inputs: Array, weights: Array, biases: Array) -> Gradients:
        """Gradients by inputs, weights and biases from that by the outputs."""
        current = self.currents(inputs, weights, biases)
        slope = self.stage.slope(current) / self.scale.outputs
        if self.rectifier is not None:
            slope = slope * self.rectifier.slope(self.stage.voltage(current))
        by_current = upstream * slope
        x, w, lower_offset, gain, _ = self._operands(inputs, weights, biases)
        by_x, by_w = np.zeros_like(x), np.zeros_like(w)
        for of_x, slope_x, of_w, slope_w in zip(
            self.product.of_lower(x),
            self.product.of_lower(x, derivative=True),
            self.product.of_upper(w),
            self.product.of_upper(w, derivative=True),
            strict=True,
        ):
            by_x += (by_current @ (gain * of_w)) * slope_x
            by_w += (by_current.T @ of_x) * (gain * slope_w)
            if self.errors is not None:
                by_w -= (by_current.T @ slope_x) * (gain * lower_offset * slope_w)
        return by_x[:, :-1] * self.scale.inputs, by_w[:, :-1] * self.scale.weights, by_w[:, -1] * self.scale.biases

    def clipped(self, weights: Array, biases: Array) -> float:
        """Share of the weights and biases that lie beyond the upper port's range."""
        w = np.hstack([self.scale.weights * weights, self.scale.biases * biases[:, None]])
        return float(np.mean(np.abs(w) > self.product.upper_range * (1 + 1e-9)))

    def _operands(self, inputs: Array, weights: Array, biases: Array) -> tuple[Array, Array, Array, Array, Array]:
        """Voltages of inputs (n, n_in + 1) and weights (n_out, n_in + 1), and the cells' errors."""
        scale = self.scale
        x = np.hstack([scale.inputs * inputs, np.full((len(inputs), 1), scale.bias_input)])
        w = np.hstack([scale.weights * weights, scale.biases * biases[:, None]])
        reach = self.product.upper_range
        if self.errors is None:
            return x, w, np.zeros(()), np.ones(()), np.zeros(())
        errors = self.errors
        # the drawn weight is what the range limits; an offset comes on top of it
        w = np.where(np.abs(w) > reach, np.sign(w) * reach, w) - errors.upper_offset
        return x, w, errors.lower_offset, 1 + errors.gain, errors.output_offset.sum(axis=1)
