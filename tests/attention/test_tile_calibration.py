"""A gain and an offset of every tile, found beside ideal hardware."""

import dataclasses

import array_api_strict as strict
import numpy as np
import pytest
from test_generation import CUTS, grown
from test_imperfections import EVERYTHING, LEVELLED, MODELS, SCALERS, SMOOTH, operands

from pycosim.attention import (
    AttentionHardware,
    DigitalTokens,
    Imperfections,
    TileCalibration,
    TileFit,
    analog_attention,
    analog_generation,
    analog_layers,
    factored_arrays,
    ideal_converters,
)
from pycosim.attention.blocks import tiles_read
from pycosim.checks import Array
from pycosim.errors import InputError
from pycosim.flows.calibrate_tiles import calibrate_tiles
from pycosim.models import ConverterSpread

N_HEADS, N_TILES, D_HEAD = 2, 2, 8
OFF = ConverterSpread(charge_per_second=8e-6, offset=1e-9, gain=0.1)
SENSITIVE = dataclasses.replace(MODELS, signed_charge_to_pulse=ideal_converters(signed_saturation_current=8e-6)[1])


def calibrated(hardware: AttentionHardware, flaws: Imperfections, **options: bool) -> tuple[Array, Array, Array]:
    """Outputs on ideal hardware, on that with flaws, and on the latter calibrated with the same text."""
    ideal = factored_arrays(SENSITIVE, hardware)
    found = factored_arrays(SENSITIVE, hardware, imperfections=flaws)
    x = operands(40)
    lines = calibrate_tiles(lambda layers: layers[0](*x), ideal, found, [SCALERS], **options)
    return (
        analog_layers(ideal, [SCALERS])[0](*x),
        analog_layers(found, [SCALERS])[0](*x),
        analog_layers(found, [SCALERS], calibrations=lines)[0](*x),
    )


@pytest.mark.parametrize(
    "changes", [{}, {"causal": False, "window": 40}, {"digital": DigitalTokens(first=2, recent=3)}]
)
def test_offsets_and_gains_of_read_outs_are_taken_out_whole(changes: dict[str, object]) -> None:
    """They are a line per feature of each tile, and that is what is fitted."""
    hardware = dataclasses.replace(SMOOTH, **changes)
    ideal, found, mended = calibrated(hardware, Imperfections(seed=1, second=OFF))
    assert np.abs(found - ideal).max() > 1e-2
    np.testing.assert_allclose(mended, ideal, rtol=0, atol=1e-9)


def test_one_line_per_tile_takes_out_what_its_features_share() -> None:
    shares = np.full((8, 8), 0.8)
    ideal, found, mended = calibrated(SMOOTH, Imperfections(seed=0, value_shares=shares), by_feature=False)
    assert np.abs(found - ideal).max() > 1e-2
    np.testing.assert_allclose(mended, ideal, rtol=0, atol=1e-9)


def test_it_never_makes_the_squared_error_of_its_text_worse() -> None:
    """Least squares of each tile; the sum over tiles is not fitted, but its error shrinks with theirs here."""
    for hardware in (SMOOTH, LEVELLED):
        ideal, found, mended = calibrated(hardware, EVERYTHING)
        assert np.square(mended - ideal).mean() < np.square(found - ideal).mean()


def test_a_calibration_that_changes_nothing_changes_no_count() -> None:
    nothing = TileCalibration(gain=np.ones((N_HEADS, N_TILES, 1)), offset=np.zeros((N_HEADS, N_TILES, 1)))
    for hardware in (SMOOTH, LEVELLED):
        arrays = factored_arrays(MODELS, hardware)
        plain, same = (
            analog_layers(arrays, [SCALERS], calibrations=own)[0](*operands(20)) for own in (None, [nothing])
        )
        np.testing.assert_allclose(same, plain, rtol=0, atol=1e-14)
    assert nothing.numbers == 2 * N_TILES


@pytest.mark.parametrize("cuts", CUTS[1:3])
@pytest.mark.parametrize("digital", [None, DigitalTokens(first=3, recent=4)])
def test_a_text_that_grows_gives_the_whole_text(cuts: tuple[int, ...], digital: DigitalTokens | None) -> None:
    rng = np.random.default_rng(0)
    gain, offset = 1 + 0.1 * rng.standard_normal((2, N_HEADS, N_TILES, D_HEAD))
    lines = [TileCalibration(gain=gain, offset=offset - 1)]
    sizes = dataclasses.replace(SMOOTH, digital=digital, signed_queries=digital is not None)
    arrays = factored_arrays(MODELS, sizes, imperfections=EVERYTHING)
    whole = analog_layers(arrays, [SCALERS], calibrations=lines)[0](*operands(40))
    found = grown(analog_generation(arrays, [SCALERS], lines)[0], operands(40), cuts)
    np.testing.assert_allclose(found, whole, rtol=0, atol=1e-12)
    x = [strict.asarray(one) for one in operands(40)]
    other = np.asarray(analog_layers(arrays, [SCALERS], calibrations=lines)[0](*x))
    np.testing.assert_allclose(other, whole, rtol=0, atol=1e-12)


def test_a_tile_that_is_not_read_adds_no_offset() -> None:
    lines = TileCalibration(gain=np.ones((N_HEADS, N_TILES, 1)), offset=np.full((N_HEADS, N_TILES, 1), 0.5))
    for hardware, n_tokens in (
        (SMOOTH, 40),
        (dataclasses.replace(SMOOTH, causal=False), 11),
        (dataclasses.replace(SMOOTH, digital=DigitalTokens(first=9, recent=2)), 40),
    ):
        plain, more = (
            analog_attention(MODELS, hardware, SCALERS, calibration=own)(*operands(n_tokens)) for own in (None, lines)
        )
        n_read = tiles_read(n_tokens, hardware).sum(axis=0)
        wanted = np.broadcast_to(1.5 * 0.5 * n_read[:, None], plain.shape)
        np.testing.assert_allclose(more - plain, wanted, rtol=0, atol=1e-12)


def test_sums_of_several_texts_are_the_fit_of_all() -> None:
    rng = np.random.default_rng(2)
    x = rng.standard_normal((N_TILES, 4, N_HEADS, 6, D_HEAD))
    y = 0.7 * x + 0.2 + 0.1 * rng.standard_normal(x.shape)
    whole, parts = TileFit(), TileFit()
    read = np.ones((N_TILES, 6), dtype=bool)
    whole.add(x, y, read)
    for part in range(4):
        parts.add(x[:, part], y[:, part], read)
    np.testing.assert_allclose(parts.result().gain, whole.result().gain, rtol=1e-12)
    wanted = np.polyfit(x[1, :, 0, :, 3].ravel(), y[1, :, 0, :, 3].ravel(), 1)
    found = whole.result().gain[0, 1, 3], whole.result().offset[0, 1, 3]
    np.testing.assert_allclose(found, wanted, rtol=1e-9)


def test_what_never_moves_gets_an_offset_alone() -> None:
    fit = TileFit()
    read = np.array([[True] * 5, [False] * 5])
    fit.add(np.full((N_TILES, N_HEADS, 5, 3), 0.25), np.full((N_TILES, N_HEADS, 5, 3), 0.75), read)
    found = fit.result()
    assert np.array_equal(found.gain, np.ones((N_HEADS, N_TILES, 3)))
    np.testing.assert_allclose(found.offset[:, 0], 0.5)
    assert (found.offset[:, 1] == 0).all()  # nobody read it


def test_mistakes_are_named() -> None:
    with pytest.raises(InputError, match="found none"):
        TileFit().result()
    with pytest.raises(InputError, match="must be alike"):
        TileCalibration(gain=np.ones((2, 2, 1)), offset=np.ones((2, 2, 8)))
    lines = TileCalibration(gain=np.ones((3, 2, 1)), offset=np.ones((3, 2, 1)))
    with pytest.raises(InputError, match="2 heads with 2 tiles of 8 features"):
        analog_attention(MODELS, SMOOTH, SCALERS, calibration=lines)(*operands(5))
    arrays = [factored_arrays(MODELS, dataclasses.replace(SMOOTH, tile=tile)) for tile in (8, 16)]
    with pytest.raises(InputError, match="same tile and window"):
        calibrate_tiles(lambda layers: None, *arrays, [SCALERS])
    with pytest.raises(InputError, match="give it a text"):
        calibrate_tiles(lambda layers: None, arrays[0], arrays[0], [SCALERS])
