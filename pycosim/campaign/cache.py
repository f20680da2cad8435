"""CACHE: every result by its content, in one SQLite file that survives `kill -9` and is written by one sweep at a time.

The key of a result is the SHA-256 of everything that it follows from: netlist digest, point, simulator, ladder, and the
measurement's name and version. Failures are kept with their reason. A result that the deck gave as it was written holds
for every ladder, so that switching the ladder on runs nothing again but what had failed.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from pycosim.campaign.task import Measurement, Point
from pycosim.errors import StoreError

SCHEMA = 1
"""Version of the file's layout and of the keys."""

_LAYOUT = """CREATE TABLE results (
    key BLOB PRIMARY KEY, value REAL, failure TEXT NOT NULL, kind TEXT NOT NULL, rung TEXT NOT NULL
) WITHOUT ROWID"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One measurement of one point.

    Attributes:
        value: the number (SI); None after a failure, or where there is none by right (an optional measurement).
        failure: its reason, "" without one.
        kind: name of the error's class.
        rung: of the ladder, "" for the deck as it was written.
    """

    value: float | None
    failure: str = ""
    kind: str = ""
    rung: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """Where a result may lie.

    Attributes:
        plain: without a ladder; also where results lie that needed no rung.
        climbed: with the ladder of the sweep; the same without a ladder.
    """

    plain: bytes
    climbed: bytes

    def place(self, entry: Entry) -> bytes:
        """Where an entry belongs."""
        return self.climbed if entry.failure or entry.rung else self.plain


def result_keys(
    netlist_digest: str, point: Point, simulator: str, ladder: Sequence[str], measurements: Sequence[Measurement]
) -> tuple[Key, ...]:
    """Keys of a point's measurements.

    The point is part of them because a measurement may read it: a threshold that no line of the deck shows.

    Args:
        netlist_digest: of the deck.
        point: every parameter.
        simulator: as `Executor.simulator_version` names it.
        ladder: rungs that may be tried.
        measurements: of which each gets a key.
    """
    common = hashlib.sha256(json.dumps([SCHEMA, netlist_digest, dict(point), simulator], sort_keys=True).encode())

    def digest(measurement: Measurement, rungs: Sequence[str]) -> bytes:
        whole = common.copy()
        whole.update(json.dumps([list(rungs), measurement.name, measurement.version]).encode())
        return whole.digest()

    return tuple(Key(plain=digest(one, ()), climbed=digest(one, ladder)) for one in measurements)


class ResultCache:
    """The file of results; use it as a context manager.

    Args:
        path: `points.sqlite`; None for one in memory, which ends with the process.

    Raises:
        StoreError: another sweep has it open, it is damaged, of another version, or cannot be written.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        with self._explained():
            self._file = sqlite3.connect(":memory:" if path is None else path, timeout=0.0, isolation_level=None)
            try:
                self._prepare()
            except BaseException:
                self._file.close()
                raise

    def find(self, keys: Sequence[Key]) -> list[Entry | None]:
        """What is known of each; None where nothing is.

        Raises:
            StoreError: the file cannot be read.
        """
        with self._explained():
            return [self._one(key) for key in keys]

    def put(self, entries: Mapping[Key, Entry]) -> None:
        """Keep results, all or none; they are on the disk when this returns.

        Raises:
            StoreError: the disk is full, or the folder cannot be written; what was kept before stays.
        """
        rows = [
            (key.place(entry), entry.value, entry.failure, entry.kind, entry.rung) for key, entry in entries.items()
        ]
        with self._explained(), self._transaction():
            self._file.executemany("INSERT OR REPLACE INTO results VALUES (?, ?, ?, ?, ?)", rows)

    def __len__(self) -> int:
        """Number of results."""
        with self._explained():
            return int(self._file.execute("SELECT count(*) FROM results").fetchone()[0])

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let go of the file."""
        self.close()

    def _prepare(self) -> None:
        """Take the lock, and check or make the layout.

        The lock is held as long as the file is open, so that the write-ahead log needs no memory shared between
        processes, which folders on a network do not offer. The log itself makes a write atomic, and cheap: it reaches
        the operating system with each result, the disk at checkpoints.
        """
        self._file.execute("PRAGMA locking_mode = EXCLUSIVE")
        self._file.execute("PRAGMA journal_mode = WAL")
        self._file.execute("PRAGMA synchronous = NORMAL")
        with self._transaction():
            version = int(self._file.execute("PRAGMA user_version").fetchone()[0])
            n_tables = int(self._file.execute("SELECT count(*) FROM sqlite_master").fetchone()[0])
            if not n_tables:
                self._file.execute(_LAYOUT)
                self._file.execute(f"PRAGMA user_version = {SCHEMA}")
            elif version != SCHEMA:
                raise StoreError(
                    f"{self._path} has layout {version} and this pycosim reads layout {SCHEMA}; nothing was changed: "
                    "give another folder with --out, or use the pycosim that wrote it"
                )
        (answer,) = self._file.execute("PRAGMA quick_check(1)").fetchone()
        if answer != "ok":
            raise sqlite3.DatabaseError(answer)

    def _one(self, key: Key) -> Entry | None:
        climbed = self._row(key.climbed)
        if climbed is not None or key.climbed == key.plain:
            return climbed
        plain = self._row(key.plain)
        return plain if plain is not None and not plain.failure else None

    def _row(self, key: bytes) -> Entry | None:
        row = self._file.execute("SELECT value, failure, kind, rung FROM results WHERE key = ?", (key,)).fetchone()
        return None if row is None else Entry(value=row[0], failure=row[1], kind=row[2], rung=row[3])

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._file.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._file.execute("COMMIT")
        except BaseException:
            if self._file.in_transaction:
                self._file.execute("ROLLBACK")
            raise

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """SQLite's errors in one sentence each."""
        try:
            yield
        except sqlite3.ProgrammingError:  # a mistake here, not of the file
            raise
        except sqlite3.Error as error:
            raise StoreError(_explanation(self._path, error)) from error


def _explanation(path: Path | None, error: sqlite3.Error) -> str:
    name = getattr(error, "sqlite_errorname", "") or ""
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return f"{path} is in use by another sweep; wait for it, or give another folder with --out"
    if name.startswith("SQLITE_FULL"):
        return f"the disk is full: {path} took no more results; those in it stay: make room and run the sweep again"
    if name.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM")):
        return f"{path} cannot be written ({error}); make its folder writable, or give another one with --out"
    if name.startswith("SQLITE_IOERR"):
        return (
            f"{path} cannot be read or written ({error}); results in it stay: see that the disk is there and not full, "
            "and run the sweep again"
        )
    return (
        f"{path} is damaged ({error}); move it away and run the sweep again, which simulates its points anew; "
        "sweep.nc beside it is not touched"
    )
