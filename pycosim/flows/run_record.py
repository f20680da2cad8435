"""What every flow does about its run: a folder of its own, its datasets on disk, and where its figures came from."""

from __future__ import annotations

import datetime
import hashlib
import os
import platform
import shlex
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

import xarray as xr

from pycosim.errors import InputError
from pycosim.evaluate.report import NetlistRecord, Provenance, RunRecord, StageTime, WeightsRecord
from pycosim.spice import ngspice_version


@dataclass(frozen=True, slots=True, kw_only=True)
class RunClock:
    """When the run began: by the calendar, and by a clock that never jumps."""

    started: str
    mark: float

    @classmethod
    def start(cls) -> RunClock:
        """Start now."""
        now = datetime.datetime.now().astimezone()
        return cls(started=now.isoformat(timespec="seconds"), mark=time.perf_counter())

    @property
    def seconds(self) -> float:
        """Seconds since the start."""
        return time.perf_counter() - self.mark

    def record(self, n_workers: int | None, stages: tuple[StageTime, ...]) -> RunRecord:
        """Say how this process ran until now.

        Args:
            n_workers: simulator processes; None for one per processor.
            stages: how long each stage took.
        """
        return RunRecord(
            command=shlex.join(["pycosim", *sys.argv[1:]]),
            started=self.started,
            wall_seconds=self.seconds,
            n_workers=n_workers or os.cpu_count() or 1,
            stages=stages,
            machine=f"{platform.machine()}, {platform.system()}, Python {platform.python_version()}",
        )


def check_new(out: Path) -> None:
    """Refuse a directory that holds another run: decks and data of two runs must not mix.

    Raises:
        InputError: it does.
    """
    if out.exists() and not out.is_dir():
        raise InputError(f"{out} is a file; choose another folder with --out")
    found = [name for name in ("netlists", "models", "data", "report.json") if (out / name).exists()]
    if found:
        raise InputError(
            f"{out} holds {', '.join(found)} of another run; choose another folder with --out, or remove it"
        )


def save_datasets(out: Path, datasets: Mapping[str, xr.Dataset]) -> None:
    """Write datasets into `data/` of a run as NetCDF 3, which any tool reads."""
    (out / "data").mkdir(parents=True, exist_ok=True)
    for name, dataset in datasets.items():
        dataset.to_netcdf(out / "data" / f"{name}.nc", engine="scipy", format="NETCDF3_64BIT")


def provenance(
    kept: Mapping[str, tuple[str, Path]],
    out: Path,
    *,
    technology: str,
    corner: str,
    temperature: float,
    seed: int,
    configuration: Mapping[str, str],
    weights: tuple[str, ...] = (),
) -> Provenance:
    """Say where a run's figures came from.

    Args:
        kept: digest -> (name, file) of every netlist that was run.
        out: the run's directory, to which the files are relative.
        technology: its name, or the names of several.
        corner: of the simulations.
        temperature: of the simulations (deg C).
        seed: of every random choice.
        configuration: every setting as text.
        weights: names of the shipped weights that were used.
    """
    return Provenance(
        netlists=tuple(
            NetlistRecord(name=name, digest=digest, path=str(path.relative_to(out)))
            for digest, (name, path) in kept.items()
        ),
        ngspice=ngspice_version() or "unknown",
        technology=technology,
        corner=corner,
        temperature=temperature,
        seed=seed,
        pycosim=version("pycosim-spice"),
        weights=tuple(_weights_record(name) for name in weights),
        configuration=configuration,
    )


def _weights_record(name: str) -> WeightsRecord:
    """Name and digest of a set of shipped weights."""
    data = files("pycosim.transformer").joinpath("shipped", f"{name}.safetensors").read_bytes()
    return WeightsRecord(name=name, sha256=hashlib.sha256(data).hexdigest())
