"""Sampled symbols and their spectra -> memory and noise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

from pycosim.checks import Array, at_least, finite_array
from pycosim.errors import FitError, InputError
from pycosim.fitting.fit import Fit, covariance_of, judge
from pycosim.models.domain import Domain
from pycosim.models.symbol_channel import OutputNoise, SymbolMemory


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sampling:
    """When symbols are best sampled.

    Attributes:
        delay: from the beginning of a symbol's edge at the converter to its sample (s).
        samples: (n_symbols,) there (V).
        residual_rms: of the samples against the settled outputs at each delay that was tried, over full scale.
        delays: those delays (s).
    """

    delay: float
    samples: Array
    delays: Array
    residual_rms: Array


def best_sampling(
    time: Array, signal: Array, settled: Array, *, first_symbol: float, period: float, n_delays: int = 121
) -> Sampling:
    """Find the delay at which the samples of known symbols are nearest to their settled outputs.

    Args:
        time: (n,) rising (s).
        signal: (n,) output (V).
        settled: (n_symbols,) outputs that the symbols would settle to (V).
        first_symbol: beginning of the first symbol's edge (s).
        period: of a symbol (s).
        n_delays: tried from half a period to two and a half.

    Raises:
        InputError: the waveform ends before the last sample.
    """
    settled = finite_array("settled outputs", settled, ndim=1)
    starts = first_symbol + period * np.arange(settled.size)
    delays = period * np.linspace(0.5, 2.5, at_least("n_delays", n_delays, 2))
    delays = delays[starts[-1] + delays <= time[-1]]
    if not delays.size:
        raise InputError(f"the waveform ends at {time[-1]:.4g} s, before the last symbol is out; add symbols after it")
    samples = np.interp(starts[None, :] + delays[:, None], time, signal)  # (n_delays, n_symbols)
    scale = float(np.ptp(settled)) or 1.0
    residual = np.sqrt(np.mean((samples - settled) ** 2, axis=1)) / scale
    best = int(np.argmin(residual))
    return Sampling(delay=float(delays[best]), samples=samples[best], delays=delays, residual_rms=residual)


def fit_symbol_memory(
    settled: Array,
    samples: Array,
    *,
    held_out: NDArray[np.bool_],
    n_taps: int = 3,
    idle: float = 0.0,
    netlist_digests: Sequence[str] = (),
) -> Fit[SymbolMemory]:
    """Fit the taps of a linear memory: samples = sum_j taps_j settled shifted by j, with a sum of 1.

    Args:
        settled: (n_symbols,) what each symbol would settle to (V).
        samples: (n_symbols,) what was sampled (V).
        held_out: (n_symbols,) mask of symbols kept for judging.
        n_taps: the symbol's own and those before it.
        idle: output before the first symbol (V).
        netlist_digests: where the samples came from.

    Raises:
        FitError: the symbols do not determine the taps.
    """
    settled, samples = finite_array("settled", settled, ndim=1), finite_array("samples", samples, ndim=1)
    at_least("n_taps", n_taps, 2)
    shifted = [np.concatenate([np.full(j, idle), settled[: settled.size - j]]) for j in range(n_taps)]
    design = np.stack([one - settled for one in shifted[1:]], axis=1)  # (n_symbols, n_taps - 1), as the taps sum to 1
    fitted = ~held_out
    if fitted.sum() < n_taps:
        raise FitError(f"{int(fitted.sum())} symbols do not determine {n_taps} taps; send more")
    others, *_ = np.linalg.lstsq(design[fitted], (samples - settled)[fitted], rcond=None)
    model = SymbolMemory(taps=np.concatenate([[1.0 - others.sum()], others]), idle=idle)
    residuals = model.apply(settled) - samples
    return judge(
        model=model,
        parameters={f"tap_{j}": float(tap) for j, tap in enumerate(model.taps)},
        covariance=covariance_of(design[fitted], residuals[fitted]),
        residuals=residuals,
        held_out=held_out,
        unit="V",
        domain=(Domain(quantity="output", unit="V", low=float(settled.min()), high=float(settled.max())),),
        netlist_digests=netlist_digests,
        max_residual_rms=None,
    )


def fit_output_noise(
    outputs: Array, deviations: Array, *, held_out: NDArray[np.bool_], netlist_digests: Sequence[str] = ()
) -> Fit[OutputNoise]:
    """Fit additive, shot and multiplicative noise to deviations at several outputs; all are at least 0.

    Args:
        outputs: (n,) without noise, less what stands there without light (V).
        deviations: (n,) standard deviations of the noise (V).
        held_out: (n,) mask of points kept for judging.
        netlist_digests: where the points came from.

    Raises:
        FitError: fewer than three points are left to fit.
    """
    outputs, deviations = finite_array("outputs", outputs, ndim=1), finite_array("deviations", deviations, ndim=1)
    fitted = ~held_out
    if fitted.sum() < 3:
        raise FitError(f"three kinds of noise need three points, found {int(fitted.sum())}; measure more levels")
    design = np.stack([np.ones_like(outputs), np.maximum(outputs, 0.0), outputs**2], axis=1)
    weight = 1.0 / deviations[:, None] ** 2  # equal relative errors of the variance
    size = np.linalg.norm((design * weight)[fitted], axis=0)
    found, _ = nnls((design * weight)[fitted] / size, np.ones(int(fitted.sum())))
    additive, shot, multiplicative = found / size
    model = OutputNoise(additive=additive**0.5, shot=float(shot), multiplicative=multiplicative**0.5)
    return judge(
        model=model,
        parameters={"additive": model.additive, "shot": model.shot, "multiplicative": model.multiplicative},
        covariance=np.zeros((0, 0)),
        residuals=model.deviation(outputs) - deviations,
        held_out=held_out,
        unit="V",
        domain=(Domain(quantity="output", unit="V", low=float(outputs.min()), high=float(outputs.max())),),
        netlist_digests=netlist_digests,
        max_residual_rms=None,
    )
