"""THE EXPORT: models of a run -> a folder of subcircuits, Verilog-A modules or plain arrays, with a README."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pycosim.errors import InputError
from pycosim.export.block import Block
from pycosim.export.cell import cell_block
from pycosim.export.converter import converter_block
from pycosim.export.example import column_deck
from pycosim.export.ngspice import ngspice_text
from pycosim.export.plain import csv_text, npz_bytes, readme_line
from pycosim.export.quantizer import quantizer_block
from pycosim.export.source import Source, provenance, read_source, read_sources
from pycosim.export.storage import storage_block
from pycosim.export.veriloga import table_files, verilog_a_text
from pycosim.models.cell import LookupCell, PolynomialCell
from pycosim.models.converter import HardSigmoid, PulseTable, SignedPulse
from pycosim.models.decay import DriftTable, NoDecay, ReadDecay, StorageDecay
from pycosim.models.leak import LeakDecay
from pycosim.models.quantizer import Quantizer
from pycosim.units import format_quantity

CELLS = (PolynomialCell, LookupCell)
CONVERTERS = (HardSigmoid, SignedPulse, PulseTable)
DECAYS = (NoDecay, ReadDecay, StorageDecay, DriftTable, LeakDecay)
TOLERANCE = 1e-4
"""Of tables, over their largest value: below what the fits of the shipped circuits leave, with some 100 nodes."""

_UNITS = {"charge of a read": "C", "stored voltage": "V", "pulse width": "s"}


class Form(enum.StrEnum):
    """What a model can become."""

    verilog_a = "verilog-a"
    ngspice = "ngspice"
    npz = "npz"
    csv = "csv"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Circuit:
    """A block with the lines that say where its models came from and what its tables add to their errors."""

    block: Block
    comments: tuple[str, ...]


def circuit_of(source: Source, *, decay: Source | None = None, tolerance: float = TOLERANCE) -> Circuit:
    """Make the circuit block of a model.

    Args:
        source: a cell, a converter, a decay or a quantizer.
        decay: for a cell: what its storage node does; None for a node that keeps its voltage.
        tolerance: of tables, over their largest value.

    Raises:
        InputError: for a model that has no circuit, or a decay that is none.
    """
    model = source.model
    errors: dict[str, float] = {}
    if decay is not None and not isinstance(decay.model, DECAYS):
        raise InputError(f"--decay wants a decay model, found {decay.kind} '{decay.name}'")
    if isinstance(model, CELLS):
        block, errors = cell_block(model, NoDecay() if decay is None else decay.model, source.name, tolerance)
    elif isinstance(model, CONVERTERS):
        block, errors = converter_block(model, source.name, tolerance)
    elif isinstance(model, DECAYS):
        block, error = storage_block(model, source.name, tolerance)
        errors = {"stored voltage": error}
    elif isinstance(model, Quantizer):
        block = quantizer_block(model, source.name)
    else:
        raise InputError(f"no circuit is known for a {source.kind}; export cells, converters, decays or quantizers")
    added = [
        f"this file's tables add at most {format_quantity(e, _UNITS[q])} to the {q}" for q, e in errors.items() if e
    ]
    second = () if decay is None or not isinstance(model, CELLS) else provenance(decay)
    return Circuit(block=block, comments=(*provenance(source), *second, *added))


def export_models(
    path: Path,
    form: Form,
    out: Path,
    *,
    decay: Path | None = None,
    name: str | None = None,
    tolerance: float = TOLERANCE,
) -> tuple[Path, ...]:
    """Write the models of a run, or one model, in another form; existing files of these names are replaced.

    Args:
        path: a run's folder, a folder of models, or a model's .json.
        form: what to write.
        out: folder to write into; made where it is not there.
        decay: a model file: what the storage node of exported cells does.
        name: of the block of a single model, "gain_cell" to take the transistors' place.
        tolerance: of tables, over their largest value.

    Returns:
        What was written, README.md last.

    Raises:
        InputError: for a model that cannot be read, or one alone that has no such form.
    """
    if name is not None and path.is_dir():
        raise InputError(f"a name is for one model, found the folder {path}; give the model's .json")
    sources = read_sources(path) if name is None else (read_source(path, name),)
    decaying = None if decay is None else read_source(decay)
    texts: dict[str, str | bytes] = {}
    lines: list[str] = []
    circuits: list[tuple[Source, Circuit]] = []
    for source in sources:
        try:
            made, circuit = _files(source, form, decaying, tolerance)
        except InputError as error:
            if len(sources) == 1:
                raise
            lines.append(f"- {source.name}: left out: {error}")
            continue
        texts |= made
        circuits += [] if circuit is None else [(source, circuit)]
        said = readme_line(source.model) if circuit is None else _held(source)
        lines.append(f"- {', '.join(f'`{file}`' for file in made)}: {said}")
    deck = _example(circuits) if form is Form.ngspice else None
    if deck is not None:
        texts["example.cir"] = deck
        lines.append("- `example.cir`: a column of these blocks; `ngspice -b example.cir` prints its pulse")
    if not texts:
        raise InputError(f"none of the {len(sources)} models of {path} can become {form.value}: {'; '.join(lines)}")
    texts["README.md"] = _readme(path, form, lines)
    return _write(out, texts)


def _files(source: Source, form: Form, decay: Source | None, tolerance: float) -> tuple[dict[str, Any], Circuit | None]:
    if form is Form.npz:
        return {f"{source.name}.npz": npz_bytes(source)}, None
    if form is Form.csv:
        return {f"{source.name}.csv": csv_text(source)}, None
    circuit = circuit_of(source, decay=decay, tolerance=tolerance)
    if form is Form.ngspice:
        return {f"{source.name}.sub": ngspice_text(circuit.block, circuit.comments)}, circuit
    text = verilog_a_text(circuit.block, circuit.comments)
    return {f"{source.name}.va": text, **table_files(circuit.block)}, circuit


def _held(source: Source) -> str:
    """Kind and domain of a model, in a line."""
    return "; ".join([source.kind, *(str(domain) for domain in getattr(source.model, "domain", ()))])


def _example(circuits: list[tuple[Source, Circuit]]) -> str | None:
    """A deck of the best cell and the best converter; None where one of them is missing."""

    def best(kinds: tuple[type, ...]) -> tuple[Source, Circuit] | None:
        fitting = [pair for pair in circuits if isinstance(pair[0].model, kinds)]
        return min(fitting, key=lambda pair: pair[0].record.held_out_residual_rms or 0.0, default=None)

    cell, converter = best(CELLS), best((HardSigmoid,)) or best((PulseTable,))
    if cell is None or converter is None:
        return None
    texts = (ngspice_text(circuit.block, circuit.comments) for _, circuit in (cell, converter))
    return column_deck(*texts, cell=cell[0], converter=converter[0])


def _readme(path: Path, form: Form, lines: list[str]) -> str:
    use = {
        Form.ngspice: "Include a file and instantiate its subcircuit; its comments name pins and parameters.",
        Form.verilog_a: "Compile a file, for an ngspice that has OSDI with OpenVAF, and instantiate its module. "
        "With the macro PYCOSIM_TABLE_MODEL its tables come from the .tbl files through $table_model.",
        Form.npz: "`numpy.load(file)`; `pycosim.export.plain.load_plain` gives the model back.",
        Form.csv: "Lines that begin with # are comments; `pycosim.export.plain.load_plain` gives the model back.",
    }[form]
    return "\n".join(
        [f"# Models of {path.name}, as {form.value}", "", use, "SI units unless a line says otherwise.", "", *lines, ""]
    )


def _write(out: Path, texts: dict[str, str | bytes]) -> tuple[Path, ...]:
    if out.exists() and not out.is_dir():
        raise InputError(f"{out} is a file; choose another folder with --out")
    out.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (out / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    return tuple(out / name for name in texts)
