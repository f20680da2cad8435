from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from campaign.paper import MEASUREMENTS, PAPER, CountingExecutor, campaign, measurement, run, side
from pycosim.campaign.cache import ResultCache
from pycosim.campaign.campaign import Campaign, run_campaign
from pycosim.campaign.progress import Tally
from pycosim.campaign.task import Point, Result, Task
from pycosim.errors import SimulatorCrashed
from pycosim.spice import Waveforms

AXES = {"width": [1.0, 2.0, 3.0], "corner": ["tt", "ss"]}


@pytest.fixture
def cache() -> ResultCache:
    return ResultCache(None)


def test_every_point_is_in_its_place(cache: ResultCache) -> None:
    dataset, executor = run(campaign(AXES, ("area", "side"), fixed={"length": 2.0}), cache)
    assert len(executor.ran) == 6
    assert dataset["area"].dims == ("width", "corner")
    assert dataset["area"].sel(width=3.0, corner="ss") == 6.0
    np.testing.assert_allclose(dataset["side"].sel(corner="tt"), np.sqrt(AXES["width"]), rtol=1e-15)
    assert dataset["area"].attrs == {"units": "m2", "long_name": "area"}
    assert dataset["width"].attrs == {"units": "m", "long_name": "width"}
    assert len(set(dataset["netlist_digest"].values.ravel())) == 6
    assert (dataset["failure"] == "").all()


def test_the_second_run_simulates_nothing_and_gives_the_same(cache: ResultCache) -> None:
    first, _ = run(campaign(AXES, ("area", "side")), cache)
    second, executor = run(campaign(AXES, ("area", "side")), cache)
    assert executor.ran == []
    assert first.identical(second)


def test_the_order_in_which_points_finish_does_not_matter(cache: ResultCache) -> None:
    forwards, _ = run(campaign(AXES), cache)
    backwards, executor = run(campaign(AXES), ResultCache(None), CountingExecutor(backwards=True))
    assert executor.ran == [5, 4, 3, 2, 1, 0]
    assert forwards.identical(backwards)


def test_a_longer_axis_simulates_its_new_points_only(cache: ResultCache) -> None:
    run(campaign(AXES), cache)
    _, executor = run(campaign({**AXES, "width": [1.0, 2.0, 2.5, 3.0]}), cache)
    assert executor.ran == [4, 5]


def test_a_changed_parameter_simulates_what_it_changes(cache: ResultCache) -> None:
    run(campaign(AXES, fixed={"length": 1.0}), cache)
    assert len(run(campaign(AXES, fixed={"length": 1.5}), cache)[1].ran) == 6
    assert run(campaign(AXES, fixed={"length": 1.0}), cache)[1].ran == []


def test_a_default_that_is_said_is_the_same_point(cache: ResultCache) -> None:
    run(campaign(AXES), cache)
    assert run(campaign(AXES, fixed={"length": 0.5}), cache)[1].ran == []


def test_an_axis_that_is_turned_into_a_fixed_parameter_is_the_same_point(cache: ResultCache) -> None:
    run(campaign(AXES), cache)
    assert run(campaign({"width": [1.0, 3.0]}, fixed={"corner": "ss"}), cache)[1].ran == []


def test_a_parameter_that_only_a_measurement_reads_changes_the_point(cache: ResultCache) -> None:
    once, _ = run(campaign(AXES), cache)
    twice, executor = run(campaign(AXES, fixed={"copies": 2}), cache)
    assert len(executor.ran) == 6
    assert (once["netlist_digest"] == twice["netlist_digest"]).all(), "copies is in no deck"
    np.testing.assert_array_equal(twice["area"], 2 * once["area"])


def test_a_further_measurement_takes_nothing_else_anew(cache: ResultCache) -> None:
    run(campaign(AXES), cache)
    _, executor = run(campaign(AXES, ("area", "side")), cache)
    assert executor.measured == ["side"] * 6


def test_another_version_of_a_measurement_or_simulator_is_measured_anew(cache: ResultCache) -> None:
    run(campaign(AXES, ("area", "side")), cache)
    newer = replace(PAPER, measurements={**MEASUREMENTS, "side": measurement("side", "m", side, version="2")})
    assert run(campaign(AXES, ("area", "side"), bench=newer), cache)[1].measured == ["side"] * 6
    assert len(run(campaign(AXES), cache, CountingExecutor(version="paper-2"))[1].ran) == 6


def test_a_failed_point_is_nan_with_its_reason_and_is_not_run_again(cache: ResultCache) -> None:
    failing = {2.0: ("ConvergenceFailure", "the solver\n gave up\x00 at 3 ns")}
    dataset, _ = run(campaign(AXES), cache, CountingExecutor(failing=failing))
    assert dataset["area"].isnull().sum() == 2
    assert set(dataset["failure"].sel(width=2.0).values) == {"the solver gave up at 3 ns"}
    again, executor = run(campaign(AXES), cache)
    assert executor.ran == []
    assert again.identical(dataset)


def test_failed_points_are_tried_again_when_asked(cache: ResultCache) -> None:
    failing = {2.0: ("ConvergenceFailure", "no")}
    run(campaign(AXES), cache, CountingExecutor(failing=failing))
    healed, executor = run(campaign(AXES), cache, retry_failed=True)
    assert executor.ran == [2, 3]
    assert (healed["failure"] == "").all()
    assert run(campaign(AXES), cache)[1].ran == []


def test_the_ladder_runs_again_only_what_failed_without_it(cache: ResultCache) -> None:
    run(campaign(AXES), cache, CountingExecutor(failing={2.0: ("ConvergenceFailure", "no")}))
    climbed, executor = run(campaign(AXES, ladder=("gear",)), cache, CountingExecutor(rungs={2.0: "gear"}))
    assert executor.ran == [2, 3]
    assert climbed["rung"].values.tolist() == [["", ""], ["gear", "gear"], ["", ""]]
    assert run(campaign(AXES, ladder=("gear",)), cache)[1].ran == []
    without, executor = run(campaign(AXES), cache)
    assert executor.ran == []
    assert without["area"].sel(width=2.0).isnull().all(), "a value of the ladder is not one of the deck as written"


def test_a_deck_that_cannot_be_made_is_a_failed_point(cache: ResultCache) -> None:
    dataset, executor = run(campaign({"width": [12.0, 13.0, 14.0, 15.0]}), cache)
    assert executor.ran == [0, 3]
    assert dataset["failure"].values.tolist() == [
        "",
        "the deck cannot be made: 13 m wide brings bad luck; choose another width",
        "the deck cannot be made: ZeroDivisionError: a plain bug",
        "",
    ]
    assert dataset["netlist_digest"].values[1] == ""


def test_a_measurement_that_raises_leaves_the_others_their_values(cache: ResultCache) -> None:
    dataset, _ = run(campaign({"width": [-1.0, 1.0]}, ("area", "side", "nothing")), cache)
    assert dataset["area"].values.tolist() == [-0.5, 0.5]
    assert np.isnan(dataset["side"].values).tolist() == [True, False]
    assert dataset["failure"].values[0] == "a width below 0 has no side"
    assert "the measurement nothing gave nan" in str(dataset["failure"].values[1])


def test_an_optional_measurement_may_give_no_number(cache: ResultCache) -> None:
    dataset, _ = run(campaign({"width": [1.0]}, ("maybe", "area")), cache)
    assert dataset["maybe"].isnull().all()
    assert dataset["failure"].values.tolist() == [""]
    again, executor = run(campaign({"width": [1.0]}, ("maybe", "area")), cache)
    assert executor.ran == []
    assert again.identical(dataset)


def test_reasons_stand_in_the_order_of_the_measurements_whatever_was_known_first() -> None:
    def after(measure: str) -> xr.Dataset:
        cache = ResultCache(None)
        run(campaign({"width": [-1.0]}, (measure,)), cache)
        return run(campaign({"width": [-1.0]}, ("side", "nothing")), cache)[0]

    assert after("side").identical(after("nothing"))
    assert str(after("side")["failure"].values[0]).startswith("a width below 0 has no side; the measurement nothing")


def test_a_zero_has_no_sign_in_the_cache_or_out_of_it(cache: ResultCache) -> None:
    def minus_zero(waves: Waveforms, point: Point) -> float:
        return -0.0

    bench = replace(PAPER, measurements={"zero": measurement("zero", "", minus_zero)})
    found, _ = run(campaign({"width": [1.0]}, ("zero",), bench=bench), cache)
    kept, executor = run(campaign({"width": [1.0]}, ("zero",), bench=bench), cache)
    assert executor.ran == []
    assert np.signbit(found["zero"].values) == np.signbit(kept["zero"].values)


def test_zipped_axes_are_coordinates_along_one_dimension(cache: ResultCache) -> None:
    dataset, _ = run(campaign({"width": [1.0, 2.0], "length": [3.0, 4.0]}, zipped=(("width", "length"),)), cache)
    assert dataset["area"].dims == ("width",)
    assert dataset["length"].dims == ("width",)
    assert dataset["area"].values.tolist() == [3.0, 8.0]


def test_a_sweep_without_axes_is_one_number(cache: ResultCache) -> None:
    dataset, _ = run(campaign({}), cache)
    assert dataset["area"].shape == ()
    assert dataset["area"] == 1.0


def test_points_that_were_found_stay_after_an_interrupt(tmp_path: Path) -> None:
    wanted = campaign({"width": range(1, 12)})
    with ResultCache(tmp_path / "points.sqlite") as cache, pytest.raises(KeyboardInterrupt):
        run(wanted, cache, CountingExecutor(stop_after=4))
    with ResultCache(tmp_path / "points.sqlite") as cache:
        assert len(cache) == 4
        assert len(run(wanted, cache)[1].ran) == 7


def test_a_second_answer_is_dropped_and_a_missing_one_is_told(cache: ResultCache) -> None:
    class Twice(CountingExecutor):
        def run(self, tasks: Iterable[Task]) -> Iterator[tuple[int, Result]]:
            for answer in super().run(tasks):
                yield from (answer, answer)

    class Forgetful(CountingExecutor):
        def run(self, tasks: Iterable[Task]) -> Iterator[tuple[int, Result]]:
            yield from list(super().run(tasks))[:4]

    run(campaign(AXES), cache, Twice())
    with pytest.raises(SimulatorCrashed, match="2 points were simulated and never came back"):
        run(campaign(AXES, ("side",)), cache, Forgetful())


def test_tasks_are_made_one_by_one(cache: ResultCache) -> None:
    drawn: list[int] = []
    bench = replace(PAPER, make=lambda point: (drawn.append(1), PAPER.make(point))[1])
    wanted = campaign({"width": range(1, 1001)}, bench=bench)
    with pytest.raises(KeyboardInterrupt):
        run(wanted, cache, CountingExecutor(stop_after=3))
    assert len(drawn) <= 5, "10 000 netlists at once would fill the memory"


def test_progress_counts_what_is_simulated_known_and_failed(cache: ResultCache) -> None:
    class Listener:
        def __init__(self) -> None:
            self.tally = Tally()

        def begin(self, total: int) -> None:
            self.tally.begin(total)

        def point(self, *, simulated: bool, failure: str) -> None:
            self.tally.count(simulated=simulated, failure=failure)

        def end(self) -> None:
            pass

    def tally(wanted: Campaign, executor: CountingExecutor) -> tuple[int, int, int, int]:
        listener = Listener()
        run_campaign(wanted, executor, cache, listener)
        counts = listener.tally
        return counts.total, counts.done, counts.simulated, counts.failed

    failing = CountingExecutor(failing={2.0: ("ConvergenceFailure", "no")})
    assert tally(campaign({"width": [1.0, 2.0, 13.0]}), failing) == (3, 3, 2, 2)
    assert tally(campaign({"width": [1.0, 2.0, 3.0]}), CountingExecutor()) == (3, 3, 1, 1)
