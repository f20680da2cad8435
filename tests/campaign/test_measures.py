"""Measurements of any circuit, against closed forms of signals that are written down here."""

from __future__ import annotations

import pickle
from collections.abc import Mapping

import numpy as np
import pytest

from pycosim.campaign.expressions import evaluate
from pycosim.campaign.measure import Measure, probes_of
from pycosim.campaign.measures import MEASURES, parse_measure
from pycosim.campaign.signals import read_signal
from pycosim.campaign.task import Measurement, Point
from pycosim.errors import ConfigurationError, InputError, MeasurementError
from pycosim.spice import Waveforms
from pycosim.spice.simulator import Array, AxisName

TIME = np.linspace(0.0, 10.0, 1001)
TAU = 1.5
POLE = 1e3  # Hz


def waves(axis: np.ndarray, axis_name: AxisName, signals: Mapping[str, Array]) -> Waveforms:
    return Waveforms(axis=axis, axis_name=axis_name, signals=signals, netlist_digest="")


def in_time(signals: Mapping[str, Array]) -> Waveforms:
    return waves(TIME, "time", signals)


SINE = in_time({"v(s)": np.sin(2 * np.pi * 0.75 * TIME), "v(vdd)": np.full(TIME.size, 0.9)})
CHARGING = in_time(
    {
        "v(out)": 1 - np.exp(-TIME / TAU),
        "v(in)": np.where(TIME >= 2.0, 1.0, 0.0),
        "i(vdd)": -2e-3 * np.exp(-TIME / TAU),
        "v(vdd)": np.full(TIME.size, 0.9),
        "v(flat)": np.full(TIME.size, 0.5),
    }
)
FREQUENCY = np.geomspace(1.0, 1e6, 601)
ONE_POLE = 40.0 / (1 + 1j * FREQUENCY / POLE)
RESPONSE = waves(
    FREQUENCY, "frequency", {"v(out)": 2 * ONE_POLE, "v(in)": np.full(601, 2.0 + 0j), "v(two)": ONE_POLE**2}
)
NOISE = waves(FREQUENCY, "frequency", {"onoise_spectrum": np.full(601, 3e-9)})
SLOPE = waves(np.linspace(-1.0, 1.0, 21), "sweep", {"v(out)": np.linspace(0.0, 4.0, 21), "v(ref)": np.full(21, 1.0)})
POINT_OP = waves(np.zeros(1), "sweep", {"v(out)": np.array([0.7])})


def measured(wanted: Waveforms, point: Point | None = None, /, **table: object) -> float:
    return parse_measure("x", table).function(wanted, point or {})


# ---------------------------------------------------------------------------------------------------------- time


def test_the_pulse_width_of_a_sine_above_its_mean_is_half_of_the_time() -> None:
    width = measured(SINE, kind="pulse_width", signal="v(s)", threshold=0.0, start=0.0, stop=8.0)
    assert width == pytest.approx(4.0, abs=1e-3)  # 10 ms steps, interpolated at twelve crossings


def test_a_crossing_is_the_wanted_one() -> None:
    half_period = 0.5 / 0.75
    for number in (1, 2, 3):
        found = measured(SINE, kind="crossing", signal="v(s)", threshold=0.0, number=number, start=0.1)
        assert found == pytest.approx(number * half_period, abs=1e-5)
    fall = measured(SINE, kind="crossing", signal="v(s)", threshold=0.0, edge="fall", number=2)
    assert fall == pytest.approx(3 * half_period, abs=1e-5)


def test_a_capacitor_is_at_63_percent_after_one_time_constant() -> None:
    found = measured(CHARGING, kind="crossing", signal="v(out)", threshold=1 - np.exp(-1.0))
    assert found == pytest.approx(TAU, rel=1e-5)  # curvature between samples: (dt / TAU)^2 / 8


def test_a_delay_is_counted_from_the_reference() -> None:
    found = measured(CHARGING, kind="delay", reference="v(in)", signal="v(out)", threshold=0.9, reference_threshold=0.5)
    assert found == pytest.approx(-TAU * np.log(0.1) - 1.995, abs=1e-4)  # the step is a ramp between 1.99 and 2.00


def test_period_and_frequency_are_one_over_each_other_and_use_every_edge() -> None:
    table = {"signal": "v(s)", "threshold": 0.1, "number": 5}
    assert measured(SINE, kind="period", **table) == pytest.approx(1 / 0.75, rel=1e-4)
    assert measured(SINE, kind="frequency", **table) == pytest.approx(0.75, rel=1e-4)


def test_a_rise_from_10_to_90_percent_takes_ln_9_time_constants() -> None:
    table = {"signal": "v(out)", "bottom": 0, "top": 1}
    assert measured(CHARGING, kind="rise_time", **table) == pytest.approx(TAU * np.log(9), rel=1e-4)
    falling = in_time({"v(out)": np.exp(-TIME / TAU)})
    assert measured(falling, kind="fall_time", **table) == pytest.approx(TAU * np.log(9), rel=1e-4)


def test_levels_of_a_rise_are_by_default_the_extremes_of_the_window() -> None:
    full = measured(CHARGING, kind="rise_time", signal="v(out)")
    swing = 1 - np.exp(-10 / TAU)
    assert full == pytest.approx(TAU * np.log((1 - 0.1 * swing) / (1 - 0.9 * swing)), rel=1e-4)


def test_settling_is_from_the_window_until_the_band_is_not_left_again() -> None:
    found = measured(CHARGING, kind="settling", signal="v(out)", tolerance=0.01, final=1.0, start=1.0)
    assert found == pytest.approx(TAU * np.log(100) - 1.0, rel=1e-4)
    with pytest.raises(MeasurementError, match="has not settled to 2"):
        measured(CHARGING, kind="settling", signal="v(out)", tolerance=0.01, final=2.0)


# ---------------------------------------------------------------------------------------------------------- level


def test_averages_are_by_area_and_not_by_the_number_of_samples() -> None:
    uneven = np.concatenate([np.linspace(0.0, 1.0, 900), np.linspace(1.0, 10.0, 10)[1:]])
    ramp = waves(uneven, "time", {"v(a)": uneven})
    assert measured(ramp, kind="mean", signal="v(a)") == pytest.approx(5.0, rel=1e-12)
    assert measured(ramp, kind="rms", signal="v(a)") == pytest.approx(10 / np.sqrt(3), rel=1e-12)
    assert measured(ramp, kind="mean", signal="v(a)", start=2.5, stop=4.5) == pytest.approx(3.5, rel=1e-12)


def test_extremes_lie_within_the_window() -> None:
    window = {"signal": "v(out)", "start": 1.0, "stop": 2.0}
    low, high = 1 - np.exp(-1 / TAU), 1 - np.exp(-2 / TAU)
    assert measured(CHARGING, kind="minimum", **window) == pytest.approx(low)
    assert measured(CHARGING, kind="maximum", **window) == pytest.approx(high)
    assert measured(CHARGING, kind="peak_to_peak", **window) == pytest.approx(high - low)
    assert measured(CHARGING, kind="final", **window) == pytest.approx(high)
    assert measured(CHARGING, kind="value", signal="v(out)", at=2.0) == pytest.approx(high)


def test_charge_energy_and_power_of_a_supply_are_positive_while_it_delivers() -> None:
    charge = 2e-3 * TAU * (1 - np.exp(-10 / TAU))
    tolerance = 1e-5  # trapezoidal rule: (dt / TAU)^2 / 12
    assert measured(CHARGING, kind="charge", signal="-i(vdd)") == pytest.approx(charge, rel=tolerance)
    assert measured(CHARGING, kind="integral", signal="i(vdd)") == pytest.approx(-charge, rel=tolerance)
    supply = {"current": "i(vdd)", "voltage": "v(vdd)"}
    assert measured(CHARGING, kind="energy", **supply) == pytest.approx(0.9 * charge, rel=tolerance)
    assert measured(CHARGING, kind="power", **supply) == pytest.approx(0.09 * charge, rel=tolerance)


def test_an_operating_point_has_a_final_value() -> None:
    assert measured(POINT_OP, kind="final", signal="v(out)") == 0.7
    assert measured(POINT_OP, kind="maximum", signal="v(out)") == 0.7


# ---------------------------------------------------------------------------------------------------------- sweep


def test_over_a_sweep_a_crossing_is_a_swept_value() -> None:
    table = {"kind": "crossing", "signal": "v(out) - v(ref)", "threshold": 0.0, "over": "sweep"}
    assert measured(SLOPE, **table) == pytest.approx(-0.5)
    turned = waves(SLOPE.axis[::-1], "sweep", {name: values[::-1] for name, values in SLOPE.signals.items()})
    assert measured(turned, **table) == pytest.approx(-0.5)
    with pytest.raises(ConfigurationError, match='write over = "sweep"'):
        measured(SLOPE, **{**table, "over": "time"})


def test_two_nested_sweeps_are_refused() -> None:
    nested = waves(np.tile([0.0, 1.0], 2), "sweep", {"v(out)": np.arange(4.0)})
    with pytest.raises(InputError, match="nested"):
        measured(nested, kind="mean", signal="v(out)")


# ---------------------------------------------------------------------------------------------------------- frequency


def test_a_pole_has_half_power_and_45_degrees_at_its_frequency() -> None:
    output = {"signal": "v(out)", "reference": "v(in)"}
    tolerance = 1e-4  # 100 points a decade, linear on the Bode plot
    assert measured(RESPONSE, kind="bandwidth", **output) == pytest.approx(POLE, rel=tolerance)
    assert measured(RESPONSE, kind="phase", **output, at=POLE) == pytest.approx(-45.0, rel=tolerance)
    assert measured(RESPONSE, kind="gain", **output) == pytest.approx(40.0, rel=1e-5)
    gain = measured(RESPONSE, kind="gain", **output, at=POLE, scale="db")
    assert gain == pytest.approx(20 * np.log10(40) - 10 * np.log10(2), rel=tolerance)


def test_the_gain_of_a_pole_is_one_at_its_gain_bandwidth() -> None:
    unity = POLE * np.sqrt(40**2 - 1)
    output = {"signal": "v(out)", "reference": "v(in)"}
    assert measured(RESPONSE, kind="unity_gain_frequency", **output) == pytest.approx(unity, rel=1e-4)
    margin = 180 - np.degrees(np.arctan(unity / POLE))
    assert measured(RESPONSE, kind="phase_margin", **output) == pytest.approx(margin, rel=1e-4)


def test_phase_is_unwrapped_beyond_half_a_turn() -> None:
    three = waves(FREQUENCY, "frequency", {"v(out)": (ONE_POLE / 40) ** 3})
    found = measured(three, kind="phase", signal="v(out)", at=1e5)
    assert found == pytest.approx(-3 * np.degrees(np.arctan(100.0)), rel=1e-4)


def test_white_noise_grows_with_the_square_root_of_the_band() -> None:
    found = measured(NOISE, kind="noise", start=1e2, stop=1e4)
    assert found == pytest.approx(3e-9 * np.sqrt(1e4 - 1e2), rel=1e-9)


def test_a_gain_that_does_not_fall_says_from_where_to_where_it_goes() -> None:
    with pytest.raises(MeasurementError, match=r"does not fall below .* begins with 2 and ends with 2"):
        measured(RESPONSE, kind="bandwidth", signal="v(in)")


# ---------------------------------------------------------------------------------------------------------- failures


def test_a_missing_crossing_fails_or_is_nan_as_the_user_says() -> None:
    table = {"kind": "crossing", "signal": "v(out)", "threshold": 2.0}
    with pytest.raises(MeasurementError, match=r"v\(out\) has 0 crossings of 2 .* lies between 0 and 0.99"):
        measured(CHARGING, **table)
    assert np.isnan(measured(CHARGING, **table, missing="nan"))
    assert parse_measure("x", {**table, "missing": "nan"}).optional
    assert not parse_measure("x", table).optional


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"kind": "period", "signal": "v(flat)", "threshold": 0.4}, "does it oscillate"),
        ({"kind": "rise_time", "signal": "v(flat)"}, "has no swing"),
        ({"kind": "rise_time", "signal": "v(out)", "number": 2}, "1 complete rises"),
        ({"kind": "crossing", "signal": "v(in)", "threshold": 0.5, "number": 2}, "wanted number 2"),
    ],
)
def test_what_is_not_there_is_said_with_what_was_found(table: dict[str, object], words: str) -> None:
    with pytest.raises(MeasurementError, match=words):
        measured(CHARGING, **table)


def test_nan_is_for_what_is_missing_and_not_for_mistakes() -> None:
    with pytest.raises(InputError, match="must rise and lie within the waveform, which goes from 0 to 10"):
        measured(CHARGING, kind="mean", signal="v(out)", stop=11.0, missing="nan")
    with pytest.raises(InputError, match=r"does not record v\(nope\)"):
        measured(CHARGING, kind="mean", signal="v(nope)", missing="nan")
    with pytest.raises(InputError, match=r"measures a transient \(\.tran\), found waveforms over 'frequency'"):
        measured(RESPONSE, kind="pulse_width", signal="v(out)", threshold=0.5, missing="nan")


def test_a_window_may_end_a_rounding_behind_the_last_step() -> None:
    assert measured(CHARGING, kind="final", signal="v(out)", stop=10.0 * (1 + 1e-12)) == pytest.approx(1.0, abs=0.002)


# ---------------------------------------------------------------------------------------------------------- levels


def test_levels_may_be_arithmetic_with_parameters_of_the_point() -> None:
    table = {"kind": "crossing", "signal": "v(out)", "threshold": "supply / 2 + 2 * offset"}
    found = measured(CHARGING, {"supply": 1.0, "offset": 0.05}, **table)
    assert found == pytest.approx(-TAU * np.log(0.4), rel=1e-4)
    function = parse_measure("x", table).function
    assert isinstance(function, Measure)
    assert function.parameters == {"supply", "offset"}


def test_arithmetic_has_dotted_names_powers_and_pi() -> None:
    assert evaluate("2*pi*cell.w**2 - -1", {"cell.w": 3}) == pytest.approx(18 * np.pi + 1)


@pytest.mark.parametrize(
    "text", ["__import__('os')", "a.b()", "[1]", "a if b else c", "1 < 2", "'x'", "", "1j", "True", "(" * 90, "x" * 300]
)
def test_an_expression_can_run_nothing(text: str) -> None:
    with pytest.raises(ConfigurationError):
        evaluate(text, {"a": 1.0, "b": 1.0, "c": 1.0})


@pytest.mark.parametrize(
    ("text", "words"),
    [("1u", "write 1e-06"), ("suply/2", "did you mean supply"), ("corner/2", "is a word"), ("1/0", "no value")],
)
def test_a_wrong_expression_says_what_to_write(text: str, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        evaluate(text, {"supply": 1.0, "corner": "tt"})


# ---------------------------------------------------------------------------------------------------------- tables


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({}, "has no kind"),
        ({"kind": "pulse_widht"}, "did you mean pulse_width"),
        ({"kind": "mean"}, "needs signal"),
        ({"kind": "crossing", "signal": "v(a)"}, "needs threshold"),
        ({"kind": "mean", "signal": "v(a)", "sart": 1}, "did you mean start"),
        ({"kind": "mean", "signal": "a"}, "is no signal"),
        ({"kind": "mean", "signal": "v(a"}, "is no signal"),
        ({"kind": "mean", "signal": "v(a)v(b)"}, "is no signal"),
        ({"kind": "mean", "signal": "i(a,b)"}, "is no signal"),
        ({"kind": "mean", "signal": "v(0)"}, "is ground"),
        ({"kind": "mean", "signal": ""}, "is no signal"),
        ({"kind": "mean", "signal": 3}, "signal must be text"),
        ({"kind": "mean", "signal": "v(a)", "start": "1n"}, "write 1e-09"),
        ({"kind": "mean", "signal": "v(a)", "start": float("nan")}, "must be a finite number"),
        ({"kind": "mean", "signal": "v(a)", "start": True}, "must be a finite number"),
        ({"kind": "mean", "signal": "v(a)", "missing": "skip"}, "one of 'fail', 'nan'"),
        ({"kind": "crossing", "signal": "v(a)", "threshold": 1, "edge": "up"}, "one of 'rise', 'fall', 'both'"),
        ({"kind": "crossing", "signal": "v(a)", "threshold": 1, "number": 0}, "whole number of 1 or more"),
        ({"kind": "crossing", "signal": "v(a)", "threshold": 1, "number": 1.5}, "whole number of 1 or more"),
        ("mean", "must be a table"),
    ],
)
def test_a_wrong_table_says_which_measure_and_what_to_write(table: object, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words) as caught:
        parse_measure("width", table)
    assert "measure width" in str(caught.value)


def test_a_measure_knows_what_a_deck_must_record() -> None:
    tables: dict[str, dict[str, object]] = {
        "a": {"kind": "mean", "signal": "V(Out, In)"},
        "b": {"kind": "energy", "current": "i(Vdd)", "voltage": "v(vdd) - v(0)"},
        "c": {"kind": "gain", "signal": "v(out)"},
        "d": {"kind": "final", "signal": "@m1[gm]"},
        "e": {"kind": "noise"},
    }
    other = Measurement(name="f", unit="", function=lambda waves, point: 0.0, version="1")
    probes = probes_of([*(parse_measure(name, table) for name, table in tables.items()), other])
    assert probes == ("v(out)", "v(in)", "i(vdd)", "v(vdd)", "@m1[gm]", "onoise_spectrum")


def test_signals_add_and_subtract() -> None:
    run = in_time({"v(a)": TIME, "v(b)": 2 * TIME, "v(c)": 0 * TIME + 1})
    assert np.array_equal(read_signal("v(a,b)").of(run), -TIME)
    assert np.allclose(read_signal("-v(a) + v(b) - v(c,a)").of(run), 2 * TIME - 1, rtol=0, atol=1e-14)
    assert read_signal("v(a) - i(b)").unit == ""


@pytest.mark.parametrize(
    ("table", "unit"),
    [
        ({"kind": "mean", "signal": "v(a)"}, "V"),
        ({"kind": "rms", "signal": "-i(a)"}, "A"),
        ({"kind": "integral", "signal": "v(a)"}, "V s"),
        ({"kind": "charge", "signal": "i(a)"}, "C"),
        ({"kind": "gain", "signal": "v(a)", "scale": "db"}, "dB"),
        ({"kind": "crossing", "signal": "v(a)", "threshold": 1}, "s"),
        ({"kind": "crossing", "signal": "v(a)", "threshold": 1, "over": "sweep", "unit": "V"}, "V"),
    ],
)
def test_units_follow_from_kind_and_signal_unless_they_are_given(table: dict[str, object], unit: str) -> None:
    assert parse_measure("x", table).unit == unit


def test_a_version_changes_with_every_field_but_the_unit() -> None:
    table = {"kind": "crossing", "signal": "v(a)", "threshold": 1.0}
    version = parse_measure("x", table).version
    changes: list[dict[str, object]] = [
        {"threshold": 1.1}, {"edge": "rise"}, {"number": 2}, {"start": 0.0}, {"missing": "nan"}, {"signal": "v(b)"},
    ]  # fmt: skip
    versions = {parse_measure("x", {**table, **change}).version for change in changes}
    assert len(versions) == len(changes)
    assert version not in versions
    assert parse_measure("other", {**table, "unit": "ms"}).version == version
    assert parse_measure("x", {**table, "kind": "period", "edge": "rise"}).version not in versions


def test_every_kind_travels_to_another_process() -> None:
    fields = {"threshold": 0.5, "tolerance": 0.1, "at": 1.0, "reference": "v(a)"}
    signals = {"signal": "v(a)", "current": "i(a)", "voltage": "v(a)"}
    for kind, cls in MEASURES.items():
        known = cls.__dataclass_fields__
        table = {key: value for key, value in {**fields, **signals}.items() if key in known}
        measurement = parse_measure("x", {"kind": kind, **table})
        assert pickle.loads(pickle.dumps(measurement)) == measurement
