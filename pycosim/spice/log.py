"""What ngspice says, read by our own rules: harmless notes, warnings that matter, errors.

The exit status lies both ways, and one wording does not mean one thing: "gmin stepping failed" is harmless
when source stepping succeeds later, a resistor without a value is one warning and status 0. The rules below
were collected from runs and from the sources of ngspice 39.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pycosim.errors import ConvergenceFailure, SimulationError, SuspectNetlist, UndefinedModel


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a run cannot be trusted.

    Args:
        error: the exception to raise.
        said: the line of ngspice that decided, with the one after it where that names the device.
        advice: what to try.
    """

    error: type[SimulationError]
    said: str
    advice: str

    def raised(self, netlist: str, run_directory: Path | None) -> SimulationError:
        """The exception that names netlist and run directory."""
        return self.error(
            f"ngspice said: {self.said!r}; {self.advice}", netlist=netlist, run_directory=run_directory
        )


@dataclass(frozen=True, slots=True)
class _Rule:
    pattern: re.Pattern[str]
    error: type[SimulationError]
    advice: str


def _rule(pattern: str, error: type[SimulationError], advice: str) -> _Rule:
    return _Rule(re.compile(pattern, re.IGNORECASE), error, advice)


_LIBRARY: Final = "include the library that defines it, or correct the name"
_PARAMETER: Final = "define it with .param, or correct the name"
_DEFAULT: Final = "ngspice replaced or dropped a value and went on: write the value that is meant"
_SOLVER: Final = (
    "try .options method=gear, a shorter maximum time step, larger reltol or abstol, .nodeset for the nodes it names, "
    "or rise times that are not zero"
)

_FATAL: Final = (
    _rule(r"could not find include file|could not (find|open) library file|\.include statement failed",
          UndefinedModel, "the file is gone since the netlist was rendered: render it again"),
    _rule(r"library file .* section definition|can't find .*\.lib|couldn't find .* section",
          UndefinedModel, "correct the section (corner) name on the .lib line"),
    _rule(r"unknown subckt|too few parameters for subcircuit|mismatch of .* parameters? for subcircuit",
          UndefinedModel, _LIBRARY),
    _rule(r"can't find model|could not find a valid modelname|unable to find definition of model"
          r"|no such model|unknown model type|unknown device type", UndefinedModel, _LIBRARY),
    _rule(r"undefined parameter|unknown parameter|undefined number|no such parameter|cannot compute substitute",
          UndefinedModel, _PARAMETER),
    _rule(r"unrecognized parameter .*ignored", UndefinedModel,
          "the model has no such parameter at this level: correct its name or the level"),
    _rule(r"no such function", UndefinedModel, "define it with .func, or correct the name"),
)  # fmt: skip

_CONVERGENCE: Final = (
    _rule(r"timestep too small", ConvergenceFailure, _SOLVER),
    _rule(r"transient op failed|dc solution failed|no convergence|iteration limit reached", ConvergenceFailure, _SOLVER),
    _rule(r"analysis: .*(aborted|failed)|run simulation\(s\) aborted|simulation interrupted", ConvergenceFailure, _SOLVER),
)  # fmt: skip

_SUSPECT: Final = (
    _rule(r"resistance to+ low|resistance too low", SuspectNetlist, "a resistor has no value or 0 ohm: " + _DEFAULT),
    _rule(r"\b(re)?set(ting)? .{0,40}to (default|zero|one|\S*\d)|using (the )?default|default .{0,30} used|set to 'default'"
          r"|using level 1|set to default", SuspectNetlist, _DEFAULT),
    _rule(r"unknown option|can't set option|not yet implemented - ignored|unimplemented|obsolete control card",
          SuspectNetlist, "ngspice does not know the option and went on: correct or remove it"),
    _rule(r"on non-existent node", SuspectNetlist, "a .ic or .nodeset names a node that does not exist: correct its name"),
    _rule(r"can't parse .*: ignored|could not set temperature|\bignored\b.*\bline\b|redefinition of .* ignored"
          r"|strange parameter|extra parameters", SuspectNetlist, _DEFAULT),
    _rule(r"(nodes?|node) .*(floating|no dc path|not connected)|less than (two|2) connections", SuspectNetlist,
          "connect the node, or give it .ic"),
    _rule(r"^\s*warning.*\b(is|are) (too )?(small|large|big|negative|zero).*\bset to\b", SuspectNetlist, _DEFAULT),
)  # fmt: skip

_ERROR_LINE: Final = re.compile(r"^\s*(fatal |internal )?error\b|fatal error", re.IGNORECASE)
_HARMLESS: Final = re.compile(
    r"no compatibility mode|transient time 0 value used|no dc value|^\s*note:|line ignored since rawfile"
    r"|no listing, rawfile|information in rawfile|supplies reduced|trying gmin|^\s*reference value"
    r"|this model supports bsim4|interpolated raw file",
    re.IGNORECASE,
)
_SINGULAR: Final = re.compile(r"singular matrix:\s*check node\s*(\S+)", re.IGNORECASE)
_STEPPING: Final = re.compile(
    r"starting (dynamic |true )?gmin stepping|starting source stepping", re.IGNORECASE
)
_LAST_RESORT: Final = re.compile(r"transient op (started|finished)", re.IGNORECASE)
_DONE: Final = re.compile(r"(gmin|source) stepping completed", re.IGNORECASE)


def read_log(log: str) -> Problem | None:
    """The reason not to trust a run, or None where the log holds only harmless lines.

    Args:
        log: everything that ngspice printed for the run, both streams.
    """
    lines = [line.rstrip() for line in log.replace("\r", "\n").split("\n")]
    return (
        _first(lines, _FATAL)
        or _solver_problem(lines)
        or _first(lines, _SUSPECT)
        or _unexplained(lines)
    )  # fmt: skip


def _first(lines: list[str], rules: tuple[_Rule, ...]) -> Problem | None:
    for rule in rules:
        for index, line in enumerate(lines):
            if rule.pattern.search(line) and not _HARMLESS.match(line):
                return Problem(rule.error, _with_context(lines, index), rule.advice)
    return None


def _with_context(lines: list[str], index: int) -> str:
    """The line; a line that names no device brings along the one above, where ngspice quotes the card."""
    line = lines[index].strip()
    above = lines[index - 1].strip() if index else ""
    if above and len(line.split()) <= 6 and not _HARMLESS.search(above) and not above.startswith("Circuit:"):
        return f"{above} | {line}"
    below = lines[index + 1].strip() if index + 1 < len(lines) else ""
    return f"{line} | {below}" if line.endswith(("from line", ":")) and below else line


def _solver_problem(lines: list[str]) -> Problem | None:
    """A singular matrix that nothing repaired, or a solver that gave up."""
    failure = _first(lines, _CONVERGENCE)
    singular = next((match for match in map(_SINGULAR.search, lines) if match), None)
    began = next((i for i, line in enumerate(lines) if _STEPPING.search(line)), len(lines))
    structural = singular is not None and any(_SINGULAR.search(line) for line in lines[: began + 1])
    repaired = any(_DONE.search(line) for line in lines)
    guessed = any(_LAST_RESORT.search(line) for line in lines)
    if structural and singular is not None and (failure or (guessed and not repaired)):
        node = singular[1]
        advice = (
            f"{node} closes a loop of voltage sources or inductors: put a resistor into it"
            if node.endswith("#branch")
            else f"node {node} has no DC path to ground: connect it, or give it .ic"
        )
        return Problem(SuspectNetlist, singular[0], advice)
    return failure


def _unexplained(lines: list[str]) -> Problem | None:
    """An error that no rule knows is still an error."""
    for index, line in enumerate(lines):
        if _ERROR_LINE.search(line):
            return Problem(SimulationError, _with_context(lines, index), "see the log beside the deck")
    return None


def last_words(log: str, n_lines: int = 4) -> str:
    """The last lines of a log that say something, for the message about a process that died."""
    lines = [line.strip() for line in log.replace("\r", "\n").split("\n") if line.strip()]
    return " | ".join(lines[-n_lines:]) or "nothing"
