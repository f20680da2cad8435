"""MEASURES BY NAME: the kinds that a TOML file may name for any circuit, and the reader of their tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Final

from pycosim.campaign.measure import Measure, measured_as
from pycosim.campaign.measures_ac import Bandwidth, Gain, NoiseLevel, Phase, PhaseMargin, UnityGainFrequency
from pycosim.campaign.measures_level import (
    Charge,
    Energy,
    Integral,
    Maximum,
    Mean,
    Minimum,
    PeakToPeak,
    Power,
    Rms,
    Value,
)
from pycosim.campaign.measures_level import (
    Final as FinalValue,
)
from pycosim.campaign.measures_time import (
    Crossing,
    Delay,
    FallTime,
    Frequency,
    Period,
    PulseWidth,
    RiseTime,
    Settling,
)
from pycosim.campaign.task import Measurement
from pycosim.errors import ConfigurationError
from pycosim.flows.config import near_words

_TIME: Final = (PulseWidth, Crossing, Delay, Period, Frequency, RiseTime, FallTime, Settling)
_LEVEL: Final = (Mean, Rms, Minimum, Maximum, PeakToPeak, FinalValue, Value, Integral, Charge, Energy, Power)
_AC: Final = (Gain, Phase, Bandwidth, UnityGainFrequency, PhaseMargin, NoiseLevel)

MEASURES: Final[Mapping[str, type[Measure]]] = {kind.kind: kind for kind in (*_TIME, *_LEVEL, *_AC)}
"""Name in a TOML table -> kind of measurement."""


def parse_measure(name: str, table: object) -> Measurement:
    """A measurement as a TOML table says it.

    Args:
        name: of the table, and then of the dataset's variable.
        table: `kind` and the fields of that kind.

    Raises:
        ConfigurationError: no table, an unknown kind or field (near ones are named), a field that is missing or wrong.
    """
    where = f"measure {name}"
    if not isinstance(table, Mapping):
        raise ConfigurationError(
            f'{where} must be a table such as {{ kind = "mean", signal = "v(out)" }}, found {table!r}'
        )
    given = {str(key): value for key, value in table.items()}
    kind = given.pop("kind", None)
    if not isinstance(kind, str) or kind not in MEASURES:
        found = "has no kind" if kind is None else f"has the unknown kind {kind!r}"
        raise ConfigurationError(f"{where} {found}; {near_words(str(kind), sorted(MEASURES))}")
    known = {one.name: one for one in fields(MEASURES[kind])}
    for key in given:
        if key not in known:
            raise ConfigurationError(f"{where}: {kind} has no field {key!r}; {near_words(key, sorted(known))}")
    missing = [key for key, one in known.items() if one.default is MISSING and key not in given]
    if missing:
        raise ConfigurationError(f"{where}: {kind} needs {' and '.join(missing)}; write them into its table")
    try:
        return measured_as(name, MEASURES[kind](**given))
    except ConfigurationError as error:
        raise ConfigurationError(f"{where}: {error}") from None
