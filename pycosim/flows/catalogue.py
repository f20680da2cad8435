"""The systems that `pycosim run` runs from end to end, by name.

A flow's modules are imported when it is asked for. A further system is a function here and a line in `FLOWS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from pycosim.errors import ConfigurationError
from pycosim.evaluate.any_report import AnyReport
from pycosim.flows.config import load_config, load_settings, near_words
from pycosim.flows.progress import Progress

Begin = Callable[[Path, Progress], AnyReport]
"""Runs a flow into a directory, which is new or empty."""

Start = Callable[[Path | None, Mapping[str, object]], Begin]
"""Reads the settings of a flow, from a TOML file and from options that win over it, and returns what runs it."""


def _gain_cell(path: Path | None, overrides: Mapping[str, object]) -> Begin:
    from pycosim.flows.gain_cell import run_gain_cell

    return partial(run_gain_cell, load_config(path, overrides))


def _electro_optic(path: Path | None, overrides: Mapping[str, object]) -> Begin:
    from pycosim.flows.electro_optic import run_electro_optic
    from pycosim.flows.electro_optic_config import ElectroOpticConfig

    return partial(run_electro_optic, load_settings(ElectroOpticConfig, path, overrides))


def _gilbert(path: Path | None, overrides: Mapping[str, object]) -> Begin:
    from pycosim.flows.gilbert import run_gilbert
    from pycosim.flows.gilbert_config import GilbertConfig

    return partial(run_gilbert, load_settings(GilbertConfig, path, overrides))


def _interferometer(path: Path | None, overrides: Mapping[str, object]) -> Begin:
    from pycosim.flows.interferometer import run_interferometer
    from pycosim.flows.interferometer_config import InterferometerConfig

    return partial(run_interferometer, load_settings(InterferometerConfig, path, overrides))


FLOWS: Mapping[str, Start] = {
    "gain-cell": _gain_cell,
    "electro-optic": _electro_optic,
    "gilbert": _gilbert,
    "interferometer": _interferometer,
}
"""Name on the command line -> flow."""


def find_flow(name: str) -> tuple[str, Start]:
    """The flow of a name, which may have underscores for hyphens.

    Returns:
        The name as `FLOWS` has it, and the flow.

    Raises:
        ConfigurationError: there is none; near names are named.
    """
    spelled = name.replace("_", "-").lower()
    if spelled not in FLOWS:
        raise ConfigurationError(f"no flow {name!r}; {near_words(spelled, list(FLOWS))}")
    return spelled, FLOWS[spelled]
