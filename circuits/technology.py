"""Technology: the process that a netlist is made in, read from a TOML file."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path
from typing import Any, Literal, cast

from circuits.errors import CircuitError
from circuits.identifiers import check_identifier
from circuits.quantities import check_quantity

Polarity = Literal["nmos", "pmos"]
DRAWN_GATE_LENGTH = 30e-9
"""Gate length that the widths of `circuits/logic.py` and of the switches are written for (m)."""

_BUILT_IN = resources.files("circuits") / "technologies"


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """One transistor flavour: its model, how it is instantiated, how its threshold is shifted.

    Attributes:
        model: name of the model card or subcircuit.
        instance: "model" (M element) or "subcircuit" (X element, pins d g s b, parameters w and l in metres).
        threshold_parameter: instance parameter that is added to the threshold (V); "" if there is none.
    """

    model: str
    instance: Literal["model", "subcircuit"] = "model"
    threshold_parameter: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Library:
    """A model library: a file, the section to take, whether its text goes into the deck itself."""

    path: Path
    section: str | None = None
    inline: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Mismatch:
    """Pelgrom coefficients: sigma = coefficient / sqrt(W L).

    Attributes:
        a_vth_nmos: threshold of NMOS devices (V m).
        a_vth_pmos: threshold of PMOS devices (V m).
        a_beta: relative current factor (m).
    """

    a_vth_nmos: float
    a_vth_pmos: float
    a_beta: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Wire:
    """Wire resistance (ohm/m) and capacitance (F/m) of the array's metal."""

    resistance_per_length: float
    capacitance_per_length: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Technology:
    """A process at one corner and temperature.

    Attributes:
        supply_voltage: nominal supply (V).
        temperature: simulation temperature (deg C).
        temperature_range: range the cards are meant for (deg C).
        corner: key of `corners`.
        corners: corner -> section of the library.
        settings: ngspice variables that must be set before the deck is read.
        source: the file that the numbers, with their sources, were read from.
    """

    name: str
    description: str
    supply_voltage: float
    temperature: float
    temperature_range: tuple[float, float]
    corner: str
    corners: Mapping[str, str]
    minimum_width: float
    minimum_length: float
    libraries: tuple[Library, ...]
    nmos: Device
    pmos: Device
    mismatch: Mismatch
    wire: Wire
    settings: tuple[tuple[str, str], ...]
    source: str

    def at(
        self, *, corner: str | None = None, temperature: float | None = None, supply_voltage: float | None = None
    ) -> Technology:
        """The same process at another corner, temperature (deg C) or supply (V).

        Raises:
            CircuitError: unknown corner, a temperature outside the range of the cards, or a supply that is none.
        """
        supply_voltage = self.supply_voltage if supply_voltage is None else supply_voltage
        check_quantity(f"supply of {self.name}", supply_voltage, "V", 0.1, 10.0)
        corner = self.corner if corner is None else corner
        temperature = self.temperature if temperature is None else temperature
        if not isinstance(corner, str) or corner not in self.corners:
            known = ", ".join(self.corners)
            raise CircuitError(f"technology {self.name} has no corner {corner!r}; choose one of {known}")
        low, high = self.temperature_range
        check_quantity(f"temperature of {self.name}", temperature, "deg C")
        if not low <= temperature <= high:
            raise CircuitError(
                f"technology {self.name} is meant for {low:g} to {high:g} deg C, {temperature:g} was asked for"
            )
        return replace(self, corner=corner, temperature=float(temperature), supply_voltage=float(supply_voltage))

    @property
    def mid_voltage(self) -> float:
        """Half the supply: the level at which bit lines are held and word lines idle (V)."""
        return self.supply_voltage / 2

    @property
    def logic_scale(self) -> float:
        """Sizes of gates over those drawn for a 30 nm gate length."""
        return self.minimum_length / DRAWN_GATE_LENGTH

    def device(self, polarity: Polarity) -> Device:
        """The transistor flavour of a polarity."""
        return self.nmos if polarity == "nmos" else self.pmos


def load_technology(name_or_path: str | Path) -> Technology:
    """Read a built-in technology by name, or a user's own from a TOML file.

    A user's file has the layout of `circuits/technologies/generic28.toml`; library paths in it
    are relative to the file. Foundry libraries stay where they are: the deck names them.

    Args:
        name_or_path: "generic28", or the path of a TOML file.

    Raises:
        CircuitError: no such technology, a missing or unknown key, a library that is not there.
    """
    path = Path(name_or_path)
    if path.suffix == ".toml":
        if not path.is_file():
            raise CircuitError(f"no technology file {path}; give a TOML file or one of {_built_in_names()}")
        return _read(_text(path), path.resolve().parent, str(path))
    entry = _BUILT_IN / f"{name_or_path}.toml"
    if not entry.is_file():
        raise CircuitError(
            f"no technology {str(name_or_path)!r}; built in: {_built_in_names()}; or give the path of a .toml file"
        )
    with resources.as_file(_BUILT_IN) as folder:
        return _read(entry.read_text(encoding="utf-8"), Path(folder), f"circuits/technologies/{entry.name}")


def _built_in_names() -> str:
    return ", ".join(sorted(e.name[:-5] for e in _BUILT_IN.iterdir() if e.name.endswith(".toml")))


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CircuitError(f"cannot read the technology file {path}: {error}") from None


def _read(text: str, folder: Path, source: str) -> Technology:
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise CircuitError(f"{source} is not valid TOML: {error}") from None
    _expect(source, "", data, {"technology", "devices", "mismatch", "wire"}, {"settings"})
    head = data["technology"]
    required = {"name", "supply_voltage", "corners", "libraries", "minimum_width", "minimum_length"}
    optional = {"description", "temperature", "temperature_range", "corner"}
    _expect(source, "technology.", head, required, optional)
    _expect(source, "devices.", data["devices"], {"nmos", "pmos"}, set())
    _expect(source, "mismatch.", data["mismatch"], {"a_vth_nmos", "a_vth_pmos", "a_beta"}, set())
    _expect(source, "wire.", data["wire"], {"resistance_per_length", "capacitance_per_length"}, set())
    corners = {
        check_identifier(k, f"{source}: technology.corners"): check_identifier(str(v), f"{source}: corner {k}")
        for k, v in _table(source, "technology.corners", head["corners"]).items()
    }
    if not corners:
        raise CircuitError(f'{source}: technology.corners names no corner; write at least tt = "<section>"')
    if not isinstance(head["libraries"], list):
        raise CircuitError(f"{source}: technology.libraries must be tables [[technology.libraries]]")
    technology = Technology(
        name=check_identifier(str(head["name"]), f"{source}: technology.name"),
        description=str(head.get("description", "")),
        supply_voltage=_number(source, "technology.supply_voltage", head["supply_voltage"]),
        temperature=check_quantity(f"{source}: technology.temperature", head.get("temperature", 27.0), "deg C"),
        temperature_range=_range(source, "technology.temperature_range", head.get("temperature_range", [-40.0, 125.0])),
        corner=next(iter(corners)),
        corners=corners,
        minimum_width=_number(source, "technology.minimum_width", head["minimum_width"]),
        minimum_length=_number(source, "technology.minimum_length", head["minimum_length"]),
        libraries=tuple(_library(source, folder, entry) for entry in head["libraries"]),
        nmos=_device(source, "devices.nmos", data["devices"]["nmos"]),
        pmos=_device(source, "devices.pmos", data["devices"]["pmos"]),
        mismatch=Mismatch(**{k: _number(source, f"mismatch.{k}", v) for k, v in data["mismatch"].items()}),
        wire=Wire(**{k: _number(source, f"wire.{k}", v) for k, v in data["wire"].items()}),
        settings=tuple(
            (check_identifier(k, f"{source}: settings"), check_identifier(str(v), f"{source}: settings.{k}"))
            for k, v in _table(source, "settings", data.get("settings", {})).items()
        ),
        source=source,
    )
    return technology.at(corner=head.get("corner", technology.corner))


def _table(source: str, where: str, value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise CircuitError(f"{source}: {where} must be a table, found {value!r}; see technologies/generic28.toml")
    return value


def _range(source: str, key: str, value: Any) -> tuple[float, float]:
    if not isinstance(value, list) or len(value) != 2:
        raise CircuitError(f"{source}: {key} must be [low, high], found {value!r}")
    low, high = (check_quantity(f"{source}: {key}", item, "deg C", -273.15, 1000.0) for item in value)
    if not low <= high:
        raise CircuitError(f"{source}: {key} must be [low, high], found {value!r}")
    return low, high


def _expect(source: str, where: str, table: Any, required: set[str], optional: set[str]) -> None:
    _table(source, where.rstrip(".") or "the file", table)
    if missing := sorted(required - set(table)):
        raise CircuitError(f"{source}: {where}{missing[0]} is missing; see technologies/generic28.toml for the layout")
    if unknown := sorted(set(table) - required - optional):
        known = ", ".join(sorted(required | optional))
        raise CircuitError(f"{source}: unknown key {where}{unknown[0]}; known here: {known}")


def _number(source: str, key: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < float("inf"):
        raise CircuitError(f"{source}: {key} must be a positive number in SI units, found {value!r}")
    return float(value)


def _library(source: str, folder: Path, entry: Mapping[str, Any]) -> Library:
    _expect(source, "technology.libraries.", entry, {"path"}, {"section", "inline"})
    path = (folder / Path(str(entry["path"])).expanduser()).resolve()
    if not path.is_file():
        raise CircuitError(f"{source}: library {path} is not there; paths are relative to the TOML file")
    section, inline = entry.get("section"), entry.get("inline", False)
    if any(sign in str(path) for sign in "\"'\n\r"):
        raise CircuitError(f"{source}: the path of the library {str(path)!r} holds a quote or a line break; rename it")
    if section is not None:
        where = f"{source}: technology.libraries.section"
        check_identifier(str(section).replace("{corner}", "corner"), where)
    if not isinstance(inline, bool):
        raise CircuitError(f"{source}: technology.libraries.inline must be true or false, found {inline!r}")
    return Library(path=path, section=None if section is None else str(section), inline=inline)


def _device(source: str, key: str, entry: Mapping[str, Any]) -> Device:
    _expect(source, f"{key}.", entry, {"model"}, {"instance", "threshold_parameter"})
    instance = entry.get("instance", "model")
    if instance not in ("model", "subcircuit"):
        raise CircuitError(f"{source}: {key}.instance must be 'model' or 'subcircuit', found {instance!r}")
    threshold = str(entry.get("threshold_parameter", ""))
    if threshold:
        check_identifier(threshold, f"{source}: {key}.threshold_parameter")
    return Device(
        model=check_identifier(str(entry["model"]), f"{source}: {key}.model"),
        instance=cast(Literal["model", "subcircuit"], instance),
        threshold_parameter=threshold,
    )
