"""The benches of the electro-optic units whose decks are committed."""

from __future__ import annotations

import numpy as np

from circuits.benches.electro_optic import (
    electro_optic_noise_bench,
    electro_optic_response_bench,
    electro_optic_static_bench,
    electro_optic_symbols_bench,
)
from circuits.electro_optic import optmax_unit, optmoid_unit
from circuits.photonic_platform import load_platform
from circuits.testbench import Testbench

WORKING = 0.2
"""Level of small-signal decks (V): on the slope of the rising edge."""


def electro_optic_benches() -> list[Testbench]:
    """One of every bench, and Optmoid's symbols beside Optmax's; random levels, always the same."""
    platform, levels = load_platform("tfln"), np.random.default_rng(0).uniform(-0.2, 0.2, 8).tolist()
    optmax, optmoid = optmax_unit(), optmoid_unit()
    return [
        electro_optic_static_bench(optmax, platform),
        electro_optic_static_bench(optmax_unit(3), platform, name="electro_optic_series"),
        electro_optic_static_bench(optmax, platform, swept="divisor", data=WORKING, name="electro_optic_divisor"),
        electro_optic_symbols_bench(optmax, platform, levels=levels, baud=10e9),
        electro_optic_symbols_bench(
            optmax, platform, levels=levels, baud=10e9, noise_seed=0, name="electro_optic_noisy"
        ),
        electro_optic_symbols_bench(optmoid, platform, levels=levels, baud=10e9, name="electro_optic_swing"),
        electro_optic_response_bench(optmax, platform, data=WORKING),
        electro_optic_noise_bench(optmax, platform, data=WORKING),
    ]
