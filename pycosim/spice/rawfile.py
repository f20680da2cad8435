"""Reader of ngspice's binary raw files.

A raw file is a run of plots, each a text header (``Plotname:``, ``Flags:``, ``No. Variables:``, ``No.
Points:``, ``Variables:``) and, after ``Binary:``, little-endian float64 values point by point; complex plots
hold pairs.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from pycosim.spice.simulator import Array

_BINARY: Final = b"Binary:\n"
_VALUES: Final = b"Values:\n"
_WRAPPED_AXIS: Final = re.compile(r"[vi]\(((?:v|i|temp|res)-sweep)\)")


class RawFileError(ValueError):
    """A raw file that is cut off or contradicts its header."""


@dataclass(frozen=True, slots=True)
class Plot:
    """Vectors of one analysis.

    Args:
        name: such as ``Transient Analysis``.
        vectors: lower-case name as probes are written (``v(a)``, ``i(v1)``, ``time``) to values, shape
            (n_points,).
    """

    name: str
    vectors: Mapping[str, Array]

    @property
    def n_points(self) -> int:
        """Points per vector."""
        return max((len(values) for values in self.vectors.values()), default=0)


def read_raw(path: Path) -> list[Plot]:
    """Every plot of a raw file, in the order of the analyses.

    Raises:
        RawFileError: the file is ASCII, cut off, or holds less than its header says.
    """
    return parse_raw(path.read_bytes())


def parse_raw(content: bytes) -> list[Plot]:
    """Every plot of the content of a raw file; see `read_raw`."""
    plots: list[Plot] = []
    position = 0
    while content[position:].strip():
        plot, position = _read_plot(content, position)
        plots.append(plot)
    return plots


def _read_plot(content: bytes, start: int) -> tuple[Plot, int]:
    end = content.find(_BINARY, start)
    if end < 0:
        kind = "an ASCII raw file (remove 'filetype=ascii')" if _VALUES in content[start:] else "no 'Binary:' line"
        raise RawFileError(f"wanted a binary raw file, found {kind}")
    header = content[start:end].decode("utf-8", errors="replace")
    names, is_complex, n_points = _read_header(header)
    data_start = end + len(_BINARY)
    width = 16 if is_complex else 8
    n_bytes = n_points * len(names) * width
    if len(content) - data_start < n_bytes:
        found = (len(content) - data_start) // (len(names) * width)
        raise RawFileError(f"the header promises {n_points} points of {len(names)} vectors, found {found} points")
    flat = np.frombuffer(content, dtype="<c16" if is_complex else "<f8", count=n_points * len(names), offset=data_start)
    table = flat.reshape(n_points, len(names))  # (point, vector)
    vectors = {name: _plain(name, table[:, column]) for column, name in enumerate(names)}
    return Plot(_field(header, "Plotname"), vectors), data_start + n_bytes


def _read_header(header: str) -> tuple[list[str], bool, int]:
    """Names of the vectors, whether they are complex, and the number of points."""
    n_vectors, n_points = (_count(header, field) for field in ("No. Variables", "No. Points"))
    rows = header.partition("Variables:\n")[2].splitlines()
    names = [vector_name(row.split()[1]) for row in rows if len(row.split()) >= 3]
    if len(names) != n_vectors or not names:
        raise RawFileError(f"the header promises {n_vectors} vectors and names {len(names)}")
    return names, "complex" in _field(header, "Flags").split(), n_points


def _field(header: str, name: str) -> str:
    found = re.search(rf"^{re.escape(name)}:(.*)$", header, re.MULTILINE)
    if found is None:
        raise RawFileError(f"no {name!r} in the header of a plot")
    return found[1].strip()


def _count(header: str, name: str) -> int:
    text = _field(header, name)
    if not text.isdigit():
        raise RawFileError(f"{name} is {text!r}, wanted a number: the run was cut off")
    return int(text)


def vector_name(raw: str) -> str:
    """A raw file's name of a vector as a probe is written: lower case, a sweep without ``v()`` around it."""
    name = raw.lower()
    found = _WRAPPED_AXIS.fullmatch(name)
    return found[1] if found else name


def is_axis(name: str) -> bool:
    """Whether a vector of this name is an axis."""
    return name in {"time", "frequency"} or name.endswith("-sweep")


def _plain(name: str, column: npt.NDArray[np.float64] | npt.NDArray[np.complex128]) -> Array:
    """A contiguous copy; the axis of a complex plot is real."""
    if np.iscomplexobj(column) and is_axis(name):
        return np.ascontiguousarray(column.real, dtype=np.float64)
    if np.iscomplexobj(column):
        return np.ascontiguousarray(column, dtype=np.complex128)
    return np.ascontiguousarray(column, dtype=np.float64)
