"""Parts of studies: plans of phases, operands of the transformer, gates that are counted."""

from __future__ import annotations

import numpy as np
import pytest

from circuits.errors import CircuitError
from circuits.timing import ColumnTiming, signed_timing, token_period
from pycosim.evaluate.document import Json
from pycosim.flows.characterization import make_design
from pycosim.flows.config import GainCellConfig
from pycosim.flows.progress import SilentProgress
from pycosim.flows.read_operands import transformer_operands
from pycosim.spice import NgspicePool
from pycosim.spice.installation import find_libngspice, installation_hint
from pycosim.studies.digital import DigitalEstimate
from pycosim.studies.latency import CORNERS, WRITTEN_AS, study_latency, write_length
from pycosim.studies.latency_plan import PHASES, TOLERANCE, clocked_lengths, lengthened, plan
from pycosim.studies.study import Laboratory
from pycosim.studies.write_time import CORNERS as WRITE_CORNERS


def test_a_plan_of_the_clocked_phases_is_the_clocked_plan() -> None:
    design = make_design(GainCellConfig())
    lengths = clocked_lengths(design)
    assert plan(design.second.timing, lengths).window_end == pytest.approx(design.second.timing.window_end, abs=1e-18)
    unsigned = {key: length for key, length in lengths.items() if key != "sign_time"}
    assert plan(design.first.timing, unsigned).window_end == pytest.approx(design.first.timing.window_end, abs=1e-18)


def test_no_conveyor_can_wake_before_the_plan_begins() -> None:
    lengths = clocked_lengths(make_design(GainCellConfig()))
    with pytest.raises(CircuitError, match="the conveyor wakes"):
        plan(ColumnTiming(), {**lengths, "write_time": 1e-9, "hand_over": 0.1e-9})


@pytest.mark.parametrize("key", sorted(PHASES))
def test_a_phase_on_the_way_lengthens_the_token_by_itself(key: str) -> None:
    lengths = clocked_lengths(make_design(GainCellConfig()))
    longer = {**lengths, key: lengths[key] + 0.5e-9}

    def period(of: dict[str, float]) -> float:
        first = {name: length for name, length in of.items() if name != "sign_time"}
        return token_period(plan(ColumnTiming(), first), plan(signed_timing(), of))

    both = {"settle_time": 2, "gap": 2}  # both conversions have them
    wanted = 0.5e-9 * both.get(key, 1) if PHASES[key].on_the_way else 0.0
    assert period(longer) - period(lengths) == pytest.approx(wanted, abs=1e-15)


def test_a_write_is_as_long_as_a_quarter_level_needs_and_marked_at_both_ends_of_what_was_tried() -> None:
    times, errors = [2e-9, 3e-9, 4e-9], [40e-3, 20e-3, 5e-3]
    assert write_length(times, errors, 32e-3) == (3e-9, "")
    assert write_length(times, errors, 50e-3) == (2e-9, "≤")
    assert write_length(times, errors, 1e-3) == (4e-9, ">")


def test_every_corner_takes_its_write_from_one_that_the_write_path_measures() -> None:
    measured = {name for name, conditions in CORNERS.items() if conditions in WRITE_CORNERS}
    assert {WRITTEN_AS.get(name, name) for name in CORNERS} <= measured


def test_a_plan_that_fails_is_lengthened_phase_by_phase_but_for_the_write_and_the_wake_up() -> None:
    shipped = clocked_lengths(make_design(GainCellConfig()))
    tried = {key: sorted([*phase.candidates, shipped[key]]) for key, phase in PHASES.items()}
    tried["write_time"] = [3e-9, 4e-9]
    lengths = {key: of[0] for key, of in tried.items()}
    longer = lengthened(lengths, tried)
    for key in ("hand_over", "settle_time", "gap", "sign_time"):
        assert longer[key] == tried[key][1]
    assert longer["write_time"] == 3e-9 and longer["wake_time"] == lengths["wake_time"]
    for _ in range(10):
        longer = lengthened(longer, tried)
    kept = ("write_time", "wake_time")
    assert longer == {key: of[0 if key in kept else -1] for key, of in tried.items()}


@pytest.mark.ngspice
@pytest.mark.slow
@pytest.mark.skipif(find_libngspice() is None, reason=f"needs libngspice. {installation_hint()}")
def test_the_quick_study_finds_a_plan_within_its_tolerance_that_is_shorter_than_the_shipped_one() -> None:
    design = make_design(GainCellConfig())
    row: Json = {"corner": "tt, 27 C, 0.90 V", "on_margin_v": design.cell.on_margin, "error_v": [0.040, 0.015]}
    path: Json = {"write_times_s": [2e-9, 3e-9], "write_time_errors": [row]}
    with NgspicePool(n_workers=2) as pool:
        lab = Laboratory(design=design, simulator=pool, progress=SilentProgress(), quick=True)
        figures = study_latency(lab, {"write_path": path}).figures
    latency, phases, errors = (figures[f"latency{key}_s"] for key in ("", "_phases", "_error"))
    assert isinstance(latency, dict) and isinstance(phases, dict) and isinstance(errors, dict)
    assert isinstance(phases["tt"], dict) and phases["tt"]["write_time"] == 3e-9  # a quarter level is 32 mV
    assert float(str(errors["tt"])) <= TOLERANCE
    assert float(str(latency["tt"])) < float(str(latency["clocked"]))


def test_the_transformers_operands_are_levels_codes_and_pulses_of_the_hardware() -> None:
    design = make_design(GainCellConfig())
    keys, values = transformer_operands(design, 50, np.random.default_rng(0))
    assert keys.stored_voltages.shape == keys.pulse_widths.shape == values.pulse_widths.shape == (50, 64)
    for read in (keys, values):
        assert np.isin(read.stored_voltages.round(9), design.levels.round(9)).all()
    codes = keys.pulse_widths / (design.max_pulse_width / 15)
    np.testing.assert_allclose(codes, codes.round(), atol=1e-9)
    assert values.pulse_widths.min() == 0.0 and values.pulse_widths.max() <= design.max_pulse_width
    again, _ = transformer_operands(design, 50, np.random.default_rng(0))
    assert np.array_equal(again.stored_voltages, keys.stored_voltages)


def test_gates_are_counted_by_counters_adders_and_register() -> None:
    estimate = DigitalEstimate(
        gates_per_flip_flop=8, toggles_per_count=2.0, gates_per_adder_bit=6, adder_bits=9, activity=0.5
    )
    idle = estimate.switched_gates(0.0, n_tiles=1)
    assert idle == 64 * 9 * 8 * 0.5  # only the output register
    assert estimate.switched_gates(1.0, n_tiles=1) - idle == 64 * 1.0 * 8
    assert estimate.switched_gates(0.0, n_tiles=2) - idle == 64 * 9 * 6 * 0.25
