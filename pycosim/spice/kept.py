"""libngspice kept loaded through PySpice's shared library, with our own ears.

PySpice takes every line on stderr that does not start with ``Warning:`` as an error, harmless notes among
them; here lines are only collected, and `pycosim.spice.log` judges them. Only worker processes import this
file: two simulators in one process are impossible, and what one deck leaves behind is cleared before the
next.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
from PySpice.Spice.NgSpice.Shared import NgSpiceShared, ffi

from pycosim.spice.rawfile import Plot, is_axis, vector_name
from pycosim.spice.simulator import Array

_VOLTAGE: Final = 3  # SV_VOLTAGE and SV_CURRENT of ngspice's sim.h
_CURRENT: Final = 4
_CONSTANTS: Final = "const"
_STREAMS: Final = ("stdout ", "stderr ")


class KeptNgspice(NgSpiceShared):  # type: ignore[misc]  # PySpice has no types
    """libngspice of this process.

    Args:
        library: path or name of the shared library.
        hear: called with every line that ngspice prints.
    """

    def __init__(self, library: str, hear: Callable[[str], None]) -> None:
        self.LIBRARY_PATH = library.replace("{", "{{").replace("}", "}}")
        self._hear = hear
        self._loaded = False
        self.exited = False
        super().__init__()
        self._first_variables = self._variables()

    def forget(self) -> None:
        """Clear what an earlier deck left: plots, circuit, variables, memory of commands."""
        self._ngspice_shared.ngSpice_Command(ffi.NULL)
        self.command("destroy all")
        if self._loaded:
            self.command("remcirc")
            self._loaded = False
        now = self._variables()
        for name in now.keys() - self._first_variables.keys():
            self.command(f"unset {name}")
        for name, value in self._first_variables.items():
            if now.get(name) != value:
                self.command(f"set {name} = {value}" if value else f"set {name}")

    def run_deck(self, deck: str, settings: Sequence[tuple[str, str]]) -> bool:
        """Load and run a deck.

        Returns:
            Whether it was loaded, so that a run was tried.
        """
        for name, value in settings:
            self.command(f"set {name}={value}" if value else f"set {name}")
        self._loaded = self._load(deck)
        return self._loaded and self.command("run") == 0

    def run_again(self, alterations: Sequence[str]) -> bool:
        """Run the loaded deck once more, altered.

        Returns:
            Whether the run was tried; not where ngspice had something to say about a command.
        """
        self.command("destroy all")
        for text in alterations:
            if self.command(text) or self._stdout:
                return False
        return self.command("run") == 0

    def plots(self) -> list[Plot]:
        """Every plot of the run, the oldest first."""
        return [self._plot(name) for name in reversed(self.plot_names) if name != _CONSTANTS]

    def command(self, text: str) -> int:
        """Run a command; 0, or 1 after ngspice asked to be unloaded."""
        self.clear_output()
        return int(self._ngspice_shared.ngSpice_Command(text.encode("ascii")))

    def _load(self, deck: str) -> bool:
        kept = [ffi.new("char[]", line.encode("utf-8")) for line in deck.split("\n") if line.strip()]
        failed = self._ngspice_shared.ngSpice_Circ(ffi.new("char*[]", [*kept, ffi.NULL]))
        return not failed and not self.exited

    def _variables(self) -> dict[str, str]:
        """Variables of ngspice itself; those of a plot or a circuit, marked ``*`` and ``+``, go with it."""
        self.command("set")
        words = (line.split(maxsplit=1) for line in self._stdout if line[:1] not in "*+ ")
        return {word[0]: word[1].strip() if len(word) > 1 else "" for word in words if word}

    def _plot(self, plot_name: str) -> Plot:
        names = self._convert_string_array(self._ngspice_shared.ngSpice_AllVecs(plot_name.encode("ascii")))
        vectors = dict(self._vector(plot_name, name) for name in reversed(names))
        return Plot(plot_name, vectors)

    def _vector(self, plot_name: str, name: str) -> tuple[str, Array]:
        """Name as a probe is written, and a copy of the values."""
        info = self._ngspice_shared.ngGet_Vec_Info(f"{plot_name}.{name}".encode())
        probe = _probe_name(name, int(info.v_type))
        n_points = int(info.v_length)
        if info.v_compdata == ffi.NULL:
            return probe, _copy(info.v_realdata, n_points * 8, np.float64)
        values = _copy(info.v_compdata, n_points * 16, np.complex128)
        return probe, np.ascontiguousarray(values.real) if is_axis(probe) else values

    @staticmethod
    def _send_char(message: Any, ngspice_id: int, user_data: Any) -> int:
        """Called by ngspice with every line it prints."""
        self = ffi.from_handle(user_data)
        line = ffi.string(message).decode("utf-8", errors="replace")
        if line.startswith(_STREAMS):
            line = line[len(_STREAMS[0]) :]
        self._stdout.append(line)
        self._hear(line)
        return 0

    @staticmethod
    def _exit(status: int, immediate: bool, quit_exit: bool, ngspice_id: int, user_data: Any) -> int:
        """Called by ngspice when it cannot go on."""
        ffi.from_handle(user_data).exited = True
        return int(status)


def _probe_name(name: str, kind: int) -> str:
    lower = name.lower()
    if kind == _CURRENT and lower.endswith("#branch"):
        return f"i({lower.removesuffix('#branch')})"
    if kind == _VOLTAGE and not lower.startswith("@") and not is_axis(lower) and "(" not in lower:
        return f"v({lower})"
    return vector_name(lower)


def _copy(pointer: Any, n_bytes: int, kind: type[np.float64] | type[np.complex128]) -> Any:
    if not n_bytes:
        return np.empty(0, dtype=kind)
    return np.frombuffer(ffi.buffer(pointer, n_bytes), dtype=kind).copy()
