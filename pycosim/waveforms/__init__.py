"""WAVEFORM -> NUMBER: pure functions of sampled signals, NumPy only."""

from pycosim.waveforms.averages import mean_value, rms_value
from pycosim.waveforms.balance import EnergyBalance, charging_balance
from pycosim.waveforms.crossings import crossing_times, pulse_width
from pycosim.waveforms.edges import transition_times
from pycosim.waveforms.harmonics import distortion, harmonics
from pycosim.waveforms.integrals import charge, supply_energy
from pycosim.waveforms.response import fall_frequency, magnitude_at, phase_at
from pycosim.waveforms.settling import settling_time
from pycosim.waveforms.spectra import integrated_noise, noise_samples, weighted_noise, window_noise
from pycosim.waveforms.windows import windowed

__all__ = [
    "EnergyBalance",
    "charge",
    "charging_balance",
    "crossing_times",
    "distortion",
    "fall_frequency",
    "harmonics",
    "integrated_noise",
    "magnitude_at",
    "mean_value",
    "noise_samples",
    "phase_at",
    "pulse_width",
    "rms_value",
    "settling_time",
    "supply_energy",
    "transition_times",
    "weighted_noise",
    "window_noise",
    "windowed",
]
