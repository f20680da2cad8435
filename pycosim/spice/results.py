"""From what an engine returned (plots and a log) to waveforms, or to the error that says why not."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import Final

import numpy as np

from pycosim.errors import ConvergenceFailure, MissingProbe, SimulationError
from pycosim.spice.deck import Extent
from pycosim.spice.log import read_log
from pycosim.spice.rawfile import Plot, is_axis
from pycosim.spice.simulator import Array, AxisName, NetlistLike, Waveforms

_END_TOLERANCE: Final = 1e-9
"""Relative. A transient ends on its last breakpoint, which is the stop time to rounding; a frequency is the product
of a thousand factors at most, each with a rounding of 1e-16."""

_SOLVER_ADVICE: Final = "try .options method=gear, a shorter maximum time step or larger tolerances"
_SWEEP_ADVICE: Final = "see the log beside the deck, and check that the operating point exists (.op alone)"


def to_waveforms(plots: Sequence[Plot], log: str, netlist: NetlistLike, extent: Extent | None) -> Waveforms:
    """Check a run and take its probes.

    Args:
        plots: every plot of the run.
        log: everything that ngspice said.
        netlist: what was run.
        extent: how far the analysis goes; None for a DC sweep or an operating point.

    Raises:
        SimulationError: the subclass says what failed; the engine adds the run directory.
    """
    problem = read_log(log)
    if problem is not None:
        raise problem.raised(netlist.name, None)
    plot = _main_plot(plots, netlist, extent)
    axis_name, axis = _axis(plot)
    if extent is not None and extent.end is not None:
        _check_complete(axis, extent.axis_name, extent.end, netlist)
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


def _main_plot(plots: Sequence[Plot], netlist: NetlistLike, extent: Extent | None) -> Plot:
    """The plot over the axis of the analysis: of a noise analysis the spectrum, not its integral."""
    full = [plot for plot in plots if plot.n_points]
    if extent is not None:
        full = [plot for plot in full if extent.axis_name in plot.vectors]
    if not full:
        over = f" over {extent.axis_name}" if extent is not None else ""
        raise SimulationError(
            f"ngspice gave no data{over} and no reason; see that the deck has one analysis "
            "(.tran, .dc, .op, .ac, .noise) and that its limits rise",
            netlist=netlist.name,
        )
    return max(full, key=lambda plot: plot.n_points)


def _axis(plot: Plot) -> tuple[AxisName, np.ndarray[tuple[int], np.dtype[np.float64]]]:
    for name, values in plot.vectors.items():
        if is_axis(name):
            axis_name: AxisName = "time" if name == "time" else "frequency" if name == "frequency" else "sweep"
            return axis_name, np.asarray(values.real, dtype=np.float64)
    return "sweep", np.zeros(plot.n_points)  # an operating point has no axis


def _check_complete(
    axis: np.ndarray[tuple[int], np.dtype[np.float64]], name: str, end: float, netlist: NetlistLike
) -> None:
    if axis[-1] < end * (1 - _END_TOLERANCE):
        what, unit, advice = (
            ("transient", "s", _SOLVER_ADVICE) if name == "time" else ("frequency sweep", "Hz", _SWEEP_ADVICE)
        )
        raise ConvergenceFailure(
            f"the {what} ended at {axis[-1]:.6g} {unit}, wanted {end:.6g} {unit}; {advice}", netlist=netlist.name
        )


def _take(plot: Plot, probe: str, netlist: NetlistLike) -> Array:
    wanted = probe.lower().replace(" ", "")
    for name in (wanted, f"i({wanted})", f"v({wanted})"):
        if name in plot.vectors:
            return plot.vectors[name]
    if wanted.startswith("onoise"):
        for (
            name
        ) in plot.vectors:  # ngspice 39 writes onoise.m.x1.m1.id for a transistor, onoise_r1_thermal for a resistor
            if name.replace(".", "_") == wanted.replace(".", "_"):
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
