"""Models as plain arrays: one .npz or .csv that any program reads, with units and axes, and that loads back equal."""

from __future__ import annotations

import csv
import io
import json
import math
import zipfile
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import numpy as np

from pycosim.errors import InputError
from pycosim.export.source import Source
from pycosim.models import cell, converter, decay, leak
from pycosim.models.io import MODEL_KINDS, SCHEMA_VERSION, ModelRecord

TABLES: dict[type, tuple[tuple[str, ...], str]] = {
    cell.LookupCell: (("pulse_widths", "stored_voltages"), "charges"),
    converter.PulseTable: (("charges",), "pulse_widths"),
    decay.DriftTable: (("ages", "stored_voltages"), "voltages"),
    leak.LeakDecay: (("voltages",), "rates"),
}
"""Axes and values of the kinds that are tables."""

UNITS = {
    "pulse_widths": "s", "stored_voltages": "V", "charges": "C", "ages": "s", "voltages": "V", "rates": "V/s",
    "coefficients": "A/V^i", "width_range": "s", "voltage_range": "V", "centre": "V", "pulse_offset": "s",
    "saturation_charge": "C", "max_pulse_width": "s", "offset": "C", "charge_range": "C", "time_constant": "s",
    "final_voltage": "V",
}  # fmt: skip
"""SI unit of every field that has one, of kinds that do not carry their own."""

_PURE = "pure number or word"


def readme_line(model: Any) -> str:
    """Units and axes of a model, in a line."""
    if type(model) in TABLES:
        axes, values = TABLES[type(model)]
        shape = ", ".join(f"{axis} in {UNITS[axis]}" for axis in axes)
        return f"{type(model).__name__}: {values} in {UNITS[values]}, axes ({shape})"
    if hasattr(model, "unit"):  # kinds that carry the unit of what they describe
        return f"{type(model).__name__}: {', '.join(_names(model))}; it gives a value in {model.unit}"
    units = ", ".join(f"{name} in {UNITS[name]}" if name in UNITS else f"{name}: {_PURE}" for name in _names(model))
    return f"{type(model).__name__}: {units or 'no numbers'}"


def npz_bytes(source: Source) -> bytes:
    """A model as .npz: an array per field, and ``readme``, ``kind``, ``schema_version``, ``record`` (JSON text).

    Raises:
        InputError: for a kind that this format does not know.
    """
    _check_kind(source.kind)
    arrays = {name: np.asarray(getattr(source.model, name)) for name in _names(source.model)}
    about = {
        "readme": np.asarray(readme_line(source.model)),
        "kind": np.asarray(source.kind),
        "schema_version": np.asarray(SCHEMA_VERSION),
        "record": np.asarray(json.dumps(asdict(source.record))),
    }
    stream = io.BytesIO()
    np.savez(stream, **arrays, **about)  # type: ignore[arg-type]
    return stream.getvalue()


def csv_text(source: Source) -> str:
    """A model as .csv: comment lines with kind, units, axes and record, then one row per point or per number.

    Raises:
        InputError: for a kind that this format does not know.
    """
    _check_kind(source.kind)
    stream, model = io.StringIO(), source.model
    write = csv.writer(stream, lineterminator="\n").writerow
    stream.write(f"# pycosim {source.kind}, schema_version {SCHEMA_VERSION}\n# {readme_line(model)}\n")
    stream.write(f"# record {json.dumps(asdict(source.record))}\n")
    if type(model) not in TABLES:
        write(["name", "value", "unit"])
        for name in _names(model):
            unit = "" if hasattr(model, "unit") else UNITS.get(name, "")
            write([name, json.dumps(_jsonable(getattr(model, name))), unit])
        return stream.getvalue()
    axes, values = TABLES[type(model)]
    words = {name: getattr(model, name) for name in _names(model) if name not in (*axes, values)}
    stream.write(f"# words {json.dumps(words)}\n")
    write([f"{name} ({UNITS[name]})" for name in (*axes, values)])
    grid = np.meshgrid(*(getattr(model, axis) for axis in axes), indexing="ij")
    for row in zip(*(array.ravel().tolist() for array in (*grid, getattr(model, values))), strict=True):
        write([repr(item) for item in row])
    return stream.getvalue()


def load_plain(path: Path) -> tuple[Any, ModelRecord]:
    """Read what `npz_bytes` or `csv_text` wrote.

    Args:
        path: a file with the suffix .npz or .csv.

    Returns:
        The model, equal to the one that was exported, and its record.

    Raises:
        InputError: for a file that is missing, corrupt, of another version or of an unknown kind; it says which.
    """
    if path.suffix not in (".npz", ".csv"):
        raise InputError(f"wanted a .npz or .csv file of 'pycosim export', found {path.name}")
    try:
        kind, values, record = _read_npz(path) if path.suffix == ".npz" else _read_csv(path)
    except FileNotFoundError as error:
        raise InputError(f"no file {path}; 'pycosim export' writes one") from error
    except InputError:
        raise
    except (OSError, ValueError, KeyError, EOFError, IndexError, zipfile.BadZipFile) as error:
        raise InputError(f"{path} is no file of 'pycosim export', or damaged: {error}; export it again") from error
    wanted = {field.name for field in fields(MODEL_KINDS[kind]) if field.name != "clips"}
    if wanted != set(values):
        raise InputError(f"{path}: a {kind} has fields {sorted(wanted)}, found {sorted(values)}; export it again")
    try:
        model = MODEL_KINDS[kind](**values)
        return model, ModelRecord(**{**record, "netlist_digests": tuple(record["netlist_digests"])})
    except (TypeError, KeyError, InputError) as error:
        raise InputError(f"{path}: {error}; export it again") from error


def _check_head(path: Path, kind: str, version: int) -> None:
    if version != SCHEMA_VERSION:
        newer = "a newer pycosim wrote it, update this one" if version > SCHEMA_VERSION else "export it again"
        raise InputError(f"{path}: this release reads schema_version {SCHEMA_VERSION}, found {version}; {newer}")
    _check_kind(kind)


def _check_kind(kind: str) -> None:
    if kind not in MODEL_KINDS:
        raise InputError(f"npz and csv know the kinds {', '.join(sorted(MODEL_KINDS))}, found {kind}")


def _arrays(kind: type) -> set[str]:
    """Names of the fields that are arrays rather than numbers, words or tuples of these."""
    return {field.name for field in fields(kind) if field.type == "Array"}


def _names(model: Any) -> list[str]:
    return [field.name for field in fields(model) if field.name != "clips"]


def _read_npz(path: Path) -> tuple[str, dict[str, Any], dict[str, Any]]:
    with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
        arrays = {name: stored[name] for name in stored.files}
    arrays.pop("readme")
    kind, version = str(arrays.pop("kind")), int(arrays.pop("schema_version"))
    _check_head(path, kind, version)
    record = json.loads(str(arrays.pop("record")))
    whole = _arrays(MODEL_KINDS[kind])
    values = {
        name: array if name in whole else tuple(array.tolist()) if array.ndim else array.item()
        for name, array in arrays.items()
    }
    return kind, values, record


def _read_csv(path: Path) -> tuple[str, dict[str, Any], dict[str, Any]]:
    lines = path.read_text(encoding="utf-8").splitlines()
    words = lines[0].split()
    if words[:2] != ["#", "pycosim"]:
        raise ValueError("its first line does not say what it is")
    kind, version = words[2].rstrip(","), int(words[4])
    _check_head(path, kind, version)
    said = {line.split()[1]: line.split(None, 2)[2] for line in lines if line.startswith(("# record ", "# words "))}
    rows = list(csv.reader(line for line in lines if line and not line.startswith("#")))[1:]
    record = json.loads(said["record"])
    if MODEL_KINDS[kind] not in TABLES:
        whole = _arrays(MODEL_KINDS[kind])
        values = {name: _value(json.loads(text)) for name, text, _ in rows}
        return kind, {name: np.array(v, dtype=np.float64) if name in whole else v for name, v in values.items()}, record
    axes, name = TABLES[MODEL_KINDS[kind]]
    columns = np.array(rows, dtype=np.float64).T
    points = [np.unique(column) for column in columns[:-1]]
    shape = tuple(point.size for point in points)
    grid = np.meshgrid(*points, indexing="ij")
    if columns.shape[1] != math.prod(shape) or any(
        not np.array_equal(g.ravel(), c) for g, c in zip(grid, columns[:-1], strict=True)
    ):
        raise ValueError(f"its {columns.shape[1]} rows are no full grid in order")
    tables = {**dict(zip(axes, points, strict=True)), name: columns[-1].reshape(shape)}
    return kind, {**json.loads(said["words"]), **tables}, record


def _jsonable(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, tuple):
        return [_jsonable(item) for item in value]
    return str(value) if isinstance(value, float) and math.isinf(value) else value


def _value(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(_value(item) for item in value)
    return float(value) if value in ("inf", "-inf") else value
