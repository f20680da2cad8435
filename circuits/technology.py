"""Technology: the process that a netlist is made in, read from a TOML file."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from importlib import resources
from pathlib import Path
from typing import Any, Literal, cast

from circuits.errors import CircuitError
from circuits.identifiers import check_identifier
from circuits.quantities import check_quantity
from circuits.toml_tables import check_keys, check_positive, check_range, check_table

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
        polarity: what its bulk and its gate drive are: "nmos" or "pmos".
        minimum_width, minimum_length: smallest it is drawn (m); None for the technology's.
        a_vth: Pelgrom coefficient of its threshold (V m); None for that of its polarity.
    """

    model: str
    instance: Literal["model", "subcircuit"] = "model"
    threshold_parameter: str = ""
    polarity: Polarity = "nmos"
    minimum_width: float | None = None
    minimum_length: float | None = None
    a_vth: float | None = None


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
        flavours: name -> transistor beyond the usual two: thick gate oxide, oxide semiconductor.
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
    flavours: Mapping[str, Device] = field(default_factory=dict)

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

    def device(self, polarity: Polarity, flavour: str = "") -> Device:
        """The transistor of a polarity, or of one of the further `flavours`.

        Raises:
            CircuitError: a flavour that the technology does not have, or that has the other polarity.
        """
        if not flavour:
            return self.nmos if polarity == "nmos" else self.pmos
        found = self.flavours.get(flavour)
        if found is None or found.polarity != polarity:
            known = ", ".join(f"{name} ({device.polarity})" for name, device in self.flavours.items()) or "none"
            raise CircuitError(
                f"technology {self.name} has no {polarity} of the flavour {flavour!r}; it has {known}; "
                f"write [flavours.{flavour}] in {self.source}, or choose a technology that has it"
            )
        return found


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
    check_keys(source, "", data, {"technology", "devices", "mismatch", "wire"}, {"settings", "flavours"})
    head = data["technology"]
    required = {"name", "supply_voltage", "corners", "libraries", "minimum_width", "minimum_length"}
    optional = {"description", "temperature", "temperature_range", "corner"}
    check_keys(source, "technology.", head, required, optional)
    check_keys(source, "devices.", data["devices"], {"nmos", "pmos"}, set())
    check_keys(source, "mismatch.", data["mismatch"], {"a_vth_nmos", "a_vth_pmos", "a_beta"}, set())
    check_keys(source, "wire.", data["wire"], {"resistance_per_length", "capacitance_per_length"}, set())
    corners = {
        check_identifier(k, f"{source}: technology.corners"): check_identifier(str(v), f"{source}: corner {k}")
        for k, v in check_table(source, "technology.corners", head["corners"]).items()
    }
    if not corners:
        raise CircuitError(f'{source}: technology.corners names no corner; write at least tt = "<section>"')
    if not isinstance(head["libraries"], list):
        raise CircuitError(f"{source}: technology.libraries must be tables [[technology.libraries]]")
    technology = Technology(
        name=check_identifier(str(head["name"]), f"{source}: technology.name"),
        description=str(head.get("description", "")),
        supply_voltage=check_positive(source, "technology.supply_voltage", head["supply_voltage"]),
        temperature=check_quantity(f"{source}: technology.temperature", head.get("temperature", 27.0), "deg C"),
        temperature_range=check_range(
            source, "technology.temperature_range", head.get("temperature_range", [-40.0, 125.0])
        ),
        corner=next(iter(corners)),
        corners=corners,
        minimum_width=check_positive(source, "technology.minimum_width", head["minimum_width"]),
        minimum_length=check_positive(source, "technology.minimum_length", head["minimum_length"]),
        libraries=tuple(_library(source, folder, entry) for entry in head["libraries"]),
        nmos=_device(source, "devices.nmos", data["devices"]["nmos"]),
        pmos=replace(_device(source, "devices.pmos", data["devices"]["pmos"]), polarity="pmos"),
        mismatch=Mismatch(**{k: check_positive(source, f"mismatch.{k}", v) for k, v in data["mismatch"].items()}),
        wire=Wire(**{k: check_positive(source, f"wire.{k}", v) for k, v in data["wire"].items()}),
        settings=tuple(
            (check_identifier(k, f"{source}: settings"), check_identifier(str(v), f"{source}: settings.{k}"))
            for k, v in check_table(source, "settings", data.get("settings", {})).items()
        ),
        source=source,
        flavours={
            check_identifier(name, f"{source}: flavours"): _flavour(source, f"flavours.{name}", entry)
            for name, entry in check_table(source, "flavours", data.get("flavours", {})).items()
        },
    )
    return technology.at(corner=head.get("corner", technology.corner))


def _library(source: str, folder: Path, entry: Mapping[str, Any]) -> Library:
    check_keys(source, "technology.libraries.", entry, {"path"}, {"section", "inline"})
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
    check_keys(source, f"{key}.", entry, {"model"}, {"instance", "threshold_parameter"})
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


def _flavour(source: str, key: str, entry: Any) -> Device:
    numbers = {"minimum_width", "minimum_length", "a_vth"}
    optional = {"instance", "threshold_parameter", *numbers}
    check_keys(source, f"{key}.", entry, {"model", "polarity"}, optional)
    polarity = entry["polarity"]
    if polarity not in ("nmos", "pmos"):
        raise CircuitError(f"{source}: {key}.polarity must be 'nmos' or 'pmos', found {polarity!r}")
    plain = _device(source, key, {k: v for k, v in entry.items() if k not in numbers | {"polarity"}})
    given = {k: check_positive(source, f"{key}.{k}", v) for k, v in entry.items() if k in numbers}
    return replace(
        plain,
        polarity=cast(Polarity, polarity),
        minimum_width=given.get("minimum_width"),
        minimum_length=given.get("minimum_length"),
        a_vth=given.get("a_vth"),
    )
