"""The storage node of a cell: a write gate, a capacitor, and what a decay model does to the stored voltage."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pycosim.errors import InputError
from pycosim.export.block import (
    Block,
    Capacitor,
    Current,
    Parameter,
    Part,
    Signal,
    Table,
    bleed,
    clipped,
    driven,
    number,
)
from pycosim.export.sampled import sample, separate
from pycosim.models.decay import DecayModel, DriftTable, NoDecay, ReadDecay, StorageDecay
from pycosim.models.domain import Domain
from pycosim.models.leak import LeakDecay

SUPPLY = Parameter(name="supply", default=0.9, unit="V", meaning="supply voltage; half of it is mid-supply")
_PARAMETERS = (
    SUPPLY,
    Parameter(name="c_storage", default=12e-15, unit="F", meaning="storage capacitor"),
    Parameter(name="r_write", default=20e3, unit="ohm", meaning="write gate while it is on"),
)
_AGE = Parameter(name="age", default=0.0, unit="s", meaning="age of the cell when the analysis begins")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Storage:
    """Parts of a storage node: they give the signals ``@stored`` (V) and ``@share`` (of the charge of a read).

    Args:
        parts: in order.
        internals: internal nodes.
        parameters: of an instance.
        domain: of the voltage on the node ``sn``, and of the age; an end that is infinite is none.
        error: of the tables, V.
        about: what it does.
    """

    parts: tuple[Part, ...]
    internals: tuple[str, ...]
    parameters: tuple[Parameter, ...]
    domain: tuple[Domain, ...]
    error: float
    about: tuple[str, ...]


def storage(decay: DecayModel, tolerance: float) -> Storage:
    """Make the parts for a decay model.

    Args:
        decay: any decay model of `pycosim.models`.
        tolerance: largest error of interpolation over the largest voltage.

    Raises:
        InputError: for a decay model that is not known here.
    """
    internals: tuple[str, ...] = ()
    parameters: tuple[Parameter, ...] = _PARAMETERS
    error = 0.0
    match decay:
        case NoDecay():
            parts: tuple[Part, ...] = ()
            about = "The stored voltage stays."
        case StorageDecay():
            leak = f"{{c_storage}}*(v(sn)-{_term(decay.final_voltage)})/{number(decay.time_constant)}"
            parts = (Current(start="sn", end="0", value=leak),)
            about = "The stored voltage relaxes exponentially to one level."
        case LeakDecay():
            rate = Table(name="drift", x=decay.voltages, y=decay.rates)  # V/s over V
            parts = (
                Signal(name="drift", value="v(sn)", table=rate),
                Current(start="0", end="sn", value="{c_storage}*@drift"),
            )
            about = "The stored voltage drifts at a rate that depends on it, to where the rate is zero."
        case ReadDecay():
            parts, internals, parameters = _timer(decay.time_constant), ("elapsed",), (*_PARAMETERS, _AGE)
            about = "The charge of a read shrinks with the time since the last write; the voltage stays."
        case DriftTable():
            drifting, error = _drifting(decay, tolerance)
            parts = (*_timer(float(decay.ages[-1])), *drifting)
            internals, parameters = ("elapsed",), (*_PARAMETERS, _AGE)
            about = "The node sn keeps what was written; what is left of it by now is a table of that and of the age."
        case _:
            raise InputError(f"no circuit is known for the decay model {type(decay).__name__}; export it as npz or csv")
    stored = Signal(name="stored", value="v(sn)")
    share = Signal(name="share", value="exp(-v(elapsed))" if isinstance(decay, ReadDecay) else "1")
    drifts = isinstance(decay, DriftTable)
    return Storage(
        parts=(*_write_gate(), *parts, *(() if drifts else (stored,)), share),
        internals=internals,
        parameters=parameters,
        domain=decay.domain,
        error=error,
        about=(about, "The write gate is on while wwl is above wwlb; give v(sn) with .ic where nothing is written."),
    )


def storage_block(decay: DecayModel, name: str, tolerance: float) -> tuple[Block, float]:
    """Make the block of a storage node alone; returns it with the error of its tables, V."""
    parts = storage(decay, tolerance)
    outputs = (*driven("effective", "@stored"), *driven("remaining", "@share"))
    guards = count_outside(parts.domain, "1", ())
    block = Block(
        name=name,
        pins=("wbl", "wwl", "wwlb", "sn", "effective", "remaining"),
        internals=(*parts.internals, *(("outside",) if guards else ())),
        parameters=(*parts.parameters, Parameter(name="r_out", default=1.0, unit="ohm", meaning="of both outputs")),
        parts=(*parts.parts, *outputs, *guards),
        about=(
            *parts.about,
            "effective: the voltage that a read sees; remaining: 1 V times the share of the charge that a read gives.",
        ),
    )
    return block, parts.error


def count_outside(domain: tuple[Domain, ...], while_: str, more: tuple[str, ...]) -> tuple[Part, ...]:
    """Parts that let ``v(outside)`` grow by 1 V a nanosecond while an operand is outside its range.

    Args:
        domain: of a decay model: the age, and the voltage of the node ``sn``.
        while_: expression between 0 and 1: when the operands matter.
        more: expressions that are positive while another operand is outside.
    """
    beyond = [*more]
    for one in domain:
        if one.quantity == "stored_voltage":
            beyond += outside_of("v(sn)", one)
        elif np.isfinite(one.high):
            beyond.append("v(elapsed)-1")  # the timer counts in units of the oldest age
    if not beyond:
        return ()
    anywhere = "min(1," + "+".join(f"u({text})" for text in beyond) + ")"
    return (
        Capacitor(start="outside", end="0", value="1e-15"),
        Current(start="0", end="outside", value=f"1e-6*u(now)*({while_})*{anywhere}"),
        bleed("outside"),
    )


def outside_of(operand: str, domain: Domain, unit: float = 1.0) -> list[str]:
    """Expressions that are positive where an operand, counted in ``unit``, is below or above its range."""
    finite = np.isfinite(domain.high - domain.low)
    slack = 1e-6 * (domain.high - domain.low) / unit if finite else 0.0
    low, high = (number((end + sign * slack * unit) / unit) for end, sign in ((domain.low, -1), (domain.high, 1)))
    below = [f"({low})-({operand})"] if np.isfinite(domain.low) else []
    return below + ([f"({operand})-({high})"] if np.isfinite(domain.high) else [])


def _term(value: float) -> str:
    return f"({number(value)})"


def _write_gate() -> tuple[Part, ...]:
    on = clipped("0.5+(v(wwl)-v(wwlb))/{supply}", "0", "1")
    return (
        Capacitor(start="sn", end="0", value="{c_storage}"),
        bleed("sn", "1e18"),
        Signal(name="writing", value=on),
        Current(start="wbl", end="sn", value="@writing*(v(wbl)-v(sn))/{r_write}"),
        # the operating point of a node that nothing else defines; gone once time runs
        Current(start="sn", end="0", value="(1-u(now))*1e-9*v(sn)"),
    )


def _timer(unit: float) -> tuple[Part, ...]:
    """The node ``elapsed``: time since the last write over ``unit`` (s)."""
    reset = number(unit * 1e-6 / 0.2e-9)  # back to zero with 0.2 ns while writing
    return (
        Capacitor(start="elapsed", end="0", value=number(1e-6 * unit)),
        bleed("elapsed"),
        Current(start="0", end="elapsed", value="1e-6*u(now)*(1-@writing)"),
        Current(start="elapsed", end="0", value=f"u(now)*@writing*{reset}*v(elapsed)"),
        Current(start="elapsed", end="0", value=f"(1-u(now))*(v(elapsed)-{{age}}/{number(unit)})"),
    )


def _drifting(decay: DriftTable, tolerance: float) -> tuple[tuple[Part, ...], float]:
    """The voltage that is left, as a sum of products of the age's and the written voltage's functions."""
    low, high = decay.stored_voltages[[0, -1]]
    curves = sample(lambda voltage: decay.voltage(voltage[:, None], decay.ages), float(low), float(high), tolerance / 2)
    terms = separate(curves.values, tolerance / 2 * float(np.abs(curves.values).max()))
    ages = decay.ages / decay.ages[-1]
    parts: list[Part] = []
    for r, (row, column) in enumerate(zip(terms.rows, terms.columns, strict=True)):
        parts += [
            Signal(name=f"aged{r}", value="v(elapsed)", table=Table(name=f"aged{r}", x=ages, y=row)),
            Signal(name=f"level{r}", value="v(sn)", table=Table(name=f"level{r}", x=curves.nodes, y=column)),
        ]
    total = "+".join(f"@aged{r}*@level{r}" for r in range(terms.rows.shape[0]))
    return (*parts, Signal(name="stored", value=total)), curves.error + terms.error
