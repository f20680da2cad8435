"""DATASET: the results of a sweep over its axes, with units, reasons of failures, and where every value came from."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from pycosim.campaign.cache import Entry
from pycosim.campaign.task import Value

if TYPE_CHECKING:
    from pycosim.campaign.campaign import Campaign

SCHEMA = 1
"""Version of the dataset's layout."""

FAILURE, RUNG, DIGEST = "failure", "rung", "netlist_digest"
"""Variables beside the measurements, text over the same dimensions."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Table:
    """What is known of every point, in the order of the grid.

    Attributes:
        values: measurement -> (n_points,), NaN where it is not known.
        failures, rungs: measurement -> text of every point.
        digests: of every point's deck, "" where none could be made.
    """

    values: Mapping[str, NDArray[np.float64]]
    failures: Mapping[str, list[str]]
    rungs: Mapping[str, list[str]]
    digests: list[str]

    @classmethod
    def empty(cls, n_points: int, measure: Sequence[str]) -> Self:
        """A table of which nothing is known yet."""
        return cls(
            values={name: np.full(n_points, np.nan) for name in measure},
            failures={name: [""] * n_points for name in measure},
            rungs={name: [""] * n_points for name in measure},
            digests=[""] * n_points,
        )

    def fill(self, index: int, entries: Mapping[str, Entry]) -> None:
        """Note measurements of a point."""
        for name, entry in entries.items():
            if entry.value is not None:
                self.values[name][index] = entry.value
            self.failures[name][index] = entry.failure
            self.rungs[name][index] = entry.rung

    def failure(self, index: int) -> str:
        """Every reason of a point, in the order of the measurements, whatever became known first."""
        return _joined(texts[index] for texts in self.failures.values())

    def rung(self, index: int) -> str:
        """The rungs that a point needed."""
        return _joined(texts[index] for texts in self.rungs.values())


def _joined(texts: Iterable[str]) -> str:
    return "; ".join(dict.fromkeys(filter(None, texts)))


def to_dataset(campaign: Campaign, simulator: str, table: Table) -> xr.Dataset:
    """The dataset of a sweep.

    Its dimensions are the axes (of a zip group the first one; the others are further coordinates along it). Beside the
    measurements stand `failure` (why a point is NaN, "" where it is not), `rung` (of the ladder that made it converge)
    and `netlist_digest`. Every variable has `units` and `long_name`; the attributes say which bench, fixed parameters,
    measurements' versions and simulator it came from. It holds no time and no place, so that equal sweeps are equal
    bytes.

    Args:
        campaign: what was run.
        simulator: name and version.
        table: what came of it.
    """
    grid, bench = campaign.grid, campaign.bench
    shape = grid.shape
    variables = {
        one.name: (grid.dims, table.values[one.name].reshape(shape), {"units": one.unit, "long_name": one.name})
        for one in campaign.measurements
    }
    every = range(grid.size)
    texts = {
        FAILURE: [table.failure(index) for index in every],
        RUNG: [table.rung(index) for index in every],
        DIGEST: table.digests,
    }
    coordinates = {
        name: (
            dim,
            np.array(values),
            {"units": bench.parameters[name].unit, "long_name": bench.parameters[name].meaning or name},
        )
        for name, (dim, values) in grid.coordinates().items()
    }
    return xr.Dataset(
        {
            **variables,
            **{
                name: (grid.dims, np.array(text, dtype=np.str_).reshape(shape), {"long_name": name.replace("_", " ")})
                for name, text in texts.items()
            },
        },
        coords=coordinates,
        attrs={
            "schema": SCHEMA,
            "bench": bench.name,
            "simulator": simulator,
            "parameters": json.dumps(_fixed(campaign), sort_keys=True),
            "measurements": json.dumps({one.name: one.version for one in campaign.measurements}, sort_keys=True),
            "zip": json.dumps(grid.zipped),
            "ladder": json.dumps(campaign.ladder),
        },
    )


def _fixed(campaign: Campaign) -> dict[str, Value]:
    """Every parameter that all points share."""
    swept = campaign.grid.coordinates()
    return {name: value for name, value in campaign.bench.point(campaign.fixed).items() if name not in swept}
