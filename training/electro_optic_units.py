"""Attention with Optmax, Optmoid and the sigmoid in torch, for training with converters and noise.

As `pycosim.attention.electro_optic` has it, from the models of a run, without memory: converters at input and output of
the unit alone, with straight-through gradients, and a draw of additive noise at every sample. Each sequence of a batch
draws how large its noise is, so that weights learn all deviations from none up to the given one.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from pycosim.models.edge_scales import OperandScale, reciprocal_scale, sigmoid_scale, softmax_scale
from pycosim.models.io import load_model
from pycosim.models.modulator import ModulatorEdge

UNITS = ("sigmoid", "optmax", "optmoid")


def law_of(edge: ModulatorEdge, level: Tensor) -> Tensor:
    """The light over full scale, as `ModulatorEdge` has it, in torch."""
    phase = edge.phase + edge.slope * edge.saturation * torch.tanh(level / edge.saturation)
    return (edge.floor + (1 - edge.floor) * torch.sin(phase) ** 2) ** edge.n_modulators


def rounded(x: Tensor, steps: int) -> Tensor:
    """The nearest of ``steps`` + 1 levels from 0 to 1, with the gradient of the identity inside."""
    inside = x.clamp(0.0, 1.0)
    return inside + (torch.round(inside * steps) / steps - inside).detach()


def scores_of(q: Tensor, k: Tensor, *, causal: bool) -> tuple[Tensor, Tensor]:
    """Scores (batch, head, token, token), and which of them count (token, token)."""
    scores = q @ k.transpose(-1, -2) * q.shape[-1] ** -0.5
    seen = torch.ones(scores.shape[-2:], dtype=torch.bool)
    return scores, seen.tril() if causal else seen


class OperandPath(nn.Module):
    """Operand -> sample over full scale: converter, edge, noise, converter."""

    def __init__(self, edge: ModulatorEdge, scale: OperandScale, bits: int, sigma: float) -> None:
        super().__init__()
        self.edge, self.scale, self.steps, self.sigma = edge, scale, (1 << bits) - 1, sigma
        ends = law_of(edge, torch.tensor([scale.low, scale.high], dtype=torch.float64))
        self.dark, self.span = float(ends.min()), float(ends.max() - ends.min())

    def settled(self, operand: Tensor) -> Tensor:
        """Light over full scale for operands."""
        place = (self.scale.origin + self.scale.rate * operand - self.scale.low) / (self.scale.high - self.scale.low)
        level = self.scale.low + (self.scale.high - self.scale.low) * rounded(place, self.steps)
        return (law_of(self.edge, level) - self.dark) / self.span

    def noisy(self, light: Tensor, deviation: Tensor) -> Tensor:
        """What the converter at the output gives for light (batch, head, token, token)."""
        return rounded(light + deviation * torch.randn_like(light), self.steps)

    def deviations(self, light: Tensor) -> Tensor:
        """How large the noise of each sequence is, (batch, 1, 1, 1)."""
        return self.sigma * torch.rand((light.shape[0], 1, 1, 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Divisor:
    """The falling edge and how sums are laid onto it."""

    edge: ModulatorEdge
    scale: OperandScale

    def light(self, part: Tensor) -> Tensor:
        """Light over that at a sum of 1, for sums less 1."""
        level = (self.scale.origin + self.scale.rate * part).clamp(self.scale.low, self.scale.high)
        one = law_of(self.edge, torch.tensor(self.scale.origin, dtype=torch.float64))
        return law_of(self.edge, level) / float(one)


class OptmaxAttention(nn.Module):
    """Attention with Optmax."""

    def __init__(self, operand: OperandPath, divisor: Divisor, *, causal: bool) -> None:
        super().__init__()
        self.operand, self.divisor, self.causal = operand, divisor, causal

    def forward(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        """Attend; arrays (batch, head, token, d_head)."""
        scores, mask = scores_of(q, k, causal=self.causal)
        x = (scores - scores.masked_fill(~mask, -torch.inf).amax(-1, keepdim=True)).masked_fill(~mask, -1e4)
        light = self.operand.settled(x)
        deviation = self.operand.deviations(light)
        total = (self.operand.noisy(light, deviation) * mask).sum(-1, keepdim=True)
        total = total.clamp_min(1.0 / self.operand.steps)
        power = torch.exp2(torch.floor(torch.log2(total))).detach()
        part = rounded(total / power - 1.0, self.operand.steps)
        second = self.operand.noisy(light * self.divisor.light(part), deviation)
        return (second * mask * self.divisor.scale.gain / power) @ v


class OptmoidAttention(nn.Module):
    """Attention with Optmoid and the bias -ln(n) of each row."""

    def __init__(self, operand: OperandPath, *, causal: bool) -> None:
        super().__init__()
        self.operand, self.causal = operand, causal

    def forward(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        """Attend; arrays (batch, head, token, d_head)."""
        scores, mask = scores_of(q, k, causal=self.causal)
        light = self.operand.settled(scores - torch.log(mask.sum(-1, keepdim=True).to(scores.dtype)))
        return (self.operand.noisy(light, self.operand.deviations(light)) * mask) @ v


class SigmoidAttention(nn.Module):
    """Attention with the exact sigmoid and the bias -ln(n) of each row."""

    def __init__(self, *, causal: bool) -> None:
        super().__init__()
        self.causal = causal

    def forward(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        """Attend; arrays (batch, head, token, d_head)."""
        scores, mask = scores_of(q, k, causal=self.causal)
        return (torch.sigmoid(scores - torch.log(mask.sum(-1, keepdim=True).to(scores.dtype))) * mask) @ v


def attention_of(unit: str, run: Path | None, bits: int, sigma: float, *, causal: bool) -> nn.Module:
    """The attention of a run's models, with its operands' scales found as the flow finds them."""
    if unit == "sigmoid":
        return SigmoidAttention(causal=causal)
    if run is None:
        raise SystemExit("give --run, the directory of an electro-optic run: its models are trained with")
    edges = {name: load_model(run / "models" / f"edge_{name}")[0] for name in ("exp_1", "swing", "divisor")}
    if unit == "optmoid":
        edge = edges["swing"]
        dark, bright = edge.level_of_phase(0.0), edge.level_of_phase(np.pi / 2)
        path = OperandPath(edge, sigmoid_scale(edge.output, dark=dark, bright=bright), bits, sigma)
        return OptmoidAttention(path, causal=causal)
    edge, divisor = edges["exp_1"], edges["divisor"]
    rows = np.random.default_rng([0, 1])
    dark, zero = edge.level_of_phase(0.0), edge.level_of_phase(np.pi / 4)
    scale = softmax_scale(edge.output, dark=dark, zero=zero, generator=rows)
    bright, off = divisor.level_of_phase(np.pi / 2), divisor.level_of_phase(np.pi)
    over = Divisor(edge=divisor, scale=reciprocal_scale(divisor.output, bright=bright, dark=off, brightness=0.5))
    return OptmaxAttention(OperandPath(edge, scale, bits, sigma), over, causal=causal)
