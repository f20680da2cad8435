"""A simulator that is no ngspice: it reads the stimuli of a deck and answers as ideal circuits would.

The cell is 19.3 uA/V * (V - 0.45 V) times the word line's amplitude and width [2025 Leroux, the linear model], its
level relaxes to 0.45 V, and the charge-to-pulse circuits are the hard sigmoid and its signed twin.
"""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from circuits.timing import ColumnTiming, signed_timing
from pycosim.errors import ConvergenceFailure
from pycosim.spice import NetlistLike, SerialSimulator, Waveforms

Array = NDArray[np.float64]
Signals = dict[str, Array]

TRANSCONDUCTANCE = 19.3e-6
MID, SUPPLY = 0.45, 0.9
TIME_CONSTANT = 5.0  # s; so slow that no token's age matters
FULL_SCALE = {False: 80e-6 * 15e-9, True: 40e-6 * 15e-9}  # unsigned, signed
WRITE_TAU = 0.5e-9
CURRENT = 10e-6  # of every supply: 10 uA all the time
JUMP = 1e-15


class IdealCircuits(SerialSimulator):
    """Ideal waveforms for every deck of the gain-cell flow.

    Args:
        fails_at: the deck of this name and number (from 0) fails, as does everything after it.
    """

    def __init__(self, fails_at: tuple[str, int] | None = None) -> None:
        self._fails_at = fails_at
        self._failing = False
        self.names: list[str] = []
        self.closed = False

    def run(self, netlist: NetlistLike) -> Waveforms:
        if self._fails_at == (netlist.name, self.names.count(netlist.name)):
            self._failing = True
        self.names.append(netlist.name)
        if self._failing:
            raise ConvergenceFailure("the solver was killed", netlist=netlist.name)
        answer = {"gain_cell_dc": dc, "gain_cell_read": read, "retention": retention}
        axis, signals = answer[netlist.name](netlist.text) if netlist.name in answer else converted(netlist)
        name = "sweep" if netlist.name == "gain_cell_dc" else "time"
        assert set(netlist.probes) <= set(signals)
        return Waveforms(
            axis=axis, axis_name="sweep" if name == "sweep" else "time", signals=signals, netlist_digest=netlist.digest
        )

    def close(self) -> None:
        self.closed = True


def parameter(text: str, name: str) -> float:
    """A number from the top of a deck."""
    found = re.search(rf"^\* {name} = (\S+)$", text, re.MULTILINE)
    assert found is not None, name
    return float(found[1])


def source(text: str, name: str) -> tuple[Array, Array]:
    """Times and values of a piece-wise linear or constant source."""
    found = re.search(rf"^V{name} \S+ 0 (.*)$", text, re.MULTILINE)
    assert found is not None, name
    if not found[1].startswith("pwl"):
        return np.zeros(1), np.array([float(found[1])])
    numbers = np.array([float(word) for word in found[1][4:-1].split()])
    return numbers[::2], numbers[1::2]


def active(text: str, name: str) -> tuple[float, float]:
    """Level of a source that is farthest from mid-supply, and the width of its pulse there (s)."""
    times, values = source(text, name)
    level = float(values[np.argmax(np.abs(values - MID))])
    area = float(np.trapezoid(values - MID, times))
    return level, area / (level - MID) if level != MID else 0.0


def stored(text: str) -> list[float]:
    """Levels of the cells of a cell bench."""
    n = len(re.findall(r"^\* stored_voltage_\d+ = ", text, re.MULTILINE))
    return [parameter(text, f"stored_voltage_{k}") for k in range(n)]


def current(level: float, amplitude: float) -> float:
    return TRANSCONDUCTANCE * (level - MID) * (amplitude - MID) / (SUPPLY - MID)


def dc(text: str) -> tuple[Array, Signals]:
    line = np.linspace(MID, SUPPLY, 11)
    return line, {
        "v(rwlp)": line,
        **{f"i(vbl{k})": np.array([-current(v, a) for a in line]) for k, v in enumerate(stored(text))},
    }


def read(text: str) -> tuple[Array, Signals]:
    amplitude, width = active(text, "rwlp")
    start = parameter(text, "read_start")
    time = np.array([0.0, start, start + JUMP, start + width, start + width + JUMP, start + width + 1e-9])
    shape = np.array([0.0, 0.0, 1.0, 1.0, 0.0, 0.0])
    signals = {"v(rwlp)": MID + (amplitude - MID) * shape, "v(wwl)": 0.0 * shape}
    for k, level in enumerate(stored(text)):
        signals |= {f"i(vbl{k})": -current(level, amplitude) * shape}
        signals |= {f"v(sn{k})": level + 0.0 * shape, f"v(wbl{k})": level + 0.0 * shape}
    return time, signals


def retention(text: str) -> tuple[Array, Signals]:
    time = np.concatenate([[0.0], np.geomspace(1e-9, 5e-3, 4000)])
    return time, {f"v(sn{k})": MID + (v - MID) * np.exp(-time / TIME_CONSTANT) for k, v in enumerate(stored(text))}


def converted(netlist: NetlistLike) -> tuple[Array, Signals]:
    """A converter alone, whose charge is written in the deck, or a column, whose cells are read from it."""
    text = netlist.text
    signed = netlist.name.startswith("signed")
    timing = signed_timing() if signed else ColumnTiming()
    rows = [int(k) for k in re.findall(r"^Vrwlp(\d+) ", text, re.MULTILINE)]
    if rows:
        cells = [(active(text, f"wbl{k}")[0], active(text, f"rwlp{k}")[1]) for k in rows]
        charge = sum(current(level, SUPPLY) * width for level, width in cells)
    else:
        charge = parameter(text, "charge")
    share = float(np.clip(charge / FULL_SCALE[signed], -1.0 if signed else 0.0, 1.0))
    start, width = timing.window_start, abs(share) * timing.max_pulse_width
    corners = np.array([start, start + JUMP, start + width, start + width + JUMP])
    time = np.unique(np.concatenate([np.linspace(0.0, timing.stop, 2001), corners]))
    still = np.zeros(time.size)
    pulse = np.interp(time, corners, SUPPLY * np.array([0.0, 1.0, 1.0, 0.0]), 0.0, 0.0) if width > 0 else still
    signals = {
        **{f"i({name})": still - CURRENT for name in ("vdd", "vddb", "vref", "vvrst", "vwwl", "vwwlb")},
        **{f"v({name})": still for name in ("rbl", "window", "dis", "vcn", "wwl", "wwlb")},
        "v(integral)": still + MID,
        "v(pulse)": pulse,
        "v(sign)": still + SUPPLY * float(share > 0),
    }
    for k in rows:
        level = active(text, f"wbl{k}")[0]
        begun = np.clip(time - timing.write_start, 0.0, None)
        signals |= {
            f"v(sn{k})": level + (SUPPLY - 2 * level) * np.exp(-begun / WRITE_TAU),
            f"v(rwlp{k})": np.interp(time, *source(text, f"rwlp{k}")),
            f"v(dac{k})": np.interp(time, *source(text, f"wbl{k}")),
            f"i(vrwlp{k})": still,
            f"i(vrwln{k})": still,
            f"i(vwbl{k})": still,
        }
    return time, signals
