"""Models on disk: ``<name>.json`` says what a model is and where it came from, ``<name>.npz`` has its arrays.

Nothing is pickled. A file that is not exactly what `save_model` writes is refused.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import zipfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from pycosim.checks import Array
from pycosim.errors import InputError
from pycosim.models.cell import CellModel, LookupCell, PolynomialCell
from pycosim.models.column_law import ColumnLaw
from pycosim.models.converter import ConverterModel, HardSigmoid, PulseTable, SignedPulse
from pycosim.models.decay import DecayModel, DriftTable, NoDecay, ReadDecay, StorageDecay
from pycosim.models.leak import LeakDecay
from pycosim.models.modulator import ModulatorEdge
from pycosim.models.multiplier import GilbertLaw, ProductPolynomial
from pycosim.models.quantizer import Quantizer
from pycosim.models.rectifier import Rectifier
from pycosim.models.response import ResponseCell
from pycosim.models.sampled import SampledCurve
from pycosim.models.summing import SummingStage
from pycosim.models.symbol_channel import OutputNoise, SymbolMemory

SCHEMA_VERSION = 1
Arithmetic = GilbertLaw | ProductPolynomial | SummingStage | Rectifier
Electrooptic = ModulatorEdge | SymbolMemory | OutputNoise
Model = CellModel | ConverterModel | DecayModel | Quantizer | ColumnLaw | SampledCurve | Electrooptic | Arithmetic
_KINDS: dict[str, type] = {
    kind.__name__: kind
    for kind in (
        PolynomialCell,
        LookupCell,
        ResponseCell,
        HardSigmoid,
        SignedPulse,
        PulseTable,
        NoDecay,
        ReadDecay,
        StorageDecay,
        DriftTable,
        LeakDecay,
        Quantizer,
        ColumnLaw,
        SampledCurve,
        ModulatorEdge,
        SymbolMemory,
        OutputNoise,
        GilbertLaw,
        ProductPolynomial,
        SummingStage,
        Rectifier,
    )
}
MODEL_KINDS: Mapping[str, type] = _KINDS
"""Every kind of model that has a file, by name."""
_KEYS = {"schema_version", "kind", "parameters", "arrays", "record"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRecord:
    """Where a model came from and how good it is.

    Args:
        netlist_digests: sha256 of every netlist whose simulation the model was fitted to; empty for an ideal
            model.
        residual_rms: of the fitted points, in ``unit``; None for a model that was not fitted.
        held_out_residual_rms: the same on points that were not fitted.
        unit: SI unit of the residuals.
        note: anything a reader should know.
    """

    netlist_digests: tuple[str, ...] = ()
    residual_rms: float | None = None
    held_out_residual_rms: float | None = None
    unit: str = ""
    note: str = ""


def save_model(path: Path | str, model: Model, record: ModelRecord | None = None) -> tuple[Path, ...]:
    """Write a model; existing files of that name are replaced.

    Args:
        path: with or without ``.json``; the folder must exist.
        model: any model of `pycosim.models`.
        record: where it came from; None for an ideal model.

    Returns:
        The paths written: the JSON file, and the array file where the model has arrays.

    Raises:
        InputError: for an object that is no model of this package.
    """
    kind = type(model).__name__
    if _KINDS.get(kind) is not type(model):
        raise InputError(f"a model must be one of {sorted(_KINDS)}, found {kind}")
    values = {name: getattr(model, name) for name in _stored_fields(type(model))}
    arrays = {name: value for name, value in values.items() if isinstance(value, np.ndarray)}
    content = {
        "schema_version": SCHEMA_VERSION,
        "kind": kind,
        "parameters": {name: _plain(value) for name, value in values.items() if name not in arrays},
        "arrays": {name: _digest(array) for name, array in arrays.items()},
        "record": asdict(record or ModelRecord()),
    }
    json_path, npz_path = _paths(path)
    text = json.dumps(content, indent=2, allow_nan=False, sort_keys=True) + "\n"
    written = [json_path]
    if arrays:
        scratch = npz_path.with_name(f".{npz_path.name}.{os.getpid()}.npz")
        np.savez(scratch, allow_pickle=False, **arrays)
        scratch.replace(npz_path)
        written.append(npz_path)
    scratch = json_path.with_name(f".{json_path.name}.{os.getpid()}")
    scratch.write_text(text, encoding="utf-8")
    scratch.replace(json_path)
    return tuple(written)


def load_model(path: Path | str) -> tuple[Any, ModelRecord]:
    """Read what `save_model` wrote.

    Args:
        path: with or without ``.json``.

    Returns:
        The model and its record.

    Raises:
        InputError: for files that are missing, corrupt, of another version or of an unknown kind; it says
            which.
    """
    json_path, npz_path = _paths(path)
    content = _read_json(json_path)
    kind = _KINDS.get(content["kind"])
    if kind is None:
        raise InputError(f"{json_path}: kind must be one of {sorted(_KINDS)}, found {content['kind']!r}")
    parameters = {name: _native(value) for name, value in content["parameters"].items()}
    arrays = _read_arrays(npz_path, content["arrays"]) if content["arrays"] else {}
    wanted, found = set(_stored_fields(kind)), set(parameters) | set(arrays)
    if wanted != found or set(parameters) & set(arrays):
        raise InputError(f"{json_path}: a {content['kind']} has fields {sorted(wanted)}, found {sorted(found)}")
    record = content["record"]
    try:
        model = kind(**parameters, **arrays)
        return model, ModelRecord(**{**record, "netlist_digests": tuple(record["netlist_digests"])})
    except InputError as error:
        raise InputError(f"{json_path}: {error}") from error
    except (TypeError, KeyError) as error:
        raise InputError(f"{json_path}: not a {content['kind']} with its record: {error}; save it again") from error


def _paths(path: Path | str) -> tuple[Path, Path]:
    base = Path(path)
    base = base.with_suffix("") if base.suffix in (".json", ".npz") else base
    return base.with_name(base.name + ".json"), base.with_name(base.name + ".npz")


def _stored_fields(kind: type) -> list[str]:
    return [field.name for field in fields(kind) if field.name != "clips"]


def _plain(value: Any) -> Any:
    """Return a value that JSON can say; infinities become text."""
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float) and math.isinf(value):
        return "inf" if value > 0 else "-inf"
    return value


def _native(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(_native(item) for item in value)
    return {"inf": math.inf, "-inf": -math.inf}.get(value, value) if isinstance(value, str) else value


def _digest(array: Array) -> str:
    return hashlib.sha256(f"{array.shape}".encode() + array.astype("<f8").tobytes()).hexdigest()


def _read_json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise InputError(f"no model file {path}; save_model writes one") from error
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise InputError(f"{path} is not a readable model file: {error}; save the model again") from error
    if not isinstance(content, dict) or "schema_version" not in content:
        raise InputError(f"{path} is JSON but no model file: it has no schema_version")
    if content["schema_version"] != SCHEMA_VERSION:
        raise InputError(
            f"{path}: this release reads schema_version {SCHEMA_VERSION}, "
            f"found {content['schema_version']!r}; save the model again with this release"
        )
    kinds_match = all(isinstance(content.get(key), dict) for key in ("parameters", "arrays", "record"))
    if set(content) != _KEYS or not isinstance(content["kind"], str) or not kinds_match:
        raise InputError(f"{path}: a model file has the keys {sorted(_KEYS)}, found {sorted(content)}")
    return content


def _read_arrays(path: Path, digests: dict[str, str]) -> dict[str, Array]:
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            arrays = {name: np.asarray(stored[name], dtype=np.float64) for name in stored.files}
    except FileNotFoundError as error:
        raise InputError(f"no array file {path} beside its .json; copy both") from error
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise InputError(f"{path} is not a readable array file: {error}; save the model again") from error
    arrays.pop("allow_pickle", None)
    for name in sorted(set(arrays) | set(digests)):
        if name not in arrays or name not in digests or _digest(arrays[name]) != digests[name]:
            raise InputError(f"{path}: array {name!r} is not the one its .json was written with; copy both files")
    return arrays
