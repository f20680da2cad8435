"""Train the small models of the probes of attention: `python training/probes.py --out pycosim/probes/shipped`.

Each task is learnt with softmax attention first, from there with the linear gain-cell hardware. One thread; a run that
finds its own checkpoint goes on from there; sequences and variation depend on task and step alone.
"""

import argparse
import math
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import save_file
from torch import Tensor, nn
from torch.nn import functional

from pycosim.attention.analog import factored_arrays
from pycosim.attention.hardware import AttentionHardware
from pycosim.attention.linear_law import HALF_SUPPLY, TRANSCONDUCTANCE
from pycosim.attention.published import linear_models
from pycosim.flows.hardware_scalers import initial_scalers
from pycosim.probes import TASKS, UNSCORED, ProbeTask
from pycosim.training.build import named_arrays, torch_model
from pycosim.training.cells import CellVariation
from pycosim.training.gpt2 import TorchGpt2
from pycosim.training.hardware import HardwareAttention, begin_step
from pycosim.training.linear import LinearRead
from pycosim.training.softmax import SoftmaxAttention
from pycosim.transformer.gpt2 import Gpt2
from pycosim.transformer.parameters import SIZES, Gpt2Config, Weights
from pycosim.transformer.tokenizer import ByteTokenizer

TILE = 16  # tokens: four tiles hold a sequence of 64
N_LAYER = 2
N_HEAD, D_HEAD = 1, 40  # all weights together stay below 1.5 MB; one head, so that a score sums many features
BATCH = 32  # sequences
WARM_UP = 100  # steps
SAVE_EVERY = 100  # steps
AMPLITUDE = 0.2  # of the embeddings at the beginning; positions begin as sines, so that neighbours are easily told
HELD_OUT_SEED = 2**31  # beyond all steps
CALIBRATION_SEED = HELD_OUT_SEED + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How one task is learnt.

    Attributes:
        softmax: steps with softmax attention.
        linear: further steps with the linear hardware.
        after: task whose softmax model it begins with; None to begin anew.
        peak: highest learning rate with softmax.
        linear_peak: highest learning rate with the hardware.
    """

    softmax: int
    linear: int
    after: str | None = None
    peak: float = 3e-3
    linear_peak: float = 2e-3


RECIPES = {
    "induction": Recipe(softmax=800, linear=800),
    "recall": Recipe(softmax=200, linear=500, after="induction"),
    "sorting": Recipe(softmax=1500, linear=1000),
    "brackets": Recipe(softmax=2500, linear=1500, peak=4e-3),
}


def config_of(task: ProbeTask) -> Gpt2Config:
    """The size of a task's model."""
    return Gpt2Config(n_layer=N_LAYER, n_head=N_HEAD, d_head=D_HEAD, n_ctx=task.n_tokens, n_vocab=task.n_vocab)


def batch_of(task: ProbeTask, n: int, seed: int) -> tuple[Tensor, Tensor]:
    """Tokens and answers, (sequence, token)."""
    batch = task.draw(n, seed)
    return torch.from_numpy(batch.tokens), torch.from_numpy(batch.answers)


@torch.no_grad()
def accuracy_of(model: nn.Module, task: ProbeTask) -> float:
    """Share of right answers on sequences that no step has seen."""
    begin_step(model, None)
    tokens, answers = batch_of(task, 256, HELD_OUT_SEED)
    return float((model(tokens).argmax(dim=-1) == answers)[answers != UNSCORED].float().mean())


@torch.no_grad()
def begin(model: TorchGpt2, config: Gpt2Config) -> None:
    """Set the embeddings: normal tokens, and positions as sines of wavelengths from 4 tokens up."""
    half = config.d_model // 2
    rates = math.pi / 2 * 64.0 ** (-torch.arange(half) / half)
    angles = torch.arange(config.n_ctx)[:, None] * rates
    model.wpe.weight.copy_(AMPLITUDE * torch.cat([angles.sin(), angles.cos()], dim=-1))
    model.wte.weight.normal_(std=AMPLITUDE)


def learning_rate(step: int, steps: int, peak: float) -> float:
    """Linear warm-up, then a cosine down to a fiftieth of the peak."""
    return peak * min(1.0, (step + 1) / WARM_UP) * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * step / steps)))


def train(model: nn.Module, task: ProbeTask, steps: int, peak: float, path: Path) -> None:
    """Train to `steps`, going on from the checkpoint if it exists."""
    optimizer = torch.optim.AdamW(model.parameters(), betas=(0.9, 0.98), weight_decay=0.01, fused=True)
    first = 0
    if path.exists():
        saved = torch.load(path)
        model.load_state_dict(saved["model"])
        optimizer.load_state_dict(saved["optimizer"])
        first = saved["step"]
    begun = time.process_time()
    for step in range(first, steps):
        begin_step(model, torch.Generator().manual_seed(step))
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(step, steps, peak)
        tokens, answers = batch_of(task, BATCH, step)
        loss = functional.cross_entropy(model(tokens).flatten(0, 1), answers.flatten(), ignore_index=UNSCORED)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        if (step + 1) % SAVE_EVERY == 0 or step + 1 == steps:
            torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict(), "step": step + 1}, path)
            spent = time.process_time() - begun
            right = accuracy_of(model, task)
            print(f"{path.stem} {step + 1} loss {loss.item():.4f} right {right:.4f} {spent:.0f} s", flush=True)


def softmax_model(name: str, checkpoints: Path) -> TorchGpt2:
    """The model of a task with softmax attention, trained where it is not yet."""
    task, recipe = TASKS[name], RECIPES[name]
    path = checkpoints / f"{name}_softmax.pt"
    torch.manual_seed(0)
    model = TorchGpt2(config_of(task), [SoftmaxAttention() for _ in range(N_LAYER)])
    begin(model, config_of(task))
    if recipe.after is not None and not path.exists():
        model.load_state_dict(softmax_model(recipe.after, checkpoints).state_dict())
    train(model, task, recipe.softmax, recipe.peak, path)
    return model


def linear_model(name: str, checkpoints: Path, softmax: TorchGpt2, variation: CellVariation | None) -> nn.Module:
    """The same for the linear hardware, from the softmax model on."""
    task, recipe = TASKS[name], RECIPES[name]
    hardware = AttentionHardware(token_period=0.0, tile=TILE, window=task.n_tokens)
    known = Gpt2(weights=Weights(config=config_of(task), arrays=named_arrays(softmax)), tokenizer=ByteTokenizer())
    calibration = task.draw(BATCH, CALIBRATION_SEED).tokens
    scalers = initial_scalers(known, calibration, arrays=factored_arrays(linear_models(), hardware))
    model = torch_model(known, [HardwareAttention(own, LinearRead(hardware, variation=variation)) for own in scalers])
    train(model, task, recipe.linear, recipe.linear_peak, checkpoints / f"{name}_linear.pt")
    return model


def save(model: nn.Module, task: ProbeTask, path: Path, *, linear: bool, steps: int) -> None:
    """Write a file that `load_weights` reads."""
    config, tensors = config_of(task), dict(named_arrays(model))
    metadata = {
        "architecture": "gpt2",
        **{name: str(getattr(config, name)) for name in SIZES},
        "task": repr(task),
        "steps": str(steps),
        "trained": "training/probes.py",
        "right": f"{accuracy_of(model, task):.6f}",
        "attention": "linear gain cell" if linear else "softmax",
    }
    if linear:
        tensors["calibration.tokens"] = task.draw(BATCH, CALIBRATION_SEED).tokens.astype(np.uint8)
        metadata |= {"window": str(task.n_tokens), "tile": str(TILE)}
        metadata |= {"centre_v": f"{HALF_SUPPLY:g}", "transconductance_a_per_v": f"{TRANSCONDUCTANCE:g}"}
    save_file({name: np.ascontiguousarray(array) for name, array in tensors.items()}, path, metadata)
    print(f"{path.name}: {metadata['right']} right, {path.stat().st_size} bytes", flush=True)


def arguments() -> argparse.Namespace:
    """Return the command line's arguments."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tasks", nargs="*", default=list(RECIPES), help="which; all by default")
    parser.add_argument("--checkpoints", type=Path, default=Path("training/checkpoints/probes"))
    parser.add_argument("--variation", type=float, default=0.0, help="linear: variation of the cells")
    parser.add_argument("--out", type=Path, required=True)
    return parser.parse_args()


def main() -> None:
    """Train, and write the files."""
    args = arguments()
    torch.set_num_threads(1)
    for folder in (args.checkpoints, args.out):
        folder.mkdir(parents=True, exist_ok=True)
    variation = CellVariation.spread(args.variation) if args.variation else None
    for name in args.tasks:
        task, recipe = TASKS[name], RECIPES[name]
        softmax = softmax_model(name, args.checkpoints)
        save(softmax, task, args.out / f"{name}_softmax.safetensors", linear=False, steps=recipe.softmax)
        model = linear_model(name, args.checkpoints, softmax, variation)
        steps = recipe.softmax + recipe.linear
        save(model, task, args.out / f"{name}_linear.safetensors", linear=True, steps=steps)


if __name__ == "__main__":
    main()
