"""FOLDER OF A TUNING: history, front, sensitivity and the values that were found.

<out>/history.nc      every candidate: parameters, each goal at each condition and at its worst, why it failed
<out>/sensitivity.nc  see `pycosim.campaign.sensitivity`
<out>/best.toml       the values found, as `[parameters]` of a sweep
<out>/sizes.toml      of a shipped circuit: all sizes of a column with them, as a technology takes them
<out>/tune.toml       what was asked for
<out>/points.sqlite   every result, so that the same command goes on
<out>/*.png           the front, the sensitivity
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import xarray as xr

from circuits.charge_to_pulse import ChargeToPulseParameters, signed_parameters
from circuits.gain_cell import GainCellParameters
from circuits.sizes import Sizes, render_sizes
from circuits.timing import ColumnTiming, signed_timing
from pycosim.campaign.catalogue import bench_names
from pycosim.campaign.paths import with_values
from pycosim.campaign.store import replace_file
from pycosim.campaign.task import Value
from pycosim.campaign.trials import Trial
from pycosim.campaign.tune_spec import Problem

SCHEMA = 1
"""Version of the history's layout."""

HISTORY, SENSITIVITY, BEST, SIZES, SPEC = "history.nc", "sensitivity.nc", "best.toml", "sizes.toml", "tune.toml"
"""Names in the folder."""


def save_tune(folder: Path, problem: Problem, spec: str, history: xr.Dataset, found: xr.Dataset, best: Trial) -> None:
    """Write the folder of a tuning.

    Args:
        folder: its cache is open, so that nothing else writes here.
        problem: what was tuned.
        spec: text of `tune.toml`.
        history: of `to_history`.
        found: of `pycosim.campaign.sensitivity.sensitivity`.
        best: the candidate that was chosen.

    Raises:
        StoreError: the disk is full or the folder cannot be written.
    """
    replace_file(folder / SPEC, spec.encode())
    for name, dataset in ((HISTORY, history), (SENSITIVITY, found)):
        replace_file(folder / name, bytes(dataset.to_netcdf(engine="scipy", format="NETCDF3_64BIT")))
    replace_file(folder / BEST, best_text(problem, best).encode())
    sizes = sizes_text(problem, best)
    if sizes is not None:
        replace_file(folder / SIZES, sizes.encode())


def to_history(problem: Problem, history: Sequence[Trial], front: Sequence[Trial], simulator: str) -> xr.Dataset:
    """Every candidate in the order in which it was judged.

    Args:
        problem: what was tuned.
        history: the candidates.
        front: those that no other beats.
        simulator: name and version.

    Returns:
        Over "candidate": every parameter that changes (coordinates), each goal at its worst condition under the goal's
        name, its values before that under `<goal>_at` over `<goal>_condition`, `violation`, `feasible` and `front` (1
        or 0), `stage` and `failure` (text). It holds no time, so that a tuning that was interrupted ends in the same
        bytes.
    """
    bench, along = problem.bench, "candidate"
    variables: dict[str, object] = {}
    coordinates: dict[str, object] = {
        name: (
            along,
            np.array([float(one.values[name]) for one in history]),
            {"units": bench.parameters[name].unit, "long_name": bench.parameters[name].meaning or name},
        )
        for name in problem.space.names
    }
    for goal in problem.goals:
        said = {"units": goal.unit, "long_name": f"{goal.name} ({goal.words})"}
        variables[goal.name] = (along, np.array([one.worst[goal.name] for one in history]), said)
        left = np.array([one.left[goal.name] for one in history])
        variables[f"{goal.name}_at"] = ((along, f"{goal.name}_condition"), left, said)
        coordinates[f"{goal.name}_condition"] = np.array(goal.labels, dtype=np.str_)
    on_front = {id(one) for one in front}
    variables |= {
        "violation": (along, np.array([one.violation for one in history]), {"long_name": "limits missed, in shares"}),
        "feasible": (along, np.array([one.feasible for one in history], dtype=np.int8)),
        "front": (along, np.array([id(one) in on_front for one in history], dtype=np.int8)),
        "stage": (along, np.array([one.stage for one in history], dtype=np.str_)),
        "failure": (along, np.array([one.failure for one in history], dtype=np.str_)),
    }
    return xr.Dataset(
        variables,
        coords=coordinates,
        attrs={
            "schema": SCHEMA,
            "bench": bench.name,
            "simulator": simulator,
            "goals": json.dumps({goal.name: goal.words for goal in problem.goals}),
            "parameters": json.dumps(dict(problem.fixed), sort_keys=True),
            "ladder": json.dumps(problem.ladder),
        },
    )


def best_text(problem: Problem, best: Trial) -> str:
    """`best.toml`: the values as `[parameters]`, after what they reach."""
    lines = [f"# bench {problem.bench.name}; {'feasible' if best.feasible else 'NOT feasible'}"]
    lines += [f"# {goal.name} = {best.worst[goal.name]:.6g} {goal.unit} ({goal.words})" for goal in problem.goals]
    lines += ["[parameters]", *(f"{json.dumps(name)} = {value!r}" for name, value in best.values.items())]
    return "\n".join(lines) + "\n"


def sizes_text(problem: Problem, best: Trial) -> str | None:
    """`sizes.toml`: the sizes of a shipped column with the values found; None for a bench of one's own."""
    name = problem.bench.name
    if name not in bench_names() or not any("." in one for one in problem.space.names):
        return None
    point: Mapping[str, Value] = {**problem.fixed, **best.values}
    signed = name.startswith("signed_")
    unsigned_point, signed_point = ({}, point) if signed else (point, {})
    sizes = Sizes(
        cell=with_values(GainCellParameters(), "cell", point),
        converter=with_values(ChargeToPulseParameters(), "converter", unsigned_point),
        timing=with_values(ColumnTiming(), "timing", unsigned_point),
        signed_converter=with_values(signed_parameters(), "converter", signed_point),
        signed_timing=with_values(signed_timing(), "timing", signed_point),
    )
    return render_sizes(sizes)
