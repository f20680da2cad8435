"""A bench whose points do what their word says: tests of what a campaign survives, with real decks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from spice.decks import ENDLESS, NO_SOLUTION, RECURSIVE, Deck, deck

from circuits.errors import CircuitError
from pycosim.campaign.bench import Parameter, SweepBench
from pycosim.campaign.progress import SilentSweep
from pycosim.campaign.task import Measurement, Point
from pycosim.spice import Waveforms

_DECKS = {
    "segfault": RECURSIVE,
    "exit": deck("exit", "v1 a 0 1\nr1 a 0 1k\n.subckt s p\nr1 p 0 1\n.op", "v(a)"),  # its .subckt has no end
    "endless": ENDLESS,
    "no_solution": NO_SOLUTION,
}

BROKEN = (*_DECKS, "unmeasurable", "unmade")
"""Ways in which a point fails."""


def final_voltage(waves: Waveforms, point: Point) -> float:
    if point["fault"] == "unmeasurable":
        raise ValueError("no final value")
    (signal,) = waves.signals.values()
    return float(signal[-1])


def make(point: Point) -> Deck:
    """An RC circuit that charges, or the deck of a fault with a line of its own."""
    fault, resistance = str(point["fault"]), float(point["resistance"])
    if fault == "unmade":
        raise CircuitError("no such circuit")
    if fault in _DECKS:
        broken = _DECKS[fault]
        return replace(broken, text=broken.text.replace("\n", f"\n* {resistance:g}\n", 1))
    body = f"v1 in 0 pulse(0 1 0 1n 1n 1)\nr1 in out {resistance:.12g}\nc1 out 0 1n\n.tran 20n 2u 0 20n"
    return deck("charging", body, "v(out)")


FAULTY = SweepBench(
    name="faulty",
    parameters={
        "resistance": Parameter(default=1e3, unit="ohm"),
        "fault": Parameter(default="none", choices=("none", *BROKEN)),
    },
    make=make,
    measurements={"final": Measurement(name="final", unit="V", function=final_voltage, version="1")},
)


class AtPoint(SilentSweep):
    """Does something when so many points are known."""

    def __init__(self, number: int, act: Callable[[], object]) -> None:
        self._left = number
        self._act = act

    def point(self, *, simulated: bool, failure: str) -> None:
        self._left -= 1
        if not self._left:
            self._act()
