"""Every error that pycosim raises on purpose.

    PycosimError
    |-- InputError               a value, file or name given from outside cannot be used
    |   |-- DomainError          an operand lies outside the range a model was fitted on
    |   `-- ConfigurationError   a configuration file or technology is incomplete or contradictory
    |-- SimulationError          ngspice ran, or should have, and gave no waveforms that may be trusted
    |   |-- SimulatorMissing     no ngspice or libngspice on this machine
    |   |-- SimulatorCrashed     the process died
    |   |-- SimulationTimeout    the time limit passed
    |   |-- ConvergenceFailure   the solver gave up
    |   |-- UndefinedModel       a device names a model, subcircuit or parameter that no library defines
    |   |-- MissingProbe         a requested node or current is not in the result
    |   |-- SuspectNetlist       ngspice replaced a value, or a node floats
    |   `-- UnsafeNetlist        text from outside would have run a command
    |-- MeasurementError         a waveform does not have what is to be measured: no crossing, no pulse
    |-- StoreError               a folder of results cannot be read or written
    |-- ClusterError             a Dask cluster cannot be reached, cannot be used, or was lost
    `-- FitError                 a fit did not reach the accuracy that it must have

A message says what was wanted, what was found (numbers and units) and what to try.
"""

from __future__ import annotations

from pathlib import Path


class PycosimError(Exception):
    """Base of every deliberate error; catch it to catch them all."""


class InputError(PycosimError, ValueError):
    """A value, file or name given from outside cannot be used."""


class DomainError(InputError):
    """An operand lies outside the range on which a behavioural model was fitted."""


class ConfigurationError(InputError):
    """A configuration file or technology is incomplete or contradictory."""


class SimulationError(PycosimError, RuntimeError):
    """ngspice gave no waveforms that may be trusted.

    Args:
        message: what was wanted, found, and what to try.
        netlist: name of the netlist, where known.
        run_directory: where the deck and the log of the failed run lie, where they were kept.
    """

    def __init__(self, message: str, *, netlist: str | None = None, run_directory: Path | None = None) -> None:
        self.message = message
        self.netlist = netlist
        self.run_directory = run_directory
        place = f"netlist {netlist}: " if netlist else ""
        where = f" (deck and log: {run_directory})" if run_directory else ""
        super().__init__(f"{place}{message}{where}")

    def __reduce__(self) -> tuple[object, ...]:
        """Survive the trip from a worker process."""
        return (_rebuild, (type(self), self.message, self.netlist, self.run_directory))


def _rebuild(
    kind: type[SimulationError], message: str, netlist: str | None, run_directory: Path | None
) -> SimulationError:
    return kind(message, netlist=netlist, run_directory=run_directory)


class SimulatorMissing(SimulationError):
    """No ngspice or libngspice on this machine."""


class SimulatorCrashed(SimulationError):
    """The simulator's process died."""


class SimulationTimeout(SimulationError):
    """The time limit of the run passed."""


class ConvergenceFailure(SimulationError):
    """The solver gave up."""


class UndefinedModel(SimulationError):
    """A device names a model, subcircuit or parameter that no library defines."""


class MissingProbe(SimulationError):
    """A requested node or current is not in the result."""


class SuspectNetlist(SimulationError):
    """ngspice replaced a value by a default, or a node has no path to ground."""


class UnsafeNetlist(SimulationError):
    """Text from outside would have run a command, a shell or included a file."""


class MeasurementError(PycosimError, RuntimeError):
    """A waveform does not have what is to be measured: it never crosses the threshold, never falls by 3 dB."""


class StoreError(PycosimError, RuntimeError):
    """A folder of results cannot be read or written; what it holds is kept."""


class ClusterError(PycosimError, RuntimeError):
    """A Dask cluster cannot be reached, cannot be used, or was lost; points that came back are kept."""


class FitError(PycosimError, RuntimeError):
    """A fit did not reach the accuracy that it must have."""
