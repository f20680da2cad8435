"""DATASET -> MODEL: fits that judge themselves on points that they did not see."""

from pycosim.fitting.cell import fit_lookup_cell, fit_polynomial_cell
from pycosim.fitting.converter import fit_hard_sigmoid, fit_pulse_table, fit_signed_pulse
from pycosim.fitting.decay import fit_drift_table, fit_storage_decay
from pycosim.fitting.fit import Fit, hold_out, hold_out_every
from pycosim.fitting.leak import fit_leak_decay
from pycosim.fitting.points import columns, netlist_digests

__all__ = [
    "Fit",
    "columns",
    "fit_drift_table",
    "fit_hard_sigmoid",
    "fit_leak_decay",
    "fit_lookup_cell",
    "fit_polynomial_cell",
    "fit_pulse_table",
    "fit_signed_pulse",
    "fit_storage_decay",
    "hold_out",
    "hold_out_every",
    "netlist_digests",
]
