"""Testbench and netlist: a circuit with its stimuli and analysis, and the text that ngspice reads."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from PySpice.Spice.Netlist import Circuit

from circuits.analyses import NOISE_PROBE, AcSweep, Noise, OperatingPoint
from circuits.die import Die, deviate
from circuits.errors import CircuitError
from circuits.identifiers import check_identifier
from circuits.quantities import check_quantity
from circuits.technology import Library, Technology

_PROBE = re.compile(r"[vi]\([a-z0-9_.#]+\)\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Transient:
    """A transient analysis (s): print step, stop, largest step, start of what is stored."""

    step: float
    stop: float
    max_step: float
    start: float = 0.0

    def __post_init__(self) -> None:
        """Check that every time is one."""
        for what in ("step", "stop", "max_step"):
            check_quantity(f"transient: {what}", getattr(self, what), "s", 1e-15)
        check_quantity("transient: start", self.start, "s", 0.0)

    def line(self) -> str:
        """The analysis line of the deck."""
        return f"tran {self.step:.6g} {self.stop:.9g} {self.start:.6g} {self.max_step:.6g}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceSweep:
    """One swept source: its element name, first and last value, step (V or A)."""

    source: str
    start: float
    stop: float
    step: float

    def __post_init__(self) -> None:
        """Check that every number is one."""
        check_identifier(self.source, "sweep: source")
        for what in ("start", "stop", "step"):
            check_quantity(f"sweep of {self.source}: {what}", getattr(self, what), "V or A")
        if self.step == 0:
            raise CircuitError(f"sweep of {self.source}: step must not be 0")


@dataclass(frozen=True, slots=True, kw_only=True)
class DcSweep:
    """A DC sweep of one source, or of two (the first runs fastest)."""

    inner: SourceSweep
    outer: SourceSweep | None = None

    def line(self) -> str:
        """The analysis line of the deck."""
        sweeps = (self.inner,) if self.outer is None else (self.inner, self.outer)
        return "dc " + " ".join(f"{s.source} {s.start:.9g} {s.stop:.9g} {s.step:.9g}" for s in sweeps)


Analysis = Transient | DcSweep | OperatingPoint | AcSweep | Noise


@dataclass(frozen=True, slots=True, kw_only=True)
class Testbench:
    """A circuit with sources around it, one analysis, and what is to be recorded.

    Attributes:
        name: becomes the netlist's name.
        circuit: the PySpice circuit, sources included.
        analysis: the one analysis.
        probes: recorded signals, "v(node)" or "i(source)", lower case; of a noise analysis "onoise_spectrum",
            "inoise_spectrum" or a device's part of it.
        technology: its library is written into the netlist.
        parameters: numbers worth reading at the top of the netlist (SI units).
        initial_voltages: node -> voltage (V) forced during the operating point.
        options: simulator options beyond the technology's temperature.
        die: a sample of mismatch; None for the circuit as drawn.
        text: of the circuit, where it was written before: many dies of one circuit. "" to write it.
    """

    __test__ = False  # not a test class, whatever pytest thinks of its name

    name: str
    circuit: Circuit
    analysis: Analysis
    probes: tuple[str, ...]
    technology: Technology
    parameters: Mapping[str, float] = field(default_factory=dict)
    initial_voltages: Mapping[str, float] = field(default_factory=dict)
    options: Mapping[str, str] = field(default_factory=lambda: dict(TRANSIENT_OPTIONS))
    die: Die | None = None
    text: str = ""


# reltol 1e-4 with gear costs nothing against 1e-3 once the largest step is bounded, and is 20 times more accurate:
# pulse width within 2 ps of reltol 1e-6 at the same 100 ps steps, which themselves cost some 6 ps [measured with
# ngspice 39 on the 64-cell column].
TRANSIENT_OPTIONS: Mapping[str, str] = {"reltol": "1e-4", "method": "gear"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Netlist:
    """A whole deck as text, ready for `ngspice -b`.

    Attributes:
        name: file name without suffix.
        text: the deck; first line is the title, last line `.end`; never a control block.
        digest: SHA-256 (hex) of the text, the settings and the contents of the libraries it names.
        probes: what it records, "v(node)" or "i(source)".
        settings: ngspice variables to be set before the deck is read.
        libraries: the only files that `.include` and `.lib` lines of the text may name.
    """

    name: str
    text: str
    digest: str
    probes: tuple[str, ...]
    settings: tuple[tuple[str, str], ...] = ()
    libraries: tuple[Path, ...] = ()


def render_netlist(bench: Testbench) -> Netlist:
    """Write a testbench as a deck: same testbench, same bytes.

    Raises:
        CircuitError: a probe that the analysis does not have, a name or number that is none, or a library section
            that is not there.
    """
    _check_names(bench)
    _check_probes(bench)
    technology = bench.technology
    options = {"temp": f"{technology.temperature:g}", **bench.options}
    lines = [
        f"{bench.name}: {technology.name} {technology.corner} {technology.temperature:g} C",
        *(f"* {key} = {value:.9g}" for key, value in bench.parameters.items()),
        *(f"* needs in .spiceinit: set {key}={value}" for key, value in technology.settings),
        *_library_lines(technology),
        *([] if bench.die is None else [f"* die {bench.die}"]),
        *_circuit_lines(bench),
        *(f".ic v({node})={voltage:.9g}" for node, voltage in bench.initial_voltages.items()),
        ".options " + " ".join(f"{key}={value}" for key, value in options.items()),
        *(f".save {probe}" for probe in _saved(bench)),
        f".print {bench.analysis.line().split()[0]} " + " ".join(bench.probes[:8]),
        f".{bench.analysis.line()}",
        ".end",
    ]
    text = "\n".join(lines) + "\n"
    outside = tuple(dict.fromkeys(entry.path for entry in technology.libraries if not entry.inline))
    return Netlist(
        name=bench.name,
        text=text,
        digest=_digest(text, technology.settings, outside),
        probes=bench.probes,
        settings=technology.settings,
        libraries=outside,
    )


def _circuit_lines(bench: Testbench) -> list[str]:
    lines = (bench.text or str(bench.circuit)).strip().splitlines()[1:]  # PySpice's own .title line goes
    return lines if bench.die is None else deviate(lines, bench.technology, bench.die)


def _check_probes(bench: Testbench) -> None:
    """Refuse a probe that the analysis does not have."""
    noise = isinstance(bench.analysis, Noise)
    pattern = NOISE_PROBE if noise else _PROBE
    wanted = "'onoise_spectrum', 'inoise_spectrum' or 'onoise.<device>'" if noise else "'v(node)' or 'i(source)'"
    for probe in bench.probes:
        if not pattern.match(probe):
            raise CircuitError(f"{bench.name}: probe {probe!r} must be {wanted} in lower case")


def _saved(bench: Testbench) -> tuple[str, ...]:
    """What ngspice is told to keep; nothing said is everything.

    It refuses a noise analysis of whose second plot, the integral, nothing is kept, and how it spells a device's part
    depends on the kind of device.
    """
    if not isinstance(bench.analysis, Noise):
        return bench.probes
    return () if bench.analysis.contributions else (*bench.probes, "onoise_total")


def _check_names(bench: Testbench) -> None:
    """Refuse what would end a line of the deck or name another folder."""
    check_identifier(bench.name, "name of the testbench")
    if not bench.probes:
        raise CircuitError(f"{bench.name}: no probes; name what is to be recorded")
    for key in (*bench.parameters, *bench.initial_voltages, *bench.options):
        check_identifier(key, bench.name)
    for key, text in bench.options.items():
        check_identifier(text, f"{bench.name}: option {key}")
    for key, value in (*bench.parameters.items(), *bench.initial_voltages.items()):
        check_quantity(f"{bench.name}: {key}", value, "SI units")


def netlist_file_name(bench: str, technology: Technology) -> str:
    """The committed name of a netlist: `<bench>__<technology>_<corner>_<temperature>.cir`."""
    return f"{bench}__{technology.name}_{technology.corner}_{technology.temperature:g}c.cir"


def _library_lines(technology: Technology) -> list[str]:
    lines: list[str] = []
    for entry in technology.libraries:
        section = entry.section and entry.section.replace("{corner}", technology.corners[technology.corner])
        if entry.inline:
            lines += _section_text(entry, section)
        elif section:
            lines.append(f'.lib "{entry.path}" {section}')
        else:
            lines.append(f'.include "{entry.path}"')
    return lines


def _section_text(library: Library, section: str | None) -> list[str]:
    state = library.path.stat()
    lines = _library_text(library.path, state.st_mtime_ns, state.st_size).splitlines()
    if section is None:
        return lines
    heads = [i for i, line in enumerate(lines) if line.lower().split() == [".lib", section.lower()]]
    if not heads:
        raise CircuitError(f"library {library.path} has no section {section!r}")
    ends = [i for i, line in enumerate(lines) if i > heads[0] and line.lower().startswith(".endl")]
    if not ends:
        raise CircuitError(f"library {library.path}: section {section!r} has no .endl")
    return lines[heads[0] + 1 : ends[0]]


@lru_cache(maxsize=8)  # read again when the file has changed
def _library_text(path: Path, changed: int, size: int) -> str:
    return path.read_text(encoding="utf-8")


def _digest(text: str, settings: tuple[tuple[str, str], ...], libraries: tuple[Path, ...]) -> str:
    digest = hashlib.sha256(text.encode())
    for key, value in settings:
        digest.update(f"\0{key}={value}".encode())
    for path in libraries:
        digest.update(b"\0" + path.read_bytes())
    return digest.hexdigest()
