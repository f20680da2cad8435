"""A weights file of this project -> checked arrays. Safetensors or ``.npz``: reading such a file runs nothing.

The sizes of the model lie in the file's metadata, as text; what the arrays must be follows from them.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pycosim.errors import ConfigurationError, InputError
from pycosim.transformer.parameters import SIZES, Gpt2Config, Weights
from pycosim.transformer.tensors import opened_safetensors, read_npz

__all__ = ["Gpt2Config", "Weights", "load_weights", "shipped_names"]

CALIBRATION = "calibration.tokens"
LONGEST_SIZE = 6  # digits


def shipped_names() -> tuple[str, ...]:
    """Return the names of the weights that come with the package, sorted."""
    suffix = ".safetensors"
    folder = files("pycosim.transformer").joinpath("shipped")
    found = [item.name for item in folder.iterdir()] if folder.is_dir() else []
    return tuple(sorted(name.removesuffix(suffix) for name in found if name.endswith(suffix)))


def load_weights(source: str | Path) -> Weights:
    """Load weights from a file, or those that come with the package by their name.

    Args:
        source: a shipped name (``"softmax"``: exact attention; ``"linear"``: analog attention), or the path
            of a ``.safetensors`` or ``.npz`` file.

    Returns:
        The checked weights; the arrays are read-only.

    Raises:
        InputError: if there is no such file, it is damaged, or its arrays are not those of its configuration.
        ConfigurationError: if the metadata lacks a size of the model.
    """
    with ExitStack() as stack:
        if isinstance(source, str) and source in shipped_names():
            resource = files("pycosim.transformer").joinpath("shipped", f"{source}.safetensors")
            path = stack.enter_context(as_file(resource))
        else:
            path = Path(source)
        if not path.is_file():
            raise InputError(
                f"no weights file {str(source)!r}; give the path of a .safetensors or .npz file or a shipped name: "
                f"{', '.join(shipped_names()) or '(none)'}"
            )
        return _read(path)


def _read(path: Path) -> Weights:
    if path.suffix == ".npz":
        return _of_npz(path)
    with opened_safetensors(path) as file:
        metadata: dict[str, str] = file.metadata() or {}
        types = {name: file.get_slice(name).get_dtype() for name in file.keys()}  # noqa: SIM118
        _check_types(path, types)
        arrays = {name: file.get_tensor(name) for name in types}
    for array in arrays.values():
        array.setflags(write=False)
    return _assemble(path, metadata, arrays)


def _of_npz(path: Path) -> Weights:
    """As in safetensors, with the metadata as arrays without axes: numbers and text."""
    arrays = read_npz(path)
    metadata = {name: str(arrays.pop(name)) for name, array in list(arrays.items()) if array.ndim == 0}
    return _assemble(path, metadata, arrays)


def _check_types(path: Path, types: Mapping[str, str]) -> None:
    others = {name: kind for name, kind in types.items() if kind != ("U8" if name == CALIBRATION else "F32")}
    if others:
        raise InputError(f"{path}: arrays must be F32 and {CALIBRATION} U8, found {others}; convert and save again")


def _assemble(path: Path, metadata: dict[str, str], arrays: dict[str, NDArray[Any]]) -> Weights:
    sizes = {name: _size(path, metadata, name) for name in SIZES}
    tokens = arrays.pop(CALIBRATION, None)
    try:
        return Weights(
            config=Gpt2Config(**sizes),
            arrays=arrays,
            metadata={name: text for name, text in metadata.items() if name not in SIZES},
            calibration_tokens=None if tokens is None else tokens.astype(np.int64),
        )
    except InputError as error:
        raise type(error)(f"{path}: {error}") from error


def _size(path: Path, metadata: Mapping[str, str], name: str) -> int:
    text = metadata.get(name, "")
    if not (text.isascii() and text.isdigit() and len(text) <= LONGEST_SIZE):
        raise ConfigurationError(
            f"{path}: the metadata must give {name} as a decimal number of up to {LONGEST_SIZE} digits, "
            f"found {text[:20]!r} among {sorted(metadata)}; write the sizes {', '.join(SIZES)} into it"
        )
    return int(text)
