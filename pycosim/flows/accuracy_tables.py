"""Swept accuracies as rows of a results file, and as tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict

from pycosim.evaluate.document import Json, strict_document
from pycosim.evaluate.quantities import show_number, show_quantity
from pycosim.evaluate.tables import Table
from pycosim.flows.accuracy_sweeps import AXES, INPUT_LEVELS, STORED_LEVELS, AccuracySweeps, SweptAccuracy

Figures = dict[str, float | int | str | None]


def accuracy_rows(sweeps: AccuracySweeps, axis: str) -> list[Figures]:
    """One row of figures per case of an axis: its settings in SI units, perplexity and what it is over the unvaried."""
    return [
        {
            **row.settings,
            "perplexity": row.accuracy.perplexity,
            "cross_entropy_nats": row.accuracy.cross_entropy_nats,
            "difference_nats": row.difference,
            "difference_error_nats": row.difference_error,
        }
        for row in sweeps.of(axis)
    ]


def accuracy_document(sweeps: AccuracySweeps) -> dict[str, Json]:
    """The unvaried accuracy, and the rows of every axis."""
    return strict_document({"reference": asdict(sweeps.reference), **{a: accuracy_rows(sweeps, a) for a in AXES}})


def accuracy_tables(named: Mapping[str, AccuracySweeps]) -> dict[str, Table]:
    """Tables by a short name: one grid per subject, and one table per other axis with a column for every subject.

    Args:
        named: name of a subject, as a column has it -> what was swept of it.
    """
    grids = {f"quantisation {name}": _grid(name, sweeps) for name, sweeps in named.items() if sweeps.of("quantisation")}
    columns = {
        axis: _columns(axis, named)
        for axis in AXES
        if axis != "quantisation" and any(sweeps.of(axis) for sweeps in named.values())
    }
    return {**grids, **columns}


def _grid(name: str, sweeps: AccuracySweeps) -> Table:
    found = {(row.settings["input_levels"], row.settings["stored_levels"]): row for row in sweeps.of("quantisation")}
    inputs = [n for n in INPUT_LEVELS if any(n == key[0] for key in found)]
    stored = [n for n in STORED_LEVELS if any(n == key[1] for key in found)]
    rows = tuple((_levels(n), *(_cross_entropy(found.get((n, m))) for m in stored)) for n in inputs)
    return Table(
        title=f"quantisation, {name}: cross-entropy (nat)",
        header=("levels of queries", *(f"{_levels(n)} stored" for n in stored)),
        rows=rows,
    )


def _columns(axis: str, named: Mapping[str, AccuracySweeps]) -> Table:
    labels = list(dict.fromkeys(_label(row) for sweeps in named.values() for row in sweeps.of(axis)))
    by_label = [{_label(row): row for row in sweeps.of(axis)} for sweeps in named.values()]
    rows = [("as it is", *(_perplexity(sweeps.reference.perplexity) for sweeps in named.values()))]
    rows += [(label, *(_swept(found.get(label)) for found in by_label)) for label in labels]
    return Table(title=f"{axis}: perplexity", header=("", *named), rows=tuple(rows))


def _label(row: SweptAccuracy) -> str:
    """What a row of one axis is called."""
    found = row.settings
    if "part" in found:
        sigma = float(found["sigma"] or 0.0)
        size = show_quantity(sigma, "s", trim=True) if found["unit"] else f"{show_number(100 * sigma, trim=True)} %"
        return f"{found['part']}, sigma {size}"
    if "time_constant_tokens" in found:
        return f"{show_number(float(found['time_constant_tokens'] or 0.0), digits=6, trim=True)} tokens"
    return f"{found['tokens']} tokens"


def _levels(count: int | None) -> str:
    return "any" if count is None else str(count)


def _cross_entropy(row: SweptAccuracy | None) -> str:
    return "-" if row is None else f"{row.accuracy.cross_entropy_nats:.3f}"


def _swept(row: SweptAccuracy | None) -> str:
    if row is None:
        return "-"
    return f"{_perplexity(row.accuracy.perplexity)} ({row.difference:+.3f} ± {row.difference_error:.3f} nat)".replace(
        "-", "\N{MINUS SIGN}"
    )


def _perplexity(value: float) -> str:
    return show_number(value, digits=4)
