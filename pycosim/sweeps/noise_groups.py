"""The sources of a noise budget as currents and charges that a transient can be given."""

from __future__ import annotations

import xarray as xr

from pycosim.sweeps.column import Column
from pycosim.sweeps.noise import DECISION_NODE
from pycosim.sweeps.noise_budget import NoiseBudget
from pycosim.sweeps.transient_noise import AddedCharge, AddedNoise

Added = AddedNoise | AddedCharge


def noise_groups(column: Column, budget: NoiseBudget) -> dict[str, list[Added]]:
    """Noise of the comparator alone, and of everything else, for `noisy_pulses`.

    Args:
        column: unsigned; circuit and plan.
        budget: of that column.

    Returns:
        "comparator" and "all others" -> what is added to the deck; together they are the budget's total.
    """
    timing, seconds = column.timing, budget.seconds
    end = timing.window_start + float(budget.sensitivity["pulse_width"])
    copied = float(budget.read["copy_gain"].sel(frequency=1e6, method="nearest"))
    drawn, fed = -1 / budget.current, copied / budget.current  # from the integration node, from the bit line

    def noise(
        node: str, density: xr.DataArray, start: float, stop: float, response: float | xr.DataArray
    ) -> AddedNoise:
        return AddedNoise(node=node, density=density, start=start, stop=stop, response=response)

    def sampled(node: str, source: str, time: float, response: float) -> AddedCharge:
        return AddedCharge(node=node, deviation=seconds[source] / abs(response), time=time, response=response)

    decision = budget.decision.current_density
    middle = timing.input_start + timing.input_window / 2
    return {
        "comparator": [
            noise(DECISION_NODE, decision, timing.discharge_start, timing.stop, budget.sensitivity["sensitivity"])
        ],
        "all others": [
            noise("rbl", budget.read["cells"] / copied**2, timing.reset_end, timing.release, fed),
            noise("integral", budget.read["converter"], timing.reset_end, timing.release, drawn),
            noise("integral", budget.discharge["total"], timing.discharge_start, end, drawn),
            sampled("integral", "ktc_integration", timing.reset_end + 0.1e-9, drawn),
            sampled("rbl", "ktc_storage", middle, fed),
        ],
    }
