"""From what an engine returned (plots and a log) to waveforms, or to the error that says why not."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import Final

import numpy as np

from pycosim.errors import ConvergenceFailure, MissingProbe, SimulationError
from pycosim.spice.log import read_log
from pycosim.spice.rawfile import Plot, is_axis
from pycosim.spice.simulator import Array, AxisName, NetlistLike, Waveforms

_STOP_TIME_TOLERANCE: Final = 1e-9  # relative; ngspice ends on its last breakpoint, which is the stop time to rounding


def to_waveforms(plots: Sequence[Plot], log: str, netlist: NetlistLike, stop_time: float | None) -> Waveforms:
    """Check a run and take its probes.

    Args:
        plots: every plot of the run.
        log: everything that ngspice said.
        netlist: what was run.
        stop_time: end of the transient (s), None where there is none or it is an expression.

    Raises:
        SimulationError: the subclass says what failed; the engine adds the run directory.
    """
    problem = read_log(log)
    if problem is not None:
        raise problem.raised(netlist.name, None)
    plot = _main_plot(plots, netlist)
    axis_name, axis = _axis(plot)
    if axis_name == "time" and stop_time is not None:
        _check_complete(axis, stop_time, netlist)
    signals = {probe: _take(plot, probe, netlist) for probe in netlist.probes}
    for probe, values in signals.items():
        if not np.isfinite(values).all():
            n_bad = int((~np.isfinite(values)).sum())
            raise ConvergenceFailure(
                f"{n_bad} of {values.size} values of {probe} are not finite; "
                "look for a division by zero or an exponential without limit in a behavioural source",
                netlist=netlist.name,
            )
    return Waveforms(axis=axis, axis_name=axis_name, signals=signals, netlist_digest=netlist.digest)


def _main_plot(plots: Sequence[Plot], netlist: NetlistLike) -> Plot:
    """The plot with most points: the spectrum of a noise analysis, not its integral."""
    full = [plot for plot in plots if plot.n_points]
    if not full:
        raise SimulationError(
            "ngspice gave no data and no reason; see that the deck has one analysis (.tran, .dc, .op, .ac)",
            netlist=netlist.name,
        )
    return max(full, key=lambda plot: plot.n_points)


def _axis(plot: Plot) -> tuple[AxisName, np.ndarray[tuple[int], np.dtype[np.float64]]]:
    for name, values in plot.vectors.items():
        if is_axis(name):
            axis_name: AxisName = "time" if name == "time" else "frequency" if name == "frequency" else "sweep"
            return axis_name, np.asarray(values.real, dtype=np.float64)
    return "sweep", np.zeros(plot.n_points)  # an operating point has no axis


def _check_complete(time: np.ndarray[tuple[int], np.dtype[np.float64]], stop_time: float, netlist: NetlistLike) -> None:
    if time[-1] < stop_time * (1 - _STOP_TIME_TOLERANCE):
        raise ConvergenceFailure(
            f"the transient ended at {time[-1]:.6g} s, wanted {stop_time:.6g} s; "
            "try .options method=gear, a shorter maximum time step or larger tolerances",
            netlist=netlist.name,
        )


def _take(plot: Plot, probe: str, netlist: NetlistLike) -> Array:
    wanted = probe.lower().replace(" ", "")
    for name in (wanted, f"i({wanted})", f"v({wanted})"):
        if name in plot.vectors:
            return plot.vectors[name]
    if wanted in {"v(0)", "v(gnd)"}:
        return np.zeros(plot.n_points)
    names = [name for name in plot.vectors if not is_axis(name)]
    near = difflib.get_close_matches(wanted, names, n=3) or names[:6]
    raise MissingProbe(
        f"probe {probe!r} is not among the {len(names)} vectors of the run; "
        f"nearest are {', '.join(near) or 'none'}; "
        "correct its name (nodes of a subcircuit are x1.node) and see that .save names it",
        netlist=netlist.name,
    )
