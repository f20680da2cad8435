"""WAVEFORM -> NUMBER: pure functions of sampled signals, NumPy only."""

from pycosim.waveforms.balance import EnergyBalance, charging_balance
from pycosim.waveforms.crossings import crossing_times, pulse_width
from pycosim.waveforms.integrals import charge, supply_energy
from pycosim.waveforms.settling import settling_time
from pycosim.waveforms.spectra import integrated_noise, noise_samples, weighted_noise, window_noise

__all__ = [
    "EnergyBalance",
    "charge",
    "charging_balance",
    "crossing_times",
    "integrated_noise",
    "noise_samples",
    "pulse_width",
    "settling_time",
    "supply_energy",
    "weighted_noise",
    "window_noise",
]
