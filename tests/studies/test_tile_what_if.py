"""What-if runs of a tile, without a simulator: cells with a law in place of measured ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pair_tables import LEVELS, saturating_pairs
from typer.testing import CliRunner

from circuits.interconnect import ArrayWires
from pycosim.cli import app
from pycosim.errors import InputError
from pycosim.models.array_solver import ArrayLines, ArraySolver
from pycosim.models.converter import HardSigmoid, SignedPulse
from pycosim.models.tile_solver import TileSolver
from pycosim.studies.tile_what_if import TileAnswer, TileQuestion, read_tiles
from pycosim.studies.tile_what_if_plots import plot_answer
from pycosim.studies.tile_what_if_tables import answer_figures, answer_tables


def answered(resistance: float) -> TileAnswer:
    solver = ArraySolver(table=saturating_pairs(), lines=ArrayLines(word_line_resistance=resistance))
    tile = TileSolver(
        first=solver,
        second=solver,
        charge_to_pulse=HardSigmoid(saturation_charge=1.2e-12, max_pulse_width=15e-9),
        signed_charge_to_pulse=SignedPulse(saturation_charge=0.6e-12, max_pulse_width=15e-9),
        longest_pulse=15e-9,
    )
    rng = np.random.default_rng(0)
    return read_tiles(
        tile,
        TileQuestion(n_features=12, n_tokens=9, n_reads=4),
        (1.2e-12, 0.6e-12),
        1e-9 * rng.integers(0, 16, (4, 12)),
        rng.choice(LEVELS, (4, 12, 9)),
        rng.choice(LEVELS, (4, 9, 12)),
    )


def test_the_error_grows_along_the_word_line_and_the_worst_cell_is_at_its_far_end() -> None:
    answer = answered(40.0)
    lost = answer.keys.lost(1, 3)[0]
    assert (np.diff(lost) > 0).all()
    assert answer.keys.worst_cell[1] >= 6
    figures = answer_figures(answer)["keys"]
    assert isinstance(figures, dict)
    loss = figures["loss"]
    assert isinstance(loss, dict)
    assert float(str(loss["word_line"])) > 5e-3
    assert loss["bit_line"] == pytest.approx(0.0, abs=2e-3)  # bit lines have no resistance
    # a correction by place takes most of it out
    assert float(str(figures["corrected_rms_error"])) < 0.5 * float(str(figures["charge_rms_error"]))


def test_ideal_lines_have_no_error() -> None:
    answer = answered(0.0)
    assert np.abs(answer.outputs - answer.ideal_outputs).max() < 1e-18
    assert np.abs(answer.keys.errors).max() < 1e-12


def test_the_answer_is_printed_and_drawn() -> None:
    answer = answered(40.0)
    sums, places = (table.markdown() for table in answer_tables(answer))
    assert "worst cell" in sums
    assert "12 x 9" in sums
    assert "columns 0-1" in places
    assert len(plot_answer(answer).axes) == 4  # three, and the scale of the map


def test_questions_that_are_none_are_refused() -> None:
    with pytest.raises(InputError, match="2 to 1024"):
        TileQuestion(n_features=1)
    with pytest.raises(InputError, match="2 or more"):
        TileQuestion(n_reads=1)
    with pytest.raises(InputError, match="0 or more"):
        TileQuestion(resistance_scale=-1.0)
    assert TileQuestion().wires == ArrayWires()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--rows", "1"], "2 to 1024"),
        (["--columns", "5000"], "cut a larger matrix into tiles"),
        (["--wire-resistance-scale", "-2"], "0 or more"),
        (["--supply", "50"], "supply"),
        (["--corner", "xx"], "corner"),
        (["--seed", "-1"], "seed"),
        (["--word-line-width", "0"], "width"),
    ],
)
def test_the_command_refuses_in_one_sentence(tmp_path: Path, options: list[str], words: str) -> None:
    result = CliRunner().invoke(app, ["tile", *options, "--out", str(tmp_path / "tile")])
    assert result.exit_code == 2
    assert words in result.output
    assert "Traceback" not in result.output
    assert not (tmp_path / "tile").exists()
