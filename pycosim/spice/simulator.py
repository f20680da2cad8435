"""What turns a netlist into waveforms: the values that travel and the protocol that every engine keeps."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Literal, Protocol, Self, runtime_checkable

import numpy as np
import numpy.typing as npt

from pycosim.errors import InputError, SimulationError

Array = npt.NDArray[np.float64] | npt.NDArray[np.complex128]
"""One signal: float64, or complex128 in a frequency sweep."""

AxisName = Literal["time", "sweep", "frequency"]

Progress = Callable[[int, int], None]
"""Called as ``progress(n_done, n_total)`` whenever a run ends."""


class NetlistLike(Protocol):
    """What a simulator needs of a netlist; ``circuits.testbench.Netlist`` has it."""

    @property
    def name(self) -> str:
        """Name in messages and of the run directory."""

    @property
    def text(self) -> str:
        """The whole deck: title first, one analysis, ``.end`` last, no ``.control``."""

    @property
    def digest(self) -> str:
        """Hash of text, settings and the libraries' content."""

    @property
    def probes(self) -> tuple[str, ...]:
        """Wanted signals: ``v(node)``, ``i(source)``."""

    @property
    def settings(self) -> tuple[tuple[str, str], ...]:
        """Variables of ngspice that are set before the deck is read."""

    @property
    def libraries(self) -> tuple[Path, ...]:
        """The only files that ``.include`` and ``.lib`` may name."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Waveforms:
    """Signals of one run over a common axis.

    Args:
        axis: time (s), swept value or frequency (Hz), shape (n_points,). Two nested sweeps are flat: the
            inner one repeats. An operating point has one point at 0.
        axis_name: ``time``, ``sweep`` or ``frequency``.
        signals: probe text (``v(bl)``, ``i(vdd)``) to values in V or A, shape (n_points,).
        netlist_digest: digest of the netlist they came from.
    """

    axis: npt.NDArray[np.float64]
    axis_name: AxisName
    signals: Mapping[str, Array]
    netlist_digest: str

    @property
    def time(self) -> npt.NDArray[np.float64]:
        """The axis of a transient (s), shape (n_points,).

        Raises:
            InputError: the axis is not time; use ``axis``.
        """
        if self.axis_name != "time":
            raise InputError(f"wanted the time axis, found waveforms over {self.axis_name!r}: use .axis, or run .tran")
        return self.axis


Outcome = Waveforms | SimulationError
"""What one netlist of many gave: in a sweep a failure is recorded data."""


@runtime_checkable
class Simulator(Protocol):
    """Anything that gives the waveforms of a netlist: a pool, ``ngspice -b``, stored results."""

    def run(self, netlist: NetlistLike) -> Waveforms:
        """Waveforms of one netlist.

        Raises:
            SimulationError: the subclass says what failed; see ``pycosim.errors``.
        """

    def run_many(self, netlists: Sequence[NetlistLike], progress: Progress | None = None) -> list[Outcome]:
        """Waveforms or the error of each netlist, in order; one failure does not stop the others."""

    def close(self) -> None:
        """Give back processes and files; may be called twice."""

    def __enter__(self) -> Self:
        """Return itself."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close."""
