"""The studies of noise and of the energy balance, with few points."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from pycosim.flows.characterization import make_design
from pycosim.flows.config import GainCellConfig
from pycosim.flows.progress import SilentProgress
from pycosim.spice import NgspicePool, find_libngspice, installation_hint
from pycosim.studies.balance import TARGET, study_balance
from pycosim.studies.noise import SOURCES, study_noise
from pycosim.studies.study import Laboratory

pytestmark = [
    pytest.mark.ngspice,
    pytest.mark.skipif(find_libngspice() is None, reason=f"needs libngspice. {installation_hint()}"),
]


@pytest.fixture(scope="module")
def laboratory() -> Iterator[Laboratory]:
    with NgspicePool(n_workers=2) as pool:
        yield Laboratory(
            design=make_design(GainCellConfig()), simulator=pool, progress=SilentProgress(), seed=0, quick=True
        )


def test_energy_adds_up_and_the_decks_step_is_short_enough(laboratory: Laboratory) -> None:
    figures = study_balance(laboratory).figures
    assert abs(float(str(figures["energy_balance_error"]))) < TARGET
    assert abs(float(str(figures["supply_integration_error"]))) < 1e-3  # 100 ps against 20 ps


@pytest.mark.slow
def test_the_noise_of_a_pulse_is_the_root_of_the_sum_of_squares_of_its_sources(laboratory: Laboratory) -> None:
    study = study_noise(laboratory)
    budgets = study.figures["noise_s"]
    assert isinstance(budgets, dict)
    assert set(budgets) == {"hard_sigmoid", "signed"}
    for budget in budgets.values():
        assert isinstance(budget, dict)
        assert set(budget) == {*SOURCES, "total"}
        parts = [float(str(budget[source])) for source in SOURCES]
        assert float(str(budget["total"])) == pytest.approx(np.linalg.norm(parts))
        assert 1e-12 < min(parts) < max(parts) < 100e-12  # a pulse is 15 ns, a level 1 ns
    checks = study.figures["noise_check"]
    assert isinstance(checks, list)
    for check in checks:
        assert isinstance(check, dict)
        # the same draws: a pulse is good to 2 ps, and the comparator's response is known at seven times only
        assert float(str(check["found_s"])) == pytest.approx(float(str(check["drawn_s"])), rel=0.25)
        # of six runs a standard deviation is known to 32 %: three times that
        assert float(str(check["drawn_s"])) == pytest.approx(float(str(check["budget_s"])), rel=0.95)
