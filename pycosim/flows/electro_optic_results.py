"""What an electro-optic run writes for the docs: figures by key, in SI units."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from pycosim.evaluate.document import Json, strict_document
from pycosim.flows.electro_optic_accuracy import Score
from pycosim.flows.electro_optic_config import ElectroOpticConfig
from pycosim.flows.electro_optic_measure import DRIFTS, Measured, Units, working_levels
from pycosim.flows.electro_optic_models import ElectroOpticFits, Operators, simulated_transfer
from pycosim.flows.electro_optic_row import Row
from pycosim.flows.electro_optic_scores import Distance
from pycosim.models.edge_scales import (
    OperandScale,
    exponential_scale,
    ideal_edge,
    reciprocal_scale,
    sigmoid_scale,
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ElectroOpticResult:
    """Everything that a report of one run is made from.

    Attributes:
        config: every choice.
        units: the hardware.
        measured: what ngspice said of the units.
        fits: every model.
        operators: Optmax and Optmoid of these models.
        scales: how near the simulated transfers come to their functions.
        rows: whole rows, of Optmax and of Optmoid.
        scores: of every task with every attention.
        distances: from softmax on real scores; empty without any.
    """

    config: ElectroOpticConfig
    units: Units
    measured: Measured
    fits: ElectroOpticFits
    operators: Operators
    scales: Mapping[str, OperandScale]
    rows: Mapping[str, Row]
    scores: tuple[Score, ...]
    distances: tuple[Distance, ...] = ()


def ideal_errors() -> dict[str, float]:
    """The closed-form limits of the approximations: ideal modulators in the same places."""
    found = {f"exp_{n}": exponential_scale(ideal_edge(n), dark=0.0, zero=0.5).error for n in (1, 2, 3)}
    found["sigmoid_slope"] = sigmoid_scale(ideal_edge(), dark=0.0, bright=1.0, slope_matched=True).error
    found["sigmoid_minimax"] = sigmoid_scale(ideal_edge(), dark=0.0, bright=1.0).error
    found["reciprocal"] = reciprocal_scale(ideal_edge(), bright=1.0, dark=2.0, brightness=0.5).error
    return found


def results_document(result: ElectroOpticResult) -> dict[str, Json]:
    """The results of a run; see docs/electro_optic.md for the keys."""
    rows, fits = result.rows, result.fits
    return strict_document(
        {
            "settings": {
                "technology": result.config.technology,
                "baud": result.config.baud,
                "power_w": result.config.power,
                "n_row": result.config.n_row,
                "n_tokens": result.config.n_tokens,
                "n_swept_tokens": result.config.n_swept_tokens,
                "seed": result.config.seed,
                "quick": result.config.quick,
            },
            "closed_form_error": dict(fits.closed_form_error),
            "approximation": {name: scale.error for name, scale in result.scales.items()},
            "approximation_limit": ideal_errors(),
            "softmax_rate": {
                name: {"volts_per_nat": scale.rate, "total_variation": scale.error}
                for name, scale in result.operators.scales.items()
                if name.startswith("exp_")
            },
            "drift": drift_errors(result),
            "bandwidth_hz": dict(result.measured.bandwidths),
            "symbols": [
                {
                    "unit": name,
                    "baud": rate,
                    "delay_s": fits.sampling[name, rate].delay,
                    "error_rms": float(fits.sampling[name, rate].residual_rms.min()),
                    "interference": fit.model.interference,
                    "memory_residual_v": fit.held_out_residual_rms,
                }
                for (name, rate), fit in fits.memory.items()
            ],
            "noise": list(result.measured.budgets),
            "latency_s": {name: row.latency.total for name, row in rows.items()},
            "energy_per_symbol_j": {name: row.energy.per_tile for name, row in rows.items()},
            "energy_simulated_per_symbol_j": {
                name: row.energy.simulated / row.energy.n_tiles for name, row in rows.items()
            },
            "energy_blocks_j": {
                name: {block.name: block.energy / row.energy.n_tiles for block in row.energy.blocks}
                for name, row in rows.items()
            },
            "row": {
                name: {
                    "model_error_rms": row.error_rms,
                    "sum_of_weights": float(row.weights.sum()),
                    "distance": float(0.5 * np.abs(row.weights - row.exact).sum()),
                }
                for name, row in rows.items()
            },
            "golden_total_variation": _distances(result.distances),
            "accuracy": [
                {
                    "model": score.task,
                    "trained": score.trained,
                    "metric": score.metric,
                    "unit": score.case.unit,
                    "bits": score.case.bits,
                    "noise": score.case.noise,
                    "sigma": _sigma(result.operators, score),
                    "whole": score.whole,
                    "value": score.value,
                    "n_tokens": None if score.accuracy is None else score.accuracy.n_tokens,
                }
                for score in result.scores
            ],
        }
    )


def _distances(distances: tuple[Distance, ...]) -> dict[str, object]:
    """Mean of the first case, one number to quote, and every case by head; nothing without real scores."""
    if not distances:
        return {}
    return {
        "mean": float(distances[0].by_head.mean()),
        "cases": [
            {
                "unit": distance.case.unit,
                "bits": distance.case.bits,
                "noise": distance.case.noise,
                "mean": float(distance.by_head.mean()),
                "smallest": float(distance.by_head.min()),
                "largest": float(distance.by_head.max()),
                "heads": distance.by_head,
            }
            for distance in distances
        ],
    }


def _sigma(operators: Operators, score: Score) -> float:
    """Deviation of the noise over full scale, where it is largest."""
    if score.case.noise != "simulated":
        return score.case.sigma
    name = "swing" if score.case.unit == "optmoid" else "exp_1"
    return float(operators.operand(name).noise.deviation(1.0))


def drift_errors(result: ElectroOpticResult) -> list[dict[str, float]]:
    """The error of exp where the bias has drifted and the scale is still that of no drift."""
    dataset = result.measured.static["exp_1"]
    dark, zero = working_levels(result.units.optmax[1])
    scale = result.scales["exp_1"]
    operands = np.linspace(-16.0, 0.0, 3201)
    still = simulated_transfer(dataset)
    floor, top = (float(still(np.array([level]))[0]) for level in (dark, zero))
    found = []
    for drift in DRIFTS:
        output = simulated_transfer(dataset, bias_error=drift)(scale.level(operands))
        error = np.abs(scale.gain * (output - floor) / (top - floor) - np.exp(operands)).max()
        found.append({"bias_error_v_pi": drift, "exp_error": float(error)})
    return found
