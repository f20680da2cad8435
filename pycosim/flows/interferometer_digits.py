"""Digits by an optical perceptron: products by interference, the analog ReLU of the Gilbert flow, the rest digital."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from pycosim.evaluate.document import Json
from pycosim.models.rectifier import Rectifier
from pycosim.network.data import load_data_set
from pycosim.network.interference import InterferenceLayer
from pycosim.network.perceptron import accuracy_of, exact_layers, run_layers
from pycosim.network.training import Schedule, random_parameters, train

SIZES = (64, 32, 10)
SCHEDULE = Schedule(epochs=40)

PHASE_BITS = (1, 2, 3, 4, 6, 8)
PHASE_ERRORS = (0.05, 0.1, 0.2, 0.4, 0.8)
CONTRASTS = (10.0, 100.0, 1000.0, 10000.0)
PHOTONS = (0.64, 10.0, 100.0, 1e3, 1e4)
"""Photons launched for every multiplication; 0.64 is published with about 90 % on MNIST, by another scheme."""

BINARY_FRAMES = 32_552.0
GREY_FRAMES = 1_900.0
"""Frames per second of a DLP7000 class mirror array: binary, and 8 bits with pulsed light [public data sheet]."""

PHOTON_ENERGY = 6.62607015e-34 * 299_792_458.0 / 1.55e-6
"""At 1.55 um (J)."""

TOGETHER_PHOTONS = 1e3
"""Of the row in which everything is imperfect at once."""

RECTIFIER_RANGE = 0.15
"""Voltage of the largest activation at the rectifier (V): that of the Gilbert flow's networks."""


def run_optical_digits(rectifier: Rectifier, *, seed: int) -> dict[str, Json]:
    """Accuracy on digits that no training saw, by phase bits, phase error, contrast and photons, one at a time.

    Args:
        rectifier: the analog ReLU, fitted, about its reference.
        seed: of split, training, phases and noise.
    """
    data = load_data_set("digits", seed=seed)
    exact = exact_layers(len(SIZES) - 1)
    parameters = train(exact, random_parameters(SIZES, seed=seed), data.inputs, data.labels, SCHEDULE, seed=seed)
    largest = [float(one.max()) for one in run_layers(exact, parameters, data.inputs)]

    def accuracy(**changes: float | int | bool | None) -> float:
        layers = _layers(largest, rectifier, changes, seed)
        return accuracy_of(layers, parameters, data.test_inputs, data.test_labels)

    def row(name: str, values: Sequence[float]) -> list[Json]:
        return [{name: value, "accuracy": accuracy(**{name: value})} for value in values]

    products = parameters.n_products
    return {
        "sizes": list(SIZES),
        "n_test": len(data.test_labels),
        "accuracy_exact": accuracy_of(exact, parameters, data.test_inputs, data.test_labels),
        "accuracy_optical": accuracy(),
        "accuracy_quadratic": accuracy(quadratic=True),
        "accuracy_binary_inputs": accuracy(level_bits=1),
        "by_bits": row("bits", PHASE_BITS),
        "by_phase_error": row("phase_error", PHASE_ERRORS),
        "by_contrast": row("contrast", CONTRASTS),
        "by_photons": row("photons", PHOTONS),
        "together": accuracy(bits=6, phase_error=0.05, contrast=1000.0, photons=TOGETHER_PHOTONS, level_bits=8),
        "n_products": products,
        "latency_binary_s": len(largest[1:]) / BINARY_FRAMES,
        "latency_grey_s": len(largest[1:]) / GREY_FRAMES,
        "digits_per_second_grey": GREY_FRAMES / len(largest[1:]),
        "optical_energy_j": TOGETHER_PHOTONS * PHOTON_ENERGY * products,
        "optical_energy_per_product_j": TOGETHER_PHOTONS * PHOTON_ENERGY,
    }


def _layers(
    largest: Sequence[float], rectifier: Rectifier, changes: dict[str, float | int | bool | None], seed: int
) -> list[InterferenceLayer]:
    """The layers of the optical perceptron with these imperfections."""
    found = []
    for k, (into, outward) in enumerate(pairwise(largest)):
        last = k == len(largest) - 2
        layer = InterferenceLayer(
            largest_input=into,
            largest_output=outward,
            rectifier=None if last else rectifier,
            rectifier_range=RECTIFIER_RANGE,
            bits=_whole(changes.get("bits")),
            phase_error=float(changes.get("phase_error") or 0.0),
            contrast=float(changes.get("contrast") or np.inf),
            level_bits=_whole(changes.get("level_bits")),
            photons=float(changes.get("photons") or np.inf),
            quadratic=bool(changes.get("quadratic")),
            seed=1000 * seed + k,
        )
        found.append(layer)
    return found


def _whole(value: float | int | bool | None) -> int | None:
    return None if value is None else int(value)
