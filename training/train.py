"""Train the two weight files that pycosim ships.

``python training/train.py softmax --steps 4500 --out training/checkpoints/softmax.pt``, then
``python training/train.py linear --steps 2500 --peak 1e-3 --init .../softmax.pt --out .../linear.pt``.

A run that finds its own --out file goes on from there; random draws depend on seed and step alone.
"""

import argparse
import math
import time
from pathlib import Path

import corpus
import torch
from hardware import HALF_SUPPLY, HardwareAttention, VariedCell, linear_cell
from model import GPT2, Shape, SoftmaxAttention
from torch import Tensor, nn
from torch.nn import functional

BATCH = 16
WARM_UP = 200
SAVE_EVERY = 250


def batch_of(text: Tensor, n_ctx: int) -> Tensor:
    """Return BATCH random windows of n_ctx + 1 bytes, (batch, token)."""
    starts = torch.randint(len(text) - n_ctx, (BATCH,))
    return torch.stack([text[start : start + n_ctx + 1] for start in starts.tolist()])


def cross_entropy(model: nn.Module, windows: Tensor) -> Tensor:
    """Mean loss in nats per byte of windows (batch, n_ctx + 1)."""
    return functional.cross_entropy(model(windows[:, :-1]).flatten(0, 1), windows[:, 1:].flatten())


@torch.no_grad()
def held_out_loss(model: nn.Module, text: Tensor, n_ctx: int) -> float:
    """Mean loss in nats per byte over a text's non-overlapping windows; a shorter last one is left out."""
    n_windows = (len(text) - 1) // n_ctx
    windows = torch.stack([text[i * n_ctx : (i + 1) * n_ctx + 1] for i in range(n_windows)])
    return float(sum(cross_entropy(model, part) * len(part) for part in windows.split(16)) / n_windows)


def learning_rate(step: int, steps: int, peak: float) -> float:
    """Linear warm-up, then a cosine down to a hundredth of the peak."""
    if step < WARM_UP:
        return peak * (step + 1) / WARM_UP
    return peak * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * (step - WARM_UP) / max(1, steps - WARM_UP))))


def optimizer_of(model: nn.Module) -> torch.optim.AdamW:
    """AdamW as for GPT-2: weight decay on matrices only."""
    decayed = [p for p in model.parameters() if p.dim() > 1]
    others = [p for p in model.parameters() if p.dim() <= 1]
    groups = [{"params": decayed, "weight_decay": 0.1}, {"params": others, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, betas=(0.9, 0.95), fused=True)


@torch.no_grad()
def use_hardware(model: GPT2, tokens: Tensor) -> None:
    """Replace softmax attention by the linear hardware's, scalers set from the softmax model's statistics.

    Per head, q is spread to 0.5 +- 0.25, k and v to 0.45 +- 0.2 V, the output as far as the softmax output.
    """
    seen: list[tuple[Tensor, ...]] = []
    for block in model.h:
        block.attn.attend.register_forward_hook(lambda _, inputs, out: seen.append((*inputs, out)))
    model(tokens)
    for block, (q, k, v, target) in zip(model.h, seen, strict=True):
        attend = HardwareAttention(block.attn.n_head)
        for scaler, x, spread, centre in (
            (attend.scale_q, q, 0.25, 0.5),
            (attend.scale_k, k, 0.2, HALF_SUPPLY),
            (attend.scale_v, v, 0.2, HALF_SUPPLY),
        ):
            deviation, mean = torch.std_mean(x, dim=(0, 2, 3))
            scaler.a.copy_(spread / deviation)
            scaler.b.copy_(centre - spread / deviation * mean)
        attend.scale_out.a.copy_(target.std(dim=(0, 2, 3)) / attend(q, k, v).std(dim=(0, 2, 3)))
        block.attn.attend = attend


def set_cell(model: GPT2, cell: VariedCell | None) -> None:
    """Give all heads the varied cell, or the linear one."""
    for block in model.h:
        if isinstance(block.attn.attend, HardwareAttention):
            block.attn.attend.cell = linear_cell if cell is None else cell


def train(
    model: GPT2, shape: Shape, texts: tuple[Tensor, Tensor], args: argparse.Namespace, cell: VariedCell | None
) -> None:
    """Train to `args.steps`, going on from `args.out` if it exists."""
    text, held_out = texts
    optimizer, first = optimizer_of(model), 0
    if args.out.exists():
        saved = torch.load(args.out)
        model.load_state_dict(saved["model"])
        optimizer.load_state_dict(saved["optimizer"])
        first = saved["step"]
    begin = time.monotonic()
    for step in range(first, args.steps):
        torch.manual_seed(args.seed * 1_000_003 + step)
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(step, args.steps, args.peak)
        set_cell(model, cell)
        loss = cross_entropy(model, batch_of(text, shape.n_ctx))
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        if (step + 1) % 50 == 0:
            print(f"step {step + 1} loss {loss.item():.4f} {time.monotonic() - begin:.0f} s", flush=True)
        if (step + 1) % SAVE_EVERY == 0 or step + 1 == args.steps:
            set_cell(model, None)
            state = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "step": step + 1}
            torch.save(state, args.out)
            if (step + 1) % (2 * SAVE_EVERY) == 0 or step + 1 == args.steps:
                print(f"held-out {held_out_loss(model, held_out, shape.n_ctx):.4f}", flush=True)


def arguments() -> argparse.Namespace:
    """Return the command line's arguments."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("attention", choices=["softmax", "linear"])
    parser.add_argument("--steps", type=int, default=4500)
    parser.add_argument("--peak", type=float, default=2e-3, help="highest learning rate")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--spread", type=float, default=1.0, help="linear: variation of the cells")
    parser.add_argument("--init", type=Path, help="the checkpoint of a softmax model to start from")
    parser.add_argument("--out", type=Path, required=True)
    return parser.parse_args()


def main() -> None:
    """Train one of the two."""
    args = arguments()
    torch.set_num_threads(2)
    torch.manual_seed(args.seed)
    shape = Shape()
    text, held_out = corpus.split()
    texts = (torch.tensor(list(text)), torch.tensor(list(corpus.shipped_part(held_out))))
    model = GPT2(shape, [SoftmaxAttention() for _ in shape.layers])
    cell = None
    if args.init:
        model.load_state_dict(torch.load(args.init)["model"])
    if args.attention == "linear":
        use_hardware(model, batch_of(texts[0], shape.n_ctx)[:, :-1])
        if args.spread:
            s = args.spread
            cell = VariedCell(quadratic=0.3 * s, cubic=5.0 * s, gain=0.03 * s, offset=0.005 * s)
    args.out.parent.mkdir(parents=True, exist_ok=True)
    train(model, shape, texts, args, cell)


if __name__ == "__main__":
    main()
