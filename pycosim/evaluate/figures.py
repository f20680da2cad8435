"""FIGURES: the arrays behind the plots of a report, in SI units; `pycosim.evaluate.plots` draws them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CellIvFigure:
    """Read current of one gain cell, simulated and published, on the published grid.

    Args:
        stored_voltage: (n,) volts.
        word_line_voltage: (m,) volts of the upper read word line.
        simulated: (n, m) amperes sunk from the bit line.
        published: (n, m) amperes, [2025 Leroux].
        pulse: (n,) amperes, charge of a full-length pulse / its length, at the last word-line voltage; None
            if not measured.
    """

    stored_voltage: Array
    word_line_voltage: Array
    simulated: Array
    published: Array
    pulse: Array | None = None

    @property
    def residual(self) -> Array:
        """(n, m) amperes: simulated - published."""
        return self.simulated - self.published


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Trace:
    """One waveform in one panel.

    Args:
        label: what it is ("bit line").
        panel: traces with the same panel share one pair of axes ("bit line").
        unit: "V" or "A".
        values: (n_times,) in `unit`.
    """

    label: str
    panel: str
    unit: str
    values: Array


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A named stretch of time, in seconds."""

    name: str
    start: float
    stop: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ColumnWaveforms:
    """Waveforms of one read of a column.

    Args:
        time: (n_times,) seconds.
        traces: waveforms, in the order of their panels.
        spans: phases of the read.
    """

    time: Array
    traces: tuple[Trace, ...]
    spans: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TransferFigure:
    """Transfer of a charge-to-pulse converter: measured points and the fitted law at the same charges.

    Args:
        charge: (n,) coulomb.
        pulse_width: (n,) seconds, simulated; negative for a signed converter's negative pulses.
        fitted: (n,) seconds, the law.
        held_out: (n,) true where the fit did not see the point.
    """

    charge: Array
    pulse_width: Array
    fitted: Array
    held_out: Mask

    @property
    def residual(self) -> Array:
        """(n,) seconds: simulated - fitted."""
        return self.pulse_width - self.fitted


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ColumnCheckFigure:
    """Pulse widths of whole columns with operands that no fit saw.

    Args:
        predicted: (n,) seconds from the behavioural models.
        simulated: (n,) seconds from ngspice.
    """

    predicted: Array
    simulated: Array

    @property
    def error(self) -> Array:
        """(n,) seconds: predicted - simulated."""
        return self.predicted - self.simulated


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RetentionFigure:
    """Stored voltage over time after a write.

    Args:
        time: (n_times,) seconds since the write.
        simulated: (n_levels, n_times) volts.
        fitted: (n_levels, n_times) volts, the decay model.
    """

    time: Array
    simulated: Array
    fitted: Array


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AdaptationFigure:
    """Cross entropy over the iterations of the gradient-free adaptation.

    Args:
        iterations: (n,) iteration numbers; 0 is before adaptation.
        cross_entropy: (n,) nat per token, on the batch that adaptation uses.
        linear: nat per token of the linear hardware model on the same batch; None if not measured.
        exact: nat per token of exact softmax on the same batch; None if not measured.
    """

    iterations: Array
    cross_entropy: Array
    linear: float | None = None
    exact: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WorkloadFigure:
    """What the tokens of the text cost in one head, by the laws of both columns.

    Args:
        energy: (2, n_tokens) joule of all reads of each array.
        pulse_end: (2, n_tokens) seconds from the release of each array's conveyors to the end of the last pulse.
    """

    energy: Array
    pulse_end: Array


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Figures:
    """All figures of a report; one that is None is left out."""

    cell_iv: CellIvFigure | None = None
    column_waveforms: ColumnWaveforms | None = None
    transfer: TransferFigure | None = None
    signed_transfer: TransferFigure | None = None
    column_check: ColumnCheckFigure | None = None
    signed_column_check: ColumnCheckFigure | None = None
    retention: RetentionFigure | None = None
    adaptation: AdaptationFigure | None = None
    workload: WorkloadFigure | None = None
