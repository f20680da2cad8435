"""Fine-tune the shipped softmax weights for Optmax or Optmoid, with the response and the noise of a run's models.

``pycosim run --flow electro_optic --out runs/eo``, then ``python training/electro_optic.py optmax --run runs/eo --sigma
0.1 --steps 300 --out pycosim/transformer/shipped/optmax.safetensors``; the same for ``optmoid``.

Converters and noise are those of `pycosim.attention.electro_optic`: 4 bits at input and output of the unit alone, with
straight-through gradients, and a draw of additive noise at every sample.
"""

import argparse
import time
from pathlib import Path

import corpus
import numpy as np
import torch
from model import GPT2, Shape, SoftmaxAttention
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor, nn
from train import BATCH, batch_of, cross_entropy, held_out_loss

from pycosim.models.edge_scales import OperandScale, reciprocal_scale, sigmoid_scale, softmax_scale
from pycosim.models.io import load_model
from pycosim.models.modulator import ModulatorEdge

SHIPPED = Path("pycosim/transformer/shipped/softmax.safetensors")
WARM_UP = 20


def law_of(edge: ModulatorEdge, level: Tensor) -> Tensor:
    """The light over full scale, as `ModulatorEdge` has it, in torch."""
    phase = edge.phase + edge.slope * edge.saturation * torch.tanh(level / edge.saturation)
    return (edge.floor + (1 - edge.floor) * torch.sin(phase) ** 2) ** edge.n_modulators


def rounded(x: Tensor, steps: int) -> Tensor:
    """The nearest of ``steps`` + 1 levels from 0 to 1, with the gradient of the identity inside."""
    inside = x.clamp(0.0, 1.0)
    return inside + (torch.round(inside * steps) / steps - inside).detach()


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

    def sampled(self, light: Tensor) -> Tensor:
        """What the converter at the output gives."""
        return rounded(light + self.sigma * torch.randn_like(light), self.steps)


class OptmaxAttention(nn.Module):
    """Causal attention with Optmax, as `pycosim.attention.electro_optic.Optmax`."""

    def __init__(self, operand: OperandPath, divisor: ModulatorEdge, scale: OperandScale) -> None:
        super().__init__()
        self.operand, self.divisor, self.scale = operand, divisor, scale
        self.one = float(law_of(divisor, torch.tensor(scale.origin, dtype=torch.float64)))

    def forward(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        """Attend; arrays (batch, head, token, d_head)."""
        scores = q @ k.transpose(-1, -2) * q.shape[-1] ** -0.5
        mask = torch.ones(scores.shape[-2:], dtype=torch.bool).tril()
        x = (scores - scores.masked_fill(~mask, -torch.inf).amax(-1, keepdim=True).detach()).masked_fill(~mask, -1e4)
        light = self.operand.settled(x)
        total = (self.operand.sampled(light) * mask).sum(-1, keepdim=True).clamp_min(1.0 / self.operand.steps)
        power = torch.exp2(torch.floor(torch.log2(total))).detach()
        part = rounded(total / power - 1.0, self.operand.steps)
        level = (self.scale.origin + self.scale.rate * part).clamp(self.scale.low, self.scale.high)
        second = self.operand.sampled(light * law_of(self.divisor, level) / self.one)
        return (second * mask * self.scale.gain / power) @ v


class OptmoidAttention(nn.Module):
    """Causal attention with Optmoid and the bias -ln(n) of each row."""

    def __init__(self, operand: OperandPath) -> None:
        super().__init__()
        self.operand = operand

    def forward(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        """Attend; arrays (batch, head, token, d_head)."""
        scores = q @ k.transpose(-1, -2) * q.shape[-1] ** -0.5
        mask = torch.ones(scores.shape[-2:], dtype=torch.bool).tril()
        x = scores - torch.log(mask.sum(-1, keepdim=True).to(scores.dtype))
        return (self.operand.sampled(self.operand.settled(x)) * mask) @ v


def attention_of(unit: str, run: Path, bits: int, sigma: float) -> nn.Module:
    """The attention of a run's models, with its operands' scales found as the flow finds them."""
    edges = {name: load_model(run / "models" / f"edge_{name}")[0] for name in ("exp_1", "swing", "divisor")}
    if unit == "optmoid":
        edge = edges["swing"]
        dark, bright = edge.level_of_phase(0.0), edge.level_of_phase(np.pi / 2)
        return OptmoidAttention(OperandPath(edge, sigmoid_scale(edge.output, dark=dark, bright=bright), bits, sigma))
    edge, divisor = edges["exp_1"], edges["divisor"]
    rows = np.random.default_rng([0, 1])
    dark, zero = edge.level_of_phase(0.0), edge.level_of_phase(np.pi / 4)
    scale = softmax_scale(edge.output, dark=dark, zero=zero, generator=rows)
    bright, off = divisor.level_of_phase(np.pi / 2), divisor.level_of_phase(np.pi)
    over = reciprocal_scale(divisor.output, bright=bright, dark=off, brightness=0.5)
    return OptmaxAttention(OperandPath(edge, scale, bits, sigma), divisor, over)


def shipped_model(shape: Shape, attend: nn.Module) -> tuple[GPT2, dict[str, str]]:
    """The shipped softmax weights around another attention, and the file's metadata."""
    model = GPT2(shape, [SoftmaxAttention() for _ in shape.layers])
    with safe_open(SHIPPED, framework="pt") as file:
        model.load_state_dict({name: file.get_tensor(name) for name in file.keys()})  # noqa: SIM118
        metadata = dict(file.metadata())
    for block in model.h:
        block.attn.attend = attend
    return model, metadata


def main() -> None:
    """Fine-tune one of the two."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("unit", choices=["optmax", "optmoid"])
    parser.add_argument("--run", type=Path, required=True, help="directory of an electro-optic run")
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--peak", type=float, default=1e-3, help="highest learning rate")
    parser.add_argument("--bits", type=int, default=4)
    parser.add_argument("--sigma", type=float, default=0.1, help="additive noise over full scale")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=1e3, help="end after so long, with the rate gone down")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(args.seed)
    shape = Shape()
    training, held_out = corpus.split()
    text, shown = (torch.tensor(list(part)) for part in (training, corpus.shipped_part(held_out)[:8193]))
    model, metadata = shipped_model(shape, attention_of(args.unit, args.run, args.bits, args.sigma))
    print(f"held-out before {held_out_loss(model, shown, shape.n_ctx):.4f}", flush=True)
    optimizer = torch.optim.AdamW(model.parameters(), betas=(0.9, 0.95), weight_decay=0.0)
    begin, step, done = time.monotonic(), 0, 0.0
    while done < 1.0:
        done = max((step + 1) / args.steps, (time.monotonic() - begin) / 60 / args.minutes)
        for group in optimizer.param_groups:
            group["lr"] = args.peak * min(1.0, (step + 1) / WARM_UP) * max(0.02, 1.0 - done)
        loss = cross_entropy(model, batch_of(text, shape.n_ctx))
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        step += 1
        if step % 20 == 0:
            print(f"step {step} loss {loss.item():.4f} {time.monotonic() - begin:.0f} s", flush=True)
    found = held_out_loss(model, shown, shape.n_ctx)
    metadata |= {
        "attention": args.unit,
        "trained": f"training/electro_optic.py {args.unit}, from softmax.safetensors",
        "bits": str(args.bits),
        "sigma": f"{args.sigma:g}",
        "steps": str(step),
        "seed": str(args.seed),
        "batch": str(BATCH),
        "held_out_loss_nats": f"{found:.6f}",
    }
    tensors = {name: x.detach().contiguous() for name, x in model.named_parameters()}
    save_file(tensors, args.out, metadata)
    print(f"held-out {found:.4f} after {step} steps", flush=True)


if __name__ == "__main__":
    main()
