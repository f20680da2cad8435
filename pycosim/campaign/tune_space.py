"""SPACE OF A TUNING in words: the tables `tune` and `tied`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pycosim.campaign.axes import plain_value
from pycosim.campaign.bench import SweepBench
from pycosim.campaign.spec import dotted_names
from pycosim.campaign.task import Value
from pycosim.campaign.variables import Space, Tie, Variable
from pycosim.errors import ConfigurationError
from pycosim.flows.config import near_words

_VARIABLE: Final = ("low", "high", "spacing")
_TIE: Final = ("follows", "times", "plus")


def read_space(tune: object, tied: object, bench: SweepBench, fixed: Mapping[str, Value]) -> Space:
    """What is varied, and what follows it.

    Args:
        tune: name -> {low, high, spacing}.
        tied: name -> {follows, times, plus}.
        bench: has the parameters.
        fixed: parameters as the words set them; where one is tuned, this is where the tuning starts.

    Raises:
        ConfigurationError: nothing to tune, an unknown parameter or word, a parameter that is no number, or bad bounds.
    """
    wanted = dotted_names("tune", {} if tune is None else tune, ranges=True)
    if not wanted:
        raise ConfigurationError("a tuning must vary something; write [tune] and lines such as width = { low, high }")
    variables = tuple(_variable(name, table, bench) for name, table in wanted.items())
    names = [one.name for one in variables]
    ties = tuple(_tie(name, table, bench, names) for name, table in dotted_names("tied", tied, ranges=True).items())
    start = bench.point(fixed)
    changing = (*names, *(one.name for one in ties))
    missing = [name for name in changing if name not in start]
    if missing:
        raise ConfigurationError(f"{missing[0]} has no value of its own, so it cannot be tuned; make it an axis")
    return Space(variables=variables, ties=ties, given={name: start[name] for name in changing})


def _variable(name: str, wanted: object, bench: SweepBench) -> Variable:
    whole = _is_whole(f"tune {name}", name, bench)
    table = _numbers(f"tune {name}", wanted, _VARIABLE, ("low", "high"))
    spacing = table.get("spacing", "linear")
    if spacing not in ("linear", "log"):
        raise ConfigurationError(f'tune {name}: spacing must be "linear" or "log", found {spacing!r}')
    low, high = (bench.checked(name, table[key]) for key in ("low", "high"))
    return Variable(name=name, low=float(low), high=float(high), logarithmic=spacing == "log", whole=whole)


def _tie(name: str, wanted: object, bench: SweepBench, tuned: list[str]) -> Tie:
    whole = _is_whole(f"tied {name}", name, bench)
    if name in tuned:
        raise ConfigurationError(f"{name} is tuned and tied; take it out of one of both")
    table = _numbers(f"tied {name}", wanted, _TIE, ("follows",))
    follows = str(table["follows"])
    if follows not in tuned:
        raise ConfigurationError(f"tied {name}: follows {follows!r}, which is not tuned; {near_words(follows, tuned)}")
    factors = {key: table.get(key, usual) for key, usual in (("times", 1.0), ("plus", 0.0))}
    if text := [key for key, value in factors.items() if isinstance(value, str)]:
        raise ConfigurationError(f"tied {name}: {text[0]} must be a number, found {factors[text[0]]!r}")
    times, plus = (float(factors[key]) for key in ("times", "plus"))
    return Tie(name=name, follows=follows, times=times, plus=plus, whole=whole)


def _is_whole(where: str, name: str, bench: SweepBench) -> bool:
    """Whether a parameter is a whole number."""
    if name not in bench.parameters:
        raise ConfigurationError(f"{where}: the bench has no such parameter; {near_words(name, [*bench.parameters])}")
    default = bench.parameters[name].default
    if isinstance(default, str):
        raise ConfigurationError(f"{where} is a word; only numbers can be tuned: make it an axis")
    return not isinstance(default, float)


def _numbers(where: str, wanted: object, known: tuple[str, ...], needed: tuple[str, ...]) -> dict[str, Value]:
    how = f"write {{ {' = ..., '.join(needed)} = ... }}"
    if not isinstance(wanted, Mapping):
        raise ConfigurationError(f"{where} must be a table, found {wanted!r}; {how}")
    for key in wanted:
        if key not in known:
            raise ConfigurationError(f"{where} has no word {key!r}; {near_words(str(key), list(known))}")
    if missing := [key for key in needed if key not in wanted]:
        raise ConfigurationError(f"{where} needs {' and '.join(missing)}; {how}")
    return {str(key): plain_value(f"{where}: {key}", value) for key, value in wanted.items()}
