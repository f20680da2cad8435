"""A gain cell as a circuit block: its current, over a pulse of the read word lines, adds up to the model's charge."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pycosim.errors import InputError
from pycosim.export.block import Block, Capacitor, Current, Parameter, Part, Signal, Table, bleed, clipped, number
from pycosim.export.sampled import sample, separate, staircase
from pycosim.export.storage import count_outside, outside_of, storage
from pycosim.models.cell import CellModel, LookupCell, PolynomialCell
from pycosim.models.decay import DecayModel
from pycosim.models.domain import Domain

CELL_PINS = ("rbl", "rwlp", "rwln", "wbl", "wwl", "wwlb", "sn", "vdd")
"""Those of the transistor-level cell, so that the block can take its place."""

NS, MICRO, FEMTO = 1e-9, 1e-6, 1e-15  # a nanosecond times a microampere is a femtocoulomb
NEGLIGIBLE = 1e-9  # of the largest charge


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Read:
    """Parts that give the signal ``@current`` (uA) from ``@stored`` and, where ``timed``, ``v(pulse_time)`` (ns)."""

    parts: tuple[Part, ...]
    timed: bool
    error: float  # of the charge of a read, C


def cell_block(cell: CellModel, decay: DecayModel, name: str, tolerance: float) -> tuple[Block, dict[str, float]]:
    """Make the block of a cell.

    Args:
        cell: a polynomial or a table.
        decay: what happens to the stored voltage.
        name: of the subcircuit or module.
        tolerance: of the tables, over their largest value.

    Returns:
        The block, and the errors that its tables add: "charge of a read" (C), "stored voltage" (V).

    Raises:
        InputError: for a cell model that is not known here, or that gives charge without a pulse.
    """
    held = storage(decay, tolerance)
    match cell:
        case PolynomialCell():
            read = _polynomial(cell)
        case LookupCell():
            read = _lookup(cell, tolerance)
        case _:
            raise InputError(f"no circuit is known for the cell model {type(cell).__name__}; export it as npz or csv")
    widths, voltages = cell.domain
    beyond = [] if not read.timed else [f"v(pulse_time)-({number(widths.high / NS + 0.01)})"]
    beyond = [text for text in beyond if np.isfinite(widths.high)] + outside_of("@stored", voltages)
    guards = count_outside(held.domain, "@active", tuple(beyond))
    parts: tuple[Part, ...] = (
        *held.parts,
        Signal(name="active", value=clipped("(v(rwlp)-v(rwln))/{supply}", "0", "1")),
        *(_pulse_timer() if read.timed else ()),
        *read.parts,
        Current(start="rbl", end="rwln", value="1e-6*@active*@share*max(@current,0)"),
        Current(start="rwlp", end="rbl", value="1e-6*@active*@share*max(-@current,0)"),
        Capacitor(start="rbl", end="0", value="{c_bit_line}"),
        *guards,
    )
    block = Block(
        name=name,
        pins=CELL_PINS,
        internals=(*held.internals, *(("pulse_time",) if read.timed else ()), *(("outside",) if guards else ())),
        parameters=(
            *held.parameters,
            Parameter(name="c_bit_line", default=0.0, unit="F", meaning="junctions on the bit line"),
        ),
        parts=parts,
        about=(
            "Read cell: storage node sn, read word lines rwlp and rwln (idle: equal; reading: supply apart), bit line",
            "rbl. The current that is sunk from rbl leaves by rwln, one that is sourced comes from rwlp; over a pulse",
            "of full height it adds up to the model's charge. It does not depend on the voltage of rbl, which the",
            "read-out holds. vdd is not connected.",
            *held.about,
            *(_range(widths, voltages) if guards else ("Holds everywhere: an ideal law.",)),
        ),
    )
    return block, {"charge of a read": read.error, "stored voltage": held.error}


def _range(widths: Domain, voltages: Domain) -> tuple[str, ...]:
    return (
        f"Holds for {widths}, {voltages}. Beyond, operands are held at the end of the range, and v(outside)",
        "of the instance counts the nanoseconds of such reading: it must stay 0.",
    )


def _pulse_timer() -> tuple[Part, ...]:
    """The node ``pulse_time``: nanoseconds of this pulse so far; back to zero, with 0.2 ns, between pulses."""
    return (
        Capacitor(start="pulse_time", end="0", value="1e-15"),
        bleed("pulse_time"),
        Current(start="0", end="pulse_time", value="1e-6*u(now)*@active"),
        Current(start="pulse_time", end="0", value="min(1,u(0.02-@active)+1-u(now))*5e-6*v(pulse_time)"),
    )


def _polynomial(cell: PolynomialCell) -> _Read:
    """Horner's form of the current; a pulse offset or a longest pulse needs the timer."""
    low, high = cell.voltage_range
    voltage = f"max(@stored,{number(low)})" if np.isfinite(low) else "@stored"
    voltage = f"min({voltage},{number(high)})" if np.isfinite(high) else voltage
    powers = [number(value / MICRO) for value in cell.coefficients]
    text = f"({powers[-1]})"
    for power in powers[-2::-1]:
        text = f"({power})+@above*({text})"
    parts: list[Part] = [Signal(name="above", value=f"{voltage}-({number(cell.centre)})")]
    ends = [cell.pulse_offset / NS, cell.width_range[1] / NS]
    if ends[0] <= 0 and not np.isfinite(ends[1]):
        return _Read(parts=(*parts, Signal(name="current", value=text)), timed=False, error=0.0)
    last = ends[1] if np.isfinite(ends[1]) else 1e6  # ns: a millisecond stands for ever
    edges, values = ([0.0, *ends[:1], last], [0.0, 1.0]) if ends[0] > 0 else ([0.0, last], [1.0])
    x, y = staircase(np.array(edges), np.array(values))
    parts += [
        Signal(name="counts", value="v(pulse_time)", table=Table(name="counts", x=x, y=y)),
        Signal(name="current", value=f"@counts*({text})"),
    ]
    return _Read(parts=tuple(parts), timed=True, error=0.0)


def _lookup(cell: LookupCell, tolerance: float) -> _Read:
    """D charge / d width is constant between the widths of the table: a staircase of the time since the pulse began."""
    scale = float(np.abs(cell.charges).max())
    widths = cell.pulse_widths
    if widths[0] < 0:
        raise InputError(f"a cell has pulses of 0 s and more, found a table from {widths[0]:.3g} s; leave those out")
    if widths[0] > 0:
        edges = np.concatenate([[0.0], widths])
    elif np.abs(cell.charges[0]).max() > NEGLIGIBLE * scale:
        raise InputError(
            f"a current needs a pulse: the charge at a width of 0 s must be 0, found "
            f"{np.abs(cell.charges[0]).max():.3g} C; set that row of the table to 0"
        )
    else:
        edges = widths
    low, high = (float(end) for end in cell.stored_voltages[[0, -1]])
    spans = np.diff(edges)

    def currents(
        voltage: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
    ) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
        charge = cell.charge(widths, voltage[:, None])
        before = np.zeros((voltage.size, 1)) if widths[0] > 0 else charge[:, :0]
        return np.asarray(np.diff(np.concatenate([before, charge], axis=1), axis=1) / spans / MICRO)

    curves = sample(currents, low, high, tolerance / 2)  # (n_spans, n_nodes) uA
    terms = separate(curves.values, tolerance / 2 * float(np.abs(curves.values).max()))
    parts: list[Part] = []
    for r, (row, column) in enumerate(zip(terms.rows, terms.columns, strict=True)):
        x, y = staircase(edges / NS, row)
        parts += [
            Signal(name=f"during{r}", value="v(pulse_time)", table=Table(name=f"during{r}", x=x, y=y)),
            Signal(name=f"at{r}", value="@stored", table=Table(name=f"at{r}", x=curves.nodes, y=column)),
        ]
    total = "+".join(f"@during{r}*@at{r}" for r in range(terms.rows.shape[0]))
    error = (curves.error + terms.error) * MICRO * float(edges[-1])
    return _Read(parts=(*parts, Signal(name="current", value=total)), timed=True, error=error)
