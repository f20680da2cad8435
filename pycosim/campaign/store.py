"""STORE: the folder of a sweep, in which nothing is ever half written.

<store>/sweep.nc          the dataset of the last sweep that was finished here
<store>/spec.toml         what was asked for
<store>/points.sqlite     every result by its content (`pycosim.campaign.cache`)
<store>/failures/         decks and logs of runs that failed
"""

from __future__ import annotations

import io
import os
from pathlib import Path

import xarray as xr

from pycosim.campaign.cache import ResultCache
from pycosim.campaign.dataset import DIGEST, FAILURE, RUNG, SCHEMA
from pycosim.errors import InputError, StoreError

SWEEP, SPEC, POINTS, FAILURES = "sweep.nc", "spec.toml", "points.sqlite", "failures"
"""Names in the folder."""


def open_cache(folder: Path) -> ResultCache:
    """The results of a store, which is made where it is absent.

    Raises:
        StoreError: the folder cannot be made, or see `ResultCache`.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"cannot make the folder {folder}: {error}; give another one with --out") from error
    for path in (folder, folder / POINTS):
        if path.exists() and not os.access(path, os.W_OK):
            raise StoreError(f"{path} cannot be written; make it writable, or give another folder with --out")
    return ResultCache(folder / POINTS)


def save_sweep(folder: Path, dataset: xr.Dataset, spec: str) -> Path:
    """Write a finished sweep; returns the path of `sweep.nc`.

    Args:
        folder: the store; its cache is open, so that no other sweep writes here.
        dataset: of `run_campaign`.
        spec: text of `spec.toml`.

    Raises:
        StoreError: the disk is full or the folder cannot be written; the file that was there before is whole.
    """
    content = bytes(dataset.to_netcdf(engine="scipy", format="NETCDF3_64BIT"))
    replace_file(folder / SPEC, spec.encode())
    return replace_file(folder / SWEEP, content)


def load_sweep(store: Path) -> xr.Dataset:
    """The dataset of a store, or of a file `sweep.nc`.

    Raises:
        InputError: there is none.
        StoreError: it is damaged, or of another version.
    """
    path = store / SWEEP if store.is_dir() else store
    if not path.is_file():
        begun = " (a sweep was begun there; run it again to finish it)" if (store / POINTS).exists() else ""
        raise InputError(f"there is no finished sweep in {store}{begun}; give a folder that 'pycosim sweep' wrote")
    try:
        dataset = xr.load_dataset(io.BytesIO(path.read_bytes()), engine="scipy", decode_times=False)
    except Exception as error:  # what a damaged file raises depends on where it is damaged
        raise StoreError(
            f"{path} is damaged ({_first_line(error)}); run the sweep again with the same store: it is "
            "written anew from points.sqlite, without simulating"
        ) from error
    if dataset.attrs.get("schema") != SCHEMA or not {FAILURE, RUNG, DIGEST} <= set(dataset.data_vars):
        raise StoreError(
            f"{path} has layout {dataset.attrs.get('schema', 'unknown')} and this pycosim reads layout {SCHEMA}; "
            "run the sweep again with the same store, or use the pycosim that wrote it"
        )
    texts = [FAILURE, RUNG, DIGEST]
    return dataset[[*(name for name in dataset.data_vars if name not in texts), *texts]]


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def replace_file(path: Path, content: bytes) -> Path:
    """Write a file in one step that a crash of the machine survives too; returns its path.

    Raises:
        StoreError: the disk is full or the folder cannot be written; the file that was there before is whole.
    """
    part = path.with_name(f".{path.name}.part")  # one name: what a killed run left is used again
    try:
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise StoreError(
            f"cannot write {path}: {error}; the results are in {path.with_name(POINTS)}: make room, or make the folder "
            "writable, and run the sweep again"
        ) from error
    return path
