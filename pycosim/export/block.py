"""A circuit block as equations: one description, from which the ngspice and the Verilog-A text are printed.

An expression is text in the notation that B-sources and Verilog-A share (``+ - * /``, ``min``, ``max``, ``exp``,
numbers), with

    v(node)          voltage of a pin or of an internal node to ground
    @signal          a signal of the same block, computed before
    {parameter}      a parameter of the instance
    u(x)             1 where x > 0, else 0
    now              time since the analysis began, s; 0 while the operating point is found
"""

from __future__ import annotations

from dataclasses import dataclass

from pycosim.checks import Array, frozen_array, increasing
from pycosim.errors import InputError


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A number that each instance may set: default in SI ``unit``."""

    name: str
    default: float
    unit: str
    meaning: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Table:
    """A function of one variable: linear between its nodes, constant beyond them.

    Args:
        name: of the function.
        x: (n,) increasing.
        y: (n,).
    """

    name: str
    x: Array
    y: Array

    def __post_init__(self) -> None:
        object.__setattr__(self, "x", increasing(f"table {self.name}: x", self.x))
        object.__setattr__(self, "y", frozen_array(f"table {self.name}: y", self.y, ndim=1))
        if self.x.shape != self.y.shape:
            raise InputError(f"table {self.name}: wanted one y per x, {self.x.size}, found {self.y.size}")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Signal:
    """A named value: an expression, or a table of an earlier signal.

    Args:
        name: what ``@name`` means from here on.
        value: an expression; with a table, the expression of its operand.
        table: applied to ``value``; None for the value itself.
    """

    name: str
    value: str
    table: Table | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Current:
    """A current (A) that flows inside the block from one node to another; "0" is ground."""

    start: str
    end: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Capacitor:
    """A capacitor between two nodes: an expression (F) of parameters and numbers only."""

    start: str
    end: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Resistor:
    """A resistor between two nodes: an expression (ohm) of parameters and numbers only."""

    start: str
    end: str
    value: str


Part = Signal | Current | Capacitor | Resistor


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Block:
    """A block that a circuit designer instantiates.

    Args:
        name: of the subcircuit or module.
        pins: in order.
        internals: internal nodes; a node that a user may want to look at says so in ``about``.
        parameters: of an instance.
        parts: in order of evaluation.
        about: lines of plain text on what it does and how to connect it.
    """

    name: str
    pins: tuple[str, ...]
    internals: tuple[str, ...]
    parameters: tuple[Parameter, ...]
    parts: tuple[Part, ...]
    about: tuple[str, ...]

    @property
    def tables(self) -> tuple[Table, ...]:
        """The tables that the block uses, in order."""
        return tuple(part.table for part in self.parts if isinstance(part, Signal) and part.table is not None)


def bleed(node: str, resistance: str = "1e15") -> Resistor:
    """A resistor that carries nothing: every node needs a path to ground."""
    return Resistor(start=node, end="0", value=resistance)


def driven(node: str, value: str) -> tuple[Part, ...]:
    """A voltage (V) behind the resistance ``r_out``, as a current and a resistor, which is a path to ground."""
    return (
        Resistor(start=node, end="0", value="{r_out}"),
        Current(start="0", end=node, value=f"({value})/{{r_out}}"),
    )


def number(value: float) -> str:
    """A number as both languages read it, with all digits that matter for a measured quantity."""
    return f"{value:.12g}"


def clipped(value: str, low: str, high: str) -> str:
    """An expression held between two others."""
    return f"min(max({value},{low}),{high})"
