"""How the charge of one read moves with the deviations of the cell's read pair: from SPICE, by central differences."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import xarray as xr

from circuits.devices import Mosfet
from circuits.gain_cell import GainCellParameters
from circuits.technology import Technology
from pycosim.models.cell import LookupCell
from pycosim.models.spread import CellDeviation
from pycosim.spice import Simulator
from pycosim.sweeps.cell import read_charges

THRESHOLD_STEP = 10e-3
"""Shift of a threshold for the difference, V. Ours: about one standard deviation of the read pair."""

FACTOR_STEP = 0.05
"""Relative change of a current factor for the difference. Ours: about one standard deviation of the read pair."""


def _shifted(transistor: Mosfet, by: float) -> Mosfet:
    return replace(transistor, threshold_shift=transistor.threshold_shift + by)


def _widened(transistor: Mosfet, by: float) -> Mosfet:
    return replace(transistor, width=transistor.width * (1 + by))


_KINDS: Mapping[str, tuple[Callable[[Mosfet, float], Mosfet], float, str]] = {
    "threshold": (_shifted, THRESHOLD_STEP, "V"),
    "current factor": (_widened, FACTOR_STEP, ""),
}
"""Kind of deviation -> how a transistor gets it (as a die does), step, unit."""


def deviated_cell(cell: GainCellParameters, deviations: Mapping[str, float]) -> GainCellParameters:
    """The cell with deviations of its read pair.

    Args:
        cell: as drawn.
        deviations: "read_nmos threshold", "read_pmos threshold" (V, added to the threshold parameter), "read_nmos
            current factor", "read_pmos current factor" (relative).
    """
    for name, value in deviations.items():
        transistor, kind = name.split(" ", 1)
        deviate = _KINDS[kind][0]
        if transistor == "read_nmos":
            cell = replace(cell, read_nmos=deviate(cell.read_nmos, value))
        elif cell.read_pmos is not None:  # a cell that reads one sign has none
            cell = replace(cell, read_pmos=deviate(cell.read_pmos, value))
    return cell


def charge_sensitivities(
    cell: GainCellParameters,
    technology: Technology,
    simulator: Simulator,
    *,
    stored_voltages: Sequence[float],
    pulse_widths: Sequence[float],
) -> xr.Dataset:
    """Change of a read's charge per deviation of the read pair, over deviation, pulse width and stored voltage.

    `sensitivity` is in C per volt of threshold, or C per unit of relative current factor; `sigma` is the standard
    deviation of the deviation in the technology [1989 Pelgrom], in V or relative.
    """
    names, rows, sigmas, digests = [], [], [], []
    for transistor in ("read_nmos", "read_pmos"):
        drawn: Mosfet = getattr(cell, transistor)
        for kind, (_, step, _unit) in _KINDS.items():
            name = f"{transistor} {kind}"
            above, below = (
                read_charges(
                    deviated_cell(cell, {name: sign * step}),
                    technology,
                    simulator,
                    stored_voltages=stored_voltages,
                    pulse_widths=pulse_widths,
                ).isel(word_line_voltage=0)
                for sign in (1, -1)
            )
            names.append(name)
            rows.append((above["charge"].values - below["charge"].values) / (2 * step))
            sigmas.append(_coefficient(technology, drawn, kind) / np.sqrt(drawn.area))
            digests.append([above["netlist_digest"].values, below["netlist_digest"].values])
    return xr.Dataset(
        {
            "sensitivity": (("deviation", "pulse_width", "stored_voltage"), np.stack(rows), {"unit": "C per unit"}),
            "sigma": (("deviation",), np.array(sigmas), {"unit": "V or 1"}),
            "netlist_digest": (("deviation", "side", "pulse_width"), np.array(digests)),
        },
        coords={
            "deviation": ("deviation", names),
            "pulse_width": ("pulse_width", list(pulse_widths), {"unit": "s"}),
            "stored_voltage": ("stored_voltage", list(stored_voltages), {"unit": "V"}),
        },
        attrs={"bench": "gain_cell_read"},
    )


def _coefficient(technology: Technology, transistor: Mosfet, kind: str) -> float:
    """Pelgrom's coefficient of a deviation (V m or m)."""
    mismatch = technology.mismatch
    if kind == "current factor":
        return mismatch.a_beta
    return mismatch.a_vth_nmos if transistor.polarity == "nmos" else mismatch.a_vth_pmos


def cell_deviations(sensitivities: xr.Dataset) -> tuple[CellDeviation, ...]:
    """The deviations of a dataset of `charge_sensitivities`, as attention takes them; no pulse, no charge."""
    widths, voltages = sensitivities["pulse_width"].values, sensitivities["stored_voltage"].values
    return tuple(
        CellDeviation(
            name=str(name),
            sigma=float(sensitivities["sigma"].sel(deviation=name)),
            sensitivity=LookupCell(
                pulse_widths=np.concatenate([[0.0], widths]),
                stored_voltages=voltages,
                charges=np.vstack([np.zeros(voltages.size), sensitivities["sensitivity"].sel(deviation=name).values]),
                outside="clip",
            ),
        )
        for name in sensitivities["deviation"].values
    )
