"""ngspice in the transformer's loop: reads are simulated as they happen, and may take the model's place.

    attend(q, k, v):   the model's pulses  ->  operands of the drawn reads  ->  decks  ->  ngspice  ->  pulses
                       and, where they replace the model's, the same call again with them

The first array is simulated before the second, so that with replaced pulses the second array's reads see them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from numpy.typing import NDArray

from pycosim.attention import AttentionTrace, Pulses
from pycosim.attention.analog import AttentionArrays, analog_layers
from pycosim.attention.exact import Attend
from pycosim.attention.hardware import Scalers
from pycosim.errors import InputError
from pycosim.flows.in_the_loop_draw import ReadPlace
from pycosim.flows.in_the_loop_operands import ReadOperands, read_operands
from pycosim.flows.in_the_loop_reads import SpiceRead

Operand = NDArray[Any]

Simulate = Callable[[Sequence[ReadOperands]], list[SpiceRead]]
"""Operands of reads of one array -> the reads, in the same order."""


class InTheLoop:
    """Attention of every layer, with drawn reads simulated as they happen.

    Chunks of the text must come in order, in batches (chunk, head, token, feature).

    Args:
        arrays: models and hardware, the same in every read of the same operands (no noise).
        scalers: one set per layer.
        places: the reads.
        simulate: runs them.
        replace: whether the simulated pulse takes the place of the model's.

    Raises:
        InputError: imperfect arrays, or a read of a layer that is not there.
    """

    def __init__(
        self,
        arrays: AttentionArrays,
        scalers: Sequence[Scalers],
        places: Sequence[ReadPlace],
        simulate: Simulate,
        *,
        replace: bool,
    ) -> None:
        if arrays.imperfect is not None:
            raise InputError("a read is simulated as the circuit is drawn; leave the imperfections out")
        self._arrays, self._simulate, self._replace = arrays, simulate, replace
        self._layers = [_Layer(arrays, own) for own in scalers]
        self.reads: list[SpiceRead] = []
        for place in places:
            if not 0 <= place.layer < len(self._layers):
                raise InputError(f"a read must be of one of {len(self._layers)} layers, found layer {place.layer}")
            self._layers[place.layer].places.append(place)

    @property
    def attends(self) -> list[Attend]:
        """One per layer, with the signature of `exact_attention`."""
        return [partial(self._attend, layer) for layer in self._layers]

    def _attend(self, layer: _Layer, q: Operand, k: Operand, v: Operand) -> NDArray[Any]:
        if q.ndim != 4:
            raise InputError(f"reads are drawn by chunk: q must be (chunk, head, token, feature), found {q.shape}")
        here = layer.next_call(q.shape[0])
        out = layer.call(q, k, v)
        for array in ("first", "second"):
            wanted = {place: sequence for place, sequence in here.items() if place.array == array}
            if not wanted:
                continue
            reads = self._simulate([layer.operands(place) for place in wanted])
            self.reads += reads
            if self._replace:
                layer.replaced |= {read.operands.place: read.width for read in reads if read.width is not None}
                out = layer.call(q, k, v)
        return out


class _Layer:
    """One layer: which reads are next, what its last call did, and which pulses are replaced in the next."""

    def __init__(self, arrays: AttentionArrays, scalers: Scalers) -> None:
        self.places: list[ReadPlace] = []
        self.replaced: dict[ReadPlace, float] = {}
        self._arrays = arrays
        self._n_seen = 0
        self._here: dict[ReadPlace, int] = {}
        self._widths: dict[ReadPlace, float] = {}
        self._trace: AttentionTrace | None = None
        (self._plain,) = analog_layers(arrays, [scalers])
        (self._watched,) = analog_layers(arrays, [scalers], observers=[self._observe], alterations=[self._alter])

    def next_call(self, n_sequences: int) -> Mapping[ReadPlace, int]:
        """Go on to the next batch; returns its reads and their sequence in it."""
        first, self._n_seen = self._n_seen, self._n_seen + n_sequences
        self._here = {place: place.chunk - first for place in self.places if first <= place.chunk < self._n_seen}
        self.replaced = {}
        return self._here

    def call(self, q: Operand, k: Operand, v: Operand) -> NDArray[Any]:
        """The model, with the pulses in `replaced`."""
        out: NDArray[Any] = (self._watched if self._here else self._plain)(q, k, v)
        return out

    def operands(self, place: ReadPlace) -> ReadOperands:
        """What a read of the last call was given."""
        assert self._trace is not None
        return read_operands(
            self._trace,
            place,
            sequence=self._here[place],
            width=self._widths[place],
            models=self._arrays.models,
            hardware=self._arrays.hardware,
        )

    def _observe(self, trace: AttentionTrace) -> None:
        self._trace = trace

    def _alter(self, pulses: Pulses) -> None:
        for place, sequence in self._here.items():
            token, column = place.token - pulses.rows.start, place.column - pulses.columns.start
            inside = 0 <= token < pulses.width.shape[-2] and 0 <= column < pulses.width.shape[-1]
            if place.array == pulses.array and place.tile == pulses.tile and inside:
                at = (sequence, place.head, token, column)
                self._widths[place] = float(pulses.width[at])
                if place in self.replaced:
                    pulses.width[at] = self.replaced[place]
