"""The parts of studies that need no simulator: plans of phases, operands of the transformer, gates that are counted."""

from __future__ import annotations

import numpy as np
import pytest

from circuits.timing import ColumnTiming, signed_timing, token_period
from pycosim.flows.characterization import make_design
from pycosim.flows.config import GainCellConfig
from pycosim.studies.digital import DigitalEstimate
from pycosim.studies.latency import PHASES, plan
from pycosim.studies.workload import transformer_operands


def test_a_plan_of_the_clocked_phases_is_the_clocked_plan() -> None:
    base = ColumnTiming()
    lengths = {
        "write_time": base.write_time,
        "hand_over": base.input_start - base.write_start - base.write_time,
        "wake_time": base.wake_time,
        "settle_time": base.settle_time,
        "gap": base.gap,
    }
    assert plan(base, lengths).window_end == pytest.approx(base.window_end, abs=1e-18)


@pytest.mark.parametrize("key", sorted(PHASES))
def test_a_phase_on_the_way_lengthens_the_token_by_itself(key: str) -> None:
    lengths = {name: phase.generous for name, phase in PHASES.items()}
    longer = {**lengths, key: lengths[key] + 0.5e-9}

    def period(of: dict[str, float]) -> float:
        first = {name: length for name, length in of.items() if name != "sign_time"}
        return token_period(plan(ColumnTiming(), first), plan(signed_timing(), of))

    both = {"settle_time": 2, "gap": 2}  # both conversions have them
    wanted = 0.5e-9 * both.get(key, 1) if PHASES[key].on_the_way else 0.0
    assert period(longer) - period(lengths) == pytest.approx(wanted, abs=1e-15)


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
