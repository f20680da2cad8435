"""A Dask cluster on loopback for tests: scheduler and workers are processes, to be killed at will."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

_ROOT = Path(__file__).parents[2]
_START_TIME = 60.0  # s; importing distributed alone takes seconds on a busy machine


def wait_until(true: Callable[[], bool], what: str, limit: float = _START_TIME) -> None:
    """Look until something is so."""
    end = time.monotonic() + limit
    while not true():
        assert time.monotonic() < end, f"waited {limit:g} s for {what}"
        time.sleep(0.02)


def end_group(process: subprocess.Popen[bytes]) -> None:
    """Kill a process and all that it started and that stayed in its session."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


class LoopbackCluster:
    """A scheduler and workers on 127.0.0.1, each a process with a log in a folder.

    Args:
        folder: for logs and the workers' files.
        settings: of Dask, as environment variables: {'DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES': '0'}.
    """

    def __init__(self, folder: Path, settings: Mapping[str, str] | None = None) -> None:
        self.folder = folder
        self._settings = dict(settings or {})
        self._processes: list[subprocess.Popen[bytes]] = []
        file = folder / "scheduler.json"
        words = ["--scheduler-file", str(file), "--host", "127.0.0.1", "--port", "0"]
        words += ["--idle-timeout", "5 minutes"]  # should this process be killed
        self.scheduler = self._start("scheduler", {}, *words)
        try:
            wait_until(lambda: bool(_address(file)), "the scheduler")
        except BaseException:
            self.close()
            raise
        self.address = _address(file)

    def worker(
        self,
        name: str,
        *,
        threads: int = 1,
        nanny: bool = False,
        preload: str = "",
        environment: Mapping[str, str] | None = None,
    ) -> subprocess.Popen[bytes]:
        """Start a worker, which runs some Python first; it joins by and by."""
        words = ["--name", name, "--nthreads", str(threads), "--memory-limit", "0", "--host", "127.0.0.1"]
        words += ["--death-timeout", "60 seconds"]  # without a scheduler
        words += ["--local-directory", str(self.folder / name), "--nanny" if nanny else "--no-nanny"]
        words += ["--preload", preload] if preload else []
        return self._start("worker", environment or {}, *words, self.address)

    def processes(self) -> list[int]:
        """Those that live."""
        return [process.pid for process in self._processes if process.poll() is None]

    def close(self) -> None:
        """End everything."""
        for process in self._processes:
            end_group(process)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _start(self, role: str, environment: Mapping[str, str], *words: str) -> subprocess.Popen[bytes]:
        name = words[words.index("--name") + 1] if "--name" in words else role
        paths = os.pathsep.join([str(_ROOT), str(_ROOT / "tests"), os.environ.get("PYTHONPATH", "")])
        command = [sys.executable, "-m", f"distributed.cli.dask_{role}", "--no-dashboard", *words]
        with (self.folder / f"{name}.log").open("wb") as log:
            process = subprocess.Popen(
                command,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env=os.environ | self._settings | {"PYTHONPATH": paths} | environment,
            )
        self._processes.append(process)
        return process


def _address(file: Path) -> str:
    """What a scheduler wrote of itself; "" while it has not."""
    try:
        return str(json.loads(file.read_text())["address"])
    except (OSError, ValueError):
        return ""
