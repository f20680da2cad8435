"""A block as a Verilog-A module; its tables are functions of nested comparisons, or files for ``$table_model``."""

from __future__ import annotations

import re

from pycosim.checks import Array
from pycosim.export.block import Block, Capacitor, Current, Part, Resistor, Signal, Table, number

_SIGNAL = re.compile(r"@(\w+)")
_NUMBER = re.compile(r"(?<![\w.])\d+(\.\d*)?(e[+-]?\d+)?")
TABLE_MACRO = "PYCOSIM_TABLE_MODEL"
"""Defined: tables come from files through ``$table_model``, which some simulators evaluate faster; not all have it."""

_SAYING = (
    "if (V(outside) > 0.001 && V(outside) < 0.2) // at the first points only; not every simulator has final_step",
    '  $strobe("%m: an operand left the range of the model at %g s", $abstime);',
)


def verilog_a_text(block: Block, comments: tuple[str, ...]) -> str:
    """Print a block as a Verilog-A module.

    Args:
        block: what to print.
        comments: lines of provenance at its head.
    """
    signals = {part.name for part in block.parts if isinstance(part, Signal)}
    lines = [
        *(f"// {line}".rstrip() for line in (*comments, *block.about)),
        '`include "disciplines.vams"',
        "",
        f"module {block.name}({', '.join(block.pins)});",
        *(f"  inout {pin};" for pin in block.pins),
        f"  electrical {', '.join((*block.pins, *block.internals))};",
        *(
            f"  parameter real {p.name} = {_real(number(p.default))}; // {p.meaning} ({p.unit or '1'})"
            for p in block.parameters
        ),
        f"  real {', '.join(sorted(f'at_{name}' for name in signals))};",
        "",
        "  analog function real u;",
        "    input x; real x;",
        "    u = x > 0.0 ? 1.0 : 0.0;",
        "  endfunction",
        *(line for table in block.tables for line in _function(table)),
        "",
        "  analog begin",
        *(f"    {line}" for part in block.parts for line in _statement(part, block.name)),
        *(f"    {line}" for line in (_SAYING if "outside" in block.internals else ())),
        "  end",
        "endmodule",
    ]
    return "\n".join(lines) + "\n"


def table_files(block: Block) -> dict[str, str]:
    """File name -> text, for every table of a block: two columns, operand and value."""
    return {
        _file(block.name, table): "".join(f"{x:.12g} {y:.12g}\n" for x, y in zip(table.x, table.y, strict=True))
        for table in block.tables
    }


def _file(block: str, table: Table) -> str:
    return f"{block}_{table.name}.tbl"


def _statement(part: Part, block: str) -> list[str]:
    across = _branch(part).replace("I(", "V(", 1) if not isinstance(part, Signal) else ""
    if isinstance(part, Resistor):
        return [f"{_branch(part)} <+ {across}/({_expression(part.value)});"]
    if isinstance(part, Capacitor):
        return [f"{_branch(part)} <+ ({_expression(part.value)})*ddt({across});"]
    if isinstance(part, Current):
        value = _expression(part.value)
        return [f"{_branch(part)} <+ {f'-({value})' if part.start == '0' else value};"]
    value, target = _expression(part.value), f"at_{part.name}"
    if part.table is None:
        return [f"{target} = {value};"]
    return [
        f"`ifdef {TABLE_MACRO}",
        f'{target} = $table_model({value}, "{_file(block, part.table)}", "1CC");',
        "`else",
        f"{target} = table_{part.table.name}({value});",
        "`endif",
    ]


def _branch(part: Capacitor | Current | Resistor) -> str:
    """The branch of a current from start to end; ground is the implied second node."""
    if part.start == "0":
        return f"I({part.end})"
    return f"I({part.start})" if part.end == "0" else f"I({part.start},{part.end})"


def _expression(text: str) -> str:
    text = _SIGNAL.sub(r"at_\1", text).replace("{", "").replace("}", "")
    text = re.sub(r"\bv\(", "V(", text)
    text = re.sub(r"\bnow\b", "$abstime", text)
    return _NUMBER.sub(lambda found: _real(found[0]), text)


def _real(text: str) -> str:
    """A number as a real one: whole numbers would divide as integers."""
    return text if "." in text or "e" in text else f"{text}.0"


def _function(table: Table) -> list[str]:
    name = f"table_{table.name}"
    return [
        "",
        f"  analog function real {name}; // {table.x.size} nodes; constant beyond the first and the last",
        "    input x; real x;",
        "    begin",
        *_choose(name, table.x, table.y, 0, table.x.size, "      "),
        "    end",
        "  endfunction",
    ]


def _choose(name: str, x: Array, y: Array, first: int, last: int, indent: str) -> list[str]:
    """Nested comparisons for the pieces first .. last: piece k lies below x[k], the last one above all nodes."""
    if first == last:
        return [f"{indent}{name} = {_piece(x, y, first)};"]
    middle = (first + last) // 2
    return [
        f"{indent}if (x < {_real(number(x[middle]))}) begin",
        *_choose(name, x, y, first, middle, indent + "  "),
        f"{indent}end else begin",
        *_choose(name, x, y, middle + 1, last, indent + "  "),
        f"{indent}end",
    ]


def _piece(x: Array, y: Array, k: int) -> str:
    if k in (0, x.size):
        return _real(number(y[min(k, x.size - 1)]))
    slope = (y[k] - y[k - 1]) / (x[k] - x[k - 1])
    return f"{_real(number(y[k - 1]))} + (x - ({_real(number(x[k - 1]))}))*({_real(number(slope))})"
