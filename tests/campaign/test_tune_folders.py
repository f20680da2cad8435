"""What a tuning leaves: its folder, after kills too; its tables, plots and files of values."""

from __future__ import annotations

import io
import os
import signal
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
import xarray as xr
from rich.console import Console

from campaign.tunings import FormExecutor, spec, tuned, words
from circuits.charge_to_pulse import signed_parameters
from circuits.sizes import load_sizes
from pycosim.campaign.plot import save_plot
from pycosim.campaign.store import open_cache
from pycosim.campaign.tune import Tuned, search_in
from pycosim.campaign.tune_plots import draw_front, draw_sensitivity
from pycosim.campaign.tune_progress import RichTune
from pycosim.campaign.tune_report import tune_report
from pycosim.campaign.tune_spec import TuneSpec
from pycosim.campaign.tune_store import best_text, save_tune, sizes_text

FILES = ("history.nc", "sensitivity.nc", "best.toml", "tune.toml")


def wanted(method: str = "differential_evolution") -> TuneSpec:
    return spec(
        words(
            minimise=["bowl"],
            limit={"total": "< 0.9", "fragile": "< 0.4"},
            axes={"heat": [0.0, 5.0]},
            search={"evaluations": 90, "population": 10, "method": method},
        )
    )


def run(folder: Path, executor: FormExecutor, what: TuneSpec) -> Tuned:
    with open_cache(folder) as cache:
        found = search_in(what, executor, cache)
        save_tune(folder, what.problem, what.text, found.history, found.sensitivity, found.best)
    return found


def killed(act: Callable[[], object]) -> bool:
    """Whether a call in a process of its own ended by a kill."""
    child = os.fork()
    if not child:
        try:
            act()
            os._exit(0)
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    if not os.WIFSIGNALED(status):
        assert os.WEXITSTATUS(status) == 0
        return False
    assert os.WTERMSIG(status) == signal.SIGKILL
    return True


@pytest.mark.parametrize("method", ["differential_evolution", "nsga2"])
def test_a_tuning_that_is_killed_again_and_again_ends_as_an_undisturbed_one_and_repeats_no_deck(
    method: str, tmp_path: Path
) -> None:
    if method == "nsga2":
        pytest.importorskip("optuna")
    run(tmp_path / "undisturbed", FormExecutor(log=tmp_path / "once"), wanted(method))
    kills = 0
    while killed(lambda: run(tmp_path / "killed", FormExecutor(kill_at=37, log=tmp_path / "often"), wanted(method))):
        kills += 1
        assert kills < 20
    assert kills >= 3
    for name in FILES:
        assert (tmp_path / "killed" / name).read_bytes() == (tmp_path / "undisturbed" / name).read_bytes(), name
    once, often = ((tmp_path / name).read_text().splitlines() for name in ("once", "often"))
    assert often == once
    assert len(set(once)) == len(once)


def test_a_history_is_read_with_its_units_conditions_and_reasons(tmp_path: Path) -> None:
    found = run(tmp_path, FormExecutor(), wanted())
    read = xr.load_dataset(io.BytesIO((tmp_path / "history.nc").read_bytes()), engine="scipy")
    assert read.sizes["candidate"] == len(found.trials)
    assert read["x0"].attrs["units"] == "m"
    assert read["total"].attrs["units"] == "V"
    assert read["total_condition"].values.tolist() == ["heat=0", "heat=5"]
    failed = read["failure"].values != ""
    assert failed.any()
    assert set(read["failure"].values[failed]) <= {
        "broken above a half",
        "the deck cannot be made: ZeroDivisionError: no deck",
    }
    assert not read["feasible"].values[failed].any()
    best = tomllib.loads((tmp_path / "best.toml").read_text())["parameters"]
    assert best == found.best.values


def test_tables_name_every_parameter_and_goal_and_mark_what_is_missed() -> None:
    found = tuned(minimise=["bowl"], limit={"total": "< 0.9"}, search={"evaluations": 60})
    console = Console(width=160, record=True, file=io.StringIO())
    console.print(tune_report(found))
    text = console.export_text(styles=True)
    for word in (*(f"x{k}" for k in range(4)), "bowl", "total", "< 900 mV", "as given", "found"):
        assert word in text
    assert "\x1b[1;31m2 V" in text, "the given circuit misses the limit of the sum"


def test_plots_are_drawn_whatever_was_found(tmp_path: Path) -> None:
    for k, limit in enumerate(({"total": "< 0.9", "fragile": "< 0.4"}, {"total": "< -1"}, {})):
        found = tuned(minimise=["bowl"], limit=limit, search={"evaluations": 30, "population": 5})
        figure = draw_front(found.problem, found.trials, found.front, found.given, found.best)
        assert (figure is None) == (not limit)
        if figure is not None:
            assert save_plot(figure, tmp_path / f"front{k}.png").stat().st_size > 5000
        bars = save_plot(draw_sensitivity(found.sensitivity, found.problem), tmp_path / f"bars{k}.png")
        assert bars.stat().st_size > 5000


def test_the_best_values_of_a_shipped_circuit_are_a_file_of_sizes(tmp_path: Path) -> None:
    tail, pmos = "converter.conveyor.tail_current", "converter.conveyor.output_pmos.width"
    what = spec(
        {
            "bench": "charge_to_pulse",
            "minimise": ["energy"],
            "tune": {
                tail: {"low": 1e-5, "high": 4e-5},
                "converter.conveyor.output_nmos.width": {"low": 2e-7, "high": 9e-7},
            },
            "tied": {pmos: {"follows": "converter.conveyor.output_nmos.width", "times": 2.0}},
        }
    )
    found = tuned(minimise=["bowl"], search={"evaluations": 1})
    values = what.problem.space.values([0.5, 0.25])
    best = type(found.best)(
        stage="", values=values, left={}, worst={"energy": 1e-12}, margins=found.best.margins, failure=""
    )
    text = sizes_text(what.problem, best)
    assert text is not None
    (tmp_path / "sizes.toml").write_text(text)
    sizes = load_sizes(tmp_path / "sizes.toml")
    assert sizes.converter.conveyor.tail_current == pytest.approx(2.5e-5)
    assert sizes.converter.conveyor.output_nmos.width == pytest.approx(3.75e-7)
    assert sizes.converter.conveyor.output_pmos.width == pytest.approx(7.5e-7)
    assert sizes.signed_converter.conveyor.tail_current == pytest.approx(2e-5)
    assert sizes.signed_converter.discharge_current == pytest.approx(signed_parameters().discharge_current)
    assert "# energy = 1e-12 J (minimise)" in best_text(what.problem, best)
    assert sizes_text(found.problem, found.best) is None


def test_the_progress_of_a_tuning_says_candidates_points_and_the_best() -> None:
    clock = iter(range(0, 100_000, 6))
    console = Console(width=200, record=True, file=io.StringIO(), force_terminal=False)
    with RichTune(console, clock=lambda: float(next(clock))) as progress:
        progress.stage("search", 40)
        for k in range(3):
            progress.point(simulated=bool(k), failure="" if k else "no luck")
        progress.candidates(20, "energy 2 pJ")
        progress.candidates(20, "energy 1 pJ")
    text = console.export_text()
    assert "search: 40 candidates at most" in text
    assert "40/40: 2 simulated, 1 known" in text
    assert "1 failed; best: energy 1 pJ" in text
