"""CATALOGUE: the benches of this project by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from circuits.technology import Technology
from pycosim.campaign.bench import SweepBench
from pycosim.campaign.shipped_cell import gain_cell, gain_cell_dc
from pycosim.campaign.shipped_column import column
from pycosim.campaign.shipped_converter import charge_to_pulse
from pycosim.errors import ConfigurationError
from pycosim.flows.config import near_words

_BENCHES: Mapping[str, Callable[[Technology], SweepBench]] = {
    "gain_cell": gain_cell,
    "gain_cell_dc": gain_cell_dc,
    "charge_to_pulse": lambda technology: charge_to_pulse(technology, signed=False),
    "signed_charge_to_pulse": lambda technology: charge_to_pulse(technology, signed=True),
    "column": lambda technology: column(technology, signed=False),
    "signed_column": lambda technology: column(technology, signed=True),
}


def bench_names() -> tuple[str, ...]:
    """Names of the shipped benches."""
    return tuple(_BENCHES)


def shipped_bench(name: str, technology: Technology) -> SweepBench:
    """A bench of this project.

    Args:
        name: one of `bench_names`.
        technology: the process it is made in; its corner, temperature and supply are the defaults.

    Raises:
        ConfigurationError: no such bench; near ones are named.
    """
    if name not in _BENCHES:
        raise ConfigurationError(
            f"there is no bench {name!r}; {near_words(name, sorted(_BENCHES))}; or give a file: "
            "'mine.cir', 'mine.py:make_bench'"
        )
    return _BENCHES[name](technology)
