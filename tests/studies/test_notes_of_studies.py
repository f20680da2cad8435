"""What studies say of their own figures: how well they are known, where they hold, and what failed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pycosim.errors import ConvergenceFailure
from pycosim.evaluate.document import Json
from pycosim.flows.characterization import make_design
from pycosim.flows.config import GainCellConfig
from pycosim.flows.progress import SilentProgress
from pycosim.models.wire_loss import WireLoss
from pycosim.spice import NetlistLike, SerialSimulator, Waveforms
from pycosim.studies.balance import TARGET, met_up_to
from pycosim.studies.corners import study_corners
from pycosim.studies.retention import refresh_periods
from pycosim.studies.retention_tables import refresh_table
from pycosim.studies.sigma import sigma_note
from pycosim.studies.study import Laboratory
from pycosim.studies.wire_drop import judged_losses

AGES = np.array([1.0, 2.0, 3.0, 4.0])


class Stubborn(SerialSimulator):
    """A simulator whose solver always gives up."""

    def run(self, netlist: NetlistLike) -> Waveforms:
        raise ConvergenceFailure("no solution\nat 1 ns", netlist="cell", run_directory=Path("/somewhere"))

    def close(self) -> None:
        pass


def test_a_corner_that_fails_says_why() -> None:
    lab = Laboratory(design=make_design(GainCellConfig()), simulator=Stubborn(), progress=SilentProgress(), quick=True)
    study = study_corners(lab)
    (table,) = study.tables
    assert all(row[1] == "failed: cell: no solution at 1 ns" for row in table.rows)
    assert all(len(row) == len(table.header) for row in table.rows)
    assert not any("nan" in text for row in table.rows for text in row)


def test_a_refresh_is_due_when_the_error_first_reaches_the_limit() -> None:
    means = np.zeros(4)
    scores = {
        27.0: (AGES, np.array([0.1, 0.3, 0.7, 0.9]), means),
        55.0: (AGES, np.array([0.1, 0.9, 0.2, 0.9]), means),  # up, down and up again
        85.0: (AGES, np.array([0.1, 0.2, 0.3, 0.4]), means),
    }
    assert refresh_periods(scores, 0.5) == pytest.approx({27.0: 2.5, 55.0: 1.5, 85.0: np.inf})


def test_a_period_that_was_not_reached_is_told_as_beyond() -> None:
    row: dict[str, Json] = {
        "device": "oxide",
        "allowed_score_error_counts": 0.5,
        "period_s": {"27": None, "85": 60.0},
        "beyond_s": {"27": 7200.0, "85": None},
        "mean_error_counts": {"27": None, "85": 0.25},
        "window_score_error_counts": 0.0,
    }
    table = refresh_table([row])
    assert table.rows[0][:3] == ("oxide", "beyond 2 h", "1 min (+0.25)")
    assert len(table.rows[0]) == len(table.header)


def test_a_target_holds_up_to_the_first_step_that_misses_it() -> None:
    steps = [1e-12, 2e-12, 5e-12, 10e-12]
    below, above = 0.5 * TARGET, 2 * TARGET
    assert met_up_to(steps, [below, below, above, below]) == 2e-12
    assert met_up_to(steps, [below] * 4) == 10e-12
    assert met_up_to(steps, [above] * 4) is None


def test_a_standard_deviation_of_few_samples_is_hardly_known() -> None:
    # chi square: 1 / sqrt(2 (n - 1))
    assert "12 samples is known to 21 %" in sigma_note(12)
    assert sigma_note(1) == "One sample has no standard deviation."


def test_each_half_of_the_reads_is_judged_by_the_other() -> None:
    rng, losses = np.random.default_rng(0), (0.02, 0.08)
    ideal = rng.normal(size=(4, 6, 5))
    laws = [WireLoss(n_rows=6, n_columns=5, driver=loss, word_line=0.0, bit_line=0.0) for loss in losses]
    found = ideal * np.stack([laws[k % 2].factor() for k in range(4)])
    swapped = ideal * np.stack([laws[1 - k % 2].factor() for k in range(4)])
    assert judged_losses(found, ideal) == pytest.approx(swapped, abs=1e-9)
