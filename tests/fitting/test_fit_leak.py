"""A leak curve from the drift of levels."""

from __future__ import annotations

import numpy as np
import pytest

from pycosim.errors import FitError, InputError
from pycosim.fitting import fit_drift_table, fit_leak_decay, fit_storage_decay
from pycosim.models import LeakDecay, StorageDecay

KNOTS = np.linspace(-0.1, 1.0, 111)
TRUTH = LeakDecay(voltages=KNOTS, rates=0.6 - 0.35 * np.exp((KNOTS - 0.2) / 0.16))
LEVELS, AGES = np.linspace(0, 0.9, 8), np.concatenate([[0.0], np.geomspace(1e-4, 1.0, 36)])
DRIFT = TRUTH.voltage(LEVELS, AGES[:, None])
MASK = np.arange(AGES.size) % 3 == 1
BETWEEN = (LEVELS[1:] + LEVELS[:-1]) / 2


def test_a_leak_is_found_from_its_drift() -> None:
    fit = fit_leak_decay(AGES, LEVELS, DRIFT, held_out=MASK[:, None])
    assert fit.held_out_residual_rms < 1e-3  # twelve straight pieces for an exponential: 0.4 mV
    assert fit.parameters["zero_voltage"] == pytest.approx(TRUTH.zero_voltage, abs=0.01)
    assert [domain.quantity for domain in fit.domain] == ["age", "stored_voltage"]


def test_between_the_levels_it_is_nearer_than_a_table_or_one_time_constant() -> None:
    expected = TRUTH.voltage(BETWEEN, AGES[:, None])
    models = (
        fit_leak_decay(AGES, LEVELS, DRIFT, held_out=MASK[:, None]).model,
        fit_drift_table(AGES, LEVELS, DRIFT, held_out=MASK).model,
        fit_storage_decay(AGES, LEVELS, DRIFT, held_out=MASK[:, None]).model,
    )
    leak, table, law = (np.sqrt(np.mean((m.voltage(BETWEEN, AGES[:, None]) - expected) ** 2)) for m in models)
    assert leak < table < law


def test_of_one_time_constant_it_finds_that_one() -> None:
    law = StorageDecay(time_constant=5e-3, final_voltage=0.35)
    ages = np.linspace(0, 10e-3, 21)
    fit = fit_leak_decay(ages, LEVELS, law.voltage(LEVELS, ages[:, None]), held_out=(np.arange(21) % 3 == 1)[:, None])
    assert fit.held_out_residual_rms < 1e-6
    assert fit.model.zero_voltage == pytest.approx(0.35, abs=1e-5)


def test_what_does_not_drift_together_has_no_leak() -> None:
    apart = LEVELS + (LEVELS - 0.45) * AGES[:, None]
    with pytest.raises(FitError, match="must drift towards one voltage"):
        fit_leak_decay(AGES, LEVELS, apart, held_out=MASK[:, None])
    with pytest.raises(FitError, match="no level drifts"):
        fit_leak_decay(AGES, LEVELS, np.broadcast_to(LEVELS, DRIFT.shape), held_out=MASK[:, None])


def test_a_bound_that_is_missed_and_shapes_that_do_not_agree_are_refused() -> None:
    with pytest.raises(FitError, match="must reach 1 nV rms"):
        fit_leak_decay(AGES, LEVELS, DRIFT, held_out=MASK[:, None], max_residual_rms=1e-9)
    with pytest.raises(InputError, match="n_ages, n_levels"):
        fit_leak_decay(AGES, LEVELS, DRIFT.T, held_out=MASK[:, None])
    with pytest.raises(InputError, match="n_segments"):
        fit_leak_decay(AGES, LEVELS, DRIFT, held_out=MASK[:, None], n_segments=1)
