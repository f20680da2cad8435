"""A report with made-up numbers of a plausible size, for tests of what shows reports."""

from __future__ import annotations

import numpy as np

from pycosim.evaluate.accuracy import Accuracy
from pycosim.evaluate.cost import Block, Energy, Latency, Phase
from pycosim.evaluate.figures import (
    AdaptationFigure,
    CellIvFigure,
    ColumnCheckFigure,
    ColumnWaveforms,
    Figures,
    RetentionFigure,
    Span,
    Trace,
    TransferFigure,
    WorkloadFigure,
)
from pycosim.evaluate.report import (
    Check,
    Interval,
    ModelRecord,
    NetlistRecord,
    Provenance,
    Report,
    RunRecord,
    StageTime,
    WeightsRecord,
    Workload,
)
from pycosim.evaluate.workload_cost import EnergyPart, HeadCost, TimePart, WorkloadCost, spread_of

COLUMN, CELL, LATCH = "c0" * 32, "ce" * 32, "1a" * 32


def example_report(*, started: str = "2026-01-02T03:04:05+00:00", notes: tuple[str, ...] = ()) -> Report:
    """A complete report; only `run` depends on `started`."""
    return Report(
        system="Gain-cell attention",
        workload=Workload(
            name="GPT-2 architecture, byte vocabulary",
            n_layers=4,
            n_heads=2,
            d_head=64,
            n_vocab=256,
            n_parameters=854_784,
            window=256,
            tile=64,
            text="the last tenth of pydoc_data.topics and the standard library's docstrings",
        ),
        accuracy={
            "exact": Accuracy(perplexity=3.196, cross_entropy_nats=1.162, n_tokens=65_536, standard_error=0.0062),
            "linear": Accuracy(perplexity=3.340, cross_entropy_nats=1.206, n_tokens=65_536, standard_error=0.0063),
            "analog": Accuracy(perplexity=7.279, cross_entropy_nats=1.985, n_tokens=65_536, standard_error=0.0081),
            "analog_adapted": Accuracy(
                perplexity=3.777, cross_entropy_nats=1.329, n_tokens=65_536, standard_error=0.0066
            ),
            "analog_table": Accuracy(
                perplexity=3.791, cross_entropy_nats=1.3327, n_tokens=65_536, standard_error=0.0066
            ),
        },
        latency=example_latency(),
        energy=example_energy(),
        workload_cost=example_workload_cost(),
        models=example_models(),
        checks=example_checks(),
        figures=example_figures(),
        provenance=Provenance(
            netlists=(
                NetlistRecord(name="gain_cell_dc", digest=CELL, path="netlists/gain_cell_dc.cir"),
                NetlistRecord(name="column_000", digest=COLUMN, path="netlists/column_000.cir"),
                NetlistRecord(name="retention", digest=LATCH),
            ),
            ngspice="39.3",
            technology="generic28",
            corner="tt",
            temperature=27.0,
            seed=0,
            pycosim="0.1.0",
            weights=(
                WeightsRecord(name="softmax.safetensors", sha256="ab" * 32),
                WeightsRecord(name="linear.safetensors", sha256="cd" * 32),
            ),
            configuration={"technology": "generic28", "corner": "tt", "seed": "0", "quick": "false"},
        ),
        run=RunRecord(
            command="pycosim run --out runs/example",
            started=started,
            wall_seconds=183.4,
            n_workers=2,
            stages=(StageTime(name="Cell", seconds=3.1), StageTime(name="Columns", seconds=60.2)),
            machine="x86_64, Linux 6.1, Python 3.11.7",
        ),
        notes=notes,
    )


def example_latency() -> Latency:
    """Phases that sum to 60.6 ns."""
    return Latency(
        phases=(
            Phase(
                name="write K and V",
                duration=10e-9,
                source="simulated",
                detail="storage node within half a level of all 8 levels",
                scheduled=10e-9,
                netlist=CELL,
            ),
            Phase(
                name="integrate q·K",
                duration=15e-9,
                source="protocol",
                detail="16 levels of 1 ns",
                scheduled=15e-9,
            ),
            Phase(
                name="settle",
                duration=1.06e-9,
                source="simulated",
                detail="capacitor within half a level of its end",
                scheduled=1.5e-9,
                netlist=COLUMN,
            ),
            Phase(
                name="convert, integrate φ·V",
                duration=15e-9,
                source="protocol",
                detail="full-scale pulse",
                scheduled=15e-9,
            ),
            Phase(
                name="settle and sign",
                duration=1.52e-9,
                source="simulated",
                detail="sign latched",
                scheduled=2e-9,
                netlist=COLUMN,
            ),
            Phase(
                name="convert and count",
                duration=15e-9,
                source="protocol",
                detail="15 counts at 1 GHz",
                scheduled=15e-9,
            ),
            Phase(name="add tiles, latch", duration=3e-9, source="assumed", detail="3 cycles at 1 GHz"),
        )
    )


def example_energy() -> Energy:
    """Blocks of 4 tiles."""
    return Energy(
        n_tiles=4,
        blocks=(
            Block(
                name="array 1 and charge-to-pulse",
                energy=4 * 128e-12,
                source="simulated",
                detail="supply currents of 64 columns over one read",
                published=1120e-12,
                netlist=COLUMN,
            ),
            Block(
                name="array 2 and signed charge-to-pulse",
                energy=4 * 61e-12,
                source="simulated",
                detail="supply currents of 64 columns over one read",
                published=700e-12,
                netlist=COLUMN,
            ),
            Block(name="word-line drivers", energy=4 * 9.6e-12, source="simulated", detail="64 rows, mean pulse"),
            Block(
                name="write drivers and DACs",
                energy=82e-12,
                source="assumed",
                detail="published energy of the DACs, per tile",
                published=330e-12,
            ),
            Block(
                name="digital control and routing",
                energy=1000e-12,
                source="assumed",
                detail="published power, per tile",
                published=4000e-12,
            ),
        ),
    )


def example_workload_cost() -> WorkloadCost:
    """Two parts and two times of 40 tokens, whose sums are those of their parts."""
    random = np.random.default_rng(3)
    reads, ends = random.normal(2.5e-12, 0.3e-12, (40, 256)), random.uniform(0.7e-9, 9e-9, (40, 256))
    write = random.normal(0.3e-12, 0.05e-12, 40)
    token, last = reads.sum(axis=1), ends.max(axis=1)
    return WorkloadCost(
        n_tokens=40,
        n_reads=reads.size,
        energy=(
            EnergyPart(
                name="array 1 and charge-to-pulse",
                token=spread_of(token),
                read=spread_of(reads),
                planned=787e-12,
                error=0.0042,
                n_held_out=15,
            ),
            EnergyPart(name="write lines", token=spread_of(write), read=None, planned=0.45e-12),
        ),
        total=spread_of(token + write),
        times=(
            TimePart(
                name="longest query pulse (array 1)", token=spread_of([15e-9]), read=None, pulses=None, planned=15e-9
            ),
            TimePart(
                name="last phi pulse has ended",
                token=spread_of(last),
                read=spread_of(ends),
                pulses=0.12,
                planned=15.6e-9,
                error=0.0031,
                n_held_out=12,
            ),
        ),
        latency=spread_of(56.2e-9 - 15.6e-9 + last),
        planned_latency=56.2e-9,
        heads=(HeadCost(layer=0, head=1, energy=640e-12, latency=49e-9),),
        clipped=0.0,
    )


def example_models() -> tuple[ModelRecord, ...]:
    """Five fitted models."""
    charge = Interval(name="charge", low=-1.2e-12, high=1.9e-12, unit="C")
    volts = Interval(name="stored voltage", low=0.0, high=0.9, unit="V")
    width = Interval(name="pulse width", low=0.0, high=15e-9, unit="s")
    return (
        ModelRecord(
            name="gain cell",
            kind="PolynomialCell",
            residual_rms=1.95e-15,
            residual_unit="C",
            n_fitted=64,
            n_held_out=40,
            domain=(width, volts),
            netlists=(CELL,),
            file="models/cell.json",
        ),
        ModelRecord(
            name="gain cell, table",
            kind="LookupCell",
            residual_rms=2.1e-17,
            residual_unit="C",
            n_fitted=128,
            n_held_out=40,
            domain=(width, volts),
            netlists=(CELL,),
        ),
        ModelRecord(
            name="charge-to-pulse",
            kind="HardSigmoid",
            residual_rms=1.63e-11,
            residual_unit="s",
            n_fitted=24,
            n_held_out=24,
            domain=(charge,),
            netlists=(COLUMN, CELL, LATCH, "77" * 32),
        ),
        ModelRecord(
            name="signed charge-to-pulse",
            kind="SignedPulse",
            residual_rms=1.9e-11,
            residual_unit="s",
            n_fitted=24,
            n_held_out=24,
            domain=(charge,),
            netlists=(COLUMN,),
        ),
        ModelRecord(
            name="decay",
            kind="StorageDecay",
            residual_rms=1.1e-3,
            residual_unit="V",
            n_fitted=120,
            n_held_out=40,
            domain=(volts,),
            netlists=(LATCH,),
        ),
    )


def example_checks() -> tuple[Check, ...]:
    """Met and missed, of every relation."""
    return (
        Check(
            name="cell current, DC, rms",
            value=1.21e-7,
            unit="A",
            relation="at_most",
            target=1.5e-7,
            detail="against the published table, 1.5 % of 10 µA",
        ),
        Check(
            name="cell zero crossing",
            value=0.4163,
            unit="V",
            relation="within",
            target=0.409,
            tolerance=0.02,
            detail="stored voltage without current, full input",
        ),
        Check(
            name="column pulse, rms",
            value=1.7e-11,
            unit="s",
            relation="at_most",
            target=1e-10,
            detail="32 random operand sets that no fit saw",
        ),
        Check(
            name="linear / exact perplexity",
            value=1.045,
            unit="",
            relation="at_most",
            target=1.05,
            detail="linear hardware against exact softmax",
        ),
        Check(
            name="adapted / linear perplexity",
            value=1.131,
            unit="",
            relation="at_most",
            target=1.10,
            detail="adapted analog against linear hardware",
        ),
        Check(
            name="retention time",
            value=None,
            unit="s",
            relation="at_least",
            target=5e-3,
            detail="time to half a level",
        ),
    )


def example_figures() -> Figures:
    """Arrays of the right shapes, with noise."""
    random = np.random.default_rng(7)
    stored = np.array([0.0, 0.092, 0.184, 0.257, 0.367, 0.441, 0.551, 0.643, 0.735, 0.827, 0.9])
    word_line = np.array([0.45, 0.495, 0.585, 0.675, 0.765, 0.855, 0.9])
    drive = ((word_line - 0.45) / 0.45) ** 1.6
    published = 1e-6 * np.outer(13.6 * (stored - 0.41) + 46.0 * (stored - 0.41) ** 3, drive)
    charge = np.linspace(-0.3e-12, 1.5e-12, 31)
    ideal = np.clip(charge / 80e-6, 0.0, 15e-9)
    signed = np.clip(1e3 * charge / 40.0 * 1e3, -15e-9, 15e-9)
    widths = random.uniform(0.0, 15e-9, 40)
    iterations = np.arange(11.0)
    ages = np.geomspace(1e-6, 5e-3, 40)
    levels = np.linspace(0.0, 0.9, 8)[:, None]
    decayed = 0.4 + (levels - 0.4) * np.exp(-ages / 20e-3)
    return Figures(
        cell_iv=CellIvFigure(
            stored_voltage=stored,
            word_line_voltage=word_line,
            simulated=published + random.normal(0.0, 1e-7, published.shape) * drive,
            published=published,
            pulse=0.97 * published[:, -1],
        ),
        column_waveforms=example_waveforms(),
        transfer=TransferFigure(
            charge=charge,
            pulse_width=ideal + random.normal(0.0, 1.6e-11, 31),
            fitted=ideal,
            held_out=np.arange(31) % 2 == 1,
        ),
        signed_transfer=TransferFigure(
            charge=charge - 0.6e-12,
            pulse_width=signed + random.normal(0.0, 2e-11, 31),
            fitted=signed,
            held_out=np.arange(31) % 2 == 1,
        ),
        column_check=ColumnCheckFigure(predicted=widths, simulated=widths + random.normal(0.0, 1.7e-11, 40)),
        retention=RetentionFigure(
            time=ages, simulated=decayed + random.normal(0.0, 1e-3, decayed.shape), fitted=decayed
        ),
        adaptation=AdaptationFigure(
            iterations=iterations,
            cross_entropy=1.33 + 0.66 * np.exp(-iterations / 1.6),
            linear=1.206,
            exact=1.162,
        ),
        workload=WorkloadFigure(
            energy=random.normal(6e-10, 1e-10, (2, 40)), pulse_end=random.uniform(1e-9, 15e-9, (2, 40))
        ),
    )


def example_waveforms() -> ColumnWaveforms:
    """A column read of 38 ns."""
    time = np.linspace(0.0, 38e-9, 760)
    reading = (time > 4e-9) & (time < 19e-9)
    ramp = 0.35 + 0.4 * np.clip((time - 4e-9) / 15e-9, 0.0, 1.0) - 0.4 * np.clip((time - 20.5e-9) / 8e-9, 0.0, 1.0)
    return ColumnWaveforms(
        time=time,
        traces=(
            Trace(label="upper", panel="read word lines", unit="V", values=np.where(reading, 0.9, 0.45)),
            Trace(label="lower", panel="read word lines", unit="V", values=np.where(reading, 0.0, 0.45)),
            Trace(
                label="bit line",
                panel="bit line",
                unit="V",
                values=0.45 + 0.02 * np.sin(time / 1e-9) * reading,
            ),
            Trace(label="column current", panel="column", unit="A", values=4e-5 * reading),
            Trace(label="capacitor", panel="capacitor", unit="V", values=ramp),
            Trace(
                label="pulse",
                panel="output",
                unit="V",
                values=np.where((time > 20.8e-9) & (time < 28e-9), 0.9, 0.0),
            ),
        ),
        spans=(
            Span(name="reset", start=0.0, stop=4e-9),
            Span(name="integrate", start=4e-9, stop=19e-9),
            Span(name="settle", start=19e-9, stop=20.8e-9),
            Span(name="convert", start=20.8e-9, stop=36e-9),
        ),
    )
