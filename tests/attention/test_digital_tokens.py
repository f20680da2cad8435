"""Tokens in digital memory beside the cells."""

import dataclasses

import array_api_strict as strict
import numpy as np
import pytest
from test_analog_attention import HARDWARE, MODELS, operands
from test_generation import CUTS, grown
from test_imperfections import EVERYTHING, SCALERS, SMOOTH

from pycosim.attention import (
    AttentionHardware,
    DigitalTokens,
    Imperfections,
    LinearLaw,
    Scaler,
    Scalers,
    analog_attention,
    analog_generation,
    analog_layers,
    dense_arrays,
    factored_arrays,
    ideal_converters,
    linear_models,
    published_models,
)
from pycosim.checks import Array
from pycosim.errors import InputError
from pycosim.models import StorageDecay

LEAKING = published_models(decay=StorageDecay(time_constant=20e-6, final_voltage=0.4))
UNSATURATED = dataclasses.replace(
    linear_models(), signed_charge_to_pulse=ideal_converters(signed_saturation_current=40e-3)[1]
)


def with_digital(hardware: AttentionHardware, first: int = 0, recent: int = 0, **changes: object) -> AttentionHardware:
    return dataclasses.replace(hardware, digital=DigitalTokens(first=first, recent=recent), **changes)


def linear_law(n_tokens: int, low: float = 0.0, causal: bool = True) -> Array:
    q, k, v = (own(x) for own, x in zip((SCALERS.q, SCALERS.k, SCALERS.v), operands(n_tokens), strict=True))
    current_k, current_v = (19.3e-6 * (x.clip(0, 0.9) - 0.45) for x in (k, v))
    phi = np.clip(q.clip(low, 1) @ current_k.swapaxes(-1, -2) / 80e-6, 0, 1)
    return SCALERS.out((np.tril(phi) if causal else phi) @ current_v / 40e-6)


@pytest.mark.parametrize("hardware", [SMOOTH, HARDWARE])
@pytest.mark.parametrize("digital", [{"recent": 40}, {"first": 40}, {"first": 30, "recent": 10}])
def test_all_tokens_digital_are_the_linear_law_whatever_the_cells_are(
    hardware: AttentionHardware, digital: dict[str, int]
) -> None:
    """Longer than the window of 16: digital memory has no window. Decay, levels, mismatch and noise have no part."""
    sizes = with_digital(hardware, **digital)
    arrays = factored_arrays(LEAKING, sizes, imperfections=EVERYTHING)
    found = analog_layers(arrays, [SCALERS])[0](*operands(40))
    np.testing.assert_allclose(found, linear_law(40), rtol=0, atol=1e-12)


@pytest.mark.parametrize("low", [0.0, -1.0])
def test_it_is_the_linear_law_to_all_tokens_and_for_signed_queries(low: float) -> None:
    sizes = with_digital(SMOOTH, first=12, causal=False, signed_queries=low < 0)
    found = analog_attention(LEAKING, sizes, SCALERS)(*operands(12))
    np.testing.assert_allclose(found, linear_law(12, low, causal=False), rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    "digital", [{"recent": 3}, {"first": 5}, {"first": 2, "recent": 11}, {"first": 20, "recent": 1}]
)
def test_on_linear_cells_without_saturation_it_does_not_matter_where_a_token_is(digital: dict[str, int]) -> None:
    sizes = dataclasses.replace(SMOOTH, window=64)
    # a full count of 40 mA, which no tile reaches, in the place of 40 uA
    wide = dataclasses.replace(SCALERS, out=dataclasses.replace(SCALERS.out, a=SCALERS.out.a * 1e3))
    wanted = analog_attention(UNSATURATED, sizes, wide)(*operands(40))
    digital_only = analog_attention(UNSATURATED, with_digital(sizes, first=40), SCALERS)(*operands(40))
    np.testing.assert_allclose(wanted, digital_only, rtol=0, atol=1e-9)
    law = LinearLaw(signed_saturation_current=40e-3)
    same = dataclasses.replace(sizes, digital=DigitalTokens(**digital, law=law))
    found = analog_attention(UNSATURATED, same, wide)(*operands(40))
    np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-9)


def test_digital_tokens_may_have_scalers_of_their_own() -> None:
    """Those of the training, while those of the cells are adapted: all tokens digital, only the offset is theirs."""
    stored = Scaler.constant(2, 0.05, 0.5)
    adapted = Scalers(
        q=Scaler.constant(2, 0.1, 0.2), k=stored, v=stored, out=dataclasses.replace(SCALERS.out, a=[9, 9])
    )
    arrays = factored_arrays(LEAKING, with_digital(SMOOTH, first=40), imperfections=EVERYTHING)
    found = analog_layers(arrays, [adapted], digital_scalers=[SCALERS])[0](*operands(40))
    np.testing.assert_allclose(found, linear_law(40), rtol=0, atol=1e-12)
    some = factored_arrays(LEAKING, with_digital(SMOOTH, first=3, recent=4), imperfections=EVERYTHING)
    whole = analog_layers(some, [adapted], digital_scalers=[SCALERS])[0](*operands(40))
    steps = analog_generation(some, [adapted], digital_scalers=[SCALERS])[0]
    np.testing.assert_allclose(grown(steps, operands(40), (13, 1, 26)), whole, rtol=0, atol=1e-12)
    same, none = (analog_layers(some, [SCALERS], digital_scalers=own)[0](*operands(40)) for own in ([SCALERS], None))
    assert np.array_equal(same, none)
    with pytest.raises(InputError, match="give the hardware digital"):
        analog_layers(factored_arrays(LEAKING, SMOOTH), [SCALERS], digital_scalers=[SCALERS])


def test_the_first_tokens_are_attended_to_beyond_the_window() -> None:
    q, k, v = operands(40)
    other = [x.copy() for x in (k, v)]
    for x in other:
        x[..., 0, :] += 1.0
    for first, is_seen in ((0, False), (1, True)):
        sizes = with_digital(SMOOTH, first=first, recent=1)
        attend = analog_attention(linear_models(), sizes, SCALERS)
        changed = np.abs(attend(q, *other) - attend(q, k, v))[..., 20:, :].max() > 1e-6
        assert changed == is_seen


def test_a_column_in_digital_memory_is_not_read() -> None:
    seen = []
    sizes = with_digital(SMOOTH, first=2, recent=3)
    analog_attention(linear_models(), sizes, SCALERS, observe=seen.append)(*operands(20))
    ages = np.arange(20)[:, None] - np.arange(20)
    is_read = (ages >= 3) & (ages < 16) & (np.arange(20) >= 2)
    assert np.array_equal(seen[0].score_charge[0, 0] != 0, is_read)


@pytest.mark.parametrize(
    ("digital", "flaws", "signed"),
    [
        ({"first": 3}, None, False),
        ({"recent": 5}, EVERYTHING, False),
        ({"first": 3, "recent": 5}, EVERYTHING, True),
        ({"recent": 30}, None, True),
    ],
)
def test_a_text_that_grows_gives_the_whole_text(
    digital: dict[str, int], flaws: Imperfections | None, signed: bool
) -> None:
    """The window wraps twice; first and recent tokens leave and stay as they do in the whole text."""
    sizes = with_digital(SMOOTH, **digital, signed_queries=signed)
    arrays = factored_arrays(LEAKING, sizes, imperfections=flaws)
    whole = analog_layers(arrays, [SCALERS])[0](*operands(40))
    for cuts in CUTS[1:3]:
        found = grown(analog_generation(arrays, [SCALERS])[0], operands(40), cuts)
        np.testing.assert_allclose(found, whole, rtol=0, atol=1e-12)


def test_other_libraries_and_dense_arrays_give_the_same() -> None:
    sizes = with_digital(HARDWARE, first=3, recent=5)
    arrays = factored_arrays(MODELS, sizes, imperfections=EVERYTHING)
    wanted = analog_layers(arrays, [SCALERS])[0](*operands(40))
    x = [strict.asarray(one) for one in operands(40)]
    np.testing.assert_allclose(np.asarray(analog_layers(arrays, [SCALERS])[0](*x)), wanted, rtol=0, atol=1e-12)
    steps = grown_strict(analog_generation(arrays, [SCALERS])[0], x)
    np.testing.assert_allclose(steps, wanted, rtol=0, atol=1e-12)
    smooth = with_digital(SMOOTH, first=3, recent=5)
    dense, fast = (
        analog_attention(MODELS, smooth, SCALERS, arrays=make(MODELS, smooth, imperfections=EVERYTHING))(*operands(40))
        for make in (dense_arrays, factored_arrays)
    )
    assert np.abs(dense - fast).max() < 1e-5


def grown_strict(steps: object, x: list[object]) -> Array:
    parts = [steps.step(*(one[..., a:b, :] for one in x)) for a, b in ((0, 17), (17, 18), (18, 40))]
    return np.concatenate([np.asarray(part) for part in parts], axis=-2)


def test_what_is_kept_does_not_grow_with_the_text() -> None:
    steps = analog_generation(factored_arrays(MODELS, with_digital(HARDWARE, first=2, recent=4)), [SCALERS])[0]
    for _ in range(5):
        steps.step(*operands(20))
    assert steps._digital._kept[0].shape[-2] <= 6


def test_the_cost_is_a_product_of_tokens_and_features() -> None:
    digital = DigitalTokens(first=4, recent=12)
    assert digital.multiply_adds(64) == 2 * 64 * 16
    assert digital.numbers(64) == 2 * 64 * 16


def test_mistakes_are_named() -> None:
    with pytest.raises(InputError, match="found none"):
        DigitalTokens()
    with pytest.raises(InputError, match="recent"):
        DigitalTokens(recent=-1)
    with pytest.raises(InputError, match="recent=0, found 3"):
        with_digital(SMOOTH, recent=3, causal=False)
    with pytest.raises(InputError, match="transconductance"):
        LinearLaw(transconductance=0.0)
