"""REPORT: what one run found, as plain frozen values.

    accuracy   perplexity of the same transformer with exact and with analog attention
    latency    phases of one token in one head         energy   blocks of one token in one head
    workload_cost   the same of the reads that the text really makes, with their spread
    models     behavioural models and their residuals  checks   figures against their targets
    figures    the arrays behind the plots             provenance   what everything was computed from
    run        when, where and how long: the only part that differs between two runs with one seed

A report knows nothing of how it was computed or of how it is shown; see `write_report` and `terminal_report`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from pycosim.evaluate.accuracy import Accuracy
from pycosim.evaluate.cost import Energy, Latency
from pycosim.evaluate.curves import CurveFigure
from pycosim.evaluate.figures import Figures
from pycosim.evaluate.workload_cost import WorkloadCost

PUBLISHED_IN = (
    "N. Leroux et al., Nature Computational Science 5, 813–824 (2025), "
    '<a href="https://doi.org/10.1038/s43588-025-00854-1">doi 10.1038/s43588-025-00854-1</a>'
)
"""Where the published figures of the gain-cell system are from, as the page says it."""

SCHEMA_VERSION = 1
"""Raised when a key of report.json changes its meaning or goes away."""

ACCURACY_KEYS: tuple[str, ...] = ("exact", "linear", "analog", "analog_adapted")
"""Attentions whose accuracy a report must state, unless it names others; more are welcome."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """The transformer and the text on which accuracy was measured.

    Args:
        name: what the transformer is, in a few words.
        n_layers: transformer blocks.
        n_heads: attention heads per block.
        d_head: width of a head = rows of an array.
        n_vocab: size of the vocabulary.
        n_parameters: trained numbers.
        window: tokens that attention looks back on.
        tile: tokens per array.
        text: which text, and which part of it.
    """

    name: str
    n_layers: int
    n_heads: int
    d_head: int
    n_vocab: int
    n_parameters: int
    window: int
    tile: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """Range of one operand on which a model was fitted: `low` to `high` in `unit`."""

    name: str
    low: float
    high: float
    unit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRecord:
    """One fitted behavioural model.

    Args:
        name: what it models ("gain cell").
        kind: its law, the class's name ("PolynomialCell").
        residual_rms: root mean square of (simulated - model) on the points that were held out.
        residual_unit: SI unit of the residual, without prefix ("A", "C", "s").
        n_fitted: points the fit saw.
        n_held_out: points it did not see.
        domain: operand ranges of the fit.
        netlists: digests of the netlists whose waveforms gave the points.
        file: the saved model, relative to the run directory.
    """

    name: str
    kind: str
    residual_rms: float
    residual_unit: str
    n_fitted: int
    n_held_out: int
    domain: tuple[Interval, ...] = ()
    netlists: tuple[str, ...] = ()
    file: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A figure against its target; a figure that misses stays in the report with its miss.

    Args:
        name: the figure, in a few words.
        value: what was found, in `unit`; None where it could not be measured, which is a miss.
        unit: SI unit without prefix; "" for a ratio.
        relation: how the value must lie to the target.
        target: the bound, or the wanted value for "within".
        tolerance: for "within": how far `value` may be from `target`.
        detail: what was compared, in a sentence.
    """

    name: str
    value: float | None
    unit: str
    relation: Literal["at_most", "at_least", "within"]
    target: float
    tolerance: float = 0.0
    detail: str = ""

    @property
    def passed(self) -> bool:
        """Whether the value meets the target."""
        if self.value is None or not math.isfinite(self.value):
            return False
        if self.relation == "at_most":
            return self.value <= self.target
        if self.relation == "at_least":
            return self.value >= self.target
        return abs(self.value - self.target) <= self.tolerance


@dataclass(frozen=True, slots=True, kw_only=True)
class NetlistRecord:
    """A netlist that this run simulated: its digest (sha256) and its file, relative to the run directory."""

    name: str
    digest: str
    path: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightsRecord:
    """A set of trained weights: its name and the sha256 of its file."""

    name: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """What the figures were computed from; the same in every run with one seed on one installation.

    Args:
        netlists: every netlist of the run.
        ngspice: version of the simulator.
        technology: name of the technology.
        corner: process corner (tt, ff, ss, fs, sf).
        temperature: degrees Celsius, as in SPICE.
        seed: seed of every random operand.
        pycosim: version of this program.
        weights: trained weights.
        configuration: every setting of the run, name to value, as text.
    """

    netlists: tuple[NetlistRecord, ...]
    ngspice: str
    technology: str
    corner: str
    temperature: float
    seed: int
    pycosim: str
    weights: tuple[WeightsRecord, ...] = ()
    configuration: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class StageTime:
    """How long one stage of the run took, in seconds."""

    name: str
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """What differs between two runs that give the same figures.

    Args:
        command: the command line.
        started: when, in ISO 8601 with time zone.
        wall_seconds: duration of the whole run, in seconds.
        n_workers: simulator processes; 0 for one per processor.
        stages: duration of each stage.
        machine: processor, system and Python, in a line.
    """

    command: str
    started: str
    wall_seconds: float
    n_workers: int
    stages: tuple[StageTime, ...] = ()
    machine: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Everything one run found (see the head of this module).

    Args:
        system: the analog system ("gain-cell attention").
        workload: transformer and text.
        accuracy: name of the attention to its accuracy; has at least `accuracy_keys`.
        accuracy_keys: attentions that it must state; the first is the exact one, the last stands at the top of the
            page.
        latency: phases of one token in one head.
        energy: blocks of one token in one head.
        models: fitted behavioural models.
        checks: figures against targets.
        published_in: where the published figures are from, as HTML of this program's own.
        figures: arrays behind the plots.
        curves: name -> further plots, of curves alone.
        provenance: what the figures were computed from.
        run: what differs between runs.
        workload_cost: energy and times of the reads that this text makes; None where they were not metered.
        notes: remarks that a reader needs to judge the figures (clipped operands, a shortened run), a
            sentence each.
    """

    system: str
    workload: Workload
    accuracy: Mapping[str, Accuracy]
    accuracy_keys: tuple[str, ...] = ACCURACY_KEYS
    latency: Latency
    energy: Energy
    models: tuple[ModelRecord, ...]
    checks: tuple[Check, ...]
    published_in: str = PUBLISHED_IN
    figures: Figures
    curves: Mapping[str, CurveFigure] = field(default_factory=dict)
    provenance: Provenance
    run: RunRecord
    workload_cost: WorkloadCost | None = None
    notes: tuple[str, ...] = ()
