"""A worker process: ``python -m pycosim.spice.worker <channel> <lifeline> <library>``, started by the pool only.

It takes one job after the other from its channel. It has no threads, runs in a folder of its own, and ends
when its channel closes, also in the middle of a run: that is what the lifeline is for.
"""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import resource
import signal
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from pycosim.spice.alter import LoadedDeck
from pycosim.spice.channel import Job, Ready, Reply, receive, send
from pycosim.spice.kept import KeptNgspice
from pycosim.spice.log import read_log
from pycosim.spice.rawfile import Plot, is_axis
from pycosim.spice.rundirectory import LOG

_GRACE: Final = 10.0  # s after the time limit, in which the parent kills first
_MEMORY_UNIT: Final = 1 if sys.platform == "darwin" else 1024  # byte; of ru_maxrss


class _Ears:
    """Collects what ngspice says, also in a file, which survives a crash of this process."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._file = os.open(LOG, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND)

    def hear(self, line: str) -> None:
        self._lines.append(line)
        os.write(self._file, line.encode("utf-8", errors="replace") + b"\n")

    def forget(self) -> None:
        self._lines.clear()
        os.ftruncate(self._file, 0)

    def text(self) -> str:
        return "\n".join(self._lines) + "\n"


def main(channel_number: int, lifeline_number: int, library: str) -> None:
    """Serve jobs until the channel closes.

    Args:
        channel_number: file descriptor of the socket to the pool.
        lifeline_number: file descriptor of a socket that the pool never writes to; it closes with the channel.
        library: path or name of libngspice.
    """
    _die_with(lifeline_number)
    logging.disable(logging.CRITICAL)  # PySpice logs what it takes for errors
    ears = _Ears()
    ngspice = KeptNgspice(library, ears.hear)
    with socket.socket(fileno=channel_number) as channel, contextlib.suppress(EOFError, OSError):
        send(channel, Ready(ngspice.ngspice_version))
        bench = _Bench(ngspice, ears)
        while not ngspice.exited:
            job: Job = receive(channel)
            with _ends_by_itself(job.time_limit):
                reply = bench.run(job)
            send(channel, reply)
    os._exit(0)  # ngspice's own clean-up may hang or crash after it asked to be unloaded


class _Bench:
    """ngspice with the deck that it holds, which may be the next one but for numbers."""

    def __init__(self, ngspice: KeptNgspice, ears: _Ears) -> None:
        self._ngspice = ngspice
        self._ears = ears
        self._loaded: LoadedDeck | None = None
        self._settings: tuple[tuple[str, str], ...] = ()

    def run(self, job: Job) -> Reply:
        """Alter what is loaded where that is enough and goes well; else read the deck and run it."""
        began = time.perf_counter()
        plots = self._altered(job) or self._read(job)
        wanted = tuple(_wanted(plot, job.probes) for plot in plots)
        seconds = time.perf_counter() - began
        healthy = bool(wanted) and not self._ngspice.exited
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _MEMORY_UNIT
        return Reply(wanted, self._ears.text(), self._ngspice.exited, healthy, memory, seconds)

    def _altered(self, job: Job) -> list[Plot]:
        """The plots after altering; none where the deck has to be read, which every doubt is a reason for."""
        if self._loaded is None or self._settings != job.settings:
            return []
        commands = self._loaded.alterations(job.deck)
        if commands is None:
            return []
        self._ears.forget()
        if not self._ngspice.run_again(commands) or read_log(self._ears.text()) is not None:
            return []
        return self._ngspice.plots()

    def _read(self, job: Job) -> list[Plot]:
        self._loaded = None
        self._ngspice.forget()
        self._ears.forget()
        ran = self._ngspice.run_deck(job.deck, job.settings)
        if ran:
            self._loaded, self._settings = LoadedDeck(job.deck), job.settings
        return self._ngspice.plots() if ran else []


def _wanted(plot: Plot, probes: tuple[str, ...]) -> Plot:
    """The axis and the probes; everything where a probe is missing, so that the message names near ones."""
    wanted = {probe.lower().replace(" ", "") for probe in probes}
    if not wanted or not wanted <= plot.vectors.keys():
        return plot
    return Plot(plot.name, {name: values for name, values in plot.vectors.items() if name in wanted or is_axis(name)})


def _die_with(lifeline_number: int) -> None:
    """Let the kernel end this process when the other end of the lifeline closes: while ngspice runs no Python does.

    Not the channel itself, whose jobs would be signals too: the kernel sends them after the data, and on a busy
    machine so late that the job has begun.
    """
    fcntl.fcntl(lifeline_number, fcntl.F_SETOWN, os.getpid())
    flags = fcntl.fcntl(lifeline_number, fcntl.F_GETFL)
    fcntl.fcntl(lifeline_number, fcntl.F_SETFL, flags | os.O_ASYNC)  # SIGIO ends a process that does not handle it


@contextlib.contextmanager
def _ends_by_itself(time_limit: float) -> Iterator[None]:
    """Let the kernel end this process if a run takes too long and the pool has not ended it."""
    signal.setitimer(signal.ITIMER_REAL, time_limit + _GRACE)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


if __name__ == "__main__":
    Path(LOG).touch()
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
