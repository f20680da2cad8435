import numpy as np
import pytest

from pycosim.errors import FitError, InputError
from pycosim.fitting import fit_drift_table, fit_storage_decay
from pycosim.models import StorageDecay

AGES, LEVELS = np.linspace(0, 1e-3, 13), np.linspace(0, 0.9, 8)
TRUTH = StorageDecay(time_constant=5e-3, final_voltage=0.35)
CLEAN = TRUTH.voltage(LEVELS, AGES[:, None])
MASK = np.arange(13) % 3 == 1
BITS = np.arange(104).reshape(13, 8) % 4 == 1


def test_a_decay_is_recovered_within_its_own_error_bars() -> None:
    noisy = CLEAN + np.random.default_rng(0).normal(0, 1e-4, CLEAN.shape)
    fit = fit_storage_decay(AGES, LEVELS, noisy, held_out=BITS)
    sigma = np.sqrt(np.diag(fit.covariance))
    assert abs(fit.model.time_constant - 5e-3) < 4 * sigma[0] < 1e-3
    assert abs(fit.model.final_voltage - 0.35) < 4 * sigma[1] < 0.05
    assert fit.held_out_residual_rms == pytest.approx(1e-4, rel=0.4)
    assert [domain.quantity for domain in fit.domain] == ["age", "stored_voltage"]
    assert fit.domain[0].high == 1e-3


def test_without_noise_the_decay_is_exact() -> None:
    fit = fit_storage_decay(AGES, LEVELS, CLEAN, held_out=MASK[:, None])
    assert fit.model.time_constant == pytest.approx(5e-3, rel=1e-6)
    assert fit.model.final_voltage == pytest.approx(0.35, rel=1e-6)


def test_levels_that_drift_apart_have_no_time_constant() -> None:
    apart = LEVELS + (LEVELS - 0.45) * AGES[:, None] * 100
    with pytest.raises(FitError, match="drift towards one voltage"):
        fit_storage_decay(AGES, LEVELS, apart, held_out=BITS)


def test_uneven_leakage_misses_the_bound_and_the_table_does_not() -> None:
    """Reference measurements: the top level loses five to eight times more than the bottom one."""
    uneven = LEVELS - 0.08 * LEVELS**4 * (1 - np.exp(-AGES[:, None] / 1e-3))
    with pytest.raises(FitError, match="must reach 500 uV rms"):
        fit_storage_decay(AGES, LEVELS, uneven, held_out=MASK[:, None], max_residual_rms=5e-4)
    table = fit_drift_table(AGES, LEVELS, uneven, held_out=MASK, max_residual_rms=5e-4)
    assert table.residual_rms < 1e-15
    assert (table.n_fitted, table.n_held_out) == (72, 32)
    assert table.domain == table.model.domain


def test_the_ends_of_a_table_are_fitted() -> None:
    with pytest.raises(InputError, match="13 flags"):
        fit_drift_table(AGES, LEVELS, CLEAN, held_out=np.arange(13) == 0)
    with pytest.raises(InputError, match="n_ages, n_levels"):
        fit_drift_table(AGES, LEVELS, CLEAN.T, held_out=MASK)
