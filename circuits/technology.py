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

Polarity = Literal["nmos", "pmos"]
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

    def at(self, *, corner: str | None = None, temperature: float | None = None) -> Technology:
        """The same process at another corner or temperature (deg C).

        Raises:
            CircuitError: unknown corner, or a temperature outside the range of the cards.
        """
        corner = self.corner if corner is None else corner
        temperature = self.temperature if temperature is None else temperature
        if corner not in self.corners:
            known = ", ".join(self.corners)
            raise CircuitError(f"technology {self.name} has no corner {corner!r}; choose one of {known}")
        low, high = self.temperature_range
        if not low <= temperature <= high:
            raise CircuitError(
                f"technology {self.name} is meant for {low:g} to {high:g} deg C, {temperature:g} was asked for"
            )
        return replace(self, corner=corner, temperature=float(temperature))

    @property
    def mid_voltage(self) -> float:
        """Half the supply: the level at which bit lines are held and word lines idle (V)."""
        return self.supply_voltage / 2

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
        return _read(path.read_text(encoding="utf-8"), path.resolve().parent, str(path))
    entry = _BUILT_IN / f"{name_or_path}.toml"
    if not entry.is_file():
        raise CircuitError(
            f"no technology {str(name_or_path)!r}; built in: {_built_in_names()}; or give the path of a .toml file"
        )
    with resources.as_file(_BUILT_IN) as folder:
        return _read(entry.read_text(encoding="utf-8"), Path(folder), f"circuits/technologies/{entry.name}")


def _built_in_names() -> str:
    return ", ".join(sorted(e.name[:-5] for e in _BUILT_IN.iterdir() if e.name.endswith(".toml")))


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
    corners = {str(k): check_identifier(str(v), f"{source}: corner {k}") for k, v in head["corners"].items()}
    low, high = head.get("temperature_range", [-40.0, 125.0])
    technology = Technology(
        name=check_identifier(str(head["name"]), f"{source}: technology.name"),
        description=str(head.get("description", "")),
        supply_voltage=_number(source, "technology.supply_voltage", head["supply_voltage"]),
        temperature=float(head.get("temperature", 27.0)),
        temperature_range=(float(low), float(high)),
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
            for k, v in data.get("settings", {}).items()
        ),
        source=source,
    )
    return technology.at(corner=head.get("corner", technology.corner))


def _expect(source: str, where: str, table: Mapping[str, Any], required: set[str], optional: set[str]) -> None:
    if missing := sorted(required - set(table)):
        raise CircuitError(f"{source}: {where}{missing[0]} is missing; see technologies/generic28.toml for the layout")
    if unknown := sorted(set(table) - required - optional):
        known = ", ".join(sorted(required | optional))
        raise CircuitError(f"{source}: unknown key {where}{unknown[0]}; known here: {known}")


def _number(source: str, key: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
        raise CircuitError(f"{source}: {key} must be a positive number in SI units, found {value!r}")
    return float(value)


def _library(source: str, folder: Path, entry: Mapping[str, Any]) -> Library:
    _expect(source, "technology.libraries.", entry, {"path"}, {"section", "inline"})
    path = (folder / Path(str(entry["path"])).expanduser()).resolve()
    if not path.is_file():
        raise CircuitError(f"{source}: library {path} is not there; paths are relative to the TOML file")
    return Library(path=path, section=entry.get("section"), inline=bool(entry.get("inline", False)))


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
