"""A bench whose points do what their word says: tests of what a campaign survives, with real decks."""

from __future__ import annotations

from dataclasses import replace

from spice.decks import ENDLESS, NO_SOLUTION, RECURSIVE, Deck, deck

from pycosim.campaign.bench import Parameter, SweepBench
from pycosim.campaign.task import Measurement, Point
from pycosim.spice import Waveforms

_DECKS = {"segfault": RECURSIVE, "endless": ENDLESS, "no_solution": NO_SOLUTION}


def final_voltage(waves: Waveforms, point: Point) -> float:
    (signal,) = waves.signals.values()
    return float(signal[-1])


def make(point: Point) -> Deck:
    """An RC circuit that charges, or the deck of a fault with a line of its own."""
    fault, resistance = str(point["fault"]), float(point["resistance"])
    if fault != "none":
        broken = _DECKS[fault]
        return replace(broken, text=broken.text.replace("\n", f"\n* {resistance:g}\n", 1))
    body = f"v1 in 0 pulse(0 1 0 1n 1n 1)\nr1 in out {resistance:.12g}\nc1 out 0 1n\n.tran 20n 2u 0 20n"
    return deck("charging", body, "v(out)")


FAULTY = SweepBench(
    name="faulty",
    parameters={
        "resistance": Parameter(default=1e3, unit="ohm"),
        "fault": Parameter(default="none", choices=("none", *_DECKS)),
    },
    make=make,
    measurements={"final": Measurement(name="final", unit="V", function=final_voltage, version="1")},
)
