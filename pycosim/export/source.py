"""Models to export: read from a run's folder or a model file, each with what says where it came from."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pycosim.errors import InputError
from pycosim.export.block import number
from pycosim.models.io import SCHEMA_VERSION, ModelRecord, load_model
from pycosim.units import format_quantity

_PARTS = ("column.json", "cell.json", "converter.json")
"""Files of a column's folder that are no laws of its own."""

_NAME = re.compile(r"[a-z]\w*", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Source:
    """A model on its way out.

    Args:
        name: of the block and of the files: letters, digits and "_", small, a letter first.
        model: any model of `pycosim.models`.
        record: where it came from.
        digest: sha256 of its .json file, which holds those of its arrays; "" for a model that was never saved.
    """

    name: str
    model: Any
    record: ModelRecord
    digest: str = ""

    def __post_init__(self) -> None:
        """Check that the name can be one in every language."""
        if not _NAME.fullmatch(self.name):
            raise InputError(
                f"an exported model needs a name of small letters, digits and '_', found {self.name!r}; give one "
                "with --name"
            )

    @property
    def kind(self) -> str:
        """What `pycosim.models.save_model` calls it."""
        return type(self.model).__name__


def read_source(path: Path, name: str | None = None) -> Source:
    """Read one model file.

    Args:
        path: what `pycosim.models.save_model` wrote, with or without .json.
        name: of the block; the file's name without suffix by default.

    Raises:
        InputError: for a file that is no model of this release, lacks its arrays, or has a name that cannot be one.
    """
    model, record = load_model(path)
    json_path = path if path.suffix == ".json" else path.with_name(path.name.removesuffix(".npz") + ".json")
    digest = hashlib.sha256(json_path.read_bytes()).hexdigest()
    return Source(name=name or json_path.stem.lower().replace("-", "_"), model=model, record=record, digest=digest)


def read_sources(path: Path) -> tuple[Source, ...]:
    """Read the models of a run's folder, of a folder of models, or of one file.

    Of columns in folders of their own come the laws, named after both: cell and converter stand in the folder above.

    Raises:
        InputError: where there is none, or one of them cannot be read.
    """
    if not path.is_dir():
        return (read_source(path),)
    folder = path / "models" if (path / "models").is_dir() else path
    files = [file for file in sorted(folder.glob("*.json")) if file.name != "column.json"]
    columns = [one.parent for one in sorted(folder.glob("*/column.json"))]
    laws = [file for column in columns for file in sorted(column.glob("*.json")) if file.name not in _PARTS]
    if not files and not laws:
        raise InputError(f"no model files in {folder}; give a run's folder, or the .json that save_model wrote")
    return (
        *(read_source(file) for file in files),
        *(read_source(file, f"{file.parent.name}_{file.stem}".lower().replace("-", "_")) for file in laws),
    )


def provenance(source: Source) -> tuple[str, ...]:
    """Lines of plain ASCII that say what a model is, where it came from and how good it is."""
    record, unit = source.record, source.record.unit
    residuals = {"fitted": record.residual_rms, "held-out": record.held_out_residual_rms}
    known = [
        f"{format_quantity(value, unit)} rms on {what} points" for what, value in residuals.items() if value is not None
    ]
    lines = [
        f"pycosim {source.kind} '{source.name}', model schema_version {SCHEMA_VERSION}",
        f"model file sha256 {source.digest or 'none: never saved'}",
        f"residual: {', '.join(known) or 'none: not fitted'}",
        *(f"domain: {domain}" for domain in getattr(source.model, "domain", ())),
        *_numbers(source.model),
        *(f"fitted to netlist sha256 {digest}" for digest in record.netlist_digests),
        *([f"note: {record.note}"] if record.note else []),
    ]
    return tuple(_plain(line) for line in lines)


def _numbers(model: Any) -> list[str]:
    """The fields that are single numbers or words."""
    names = [name for name in type(model).__dataclass_fields__ if isinstance(getattr(model, name), int | float | str)]
    said = [(name, getattr(model, name)) for name in names]
    return [f"{name} = {value if isinstance(value, str) else number(value)}" for name, value in said]


def _plain(line: str) -> str:
    """One line without what a simulator could take for a command: text of a record comes from anywhere."""
    text = " ".join(line.split()).encode("ascii", "replace").decode()
    text = re.sub(r"[^ -~]|[`\\]", "?", text)
    return re.sub("ng_script", "ng-script", text, flags=re.IGNORECASE)
