"""The fits of a run: saved with their provenance, and said in the report."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pycosim.evaluate.report import Interval, ModelRecord
from pycosim.fitting.fit import Fit
from pycosim.models.io import save_model


def save_fits(named: Mapping[str, Fit[Any]], folder: Path) -> None:
    """Save every model with its provenance as `.json`, arrays beside it as `.npz`."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, fit in named.items():
        save_model(folder / name, fit.model, fit.record())


def model_records(named: Mapping[str, Fit[Any]], folder: str) -> tuple[ModelRecord, ...]:
    """What the report says of every model, which is in a folder of the run."""
    return tuple(
        ModelRecord(
            name=name.replace("_", " "),
            kind=type(fit.model).__name__,
            residual_rms=fit.held_out_residual_rms,
            residual_unit=fit.unit,
            n_fitted=fit.n_fitted,
            n_held_out=fit.n_held_out,
            domain=tuple(Interval(name=d.quantity, low=d.low, high=d.high, unit=d.unit) for d in fit.domain),
            netlists=fit.netlist_digests,
            file=f"{folder}/{name}.json",
        )
        for name, fit in named.items()
    )
