"""The one error of the circuit generators."""

from __future__ import annotations


class CircuitError(ValueError):
    """A technology, parameter or testbench cannot be made into a netlist.

    `circuits` imports nothing of pycosim, so this error stands beside
    `pycosim.errors.PycosimError`; the command line reports both alike.
    """
