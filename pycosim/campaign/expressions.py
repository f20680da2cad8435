"""EXPRESSIONS: arithmetic with parameters of a point, such as "supply / 2", and nothing that could run."""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Final

from pycosim.campaign.task import Value
from pycosim.errors import ConfigurationError
from pycosim.flows.config import near_words
from pycosim.spice.deck import parse_number

_BINARY: Final[Mapping[type[ast.operator], Callable[[float, float], float]]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: math.pow,
}
_CONSTANTS: Final[Mapping[str, Value]] = {"pi": math.pi}
_LONGEST: Final = 200
_HOW: Final = 'write a number in SI units, or parameters with + - * / and brackets, as in "supply / 2"'


def evaluate(text: str, parameters: Mapping[str, Value]) -> float:
    """Value of an expression.

    Args:
        text: numbers, names of parameters (dots allowed), pi, + - * / ** and brackets.
        parameters: name -> value.

    Raises:
        ConfigurationError: no expression, a parameter that is not there or is a word, or no finite value.
    """
    try:
        value = _value(_parsed(text), text, {**_CONSTANTS, **parameters})
    except (ArithmeticError, ValueError) as error:
        if isinstance(error, ConfigurationError):
            raise
        raise ConfigurationError(f"the expression {text!r} has no value: {error}") from None
    if not math.isfinite(value):
        raise ConfigurationError(f"the expression {text!r} must be finite, found {value}")
    return value


def check_expression(text: str) -> frozenset[str]:
    """Names of the parameters in an expression.

    Raises:
        ConfigurationError: it is none.
    """
    return frozenset(_names(_parsed(text), text)) - _CONSTANTS.keys()


@lru_cache(maxsize=1024)
def _parsed(text: str) -> ast.expr:
    number = parse_number(text.strip())
    try:
        if len(text) > _LONGEST:
            raise SyntaxError
        return ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError):
        hint = _HOW if number is None else f"suffixes are for decks; write {number!r}"
        raise ConfigurationError(f"{text[:_LONGEST]!r} is no number and no expression: {hint}") from None


def _names(node: ast.expr, text: str) -> set[str]:
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        return set()
    if isinstance(node, ast.Name | ast.Attribute):
        return {ast.unparse(node)}
    if isinstance(node, ast.BinOp) and type(node.op) in _BINARY:
        return _names(node.left, text) | _names(node.right, text)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
        return _names(node.operand, text)
    raise ConfigurationError(f"{text!r} holds {ast.unparse(node)!r}, which no expression may: {_HOW}")


def _value(node: ast.expr, text: str, parameters: Mapping[str, Value]) -> float:
    if isinstance(node, ast.BinOp) and type(node.op) in _BINARY:
        left, right = (_value(side, text, parameters) for side in (node.left, node.right))
        return _BINARY[type(node.op)](left, right)
    if isinstance(node, ast.UnaryOp):
        inner = _value(node.operand, text, parameters)
        return -inner if isinstance(node.op, ast.USub) else inner
    names = _names(node, text)
    if not names:
        return float(ast.literal_eval(node))
    (name,) = names
    if name not in parameters:
        raise ConfigurationError(
            f"the expression {text!r} names {name!r}, which is no parameter; {near_words(name, sorted(parameters))}"
        )
    value = parameters[name]
    if isinstance(value, str):
        raise ConfigurationError(f"the expression {text!r} names {name}, which is a word here ({value!r}): {_HOW}")
    return float(value)
