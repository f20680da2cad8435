"""How short can a write be? The middle levels, all rows on one tap, with the write gates at and beyond the rails."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pycosim.evaluate.document import Json
from pycosim.studies.conditions import NOMINAL, SLOWEST, Condition, condition_name, design_at
from pycosim.studies.study import Laboratory, Table
from pycosim.sweeps.write_path import WritePath, middle_level_errors

WRITE_TIMES = (2e-9, 3e-9, 4e-9, 6e-9, 8e-9)
"""Writes that are tried (s)."""

CORNERS: tuple[Condition, ...] = (NOMINAL, ("ss", 0.0, 1.0), SLOWEST)
"""The quoted one and the slowest, without and with a low supply."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteTime:
    """Largest error of the middle levels against how long the write gates are open.

    Attributes:
        where: corner, temperature, supply.
        margin: how far the write gates are driven beyond the rails (V).
        quarter_level: of this supply (V).
        errors: after each of the tried times (V).
    """

    where: str
    margin: float
    quarter_level: float
    errors: tuple[float, ...]

    def figures(self) -> dict[str, Json]:
        """For the results file."""
        return {
            "corner": self.where,
            "on_margin_v": self.margin,
            "quarter_level_v": self.quarter_level,
            "error_v": list(self.errors),
        }


def write_times(lab: Laboratory, times: Sequence[float], margins: Sequence[float]) -> list[WriteTime]:
    """Error against time of writing; every cell comes from the farther rail, and every row wants the same tap."""
    made = [(design_at(lab.design, corner).technology, margin) for corner in CORNERS for margin in margins]
    paths = [
        WritePath(cell=replace(lab.design.cell, on_margin=margin), technology=technology, write_time=time)
        for technology, margin in made
        for time in times
    ]
    errors = middle_level_errors(paths, lab.simulator, progress=lab.advance)
    return [
        WriteTime(
            where=condition_name(technology.corner, technology.temperature, technology.supply_voltage),
            margin=margin,
            quarter_level=technology.supply_voltage / (paths[0].driver.n_levels - 1) / 4,
            errors=tuple(errors[k * len(times) : (k + 1) * len(times)]),
        )
        for k, (technology, margin) in enumerate(made)
    ]


def write_time_table(found: Sequence[WriteTime], times: Sequence[float]) -> Table:
    """One line for each corner and gate drive."""
    return Table(
        title="Largest error of the middle levels against the length of the write, all rows one code, mV",
        header=("corner", "gates beyond the rails, mV", "quarter level, mV", *(f"{1e9 * time:g} ns" for time in times)),
        rows=tuple(
            (
                one.where,
                f"{1e3 * one.margin:g}",
                f"{1e3 * one.quarter_level:.1f}",
                *(f"{1e3 * error:.1f}" for error in one.errors),
            )
            for one in found
        ),
        note="From the farther rail.",
    )
