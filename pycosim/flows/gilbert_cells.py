"""Stage 2 of the Gilbert flow: every multiplier beside its closed form, and the models of the one that is used."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import xarray as xr

from circuits.die import Die
from circuits.gilbert_cell import GilbertCellParameters, square_law_gain
from circuits.technology import Technology
from pycosim.evaluate.document import Json
from pycosim.fitting.fit import Fit
from pycosim.fitting.multiplier import fit_gilbert_law, fit_product_polynomial, product_points
from pycosim.fitting.points import netlist_digests
from pycosim.flows.gilbert_design import RANGES, CellDesign, GilbertDesign
from pycosim.flows.progress import Progress
from pycosim.models.multiplier import GilbertLaw, ProductModel, ProductPolynomial, ProductSpread
from pycosim.spice import Simulator
from pycosim.sweeps.multiplier import (
    best_gain,
    multiplier_distortion,
    multiplier_offsets,
    multiplier_response,
    multiplier_surface,
    product_error,
    small_gain,
)

SQUARE_KP = 200e-6
"""KP of the square-law NMOS (A/V^2), as its card says."""

POLYNOMIAL_DEGREE = 7
"""Of the polynomial model: the next one gains nothing on held-out points."""

MARGIN = (1.15, 1.5)
"""How far beyond the used ranges the used model is measured, upper and lower port: offsets and large activations."""

MODEL_POINTS = 25
"""Of each port, for the models."""

ERROR_POINTS = 41
"""Of each port, for the error over both: the best gain, and so the error, depends a little on how dense they lie."""

OFFSET_RANGE = 0.1
"""Share of the overdrives within which a die's offsets are measured."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CellResult:
    """What the multipliers are.

    Attributes:
        figures: name of the cell -> its figures, SI units.
        law, polynomial: of the cell that networks are made of.
        surface: that they were fitted to.
        gain: of that cell at small voltages (A/V^2).
        spread: of its dies.
        power: of it (W).
    """

    figures: Mapping[str, Json]
    law: Fit[GilbertLaw]
    polynomial: Fit[ProductPolynomial]
    surface: xr.Dataset
    gain: float
    spread: ProductSpread
    power: float

    @property
    def model(self) -> ProductModel:
        """The one with the smaller residual on points that neither saw."""
        better = self.polynomial.held_out_residual_rms < self.law.held_out_residual_rms
        return self.polynomial.model if better else self.law.model


def measure_cells(
    design: GilbertDesign, simulator: Simulator, progress: Progress, *, n_dies: int, seed: int
) -> CellResult:
    """Measure every multiplier of the design and fit the one that networks are made of.

    Args:
        design: circuits.
        simulator: any.
        progress: told what happens.
        n_dies: of each for its offsets.
        seed: of the dies.
    """
    progress.stage("multipliers", total=len(design.cells) + 1)
    figures: dict[str, Json] = {}
    for name, cell in design.cells.items():
        figures[name] = _cell_figures(cell, simulator, n_dies=n_dies, seed=seed)
        progress.advance()
    used = design.network_cell
    reach = MARGIN[0] * design.ranges.weights, MARGIN[1] * design.ranges.inputs
    surface = multiplier_surface(used.bench, simulator, upper=reach[0], lower=reach[1], points=MODEL_POINTS)
    columns = (
        surface["upper_voltage"].values[None, :],
        surface["lower_voltage"].values[:, None],
        surface["current"].values[0],
    )
    held_out, digests = product_points(MODEL_POINTS, MODEL_POINTS), netlist_digests(surface)
    closed = closed_form(used, reach)
    law = fit_gilbert_law(*columns, start=closed, held_out=held_out, netlist_digests=digests)
    polynomial = fit_product_polynomial(*columns, degree=POLYNOMIAL_DEGREE, held_out=held_out, netlist_digests=digests)
    offsets = _offsets(used, simulator, n_dies=n_dies, seed=seed)
    progress.advance()
    return CellResult(
        figures=figures,
        law=law,
        polynomial=polynomial,
        surface=surface,
        gain=small_gain(surface["current"].isel(die=0)),
        spread=ProductSpread(**_spread(offsets)),
        power=float(surface["power"]),
    )


def closed_form(cell: CellDesign, reach: tuple[float, float]) -> GilbertLaw:
    """The square law of a MOS cell from its sizes alone, on ranges (V) of the upper and the lower port."""
    parameters = cell.bench.cell
    assert isinstance(parameters, GilbertCellParameters)
    upper, lower = (SQUARE_KP * one.width / one.length for one in (parameters.upper, parameters.lower))
    return GilbertLaw(
        gain=square_law_gain(upper, lower),
        upper_overdrive=cell.upper_overdrive,
        lower_overdrive=cell.lower_overdrive,
        upper_range=reach[0],
        lower_range=reach[1],
    )


def expected_error(share: float, *, points: int) -> float:
    """Error of the square law over both ports at a share of their overdrives, as `product_error` counts it."""
    law = GilbertLaw(gain=1.0, upper_overdrive=1.0, lower_overdrive=1.0, upper_range=share, lower_range=share)
    axis = np.linspace(-share, share, points)
    surface = xr.DataArray(
        law.current(axis[None, :], axis[:, None]),
        dims=("lower_voltage", "upper_voltage"),
        coords={"lower_voltage": axis, "upper_voltage": axis},
    )
    return product_error(surface)


def offset_closed_form(cell: CellDesign, technology: Technology) -> dict[str, float]:
    """Spread of the offsets of a square-law cell after Pelgrom: of both ports (V) and of the output (A).

    The lower pair's is sqrt(2) sigma; the upper port sees the mean of two pairs, sigma; their difference is the
    output's, 2 sigma g_m with g_m = sqrt(beta_u I_SS / 2) of one pair.
    """
    parameters = cell.bench.cell
    assert isinstance(parameters, GilbertCellParameters)
    upper, lower = (
        technology.mismatch.a_vth_nmos / math.sqrt(one.area) for one in (parameters.upper, parameters.lower)
    )
    factor = SQUARE_KP * parameters.upper.width / parameters.upper.length
    return {
        "upper_offset": upper,
        "lower_offset": math.sqrt(2) * lower,
        "output_offset": 2 * upper * math.sqrt(factor * parameters.tail_current / 2),
    }


def _cell_figures(cell: CellDesign, simulator: Simulator, *, n_dies: int, seed: int) -> Json:
    bench, points = cell.bench, ERROR_POINTS
    errors: list[Json] = []
    surfaces = []
    for share in RANGES:
        surface = multiplier_surface(
            bench, simulator, upper=share * cell.upper_overdrive, lower=share * cell.lower_overdrive, points=points
        )
        output = surface["output"].isel(die=0)
        surfaces.append(surface)
        errors.append(
            {
                "share_of_overdrive": share,
                "upper_v": share * cell.upper_overdrive,
                "lower_v": share * cell.lower_overdrive,
                "error_of_full_scale": product_error(output),
                "closed_form": expected_error(share, points=points) if _is_square(cell) else None,
                "best_gain": best_gain(output),
            }
        )
    middle = RANGES[1]
    amplitudes = [share * cell.upper_overdrive for share in RANGES]
    sines = multiplier_distortion(
        bench, simulator, port="upper", amplitudes=amplitudes, other=0.05 * cell.lower_overdrive
    )
    response = multiplier_response(
        bench, simulator, upper=middle * cell.upper_overdrive, lower=middle * cell.lower_overdrive
    )
    gain = small_gain(surfaces[0]["output"].isel(die=0))
    found: dict[str, Json] = {
        "gain_per_v": gain,
        "gain_closed_form": _gain(cell),
        "upper_overdrive_v": cell.upper_overdrive,
        "lower_overdrive_v": cell.lower_overdrive,
        "errors": errors,
        "distortion": [
            {
                "amplitude_v": a,
                "third": float(sines["third"].values[k]),
                "total": float(sines["total"].values[k]),
                "closed_form": _third(cell, a),
            }
            for k, a in enumerate(amplitudes)
        ],
        "response": {name: float(value) for name, value in response.items()},
        "power_w": float(surfaces[0]["power"]),
    }
    if isinstance(bench.cell, GilbertCellParameters):
        offsets = _offsets(cell, simulator, n_dies=n_dies, seed=seed)
        found["offsets"] = dict(_spread(offsets))
        if _is_square(cell):
            found["offsets_closed_form"] = dict(offset_closed_form(cell, bench.technology))
    return found


def _offsets(cell: CellDesign, simulator: Simulator, *, n_dies: int, seed: int) -> xr.Dataset:
    """Offsets of dies; only the cell deviates, not the bias that a chip shares."""
    reach = OFFSET_RANGE * cell.upper_overdrive, OFFSET_RANGE * cell.lower_overdrive
    bench = replace(cell.bench, load_capacitance=1e-15)
    drawn = multiplier_surface(bench, simulator, upper=reach[0], lower=reach[1], points=5)
    dies = [Die(seed=1000 * seed + k, parts=("cell",)) for k in range(n_dies)]
    surfaces = multiplier_surface(bench, simulator, upper=reach[0], lower=reach[1], points=5, dies=dies)
    return multiplier_offsets(surfaces, best_gain(drawn["current"].isel(die=0)))


def _is_square(cell: CellDesign) -> bool:
    """Whether the square law of both ports is the cell's closed form: degeneration is not in it."""
    parameters = cell.bench.cell
    return cell.law == "square" and isinstance(parameters, GilbertCellParameters) and not parameters.degeneration


def _spread(offsets: xr.Dataset) -> dict[str, float]:
    """One standard deviation of every offset."""
    return {str(name): float(offsets[name].std(ddof=1)) for name in offsets.data_vars}


def _gain(cell: CellDesign) -> float | None:
    """Closed form of the small-signal gain (V/V^2): of the square law, or of the tanh."""
    parameters = cell.bench.cell
    if cell.law == "square" and isinstance(parameters, GilbertCellParameters):
        plain = closed_form(cell, (1.0, 1.0)).gain * parameters.load
        slope = math.sqrt(SQUARE_KP * parameters.lower.width / parameters.lower.length * parameters.tail_current)
        return plain / (1 + slope * parameters.degeneration)
    if cell.law == "tanh":
        return parameters.tail_current * parameters.load / (cell.upper_overdrive * cell.lower_overdrive)
    return None


def _third(cell: CellDesign, amplitude: float) -> float | None:
    """Third harmonic of a sine at the upper port: (A / V_ov)^2 / 32, or of tanh(A / 2 V_T) (A / 2 V_T)^2 / 12."""
    share = (amplitude / cell.upper_overdrive) ** 2
    return {"square": share / 32, "tanh": share / 12}.get(cell.law)
