"""Stage 4 of the electro-optic flow: datasets -> models of edges, memory and noise, and the operators made of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

from pycosim.attention.electro_optic import Nonlinearity, Optmax, Optmoid, edge_nonlinearity
from pycosim.fitting.fit import Fit, hold_out_every
from pycosim.fitting.modulator import fit_modulator_edge
from pycosim.fitting.points import netlist_digests
from pycosim.fitting.symbol_channel import Sampling, best_sampling, fit_output_noise, fit_symbol_memory
from pycosim.flows.electro_optic_config import ElectroOpticConfig
from pycosim.flows.electro_optic_measure import Measured, Sent, Units, working_levels
from pycosim.models.edge_scales import (
    OperandScale,
    exponential_scale,
    reciprocal_scale,
    sigmoid_scale,
    softmax_scale,
)
from pycosim.models.modulator import ModulatorEdge
from pycosim.models.symbol_channel import OutputNoise, SymbolMemory
from pycosim.sweeps.electro_optic import DIVIDED_LEVEL
from pycosim.sweeps.electro_optic_theory import drawn_divisor_edge, drawn_edge

Array = NDArray[np.float64]

BRIGHTNESS = 0.5
"""Share of the light that the divisor passes where the sum is 1: less would be nearer to 1/z, and darker. Ours."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ElectroOpticFits:
    """Every fit of a run.

    Attributes:
        edges: "exp_1", "exp_2", "exp_3", "swing", "divisor" -> edge.
        sampling: (name, rate) -> when to sample.
        memory: (name, rate) -> memory at that moment.
        noise: "exp_1", "swing" -> noise.
        closed_form_error: name -> largest distance of the transfer at rest from the closed form, over full scale.
        baud: the rate of the rows (1/s).
    """

    edges: Mapping[str, Fit[ModulatorEdge]]
    sampling: Mapping[tuple[str, float], Sampling]
    memory: Mapping[tuple[str, float], Fit[SymbolMemory]]
    noise: Mapping[str, Fit[OutputNoise]]
    closed_form_error: Mapping[str, float]
    baud: float

    def named(self) -> dict[str, Fit[Any]]:
        """File name -> fit."""
        memories = {f"memory_{name}_{rate / 1e9:g}_gbaud": fit for (name, rate), fit in self.memory.items()}
        noises = {f"noise_{name}": fit for name, fit in self.noise.items()}
        return {**{f"edge_{name}": fit for name, fit in self.edges.items()}, **memories, **noises}


def fit_electro_optic(units: Units, measured: Measured, config: ElectroOpticConfig) -> ElectroOpticFits:
    """Fit every model of the units.

    Raises:
        FitError: the points do not determine a model.
    """
    first, edges = units.optmax[1], {}
    for name, dataset in measured.settled.items():
        if name == "divisor":
            start = drawn_divisor_edge(first.unit, units.platform, data=DIVIDED_LEVEL)
        else:
            start = drawn_edge(units.named()[name].unit, units.platform)
        level = dataset["level"].values
        edges[name] = fit_modulator_edge(
            level,
            dataset["output"].values,
            held_out=hold_out_every(3, level.size),
            start=start,
            netlist_digests=netlist_digests(dataset),
        )
    sampling, memory = {}, {}
    for key, sent in measured.sent.items():
        sampling[key], memory[key] = _memory(edges[key[0]].model, sent)
    noise = {}
    for name, dataset in measured.noise.items():
        edge = edges[name].model
        noise[name] = fit_output_noise(
            np.maximum(edge.output(dataset["level"].values) - edge.offset, 0.0),
            dataset["deviation"].values,
            held_out=hold_out_every(4, dataset["level"].size),
            netlist_digests=netlist_digests(dataset),
        )
    return ElectroOpticFits(
        edges=edges,
        sampling=sampling,
        memory=memory,
        noise=noise,
        closed_form_error={name: _closed_form_error(units, name, measured.static[name]) for name in edges},
        baud=config.baud,
    )


def simulated_transfer(dataset: xr.Dataset, *, bias_error: float = 0.0) -> Callable[[Array], Array]:
    """A transfer at rest as it was simulated, monotone between its points."""
    chosen = dataset["output"].sel(bias_error=bias_error, method="nearest")
    curve = PchipInterpolator(chosen["level"].values, chosen.values)
    return lambda level: np.asarray(curve(level), dtype=np.float64)


def approximations(units: Units, measured: Measured) -> dict[str, OperandScale]:
    """How near the simulated transfers come to exp, the sigmoid and 1/z: the scales, each with its error."""
    found = {}
    for n, hardware in units.optmax.items():
        dark, zero = working_levels(hardware)
        found[f"exp_{n}"] = exponential_scale(simulated_transfer(measured.static[f"exp_{n}"]), dark=dark, zero=zero)
    dark, bright = working_levels(units.optmoid)
    swing = simulated_transfer(measured.static["swing"])
    found["sigmoid_slope"] = sigmoid_scale(swing, dark=dark, bright=bright, slope_matched=True)
    found["sigmoid_minimax"] = sigmoid_scale(swing, dark=dark, bright=bright)
    bright, dark = divisor_levels(units)
    found["reciprocal"] = reciprocal_scale(
        simulated_transfer(measured.static["divisor"]), bright=bright, dark=dark, brightness=BRIGHTNESS
    )
    return found


def divisor_levels(units: Units) -> tuple[float, float]:
    """Levels of the divisor's bright and dark point, inside the converter's range (V)."""
    edge = drawn_divisor_edge(units.optmax[1].unit, units.platform, data=DIVIDED_LEVEL)
    return edge.level_of_phase(np.pi / 2), edge.level_of_phase(np.pi)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Operators:
    """Optmax and Optmoid of a run's models, with any converters and noise.

    Attributes:
        units: the hardware.
        fits: the models.
        scales: how operands are laid onto the edges, found on the fitted models.
    """

    units: Units
    fits: ElectroOpticFits
    scales: Mapping[str, OperandScale]

    @classmethod
    def of(cls, units: Units, fits: ElectroOpticFits, *, seed: int) -> Operators:
        """Operators with the scales of the fitted edges; `seed` draws the rows that the scale of Optmax is set by."""
        scales = {}
        for n, hardware in units.optmax.items():
            dark, zero = working_levels(hardware)
            edge = fits.edges[f"exp_{n}"].model
            rows = np.random.default_rng([seed, n])
            scales[f"exp_{n}"] = softmax_scale(edge.output, dark=dark, zero=zero, generator=rows)
        dark, bright = working_levels(units.optmoid)
        scales["swing"] = sigmoid_scale(fits.edges["swing"].model.output, dark=dark, bright=bright)
        bright, dark = divisor_levels(units)
        divisor = fits.edges["divisor"].model
        scales["divisor"] = reciprocal_scale(divisor.output, bright=bright, dark=dark, brightness=BRIGHTNESS)
        return cls(units=units, fits=fits, scales=scales)

    def operand(
        self, name: str, *, bits: int | None = None, sigma: float | None = None, relative: float = 0.0
    ) -> Nonlinearity:
        """The path of an operand; memory and noise of modulators in series are taken to be those of one.

        Args:
            name: "exp_1", "exp_2", "exp_3" or "swing".
            bits: of the converters; None for converters without steps.
            sigma: additive noise over full scale; None for the simulated noise, shot and laser's included.
            relative: multiplicative noise beside a given sigma.
        """
        scale, edge = self.scales[name], self.fits.edges[name].model
        channel = "swing" if name == "swing" else "exp_1"
        full = float(np.ptp(edge.output([scale.low, scale.high])))
        memory = self.fits.memory[channel, self.fits.baud].model
        noise = (
            self.fits.noise[channel].model.scaled(full)
            if sigma is None
            else OutputNoise(additive=sigma, multiplicative=relative)
        )
        return edge_nonlinearity(
            edge.output,
            scale,
            ((scale.low - scale.origin) / scale.rate, (scale.high - scale.origin) / scale.rate),
            bits=bits,
            memory=replace(memory, idle=0.0),
            noise=noise,
        )

    def divisor(self, *, bits: int | None = None) -> Nonlinearity:
        """The path of the sum: the divisor's light over that at a sum of 1."""
        scale, edge = self.scales["divisor"], self.fits.edges["divisor"].model
        at_one = float(edge.output(scale.origin)) - edge.offset
        law = partial(_divided, edge, scale, at_one)
        return Nonlinearity(law=law, low=1.0, high=2.0, bits=bits)

    def optmax(
        self,
        *,
        n_modulators: int = 1,
        bits: int | None = None,
        sigma: float | None = None,
        relative: float = 0.0,
        seed: int = 0,
    ) -> Optmax:
        """Optmax with so many modulators in series; the other arguments are those of `operand`."""
        return Optmax(
            operand=self.operand(f"exp_{n_modulators}", bits=bits, sigma=sigma, relative=relative),
            divisor=self.divisor(bits=bits),
            gain=self.scales["divisor"].gain,
            seed=seed,
        )

    def optmoid(
        self, *, bits: int | None = None, sigma: float | None = None, relative: float = 0.0, seed: int = 0
    ) -> Optmoid:
        """Optmoid; the arguments are those of `operand`."""
        return Optmoid(operand=self.operand("swing", bits=bits, sigma=sigma, relative=relative), seed=seed)


def _divided(edge: ModulatorEdge, scale: OperandScale, at_one: float, sums: Array) -> Array:
    return np.asarray((edge.output(scale.level(sums - 1.0)) - edge.offset) / at_one)


def _memory(edge: ModulatorEdge, sent: Sent) -> tuple[Sampling, Fit[SymbolMemory]]:
    """When the symbols are best sampled, and what is left of those before."""
    settled = edge.output(sent.levels)
    sampling = best_sampling(
        sent.waves.time, sent.output, settled, first_symbol=sent.first_symbol, period=1.0 / sent.baud
    )
    fit = fit_symbol_memory(
        settled,
        sampling.samples,
        held_out=hold_out_every(3, settled.size),
        idle=float(settled[0]),
        netlist_digests=(sent.waves.netlist_digest,),
    )
    return sampling, fit


def _closed_form_error(units: Units, name: str, dataset: xr.Dataset) -> float:
    if name == "divisor":
        edge = drawn_divisor_edge(units.optmax[1].unit, units.platform, data=DIVIDED_LEVEL)
    else:
        edge = drawn_edge(units.named()[name].unit, units.platform)
    found = dataset["output"].sel(bias_error=0.0, method="nearest")
    return float(np.abs(found.values - edge.output(found["level"].values)).max() / edge.full)
