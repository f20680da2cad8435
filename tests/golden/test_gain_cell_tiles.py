"""Ten 64 x 64 tiles of the authors' own model (GainCellAttention, MIT) through our attention.

The tiles are float32: S, a sum of 64 terms of up to 10 uA, is known to 1e-4 uA, and phi = S / 80 inherits that.
"""

from pathlib import Path

import numpy as np
import pytest

from pycosim.attention import (
    AttentionHardware,
    AttentionTrace,
    Scalers,
    analog_attention,
    factored_arrays,
    published_models,
    token_ages,
)
from pycosim.checks import Array
from pycosim.models import ReadDecay

T_MAX = 15e-9
TOKEN_PERIOD = 1e-6
MICROAMPERE_SECONDS = 1e-6 * T_MAX  # charge of 1 uA over the longest pulse: the unit of S in the tiles
DECAY = ReadDecay(time_constant=TOKEN_PERIOD / 1e-4)
HARDWARE = AttentionHardware(
    token_period=TOKEN_PERIOD,
    n_input_levels=None,
    n_stored_levels=None,
    n_output_counts=None,
    max_pulse_width=T_MAX,
    tile=64,
    window=64,
)
TOLERANCE = 1e-9  # of a cell's full scale: 64 cells of 10 uA give at most 6e-7 uA


@pytest.fixture(scope="module")
def tiles(reference_data: Path) -> dict[str, Array]:
    with np.load(reference_data / "gain_cell_golden" / "tiles_64x64.npz", allow_pickle=False) as stored:
        return {name: stored[name].astype(float) for name in ("Q", "K", "V", "S", "phi_S", "output")}


def run(tiles: dict[str, Array]) -> tuple[AttentionTrace, Array]:
    models = published_models(decay=DECAY)
    arrays = factored_arrays(models, HARDWARE, tolerance=TOLERANCE)
    seen: list[AttentionTrace] = []
    attend = analog_attention(
        models, HARDWARE, Scalers.identity(10), arrays=arrays, observe=seen.append
    )  # ten tiles as ten heads
    out = attend(tiles["Q"], tiles["K"], tiles["V"])
    return seen[0], out


def test_scores_are_those_of_the_authors(tiles: dict[str, Array]) -> None:
    trace, _ = run(tiles)
    assert np.abs(trace.score_charge / MICROAMPERE_SECONDS - tiles["S"]).max() < 2e-4


def test_pulses_and_outputs_are_those_of_the_authors(tiles: dict[str, Array]) -> None:
    trace, out = run(tiles)
    assert np.abs(trace.weight_width / T_MAX - tiles["phi_S"]).max() < 2e-4 / 80
    assert np.abs(out - tiles["output"]).max() < 2.5e-6


def test_each_stage_from_the_authors_own_input_agrees_to_float32(tiles: dict[str, Array]) -> None:
    models = published_models(decay=DECAY)
    arrays = factored_arrays(models, HARDWARE, tolerance=TOLERANCE)
    width = models.charge_to_pulse.pulse_width(tiles["S"] * MICROAMPERE_SECONDS)
    assert np.abs(width / T_MAX - tiles["phi_S"]).max() < 1e-7
    second = arrays.second.on(tiles["V"])
    charge = second.row_charges(tiles["phi_S"] * T_MAX, second.hold(tiles["V"]), second.aged(token_ages(64)))
    out = models.signed_charge_to_pulse.pulse_width(charge) / T_MAX
    assert np.abs(out - tiles["output"]).max() < 1e-6
