"""A feature of a key on several rows of its array."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pycosim.attention import (
    AttentionHardware,
    DigitalTokens,
    Imperfections,
    Scalers,
    analog_attention,
    factored_arrays,
)
from pycosim.attention.generation import analog_generation
from pycosim.attention.published import ideal_converters, linear_models, published_cell
from pycosim.errors import InputError
from pycosim.models.spread import CellDeviation

HARDWARE = AttentionHardware(token_period=0.0, tile=16, window=32)
N_HEADS, N_TOKENS, D_HEAD = 2, 40, 8


def operands(seed: int = 0) -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(seed)
    shape = (N_HEADS, N_TOKENS, D_HEAD)
    return rng.uniform(0, 1, shape), rng.uniform(0, 0.9, shape), rng.uniform(0, 0.9, shape)


def test_eight_rows_are_a_converter_that_takes_an_eighth() -> None:
    models, scalers = linear_models(), Scalers.identity(N_HEADS)
    eighth = replace(models, charge_to_pulse=ideal_converters(saturation_current=10e-6)[0])
    rows = analog_attention(models, replace(HARDWARE, rows_per_feature=8), scalers)(*operands())
    same = analog_attention(eighth, HARDWARE, scalers)(*operands())
    np.testing.assert_allclose(rows, same, atol=1e-12)  # one rounding of a charge apart; counts are the same
    assert np.abs(rows - analog_attention(models, HARDWARE, scalers)(*operands())).max() > 0.1


def test_generation_reads_the_same_rows() -> None:
    arrays = factored_arrays(linear_models(), replace(HARDWARE, rows_per_feature=4))
    scalers = Scalers.identity(N_HEADS)
    whole = analog_attention(arrays.models, arrays.hardware, scalers, arrays=arrays)(*operands())
    (steps,) = analog_generation(arrays, [scalers])
    found = [steps.step(*(x[:, t : t + 1] for x in operands())) for t in range(N_TOKENS)]
    np.testing.assert_allclose(np.concatenate(found, axis=-2), whole, atol=1e-12)


def test_mismatch_of_a_score_shrinks_with_the_root_of_the_rows() -> None:
    cell = CellDeviation(name="charge", sigma=0.05, sensitivity=published_cell())
    models, scalers = linear_models(), Scalers.identity(N_HEADS)

    def deviation(rows: int) -> float:
        hardware = replace(HARDWARE, rows_per_feature=rows)
        seen: list[np.ndarray] = []
        for flaws in (None, Imperfections(seed=3, cells=(cell,))):
            arrays = factored_arrays(models, hardware, imperfections=flaws)
            analog_attention(
                models, hardware, scalers, arrays=arrays, observe=lambda trace: seen.append(trace.score_charge)
            )(*operands())
        return float(np.std(seen[1] - seen[0])) / rows  # of one row's charge

    # the same normal numbers, scaled: exact but for what the factors of the reads leave out, 1e-7 of a charge
    assert deviation(16) == pytest.approx(deviation(1) / 4, rel=1e-4)


def test_rows_and_digital_tokens_exclude_each_other() -> None:
    with pytest.raises(InputError, match="rows_per_feature"):
        replace(HARDWARE, rows_per_feature=2, digital=DigitalTokens(first=1))
    with pytest.raises(InputError, match="rows_per_feature"):
        replace(HARDWARE, rows_per_feature=0)
