"""Try the gradient-free adaptation of the scalers on the cubic cell: held-out loss before and after.

``python training/adaptation.py --linear training/checkpoints/linear.pt --match read``
"""

import argparse
from pathlib import Path

import corpus
import torch
from export import calibration_tokens, load, statistics
from hardware import cubic_cell
from model import GPT2
from torch import Tensor
from train import held_out_loss

# scaler -> the signal whose mean and deviation it is to restore
MATCHES = {
    "written": {"scale_q": "scale_q", "scale_k": "scale_k", "scale_v": "scale_v", "scale_out": "scale_out"},
    "read": {"scale_q": "scale_q", "scale_k": "read_k", "scale_v": "read_v", "scale_out": "scale_out"},
}


@torch.no_grad()
def adapt(model: GPT2, targets: dict[str, Tensor], tokens: Tensor, match: dict[str, str], iterations: int) -> int:
    """Match mean and deviation per head; return the number of iterations.

    ``a <- (1 - alpha) a + alpha a sigma_target / sigma`` and ``b <- b + alpha (mu_target - mu)``, alpha from
    1.0 to 0.1, until no mean or deviation is off by 1e-4 [2025 Leroux].
    """
    for iteration in range(iterations):
        alpha = 1.0 - 0.9 * iteration / (iterations - 1)
        found, worst = statistics(model, tokens), 0.0
        for layer, block in enumerate(model.h):
            for name, signal in match.items():
                mean, deviation = (f"h.{layer}.attn.{signal}.{kind}" for kind in ("mean", "std"))
                shift = targets[mean] - found[mean]
                scaler = getattr(block.attn.attend, name)
                scaler.a.mul_(1 - alpha + alpha * targets[deviation] / found[deviation])
                scaler.b.add_(alpha * shift)
                worst = max(worst, float(shift.abs().max()))
                worst = max(worst, float((targets[deviation] - found[deviation]).abs().max()))
        if worst < 1e-4:
            return iteration + 1
    return iterations


def main() -> None:
    """Print the held-out loss of the linear cell and of the cubic cell before and after the adaptation."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--linear", type=Path, required=True)
    parser.add_argument("--match", choices=sorted(MATCHES), default="read")
    parser.add_argument("--iterations", type=int, default=50)
    args = parser.parse_args()
    torch.set_num_threads(2)
    training, held_out = corpus.split()
    text, tokens = torch.tensor(list(corpus.shipped_part(held_out))), calibration_tokens(training)
    model, _ = load(args.linear, linear=True)
    targets = statistics(model, tokens)
    print(f"linear cell {held_out_loss(model, text, tokens.shape[-1]):.4f} nats")
    for block in model.h:
        block.attn.attend.cell = cubic_cell
    print(f"cubic cell before {held_out_loss(model, text, tokens.shape[-1]):.4f} nats")
    used = adapt(model, targets, tokens, MATCHES[args.match], args.iterations)
    print(f"cubic cell after {used} iterations {held_out_loss(model, text, tokens.shape[-1]):.4f} nats")


if __name__ == "__main__":
    main()
