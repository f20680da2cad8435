"""The photonic platform: what waveguides, modulators, photodiodes and lasers are made in, read from a TOML file.

It is the `Technology` of circuits without transistors: `platform.technology` is what a testbench and its netlist carry.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from circuits.errors import CircuitError
from circuits.identifiers import check_identifier
from circuits.quantities import check_quantity
from circuits.technology import Device, Mismatch, Technology, Wire
from circuits.toml_tables import check_keys

_BUILT_IN = resources.files("circuits") / "platforms"

_BOUNDS: dict[str, dict[str, tuple[str, float, float]]] = {
    "waveguide": {
        "group_index": ("", 1.0, 10.0),
        "loss": ("dB/m", 0.0, 1e4),
        "junction_loss": ("dB", 0.0, 30.0),
    },
    "modulator": {
        "v_pi_length": ("V m", 1e-4, 10.0),
        "extinction": ("dB", 3.0, 100.0),
        "electrode_impedance": ("ohm", 1.0, 1e3),
        "electrode_index": ("", 1.0, 10.0),
        "electrode_loss": ("dB/(m sqrt(Hz))", 0.0, 0.1),
        "drift_share": ("", 0.0, 1.0),
        "drift_time": ("s", 1e-9, 1e9),
    },
    "photodiode": {
        "responsivity": ("A/W", 1e-3, 10.0),
        "dark_current": ("A", 1e-15, 1e-3),
        "capacitance": ("F", 1e-18, 1e-9),
    },
    "laser": {"relative_intensity_noise": ("1/Hz", 0.0, 1e-9)},
}
"""Unit, smallest and largest value of every number: a number outside was written in another unit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PhotonicPlatform:
    """A photonic process.

    Attributes:
        technology: name and temperature, for testbenches; it has no transistors.
        group_index: of the waveguides.
        loss: of a waveguide (dB/m).
        junction_loss: of each splitter, combiner or coupler (dB).
        v_pi_length: push-pull half-wave voltage times length (V m).
        extinction: largest over smallest transmission of a modulator (dB).
        electrode_impedance: of a travelling-wave electrode (ohm).
        electrode_index: what its wave is slower by than light in vacuum.
        electrode_loss: of that wave, by skin effect (dB/(m sqrt(Hz))).
        drift_share: what is screened of a steady bias, in the end.
        drift_time: time constant of that (s).
        responsivity: of the photodiode (A/W).
        dark_current: of the photodiode (A).
        capacitance: of the photodiode and its pad (F).
        relative_intensity_noise: of the laser, one-sided (1/Hz).
    """

    technology: Technology
    group_index: float
    loss: float
    junction_loss: float
    v_pi_length: float
    extinction: float
    electrode_impedance: float
    electrode_index: float
    electrode_loss: float
    drift_share: float
    drift_time: float
    responsivity: float
    dark_current: float
    capacitance: float
    relative_intensity_noise: float


def load_platform(name_or_path: str | Path) -> PhotonicPlatform:
    """Read a built-in platform by name ("tfln"), or a user's own from a TOML file of the same layout.

    Raises:
        CircuitError: no such platform, a missing or unknown key, or a number that is none.
    """
    path = Path(name_or_path)
    entry = _BUILT_IN / f"{name_or_path}.toml"
    try:
        if path.suffix == ".toml":
            text, source = path.read_text(encoding="utf-8"), str(path)
        else:
            text, source = entry.read_text(encoding="utf-8"), f"circuits/platforms/{entry.name}"
    except (OSError, UnicodeDecodeError) as error:
        known = ", ".join(sorted(item.name[:-5] for item in _BUILT_IN.iterdir() if item.name.endswith(".toml")))
        raise CircuitError(
            f"no photonic platform {str(name_or_path)!r} ({error}); built in: {known}; or give the path of a .toml file"
        ) from None
    try:
        return _read(tomllib.loads(text), source)
    except tomllib.TOMLDecodeError as error:
        raise CircuitError(f"{source} is not valid TOML: {error}") from None


def _read(data: dict[str, Any], source: str) -> PhotonicPlatform:
    check_keys(source, "", data, {"platform", *_BOUNDS}, set())
    head = data["platform"]
    check_keys(source, "platform.", head, {"name"}, {"description", "temperature"})
    numbers: dict[str, float] = {}
    for table, bounds in _BOUNDS.items():
        check_keys(source, f"{table}.", data[table], set(bounds), set())
        for key, (unit, low, high) in bounds.items():
            numbers[key] = check_quantity(f"{source}: {table}.{key}", data[table][key], unit, low, high)
    return PhotonicPlatform(
        technology=_technology(
            check_identifier(str(head["name"]), f"{source}: platform.name"),
            str(head.get("description", "")),
            check_quantity(f"{source}: platform.temperature", head.get("temperature", 27.0), "deg C", -200.0, 300.0),
            source,
        ),
        **numbers,
    )


def _technology(name: str, description: str, temperature: float, source: str) -> Technology:
    """A technology of which a bench takes name, temperature and supply alone; transistors it has none."""
    return Technology(
        name=name,
        description=description,
        supply_voltage=1.0,
        temperature=temperature,
        temperature_range=(temperature, temperature),
        corner="tt",
        corners={"tt": "tt"},
        minimum_width=1.0,
        minimum_length=1.0,
        libraries=(),
        nmos=Device(model="none"),
        pmos=Device(model="none", polarity="pmos"),
        mismatch=Mismatch(a_vth_nmos=0.0, a_vth_pmos=0.0, a_beta=0.0),
        wire=Wire(resistance_per_length=0.0, capacitance_per_length=0.0),
        settings=(),
        source=source,
    )
