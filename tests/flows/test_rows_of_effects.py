"""The rows of the table of effects, and the transformer on them."""

import dataclasses

import numpy as np
import pytest

from pycosim.attention import AttentionHardware, linear_models, published_models
from pycosim.errors import InputError
from pycosim.evaluate.accuracy import Accuracy
from pycosim.flows.effect_accuracy import Comparison, EffectPlan, EffectResult, effect_results
from pycosim.flows.effect_limits import Curve, Sweep, sweep_losses, sweeps_of
from pycosim.flows.effects import IDEAL, TOGETHER, TYPICAL, ConverterPair, MeasuredEffects, effects
from pycosim.flows.progress import SilentProgress
from pycosim.flows.workload import load_workload
from pycosim.models import CellDeviation, ConverterSpread, LookupCell, Transfer
from pycosim.models.stored_levels import StoredLevels
from pycosim.models.wire_loss import WireLoss

WIDTHS, LEVELS = np.linspace(0, 15e-9, 4), np.linspace(0, 0.9, 8)
STORED = CellDeviation(
    name="stored voltage",
    sigma=0.6e-3,
    sensitivity=LookupCell(pulse_widths=WIDTHS, stored_voltages=LEVELS, charges=19.3e-6 * WIDTHS[:, None] * np.ones(8)),
    is_written=True,
)


def pair(**spread: float) -> ConverterPair:
    return ConverterPair(
        first=ConverterSpread(charge_per_second=80e-6, **spread),
        second=ConverterSpread(charge_per_second=40e-6, **spread),
    )


WRITTEN = StoredLevels(voltages=LEVELS + 2e-3, full_scale=0.9)
FULL = MeasuredEffects(
    typical=published_models(),
    conditions={"hot": linear_models()},
    cells=(dataclasses.replace(STORED, name="threshold", is_written=False),),
    write_noise=STORED,
    untrimmed=pair(offset=1e-9, gain=0.05),
    trimmed=pair(offset=0.05e-9),
    noise=pair(noise=0.02e-9),
    wire_loss=WireLoss(n_rows=64, n_columns=64, word_line=0.03, bit_line=0.01),
    levels=WRITTEN,
    levels_in_cell=WRITTEN,
    pulses=Transfer(meant=WIDTHS, arrived=WIDTHS * 0.99),
)
PLAN = EffectPlan(n_dies=2, steps=1, n_sequences=1)
HARDWARE = AttentionHardware(token_period=60e-9)


def test_every_measured_effect_has_a_row_and_what_was_not_measured_has_none() -> None:
    names = [row.name for row in effects(FULL, seed=0)]
    assert names[0] == IDEAL
    assert len(names) == len(set(names)) == 17
    bare = [row.name for row in effects(MeasuredEffects(typical=linear_models()), seed=0)]
    assert bare == [
        IDEAL,
        "quantisation",
        "cell non-linearity",
        "converter non-linearity",
        "decay",
        TYPICAL,
        TOGETHER,
    ]


def test_all_together_has_every_effect() -> None:
    together = {row.name: row for row in effects(FULL, seed=7)}[TOGETHER]
    flaws = together.imperfections
    assert flaws is not None
    assert together.quantised and together.is_random
    assert flaws.seed == 7
    assert [cell.name for cell in flaws.cells] == ["threshold", "stored voltage"]
    assert flaws.first == ConverterSpread(charge_per_second=80e-6, offset=0.05e-9, noise=0.02e-9)
    # rows are features in the array of keys, and tokens in the array of values: the shares are (token, feature)
    assert flaws.key_shares[0, 0] == flaws.value_shares[0, 0]
    assert np.array_equal(flaws.key_shares, flaws.value_shares.T)
    # the cell's own charges contain the write error already
    cell = together.models.cell_k
    assert cell.charge(10e-9, 0.3) == pytest.approx(float(published_models().cell_k.charge(9.9e-9, 0.3)), rel=1e-9)


def test_the_transformer_runs_on_every_row() -> None:
    workload = load_workload(256)
    rows = effects(FULL, seed=0)
    results = {r.effect.name: r for r in effect_results(rows, workload, HARDWARE, PLAN, SilentProgress())}
    assert list(results) == [row.name for row in rows]
    ideal = results[IDEAL]
    assert ideal.trained.difference == ideal.adapted.difference == 0
    untrimmed = results["mismatch of converters, untrimmed"]
    assert untrimmed.trained.accuracy.perplexity > 1.2 * ideal.trained.accuracy.perplexity
    assert untrimmed.die_deviation is not None and untrimmed.die_deviation > 0
    # the condition's circuits are linear here, so that only the levels are left
    assert results["hot"].trained.difference == results["quantisation"].trained.difference
    assert results["decay"].trained.difference == 0
    typical = results[TYPICAL]
    assert typical.typical == typical.adapted
    assert typical.adapted.difference < typical.trained.difference
    assert all(r.typical is None for r in results.values() if r.effect.group == "alone")


def test_the_error_of_a_mean_over_dies_has_their_spread_and_that_of_the_text() -> None:
    text = Comparison(
        accuracy=Accuracy(perplexity=4.0, cross_entropy_nats=1.4, n_tokens=1, standard_error=0.1),
        difference=0.2,
        difference_error=3e-3,
    )
    row = effects(FULL, seed=0)[0]
    one = EffectResult(effect=row, trained=text, n_dies=1, die_deviation=None, typical=None, adapted=text)
    assert one.trained_error == pytest.approx(3e-3)
    assert dataclasses.replace(one, n_dies=4, die_deviation=8e-3).trained_error == pytest.approx(5e-3)


def test_a_head_gets_a_token_when_all_layers_have_had_theirs() -> None:
    workload = load_workload(256)
    assert workload.token_interval(50e-9) == pytest.approx(50e-9 * len(workload.scalers))


def test_rows_in_another_order_are_refused() -> None:
    rows = effects(MeasuredEffects(typical=linear_models()), seed=0)
    with pytest.raises(InputError, match="first row must be the ideal linear hardware"):
        effect_results(rows[1:], load_workload(256), HARDWARE, PLAN, SilentProgress())


def test_more_of_an_imperfection_costs_more() -> None:
    workload = load_workload(256)
    sweeps = {s.key: s for s in sweeps_of(FULL, HARDWARE, seed=0, quick=True)}
    assert list(sweeps) == [
        "converter_offset_s",
        "converter_gain",
        "converter_noise_s",
        "cell_mismatch",
        "oldest_age_s",
    ]
    found = sweep_losses(sweeps["converter_offset_s"], workload, HARDWARE, SilentProgress())
    assert found.differences[1] > 0.1 > abs(found.differences[0])
    size = found.allowed(1.05)
    assert size is not None and 25e-12 < size < 1.6e-9


def test_the_allowed_size_is_interpolated_between_variances() -> None:
    sweep = Sweep(key="x", name="", measure="", unit="", sizes=(1.0, 7.0), cases=())
    curve = Curve(sweep=sweep, differences=(0.0, float(np.log(1.2))), errors=(0.0, 0.0))
    assert curve.allowed(1.1) == pytest.approx(5.0)  # halfway from 1 to 49
    assert curve.allowed(1.3) is None
    assert curve.allowed(0.9) is None
