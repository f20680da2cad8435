"""The benches of the interferometer whose decks are committed."""

from __future__ import annotations

import numpy as np

from circuits.benches.interferometer import interferometer_bench, interferometer_noise_bench
from circuits.interferometer import InterferometerParameters
from circuits.photonic_platform import load_platform
from circuits.testbench import Testbench

N_PATHS = 8


def interferometer_benches() -> list[Testbench]:
    """One of every bench, eight paths; random amplitudes and phases, always the same."""
    platform, draw = load_platform("tfln"), np.random.default_rng(0)
    amplitudes, phases = draw.uniform(0, 1, N_PATHS).tolist(), draw.uniform(0, np.pi, N_PATHS).tolist()
    parameters = InterferometerParameters()
    return [
        interferometer_bench(parameters, platform, amplitudes=amplitudes, phases=phases),
        interferometer_noise_bench(parameters, platform, amplitudes=amplitudes, phases=phases),
    ]
