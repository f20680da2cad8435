"""READS -> FIGURES: how far the model is from ngspice on reads of a running transformer, by array."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np

from pycosim.attention.hardware import AttentionHardware
from pycosim.checks import Array
from pycosim.evaluate.quantities import show_count, show_number, show_quantity
from pycosim.flows.evaluate import LoopResult
from pycosim.flows.in_the_loop_draw import ArrayName
from pycosim.flows.in_the_loop_operands import pulse_limits
from pycosim.flows.in_the_loop_reads import SpiceRead

ARRAYS: tuple[ArrayName, ...] = ("first", "second")
TITLES: Mapping[str, str] = {"first": "keys", "second": "values"}
ROUNDING = 1e-6
"""Of the longest pulse: nearer to an end of the range is that end, in single precision and with a model's lines."""
QUANTILES = (0.05, 0.5, 0.95)

Row = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorFigures:
    """Model minus ngspice over some reads; all s, NaN without a read.

    Attributes:
        n: reads.
        rms, mean: of the error.
        quantiles: of the error, `QUANTILES`.
        worst: the error that is largest in magnitude, with its sign.
    """

    n: int
    rms: float
    mean: float
    quantiles: tuple[float, ...]
    worst: float

    @classmethod
    def of(cls, errors: Array) -> ErrorFigures:
        """Figures of errors, (n_reads,) in s."""
        if not errors.size:
            nothing = float("nan")
            return cls(n=0, rms=nothing, mean=nothing, quantiles=(nothing,) * len(QUANTILES), worst=nothing)
        return cls(
            n=int(errors.size),
            rms=float(np.sqrt(np.mean(errors**2))),
            mean=float(errors.mean()),
            quantiles=tuple(float(x) for x in np.quantile(errors, QUANTILES)),
            worst=float(errors[np.argmax(np.abs(errors))]),
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ArrayFigures:
    """Reads of one array, or of both.

    Attributes:
        n: reads that were drawn.
        n_failed: of these, without a pulse from ngspice.
        n_at_ends: of the others, those whose pulse the model and ngspice both put at the same end of the range, where
            no error can be.
        n_left_out: inputs that were too short for a deck, over all reads.
        errors: over all reads that ngspice did.
        inside: over those of them that are not at an end.
        n_counts_off: reads whose count of output levels differs; 0 for the first array, whose pulses are not counted.
        largest_count_error: of these counts.
    """

    n: int
    n_failed: int
    n_at_ends: int
    n_left_out: int
    errors: ErrorFigures
    inside: ErrorFigures
    n_counts_off: int
    largest_count_error: int


def array_figures(reads: Sequence[SpiceRead], hardware: AttentionHardware) -> ArrayFigures:
    """Figures of reads of one array or both."""
    done = [read for read in reads if read.width is not None]
    ends = np.array([_at_end(read, hardware) for read in done], dtype=bool)
    errors = np.array([read.error for read in done])
    off = [abs(model - found) for model, found in (_counts(read, hardware) for read in done)]
    return ArrayFigures(
        n=len(reads),
        n_failed=len(reads) - len(done),
        n_at_ends=int(np.count_nonzero(ends)),
        n_left_out=sum(read.operands.n_left_out for read in reads),
        errors=ErrorFigures.of(errors),
        inside=ErrorFigures.of(errors[~ends] if done else errors),
        n_counts_off=sum(n > 0 for n in off),
        largest_count_error=max(off, default=0),
    )


def worst_read(reads: Sequence[SpiceRead]) -> SpiceRead | None:
    """The read whose error is largest in magnitude; None where all failed."""
    done = [read for read in reads if read.width is not None]
    return max(done, key=lambda read: abs(read.error), default=None)


def figures_of(result: LoopResult, hardware: AttentionHardware) -> dict[str, ArrayFigures]:
    """Figures of each array by its name, and of both together as "all"."""
    groups: dict[str, Sequence[SpiceRead]] = {
        name: [read for read in result.reads if read.operands.place.array == name] for name in ARRAYS
    }
    groups["all"] = result.reads
    return {name: array_figures(reads, hardware) for name, reads in groups.items()}


def loop_document(result: LoopResult, hardware: AttentionHardware) -> dict[str, object]:
    """Everything that was found, for JSON; `n`, `rms_error` and `worst_error` are those of all reads (s)."""
    figures = figures_of(result, hardware)
    every = figures["all"].errors
    return {
        "n": every.n,
        "rms_error": every.rms,
        "worst_error": abs(every.worst),
        "rms_error_share": every.rms / hardware.max_pulse_width,
        "worst_error_share": abs(every.worst) / hardware.max_pulse_width,
        "n_tokens": result.accuracy.n_tokens,
        "population": result.population.size,
        "max_pulse_width_s": hardware.max_pulse_width,
        "quantiles": QUANTILES,
        "by_array": {name: asdict(one) for name, one in figures.items()},
        "effect": None if result.effect is None else asdict(result.effect),
        "reads": [_read_document(read) for read in result.reads],
    }


def figure_rows(result: LoopResult, hardware: AttentionHardware) -> tuple[Row, ...]:
    """One row per figure: its name, the array of keys, that of values, and both."""
    figures = figures_of(result, hardware)
    columns = [figures[name] for name in (*ARRAYS, "all")]

    def picoseconds(seconds: float) -> str:
        return "-" if np.isnan(seconds) else f"{show_number(1e12 * seconds)} ps"

    def share(seconds: float) -> str:
        return "-" if np.isnan(seconds) else f"{show_number(100 * seconds / hardware.max_pulse_width, digits=2)} %"

    def spread(errors: ErrorFigures) -> str:
        low, _, high = errors.quantiles
        return "-" if np.isnan(low) else f"{show_number(1e12 * low)} to {show_number(1e12 * high)} ps"

    counted = figures["second"]
    off = (
        f"{show_count(counted.n_counts_off)}, by {counted.largest_count_error} at most" if counted.n_counts_off else "0"
    )
    return (
        ("reads", *(show_count(one.n) for one in columns)),
        ("failed in ngspice", *(show_count(one.n_failed) for one in columns)),
        ("at the same end of the range", *(show_count(one.n_at_ends) for one in columns)),
        ("error, rms", *(picoseconds(one.errors.rms) for one in columns)),
        ("  of the longest pulse", *(share(one.errors.rms) for one in columns)),
        ("  of reads inside the range", *(picoseconds(one.inside.rms) for one in columns)),
        ("error, mean", *(picoseconds(one.errors.mean) for one in columns)),
        ("error, 5 % to 95 %", *(spread(one.errors) for one in columns)),
        ("error, worst", *(picoseconds(one.errors.worst) for one in columns)),
        ("  of the longest pulse", *(share(abs(one.errors.worst)) for one in columns)),
        ("counts that differ", "", off, ""),
        ("inputs too short for a deck", *(show_count(one.n_left_out) for one in columns)),
    )


def effect_rows(result: LoopResult) -> tuple[Row, ...]:
    """What replacing the model's pulses does; no rows where none was replaced."""
    effect = result.effect
    if effect is None:
        return ()
    share = effect.n_replaced / result.population.size
    error = show_quantity(effect.standard_error, "nat", digits=2)
    return (
        ("pulses replaced", f"{show_count(effect.n_replaced)} of {show_count(result.population.size)}, {share:.1e}"),
        ("change of cross-entropy", f"{show_quantity(effect.cross_entropy_change, 'nat')} ± {error}"),
        ("largest change of a logit", show_number(effect.largest_logit_change)),
        ("  the logits of a token spread by", show_number(effect.logit_deviation)),
        ("tokens whose logits changed", f"{show_count(effect.n_changed_tokens)} of {result.accuracy.n_tokens}"),
    )


def place_text(read: SpiceRead) -> str:
    """Where a read is, in words."""
    place = read.operands.place
    what = f"key of token {place.column}" if place.array == "first" else f"feature {place.column} of tile {place.tile}"
    return f"chunk {place.chunk}, layer {place.layer}, head {place.head}, token {place.token} reads the {what}"


def _at_end(read: SpiceRead, hardware: AttentionHardware) -> bool:
    low, high = pulse_limits(read.operands.place, hardware)
    pulses = np.array([read.operands.width, read.width], dtype=np.float64)
    return any((np.abs(pulses - end) <= ROUNDING * high).all() for end in (low, high))


def _counts(read: SpiceRead, hardware: AttentionHardware) -> tuple[int, int]:
    """Output counts of the model and of ngspice; equal for the first array, whose pulses are not counted."""
    if read.operands.place.array == "first" or read.width is None or hardware.n_output_counts is None:
        return 0, 0
    shares = np.array([read.operands.width, read.width]) / hardware.max_pulse_width
    model, found = np.rint(shares * hardware.n_output_counts)
    return int(model), int(found)


def _read_document(read: SpiceRead) -> dict[str, object]:
    operands = read.operands
    ages = operands.ages[~np.isnan(operands.ages)]
    return {
        **asdict(operands.place),
        "charge_c": operands.charge,
        "model_s": operands.width,
        "spice_s": read.width,
        "error_s": None if read.width is None else read.error,
        "failure": read.failure,
        "n_inputs": int(np.count_nonzero(operands.pulse_widths)),
        "n_left_out": operands.n_left_out,
        "left_out_charge_c": operands.left_out_charge,
        "oldest_s": float(ages.max(initial=0.0)),
        "netlist": read.digest,
    }
