"""How operands are laid onto a modulator's edge: the scale that makes a sine-squared least wrong, and how wrong it is.

    exp(x), x <= 0:     gain a(zero + rate x), clipped at the dark point; a = (output - dark) / (output at zero - dark)
    1/(1 + exp(-x)):    a(centre + rate x), clipped at both ends; a over the whole swing
    1/z, 1 <= z <= R:   gain a(first + rate (z - 1)), on the falling edge; the error is relative

Limits of an ideal modulator: exp with the brightest operand at half transmission 0.0719, 0.0403 and 0.0287 of full
scale for one, two and three in series; the sigmoid 0.0510 with its slope at the middle, 0.0273 with the best one. A
transfer is any function of the level: a fitted model, or simulated points that are interpolated.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize_scalar

from pycosim.checks import Array
from pycosim.errors import InputError

Transfer = Callable[[Array], Array]

_RATES = 49  # of a first search; then a bounded one around the best


@dataclass(frozen=True, slots=True, kw_only=True)
class OperandScale:
    """Operand -> level: level(x) = origin + rate x, clipped between two levels.

    Args:
        origin: level of the operand 0 (the sum 1 for a reciprocal), V.
        rate: V for each unit of the operand.
        low, high: outermost levels, V, in rising order.
        gain: what a normalised output is multiplied with.
        error: largest deviation from the wanted function: of full scale, or relative for a reciprocal.
    """

    origin: float
    rate: float
    low: float
    high: float
    gain: float
    error: float

    def level(self, operand: Array) -> Array:
        """Return the levels of operands."""
        return np.asarray(np.clip(self.origin + self.rate * operand, self.low, self.high))


def exponential_scale(transfer: Transfer, *, dark: float, zero: float, rate: float | None = None) -> OperandScale:
    """The scale on which a rising edge is nearest to exp, in the largest error.

    Args:
        transfer: level (V) -> output.
        dark: level of the dark point.
        zero: level of the operand 0, the largest there is.
        rate: V for each nat, where it is given; None to find it.

    Raises:
        InputError: levels without an edge between them.
    """
    operands = np.linspace(-16.0, 0.0, 3201)
    wanted = np.exp(operands)
    low, high = sorted((dark, zero))
    normal = normalised(transfer, dark, zero)

    def at(slope: float) -> tuple[float, float]:
        curve = normal(np.clip(zero + slope * operands, low, high))
        gain = minimize_scalar(lambda g: np.abs(g * curve - wanted).max(), bounds=(0.5, 2.0), method="bounded").x
        return float(np.abs(gain * curve - wanted).max()), float(gain)

    slope = _best_rate(lambda s: at(s)[0], (zero - dark) / 12.0, (zero - dark) / 1.0) if rate is None else rate
    error, gain = at(slope)
    return OperandScale(origin=zero, rate=slope, low=low, high=high, gain=gain, error=error)


def softmax_scale(transfer: Transfer, *, dark: float, zero: float, generator: np.random.Generator) -> OperandScale:
    """The scale on which rows that are normalised by their sum are nearest to softmax, in the mean total variation.

    A lower rate than that of `exponential_scale`: a sum forgives an error that all operands share, and does not forgive
    that everything below the dark point is lost. The rows have 64 Gaussian scores of deviation 1, 1.5 and 2 nats.

    Args:
        transfer: level (V) -> output.
        dark: level of the dark point.
        zero: level of the operand 0, the largest there is.
        generator: draws the rows.

    Raises:
        InputError: levels without an edge between them.
    """
    scores = np.concatenate([generator.normal(0.0, deviation, (100, 64)) for deviation in (1.0, 1.5, 2.0)])
    scores -= scores.max(axis=-1, keepdims=True)
    wanted = np.exp(scores)
    wanted /= wanted.sum(axis=-1, keepdims=True)
    normal, (low, high) = normalised(transfer, dark, zero), sorted((dark, zero))

    def variation(rate: float) -> float:
        weights = normal(np.clip(zero + rate * scores, low, high))
        weights /= weights.sum(axis=-1, keepdims=True)
        return float(0.5 * np.abs(weights - wanted).sum(axis=-1).mean())

    rate = _best_rate(variation, (zero - dark) / 16.0, (zero - dark) / 1.0)
    return OperandScale(origin=zero, rate=rate, low=low, high=high, gain=1.0, error=variation(rate))


def sigmoid_scale(transfer: Transfer, *, dark: float, bright: float, slope_matched: bool = False) -> OperandScale:
    """The scale on which a full swing is nearest to the sigmoid, or has its slope at the middle.

    Args:
        transfer: level (V) -> output.
        dark: level of the dark end of the swing.
        bright: level of its bright end.
        slope_matched: take the slope of the sigmoid where both are 1/2, not the least error.

    Raises:
        InputError: levels without an edge between them.
    """
    operands = np.linspace(-16.0, 16.0, 6401)
    wanted = 1.0 / (1.0 + np.exp(-operands))
    low, high = sorted((dark, bright))
    normal = normalised(transfer, dark, bright)
    grid = np.linspace(dark, bright, 20001)
    centre = float(np.interp(0.5, normal(grid), grid))

    def at(slope: float) -> float:
        return float(np.abs(normal(np.clip(centre + slope * operands, low, high)) - wanted).max())

    if slope_matched:
        step = (bright - dark) / 200.0
        steepness = float(np.diff(normal(np.array([centre - step, centre + step])))[0]) / (2 * step)
        rate = 0.25 / steepness
    else:
        rate = _best_rate(at, (bright - dark) / 20.0, (bright - dark) / 3.0)
    return OperandScale(origin=centre, rate=rate, low=low, high=high, gain=1.0, error=at(rate))


def reciprocal_scale(
    transfer: Transfer, *, bright: float, dark: float, largest: float = 2.0, brightness: float = 0.25
) -> OperandScale:
    """The scale on which a falling edge is nearest to 1/z for 1 <= z <= `largest`, in the largest relative error.

    The gain is what the output, over that at z = 1, is multiplied with to be 1/z. Near its dark point the edge is a
    square, which is nearest to 1/z, and has no light left: 4.45 % for R = 2, 11 % for 3, 35 % for 8.

    Args:
        transfer: level (V) -> output.
        bright: level where the falling edge begins.
        dark: level where it ends.
        largest: R.
        brightness: share of the swing that passes at z = 1.

    Raises:
        InputError: levels without an edge, or a range or brightness that is none.
    """
    if not (largest > 1 and 0 < brightness < 1):
        raise InputError(
            f"the largest sum must be above 1 and the brightness between 0 and 1, found {largest:g} and {brightness:g}"
        )
    sums = np.linspace(1.0, largest, 801)
    normal = normalised(transfer, dark, bright)
    grid = np.linspace(dark, bright, 20001)
    origin = float(np.interp(brightness, normal(grid), grid))

    def products(slope: float) -> Array:
        return np.asarray(normal(np.clip(origin + slope * (sums - 1), *limits)) * sums)

    def error(slope: float) -> float:
        found = products(slope)
        return float((found.max() - found.min()) / (found.max() + found.min()))  # after the best gain

    limits, span = (min(bright, dark), max(bright, dark)), (dark - origin) / (largest - 1)
    rate = _best_rate(error, 0.02 * span, 0.98 * span)
    found, ends = products(rate), sorted((origin, origin + rate * (largest - 1)))
    return OperandScale(
        origin=origin,
        rate=rate,
        low=ends[0],
        high=ends[1],
        gain=float(2.0 * found[0] / (found.max() + found.min())),
        error=error(rate),
    )


def ideal_edge(n_modulators: int = 1) -> Transfer:
    """The transfer of ideal modulators in series: sin^2n of pi/2 times the level, in V_pi above the dark point."""
    return lambda level: np.asarray(np.sin(np.pi / 2 * level) ** (2 * n_modulators))


def normalised(transfer: Transfer, dark: float, bright: float) -> Transfer:
    """A transfer less what it is at the dark level, over what it is at the bright one.

    Raises:
        InputError: levels without an edge between them.
    """
    ends = transfer(np.array([dark, bright]))
    if dark == bright or not ends[1] > ends[0]:
        raise InputError(
            f"no edge from {dark:.4g} V to {bright:.4g} V: the output goes from {ends[0]:.4g} to {ends[1]:.4g}"
        )
    return lambda level: np.asarray((transfer(level) - ends[0]) / (ends[1] - ends[0]))


def _best_rate(error: Callable[[float], float], low: float, high: float) -> float:
    rates = np.linspace(low, high, _RATES)
    best = int(np.argmin([error(float(rate)) for rate in rates]))
    around = (float(rates[max(best - 1, 0)]), float(rates[min(best + 1, _RATES - 1)]))
    found = minimize_scalar(error, bounds=(min(around), max(around)), method="bounded", options={"xatol": 1e-9})
    return float(found.x)
