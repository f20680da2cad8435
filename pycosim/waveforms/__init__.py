"""WAVEFORM -> NUMBER: pure functions of sampled signals, NumPy only."""

from pycosim.waveforms.crossings import crossing_times, pulse_width
from pycosim.waveforms.integrals import charge, supply_energy
from pycosim.waveforms.settling import settling_time

__all__ = ["charge", "crossing_times", "pulse_width", "settling_time", "supply_energy"]
