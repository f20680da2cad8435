"""A whole column as a model: operands of one read -> its pulse, its energy by supply, and its latency."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from pycosim.checks import Array, at_least, positive
from pycosim.errors import InputError
from pycosim.models.activity import ColumnActivity, column_activity
from pycosim.models.cell import CellModel
from pycosim.models.column_law import ColumnLaw
from pycosim.models.converter import ConverterModel
from pycosim.models.io import ModelRecord, load_model, save_model

SCHEMA_VERSION = 1
"""Of the file that names a column's parts."""

WRITE = "write"
"""Name of the supply that writes: a column is written once and read many times."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ColumnRead:
    """What reads of a column gave, each (...).

    Attributes:
        pulse_width: of the converter, s, signed for a signed one.
        energy: supply -> energy of the write and the read, J.
        latency: from the rise of the word lines to the end of the output pulse, were the input window as long as the
            longest input, s.
        conversion: part of the latency from the release of the conveyor to the end of the pulse, s; without a pulse,
            until it is certain that there is none.
    """

    pulse_width: Array
    energy: Mapping[str, Array]
    latency: Array
    conversion: Array

    @property
    def total_energy(self) -> Array:
        """Sum over the supplies, with the write of the whole column, J."""
        return np.asarray(sum(self.energy.values()))

    @property
    def read_energy(self) -> Array:
        """Sum over the supplies but those of the write: what a read costs of a column that holds its levels, J."""
        return np.asarray(sum(value for supply, value in self.energy.items() if supply != WRITE))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ColumnSurrogate:
    """A column of cells with its converter.

    Args:
        cell: of every row.
        converter: of the column.
        correction: what is added to the sum of the cells' charges before it is converted, C; None for nothing.
        energy: supply -> law of its energy, J.
        conversion: law of the time from the release of the conveyor to the end of the pulse, s.
        settle_time: from the end of the longest input to the release, s, as clocked.
        mid_voltage: half of the supply, V.
        n_rows: rows that the laws were fitted to.
    """

    cell: CellModel
    converter: ConverterModel
    correction: ColumnLaw | None
    energy: Mapping[str, ColumnLaw]
    conversion: ColumnLaw
    settle_time: float
    mid_voltage: float
    n_rows: int

    def __post_init__(self) -> None:
        positive("mid_voltage", self.mid_voltage, "V")
        at_least("n_rows", self.n_rows, 1)

    def charge(self, pulse_widths: ArrayLike, stored_voltages: ArrayLike) -> Array:
        """Return the corrected charge of the column (...), C; operands as of `read`."""
        return self._corrected(self._plain(pulse_widths, stored_voltages))

    def activity(self, pulse_widths: ArrayLike, stored_voltages: ArrayLike) -> ColumnActivity:
        """Return what reads do, with the pulse that this model gives them; see `column_activity`.

        Raises:
            InputError: operands that are not (..., n_rows).
        """
        plain = self._plain(pulse_widths, stored_voltages)
        return plain.with_output(self.converter.pulse_width(self._corrected(plain)))

    def _corrected(self, plain: ColumnActivity) -> Array:
        return plain.charge if self.correction is None else plain.charge + self.correction.value(plain)

    def _plain(self, pulse_widths: ArrayLike, stored_voltages: ArrayLike) -> ColumnActivity:
        widths = np.asarray(pulse_widths, dtype=np.float64)
        if not widths.ndim or widths.shape[-1] != self.n_rows:
            raise InputError(f"operands must be (..., {self.n_rows}), the rows of this column, found {widths.shape}")
        return column_activity(self.cell, widths, stored_voltages, mid_voltage=self.mid_voltage)

    def read(self, pulse_widths: ArrayLike, stored_voltages: ArrayLike) -> ColumnRead:
        """Return pulse, energies and latency of reads.

        Args:
            pulse_widths: (..., n_rows) inputs, s.
            stored_voltages: (..., n_rows) levels, V.

        Raises:
            InputError: operands that are not (..., n_rows).
            DomainError: operands outside a part's domain, where that part raises.
        """
        activity = self.activity(pulse_widths, stored_voltages)
        conversion = self.conversion.value(activity)
        assert activity.output is not None  # `activity` puts it there
        return ColumnRead(
            pulse_width=activity.output,
            energy={supply: law.value(activity) for supply, law in self.energy.items()},
            latency=activity.term("longest") + self.settle_time + conversion,
            conversion=conversion,
        )


def save_column(folder: Path | str, column: ColumnSurrogate, records: Mapping[str, ModelRecord] | None = None) -> None:
    """Write a column's parts into a folder, one model file each, and `column.json` that names them.

    Args:
        folder: made where it is absent.
        column: any.
        records: part -> where it came from; a part without one is saved as ideal.
    """
    base = Path(folder)
    base.mkdir(parents=True, exist_ok=True)
    parts: dict[str, Any] = {"cell": column.cell, "converter": column.converter, "conversion": column.conversion}
    parts |= {} if column.correction is None else {"correction": column.correction}
    parts |= {f"energy_{supply}": law for supply, law in column.energy.items()}
    for name, part in parts.items():
        save_model(base / name, part, (records or {}).get(name))
    content = {
        "schema_version": SCHEMA_VERSION,
        "parts": sorted(parts),
        "settle_time": column.settle_time,
        "mid_voltage": column.mid_voltage,
        "n_rows": column.n_rows,
    }
    (base / "column.json").write_text(json.dumps(content, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def load_column(folder: Path | str) -> tuple[ColumnSurrogate, dict[str, ModelRecord]]:
    """Read what `save_column` wrote: the column, and the record of each part.

    Raises:
        InputError: a file that is missing or not what `save_column` writes.
    """
    base = Path(folder)
    try:
        content = json.loads((base / "column.json").read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise InputError(f"{base} holds no readable column.json: {error}; save_column writes one") from error
    keys = {"schema_version", "parts", "settle_time", "mid_voltage", "n_rows"}
    if not isinstance(content, dict) or set(content) != keys or content["schema_version"] != SCHEMA_VERSION:
        raise InputError(
            f"{base / 'column.json'}: a column of schema_version {SCHEMA_VERSION} has the keys {sorted(keys)}; "
            "save the column again with this release"
        )
    loaded = {name: load_model(base / name) for name in content["parts"]}
    if missing := {"cell", "converter", "conversion"} - set(loaded):
        raise InputError(f"{base / 'column.json'}: a column has {sorted(missing)}, found {sorted(loaded)}")
    models: dict[str, Any] = {name: model for name, (model, _) in loaded.items()}
    column = ColumnSurrogate(
        cell=models["cell"],
        converter=models["converter"],
        correction=models.get("correction"),
        energy={name.removeprefix("energy_"): law for name, law in models.items() if name.startswith("energy_")},
        conversion=models["conversion"],
        settle_time=float(content["settle_time"]),
        mid_voltage=float(content["mid_voltage"]),
        n_rows=int(content["n_rows"]),
    )
    return column, {name: record for name, (_, record) in loaded.items()}
