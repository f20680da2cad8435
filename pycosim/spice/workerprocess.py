"""The pool's side of one worker process: start it, give it a job, hear its reply, end it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

import pycosim
from pycosim.spice.channel import Job, Ready, Reply, receive, send
from pycosim.spice.rundirectory import LOG, START_UP, start_up_text

_OUTPUT: Final = "worker.out"
_END_TIME: Final = 1.0  # s that an idle worker gets to end by itself
_START_TIME: Final = 60.0  # s that Python, PySpice and libngspice may take to start on a busy machine


class WorkerProcess:
    """One process with libngspice loaded.

    Args:
        folder: its working folder, which is empty.
        library: path or name of libngspice.
    """

    def __init__(self, folder: Path, library: str) -> None:
        self.folder = folder
        self.n_runs = 0
        self.memory = 0
        self.deadline: float | None = None
        self._ready = False
        self._time_limit = 0.0
        (folder / START_UP).write_text(start_up_text(()), encoding="utf-8")
        self.channel, channel = socket.socketpair()
        self._lifeline, lifeline = socket.socketpair()
        with channel, lifeline, (folder / _OUTPUT).open("wb") as output:
            numbers = channel.fileno(), lifeline.fileno()
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-m", "pycosim.spice.worker", *map(str, numbers), library],
                cwd=folder,
                env=_environment(),
                pass_fds=numbers,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C is the pool's to handle
            )

    def fileno(self) -> int:
        """Descriptor to wait on."""
        return self.channel.fileno()

    def give(self, job: Job) -> None:
        """Send a job; its time runs from here, or from when the worker is ready.

        Raises:
            OSError: the worker is gone.
        """
        self._time_limit = job.time_limit
        self.n_runs += 1
        limit = job.time_limit if self._ready else _START_TIME
        self.deadline = time.monotonic() + limit
        self.channel.settimeout(limit)
        send(self.channel, job)

    def hear(self) -> Reply | None:
        """The next message; None while there is no reply yet.

        Raises:
            EOFError: the worker died.
            TimeoutError: it stopped in the middle of a message.
        """
        self.channel.settimeout(max(0.1, (self.deadline or 0.0) - time.monotonic()))
        message = receive(self.channel)
        if isinstance(message, Ready):
            self._ready = True
            self.deadline = time.monotonic() + self._time_limit
            return None
        assert isinstance(message, Reply)
        self.deadline = None
        self.memory = message.memory
        return message

    @property
    def is_late(self) -> bool:
        """Whether the time of its run has passed."""
        return self.deadline is not None and time.monotonic() >= self.deadline

    @property
    def started(self) -> bool:
        """Whether libngspice was loaded."""
        return self._ready

    def said(self) -> str:
        """What ngspice said in the run that did not end, and what the process printed."""
        texts = [(self.folder / name) for name in (LOG, _OUTPUT)]
        return "\n".join(path.read_text(encoding="utf-8", errors="replace") for path in texts if path.exists())

    def hang_up(self) -> None:
        """Tell it to end, which `end` waits for."""
        self.channel.close()
        self._lifeline.close()

    def kill(self) -> int:
        """End it at once; returns its exit status, negative where a signal ended it."""
        self.hang_up()
        self.process.kill()
        return self.process.wait()

    def end(self) -> int:
        """Wait for a worker that died or is told to; kill it where it does not."""
        self.hang_up()
        try:
            return self.process.wait(_END_TIME)
        except subprocess.TimeoutExpired:
            return self.kill()


def _environment() -> dict[str, str]:
    """Environment of a worker: it imports what its parent imports, and nothing in it starts threads."""
    paths = [str(Path(pycosim.__file__).resolve().parent.parent), *(path for path in sys.path if path)]
    one_thread = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    return os.environ | one_thread | {"PYTHONPATH": os.pathsep.join(dict.fromkeys(paths))}


def describe_status(status: int) -> str:
    """An exit status in words: ``signal SIGSEGV``, ``status 1``."""
    if status >= 0:
        return f"status {status}"
    try:
        return f"signal {signal.Signals(-status).name}"
    except ValueError:
        return f"signal {-status}"
