import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pycosim.attention import published_cell
from pycosim.errors import DomainError, InputError
from pycosim.models import DecayModel, DriftTable, NoDecay, ReadDecay, StorageDecay

CELL = published_cell()
LEVELS, AGES = np.linspace(0, 0.9, 8), np.linspace(0, 1e-3, 11)
STORAGE = StorageDecay(time_constant=5e-3, final_voltage=0.45)
TABLE = DriftTable(ages=AGES, stored_voltages=LEVELS, voltages=STORAGE.voltage(LEVELS, AGES[:, None]))


@pytest.mark.parametrize("decay", [NoDecay(), ReadDecay(time_constant=5e-3), STORAGE, TABLE])
@given(width=st.floats(0, 15e-9), volts=st.floats(0, 0.9))
def test_a_fresh_cell_reads_what_was_written(decay: DecayModel, width: float, volts: float) -> None:
    fresh = CELL.charge(width, volts)
    assert decay.read(CELL, width, volts, 0.0) == pytest.approx(fresh, rel=1e-9, abs=1e-24)


@given(age=st.floats(0, 1e-3), volts=st.floats(0, 0.9))
def test_storage_decay_never_leaves_the_levels_that_it_moves_between(age: float, volts: float) -> None:
    found = STORAGE.voltage(volts, age)
    assert min(volts, 0.45) - 1e-15 <= found <= max(volts, 0.45) + 1e-15


def test_read_decay_is_exponential_in_charge() -> None:
    charges = ReadDecay(time_constant=5e-3).read(CELL, 1e-8, 0.9, [0.0, 5e-3])
    assert charges[1] / charges[0] == pytest.approx(np.exp(-1))


def test_the_oldest_of_1024_tokens_keeps_what_the_paper_says() -> None:
    age = 1024 * 12 * 65e-9
    assert (STORAGE.voltage(0.9, age) - 0.45) / 0.45 == pytest.approx(0.852, abs=0.004)


def test_a_drift_table_is_near_the_law_it_was_made_from() -> None:
    rng = np.random.default_rng(0)
    volts, age = rng.uniform(0, 0.9, 200), rng.uniform(0, 1e-3, 200)
    between_ages = 0.45 * (1e-4 / 5e-3) ** 2 / 8  # linear interpolation of the exponential
    assert np.abs(TABLE.voltage(volts, age) - STORAGE.voltage(volts, age)).max() < 1.1 * between_ages


def test_operands_broadcast() -> None:
    for decay in (NoDecay(), ReadDecay(time_constant=1e-3), STORAGE, TABLE):
        assert decay.read(CELL, 1e-9, np.full((5, 1), 0.3), np.zeros(4)).shape == (5, 4)


@pytest.mark.parametrize("decay", [NoDecay(), ReadDecay(time_constant=5e-3), STORAGE, TABLE])
def test_nothing_is_read_before_it_was_written(decay: DecayModel) -> None:
    with pytest.raises(DomainError, match="age"):
        decay.read(CELL, 1e-9, 0.3, -1e-6)


def test_a_drift_table_ends_with_its_ages() -> None:
    with pytest.raises(DomainError, match=r"age 0 s .. 1 ms"):
        TABLE.voltage(0.3, 2e-3)


def test_a_drift_table_starts_at_the_write() -> None:
    with pytest.raises(InputError, match="start at 0 s"):
        DriftTable(ages=AGES[1:], stored_voltages=LEVELS, voltages=TABLE.voltages[1:])
    with pytest.raises(InputError, match="n_ages, n_levels"):
        DriftTable(ages=AGES, stored_voltages=LEVELS, voltages=TABLE.voltages.T)


def test_a_level_that_drifts_out_of_the_cells_domain_is_reported() -> None:
    leaking = StorageDecay(time_constant=1e-3, final_voltage=-0.3)
    with pytest.raises(DomainError, match="stored_voltage"):
        leaking.read(CELL, 1e-9, 0.0, 1e-4)
