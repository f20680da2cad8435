"""The same attention on arrays of another library: here the strict reference of the array API standard."""

import dataclasses

import array_api_strict as strict
import numpy as np
import pytest
from test_analog_attention import HARDWARE, MODELS, SCALERS, operands
from test_imperfections import EVERYTHING

from pycosim.attention import (
    AttentionTrace,
    Imperfections,
    analog_attention,
    analog_generation,
    analog_layers,
    dense_arrays,
    exact_attention,
    factored_arrays,
)
from pycosim.errors import InputError
from pycosim.models import PulseTable


def placed(dtype: type[np.floating], n_tokens: int = 40) -> list[object]:
    return [strict.asarray(x.astype(dtype)) for x in operands(n_tokens)]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("flaws", [None, EVERYTHING])
def test_analog_attention_is_that_of_numpy(dtype: type[np.floating], flaws: Imperfections | None) -> None:
    arrays = factored_arrays(MODELS, HARDWARE, imperfections=flaws)
    wanted = analog_layers(arrays, [SCALERS])[0](*(x.astype(dtype) for x in operands(40)))
    found = analog_layers(arrays, [SCALERS])[0](*placed(dtype))
    assert isinstance(found, type(strict.asarray(1.0)))
    assert np.dtype(str(found.dtype).removeprefix("array_api_strict.")) == dtype
    off = np.abs(np.asarray(found) - wanted) > 1e-6
    assert off.mean() < 1e-3  # a charge within rounding of the border of two counts may fall on either side
    assert not off.any() or dtype == np.float32


def test_exact_attention_is_that_of_numpy() -> None:
    for window in (None, 7):
        found = exact_attention(*placed(np.float64), window=window)
        np.testing.assert_allclose(np.asarray(found), exact_attention(*operands(40), window=window), rtol=1e-13)


def test_steps_watchers_and_measured_tables_work_too() -> None:
    table = PulseTable(charges=np.linspace(-3e-12, 3e-12, 9), pulse_widths=np.linspace(-15e-9, 15e-9, 9) ** 3 / 225e-18)
    models = dataclasses.replace(MODELS, charge_to_pulse=table, signed_charge_to_pulse=table)
    arrays = factored_arrays(models, HARDWARE)
    seen: list[AttentionTrace] = []
    wanted = analog_layers(arrays, [SCALERS])[0](*operands(20))
    found = analog_layers(arrays, [SCALERS], [seen.append])[0](*placed(np.float64, 20))
    assert np.array_equal(np.asarray(found), wanted)
    assert isinstance(seen[0].score_charge, type(found))
    steps = analog_generation(arrays, [SCALERS])[0]
    parts = [steps.step(*(x[..., a:b, :] for x in placed(np.float64, 20))) for a, b in ((0, 18), (18, 20))]
    assert np.array_equal(np.concatenate([np.asarray(part) for part in parts], axis=-2), wanted)


def test_what_needs_numpy_says_so() -> None:
    with pytest.raises(InputError, match="dense reads need NumPy arrays"):
        analog_attention(MODELS, HARDWARE, SCALERS, arrays=dense_arrays(MODELS, HARDWARE))(*placed(np.float64))
    smooth = dataclasses.replace(HARDWARE, n_stored_levels=None)
    with pytest.raises(InputError, match="n_stored_levels"):
        analog_attention(MODELS, smooth, SCALERS)(*placed(np.float64))


def test_values_that_are_not_finite_are_refused() -> None:
    q, k, v = placed(np.float64)
    with pytest.raises(InputError, match="finite"):
        analog_attention(MODELS, HARDWARE, SCALERS)(q * float("nan"), k, v)
