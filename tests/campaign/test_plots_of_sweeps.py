from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from matplotlib.figure import Figure

from campaign.paper import campaign, run
from pycosim.campaign.cache import ResultCache
from pycosim.campaign.plot import choose_view, draw_sweep, save_plot
from pycosim.errors import InputError, StoreError


@pytest.fixture(scope="module")
def sweep() -> xr.Dataset:
    """Width 13 has no deck: 10 of its 130 points failed."""
    axes = {"width": range(1, 14), "corner": ["tt", "ss"], "seed": {"seeds": 5}}
    return run(campaign(axes, ("area", "side")), ResultCache(None))[0]


def drawn(sweep: xr.Dataset, **words: str) -> Figure:
    at = words.pop("at", None)
    return draw_sweep(sweep, choose_view(sweep, **words, at=[at] if at else ()))


def legend(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.legends[0].get_texts()]


def test_what_is_left_open_is_the_longest_axis_and_the_first_measurement(sweep: xr.Dataset) -> None:
    view = choose_view(sweep)
    assert (view.x, view.y, view.hue, view.name) == ("width", "area", None, "area_over_width")
    assert choose_view(sweep, x="area").y is None
    assert choose_view(sweep, x="area", hue="corner").name == "area_by_corner"


def test_further_axes_are_a_median_and_a_band(sweep: xr.Dataset) -> None:
    (axes,) = drawn(sweep, x="width", y="area", hue="corner").axes
    np.testing.assert_allclose(
        axes.lines[0].get_ydata()[:12], sweep["area"].sel(corner="tt").median("seed")[:12], rtol=1e-12
    )
    assert np.isnan(axes.lines[0].get_ydata()[12])
    assert len(axes.collections) == 2
    assert axes.get_title(loc="left") == "paper; median, 5 to 95 % over seed (5); 10 of 130 points failed"
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("width", "area")
    assert axes.xaxis.get_major_formatter()(3.0) == "3 m", "each number has its unit"


def test_one_value_of_an_axis_can_be_chosen(sweep: xr.Dataset) -> None:
    figure = drawn(sweep, x="width", y="area", hue="seed", at="corner=ss")
    assert legend(figure) == ["0", "1", "2", "3", "4"]
    assert "corner ss" in figure.axes[0].get_title(loc="left")
    assert len(figure.axes[0].lines) == 5
    assert choose_view(sweep, at=["width=3.0"]) == choose_view(sweep, at=["width=3"])
    assert choose_view(sweep, at=["width=3"]).x == "seed"


def test_a_legend_names_ten_hues_at_most(sweep: xr.Dataset) -> None:
    assert legend(drawn(sweep, x="seed", y="area", hue="width"))[::9] == ["1 m", "13 m"]


def test_words_are_places_along_an_axis(sweep: xr.Dataset) -> None:
    figure = drawn(sweep, x="corner", y="area")
    assert [tick.get_text() for tick in figure.axes[0].get_xticklabels()] == ["tt", "ss"]


def test_two_measurements_are_a_cloud_and_one_a_histogram(sweep: xr.Dataset) -> None:
    cloud = drawn(sweep, x="area", y="side", hue="corner")
    assert len(cloud.axes[0].lines[0].get_xdata()) == 65
    histogram = drawn(sweep, x="side", hue="corner")
    counts = sum(patch.get_height() for patch in histogram.axes[0].patches)
    assert counts == 120
    assert histogram.axes[0].get_ylabel() == "points"


def test_points_that_are_spaced_by_a_factor_are_drawn_on_a_logarithmic_scale() -> None:
    axes = {"width": {"start": 0.1, "stop": 100.0, "n": 4, "spacing": "log"}}
    sweep, _ = run(campaign(axes), ResultCache(None))
    assert drawn(sweep).axes[0].get_xscale() == "log"
    linear, _ = run(campaign({"width": [1.0, 2.0, 3.0]}), ResultCache(None))
    assert drawn(linear).axes[0].get_xscale() == "linear"


def test_a_sweep_of_which_all_failed_is_still_drawn() -> None:
    sweep, _ = run(campaign({"width": [13.0, 14.0]}), ResultCache(None))
    assert "2 of 2 points failed" in drawn(sweep).axes[0].get_title(loc="left")
    drawn(sweep, x="area")


def test_a_sweep_of_one_point_is_drawn() -> None:
    sweep, _ = run(campaign({}), ResultCache(None))
    drawn(sweep)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"x": "widht"}, "--x: the sweep has no 'widht'; did you mean width"),
        ({"y": "width"}, "--y: the sweep has no 'width'"),
        ({"hue": "area"}, "--hue: the sweep has no 'area'"),
        ({"x": "width", "hue": "width"}, "--hue width runs along the dimension of --x width"),
        ({"at": "corner"}, "--at must be axis=value"),
        ({"at": "corner=sf"}, "--at: the axis corner has no 'sf'"),
        ({"at": "cornr=ss"}, "--at: the sweep has no 'cornr'"),
        ({"x": "width", "at": "width=3"}, "--x width runs along the dimension of --at width"),
        ({"hue": "corner", "at": "corner=ss"}, "--hue corner runs along the dimension of --at corner"),
    ],
)
def test_a_wrong_word_is_named(sweep: xr.Dataset, words: dict[str, str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        drawn(sweep, **words)


def test_the_suffix_of_a_file_is_its_format(sweep: xr.Dataset, tmp_path: Path) -> None:
    figure = drawn(sweep)
    for suffix in ("png", "svg", "pdf"):
        assert save_plot(figure, tmp_path / "new" / f"plot.{suffix}").stat().st_size > 1000
    with pytest.raises(InputError, match=r"choose a suffix such as \.png"):
        save_plot(figure, tmp_path / "plot.doc")
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="choose another file with --out"):
        save_plot(figure, tmp_path / "file" / "plot.png")
