"""WORDS: names and sentences of a report that its terminal and its page share."""

from __future__ import annotations

from pycosim.evaluate.cost import Source
from pycosim.evaluate.quantities import scale_for, show_number, show_quantity
from pycosim.evaluate.report import Check, Interval
from pycosim.evaluate.workload_cost import Spread

_ACCURACY_LABELS = {
    "exact": "Exact softmax",
    "linear": "Linear hardware",
    "analog": "Analog, before adaptation",
    "analog_adapted": "Analog, adapted",
}
_RELATIONS = {"at_most": "≤", "at_least": "≥"}

SOURCE_MEANING: dict[Source, str] = {
    "simulated": "measured on waveforms that ngspice computed in this run",
    "protocol": "set by the protocol, such as the length of a full-scale pulse",
    "assumed": "assumed: a digital part that is not simulated",
}


def accuracy_label(name: str) -> str:
    """The name of an attention as a reader sees it; unknown ones become words."""
    return _ACCURACY_LABELS.get(name, name.replace("_", " ").capitalize())


def headline_label(name: str) -> str:
    """The name of the attention whose figure stands at the top of the page."""
    return "analog attention" if name == "analog_adapted" else accuracy_label(name)


def check_target(check: Check) -> str:
    """A check's target as text: "≤ 100 ps", "409 mV ± 20 mV"."""
    target = show_quantity(check.target, check.unit, trim=True)
    if check.relation == "within":
        return f"{target} ± {show_quantity(check.tolerance, check.unit, trim=True)}"
    return f"{_RELATIONS[check.relation]} {target}"


def check_value(check: Check) -> str:
    """A check's value as text."""
    return show_quantity(check.value, check.unit, digits=3 if check.unit else 4)


def checks_verdict(checks: tuple[Check, ...]) -> str:
    """How many checks were met, in a sentence without a full stop."""
    n_met = sum(check.passed for check in checks)
    if n_met == len(checks):
        return f"all {len(checks)} targets met"
    return f"{n_met} of {len(checks)} targets met"


def interval_text(interval: Interval) -> str:
    """A domain's axis as text, both ends in one unit: "charge −0.3 to 2.1 pC"."""
    largest = max(abs(interval.low), abs(interval.high))
    factor, unit = scale_for(largest, interval.unit)
    low, high = (show_number(end / factor, trim=True) for end in (interval.low, interval.high))
    return f"{interval.name.replace('_', ' ')} {low} to {high} {unit}".rstrip()


def spread_text(spread: Spread, unit: str, prefix: str) -> str:
    """Both outer quantiles of a spread, in one unit: "412 to 963 pJ"."""
    low = show_quantity(spread.low, unit, prefix=prefix).removesuffix(f" {prefix}{unit}")
    return f"{low} to {show_quantity(spread.high, unit, prefix=prefix)}"


def error_text(error: float | None) -> str:
    """A relative error as text; nothing where there is no law."""
    return "" if error is None else f"{show_number(100 * error, digits=2)} %"


def ratio_text(value: float, reference: float) -> str:
    """How a value stands to a reference: "0.932 ×"."""
    return f"{show_number(value / reference)} ×" if reference else "no reference"
