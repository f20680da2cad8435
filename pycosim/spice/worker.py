"""A worker process: ``python -m pycosim.spice.worker <channel> <library>``, started by the pool only.

It takes one job after the other from its channel. It has no threads, runs in a folder of its own, and ends
when its channel closes, also in the middle of a run.
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

from pycosim.spice.channel import Job, Ready, Reply, receive, send
from pycosim.spice.kept import KeptNgspice
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


def main(channel_number: int, library: str) -> None:
    """Serve jobs until the channel closes.

    Args:
        channel_number: file descriptor of the socket to the pool.
        library: path or name of libngspice.
    """
    logging.disable(logging.CRITICAL)  # PySpice logs what it takes for errors
    ears = _Ears()
    ngspice = KeptNgspice(library, ears.hear)
    with socket.socket(fileno=channel_number) as channel, contextlib.suppress(EOFError, OSError):
        send(channel, Ready(ngspice.ngspice_version))
        while not ngspice.exited:
            job: Job = receive(channel)
            with _dies_with_its_parent(channel, job.time_limit):
                reply = _run(job, ngspice, ears)
            send(channel, reply)
    os._exit(0)  # ngspice's own clean-up may hang or crash after it asked to be unloaded


def _run(job: Job, ngspice: KeptNgspice, ears: _Ears) -> Reply:
    ngspice.forget()
    ears.forget()
    began = time.perf_counter()
    ran = ngspice.run_deck(job.deck, job.settings)
    seconds = time.perf_counter() - began
    plots = tuple(_wanted(plot, job.probes) for plot in ngspice.plots()) if ran else ()
    healthy = bool(plots) and not ngspice.exited
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _MEMORY_UNIT
    return Reply(plots, ears.text(), ngspice.exited, healthy, memory, seconds)


def _wanted(plot: Plot, probes: tuple[str, ...]) -> Plot:
    """The axis and the probes; everything where a probe is missing, so that the message names near ones."""
    wanted = {probe.lower().replace(" ", "") for probe in probes}
    if not wanted or not wanted <= plot.vectors.keys():
        return plot
    return Plot(plot.name, {name: values for name, values in plot.vectors.items() if name in wanted or is_axis(name)})


@contextlib.contextmanager
def _dies_with_its_parent(channel: socket.socket, time_limit: float) -> Iterator[None]:
    """While ngspice runs no Python does: let the kernel end the process on a closed channel, or late."""
    number = channel.fileno()
    flags = fcntl.fcntl(number, fcntl.F_GETFL)
    fcntl.fcntl(number, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(number, fcntl.F_SETFL, flags | os.O_ASYNC)  # SIGIO ends a process that does not handle it
    signal.setitimer(signal.ITIMER_REAL, time_limit + _GRACE)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        fcntl.fcntl(number, fcntl.F_SETFL, flags)


if __name__ == "__main__":
    Path(LOG).touch()
    main(int(sys.argv[1]), sys.argv[2])
