"""Stage 7b of the gain-cell flow: what do the transformer's own reads cost, by the laws of both columns?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pycosim.attention.hardware import AttentionHardware
from pycosim.attention.trace import AttentionTrace
from pycosim.flows.characterization import Design
from pycosim.flows.read_operands import (
    CONTEXTS_PER_CALL,
    ReadOperands,
    full_window_tokens,
    planned_hardware,
    token_operands,
    watch_text,
)
from pycosim.flows.workload import load_workload
from pycosim.models.column import WRITE, ColumnSurrogate

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ArrayReads:
    """The reads of one array.

    Attributes:
        energy: (n_tokens, n_columns) of one column's read, without write and bias (J).
        write: (n_tokens,) of writing the token's own vector, one cell per feature (J).
        conversion: (n_tokens, n_columns) from the release of the conveyor to the end of the pulse (s).
        longest: (n_tokens,) longest input (s).
        pulses: share of the columns that made a pulse.
        active: share of the rows with an input.
    """

    energy: Array
    write: Array
    conversion: Array
    longest: Array
    pulses: float
    active: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TokenReads:
    """All columns that the drawn tokens read in their heads.

    Attributes:
        layers, heads: (n_tokens,) where each was drawn.
        first, second: reads of both arrays.
        clipped: share of the laws' terms outside the range that they may be used in.
    """

    layers: NDArray[np.intp]
    heads: NDArray[np.intp]
    first: ArrayReads
    second: ArrayReads
    clipped: float

    @property
    def n_tokens(self) -> int:
        """Tokens times heads that were drawn."""
        return int(self.layers.size)

    @property
    def n_reads(self) -> int:
        """Columns that were read."""
        return self.first.energy.size + self.second.energy.size


class ReadMeter:
    """Watches attention and meters a seeded sample of its reads.

    Args:
        columns: models of the columns of both arrays.
        hardware: sizes and levels.
        n_per_call: tokens times heads that are drawn of every call of a layer, each with a full window; fewer where a
            call has fewer.
        seed: of the draw.
    """

    def __init__(
        self,
        columns: tuple[ColumnSurrogate, ColumnSurrogate],
        hardware: AttentionHardware,
        *,
        n_per_call: int,
        seed: int,
    ) -> None:
        self._columns, self._hardware = columns, hardware
        self._n, self._rng = n_per_call, np.random.default_rng([seed, 83])
        self._drawn: list[tuple[int, int]] = []
        self._parts: tuple[list[_Metered], list[_Metered]] = ([], [])
        self._clips = [law.clips for column in columns for law in (*column.energy.values(), column.conversion)]
        for clips in self._clips:
            clips.reset()

    def observer(self, layer: int) -> Callable[[AttentionTrace], None]:
        """Return the hook of one layer, as `analog_layers` takes it."""

        def watch(trace: AttentionTrace) -> None:
            n_batch, n_heads, n_tokens = trace.q.shape[:3]
            places = [
                (batch, head, int(token))
                for batch in range(n_batch)
                for head in range(n_heads)
                for token in full_window_tokens(self._hardware, n_tokens)
            ]
            chosen = self._rng.permutation(len(places))[: self._n]
            for batch, head, token in (places[k] for k in sorted(chosen)):
                self._drawn.append((layer, head))
                reads = token_operands(trace, self._hardware, batch, head, token)
                # a token's own key is the last column; its value the last row of the last tile
                own = reads[0].stored_voltages[-1], reads[1].stored_voltages[-trace.v.shape[-1] :, -1]
                for found, column, read, vector in zip(self._parts, self._columns, reads, own, strict=True):
                    found.append(_meter(column, read, vector))

        return watch

    def reads(self) -> TokenReads | None:
        """Everything so far; None where no token had a full window."""
        if not self._drawn:
            return None
        layers, heads = np.array(self._drawn).T
        seen, clipped = (sum(getattr(clips, name) for clips in self._clips) for name in ("seen", "clipped"))
        first, second = (_joined(found) for found in self._parts)
        return TokenReads(
            layers=layers, heads=heads, first=first, second=second, clipped=clipped / seen if seen else 0.0
        )


def metered_text(
    design: Design, columns: tuple[ColumnSurrogate, ColumnSurrogate], *, n_contexts: int, seed: int
) -> TokenReads:
    """Meter the reads that the shipped weights make of held-out text, see `watch_text`.

    Args:
        design: the circuits' levels and timing.
        columns: models of the columns of both arrays.
        n_contexts: contexts of text; of each one token of every layer and head is metered.
        seed: of the draw.
    """
    workload = load_workload(2)
    sizes = workload.linear.config
    meter = ReadMeter(
        columns, planned_hardware(design, workload), n_per_call=CONTEXTS_PER_CALL * sizes.n_head, seed=seed
    )
    watch_text(design, n_contexts * sizes.n_ctx, [meter.observer(layer) for layer in range(sizes.n_layer)])
    reads = meter.reads()
    assert reads is not None  # a context of the shipped weights is a window
    return reads


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Metered:
    """One token in one array."""

    energy: Array
    write: float
    conversion: Array
    longest: float
    pulses: float
    active: float


def _meter(column: ColumnSurrogate, operands: ReadOperands, vector: Array) -> _Metered:
    found = column.read(operands.pulse_widths, operands.stored_voltages)
    written = column.energy[WRITE].value(column.activity(np.zeros((1, vector.size)), vector[None]))
    return _Metered(
        energy=found.read_energy,
        write=float(written[0]),
        conversion=found.conversion,
        longest=float(operands.pulse_widths.max()),
        pulses=float(np.mean(found.pulse_width != 0)),
        active=float(np.mean(operands.pulse_widths > 0)),
    )


def _joined(found: list[_Metered]) -> ArrayReads:
    return ArrayReads(
        energy=np.array([one.energy for one in found]),
        write=np.array([one.write for one in found]),
        conversion=np.array([one.conversion for one in found]),
        longest=np.array([one.longest for one in found]),
        pulses=float(np.mean([one.pulses for one in found])),
        active=float(np.mean([one.active for one in found])),
    )
