"""What the simulators share that run one netlist after the other."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from types import TracebackType
from typing import Self, final

from pycosim.errors import SimulationError
from pycosim.spice.simulator import NetlistLike, Outcome, Progress, Waveforms


class SerialSimulator(ABC):
    """A `Simulator` whose `run_many` is one `run` after the other."""

    @abstractmethod
    def run(self, netlist: NetlistLike) -> Waveforms:
        """Waveforms of one netlist; see `pycosim.spice.simulator.Simulator.run`."""

    @abstractmethod
    def close(self) -> None:
        """Give back what is held; may be called twice."""

    @final
    def run_many(self, netlists: Sequence[NetlistLike], progress: Progress | None = None) -> list[Outcome]:
        """Waveforms or the error of each netlist, in order; one failure does not stop the others."""
        outcomes: list[Outcome] = []
        for netlist in netlists:
            try:
                outcomes.append(self.run(netlist))
            except SimulationError as error:
                outcomes.append(error)
            if progress is not None:
                progress(len(outcomes), len(netlists))
        return outcomes

    @final
    def __enter__(self) -> Self:
        """Return itself."""
        return self

    @final
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close."""
        self.close()
