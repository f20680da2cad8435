"""Parts that differ, and noise: what they do to attention, and that they are reproducible."""

import dataclasses

import numpy as np
import pytest

from pycosim.attention import (
    AttentionHardware,
    AttentionTrace,
    Imperfections,
    Scaler,
    Scalers,
    analog_attention,
    analog_layers,
    dense_arrays,
    factored_arrays,
    linear_models,
)
from pycosim.checks import Array
from pycosim.errors import InputError
from pycosim.models import CellDeviation, ConverterSpread, LookupCell

T_MAX, TILE, WINDOW, D_HEAD = 15e-9, 8, 16, 8
LEVELLED = AttentionHardware(token_period=1e-6, tile=TILE, window=WINDOW)
SMOOTH = dataclasses.replace(LEVELLED, n_input_levels=None, n_stored_levels=None, n_output_counts=None)
SCALERS = Scalers(
    q=Scaler.constant(2, 0.25, 0.4),
    k=Scaler.constant(2, 0.2, 0.45),
    v=Scaler.constant(2, 0.2, 0.45),
    out=Scaler.constant(2, 1.5, 0.1),
)
MODELS = linear_models()
WIDTHS, VOLTS = np.linspace(0, T_MAX, 4), np.linspace(0, 0.9, 8)
CELLS = (
    CellDeviation(
        name="threshold",
        sigma=10e-3,
        sensitivity=LookupCell(pulse_widths=WIDTHS, stored_voltages=VOLTS, charges=-30e-6 * WIDTHS[:, None] * VOLTS),
    ),
    CellDeviation(
        name="write noise",
        sigma=5e-3,
        sensitivity=LookupCell(
            pulse_widths=WIDTHS, stored_voltages=VOLTS, charges=19.3e-6 * WIDTHS[:, None] * np.ones(8)
        ),
        is_written=True,
    ),
)
FIRST = ConverterSpread(charge_per_second=80e-6, offset=0.3e-9, gain=0.03, noise=0.1e-9, charge_noise=3e-15)
SECOND = ConverterSpread(charge_per_second=40e-6, offset=0.3e-9, gain=0.03, noise=0.1e-9)
EVERYTHING = Imperfections(
    seed=3,
    cells=CELLS,
    first=FIRST,
    second=SECOND,
    key_shares=np.linspace(0.9, 1, TILE * D_HEAD).reshape(TILE, D_HEAD),
    value_shares=np.full((TILE, D_HEAD), 0.97),
)


def operands(n_tokens: int, n_sequences: int = 6) -> tuple[Array, Array, Array]:
    q, k, v = np.random.default_rng(0).standard_normal((3, n_sequences, 2, n_tokens, D_HEAD)) * 0.8
    return q, k, v


def run(flaws: Imperfections | None, n_tokens: int = 20, hardware: AttentionHardware = LEVELLED) -> Array:
    arrays = factored_arrays(MODELS, hardware, imperfections=flaws)
    return analog_layers(arrays, [SCALERS])[0](*operands(n_tokens))


def trace(flaws: Imperfections | None, n_tokens: int = 20, layer: int = 0) -> AttentionTrace:
    seen: list[AttentionTrace] = []
    arrays = factored_arrays(MODELS, SMOOTH, imperfections=flaws)
    analog_attention(MODELS, SMOOTH, SCALERS, arrays=arrays, observe=seen.append, layer=layer)(*operands(n_tokens))
    return seen[0]


@pytest.mark.parametrize("hardware", [LEVELLED, SMOOTH])
def test_imperfections_of_size_zero_change_no_bit(hardware: AttentionHardware) -> None:
    nothing = Imperfections(
        seed=0,
        cells=tuple(dataclasses.replace(cell, sigma=0.0) for cell in CELLS),
        first=ConverterSpread(charge_per_second=80e-6),
        second=ConverterSpread(charge_per_second=40e-6),
        key_shares=np.ones((TILE, D_HEAD)),
        value_shares=np.ones((TILE, D_HEAD)),
    )
    assert np.array_equal(run(nothing, hardware=hardware), run(None, hardware=hardware))
    assert np.array_equal(run(Imperfections(seed=0), hardware=hardware), run(None, hardware=hardware))


def test_a_seed_gives_the_same_hardware_again_and_another_seed_another() -> None:
    assert np.array_equal(run(EVERYTHING), run(EVERYTHING))
    assert not np.array_equal(run(EVERYTHING), run(dataclasses.replace(EVERYTHING, seed=4)))


@pytest.mark.parametrize("cuts", [(1, 2, 3, 4, 5), (4,), (2, 3)])
def test_batches_change_nothing(cuts: tuple[int, ...]) -> None:
    """Each sequence has noise of its own, in whichever batch it comes."""
    attend = analog_layers(factored_arrays(MODELS, SMOOTH, imperfections=EVERYTHING), [SCALERS])[0]
    parts = [np.split(x, cuts) for x in operands(20)]
    found = np.concatenate([attend(*part) for part in zip(*parts, strict=True)])
    # matrix products of other shapes are summed in another order
    np.testing.assert_allclose(found, run(EVERYTHING, hardware=SMOOTH), rtol=0, atol=1e-6)


def test_every_sequence_meets_the_same_parts_but_other_noise() -> None:
    one = [x[:1] for x in operands(12)]
    twice = [np.concatenate([x, x]) for x in one]
    for flaws, is_same in (
        (Imperfections(seed=0, cells=CELLS[:1], first=dataclasses.replace(FIRST, noise=0, charge_noise=0)), True),
        (EVERYTHING, False),
    ):
        attend = analog_layers(factored_arrays(MODELS, SMOOTH, imperfections=flaws), [SCALERS])[0]
        first, second = attend(*twice)
        assert np.array_equal(first, second) == is_same


def test_layers_have_parts_of_their_own() -> None:
    flaws = Imperfections(seed=0, cells=CELLS[:1])
    assert not np.array_equal(trace(flaws).score_charge, trace(flaws, layer=1).score_charge)


def test_a_token_meets_the_parts_of_its_slot_again_after_a_window() -> None:
    """Token 16 overwrites slot 0: the same operand there has the same deviation."""
    flaws = Imperfections(seed=0, cells=CELLS[:1])
    arrays = [factored_arrays(MODELS, SMOOTH, imperfections=f) for f in (flaws, None)]
    x = np.random.default_rng(1).standard_normal((1, 2, WINDOW, D_HEAD))
    x = np.concatenate([x, x], axis=-2)
    seen: list[AttentionTrace] = []
    for one in arrays:
        analog_attention(MODELS, SMOOTH, SCALERS, arrays=one, observe=seen.append)(x, x, x)
    extra = seen[0].score_charge - seen[1].score_charge
    own = np.arange(WINDOW)
    assert np.allclose(extra[..., own, own], extra[..., own + WINDOW, own + WINDOW], rtol=1e-9, atol=1e-22)
    assert np.abs(extra[..., own, own]).min() > 0


def test_the_spread_of_a_score_is_the_closed_form() -> None:
    """sigma(S)^2 = sum over the features of (sigma dQ/dp)^2, over many cells."""
    n_tokens = WINDOW
    spread = []
    ideal = trace(None, n_tokens)
    for seed in range(12):
        found = trace(Imperfections(seed=seed, cells=CELLS), n_tokens)
        spread.append(found.score_charge - ideal.score_charge)
    widths = np.clip(ideal.q, 0, 1)[..., :, None, :] * T_MAX
    volts = np.clip(ideal.k, 0, 0.9)[..., None, :, :]
    variance = sum(np.square(cell.sigma * cell.sensitivity.charge(widths, volts)).sum(-1) for cell in CELLS)
    normal = (np.array(spread) / np.sqrt(variance))[..., np.tri(n_tokens, dtype=bool)]
    # 12 dies x 2 heads x 16 columns are independent: a standard deviation to 3.6 %
    assert normal.std() == pytest.approx(1.0, abs=0.11)


def test_offset_gain_and_noise_of_the_first_converters_are_the_given_ones() -> None:
    ideal = trace(None, WINDOW).score_charge[..., np.tri(WINDOW, dtype=bool)]
    flaws = Imperfections(seed=0, first=ConverterSpread(charge_per_second=80e-6, noise=0.1e-9, charge_noise=6e-15))
    noise = trace(flaws, WINDOW).score_charge[..., np.tri(WINDOW, dtype=bool)] - ideal
    # 1632 conversions: 1.8 %, three of these
    assert noise.std() == pytest.approx(np.hypot(80e-6 * 0.1e-9, 6e-15), rel=0.055)
    flaws = Imperfections(seed=0, first=ConverterSpread(charge_per_second=80e-6, offset=0.3e-9, gain=0.03))
    q, k, v = (np.concatenate([x, -x]) for x in operands(WINDOW))
    seen: list[AttentionTrace] = []
    for own in (flaws, None):
        arrays = factored_arrays(MODELS, SMOOTH, imperfections=own)
        analog_attention(MODELS, SMOOTH, SCALERS, arrays=arrays, observe=seen.append)(q, k, v)
    last = [s.score_charge[..., -1, :] for s in seen]  # (sequence, head, column), one charge per sequence
    fits = np.array([np.polyfit(last[1][:, h, c], last[0][:, h, c], 1) for h in range(2) for c in range(WINDOW)])
    # 32 columns: a standard deviation to 12.5 %
    assert fits[:, 0].std() == pytest.approx(0.03, rel=0.4)
    assert fits[:, 1].std() == pytest.approx(80e-6 * 0.3e-9, rel=0.4)


def test_shares_scale_the_charge_of_each_cell() -> None:
    shares = np.zeros((TILE, D_HEAD))
    shares[:, 2] = 1.0
    q, k, v = operands(12)
    only = (np.arange(D_HEAD) == 2) * 1.0
    seen: list[AttentionTrace] = []
    for flaws, inputs in ((Imperfections(seed=0, key_shares=shares), q), (None, (q - -1.6) * only - 1.6)):
        arrays = factored_arrays(MODELS, SMOOTH, imperfections=flaws)  # q = -1.6 is no pulse: 0.25 x -1.6 + 0.4
        analog_attention(MODELS, SMOOTH, SCALERS, arrays=arrays, observe=seen.append)(inputs, k, v)
    np.testing.assert_allclose(seen[0].score_charge, seen[1].score_charge, rtol=1e-9, atol=1e-25)


def test_the_fast_path_equals_the_dense_one() -> None:
    found = [
        analog_attention(MODELS, SMOOTH, SCALERS, arrays=make(MODELS, SMOOTH, imperfections=EVERYTHING))(*operands(40))
        for make in (factored_arrays, dense_arrays)
    ]
    assert np.abs(found[0] - found[1]).max() < 1e-5


def test_no_column_that_is_not_read_sends_a_pulse() -> None:
    found = trace(EVERYTHING)
    hidden = ~np.tri(20, dtype=bool)
    assert (found.weight_width[..., hidden] == 0).all()
    assert (found.score_charge[..., hidden] == 0).all()


def test_mistakes_are_named() -> None:
    with pytest.raises(InputError, match="one row per token of a tile, 8, found"):
        factored_arrays(MODELS, LEVELLED, imperfections=Imperfections(seed=0, key_shares=np.ones((4, D_HEAD))))
    with pytest.raises(InputError, match="seed"):
        Imperfections(seed=-1)
