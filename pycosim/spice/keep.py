"""A simulator that keeps every deck it is given, so that a figure can be walked back to a netlist."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from pycosim.errors import InputError
from pycosim.spice.simulator import NetlistLike, Outcome, Progress, Simulator, Waveforms


class KeepNetlists:
    """Wraps a simulator: writes each netlist to a folder before it runs, once per digest.

    Args:
        simulator: does the work.
        folder: receives `<name>__<first 12 digits of the digest>.cir`; created if absent.

    A netlist whose name would leave the folder is refused with an `InputError`.
    """

    def __init__(self, simulator: Simulator, folder: Path) -> None:
        self._simulator = simulator
        self._folder = folder
        self._kept: dict[str, tuple[str, Path]] = {}
        folder.mkdir(parents=True, exist_ok=True)

    @property
    def kept(self) -> dict[str, tuple[str, Path]]:
        """Digest -> (name, file) of every netlist, in the order of first use."""
        return dict(self._kept)

    def run(self, netlist: NetlistLike) -> Waveforms:
        """Keep the netlist, then run it."""
        self._keep(netlist)
        return self._simulator.run(netlist)

    def run_many(self, netlists: Sequence[NetlistLike], progress: Progress | None = None) -> list[Outcome]:
        """Keep the netlists, then run them."""
        for netlist in netlists:
            self._keep(netlist)
        return self._simulator.run_many(netlists, progress)

    def close(self) -> None:
        """Close the wrapped simulator."""
        self._simulator.close()

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close."""
        self.close()

    def _keep(self, netlist: NetlistLike) -> None:
        if netlist.digest not in self._kept:
            file = f"{netlist.name}__{netlist.digest[:12]}.cir"
            if Path(file).name != file:
                raise InputError(f"the name of a netlist must be a file name, found {netlist.name!r}")
            path = self._folder / file
            path.write_text(netlist.text, encoding="utf-8")
            self._kept[netlist.digest] = (netlist.name, path)
