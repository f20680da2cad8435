"""The units that training sees are those that attention is computed with."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from pycosim.attention.electro_optic import (
    Nonlinearity,
    Optmax,
    Optmoid,
    Weigh,
    edge_nonlinearity,
    sigmoid_weights,
    weighing_attention,
)
from pycosim.models.edge_scales import reciprocal_scale, sigmoid_scale, softmax_scale
from pycosim.models.modulator import ModulatorEdge

torch = pytest.importorskip("torch")

SOURCE = Path(__file__).resolve().parents[2] / "training" / "electro_optic_units.py"
EDGE = ModulatorEdge(phase=np.pi / 8, slope=np.pi / 8, saturation=6.0, floor=1e-3, full=0.4)
FALLING = ModulatorEdge(phase=0.75 * np.pi, slope=np.pi / 8, saturation=6.0, floor=1e-3, full=0.4)

BITS = 12
"""At 4, a sum of samples lies half-way between two codes of the divisor so often that rounding errors decide."""


@pytest.fixture(scope="module")
def units() -> ModuleType:
    spec = importlib.util.spec_from_file_location("electro_optic_units", SOURCE)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["electro_optic_units"] = module
    spec.loader.exec_module(module)
    return module


def _operands(seed: int = 0) -> list[np.ndarray]:
    generator = np.random.default_rng(seed)
    return [generator.normal(0.0, 1.5, (2, 3, 17, 8)).astype(np.float32) for _ in range(3)]


def _distance(attend: object, weigh: Weigh, *, causal: bool) -> float:
    q, k, v = _operands()
    found = attend(*(torch.tensor(x) for x in (q, k, v))).detach().numpy()  # type: ignore[operator]
    return float(np.abs(found - weighing_attention(weigh, causal=causal)(q, k, v)).mean())


@pytest.mark.parametrize("causal", [True, False])
def test_optmax_of_training_is_that_of_attention(units: ModuleType, causal: bool) -> None:
    dark, zero = EDGE.level_of_phase(0.0), EDGE.level_of_phase(np.pi / 4)
    scale = softmax_scale(EDGE.output, dark=dark, zero=zero, generator=np.random.default_rng(0))
    bright, off = FALLING.level_of_phase(np.pi / 2), FALLING.level_of_phase(np.pi)
    over = reciprocal_scale(FALLING.output, bright=bright, dark=off, brightness=0.5)
    divisor = units.Divisor(edge=FALLING, scale=over)
    attend = units.OptmaxAttention(units.OperandPath(EDGE, scale, BITS, 0.0), divisor, causal=causal)
    one = float(FALLING.output(over.origin))
    ends = ((scale.low - scale.origin) / scale.rate, (scale.high - scale.origin) / scale.rate)
    weigh = Optmax(
        operand=edge_nonlinearity(EDGE.output, scale, ends, bits=BITS),
        divisor=Nonlinearity(law=lambda z: FALLING.output(over.level(z - 1)) / one, low=1.0, high=2.0, bits=BITS),
        gain=over.gain,
    )
    assert _distance(attend, weigh, causal=causal) < 1e-4  # a step of the converters is 2.4e-4


@pytest.mark.parametrize("causal", [True, False])
def test_optmoid_and_sigmoid_of_training_are_those_of_attention(units: ModuleType, causal: bool) -> None:
    dark, bright = EDGE.level_of_phase(0.0), EDGE.level_of_phase(np.pi / 2)
    scale = sigmoid_scale(EDGE.output, dark=dark, bright=bright)
    attend = units.OptmoidAttention(units.OperandPath(EDGE, scale, 4, 0.0), causal=causal)
    ends = ((scale.low - scale.origin) / scale.rate, (scale.high - scale.origin) / scale.rate)
    weigh = Optmoid(operand=edge_nonlinearity(EDGE.output, scale, ends, bits=4))
    assert _distance(attend, weigh, causal=causal) < 2e-3
    assert _distance(units.SigmoidAttention(causal=causal), sigmoid_weights, causal=causal) < 1e-6


def test_noise_has_the_deviation_that_each_sequence_draws_and_gradients_pass_the_converters(units: ModuleType) -> None:
    scale = sigmoid_scale(EDGE.output, dark=EDGE.level_of_phase(0.0), bright=EDGE.level_of_phase(np.pi / 2))
    path = units.OperandPath(EDGE, scale, 8, 0.1)
    torch.manual_seed(0)
    light = torch.full((64, 1, 1, 4000), 0.5)
    deviation = path.deviations(light)
    assert float(deviation.min()) >= 0 and 0.09 < float(deviation.max()) <= 0.1
    ratio = path.noisy(light, deviation).std(-1).squeeze() / (deviation.squeeze() ** 2 + (1 / 255) ** 2 / 12).sqrt()
    assert float((ratio - 1).abs().max()) < 0.06  # 4000 draws: 1.1 % rms
    q, k, v = (torch.tensor(x, requires_grad=True) for x in _operands())
    units.OptmoidAttention(path, causal=True)(q, k, v).sum().backward()
    assert float(q.grad.abs().sum()) > 0 and bool(torch.isfinite(k.grad).all())
