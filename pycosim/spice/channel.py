"""Messages between the pool and its workers: a length, then a pickle, over a socket pair.

Both ends are this package and the socket has no name, so that nobody else can write into it.
"""

from __future__ import annotations

import pickle
import socket
import struct
from dataclasses import dataclass
from typing import Any, Final

from pycosim.spice.rawfile import Plot

_LENGTH: Final = struct.Struct("<Q")
_CHUNK: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Job:
    """One deck for a worker.

    Args:
        deck: text that was checked.
        settings: variables to set before it is read.
        probes: signals to send back.
        time_limit: after this time (s) the worker ends itself, should its parent be gone.
    """

    deck: str
    settings: tuple[tuple[str, str], ...]
    probes: tuple[str, ...]
    time_limit: float


@dataclass(frozen=True, slots=True)
class Ready:
    """The first message of a worker: libngspice is loaded."""

    version: int | None


@dataclass(frozen=True, slots=True)
class Reply:
    """What one job gave.

    Args:
        plots: the wanted vectors; all of them where one was missing.
        log: what ngspice said.
        exited: whether ngspice asked to be unloaded; the worker ends after this reply.
        healthy: whether the worker can take another job.
        memory: peak memory of the worker (byte).
        seconds: that ngspice took to read and run the deck (s).
    """

    plots: tuple[Plot, ...]
    log: str
    exited: bool
    healthy: bool
    memory: int
    seconds: float


def send(channel: socket.socket, message: Job | Ready | Reply) -> None:
    """Send one message.

    Raises:
        OSError: the other end is gone.
    """
    body = pickle.dumps(message, protocol=pickle.HIGHEST_PROTOCOL)
    channel.sendall(_LENGTH.pack(len(body)))
    channel.sendall(body)


def receive(channel: socket.socket) -> Any:
    """Wait for one message.

    Raises:
        EOFError: the other end is gone.
        TimeoutError: the channel's time limit passed in the middle of it.
    """
    (length,) = _LENGTH.unpack(_read(channel, _LENGTH.size))
    return pickle.loads(_read(channel, length))


def _read(channel: socket.socket, n_bytes: int) -> bytearray:
    content = bytearray()
    while len(content) < n_bytes:
        try:
            part = channel.recv(min(_CHUNK, n_bytes - len(content)))
        except ConnectionError:
            part = b""
        if not part:
            raise EOFError("the other end of the channel is gone")
        content += part
    return content
