"""ngspice in the transformer's loop: operands, limits, failures and restarts, on circuits whose answer is known."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from ideal_circuits import IdealCircuits

from pycosim.attention import Imperfections, dense_arrays, factored_arrays, linear_models
from pycosim.attention.analog import AttentionArrays, analog_layers
from pycosim.attention.hardware import AttentionHardware
from pycosim.errors import ConfigurationError, InputError
from pycosim.flows.characterization import make_design
from pycosim.flows.config import GainCellConfig
from pycosim.flows.evaluate import (
    Attention,
    AttentionKind,
    Subject,
    choose_attention,
    evaluate_attention,
    evaluate_in_the_loop,
    read_population,
    shipped_subject,
)
from pycosim.flows.in_the_loop import InTheLoop
from pycosim.flows.in_the_loop_draw import ReadPlace
from pycosim.flows.in_the_loop_operands import ReadOperands
from pycosim.flows.in_the_loop_reads import READS_FILE, SpiceRead, SpiceReads
from pycosim.flows.in_the_loop_report import array_figures, figures_of, worst_read
from pycosim.flows.progress import SilentProgress
from pycosim.models import ReadDecay, StorageDecay
from pycosim.spice import NetlistLike, Outcome
from pycosim.transformer.gpt2 import gpt2

PERIOD = 0.225e-6
DECAY = StorageDecay(time_constant=50e-6, final_voltage=0.45)
"""So fast that a window ages by more than one time constant."""


class Streamed(IdealCircuits):
    """Ideal circuits that give their results one by one."""

    def stream(self, netlists: Iterable[NetlistLike]) -> Iterator[tuple[int, Outcome]]:
        for index, netlist in enumerate(netlists):
            (outcome,) = self.run_many([netlist])
            yield index, outcome


@pytest.fixture(scope="module")
def subject() -> Subject:
    return shipped_subject(AttentionKind.linear, 400)


@pytest.fixture(scope="module")
def arrays() -> AttentionArrays:
    return factored_arrays(linear_models(decay=DECAY), AttentionHardware(token_period=PERIOD))


@pytest.fixture(scope="module")
def attention(subject: Subject, arrays: AttentionArrays) -> Attention:
    """As analog attention, on models that the ideal circuits obey."""
    layers = analog_layers(arrays, subject.scalers)
    return Attention(kind=AttentionKind.analog, layers=layers, arrays=arrays, scalers=subject.scalers)


def reads_in(folder: Path, simulator: Streamed) -> SpiceReads:
    hardware = AttentionHardware(token_period=PERIOD)
    return SpiceReads(make_design(GainCellConfig()), hardware, simulator, folder, SilentProgress())


def drawn(subject: Subject, attention: Attention, simulate: SpiceReads, n: int, **options: bool) -> Sequence[SpiceRead]:
    found = evaluate_in_the_loop(
        subject, attention, simulate, SilentProgress(), n_reads=n, seed=0, replace=options.get("replace", False)
    )
    return found.reads


def own_values(operands: Sequence[ReadOperands]) -> list[SpiceRead]:
    """A simulator that agrees with the model."""
    return [SpiceRead(operands=one, digest="", width=one.width) for one in operands]


def test_ideal_circuits_give_the_pulses_of_the_ideal_model(
    subject: Subject, attention: Attention, tmp_path: Path
) -> None:
    """Through operands, ages, deck and waveform back to the number that the transformer used."""
    reads = drawn(subject, attention, reads_in(tmp_path, Streamed()), 24)
    assert {read.operands.place.array for read in reads} == {"first", "second"}
    for read in reads:
        full = {"first": 1.2e-12, "second": 0.6e-12}[read.operands.place.array]
        left_out = abs(read.operands.left_out_charge) / full * 15e-9
        assert read.width is not None
        assert (
            abs(read.error) <= left_out + 5e-13
        )  # nine digits of the deck's numbers; the attention may be in single precision
    widths = [read.width for read in reads]
    assert np.unique(widths).size > 5  # or all were saturated


@pytest.mark.parametrize("n_tokens", [64, 150])
def test_the_operands_of_a_deck_give_the_charge_of_the_trace(n_tokens: int) -> None:
    """Every cell evaluated by itself, also where a window that is full has its tiles written again."""
    hardware = AttentionHardware(token_period=PERIOD, tile=16, window=64)
    models = linear_models(decay=DECAY)
    subject = shipped_subject(AttentionKind.linear, n_tokens)
    ready = dense_arrays(models, hardware)
    seen: list[ReadOperands] = []

    def simulate(operands: Sequence[ReadOperands]) -> list[SpiceRead]:
        seen.extend(operands)
        return own_values(operands)

    attention = Attention(kind=AttentionKind.analog, layers=[], arrays=ready, scalers=subject.scalers)
    evaluate_in_the_loop(subject, attention, simulate, SilentProgress(), n_reads=200, seed=1, replace=False)
    assert len(seen) == 200
    for one in seen:
        charge = models.cell_k.charge(one.pulse_widths, one.held_voltages).sum() + one.left_out_charge
        assert charge == pytest.approx(one.charge, abs=1e-17)  # charges are some 1e-12 C, in single precision
        converter = models.charge_to_pulse if one.place.array == "first" else models.signed_charge_to_pulse
        assert one.width == pytest.approx(float(np.clip(converter.pulse_width(charge), -15e-9, 15e-9)), abs=3e-13)
        assert one.pulse_widths.shape == ((64,) if one.place.array == "first" else (16,))
        assert np.nanmax(one.ages) <= 63 * PERIOD


def test_pulses_replaced_by_the_models_own_change_no_bit(subject: Subject, attention: Attention) -> None:
    places = read_population(subject, AttentionHardware(token_period=PERIOD)).draw(300, seed=2)
    assert attention.arrays is not None
    loop = InTheLoop(attention.arrays, attention.scalers, places, own_values, replace=True)
    tokens = subject.tokens[:256].reshape(1, -1)
    plain = gpt2(tokens, subject.weights, attention.layers)
    assert np.array_equal(gpt2(tokens, subject.weights, loop.attends), plain)
    assert len(loop.reads) == sum(place.chunk == 0 for place in places) > 100
    found = evaluate_in_the_loop(subject, attention, own_values, SilentProgress(), n_reads=300, seed=2, replace=True)
    assert found.effect is not None
    assert (found.effect.n_replaced, found.effect.n_changed_tokens) == (300, 0)
    assert found.effect.cross_entropy_change == found.effect.largest_logit_change == 0.0
    assert found.accuracy == evaluate_attention(subject, attention, SilentProgress())


def test_a_replaced_pulse_changes_its_own_token_and_no_earlier_one(subject: Subject, attention: Attention) -> None:
    assert attention.arrays is not None
    tokens = subject.tokens[:256].reshape(1, -1)
    plain = gpt2(tokens, subject.weights, attention.layers)
    common = {"chunk": 0, "layer": 1, "head": 0, "token": 100, "tile": 1}
    for place in (
        ReadPlace(**common, array="first", column=90),
        ReadPlace(**common, array="second", column=7),
    ):
        given: list[ReadOperands] = []

        def other(operands: Sequence[ReadOperands], given: list[ReadOperands] = given) -> list[SpiceRead]:
            given.extend(operands)
            return [SpiceRead(operands=one, digest="", width=15e-9 if one.width < 7e-9 else 0.0) for one in operands]

        loop = InTheLoop(attention.arrays, attention.scalers, [place], other, replace=True)
        changed = np.abs(gpt2(tokens, subject.weights, loop.attends) - plain).max(axis=-1)[0]
        assert [one.place for one in given] == [place]
        assert changed[100] > 0
        assert (changed[:100] == 0).all()


def test_the_second_array_sees_the_replaced_pulses_of_the_first(subject: Subject, attention: Attention) -> None:
    assert attention.arrays is not None
    common = {"chunk": 0, "layer": 0, "head": 1, "token": 70, "tile": 1}
    places = [ReadPlace(**common, array="first", column=66), ReadPlace(**common, array="second", column=3)]
    inputs: list[float] = []

    def other(operands: Sequence[ReadOperands]) -> list[SpiceRead]:
        inputs.extend(one.pulse_widths[66 - 64] for one in operands if one.place.array == "second")
        return [SpiceRead(operands=one, digest="", width=5e-9) for one in operands]

    loop = InTheLoop(attention.arrays, attention.scalers, places, other, replace=True)
    gpt2(subject.tokens[:128].reshape(1, -1), subject.weights, loop.attends)
    assert inputs == pytest.approx([5e-9], rel=1e-6)  # single precision


def test_without_replacing_nothing_changes(subject: Subject, attention: Attention, tmp_path: Path) -> None:
    found = evaluate_in_the_loop(
        subject, attention, reads_in(tmp_path, Streamed()), SilentProgress(), n_reads=4, seed=0, replace=False
    )
    assert found.effect is None
    assert found.accuracy == evaluate_attention(subject, attention, SilentProgress())


def test_a_read_that_fails_says_why_and_the_others_go_on(
    subject: Subject, attention: Attention, tmp_path: Path
) -> None:
    class Fails(Streamed):
        def stream(self, netlists: Iterable[NetlistLike]) -> Iterator[tuple[int, Outcome]]:
            for index, outcome in super().stream(netlists):
                self._failing = len(self.names) == 2  # the third deck
                yield index, outcome

    reads = drawn(subject, attention, reads_in(tmp_path, Fails()), 8, replace=True)
    failed = [read for read in reads if read.width is None]
    assert len(reads) == 8
    assert len(failed) == 1
    assert "the solver was killed" in failed[0].failure
    assert np.isnan(failed[0].error)


def test_what_was_done_before_a_kill_is_not_done_again(subject: Subject, attention: Attention, tmp_path: Path) -> None:
    class Killed(Exception):
        pass

    class Dies(Streamed):
        def stream(self, netlists: Iterable[NetlistLike]) -> Iterator[tuple[int, Outcome]]:
            for index, outcome in super().stream(netlists):
                yield index, outcome
                if len(self.names) == 6:
                    raise Killed

    first = Dies()
    with pytest.raises(Killed):
        drawn(subject, attention, reads_in(tmp_path, first), 12)
    kept = (tmp_path / READS_FILE).read_text(encoding="utf-8")
    assert len(kept.splitlines()) == 6
    (tmp_path / READS_FILE).write_text(kept + '{"digest": "cut sho', encoding="utf-8")
    second = Streamed()
    again = drawn(subject, attention, reads_in(tmp_path, second), 12)
    whole = Streamed()
    assert [read.width for read in again] == [
        read.width for read in drawn(subject, attention, reads_in(tmp_path / "whole", whole), 12)
    ]
    assert len(second.names) == len(whole.names) - 6
    assert len((tmp_path / READS_FILE).read_text(encoding="utf-8").splitlines()) == len(whole.names)


def test_attention_without_circuits_or_with_noise_is_refused(subject: Subject, arrays: AttentionArrays) -> None:
    exact = choose_attention(AttentionKind.exact, subject, None)
    with pytest.raises(ConfigurationError, match="no circuits"):
        evaluate_in_the_loop(subject, exact, own_values, SilentProgress(), n_reads=1, seed=0, replace=False)
    with pytest.raises(ConfigurationError, match="--models"):
        choose_attention(AttentionKind.analog, subject, None)
    noisy = dense_arrays(arrays.models, arrays.hardware, imperfections=Imperfections(seed=1))
    with pytest.raises(InputError, match="imperfections"):
        InTheLoop(noisy, subject.scalers, [], own_values, replace=False)


def test_a_decay_of_the_charge_has_no_voltage_to_give_a_deck(subject: Subject) -> None:
    models = linear_models(decay=ReadDecay(time_constant=1e-3))
    ready = factored_arrays(models, AttentionHardware(token_period=PERIOD))
    attention = Attention(kind=AttentionKind.analog, layers=[], arrays=ready, scalers=subject.scalers)
    with pytest.raises(InputError, match="what the cell holds"):
        evaluate_in_the_loop(subject, attention, own_values, SilentProgress(), n_reads=1, seed=0, replace=False)


def test_the_worst_read_has_the_largest_error(subject: Subject, attention: Attention) -> None:
    def off(operands: Sequence[ReadOperands]) -> list[SpiceRead]:
        return [SpiceRead(operands=one, digest="", width=one.width + 1e-12 * one.place.column) for one in operands]

    result = evaluate_in_the_loop(subject, attention, off, SilentProgress(), n_reads=30, seed=0, replace=False)
    worst = worst_read(result.reads)
    assert worst is not None
    columns = [read.operands.place.column for read in result.reads]
    assert worst.operands.place.column == max(columns)
    hardware = AttentionHardware(token_period=PERIOD)
    figures = figures_of(result, hardware)["all"]
    assert figures.errors.worst == pytest.approx(-1e-12 * max(columns))
    assert figures.errors.rms == pytest.approx(1e-12 * np.sqrt(np.mean(np.square(columns))))
    assert figures.errors.mean == pytest.approx(-1e-12 * np.mean(columns))


def test_reads_that_are_saturated_in_both_are_counted_apart_and_failures_have_no_error() -> None:
    def read(array: str, model: float, spice: float | None) -> SpiceRead:
        first = array == "first"
        place = ReadPlace(chunk=0, layer=0, head=0, array="first" if first else "second", token=0, column=0, tile=0)
        empty = np.zeros(2)
        operands = ReadOperands(
            place=place,
            held_voltages=empty,
            pulse_widths=empty,
            ages=empty,
            n_left_out=0,
            left_out_charge=0.0,
            charge=0.0,
            width=model,
        )
        return SpiceRead(operands=operands, digest="", width=spice, failure="" if spice is not None else "why")

    hardware = AttentionHardware(token_period=PERIOD)
    keys = array_figures([read("first", 0.0, 0.0), read("first", 15e-9, 15e-9), read("first", 0.0, 3e-12)], hardware)
    assert (keys.n, keys.n_at_ends, keys.inside.n) == (3, 2, 1)
    assert keys.inside.rms == pytest.approx(3e-12)
    assert keys.errors.rms == pytest.approx(3e-12 / np.sqrt(3))
    values = array_figures(
        [read("second", 0.0, 0.0), read("second", -1.45e-9, -1.55e-9), read("second", 2e-9, None)], hardware
    )
    # 0 is the middle of a signed range and no end; 1.45 ns is one count and 1.55 ns two
    assert (values.n, values.n_failed, values.n_at_ends) == (3, 1, 0)
    assert (values.n_counts_off, values.largest_count_error) == (1, 1)
    assert values.errors.worst == pytest.approx(1e-10)
    nothing = array_figures([read("second", 2e-9, None)], hardware)
    assert np.isnan(nothing.errors.rms) and nothing.errors.n == 0
