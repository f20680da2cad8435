"""CONDITIONS: corner, temperature, supply and die of a shipped bench."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache

from circuits.die import Die
from circuits.technology import Technology
from circuits.testbench import Netlist, Testbench, render_netlist
from pycosim.campaign.bench import Parameter
from pycosim.campaign.task import Point, Value

MOST_CIRCUITS = 32
"""Circuits that are kept while their dies are written."""


def condition_parameters(technology: Technology) -> dict[str, Parameter]:
    """Parameters of every shipped bench: `corner`, `temperature`, `supply_voltage`, `seed`."""
    return {
        "corner": Parameter(default=technology.corner, meaning="process corner", choices=tuple(technology.corners)),
        "temperature": Parameter(default=technology.temperature, unit="degC", meaning="temperature"),
        "supply_voltage": Parameter(default=technology.supply_voltage, unit="V", meaning="supply voltage"),
        "seed": Parameter(default=None, meaning="die"),
    }


def technology_at(technology: Technology, point: Point) -> Technology:
    """The process at a point's corner, temperature and supply.

    Raises:
        CircuitError: the cards are not meant for them.
    """
    return technology.at(
        corner=str(point["corner"]),
        temperature=float(point["temperature"]),
        supply_voltage=float(point["supply_voltage"]),
    )


class Dies:
    """The netlist of a point, on the die of its seed; as drawn without one.

    Points that differ in the seed alone are the same circuit, which is written once: PySpice needs milliseconds for it.

    Args:
        build: the testbench of a point, as drawn.
    """

    def __init__(self, build: Callable[[Point], Testbench]) -> None:
        def written(rest: tuple[tuple[str, Value], ...]) -> Testbench:
            bench = build(dict(rest))
            return replace(bench, text=str(bench.circuit))

        self._written = lru_cache(maxsize=MOST_CIRCUITS)(written)

    def __call__(self, point: Point) -> Netlist:
        """The deck.

        Raises:
            CircuitError: see `render_netlist`.
        """
        bench = self._written(tuple((name, value) for name, value in point.items() if name != "seed"))
        return render_netlist(replace(bench, die=Die(seed=int(point["seed"])) if "seed" in point else None))
