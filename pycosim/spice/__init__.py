"""Netlist to waveforms: the simulator protocol and its engines (libngspice, ``ngspice -b``, replay)."""

from pycosim.spice.batch import NgspiceBatch
from pycosim.spice.installation import find_libngspice, find_ngspice, installation_hint, ngspice_version
from pycosim.spice.pool import NgspicePool
from pycosim.spice.replay import Replay, record_waveforms
from pycosim.spice.serial import SerialSimulator
from pycosim.spice.simulator import NetlistLike, Outcome, Progress, Simulator, Waveforms

__all__ = [
    "NetlistLike",
    "NgspiceBatch",
    "NgspicePool",
    "Outcome",
    "Progress",
    "Replay",
    "SerialSimulator",
    "Simulator",
    "Waveforms",
    "find_libngspice",
    "find_ngspice",
    "installation_hint",
    "ngspice_version",
    "record_waveforms",
]
