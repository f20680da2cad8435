"""What ngspice says, read by our own rules: harmless notes, warnings that matter, errors.

The exit status lies both ways, and one wording does not mean one thing: "gmin stepping failed" is harmless
when source stepping succeeds later, a resistor without a value is one warning and status 0, "out of range for
sqrt" is an ``Error:`` on the way to a good solution. The rules come from runs and the sources of ngspice 39.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pycosim.errors import ConvergenceFailure, MissingProbe, SimulationError, SuspectNetlist, UndefinedModel


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a run cannot be trusted.

    Args:
        error: the exception to raise.
        said: the line of ngspice that decided, with its neighbour where that names the device.
        advice: what to try.
    """

    error: type[SimulationError]
    said: str
    advice: str

    def raised(self, netlist: str, run_directory: Path | None) -> SimulationError:
        """The exception that names netlist and run directory."""
        message = f"ngspice said: {self.said!r}; {self.advice}"
        return self.error(message, netlist=netlist, run_directory=run_directory)


@dataclass(frozen=True, slots=True)
class _Rule:
    pattern: re.Pattern[str]
    error: type[SimulationError]
    advice: str


def _rule(pattern: str, error: type[SimulationError], advice: str) -> _Rule:
    return _Rule(re.compile(pattern, re.IGNORECASE), error, advice)


_NUMBERS_ONLY: Final = re.compile(r"\S+\s+[-+]?\d[\d.e+-]*|(?:Reference value\s*:\s*\S+\s*)+")
_LIBRARY: Final = "include the library that defines it, or correct the name"
_PARAMETER: Final = "define it with .param, or correct the name"
_DEFAULT: Final = "ngspice replaced or dropped a value and went on: write the value that is meant"
_SOLVER: Final = (
    "try .options method=gear, a shorter maximum time step, larger reltol or abstol, .nodeset for the nodes "
    "it names, or rise times that are not zero"
)

_FATAL: Final = (
    _rule(
        r"could not (find|open) (include|library) file|\.include statement failed",
        UndefinedModel,
        "a file is gone since the netlist was rendered: render it again",
    ),
    _rule(r"section definition .* not found", UndefinedModel, "correct the section (corner) on the .lib line"),
    _rule(
        r"unknown subckt|(too few|too many) parameters for subcircuit",
        UndefinedModel,
        "include the library with the subcircuit, and connect as many nodes as its .subckt line has",
    ),
    _rule(
        r"can't find model|valid modelname|unable to find definition of model|unknown (model|device) type",
        UndefinedModel,
        _LIBRARY,
    ),
    _rule(r"(undefined|unknown) parameter|undefined number|no such function", UndefinedModel, _PARAMETER),
    _rule(
        r"unrecognized parameter .*ignored",
        UndefinedModel,
        "the model has no such parameter at this level: correct its name or the level",
    ),
    _rule(r"named .* is not in the circuit", UndefinedModel, "sweep a source that exists"),
    _rule(
        r"no data saved for noise",
        MissingProbe,
        "a noise analysis with .save lines needs onoise_spectrum or inoise_spectrum, and for its integral onoise_total",
    ),
    _rule(r"no data saved for", MissingProbe, "no node or current of .save exists: correct the names"),
    _rule(
        r"noise input source .* (not in circuit|not of proper type)", UndefinedModel, "refer .noise to a V or I source"
    ),
    _rule(r"noise input source .* has no ac value", SuspectNetlist, "give that source an AC value: dc 0.45 ac 1"),
    _rule(r"device already exists", SuspectNetlist, "two devices have one name: rename one"),
)

_GAVE_UP: Final = _rule(
    r"timestep too small|transient op failed|(dc|transient) solution failed|no convergence"
    r"|iteration limit reached",
    ConvergenceFailure,
    _SOLVER,
)

_SUSPECT: Final = (
    _rule(r"resistance to+ low", SuspectNetlist, "a resistor has no value, or 0 ohm: write the value"),
    _rule(
        r"\b(re)?set(ting)?\b.{0,40}\bto\b\s*['\"]?(default|zero|[-+.\d])|using (the )?default|using level 1"
        r"|default .{0,30}\bused\b",
        SuspectNetlist,
        _DEFAULT,
    ),
    _rule(
        r"on non-existent node",
        SuspectNetlist,
        "a .ic or .nodeset names a node that does not exist: correct its name",
    ),
    _rule(
        r"can't set option|not yet implemented - ignored|obsolete control card|can't parse .*ignored"
        r"|redefinition of .*ignored|strange parameter|could not set temperature",
        SuspectNetlist,
        _DEFAULT,
    ),
)

_ERROR: Final = re.compile(r"^\W*(fatal |internal )?error\b|run simulation\(s\) aborted", re.IGNORECASE)
_HARMLESS: Final = re.compile(
    r"^\s*(note:|circuit:|supplies reduced|reference value|\.\w+ line ignored since rawfile|no\. of data)"
    r"|out of range for|^\s*in line b|^\s*option scale:|this model supports bsim4"
    r"|^\s*\S+\s+[-+]?[\d.]+(e[-+]?\d+)?\s*$",  # the last: a node and its voltage
    re.IGNORECASE,
)
_SINGULAR: Final = re.compile(r"singular matrix:\s*check node\s*(\S+)", re.IGNORECASE)
_STEPPING: Final = re.compile(r"starting (dynamic |true )?gmin stepping|starting source step", re.IGNORECASE)
_GUESSED: Final = re.compile(r"transient op finished", re.IGNORECASE)


def read_log(log: str) -> Problem | None:
    """The reason not to trust a run, or None where the log holds only harmless lines.

    Args:
        log: everything that ngspice printed for the run, both streams.
    """
    everything = [line.strip() for line in log.replace("\r", "\n").split("\n")]
    lines = [line for line in everything if line and not _HARMLESS.search(line)]
    return _first(lines, _FATAL) or _solver_problem(lines, everything) or _first(lines, _SUSPECT) or _unexplained(lines)


def _first(lines: list[str], rules: tuple[_Rule, ...]) -> Problem | None:
    for rule in rules:
        for index, line in enumerate(lines):
            if rule.pattern.search(line):
                return Problem(rule.error, _with_neighbour(lines, index), rule.advice)
    return None


def _with_neighbour(lines: list[str], index: int) -> str:
    """The line, with the one beside it where ngspice spreads one message over two."""
    line = lines[index]
    if line.endswith(("from line", ":")) and index + 1 < len(lines):
        return f"{line} | {lines[index + 1]}"
    if index and len(line.split()) <= 7:
        return f"{lines[index - 1]} | {line}"
    return line


def _solver_problem(lines: list[str], everything: list[str]) -> Problem | None:
    """A matrix that was singular before anything else was tried and that nothing repaired, or no solution."""
    gave_up = _first(lines, (_GAVE_UP,))
    guessed = any(_GUESSED.search(line) for line in everything)
    if not gave_up and not guessed:
        return None
    began = next((i for i, line in enumerate(everything) if _STEPPING.search(line)), len(everything))
    singular = next((found for found in map(_SINGULAR.search, everything[:began]) if found), None)
    if singular is None:
        return gave_up
    node = singular[1]
    advice = (
        f"{node} closes a loop of voltage sources or inductors: put a resistor into it"
        if node.endswith("#branch")
        else f"node {node} has no DC path to ground: connect it, or give it .ic"
    )
    return Problem(SuspectNetlist, singular[0], advice)


def _unexplained(lines: list[str]) -> Problem | None:
    """An error that no rule knows is still an error."""
    for index, line in enumerate(lines):
        if _ERROR.search(line):
            return Problem(SimulationError, _with_neighbour(lines, index), "see the log beside the deck")
    return None


def last_words(log: str, n_lines: int = 4) -> str:
    """The last lines of a log that say something, for the message about a process that died.

    Rows of the operating point and progress marks say nothing about a death.
    """
    lines = [line.strip() for line in log.replace("\r", "\n").split("\n") if line.strip()]
    lines = [line for line in lines if not _NUMBERS_ONLY.fullmatch(line)]
    return " | ".join(lines[-n_lines:]) or "nothing"
