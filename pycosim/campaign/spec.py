"""SPEC: a sweep in words, from a TOML file or a Python call, made into a campaign.

bench = "charge_to_pulse"            # a shipped name, "mine.cir", or "mine.py:make_bench"
technology = "generic28"             # of a shipped bench: built in, or the path of a TOML file
measure = ["pulse_width", "energy"]  # names of the bench; or tables, [measure.width] kind = "pulse_width" ...
zip = [["a", "b"]]                   # axes that move together
[parameters]                         # what all points share
temperature = 27.0
[axes]                               # see pycosim.campaign.axes
charge = { start = 0.0, stop = 1.2e-12, n = 13 }
corner = ["tt", "ss", "ff"]
[simulator]
workers = 2
timeout = 60.0
ladder = true                        # or names of rungs
share = 1                            # points in one deck
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

from circuits.errors import CircuitError
from circuits.technology import load_technology
from pycosim.campaign.axes import Grid, plain_value, read_axis
from pycosim.campaign.bench import SweepBench
from pycosim.campaign.campaign import Campaign
from pycosim.campaign.catalogue import shipped_bench
from pycosim.campaign.measures import parse_measure
from pycosim.campaign.recording import recording
from pycosim.campaign.task import Measurement
from pycosim.campaign.user_bench import is_user_bench, user_bench
from pycosim.errors import ConfigurationError
from pycosim.flows.config import near_words
from pycosim.spice.ladder import LADDER

WORDS = ("bench", "technology", "measure", "parameters", "axes", "zip", "simulator")
"""Words of a sweep."""

TECHNOLOGY = "generic28"

TIMEOUT = 120.0
"""Time limit of one run where none is given (s)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatorSettings:
    """How the decks are run.

    Attributes:
        workers: simulator processes; None for one per processor.
        timeout: time limit of one run (s).
        ladder: rungs that may be tried after a run that did not converge.
        share: points in a row that may be run in one deck (`pycosim.spice.share`); 1 for each in its own.
    """

    workers: int | None = None
    timeout: float = TIMEOUT
    ladder: tuple[str, ...] = LADDER
    share: int = 1

    def __post_init__(self) -> None:
        """Check the numbers."""
        workers, timeout, share = self.workers, self.timeout, self.share
        if isinstance(share, bool) or not isinstance(share, int) or share < 1:
            raise ConfigurationError(f"simulator: share must be a whole number of 1 or more, found {share!r}")
        if workers is not None and (isinstance(workers, bool) or not isinstance(workers, int) or workers < 1):
            raise ConfigurationError(f"simulator: workers must be a whole number of 1 or more, found {workers!r}")
        if isinstance(timeout, bool) or not isinstance(timeout, int | float) or not 0 < timeout < float("inf"):
            raise ConfigurationError(f"simulator: timeout must be seconds above 0, found {timeout!r}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """A sweep that was read and checked.

    Attributes:
        campaign: what to run.
        simulator: how.
        text: as it is kept in the store.
    """

    campaign: Campaign
    simulator: SimulatorSettings
    text: str


def load_toml(path: Path) -> tuple[dict[str, object], str]:
    """The words of a file and its text.

    Raises:
        ConfigurationError: it cannot be read, or is not TOML.
    """
    try:
        text = path.read_text(encoding="utf-8")
        return tomllib.loads(text), text
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"cannot read the sweep {path}: {error}; give the path of a TOML file") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f'{path} is not TOML: {error}; write lines such as: bench = "gain_cell"') from error


def load_spec(path: Path) -> Spec:
    """Read a sweep from a TOML file; files that it names are relative to it.

    Raises:
        ConfigurationError: the file, the key, what it must be, and near words.
    """
    words, text = load_toml(path)
    return read_spec(words, source=str(path), folder=path.parent, text=text)


def read_spec(words: Mapping[str, object], *, source: str, folder: Path, text: str) -> Spec:
    """Make a sweep of its words.

    Args:
        words: as in this module's text; `bench` may be a `SweepBench`.
        source: where they stand, for messages.
        folder: that files are relative to.
        text: what the store keeps.

    Raises:
        ConfigurationError: the source, the word, what it must be, and near words.
    """
    try:
        check_words(words, WORDS)
        simulator = _simulator(words.get("simulator", {}))
        own, measure = _measures(words.get("measure"))
        bench = _bench(words, folder, own)
        grid = Grid(
            axes=tuple(
                read_axis(name, wanted)
                for name, wanted in dotted_names("axes", words.get("axes", {}), ranges=True).items()
            ),
            zipped=_zipped(words.get("zip", ())),
        )
        parameters = dotted_names("parameters", words.get("parameters", {}), ranges=False)
        campaign = Campaign(
            bench=bench,
            grid=grid,
            measure=measure,
            fixed={name: plain_value(f"parameter {name}", value) for name, value in parameters.items()},
            ladder=simulator.ladder,
        )
    except (ConfigurationError, CircuitError) as error:
        raise ConfigurationError(f"{source}: {error}") from error
    return Spec(campaign=campaign, simulator=simulator, text=text)


def check_words(words: Iterable[str], known: Sequence[str]) -> None:
    """Refuse a word that is none.

    Raises:
        ConfigurationError: the word, and near words.
    """
    for word in words:
        if word not in known:
            raise ConfigurationError(f"unknown word {word!r}; {near_words(word, list(known))}")


def _bench(words: Mapping[str, object], folder: Path, own: Sequence[Measurement]) -> SweepBench:
    """The bench, with the measurements that are given as tables among its own."""
    wanted = words.get("bench")
    technology = words.get("technology")
    if technology is not None and not isinstance(technology, str):
        raise ConfigurationError(f"technology must be a name or the path of a TOML file, found {technology!r}")
    if isinstance(wanted, SweepBench):
        bench = wanted
    elif is_user_bench(wanted):
        return user_bench(wanted, folder, own)
    elif isinstance(wanted, str) and wanted:
        name = technology or TECHNOLOGY
        bench = shipped_bench(wanted, load_technology(folder / name if name.endswith(".toml") else name))
    else:
        found = "there is none" if wanted is None else f"found {wanted!r}"
        raise ConfigurationError(f'bench must be a name such as "gain_cell", or a file such as "mine.cir"; {found}')
    return recording(bench, own)


def _measures(wanted: object) -> tuple[list[Measurement], tuple[str, ...]]:
    """Measurements that are given as tables or values, and the names of all that are to be taken."""
    if wanted is None:
        return [], ()
    if isinstance(wanted, Mapping):
        own = [_own(str(name), table) for name, table in wanted.items()]
        return own, tuple(one.name for one in own)
    if isinstance(wanted, str) or not isinstance(wanted, Sequence):
        raise ConfigurationError(f"measure must be a list of names, or tables, found {wanted!r}")
    own = [_listed(one) for one in wanted if not isinstance(one, str)]
    names = iter(own)
    return own, tuple(one if isinstance(one, str) else next(names).name for one in wanted)


def _listed(wanted: object) -> Measurement:
    """A measurement that stands in a list: a value of Python, or a table with its name."""
    if isinstance(wanted, Measurement):
        return wanted
    table = dict(_table("a measurement in a list", wanted))
    name = table.pop("name", None)
    if not isinstance(name, str):
        raise ConfigurationError(f"a measurement in a list must be a name or a table with its name, found {wanted!r}")
    return _own(name, table)


def _own(name: str, wanted: object) -> Measurement:
    return replace(wanted, name=name) if isinstance(wanted, Measurement) else parse_measure(name, wanted)


def _zipped(wanted: object) -> tuple[tuple[str, ...], ...]:
    groups: list[tuple[str, ...]] = []
    for group in wanted if isinstance(wanted, list | tuple) else [wanted]:
        if not isinstance(group, list | tuple) or not all(isinstance(name, str) for name in group):
            raise ConfigurationError(f'zip must be groups of axes such as [["a", "b"]], found {wanted!r}')
        groups.append(tuple(group))
    return tuple(groups)


def _simulator(wanted: object) -> SimulatorSettings:
    table = _table("simulator", wanted)
    known = ("workers", "timeout", "ladder", "share")
    for key in table:
        if key not in known:
            raise ConfigurationError(f"simulator has no setting {key!r}; {near_words(key, list(known))}")
    return SimulatorSettings(
        workers=cast(int | None, table.get("workers")),
        timeout=cast(float, table.get("timeout", TIMEOUT)),
        ladder=_ladder(table.get("ladder", True)),
        share=cast(int, table.get("share", 1)),
    )


def _ladder(wanted: object) -> tuple[str, ...]:
    if isinstance(wanted, bool):
        return LADDER if wanted else ()
    if isinstance(wanted, str) or not isinstance(wanted, Sequence):
        raise ConfigurationError(f"simulator.ladder must be true, false or names of rungs, found {wanted!r}")
    for rung in wanted:
        if rung not in LADDER:
            raise ConfigurationError(f"the ladder has no rung {rung!r}; {near_words(str(rung), list(LADDER))}")
    return tuple(str(rung) for rung in wanted)


def _table(name: str, wanted: object) -> dict[str, object]:
    if not isinstance(wanted, Mapping):
        raise ConfigurationError(f"{name} must be a table, found {wanted!r}")
    return {str(key): value for key, value in wanted.items()}


def dotted_names(name: str, wanted: object, *, ranges: bool) -> dict[str, object]:
    """A table with its inner tables as dotted names: TOML reads an unquoted converter.sink.decoupling as tables.

    With `ranges`, a table with a number or a word in it is a value, not a part of a name.
    """
    flat: dict[str, object] = {}
    for key, value in _table(name, wanted).items():
        if isinstance(value, Mapping) and value and not (ranges and any(map(_is_plain, value.values()))):
            inner = dotted_names(f"{name}.{key}", value, ranges=ranges)
            flat |= {f"{key}.{rest}": item for rest, item in inner.items()}
        else:
            flat[key] = value
    return flat


def _is_plain(value: object) -> bool:
    return isinstance(value, int | float | str)
