"""Fits of edges, memory and noise return what the points were made with."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pycosim.errors import FitError, InputError
from pycosim.fitting.fit import hold_out_every
from pycosim.fitting.modulator import fit_modulator_edge
from pycosim.fitting.symbol_channel import best_sampling, fit_output_noise, fit_symbol_memory
from pycosim.models.modulator import ModulatorEdge
from pycosim.models.symbol_channel import OutputNoise, SymbolMemory

EDGE = ModulatorEdge(phase=0.41, slope=1.72, saturation=1.38, floor=1e-3, full=0.49, offset=2e-3, n_modulators=2)


def test_an_edge_is_found_again_from_a_start_nearby() -> None:
    levels = np.linspace(-0.5, 0.5, 41)
    start = replace(EDGE, phase=0.39, slope=1.74, saturation=1.43, full=0.5, offset=0.0)
    fit = fit_modulator_edge(levels, EDGE.output(levels), held_out=hold_out_every(3, 41), start=start)
    assert fit.held_out_residual_rms < 1e-9
    found = fit.model
    assert (found.phase, found.slope, found.full) == pytest.approx((EDGE.phase, EDGE.slope, EDGE.full), rel=1e-5)
    assert found.level_range == (-0.5, 0.5)


def test_one_level_is_no_edge() -> None:
    with pytest.raises(InputError, match="range"):
        fit_modulator_edge([0.1] * 20, [0.1] * 20, held_out=hold_out_every(3, 20), start=EDGE)


def test_taps_are_found_again_and_judged_on_symbols_held_out() -> None:
    settled = np.random.default_rng(0).uniform(0.0, 0.5, 60)
    memory = SymbolMemory(taps=np.array([0.93, 0.1, -0.03]), idle=float(settled[0]))
    fit = fit_symbol_memory(settled, memory.apply(settled), held_out=hold_out_every(3, 60), idle=memory.idle)
    assert fit.model.taps == pytest.approx(memory.taps, abs=1e-12)
    assert fit.held_out_residual_rms < 1e-12
    with pytest.raises(FitError, match="send more"):
        fit_symbol_memory(settled[:4], settled[:4], held_out=np.array([True, True, True, False]))


def test_noise_is_found_again() -> None:
    noise, outputs = OutputNoise(additive=3e-4, shot=1.5e-6, multiplicative=2.7e-3), np.linspace(0.0, 0.5, 9)
    fit = fit_output_noise(outputs, noise.deviation(outputs), held_out=hold_out_every(4, 9))
    found = fit.model
    assert (found.additive, found.shot, found.multiplicative) == pytest.approx((3e-4, 1.5e-6, 2.7e-3), rel=1e-6)


def test_symbols_are_sampled_where_they_have_settled() -> None:
    """A one-pole channel behind a delay: the best sample is the last before the next symbol comes through."""
    period, pole, lag = 100e-12, 12e-12, 40e-12
    settled = np.random.default_rng(1).uniform(0.0, 1.0, 40)
    time = np.arange(0.0, 4.5e-9, 0.5e-12)
    signal, level = np.empty_like(time), settled[0]
    for k, now in enumerate(time):
        sent = int(np.clip((now - lag) // period, 0, 39))
        level += (settled[sent] - level) * (1 - np.exp(-0.5e-12 / pole))
        signal[k] = level
    found = best_sampling(time, signal, settled, first_symbol=0.0, period=period)
    assert found.delay == pytest.approx(period + lag, abs=period / 60)  # one of the delays that are tried
    assert found.residual_rms.min() < 1e-3
    with pytest.raises(InputError, match="ends"):
        best_sampling(time[:100], signal[:100], settled, first_symbol=0.0, period=period)
