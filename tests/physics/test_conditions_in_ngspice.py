"""The models of the circuits at another supply and temperature, from ngspice."""

from __future__ import annotations

import numpy as np
import pytest

from pycosim.flows.characterization import make_design
from pycosim.flows.conditions import measure_models
from pycosim.flows.config import GainCellConfig
from pycosim.spice import NgspicePool
from pycosim.sweeps.cell import read_charges

pytestmark = [pytest.mark.ngspice, pytest.mark.slow]


def test_levels_follow_the_supply_and_mean_what_they_meant(pool: NgspicePool) -> None:
    """The cell's model takes a level of the nominal supply; the cell stores that share of the supply it has."""
    design = make_design(GainCellConfig()).at(supply_voltage=0.81, temperature=85.0)
    models = measure_models(design, pool, quick=True)
    charges = read_charges(
        design.cell,
        design.technology,
        pool,
        stored_voltages=[float(v) for v in design.levels],
        pulse_widths=[15e-9],
    )["charge"].values[0, 0]
    meant = np.linspace(0.0, 0.9, 8)
    np.testing.assert_allclose(models.cell_k.charge(15e-9, meant), charges, rtol=1e-9, atol=1e-22)
    # a weaker cell at a lower supply, but converters that count charge as before to a few percent
    assert charges[-1] < 0.85 * 9.7e-6 * 15e-9
    half = models.charge_to_pulse.pulse_width(0.6e-12)
    assert half == pytest.approx(7.5e-9, rel=0.05)
    # hot cells leak: after 5 ms the top level is well below 0.9 V as meant
    drifted = models.decay.read(models.cell_k, 15e-9, meant, 5e-3)
    assert drifted[-1] < 0.95 * charges[-1]
