"""Every study of the gain-cell system, in the order in which their figures are needed."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pycosim.errors import InputError
from pycosim.evaluate.document import Json
from pycosim.spice.keep import KeepNetlists
from pycosim.studies.array import study_array
from pycosim.studies.balance import study_balance
from pycosim.studies.cells import study_cells
from pycosim.studies.converter import study_converter
from pycosim.studies.corners import study_corners
from pycosim.studies.effect_sources import measure_effects
from pycosim.studies.effects import study_effects
from pycosim.studies.energy import study_energy
from pycosim.studies.input_driver import study_input_driver
from pycosim.studies.latency import study_latency
from pycosim.studies.monte_carlo import study_monte_carlo
from pycosim.studies.noise import study_noise
from pycosim.studies.numbers import number_at
from pycosim.studies.provenance import study_settings
from pycosim.studies.record import Record, has_record, load_record, merged_figures, save_study
from pycosim.studies.retention import study_retention
from pycosim.studies.study import Laboratory, Study
from pycosim.studies.tile import study_tile
from pycosim.studies.topologies import study_topologies
from pycosim.studies.write_path import study_write_path

Figures = Mapping[str, Json]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One study and the studies whose figures it builds on.

    Attributes:
        run: makes it.
        made_by: the functions whose source tells whether a finished one still holds.
        after: names of the studies whose figures it takes.
    """

    run: Callable[[Laboratory, Figures], Study]
    made_by: tuple[Callable[..., Any], ...]
    after: tuple[str, ...] = ()


def _alone(run: Callable[[Laboratory], Study]) -> Entry:
    return Entry(run=lambda lab, figures: run(lab), made_by=(run,))


def _retention(lab: Laboratory, figures: Figures) -> Study:
    return study_retention(lab, write_energy=number_at(figures, "write_path", "energy_per_token_j"))


def _effects(lab: Laboratory, figures: Figures) -> Study:
    return study_effects(lab, measure_effects(lab, figures))


STUDIES: Mapping[str, Entry] = {
    "write_path": _alone(study_write_path),
    "input_driver": _alone(study_input_driver),
    "converter": _alone(study_converter),
    "topologies": _alone(study_topologies),
    "array": _alone(study_array),
    "tile": _alone(study_tile),
    "cells": _alone(study_cells),
    "retention": Entry(run=_retention, made_by=(study_retention,), after=("write_path",)),
    "corners": _alone(study_corners),
    "monte_carlo": _alone(study_monte_carlo),
    "noise": _alone(study_noise),
    "balance": _alone(study_balance),
    "latency": Entry(run=study_latency, made_by=(study_latency,), after=("write_path",)),
    "energy": Entry(run=study_energy, made_by=(study_energy,), after=("write_path", "input_driver")),
    "effects": Entry(
        run=_effects,
        made_by=(measure_effects, study_effects),
        after=("write_path", "input_driver", "converter", "array", "monte_carlo", "noise"),
    ),
}
"""Name -> study; a study stands after those that it builds on."""


def characterize_gain_cell(lab: Laboratory, out: Path, only: Sequence[str] = ()) -> dict[str, Record]:
    """Run the studies that are not yet in a folder; each is saved as soon as it is done.

    Args:
        lab: circuits, simulator, seed.
        out: receives one folder per study, with its netlists. A study that an earlier run finished there is taken from
            it if everything that it depends on is the same: settings, cards, source, figures it builds on.
        only: names; () for all. Those that they build on are run too.

    Returns:
        Name -> record, of the asked studies and those that they build on.

    Raises:
        InputError: an unknown name, or a folder that cannot be written.
        SimulationError: a deck failed; finished studies stay.
    """
    if unknown := [name for name in only if name not in STUDIES]:
        raise InputError(f"no study {unknown[0]!r}; choose of {', '.join(STUDIES)}")
    records: dict[str, Record] = {}
    for name in _needed(only or tuple(STUDIES)):
        entry = STUDIES[name]
        built_on = merged_figures({other: records[other] for other in entry.after})
        settings = study_settings(lab, entry.made_by, built_on)
        if has_record(out, name, settings):
            records[name] = load_record(out, name)
            lab.progress.note(f"{name}: taken from {out / name}")
            continue
        begin = time.monotonic()
        keeping = replace(lab, simulator=KeepNetlists(lab.simulator, out / name / "netlists"))
        study = entry.run(keeping, built_on)
        records[name] = save_study(out, study, settings, time.monotonic() - begin)
    return records


def _needed(names: Sequence[str]) -> list[str]:
    """The names and what they build on, in the order of `STUDIES`."""
    wanted: set[str] = set()
    rest = list(names)
    while rest:
        name = rest.pop()
        if name not in wanted:
            wanted.add(name)
            rest += STUDIES[name].after
    return [name for name in STUDIES if name in wanted]


def finished_records(lab: Laboratory, out: Path) -> dict[str, Record]:
    """Every finished study of a folder that still holds, in the order of `STUDIES`."""
    records: dict[str, Record] = {}
    for name, entry in STUDIES.items():
        if any(other not in records for other in entry.after):
            continue
        built_on = merged_figures({other: records[other] for other in entry.after})
        if has_record(out, name, study_settings(lab, entry.made_by, built_on)):
            records[name] = load_record(out, name)
    return records
