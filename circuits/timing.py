"""The timing plan of a column: when every clock of a write-and-read moves."""

from __future__ import annotations

from dataclasses import dataclass, fields

from circuits.errors import CircuitError
from circuits.quantities import check_quantity

LONGEST_TIME = 1e-6
"""Longest time of a plan (s); a longer one was written in another unit than seconds."""


WRITE_TIME = 4e-9
"""How long the write gates are open (s); the study of the write path says what is left at every corner."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnTiming:
    """The plan of one column, all in seconds, counted from the start of the write phase.

    The write gates open at `write_start`, and the conveyor wakes and the integration node is reset under the last
    part of the write, so that neither costs time of its own. The word lines may rise at `input_start`.

    Attributes:
        write_start, write_time: the write gate's window.
        input_start: first word-line edge; `input_window` later the longest pulse (15 codes of 1 ns) has ended.
        wake_time: how long before `input_start` the conveyor is switched on.
        reset_margin: how long before `input_start` the reset switch opens.
        settle_time: after the input window, until the integration node has settled and the conveyor is released.
        gap: from the release to the start of the discharge.
        comparator_wake: how long before the discharge the comparator is switched on.
        sign_time: extra time of the signed converter, between release and discharge, to latch the sign.
        window_delay: from the start of the discharge to the opening of the output window; hides the comparator's delay.
        max_pulse_width: length of the output window (T_max) [2025 Leroux: 15 ns].
    """

    write_start: float = 0.25e-9
    write_time: float = WRITE_TIME
    input_start: float = 5.5e-9
    input_window: float = 15e-9
    wake_time: float = 1.5e-9
    reset_margin: float = 0.2e-9
    settle_time: float = 0.5e-9
    gap: float = 0.2e-9
    comparator_wake: float = 1.5e-9
    sign_time: float = 0.0
    window_delay: float = 0.445e-9
    max_pulse_width: float = 15e-9

    def __post_init__(self) -> None:
        """Check that every time is one, and that the write is over before the read begins."""
        for field in fields(self):
            check_quantity(f"timing: {field.name}", getattr(self, field.name), "s", 0.0, LONGEST_TIME)
        if self.write_start + self.write_time > self.input_start or self.wake_time > self.input_start:
            raise CircuitError(
                f"timing: the write ends at {(self.write_start + self.write_time) * 1e9:.4g} ns and the conveyor wakes "
                f"at {self.wake * 1e9:.4g} ns; both must be between 0 and input_start, {self.input_start * 1e9:.4g} ns"
            )

    @property
    def wake(self) -> float:
        """The conveyor is switched on."""
        return self.input_start - self.wake_time

    @property
    def reset_end(self) -> float:
        """The reset switch opens."""
        return self.input_start - self.reset_margin

    @property
    def release(self) -> float:
        """The conveyor is switched off: the charge is on the integration node."""
        return self.input_start + self.input_window + self.settle_time

    @property
    def discharge_start(self) -> float:
        """The constant current begins to discharge the integration node."""
        return self.release + self.gap + self.sign_time

    @property
    def window_start(self) -> float:
        """The output pulse may begin."""
        return self.discharge_start + self.window_delay

    @property
    def window_end(self) -> float:
        """The output pulse ends at the latest."""
        return self.window_start + self.max_pulse_width

    @property
    def stop(self) -> float:
        """End of the simulation."""
        return self.window_end + 1.2e-9


def signed_timing() -> ColumnTiming:
    """The plan of a column with the signed converter, which latches its sign before it discharges."""
    return ColumnTiming(sign_time=0.5e-9, window_delay=0.635e-9)


COUNT_ADD_LATCH = 3e-9
"""Digital sum of the tiles and output latch after the last pulse (s). Ours, assumed: three cycles of 1 GHz."""


def token_period(first: ColumnTiming, second: ColumnTiming) -> float:
    """Time from the write of a token to its latched output, as the clocks grant it (s).

    The pulse of the first array is the input of the second, so the second's own input window is not counted.
    """
    second_read = second.window_end - second.input_start - second.input_window
    return first.window_end - first.write_start + second_read + COUNT_ADD_LATCH
