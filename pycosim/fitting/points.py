"""xarray Dataset -> the flat columns that fits take."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr

from pycosim.checks import Array
from pycosim.errors import InputError


def columns(dataset: xr.Dataset, names: Sequence[str]) -> tuple[Array, ...]:
    """Return coordinates and variables of a Dataset as columns of one length, one point per row.

    Points where any of them is NaN, which is how a failed simulation is recorded, are left out of all
    columns.

    Args:
        dataset: named axes and values.
        names: coordinates or variables, in the order wanted.

    Raises:
        InputError: for a name that the Dataset does not have, or when no point is left.
    """
    missing = [name for name in names if name not in dataset.variables]
    if missing:
        raise InputError(f"the dataset has {sorted(map(str, dataset.variables))}, not {missing}")
    broadcast = xr.broadcast(*(dataset[name] for name in names))
    table = np.stack([np.asarray(column.values, dtype=np.float64).ravel() for column in broadcast])
    kept = table[:, ~np.isnan(table).any(axis=0)]
    if not kept.size:
        raise InputError(f"all {table.shape[1]} points have a NaN in one of {list(names)}; look at the failed runs")
    return tuple(kept)


def netlist_digests(dataset: xr.Dataset) -> tuple[str, ...]:
    """Return the digests of the netlists behind a Dataset or a part of one, sorted, each once."""
    if "netlist_digest" not in dataset.variables:
        return ()
    return tuple(sorted({str(digest) for digest in np.ravel(dataset["netlist_digest"].values)}))
