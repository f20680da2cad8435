"""REPORT -> TERMINAL: compact tables for rich, the content of the page without its drawings."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from pycosim.evaluate import wording
from pycosim.evaluate.cost import Energy, Latency
from pycosim.evaluate.quantities import show_count, show_number, show_quantity
from pycosim.evaluate.report import Check, ModelRecord, Report
from pycosim.evaluate.workload_cost import WorkloadCost


def terminal_report(report: Report) -> RenderableType:
    """Lay out a report for `rich.print`; reads well from 80 columns on, with and without colour."""
    parts: list[RenderableType] = [_title(report), "", _accuracy(report), "", _latency(report.latency)]
    parts += ["", _energy(report.energy)]
    if report.workload_cost is not None:
        parts += ["", _text_energy(report.workload_cost), "", _text_times(report.workload_cost)]
    if report.models:
        parts += ["", _models(report.models)]
    if report.checks:
        parts += ["", _checks(report.checks)]
    for note in report.notes:
        parts += ["", Text(f"Note: {note}")]
    return Group(*parts)


def _table(title: str) -> Table:
    return Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False, header_style="dim")


def _title(report: Report) -> RenderableType:
    provenance, workload = report.provenance, report.workload
    technology = f"{provenance.technology} {provenance.corner}, {show_number(provenance.temperature, trim=True)} °C"
    return Group(
        Text(
            f"{report.system}: {technology}, ngspice {provenance.ngspice}, seed {provenance.seed}",
            style="bold",
        ),
        Text(
            f"{workload.name}, {workload.n_layers} layers x {workload.n_heads} heads x {workload.d_head}, "
            f"window {workload.window}, {workload.text}",
            style="dim",
        ),
    )


def _accuracy(report: Report) -> Table:
    table = _table("Accuracy")
    table.add_column("attention")
    for name in ("perplexity", "x exact", "cross entropy", "tokens"):
        table.add_column(name, justify="right")
    exact = report.accuracy[report.accuracy_keys[0]].perplexity
    for name, value in report.accuracy.items():
        error = show_number(value.standard_error, digits=2)
        table.add_row(
            wording.accuracy_label(name),
            show_number(value.perplexity, digits=4),
            show_number(value.perplexity / exact, digits=4),
            f"{show_number(value.cross_entropy_nats, digits=4)} ± {error} nat",
            show_count(value.n_tokens),
        )
    return table


def _latency(latency: Latency) -> Table:
    table = _table(f"Latency per {latency.work}")
    table.add_column("phase")
    table.add_column("duration", justify="right", no_wrap=True)
    table.add_column("source", no_wrap=True)
    table.add_column("how", style="dim")
    for phase in latency.phases:
        table.add_row(phase.name, show_quantity(phase.duration, "s", prefix="n"), phase.source, phase.detail)
    published = (
        f"published {show_quantity(latency.published_total, 's', trim=True)}; "
        f"as clocked in the decks {show_quantity(latency.scheduled_total, 's')}"
    )
    table.add_row("sum", show_quantity(latency.total, "s"), "", published, style="bold")
    return table


def _energy(energy: Energy) -> Table:
    table = _table(f"Energy per {energy.work} ({energy.n_tiles} {energy.part}s; published: {energy.published_tiles})")
    table.add_column("block")
    for name in ("energy", f"per {energy.part}", f"published per {energy.part}"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("source", no_wrap=True)
    for block in energy.blocks:
        published = "" if block.published is None else _picojoule(block.published / energy.published_tiles)
        per_tile = _picojoule(block.energy / energy.n_tiles)
        table.add_row(block.name, _picojoule(block.energy), per_tile, published, block.source)
    total, per_tile = _picojoule(energy.total), _picojoule(energy.per_tile)
    table.add_row("sum", total, per_tile, _picojoule(energy.published_per_tile), "", style="bold")
    return table


def _text_energy(cost: WorkloadCost) -> Table:
    table = _table(f"Energy of this text per token and head, by the laws ({cost.n_tokens} tokens x heads)")
    table.add_column("block")
    for name in ("mean", "5 to 95 %", "random columns", "held-out error"):
        table.add_column(name, justify="right", no_wrap=True)
    for part in cost.energy:
        table.add_row(
            part.name,
            _picojoule(part.token.mean),
            wording.spread_text(part.token, "J", "p"),
            _picojoule(part.planned),
            wording.error_text(part.error),
        )
    spread = wording.spread_text(cost.total, "J", "p")
    table.add_row(
        "sum, simulated", _picojoule(cost.total.mean), spread, _picojoule(cost.planned_total), "", style="bold"
    )
    return table


def _text_times(cost: WorkloadCost) -> Table:
    table = _table("Latency of this text per token and head, were each phase to end with its last column")
    table.add_column("phase")
    for name in ("mean", "5 to 95 %", "as clocked", "held-out error"):
        table.add_column(name, justify="right", no_wrap=True)
    for part in cost.times:
        table.add_row(
            part.name,
            show_quantity(part.token.mean, "s", prefix="n"),
            wording.spread_text(part.token, "s", "n"),
            show_quantity(part.planned, "s", prefix="n"),
            wording.error_text(part.error),
        )
    mean, spread = show_quantity(cost.latency.mean, "s", prefix="n"), wording.spread_text(cost.latency, "s", "n")
    planned = show_quantity(cost.planned_latency, "s", prefix="n")
    table.add_row("token, all phases", mean, spread, planned, "", style="bold")
    return table


def _picojoule(energy: float) -> str:
    return show_quantity(energy, "J", prefix="p")


def _models(models: tuple[ModelRecord, ...]) -> Table:
    table = _table("Models (residual: rms on points that no fit saw)")
    table.add_column("model")
    table.add_column("law", no_wrap=True)
    for name in ("residual", "fitted on", "held out"):
        table.add_column(name, justify="right", no_wrap=True)
    for model in models:
        residual = show_quantity(model.residual_rms, model.residual_unit)
        table.add_row(model.name, model.kind, residual, show_count(model.n_fitted), show_count(model.n_held_out))
    return table


def _checks(checks: tuple[Check, ...]) -> Table:
    table = _table(f"Targets: {wording.checks_verdict(checks)}")
    table.add_column("figure")
    for name in ("found", "target"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("")
    for check in checks:
        verdict = Text("met", style="green") if check.passed else Text("missed", style="bold red")
        table.add_row(check.name, wording.check_value(check), wording.check_target(check), verdict)
    return table
