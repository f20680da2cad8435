"""Ideal models without quantisation: analog attention is the arithmetic that it stands for, to rounding."""

import dataclasses

import numpy as np
import pytest

from pycosim.attention import (
    AttentionHardware,
    AttentionTrace,
    Scaler,
    Scalers,
    analog_attention,
    causal_window,
    dense_arrays,
    factored_arrays,
    linear_models,
    published_models,
    tile_index,
)
from pycosim.checks import Array
from pycosim.models import DriftTable, LookupCell, ReadDecay, SignedPulse, StorageDecay

T_MAX = 15e-9
PERIOD = 1e-6
N_HEADS, D_HEAD = 2, 8
IDEAL = AttentionHardware(
    token_period=PERIOD,
    n_input_levels=None,
    n_stored_levels=None,
    n_output_counts=None,
    tile=16,
    window=32,
)
SCALERS = Scalers(
    q=Scaler(a=np.array([0.2, 0.3]), b=np.array([0.5, 0.4])),
    k=Scaler(a=np.array([0.1, 0.12]), b=np.array([0.45, 0.5])),
    v=Scaler(a=np.array([0.1, 0.08]), b=np.array([0.45, 0.4])),
    out=Scaler(a=np.array([2.0, 3.0]), b=np.array([0.1, -0.2])),
)


def operands(n_tokens: int, seed: int = 0) -> tuple[Array, Array, Array]:
    rng = np.random.default_rng(seed)
    q, k, v = rng.standard_normal((3, 2, N_HEADS, n_tokens, D_HEAD)) * 1.5
    return q, k, v


def reference(q: Array, k: Array, v: Array, hardware: AttentionHardware, signed_current: float = 40e-6) -> Array:
    """The linear hardware in currents, straight from the paper: no charges, no models, no blocks."""
    q, k, v = SCALERS.q(q).clip(0, 1), SCALERS.k(k).clip(0, 0.9), SCALERS.v(v).clip(0, 0.9)
    n_tokens = q.shape[-2]
    score = np.einsum("...td,...ud->...tu", q, 19.3e-6 * (k - 0.45))
    phi = np.clip(score / 80e-6, 0, 1) * causal_window(n_tokens, hardware.window)
    tiles = tile_index(n_tokens, hardware.window, hardware.tile)
    total = np.zeros_like(q)
    for tile in np.unique(tiles):
        held = phi * (tiles == tile)
        total += np.clip(np.einsum("...tu,...ud->...td", held, 19.3e-6 * (v - 0.45)) / signed_current, -1, 1)
    return SCALERS.out(total)


@pytest.mark.parametrize("n_tokens", [1, 15, 16, 31, 32, 33, 47, 48, 70, 100])
def test_linear_models_are_the_paper_formula_to_rounding(n_tokens: int) -> None:
    q, k, v = operands(n_tokens)
    attend = analog_attention(linear_models(), IDEAL, SCALERS)
    assert np.abs(attend(q, k, v) - reference(q, k, v, IDEAL)).max() < 1e-12  # of order 1


def test_the_formula_is_exact_in_float64_too() -> None:
    q, k, v = operands(40)
    seen: list[AttentionTrace] = []
    analog_attention(linear_models(), IDEAL, SCALERS, observe=seen.append)(q, k, v)
    assert np.abs(seen[0].out - reference(q, k, v, IDEAL)).max() < 1e-13


def test_without_saturation_tiles_change_nothing() -> None:
    wide = SignedPulse(saturation_charge=1.0 * T_MAX, max_pulse_width=T_MAX)  # 1 A: nothing reaches it
    models = dataclasses.replace(linear_models(), signed_charge_to_pulse=wide)
    one_tile = dataclasses.replace(IDEAL, tile=32)
    q, k, v = operands(32)
    tiled, untiled = (analog_attention(models, hardware, SCALERS)(q, k, v) for hardware in (IDEAL, one_tile))
    assert np.abs(tiled - untiled).max() < 1e-12


def test_a_window_longer_than_the_text_changes_nothing() -> None:
    q, k, v = operands(30)
    longer = dataclasses.replace(IDEAL, window=64)
    short, long = (analog_attention(linear_models(), hardware, SCALERS)(q, k, v) for hardware in (IDEAL, longer))
    np.testing.assert_allclose(short, long, rtol=0, atol=1e-13)  # functions of age are scaled by their number


def test_many_levels_approach_no_quantisation() -> None:
    q, k, v = operands(40)
    exact = analog_attention(linear_models(), IDEAL, SCALERS)(q, k, v)
    errors = []
    for levels in (16, 64, 256):
        fine = dataclasses.replace(IDEAL, n_input_levels=levels, n_stored_levels=levels, n_output_counts=levels)
        error = analog_attention(linear_models(), fine, SCALERS)(q, k, v) - exact
        errors.append(np.sqrt(np.mean(error**2)))
    assert errors[0] > 3 * errors[1] > 9 * errors[2]  # a quarter of the step, about a quarter of the error


def lookup_models() -> dict[str, object]:
    cell = published_models().cell_k
    widths, levels = np.arange(16) * 1e-9, np.linspace(0, 0.9, 8)
    lag = (1 - 0.05 * np.exp(-widths / 3e-9))[:, None] * (1 + 0.03 * levels * widths[:, None] / T_MAX)
    table = LookupCell(pulse_widths=widths, stored_voltages=levels, charges=cell.charge(widths[:, None], levels) * lag)
    ages = np.linspace(0, 64 * PERIOD, 9)
    share = 1 - np.exp(-ages / (40 * PERIOD))[:, None]
    drift = DriftTable(ages=ages, stored_voltages=levels, voltages=levels - share * 0.2 * (levels - 0.3) * (1 + levels))
    return {"table": table, "drift": drift}


CASES = {
    "linear": linear_models(),
    "cubic": published_models(),
    "read decay": published_models(decay=ReadDecay(time_constant=50 * PERIOD)),
    "storage decay": published_models(decay=StorageDecay(time_constant=50 * PERIOD, final_voltage=0.35)),
    "pulse offset": dataclasses.replace(
        published_models(), cell_v=dataclasses.replace(published_models().cell_v, pulse_offset=13e-12)
    ),
    "lookup and drift": dataclasses.replace(
        published_models(decay=lookup_models()["drift"]),
        cell_k=lookup_models()["table"],
        cell_v=lookup_models()["table"],
    ),
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("is_quantised", [True, False])
def test_the_fast_path_equals_the_dense_one(name: str, is_quantised: bool) -> None:
    models = CASES[name]
    levels = {"n_input_levels": 16, "n_stored_levels": 8} if is_quantised else {}
    hardware = dataclasses.replace(IDEAL, **levels)
    tolerance = 1e-7
    fast, dense = factored_arrays(models, hardware, tolerance=tolerance), dense_arrays(models, hardware)
    assert fast.first.max_error <= tolerance * fast.first.full_scale
    q, k, v = operands(40)
    traces: list[AttentionTrace] = []
    for arrays in (fast, dense):
        analog_attention(models, hardware, SCALERS, arrays=arrays, observe=traces.append)(q, k, v)
    kinked = 1 if is_quantised or name != "lookup and drift" else 3  # kinks between the probed voltages
    score_bound = kinked * D_HEAD * fast.first.max_error
    score_error = np.abs(traces[0].score_charge - traces[1].score_charge)[..., causal_window(40, 32)].max()
    assert score_error <= score_bound + 1e-12 * fast.first.full_scale
    steepest = 19.3e-6 * 3  # A, bounds the cells' currents: what an error of a pulse costs in charge
    pulse_error = score_bound * T_MAX / (80e-6 * T_MAX)
    tile_bound = 16 * kinked * (fast.second.max_error + steepest * pulse_error)
    assert np.abs(traces[0].tile_charge - traces[1].tile_charge).max() <= tile_bound + 1e-24
