"""MEASURE: what every kind of measurement has in common: checked fields, a window, a unit, a version."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass, fields
from functools import lru_cache
from types import NoneType
from typing import Annotated, Any, ClassVar, Final, Literal, get_args, get_origin, get_type_hints

import numpy as np
from numpy.typing import NDArray

from pycosim.campaign.expressions import check_expression, evaluate
from pycosim.campaign.signals import read_signal
from pycosim.campaign.task import Measurement, Point
from pycosim.errors import ConfigurationError, InputError, MeasurementError
from pycosim.spice.simulator import AxisName, Waveforms
from pycosim.waveforms import windowed

SCHEMA: Final = 1
"""Raised when any kind of measurement gives another number of the same waveforms: results in a cache are then old."""

Level = Annotated[float | str, "level"]
"""A number in SI units, or an expression of the point's parameters such as "supply / 2"."""

Edge = Literal["rise", "fall", "both"]
RealArray = NDArray[np.float64]

_AXES: Final = {"time": "a transient (.tran)", "sweep": "a sweep (.dc, .op)", "frequency": "frequencies (.ac, .noise)"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure(ABC):
    """One number of a run.

    Attributes:
        start: begin of the window looked at (s; Hz or the swept unit where that is the axis); None for all.
        stop: its end.
        missing: what a run gives that lacks what is to be measured: "fail", the point fails with the reason, or "nan".
        unit: of the number; "" for the kind's own.
    """

    kind: ClassVar[str]
    axes: ClassVar[frozenset[AxisName]] = frozenset({"time"})
    own_unit: ClassVar[str] = ""

    start: Level | None = None
    stop: Level | None = None
    missing: Literal["fail", "nan"] = "fail"
    unit: str = ""

    def __post_init__(self) -> None:
        """Check every field against its kind.

        Raises:
            ConfigurationError: the field, what it must be, and what was found.
        """
        for name, hint in _hints(type(self)).items():
            _check_field(name, getattr(self, name), hint)

    def __call__(self, waves: Waveforms, point: Point) -> float:
        """The number, or NaN where it is missing and NaN is wanted.

        Raises:
            MeasurementError: the waveforms lack what is to be measured.
            InputError: the waveforms are of another analysis, a signal was not recorded, or the window lies outside.
            ConfigurationError: a level names a parameter that the point does not have.
        """
        if waves.axis_name not in self.axes:
            raise InputError(
                f"{self.kind} measures {self._wanted_axes()}, found waveforms over {waves.axis_name!r}; "
                "choose another kind or another analysis"
            )
        try:
            return float(self.take(waves, point))
        except MeasurementError:
            if self.missing == "nan":
                return math.nan
            raise

    @abstractmethod
    def take(self, waves: Waveforms, point: Point) -> float:
        """The number of waveforms over the right axis.

        Raises:
            MeasurementError: they lack what is to be measured.
        """

    @property
    def probes(self) -> tuple[str, ...]:
        """What a deck must record for it."""
        texts = [getattr(self, name) for name, hint in _hints(type(self)).items() if _marked(hint, "signal")]
        return tuple(dict.fromkeys(probe for text in texts if text is not None for probe in read_signal(text).probes))

    @property
    def parameters(self) -> frozenset[str]:
        """Names of the point's parameters that its levels are computed of."""
        texts = [getattr(self, name) for name, hint in _hints(type(self)).items() if _marked(hint, "level")]
        return frozenset[str]().union(*(check_expression(text) for text in texts if isinstance(text, str)))

    @property
    def version(self) -> str:
        """Kind, schema and fields: the same text, the same number of the same waveforms and point."""
        said = ", ".join(f"{one.name}={getattr(self, one.name)!r}" for one in fields(self) if one.name != "unit")
        return f"{self.kind} {SCHEMA} ({said})"

    @property
    def shown_unit(self) -> str:
        """Unit of the number."""
        return self.unit or self.natural_unit()

    def natural_unit(self) -> str:
        """Unit that follows from the kind and the signal."""
        return self.own_unit

    def check_axis(self, axis_name: AxisName, analysis: str) -> None:
        """Refuse an analysis that gives waveforms of another axis.

        Raises:
            ConfigurationError: naming what the kind measures.
        """
        if axis_name not in self.axes:
            raise ConfigurationError(
                f"{self.kind} measures {self._wanted_axes()}, and the deck has {analysis}; "
                "choose another kind or another analysis"
            )

    def level(self, name: str, point: Point) -> float | None:
        """A field as a number: itself, or its expression at this point; None where it is not given."""
        value = getattr(self, name)
        return evaluate(value, point) if isinstance(value, str) else None if value is None else float(value)

    def required(self, name: str, point: Point) -> float:
        """`level` of a field that is always given."""
        value = self.level(name, point)
        assert value is not None
        return value

    def samples(self, text: str, waves: Waveforms, point: Point) -> tuple[RealArray, RealArray]:
        """Axis and values of a real signal within the window; a falling sweep is turned round.

        Raises:
            InputError: a signal that was not recorded, a window outside the waveform, or nested sweeps.
        """
        values = np.asarray(read_signal(text).of(waves).real, dtype=np.float64)
        axis = waves.axis
        if axis.size > 1 and axis[-1] < axis[0]:
            axis, values = axis[::-1], values[::-1]
        if (np.diff(axis) < 0).any():
            raise InputError(f"{self.kind} needs one sweep, found two that are nested; sweep the outer one as an axis")
        return windowed(axis, values, self.level("start", point), self.level("stop", point))

    def _wanted_axes(self) -> str:
        return " or ".join(text for name, text in _AXES.items() if name in self.axes)


def measured_as(name: str, measure: Measure) -> Measurement:
    """A measure under the name that the dataset gives it."""
    return Measurement(
        name=name, unit=measure.shown_unit, function=measure, version=measure.version, optional=measure.missing == "nan"
    )


def probes_of(measurements: Iterable[Measurement]) -> tuple[str, ...]:
    """Probes of all measurements that are of a kind known here, each once."""
    functions = [one.function for one in measurements]
    return tuple(dict.fromkeys(probe for one in functions if isinstance(one, Measure) for probe in one.probes))


@lru_cache(maxsize=64)
def _hints(kind: type[Measure]) -> dict[str, Any]:
    """Field -> its type."""
    hints = get_type_hints(kind, include_extras=True)
    return {one.name: hints[one.name] for one in fields(kind)}


def _options(hint: Any) -> tuple[Any, ...]:
    """The types of a union, or the one type; those marked as level or signal stay whole."""
    return (hint,) if get_origin(hint) in (Annotated, Literal) or not get_args(hint) else get_args(hint)


def _marked(hint: Any, mark: str) -> bool:
    return any(mark in getattr(option, "__metadata__", ()) for option in _options(hint))


def _check_field(name: str, value: object, hint: Any) -> None:
    options = _options(hint)
    if value is None and NoneType in options:
        return
    if _marked(hint, "signal") and isinstance(value, str):
        read_signal(value)
    elif _marked(hint, "level") and isinstance(value, str):
        check_expression(value)
    elif _marked(hint, "level") or float in options:
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise ConfigurationError(f"{name} must be a finite number in SI units, found {value!r}")
    elif get_origin(hint) is Literal:
        if value not in get_args(hint):
            raise ConfigurationError(f"{name} must be one of {', '.join(map(repr, get_args(hint)))}, found {value!r}")
    elif hint is int:
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise ConfigurationError(f"{name} must be a whole number of 1 or more, found {value!r}")
    elif not isinstance(value, str):
        raise ConfigurationError(f"{name} must be text, found {value!r}")
