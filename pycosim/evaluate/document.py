"""REPORT -> JSON: the document that is written to report.json, described field by field in docs/report.md.

Numbers are rounded to `SIGNIFICANT_DIGITS`, so that the last bits of a sum that another number of threads
formed in another order do not show. JSON has no NaN: a number that is not finite becomes null and its place
is listed under `not_finite`.
"""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Mapping, Sequence

import numpy as np

from pycosim.evaluate.accuracy import Accuracy
from pycosim.evaluate.cost import Energy, Latency
from pycosim.evaluate.curves import CurveFigure
from pycosim.evaluate.figures import Figures
from pycosim.evaluate.report import SCHEMA_VERSION, Check, ModelRecord, Report
from pycosim.evaluate.workload_cost import Spread, WorkloadCost

SIGNIFICANT_DIGITS = 9

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]


def report_document(report: Report) -> dict[str, Json]:
    """Turn a report into plain JSON values, keys in a fixed order.

    Args:
        report: any report.

    Returns:
        The document of report.json. Everything but `run` is the same in two runs with one seed.
    """
    document: dict[str, object] = {
        "schema_version": SCHEMA_VERSION,
        "system": report.system,
        "workload": dataclasses.asdict(report.workload),
        "accuracy": {name: _accuracy(value) for name, value in report.accuracy.items()},
        "latency": _latency(report.latency),
        "energy": _energy(report.energy),
        "workload_cost": None if report.workload_cost is None else _workload_cost(report.workload_cost),
        "models": [_model(model) for model in report.models],
        "checks": [_check(check) for check in report.checks],
        "notes": list(report.notes),
        "provenance": _provenance(report),
        "run": dataclasses.asdict(report.run),
    }
    return strict_document(document)


def figures_document(figures: Figures, curves: Mapping[str, CurveFigure] | None = None) -> dict[str, Json]:
    """Turn the arrays behind the plots into plain JSON values; figures that are absent are left out."""
    present = {field.name: getattr(figures, field.name) for field in dataclasses.fields(figures)}
    document = {name: dataclasses.asdict(value) for name, value in present.items() if value is not None}
    document |= {name: dataclasses.asdict(curve) for name, curve in (curves or {}).items()}
    return strict_document({"schema_version": SCHEMA_VERSION, **document})


def to_json(document: Mapping[str, Json]) -> str:
    """Write a document as strict JSON with a final newline; same document, same bytes."""
    return json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _accuracy(accuracy: Accuracy) -> dict[str, object]:
    return {
        "perplexity": accuracy.perplexity,
        "cross_entropy_nats": accuracy.cross_entropy_nats,
        "standard_error_nats": accuracy.standard_error,
        "n_tokens": accuracy.n_tokens,
    }


def _latency(latency: Latency) -> dict[str, object]:
    return {
        "total_s": latency.total,
        "scheduled_total_s": latency.scheduled_total,
        "published_total_s": latency.published_total,
        "phases": [
            {
                "name": phase.name,
                "duration_s": phase.duration,
                "source": phase.source,
                "scheduled_s": phase.scheduled,
                "detail": phase.detail,
                "netlist": phase.netlist,
            }
            for phase in latency.phases
        ],
        "published_phases": [{"name": name, "duration_s": duration} for name, duration in latency.published_phases],
    }


def _energy(energy: Energy) -> dict[str, object]:
    return {
        "total_j": energy.total,
        "n_tiles": energy.n_tiles,
        "per_tile_j": energy.per_tile,
        "published_total_j": energy.published_total,
        "published_n_tiles": energy.published_tiles,
        "published_per_tile_j": energy.published_per_tile,
        "blocks": [
            {
                "name": block.name,
                "energy_j": block.energy,
                "source": block.source,
                "published_j": block.published,
                "detail": block.detail,
                "netlist": block.netlist,
            }
            for block in energy.blocks
        ],
        "published_blocks": [{"name": name, "energy_j": value} for name, value in energy.published_blocks],
    }


def _workload_cost(cost: WorkloadCost) -> dict[str, object]:
    return {
        "n_tokens": cost.n_tokens,
        "n_reads": cost.n_reads,
        "total_j": _spread(cost.total),
        "planned_total_j": cost.planned_total,
        "energy": [
            {
                "name": part.name,
                "token_j": _spread(part.token),
                "read_j": None if part.read is None else _spread(part.read),
                "planned_j": part.planned,
                "error": part.error,
                "n_held_out": part.n_held_out,
            }
            for part in cost.energy
        ],
        "latency_s": _spread(cost.latency),
        "planned_latency_s": cost.planned_latency,
        "times": [
            {
                "name": part.name,
                "token_s": _spread(part.token),
                "read_s": None if part.read is None else _spread(part.read),
                "pulses": part.pulses,
                "planned_s": part.planned,
                "error": part.error,
                "n_held_out": part.n_held_out,
            }
            for part in cost.times
        ],
        "heads": [
            {"layer": one.layer, "head": one.head, "energy_j": one.energy, "latency_s": one.latency}
            for one in cost.heads
        ],
        "clipped": cost.clipped,
    }


def _spread(spread: Spread) -> dict[str, object]:
    return {
        "mean": spread.mean,
        "deviation": spread.deviation,
        "quantile_05": spread.low,
        "median": spread.median,
        "quantile_95": spread.high,
    }


def _model(model: ModelRecord) -> dict[str, object]:
    return {**dataclasses.asdict(model), "domain": [dataclasses.asdict(axis) for axis in model.domain]}


def _check(check: Check) -> dict[str, object]:
    return {**dataclasses.asdict(check), "passed": check.passed}


def _provenance(report: Report) -> dict[str, object]:
    document = dataclasses.asdict(report.provenance)
    document["temperature_c"] = document.pop("temperature")
    document["configuration"] = dict(sorted(report.provenance.configuration.items()))
    return document


def strict_document(document: Mapping[str, object]) -> dict[str, Json]:
    """Plain JSON values, numbers rounded; what is not finite becomes null and is listed under `not_finite`."""
    not_finite: list[str] = []
    strict = {key: _strict(value, key, not_finite) for key, value in document.items()}
    return {**strict, "not_finite": list[Json](not_finite)}


def _strict(value: object, place: str, not_finite: list[str]) -> Json:
    """Plain JSON of `value`; places of numbers that are not finite are added to `not_finite`."""
    if isinstance(value, np.ndarray | np.generic):
        return _strict(value.tolist(), place, not_finite)
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        if math.isfinite(value):
            return float(f"{value:.{SIGNIFICANT_DIGITS - 1}e}")
        not_finite.append(place)
        return None
    if isinstance(value, Mapping):
        return {str(key): _strict(item, f"{place}.{key}", not_finite) for key, item in value.items()}
    if isinstance(value, Sequence):
        return [_strict(item, f"{place}[{index}]", not_finite) for index, item in enumerate(value)]
    raise TypeError(f"{place}: a report holds numbers, text, mappings and sequences, not {type(value).__name__}")
