"""Simulators that need no ngspice: they return waveforms that a test made up, and remember what they were asked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self

from pycosim.errors import SimulationError
from pycosim.spice import NetlistLike, Outcome, Progress, Waveforms


class StandIn:
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

    def run_many(self, netlists: Sequence[NetlistLike], progress: Progress | None = None) -> list[Outcome]:
        outcomes: list[Outcome] = []
        for netlist in netlists:
            try:
                outcomes.append(self.run(netlist))
            except SimulationError as error:
                outcomes.append(error)
            if progress is not None:
                progress(len(outcomes), len(netlists))
        return outcomes

    def close(self) -> None:
        self.closed += 1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def parameter(netlist: NetlistLike, name: str) -> float:
    """A number from the top of a deck."""
    line = next(line for line in netlist.text.splitlines() if line.startswith(f"* {name} = "))
    return float(line.rsplit(" ", 1)[1])
