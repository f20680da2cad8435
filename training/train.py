"""Train the two weight files that pycosim ships, on the loop of `pycosim.training`.

``python training/train.py softmax --steps 4500 --out training/checkpoints/softmax.pt``, then
``python training/train.py linear --steps 2500 --peak 1e-3 --init .../softmax.pt --out .../linear.pt``.

A run that finds its own --out file goes on from there; random draws depend on seed and step alone.
"""

import argparse
from pathlib import Path

import corpus
import torch
from model import GPT2, Shape, SoftmaxAttention
from rich.console import Console
from torch import Tensor, nn

from pycosim.attention.hardware import AttentionHardware, Scalers
from pycosim.flows.hardware_scalers import initial_scalers
from pycosim.flows.progress import RichProgress
from pycosim.training.build import named_arrays, torch_model
from pycosim.training.cells import CellVariation
from pycosim.training.hardware import HardwareAttention
from pycosim.training.linear import LinearRead
from pycosim.training.loop import Plan, draws_of_step
from pycosim.training.loop import train as run_steps
from pycosim.training.losses import held_out_loss as loss_of_windows
from pycosim.training.losses import next_token_loss as cross_entropy
from pycosim.training.text import drawn_windows, windows_in_a_row
from pycosim.transformer.gpt2 import Gpt2
from pycosim.transformer.tokenizer import ByteTokenizer
from pycosim.transformer.weights import Weights

__all__ = ["BATCH", "HARDWARE", "batch_of", "cross_entropy", "held_out_loss", "loaded", "with_hardware"]

BATCH = 16
WARM_UP = 200
JUDGED = 64
HARDWARE = AttentionHardware(token_period=0.0)


def batch_of(text: Tensor, n_ctx: int) -> Tensor:
    """Return BATCH random windows of n_ctx + 1 bytes, (batch, token), by torch's own generator."""
    return drawn_windows(text, n_ctx, BATCH, torch.default_generator)


def held_out_loss(model: nn.Module, text: Tensor, n_ctx: int) -> float:
    """Mean loss in nats per byte over a text's non-overlapping windows; a shorter last one is left out."""
    return loss_of_windows(model, windows_in_a_row(text, n_ctx))


def of_numpy(model: nn.Module, shape: Shape) -> Gpt2:
    """The model as the package runs it."""
    return Gpt2(weights=Weights(config=shape, arrays=named_arrays(model)), tokenizer=ByteTokenizer())


def with_hardware(model: GPT2, shape: Shape, tokens: Tensor, variation: CellVariation | None) -> GPT2:
    """Replace softmax attention by the linear hardware's, scalers set from the statistics of the softmax model."""
    exact = of_numpy(model, shape)
    scalers = initial_scalers(exact, tokens.numpy())
    return torch_model(exact, [HardwareAttention(own, LinearRead(HARDWARE, variation=variation)) for own in scalers])


def loaded(path: Path, shape: Shape, *, linear: bool) -> tuple[GPT2, int]:
    """Return the model of a checkpoint and the number of its training steps."""
    read, start = LinearRead(HARDWARE), Scalers.identity(shape.n_head)
    attentions = [HardwareAttention(start, read) if linear else SoftmaxAttention() for _ in shape.layers]
    model, saved = GPT2(shape, attentions), torch.load(path, weights_only=True)
    model.load_state_dict(saved["model"])
    return model, saved["step"]


def train(model: GPT2, texts: tuple[Tensor, Tensor], shape: Shape, args: argparse.Namespace) -> None:
    """Train to `args.steps`, going on from `args.out` if it exists."""
    text, rows = texts[0], windows_in_a_row(texts[1], shape.n_ctx)
    plan = Plan(steps=args.steps, batch=BATCH, context=shape.n_ctx, peak=args.peak, warm_up=WARM_UP, seed=args.seed)

    def loss_of(draws: torch.Generator) -> Tensor:
        return cross_entropy(model, drawn_windows(text, plan.context, plan.batch, draws))

    def judge(whole: bool) -> float:
        return loss_of_windows(model, rows if whole else rows[:JUDGED])

    settings = {"attention": args.attention, "steps": args.steps, "peak": args.peak, "seed": args.seed}
    settings |= {"spread": args.spread, "init": args.init and str(args.init)}
    with RichProgress(Console(stderr=True)) as progress:
        run_steps(model, plan, loss_of, judge, args.out, settings, progress)


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
    training, held_out = corpus.split()
    texts = (torch.tensor(list(training)), torch.tensor(list(corpus.shipped_part(held_out))))
    model = GPT2(shape, [SoftmaxAttention() for _ in shape.layers])
    if args.init:
        model, _ = loaded(args.init, shape, linear=False)
    if args.attention == "linear":
        tokens = drawn_windows(texts[0], shape.n_ctx, BATCH, draws_of_step(args.seed, -1))[:, :-1]
        model = with_hardware(model, shape, tokens, CellVariation.spread(args.spread) if args.spread else None)
    train(model, texts, shape, args)


if __name__ == "__main__":
    main()
