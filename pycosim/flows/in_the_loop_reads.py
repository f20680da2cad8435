"""OPERANDS -> READS: drawn reads in ngspice at transistor level, each kept on disk as soon as it is done."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from circuits.errors import CircuitError
from circuits.testbench import Netlist, render_netlist
from pycosim.attention.hardware import AttentionHardware
from pycosim.errors import MeasurementError, SimulationError
from pycosim.flows.characterization import Design
from pycosim.flows.in_the_loop_operands import ReadOperands, pulse_limits
from pycosim.flows.progress import Progress
from pycosim.spice import NetlistLike, Outcome, Simulator, Waveforms, ngspice_version, record_waveforms
from pycosim.sweeps.column import Column

READS_FILE = "reads.jsonl"
"""One line per read that ngspice has done: what a run that was killed takes up again."""


class Streams(Protocol):
    """A simulator that gives results as they come, as `pycosim.spice.NgspicePool` does."""

    def stream(self, netlists: Iterable[NetlistLike]) -> Iterator[tuple[int, Outcome]]:
        """(place, waveforms or error) of each netlist, as they finish."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SpiceRead:
    """One read in ngspice, beside the model.

    Attributes:
        operands: what it was given, and what the model made of it.
        digest: of its deck; "" where there is none, as the circuit cannot take the operands.
        width: pulse from ngspice (s), cut at the longest pulse, signed in the second array; None where it failed.
        failure: why it failed; "" where it did not.
    """

    operands: ReadOperands
    digest: str
    width: float | None
    failure: str = ""

    @property
    def error(self) -> float:
        """Model minus ngspice (s); NaN where the read failed."""
        return float("nan") if self.width is None else self.operands.width - self.width


class SpiceReads:
    """Simulates reads on the circuits of a design.

    Args:
        design: circuits and technology.
        hardware: its longest pulse cuts the pulses, as the end of the read phase does.
        simulator: ngspice.
        folder: keeps the results under the digest of their decks; what it has is not simulated again.
        progress: told of every read.
    """

    def __init__(
        self, design: Design, hardware: AttentionHardware, simulator: Streams, folder: Path, progress: Progress
    ) -> None:
        self._design, self._hardware, self._simulator, self._progress = design, hardware, simulator, progress
        self._file = folder / READS_FILE
        self._ngspice = ngspice_version() or "unknown"
        folder.mkdir(parents=True, exist_ok=True)
        self._known = self._load()

    def __call__(self, operands: Sequence[ReadOperands]) -> list[SpiceRead]:
        """Simulate reads; one that fails says why, and the others go on."""
        decks = [self.deck(one) for one in operands]
        new = {deck.digest: deck for deck in decks if isinstance(deck, Netlist) and deck.digest not in self._known}
        failures = self._run(list(new.values()))
        self._progress.advance(len(operands) - len(new))
        return [self._read(one, deck, failures) for one, deck in zip(operands, decks, strict=True)]

    def deck(self, operands: ReadOperands) -> Netlist | str:
        """The deck of a read, or why the circuit cannot take its operands."""
        try:
            return render_netlist(self._column(operands).bench(operands.held_voltages, operands.pulse_widths))
        except CircuitError as error:
            return str(error)

    def keep(self, read: SpiceRead, folder: Path, simulator: Simulator) -> tuple[Path, Waveforms]:
        """Run a read again and keep its deck and all waveforms, the latter as `pycosim.spice.Replay` reads them.

        Returns:
            The deck's file, and the waveforms.

        Raises:
            SimulationError: it does not run.
        """
        deck = self.deck(read.operands)
        assert isinstance(deck, Netlist)
        waves = simulator.run(deck)
        folder.mkdir(parents=True, exist_ok=True)
        for old in (*folder.glob("*.cir"), *folder.glob("*.npz")):
            old.unlink()
        path = folder / f"{deck.name}.cir"
        path.write_text(deck.text, encoding="utf-8")
        record_waveforms(folder, deck, waves)
        return path, waves

    def _column(self, operands: ReadOperands) -> Column:
        return self._design.first if operands.place.array == "first" else self._design.second

    def _read(self, operands: ReadOperands, deck: Netlist | str, failures: Mapping[str, str]) -> SpiceRead:
        if isinstance(deck, str):
            return SpiceRead(operands=operands, digest="", width=None, failure=deck)
        measured = self._known.get(deck.digest)
        if measured is None:
            return SpiceRead(operands=operands, digest=deck.digest, width=None, failure=failures[deck.digest])
        width = float(np.clip(measured, *pulse_limits(operands.place, self._hardware)))
        return SpiceRead(operands=operands, digest=deck.digest, width=width)

    def _run(self, decks: Sequence[Netlist]) -> dict[str, str]:
        """Simulate decks and save what they give; returns the failures by digest."""
        columns = {column.name: column for column in (self._design.first, self._design.second)}
        failures = {}
        for index, outcome in self._simulator.stream(decks):
            deck = decks[index]
            try:
                if isinstance(outcome, SimulationError):
                    raise outcome
                self._save(deck, columns[deck.name].converted_width(outcome))
            except (SimulationError, MeasurementError) as error:
                failures[deck.digest] = str(error)
                self._progress.note(f"a read failed: {error}")
            self._progress.advance()
        return failures

    def _save(self, deck: Netlist, width: float) -> None:
        self._known[deck.digest] = width
        line = json.dumps({"digest": deck.digest, "ngspice": self._ngspice, "pulse_width_s": width})
        with self._file.open("a", encoding="utf-8") as file:
            file.write(line + "\n")

    def _load(self) -> dict[str, float]:
        """What an earlier run left; a last line that was cut is left out."""
        known: dict[str, float] = {}
        text = self._file.read_text(encoding="utf-8") if self._file.exists() else ""
        for line in text.splitlines(keepends=True):
            try:
                record = json.loads(line)
                if line.endswith("\n") and record["ngspice"] == self._ngspice:
                    known[record["digest"]] = float(record["pulse_width_s"])
            except (ValueError, KeyError, TypeError):
                continue
        if text and not text.endswith("\n"):
            self._file.write_text(text[: text.rfind("\n") + 1], encoding="utf-8")
        return known
