"""SETTINGS: every choice of a run, read from a TOML file and from the command line.

A file holds `name = value` lines, with the names of `GainCellConfig`:

    technology = "generic28"      # or a path to your own TOML, relative to this file
    corner = "tt"
    seed = 1
"""

from __future__ import annotations

import dataclasses
import difflib
import tomllib
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pycosim.errors import ConfigurationError

if typing.TYPE_CHECKING:
    from _typeshed import DataclassInstance

ConfigT = typing.TypeVar("ConfigT", bound="DataclassInstance")


@dataclass(frozen=True, slots=True, kw_only=True)
class GainCellConfig:
    """Settings of the gain-cell flow.

    Args:
        technology: name of a built-in technology, or path of a technology's TOML file.
        corner: process corner.
        temperature: degrees Celsius.
        seed: seed of every random operand, not negative.
        quick: fewer points, columns and tokens: about a minute instead of five.
        n_workers: simulator processes; None for one per processor.
        n_columns: whole columns of the first array in ngspice that check the models.
        n_signed_columns: the same for the second array.
        n_law_columns: further columns of each array, so many sparse ones and as many with the transformer's operands,
            for the laws of energy and latency; 0 for no laws.
        n_tokens: tokens of held-out text that the accuracies are measured on.
        adaptation_steps: steps of the adaptation of the scalers, at most.
    """

    technology: str = "generic28"
    corner: Literal["tt", "ff", "ss", "fs", "sf"] = "tt"
    temperature: float = 27.0
    seed: int = 0
    quick: bool = False
    n_workers: int | None = None
    n_columns: int = 32
    n_signed_columns: int = 32
    n_law_columns: int = 6
    n_tokens: int = 32768
    adaptation_steps: int = 20

    def __post_init__(self) -> None:
        """Check the ranges that no type can state."""
        if self.seed < 0:
            raise ConfigurationError(f"seed must be 0 or more, got {self.seed}")
        if self.n_workers is not None and self.n_workers < 1:
            raise ConfigurationError(f"n_workers must be at least 1, got {self.n_workers}")
        for name in ("n_columns", "n_signed_columns", "n_tokens", "adaptation_steps"):
            if getattr(self, name) < 2:
                raise ConfigurationError(f"{name} must be at least 2, got {getattr(self, name)}")
        if self.n_law_columns != 0 and self.n_law_columns < 3:
            raise ConfigurationError(f"n_law_columns must be 0 for no laws, or at least 3, got {self.n_law_columns}")
        if not -273.15 < self.temperature < 500.0:
            raise ConfigurationError(f"temperature must be in degrees Celsius, got {self.temperature:g}")

    def sized(self) -> GainCellConfig:
        """The settings that a run uses: as they are, or with the sizes of a quick run."""
        if not self.quick:
            return self
        return dataclasses.replace(
            self,
            n_columns=min(self.n_columns, 10),
            n_signed_columns=min(self.n_signed_columns, 6),
            n_law_columns=min(self.n_law_columns, 3),
            n_tokens=min(self.n_tokens, 8192),
            adaptation_steps=min(self.adaptation_steps, 8),
        )


def load_config(path: Path | None, overrides: Mapping[str, object]) -> GainCellConfig:
    """Read the settings of a run of the gain-cell flow; see `load_settings`."""
    return load_settings(GainCellConfig, path, overrides)


def load_settings(kind: type[ConfigT], path: Path | None, overrides: Mapping[str, object]) -> ConfigT:
    """Read the settings of a run.

    Args:
        kind: the class of the settings: that of the flow, a dataclass with a default for everything.
        path: a TOML file; None for the defaults.
        overrides: settings that win over the file, by name; those that are None are ignored.

    Returns:
        The settings, each checked against its type.

    Raises:
        ConfigurationError: the file cannot be read, a name is unknown (near ones are named), or a value does
            not fit.
    """
    values = {} if path is None else _read(path)
    origin = "the command line" if path is None else str(path)
    values |= {name: value for name, value in overrides.items() if value is not None}
    hints = typing.get_type_hints(kind)
    known = {field.name: hints[field.name] for field in dataclasses.fields(kind)}
    for name in values:
        if name not in known:
            raise ConfigurationError(f"{origin}: unknown setting '{name}'; {near_words(name, sorted(known))}")
    checked = {name: _fit(name, value, known[name], origin) for name, value in values.items()}
    return kind(**checked)


def config_text(config: DataclassInstance) -> dict[str, str]:
    """Every setting as text, for the report's provenance.

    `n_workers` is left out: it changes how long a run takes and not what it finds.
    """
    values = dataclasses.asdict(config)
    return {name: _text(value) for name, value in values.items() if name != "n_workers"}


def _read(path: Path) -> dict[str, object]:
    """The table of a TOML file; a technology's path is made relative to the file."""
    try:
        table: dict[str, object] = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"cannot read the configuration {path}: {error}; give a TOML file with --config"
        ) from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{path} is not TOML: {error}; write lines such as: seed = 1") from error
    technology = table.get("technology")
    if isinstance(technology, str) and (technology.endswith(".toml") or "/" in technology):
        table["technology"] = str(path.parent / technology)
    return table


def near_words(name: str, known: list[str]) -> str:
    """What to try instead of an unknown name: the nearest ones, whatever their case, or all where none is near."""
    spelled = {one.lower(): one for one in known}
    near = [spelled[one] for one in difflib.get_close_matches(name.lower(), spelled, n=2)]
    return f"did you mean {' or '.join(near)}?" if near else f"known are {', '.join(known)}"


def _fit(name: str, value: object, hint: object, origin: str) -> typing.Any:
    """The value, if it is of the hinted type; a whole number serves as a float, a list as a tuple."""
    options = typing.get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
    for option in options:
        if typing.get_origin(option) is Literal:
            if value in typing.get_args(option):
                return value
        elif typing.get_origin(option) is tuple and isinstance(value, list | tuple):
            return tuple(_fit(name, item, typing.get_args(option)[0], origin) for item in value)
        elif option is float and isinstance(value, int) and not isinstance(value, bool):
            return float(value)
        elif isinstance(option, type) and isinstance(value, option) and (option is bool or value is not True):
            return value
    raise ConfigurationError(f"{origin}: {name} must be {_wanted(options)}, got {value!r}")


def _wanted(options: tuple[object, ...]) -> str:
    """The hinted types in words."""
    words = {bool: "true or false", int: "a whole number", float: "a number", str: "text"}
    texts = []
    for option in options:
        if typing.get_origin(option) is Literal:
            texts.append("one of " + ", ".join(map(str, typing.get_args(option))))
        elif option is not types.NoneType:
            texts.append(words.get(option, "a list") if isinstance(option, type) else "a list")
    return " or ".join(texts)


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
