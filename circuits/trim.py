"""The trim of a column: switched unit transistors that correct gain and offset of its charge-to-pulse circuit.

Gain: the discharging mirror consists of equal units in parallel. Most are always on; the last ones are switched in
binary-weighted groups, so that the current, and with it the slope of the pulse, moves by a unit at a time.
Offset: a constant current beside the copy's output transistor, below or above its cascode. The cascode is on exactly
while the column integrates, so that the current becomes a charge of fixed size that is added to every read. This is
where most of the offset comes from: a copy whose quiescent currents do not balance.

Code 0 is the drawn circuit: half of the gain units are on, and no offset unit. The register that holds a code is not
drawn: its outputs are the rails.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from PySpice.Spice.Netlist import SubCircuit

from circuits.devices import Mosfet, add_mosfet
from circuits.errors import CircuitError
from circuits.logic import logic_mosfet
from circuits.quantities import check_quantity
from circuits.technology import Technology

MOST_BITS = 10
"""Most bits of a code: beyond that the units of a group are more than a column is wide."""


SWITCH_LENGTH = 60e-9
"""Of a trim switch, at a minimum gate length of 30 nm (m). Ours: twice the minimum, because open ones leak: those of
the minimum length move a signed pulse by another 0.3 to 0.5 ns at ff and 85 C [measured]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrimParameters:
    """Sizes and ranges of the trim (ours).

    Attributes:
        gain_bits: the gain codes go from -2^(bits - 1) to 2^(bits - 1) - 1 units of the mirror; 0 draws no gain trim.
        offset_bits: the offset code goes from -(2^bits - 1) to 2^bits - 1 units; 0 draws no offset trim.
        offset_sink: NMOS unit of a negative code, its gate on the mirror of the discharging sink.
        offset_source: PMOS unit of a positive code, its gate on the bias of the comparator.
        switch_width: of the switch of one unit, at a minimum gate length of 30 nm (m).
    """

    gain_bits: int = 7
    offset_bits: int = 6
    offset_sink: Mosfet = field(
        default_factory=lambda: Mosfet(polarity="nmos", width=60e-9, length=1.4e-6, threshold_shift=-0.1)
    )
    offset_source: Mosfet = field(default_factory=lambda: Mosfet(polarity="pmos", width=60e-9, length=310e-9))
    switch_width: float = 60e-9

    def __post_init__(self) -> None:
        """Check the number of bits."""
        for what, bits in (("gain", self.gain_bits), ("offset", self.offset_bits)):
            if not isinstance(bits, int) or not 0 <= bits <= MOST_BITS:
                raise CircuitError(
                    f"bits of the {what} trim must be a whole number from 0 to {MOST_BITS}, found {bits!r}"
                )

    @property
    def gain_codes(self) -> tuple[int, int]:
        """Smallest and largest gain code."""
        half = (1 << self.gain_bits) // 2
        return -half, max(half - 1, 0)

    @property
    def offset_codes(self) -> tuple[int, int]:
        """Smallest and largest offset code."""
        return 1 - (1 << self.offset_bits), (1 << self.offset_bits) - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class TrimCodes:
    """What the trim register of one column holds; 0 is the drawn circuit.

    Attributes:
        sink: units added to the discharging sink: a larger code shortens positive pulses.
        source: units added to the source of the signed converter: a larger code shortens negative pulses.
        offset: units of charge added to every read: a larger code lengthens positive pulses.
    """

    sink: int = 0
    source: int = 0
    offset: int = 0


def check_codes(codes: TrimCodes, parameters: TrimParameters) -> None:
    """Refuse codes that the register cannot hold.

    Raises:
        CircuitError: a code that is no whole number or out of its range.
    """
    for what, code, (low, high) in (
        ("sink", codes.sink, parameters.gain_codes),
        ("source", codes.source, parameters.gain_codes),
        ("offset", codes.offset, parameters.offset_codes),
    ):
        if isinstance(code, bool) or not isinstance(code, int) or not low <= code <= high:
            raise CircuitError(f"trim code of the {what} must be a whole number from {low} to {high}, found {code!r}")


def times(mosfet: Mosfet, units: int) -> Mosfet:
    """So many of a transistor in parallel."""
    return replace(mosfet, multiplier=units)


def add_trimmed_mirror(
    block: SubCircuit,
    technology: Technology,
    parameters: TrimParameters,
    name: str,
    mirror: Mosfet,
    code: int,
    nodes: tuple[str, str, str],
) -> None:
    """A mirror of `mirror.multiplier` units, of which the last ones are switched by a code.

    Args:
        block: receives it.
        technology: its process.
        parameters: number of bits.
        name: of the part that is always on; the groups append their bit.
        mirror: the whole mirror at code 0; each unit has its width and length.
        code: units added to it.
        nodes: drain, gate, and source with bulk.

    Raises:
        CircuitError: a mirror of fewer units than the code can take away.
    """
    drain, gate, rail = nodes
    unit, taken = times(mirror, 1), -parameters.gain_codes[0]
    if mirror.multiplier <= taken:
        raise CircuitError(
            f"the mirror {name} has {mirror.multiplier} units, but a gain trim of {parameters.gain_bits} bits takes "
            f"{taken} away; draw it as a multiple of a smaller transistor, or set gain_bits=0 for no trim"
        )
    add_mosfet(block, technology, name, times(mirror, mirror.multiplier - taken), (drain, gate, rail, rail))
    if parameters.gain_bits:
        _groups(block, technology, parameters, name, unit, parameters.gain_bits, code + taken, nodes)


def add_offset_trim(
    block: SubCircuit,
    technology: Technology,
    parameters: TrimParameters,
    code: int,
    *,
    sink: tuple[str, str],
    source: tuple[str, str],
) -> None:
    """Units that sink (negative code) or source (positive code) a constant current.

    Args:
        block: receives them.
        technology: its process.
        parameters: units and bits.
        code: how many units conduct.
        sink: drain and gate of the NMOS units.
        source: drain and gate of the PMOS units.
    """
    if not parameters.offset_bits:
        return
    for name, unit, on, nodes in (
        ("ton", parameters.offset_sink, -code, (*sink, "0")),
        ("top", parameters.offset_source, code, (*source, "vdd")),
    ):
        _groups(block, technology, parameters, name, unit, parameters.offset_bits, max(on, 0), nodes)


def _groups(
    block: SubCircuit,
    technology: Technology,
    parameters: TrimParameters,
    name: str,
    unit: Mosfet,
    bits: int,
    on: int,
    nodes: tuple[str, str, str],
) -> None:
    """Binary-weighted groups of a unit and its switch in series, of which `on` units conduct."""
    drain, gate, rail = nodes
    check_quantity("width of a trim switch", parameters.switch_width, "m", high=1e-3)
    switch = logic_mosfet(technology, unit.polarity, parameters.switch_width, length=SWITCH_LENGTH)
    closed, opened = ("vdd", "0") if unit.polarity == "nmos" else ("0", "vdd")
    for bit in range(bits):
        level = closed if on >> bit & 1 else opened
        middle = f"{name}{bit}x"
        add_mosfet(block, technology, f"{name}{bit}", times(unit, 1 << bit), (middle, gate, rail, rail))
        add_mosfet(block, technology, f"{name}{bit}s", times(switch, 1 << bit), (drain, level, middle, rail))
