"""Size the read pair of the gain cell so that DC current and pulse charge both reproduce the published table.

For given channel lengths and storage capacitor, the two widths and threshold shifts minimise the larger of the two
rms deviations (plus a fifth of the smaller, so that a tie is still improved).

    python scripts/size_gain_cell.py --nmos-length-nm 260 --pmos-length-nm 220 --storage-ff 12
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import typer
from numpy.typing import NDArray
from scipy.optimize import minimize

from circuits.gain_cell import GainCellParameters
from circuits.technology import Technology, load_technology
from pycosim.evaluate import published
from pycosim.spice import NgspicePool, Simulator
from pycosim.sweeps.cell import read_charges, read_current_table

PULSE = 15e-9
SCALE = np.array([10e-9, 0.02, 30e-9, 0.02])  # of the unknowns: width, shift, width, shift


def sized(start: GainCellParameters, x: NDArray[np.float64]) -> GainCellParameters:
    nmos = replace(start.read_nmos, width=max(x[0], 60e-9), threshold_shift=x[1])
    pmos = replace(start.read_pmos, width=max(x[2], 60e-9), threshold_shift=x[3])
    return replace(start, read_nmos=nmos, read_pmos=pmos)


def deviations(cell: GainCellParameters, technology: Technology, simulator: Simulator) -> tuple[float, float]:
    stored, lines = published.STORED_VOLTAGES, published.WORD_LINE_VOLTAGES
    static = read_current_table(cell, technology, simulator, stored_voltages=stored, word_line_voltages=lines)
    charges = read_charges(
        cell,
        technology,
        simulator,
        stored_voltages=stored,
        pulse_widths=[PULSE],
        word_line_voltages=lines[1:],
    )
    pulsed = np.zeros((len(stored), len(lines)))
    pulsed[:, 1:] = charges["charge"].values[:, 0, :].T / PULSE
    return published.relative_rms(static["read_current"].values), published.relative_rms(pulsed)


def main(
    nmos_length_nm: float = 260.0,
    pmos_length_nm: float = 220.0,
    storage_ff: float = 12.0,
    evaluations: int = 150,
) -> None:
    technology = load_technology("generic28")
    default = GainCellParameters()
    start = replace(
        default,
        read_nmos=replace(default.read_nmos, length=nmos_length_nm * 1e-9),
        read_pmos=replace(default.read_pmos, length=pmos_length_nm * 1e-9),
        storage_capacitance=storage_ff * 1e-15,
    )
    nmos, pmos = start.read_nmos, start.read_pmos
    origin = np.array([nmos.width, nmos.threshold_shift, pmos.width, pmos.threshold_shift])
    with NgspicePool() as simulator:

        def cost(z: NDArray[np.float64]) -> float:
            found = deviations(sized(start, origin + z * SCALE), technology, simulator)
            return max(found) + 0.2 * min(found)

        simplex = np.vstack([np.zeros(4), 0.6 * np.eye(4)])
        best = minimize(
            cost,
            np.zeros(4),
            method="Nelder-Mead",
            options={"maxfev": evaluations, "initial_simplex": simplex, "xatol": 0.01, "fatol": 1e-5},
        )
        cell = sized(start, origin + best.x * SCALE)
        static, pulsed = deviations(cell, technology, simulator)
    typer.echo(f"read NMOS {cell.read_nmos}\nread PMOS {cell.read_pmos}")
    typer.echo(f"rms of 10 uA: DC {100 * static:.2f} %, pulse {100 * pulsed:.2f} %")


if __name__ == "__main__":
    typer.run(main)
