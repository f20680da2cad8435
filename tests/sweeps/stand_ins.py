"""Simulators that need no ngspice: they return waveforms that a test made up, and remember what they were asked."""

from __future__ import annotations

from collections.abc import Callable

from pycosim.spice import NetlistLike, SerialSimulator, Waveforms


class StandIn(SerialSimulator):
    """A simulator whose waveforms are a function of the netlist; where that raises, the run has failed.

    Args:
        answer: netlist -> waveforms.
    """

    def __init__(self, answer: Callable[[NetlistLike], Waveforms]) -> None:
        self._answer = answer
        self.asked: list[NetlistLike] = []
        self.closed = 0

    def run(self, netlist: NetlistLike) -> Waveforms:
        self.asked.append(netlist)
        return self._answer(netlist)

    def close(self) -> None:
        self.closed += 1


def parameter(netlist: NetlistLike, name: str) -> float:
    """A number from the top of a deck."""
    line = next(line for line in netlist.text.splitlines() if line.startswith(f"* {name} = "))
    return float(line.rsplit(" ", 1)[1])
