"""REPORT -> HTML: one page that needs nothing else, neither network nor scripts.

The page is `templates/report.html.j2` with `templates/report.css`; this module gives it drawings and headline
figures.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from pycosim.evaluate import wording
from pycosim.evaluate.drawing import DARK, FONTS, LIGHT, for_page
from pycosim.evaluate.quantities import show_count, show_number, show_quantity
from pycosim.evaluate.report import NetlistRecord, Report


@dataclass(frozen=True, slots=True, kw_only=True)
class Headline:
    """One large number at the top of the page, and what it stands beside."""

    label: str
    value: str
    beside: str


def page_templates() -> Environment:
    """The templates of our pages: text is escaped, and a name that is not given is an error."""
    return Environment(
        loader=PackageLoader("pycosim.evaluate", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def render_html(report: Report, drawings: Mapping[str, str]) -> str:
    """Render the page.

    Args:
        report: any report.
        drawings: name to SVG from `render_svg`, for every figure of `draw_figures(report)`.

    Returns:
        A complete HTML document. Same report, same bytes.
    """
    environment = page_templates()
    environment.filters.update(
        quantity=show_quantity,
        number=show_number,
        count=show_count,
        label=wording.accuracy_label,
        breakable=breakable,
        by_name=by_name,
    )
    return environment.get_template("report.html.j2").render(
        report=report,
        headlines=headlines(report),
        svg={name: Markup(for_page(drawing)) for name, drawing in drawings.items()},
        wording=wording,
        published_tiles=report.energy.published_tiles,
        netlist_by_digest={netlist.digest: netlist for netlist in report.provenance.netlists},
        light=LIGHT,
        dark=DARK,
        fonts=Markup(FONTS),
    )


def breakable(name: str) -> Markup:
    """A long name that a narrow column may break after its underscores."""
    return Markup(str(escape(name)).replace("_", "_<wbr>"))


def by_name(digests: Sequence[str], netlists: Mapping[str, NetlistRecord]) -> list[tuple[str, int]]:
    """The first digest of every netlist name, and how many have that name."""
    names = [netlists[digest].name if digest in netlists else digest for digest in digests]
    return [(digests[names.index(name)], count) for name, count in Counter(names).items()]


def headlines(report: Report) -> tuple[Headline, ...]:
    """The figures that a reader looks for first: perplexity, latency, energy and how well the models hold."""
    first, last = report.accuracy_keys[0], report.accuracy_keys[-1]
    exact, adapted = report.accuracy[first].perplexity, report.accuracy[last].perplexity
    latency, energy = report.latency, report.energy
    published = latency.published_total
    common = (
        Headline(
            label=f"Perplexity, {wording.headline_label(last)}",
            value=show_number(adapted, digits=4),
            beside=f"{wording.ratio_text(adapted, exact)} {wording.accuracy_label(first).lower()}, "
            f"{show_number(exact, digits=4)}",
        ),
        Headline(
            label=f"Latency per {latency.work.split(' and ')[0]}",
            value=show_quantity(latency.total, "s"),
            beside=f"settled; {show_quantity(latency.scheduled_total, 's')} as clocked, "
            f"{wording.ratio_text(latency.scheduled_total, published)} the published"
            f" {show_quantity(published, 's', trim=True)}",
        ),
        Headline(
            label=f"Energy per {energy.work.split(' and ')[0]} and {energy.part}",
            value=show_quantity(energy.per_tile, "J"),
            beside=f"{wording.ratio_text(energy.per_tile, energy.published_per_tile)} the published"
            f" {show_quantity(energy.published_per_tile, 'J')}",
        ),
    )
    check = report.figures.column_check
    if check is None:
        return common
    rms = math.sqrt(float(np.mean(np.square(check.error))))
    column = Headline(
        label="Models against ngspice",
        value=show_quantity(rms, "s"),
        beside=f"rms error of a column's pulse, {check.error.size} columns that no fit saw",
    )
    return (*common, column)
