"""Files of tensors -> float32 arrays by name. Reading such a file runs nothing of what is in it.

safetensors (one file, or several with an index), ``.npz`` without objects, and PyTorch's ``.bin`` and ``.pt`` through
its own loader for weights alone, where PyTorch is installed.
"""

from __future__ import annotations

import json
import struct
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open

from pycosim.errors import InputError
from pycosim.transformer.layers import Array

Rename = Callable[[str], str | None]
"""The name in the file -> the name that the model knows it by; None for what it has no use for."""
FLOATS = {"F32", "F16", "BF16"}


def read_safetensors(path: Path, rename: Rename) -> dict[str, Array]:
    """Read the floating-point arrays of a file, as float32.

    Args:
        path: of the ``.safetensors`` file.
        rename: which arrays, and under what name.

    Raises:
        InputError: the file is damaged, or an array that is wanted is not F32, F16 or BF16.
    """
    arrays: dict[str, Array] = {}
    with opened_safetensors(path) as file:
        for name in file.keys():  # noqa: SIM118
            wanted, kind = rename(name), file.get_slice(name).get_dtype()
            if wanted is None:
                continue
            if kind not in FLOATS:
                raise InputError(f"{path}: {name} must be one of {', '.join(sorted(FLOATS))}, found {kind}; convert it")
            array = _brain_floats(path, name) if kind == "BF16" else file.get_tensor(name)
            arrays[wanted] = array.astype(np.float32, copy=False)
    return _read_only(arrays)


def read_sharded(index: Path, rename: Rename) -> dict[str, Array]:
    """Read the files that an index names, ``{"weight_map": {tensor: file}}``, all beside it.

    Args:
        index: path of ``model.safetensors.index.json``.
        rename: as in `read_safetensors`.

    Raises:
        InputError: the index or a file is damaged or missing, or lacks a tensor that the index promises.
    """
    places = read_json(index).get("weight_map")
    if not isinstance(places, dict) or not places or not all(isinstance(name, str) for name in places.values()):
        raise InputError(f"{index} must have a weight_map of tensors and their files, found none; copy it again")
    arrays: dict[str, Array] = {}
    for name in sorted(set(places.values())):
        if Path(name).name != name or not (index.parent / name).is_file():
            raise InputError(f"{index} names the file {name!r}, which is not beside it; copy all parts of the model")
        arrays |= read_safetensors(index.parent / name, rename)
    promised = {wanted for name in places if (wanted := rename(name)) is not None}
    if promised - set(arrays):
        raise InputError(f"{index} promises {min(promised - set(arrays))}, which no file has; copy all parts again")
    return arrays


def read_torch(path: Path, rename: Rename) -> dict[str, Array]:
    """Read a checkpoint of PyTorch with its loader for weights alone, which refuses everything that is none.

    Args:
        path: of the ``.bin`` or ``.pt`` file.
        rename: as in `read_safetensors`.

    Raises:
        InputError: PyTorch is not installed, or the file holds anything else than tensors by name.
    """
    try:
        import torch
    except ImportError:
        raise InputError(
            f"{path} needs PyTorch to be read, and it is not installed; convert the file to safetensors, "
            "or pip install 'pycosim-spice[train]'"
        ) from None
    try:
        found: Any = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # unpickling, zip and runtime errors of many kinds
        reason = str(error).splitlines()[0].split(". ")[0][:120]  # the rest tells how to open it all the same
        raise InputError(
            f"{path} is no checkpoint of weights alone ({reason}); convert it to safetensors where it was made"
        ) from None
    found = found.get("model", found) if isinstance(found, dict) else found
    if not isinstance(found, dict) or not all(isinstance(tensor, torch.Tensor) for tensor in found.values()):
        raise InputError(f"{path} must hold tensors by name, found {type(found).__name__}; save the state dict alone")
    named = {rename(str(name)): tensor for name, tensor in found.items()}
    return _read_only({name: tensor.float().numpy() for name, tensor in named.items() if name is not None})


def read_npz(path: Path) -> dict[str, NDArray[Any]]:
    """Read all arrays of an ``.npz`` file; one with Python objects is refused.

    Args:
        path: of the file.

    Raises:
        InputError: the file is damaged or has objects.
    """
    try:
        with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
            return _read_only({name: file[name] for name in file.files})
    except (ValueError, OSError, EOFError, AttributeError, zipfile.BadZipFile) as error:
        raise InputError(f"{path} is no whole .npz file of plain arrays ({error}); write it again") from None


def read_json(path: Path) -> dict[str, Any]:
    """Read an object of JSON.

    Args:
        path: of the file.

    Raises:
        InputError: there is no such file, or it holds anything else.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"{path} must be a JSON file, but cannot be read ({error}); copy it again") from None
    if not isinstance(found, dict):
        raise InputError(f"{path} must hold a JSON object, found {type(found).__name__}; copy it again")
    return found


@contextmanager
def opened_safetensors(path: Path) -> Iterator[Any]:
    """Open a file for reading; what is wrong with it becomes one sentence.

    Args:
        path: of the ``.safetensors`` file.

    Raises:
        InputError: the file is damaged.
    """
    try:
        with safe_open(path, framework="numpy") as file:
            yield file
    except SafetensorError as error:
        raise InputError(
            f"{path} is not a whole safetensors file ({error}); it may be cut short: copy or export it again"
        ) from error


def _brain_floats(path: Path, name: str) -> Array:
    """bfloat16, which NumPy has not: the upper half of a float32. The header was checked when the file was opened."""
    with path.open("rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        entry = json.loads(file.read(length))[name]
        begin, end = entry["data_offsets"]
        file.seek(8 + length + begin)
        halves = np.frombuffer(file.read(end - begin), "<u2")
    return (halves.astype(np.uint32) << 16).view(np.float32).reshape(entry["shape"])


def _read_only(arrays: Mapping[str, NDArray[Any]]) -> dict[str, Any]:
    for array in arrays.values():
        array.setflags(write=False)
    return dict(arrays)
