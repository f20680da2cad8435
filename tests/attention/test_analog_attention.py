import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pycosim.attention import (
    AttentionHardware,
    AttentionTrace,
    Scaler,
    Scalers,
    analog_attention,
    analog_layers,
    dense_arrays,
    factored_arrays,
    ideal_converters,
    linear_models,
    published_models,
)
from pycosim.checks import Array
from pycosim.errors import DomainError, InputError
from pycosim.models import PulseTable, SignedPulse, StorageDecay

HARDWARE = AttentionHardware(token_period=1e-6, tile=8, window=16)
SCALERS = Scalers(
    q=Scaler.constant(2, 0.25, 0.4),
    k=Scaler.constant(2, 0.2, 0.45),
    v=Scaler.constant(2, 0.2, 0.45),
    out=Scaler.constant(2, 1.5, 0.1),
)
FIRST, SECOND = ideal_converters(saturation_current=15e-6, signed_saturation_current=3e-6)  # for small operands
MODELS = dataclasses.replace(
    published_models(decay=StorageDecay(time_constant=1e-4, final_voltage=0.4)),
    charge_to_pulse=FIRST,
    signed_charge_to_pulse=SECOND,
)
ATTEND = analog_attention(MODELS, HARDWARE, SCALERS)


def operands(n_tokens: int, seed: int = 0, d_head: int = 8) -> tuple[Array, Array, Array]:
    q, k, v = np.random.default_rng(seed).standard_normal((3, 3, 2, n_tokens, d_head))
    return q, k, v


def seen_by(models: object, scalers: Scalers, n_tokens: int) -> AttentionTrace:
    traces: list[AttentionTrace] = []
    analog_attention(models, HARDWARE, scalers, observe=traces.append)(*operands(n_tokens))
    return traces[0]


def test_the_result_has_the_operands_shape_and_type() -> None:
    q, k, v = (x.astype(np.float32) for x in operands(20))
    assert ATTEND(q, k, v).shape == q.shape
    assert ATTEND(q, k, v).dtype == np.float32
    assert np.array_equal(ATTEND(q[0], k[0], v[0]), ATTEND(q, k, v)[0])


def test_the_sum_of_tile_counts_is_a_whole_number_of_fifteenths() -> None:
    counts = (ATTEND(*operands(30)) - 0.1) / 1.5 * 15
    assert np.abs(counts - np.rint(counts)).max() < 1e-4
    assert np.abs(counts).max() <= 30  # two tiles
    assert np.unique(np.rint(counts)).size > 10


@settings(max_examples=20, deadline=None)
@given(changed=st.integers(0, 39), seed=st.integers(0, 100))
def test_a_later_token_changes_no_earlier_output_and_an_old_one_none_beyond_the_window(changed: int, seed: int) -> None:
    q, k, v = operands(40, seed)
    before = ATTEND(q, k, v)
    for x in (q, k, v):
        x[..., changed, :] = 3.0 - x[..., changed, :]
    after = ATTEND(q, k, v)
    assert np.array_equal(before[..., :changed, :], after[..., :changed, :])
    beyond = slice(changed + HARDWARE.window, None)
    assert np.array_equal(before[..., beyond, :], after[..., beyond, :])


def test_the_last_token_of_the_window_still_counts() -> None:
    q, k, v = operands(40)
    before = ATTEND(q, k, v)
    v[..., 10, :] = 3.0
    k[..., 10, :] = 3.0
    after = ATTEND(q, k, v)
    assert not np.array_equal(before[..., 25, :], after[..., 25, :])
    assert np.array_equal(before[..., 26:, :], after[..., 26:, :])


def test_heads_are_computed_apart() -> None:
    q, k, v = operands(20)
    before = ATTEND(q, k, v)
    k[:, 0] = 0.0
    assert np.array_equal(before[:, 1], ATTEND(q, k, v)[:, 1])


def test_each_head_has_its_own_scalers() -> None:
    uneven = dataclasses.replace(SCALERS, k=Scaler(a=np.array([0.2, 0.1]), b=np.array([0.45, 0.5])))
    found = analog_attention(MODELS, HARDWARE, uneven)(*operands(20))
    assert np.array_equal(found[:, 0], ATTEND(*operands(20))[:, 0])
    assert not np.array_equal(found[:, 1], ATTEND(*operands(20))[:, 1])


def test_a_trace_shows_the_stages() -> None:
    trace = seen_by(MODELS, SCALERS, 20)
    q, k, _ = operands(20)
    assert np.allclose(trace.q, 0.25 * q + 0.4)
    assert np.allclose(trace.k, 0.2 * k + 0.45)
    assert trace.score_charge.shape == trace.weight_width.shape == (3, 2, 20, 20)
    assert trace.tile_charge.shape == (2, 3, 2, 20, 8)
    assert (trace.weight_width[..., *np.triu_indices(20, 1)] == 0).all()
    expected = MODELS.charge_to_pulse.pulse_width(trace.score_charge)
    assert np.array_equal(trace.weight_width, expected)
    assert trace.clipped["q"] == np.mean((trace.q < 0) | (trace.q > 1)) > 0


def test_observing_changes_nothing() -> None:
    trace = seen_by(MODELS, SCALERS, 40)
    assert np.array_equal(trace.out, ATTEND(*operands(40)))


def test_a_tile_that_holds_nothing_yet_adds_nothing() -> None:
    """A read-out with an offset counts even without charge; an empty tile must not."""
    offset = SignedPulse(saturation_charge=6e-13, max_pulse_width=15e-9, offset=-3e-13)
    models = dataclasses.replace(linear_models(), signed_charge_to_pulse=offset)
    silent = dataclasses.replace(SCALERS, q=Scaler.constant(2, 0.0, 0.0))
    out = (seen_by(models, silent, 20).out - 0.1) / 1.5
    assert np.allclose(out[..., :8, :], 8 / 15)  # one tile, half of full scale: 7.5 counts, rounded to even
    assert np.allclose(out[..., 8:, :], 16 / 15)


def test_columns_that_are_not_read_send_no_pulse() -> None:
    """Converters that pulse without charge must not drive the cells of later tokens."""
    table = PulseTable(charges=[-1e-10, 1e-10], pulse_widths=[5e-9, 5e-9])
    models = dataclasses.replace(linear_models(), charge_to_pulse=table)
    trace = seen_by(models, SCALERS, 5)
    assert np.array_equal(trace.weight_width > 0, np.broadcast_to(np.tri(5, dtype=bool), (3, 2, 5, 5)))


def test_clipped_charges_of_a_measured_converter_are_counted() -> None:
    table = PulseTable(charges=[-1e-13, 0, 1e-13], pulse_widths=[0, 0, 2e-9], outside="clip")
    models = dataclasses.replace(linear_models(), charge_to_pulse=table)
    analog_attention(models, HARDWARE, SCALERS)(*operands(20))
    assert 0 < table.clips.fraction < 1
    strict = dataclasses.replace(models, charge_to_pulse=dataclasses.replace(table, outside="raise"))
    with pytest.raises(DomainError, match="charge"):
        analog_attention(strict, HARDWARE, SCALERS)(*operands(20))


def test_layers_share_the_arrays() -> None:
    arrays = factored_arrays(MODELS, HARDWARE)
    seen: list[int] = []
    observers = [lambda trace, layer=layer: seen.append(layer) for layer in range(2)]
    layers = analog_layers(arrays, [SCALERS, Scalers.initial(2)], observers)
    results = [attend(*operands(20)) for attend in layers]
    assert seen == [0, 1]
    assert np.array_equal(results[0], ATTEND(*operands(20)))
    assert np.array_equal(analog_layers(arrays, [SCALERS])[0](*operands(20)), results[0])


def test_quantised_dense_and_fast_give_the_same_counts() -> None:
    dense = analog_attention(MODELS, HARDWARE, SCALERS, arrays=dense_arrays(MODELS, HARDWARE))
    assert np.array_equal(dense(*operands(40)), ATTEND(*operands(40)))


def test_mistakes_are_named() -> None:
    q, k, v = operands(5)
    with pytest.raises(InputError, match="scalers are for 2 heads, found operands of 1"):
        ATTEND(q[:, :1], k[:, :1], v[:, :1])
    with pytest.raises(InputError, match="finite"):
        ATTEND(q * np.nan, k, v)
    with pytest.raises(InputError, match="same models and hardware"):
        analog_attention(linear_models(), HARDWARE, SCALERS, arrays=factored_arrays(MODELS, HARDWARE))
    with pytest.raises(InputError, match="multiple of the tile, 8 tokens, found 12"):
        dataclasses.replace(HARDWARE, window=12)
    with pytest.raises(InputError, match="one number per head"):
        Scaler(a=np.ones(2), b=np.ones(3))
    with pytest.raises(InputError, match="same number of heads"):
        dataclasses.replace(SCALERS, q=Scaler.constant(3, 1.0, 0.0))
    with pytest.raises(DomainError, match="stored_voltage"):
        factored_arrays(MODELS, dataclasses.replace(HARDWARE, stored_high=1.2))
