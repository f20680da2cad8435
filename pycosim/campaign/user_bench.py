"""BENCHES OF ONE'S OWN: a SPICE file, a PySpice circuit, or a Python file becomes something that can be swept."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from pycosim.campaign.bench import Parameter, SweepBench
from pycosim.campaign.deck_reader import read_deck
from pycosim.campaign.measure import probes_of
from pycosim.campaign.python_file import bench_from_python
from pycosim.campaign.recording import check_measurable, recording
from pycosim.campaign.task import Measurement, Point, Value
from pycosim.campaign.user_deck import UserDeck
from pycosim.errors import ConfigurationError
from pycosim.flows.config import near_words
from pycosim.spice import NetlistLike

DECK_SUFFIXES: Final = (".cir", ".sp", ".spi", ".spice", ".ckt", ".net")
"""Ends of the names of files that are taken for decks."""

_KEYS: Final = ("file", "analysis", "libraries", "settings")


def is_user_bench(wanted: object) -> bool:
    """Whether a sweep's `bench` is a file of the user's own: "rc.cir", "mine.py:make_bench", or a table with `file`."""
    if isinstance(wanted, Mapping):
        return True
    return isinstance(wanted, str) and (wanted.lower().endswith(DECK_SUFFIXES) or ".py" in wanted)


def user_bench(wanted: object, folder: Path, measurements: Sequence[Measurement] = ()) -> SweepBench:
    """The bench that a sweep's `bench` names.

    Args:
        wanted: "rc.cir" (a deck), "mine.py:make_bench" (a function without arguments that gives a SweepBench), or a
            table: `file`, and for a deck `analysis`, `libraries` (files and folders that it may read beyond its own
            folder) and `settings` (ngspice variables).
        folder: that its paths are relative to: of the TOML file.
        measurements: from the [measure.<name>] tables; what they look at is recorded.

    Raises:
        ConfigurationError: no such file, a wrong key, or a deck or file that makes no bench.
        SimulationError: the deck would run a command, read a foreign file, or has a floating node.
    """
    table = {"file": wanted} if isinstance(wanted, str) else wanted
    if not isinstance(table, Mapping) or not isinstance(table.get("file"), str):
        raise ConfigurationError(
            f'bench must be a name, "rc.cir", "mine.py:make_bench" or a table with file, found {wanted!r}'
        )
    for key in table:
        if key not in _KEYS:
            raise ConfigurationError(f"bench has no key {key!r}; {near_words(str(key), list(_KEYS))}")
    named = str(table["file"])
    if not named.lower().endswith(DECK_SUFFIXES):
        if len(table) > 1:
            raise ConfigurationError(
                f"bench: {' and '.join(set(table) - {'file'})} are for decks, and {named!r} is none"
            )
        return recording(bench_from_python(named, folder), measurements)
    return bench_from_cir(
        folder / Path(named).expanduser(),
        measurements,
        analysis=_text("analysis", table.get("analysis")),
        libraries=[folder / Path(one).expanduser() for one in _texts("libraries", table.get("libraries", []))],
        settings=_settings(table.get("settings", {})),
    )


def bench_from_cir(
    deck: Path | str,
    measurements: Sequence[Measurement] = (),
    *,
    name: str | None = None,
    analysis: str | None = None,
    libraries: Sequence[Path] = (),
    settings: Sequence[tuple[str, str]] = (),
) -> SweepBench:
    """A bench of a plain SPICE deck: its `.param` numbers, `temperature`, `corner` and `seed` can be swept.

    Args:
        deck: a file, or the text of a deck (with line feeds).
        measurements: what is measured; what they look at is recorded.
        name: of the bench; None for the file's.
        analysis: which of the deck's analyses is run ("ac"), or a whole card (".tran 1n 1u").
        libraries: files, and folders of files, that it may read beyond its own folder.
        settings: ngspice variables that are set before the deck is read, such as ("ngbehavior", "hsa").

    Raises:
        ConfigurationError: the file cannot be read, has commands, no or several analyses, a parameter twice, or a
            measurement looks at what the circuit does not have.
        SimulationError: the deck would run a command, read a foreign file, or has a floating node.
    """
    text, path = (deck, None) if isinstance(deck, str) and "\n" in deck else (None, Path(deck))
    where = "the deck" if path is None else str(path)
    try:
        read = read_deck(
            _content(path) if text is None and path is not None else str(text),
            name=_plain(name or ("deck" if path is None else path.stem)),
            folder=None if path is None else path.resolve().parent,
            libraries=libraries,
            analysis=analysis,
            settings=settings,
        )
        return _bench(read, measurements)
    except ConfigurationError as error:
        raise ConfigurationError(f"{where}: {error}") from None


def bench_from_circuit(
    name: str,
    build: Callable[[Point], Any],
    analysis: str | Callable[[Point], str],
    parameters: Mapping[str, Parameter | Value],
    measurements: Sequence[Measurement],
    *,
    libraries: Sequence[Path] = (),
    settings: Sequence[tuple[str, str]] = (),
) -> SweepBench:
    """A bench of a PySpice circuit.

    Args:
        name: of the bench.
        build: a point -> a PySpice Circuit with its sources (anything whose text is a deck without analysis).
        analysis: a card such as ".tran 1n 1u", or a point -> such a card.
        parameters: name -> Parameter, or its default; `temperature` (deg C) and `seed` reach ngspice as well.
        measurements: what is measured; what they look at is recorded.
        libraries: files, and folders of files, that the circuit may read.
        settings: ngspice variables that are set before the deck is read.

    Raises:
        ConfigurationError: the circuit at its defaults is no deck, or lacks what is measured.
        SimulationError: it would run a command, read a foreign file, or has a floating node.
    """
    known = {key: one if isinstance(one, Parameter) else Parameter(default=one) for key, one in parameters.items()}
    probes = probes_of(measurements)

    def make(point: Point) -> NetlistLike:
        card = analysis if isinstance(analysis, str) else analysis(point)
        lines = [line for line in str(build(point)).splitlines() if not line.lower().startswith((".title", ".end "))]
        text = "\n".join([name, *(line for line in lines if line.strip().lower() != ".end"), ""])
        deck = read_deck(text, name=_plain(name), folder=None, libraries=libraries, analysis=card, settings=settings)
        conditions: dict[str, Value] = {key: point[key] for key in ("temperature", "seed") if key in point}
        return deck.netlist(conditions, probes)

    bench = SweepBench(name=name, parameters=known, make=make, measurements={one.name: one for one in measurements})
    check_measurable(bench.make(bench.point({})), known, measurements)
    return bench


def _bench(deck: UserDeck, measurements: Sequence[Measurement]) -> SweepBench:
    probes = probes_of(measurements)

    def make(point: Point) -> NetlistLike:
        return deck.netlist(point, probes)

    bench = SweepBench(
        name=deck.name,
        parameters=deck.parameters,
        make=make,
        measurements={one.name: one for one in measurements},
        notes=deck.notes,
    )
    check_measurable(make({}), deck.parameters, measurements)
    return bench


def _content(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8", errors="replace")
    except OSError as error:
        raise ConfigurationError(
            f"the deck cannot be read: {error.strerror}; paths are relative to the TOML file"
        ) from None


def _plain(name: str) -> str:
    """A name for netlists and run directories."""
    return re.sub(r"[^A-Za-z0-9_-]+", "_", name).strip("_-") or "deck"


def _text(key: str, value: object) -> str | None:
    if value is not None and not isinstance(value, str):
        raise ConfigurationError(f"bench: {key} must be text, found {value!r}")
    return value


def _texts(key: str, values: object) -> list[str]:
    if not isinstance(values, list | tuple) or not all(isinstance(one, str) for one in values):
        raise ConfigurationError(f"bench: {key} must be a list of texts, found {values!r}")
    return list(values)


def _settings(table: object) -> list[tuple[str, str]]:
    if not isinstance(table, Mapping):
        raise ConfigurationError(f"bench: settings must be a table of ngspice variables, found {table!r}")
    return [(str(key), str(value)) for key, value in table.items()]
