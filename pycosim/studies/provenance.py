"""What a study depends on, as text: when any of it changes, a finished study is no longer taken from its folder."""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from importlib import metadata, resources
from pathlib import Path
from typing import Any

from circuits.technology import Technology
from pycosim.evaluate.document import Json, to_json
from pycosim.spice.installation import libngspice_version
from pycosim.studies.study import Laboratory

OURS = ("circuits", "pycosim")
"""Packages whose source a study's digest follows."""


def study_settings(
    lab: Laboratory, made_by: Sequence[Callable[..., Any]], built_on: Mapping[str, Json]
) -> dict[str, str]:
    """Everything that a study depends on.

    Args:
        lab: circuits, seed, quick.
        made_by: the study's functions; the source of their modules and of all that these import of ours counts.
        built_on: figures of the studies before, that it takes.
    """
    technology = lab.design.technology
    return {
        "technology": technology.name,
        "corner": technology.corner,
        "temperature_c": f"{technology.temperature:g}",
        "supply_v": f"{technology.supply_voltage:g}",
        "seed": str(lab.seed),
        "quick": str(lab.quick).lower(),
        "pycosim": metadata.version("pycosim-spice"),
        "ngspice": libngspice_version() or "unknown",
        "cards": _short(*(path.read_bytes() for path in _technology_files(technology))),
        "source": _short(*(code_of(path).encode() for run in made_by for path in source_files(run.__module__))),
        "figures": _short(to_json(dict(built_on)).encode()),
    }


@cache
def source_files(module: str) -> tuple[Path, ...]:
    """Our files that a module is made of: its own and, through its imports, all others; sorted."""
    found: dict[str, Path] = {}
    rest = [module]
    while rest:
        name = rest.pop()
        if name.split(".")[0] not in OURS or name in found:
            continue
        path = _file_of(name)
        if path is not None:
            found[name] = path
            rest += _imports(path)
    return tuple(found[name] for name in sorted(found))


def code_of(path: Path) -> str:
    """What a file computes: its syntax tree without docstrings, so that words may change and results still hold."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            node.body = [
                item for item in node.body if not (isinstance(item, ast.Expr) and isinstance(item.value, ast.Constant))
            ]
    return ast.dump(tree)


def _technology_files(technology: Technology) -> Iterator[Path]:
    """The TOML file, if it is one, and the libraries."""
    source = Path(technology.source)
    inside = Path(str(resources.files("circuits"))).parent / source
    yield from (path for path in (source, inside) if path.is_file())
    yield from (library.path for library in technology.libraries)


def _file_of(module: str) -> Path | None:
    """The source of a module, without importing it where it is not yet."""
    loaded = sys.modules.get(module)
    if loaded is not None:
        return Path(loaded.__file__) if loaded.__file__ else None
    try:
        spec = importlib.util.find_spec(module)
    except ModuleNotFoundError:  # a name that is no module, imported from one
        return None
    return Path(spec.origin) if spec is not None and spec.origin else None


def _imports(path: Path) -> Iterator[str]:
    """Names of the modules that a file imports; of `from a import b` both a and a.b, which may be a module."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _short(*parts: bytes) -> str:
    """First digits of the SHA-256 of all parts."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(hashlib.sha256(part).digest())
    return digest.hexdigest()[:12]
