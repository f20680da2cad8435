"""A bench over axes, measured: TESTBENCH -> DATASET."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import product

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike

from circuits.testbench import Testbench, render_netlist
from pycosim.errors import InputError, SimulationError
from pycosim.spice import Simulator, Waveforms

Point = Mapping[str, float]
BenchAt = Callable[[Point], Testbench]
Measure = Callable[[Waveforms, Testbench], Mapping[str, ArrayLike]]
Advance = Callable[[int, int], None]


def characterize(
    axes: Mapping[str, Sequence[float]],
    bench: BenchAt,
    measure: Measure,
    simulator: Simulator,
    *,
    units: Mapping[str, str],
    inner: Mapping[str, Sequence[float]] | None = None,
    progress: Advance | None = None,
) -> xr.Dataset:
    """Simulate a bench at every crossing of the axes and measure it.

    Args:
        axes: swept axes, name -> values (SI units); crossed, the last one fastest.
        bench: makes the testbench of one point.
        measure: waveforms and bench -> quantity -> value, of the shape of the inner axes.
        simulator: any `Simulator`.
        units: unit of every axis and quantity.
        inner: axes that one simulation covers by itself (many cells in one deck).
        progress: called with (done, total).

    Returns:
        A dataset over (*axes, *inner); its variable `netlist_digest` over the axes says which deck gave each point, and
        follows every selection.

    Raises:
        InputError: an axis without points.
        SimulationError: the first point that failed; the others have run.
    """
    inner = {} if inner is None else inner
    if empty := [name for name, values in {**axes, **inner}.items() if not len(values)]:
        raise InputError(f"the axis {empty[0]} must have one point or more, found none")
    points = [dict(zip(axes, values, strict=True)) for values in product(*axes.values())]
    benches = [bench(point) for point in points]
    netlists = [render_netlist(one) for one in benches]
    outcomes = simulator.run_many(netlists, progress)
    rows = []
    for outcome, one in zip(outcomes, benches, strict=True):
        if isinstance(outcome, SimulationError):
            raise outcome
        rows.append({name: np.asarray(value, dtype=np.float64) for name, value in measure(outcome, one).items()})
    shape = tuple(len(v) for v in axes.values())
    dims = (*axes, *inner)
    dataset = xr.Dataset(
        {name: (dims, np.stack([row[name] for row in rows]).reshape(*shape, *rows[0][name].shape)) for name in rows[0]},
        coords={name: np.asarray(values, dtype=np.float64) for name, values in {**axes, **inner}.items()},
        attrs={"bench": benches[0].name},
    )
    digests = np.array([netlist.digest for netlist in netlists]).reshape(shape)
    dataset["netlist_digest"] = (tuple(axes), digests)
    for name, unit in units.items():
        dataset[name].attrs["unit"] = unit
    return dataset
