"""A DECK OF ONE'S OWN: the circuit of a plain SPICE file, written again for every point of a sweep.

Kept is the circuit. What pycosim writes itself, per point, are the `.param` values, the section of a `.lib` line (the
corner), the temperature, the seed of random numbers, what to record, and the analysis with its arithmetic as numbers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from circuits.testbench import Netlist
from pycosim.campaign.bench import Parameter
from pycosim.campaign.deck_cards import ANALYSES
from pycosim.campaign.deck_files import files_digest
from pycosim.campaign.deck_parameters import DIGITS, Assignment, in_numbers, known_numbers
from pycosim.campaign.task import Point
from pycosim.spice.simulator import AxisName

_BRACED: Final = re.compile(r"\{([^}]*)\}|'([^']*)'")


@dataclass(frozen=True, slots=True)
class CornerLine:
    """A `.lib` line whose section is the parameter `corner`.

    Args:
        named: its file, as it is written.
    """

    named: str


Part = str | Assignment | CornerLine
"""A line of a deck as it is, or one that changes with the point."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UserDeck:
    """A deck that was read; see `pycosim.campaign.deck_reader.read_deck`.

    Attributes:
        name: of its netlists.
        parts: its lines.
        analysis: the one analysis that is run, as it is written.
        parameters: what a sweep may vary.
        files: every file that it may read.
        settings: ngspice variables that are set before it is read.
        notes: what of it is ignored, one sentence each.
    """

    name: str
    parts: tuple[Part, ...]
    analysis: str
    parameters: Mapping[str, Parameter]
    files: tuple[Path, ...]
    settings: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]

    @property
    def axis_name(self) -> AxisName:
        """What its waveforms are over."""
        return ANALYSES[self.analysis.split()[0]]

    def netlist(self, point: Point, probes: Sequence[str]) -> Netlist:
        """The deck at a point.

        Args:
            point: parameters; those that are absent have their defaults.
            probes: what is recorded; with none ngspice records everything.
        """
        values = {name: one.default for name, one in self.parameters.items()} | dict(point)
        numbers = {name: float(value) for name, value in values.items() if isinstance(value, int | float)}
        lines = [_written(part, numbers, str(values.get("corner"))) for part in self.parts]
        if "temperature" in numbers:
            lines.append(f".temp {numbers['temperature']!r}")  # the last .temp wins, also over those of files
        if "seed" in numbers:
            lines.append(f".options seed={int(numbers['seed']) + 1}")  # ngspice takes 0 for none
        lines += [f".save {probe}" for probe in self._saved(probes)]
        lines += [self._analysis_at(numbers), ".end", ""]
        text = "\n".join(lines)
        return Netlist(
            name=self.name,
            text=text,
            digest=files_digest(text, self.settings, self.files),
            probes=tuple(probes),
            settings=self.settings,
            libraries=self.files,
        )

    def _analysis_at(self, numbers: Mapping[str, float]) -> str:
        """The analysis with its arithmetic computed, so that the engine knows where it ends."""
        if not _BRACED.search(self.analysis):
            return self.analysis
        known = known_numbers((part for part in self.parts if isinstance(part, Assignment)), numbers)

        def computed(found: re.Match[str]) -> str:
            value = in_numbers(found[1] or found[2], known)
            return found[0] if value is None else f"{value:.{DIGITS}g}"

        return _BRACED.sub(computed, self.analysis)

    def _saved(self, probes: Sequence[str]) -> tuple[str, ...]:
        """What ngspice is told to keep; nothing said is everything."""
        if not self.analysis.startswith(".noise"):
            return tuple(probes)
        parts = any(not probe.endswith("noise_spectrum") for probe in probes)  # how it spells a device's part varies
        return () if parts or not probes else (*probes, "onoise_total")


def _written(part: Part, numbers: Mapping[str, float], corner: str) -> str:
    """A line of the deck at a point."""
    if isinstance(part, str):
        return part
    if isinstance(part, CornerLine):
        return f'.lib "{part.named}" {corner}'
    value = repr(numbers[part.name]) if part.name in numbers and part.number is not None else part.text
    return f".param {part.name}{part.arguments}={value}"
