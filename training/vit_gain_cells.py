"""Fine-tune the vision transformer on scikit-learn's digits for the linear gain-cell hardware, every token seeing all.

``python training/vit_gain_cells.py --out pycosim/transformer/shipped/digits_gain_cell``: from the weights that
training/vit.py made with softmax attention, on the training part of the same split, drawn anew as there.
"""

import argparse
import time
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from vit import BATCH, WARM_UP, drawn_like

from pycosim.attention.analog import factored_arrays
from pycosim.attention.exact import exact_attention
from pycosim.attention.hardware import AttentionHardware
from pycosim.attention.published import linear_models
from pycosim.flows.hardware_scalers import initial_scalers
from pycosim.network.data import load_data_set
from pycosim.training.build import torch_model, trained_model
from pycosim.training.cells import CellVariation
from pycosim.training.hardware import HardwareAttention, begin_step
from pycosim.training.linear import LinearRead
from pycosim.training.optimizer import learning_rate, optimizer_of
from pycosim.transformer.classifiers import DIGITS_SPLIT, load_shipped_classifier
from pycosim.transformer.save import save_model

HARDWARE = AttentionHardware(token_period=0.0, tile=64, window=64, causal=False)
"""One tile of 64 holds the 17 tokens of an image; an image takes no time, so that cells keep what was written."""
N_CALIBRATION = 256
"""Images of the training part on which the first scalers are found."""


def loss_of(model: nn.Module, images: Tensor, labels: Tensor) -> Tensor:
    """Of a batch drawn anew, nats."""
    chosen = torch.randint(len(images), (BATCH,))
    return functional.cross_entropy(model(drawn_like(images[chosen])), labels[chosen], label_smoothing=0.05)


@torch.no_grad()
def accuracy(model: nn.Module, images: Tensor, labels: Tensor) -> float:
    """Share of images whose class is found."""
    return float((model(images).argmax(-1) == labels).float().mean())


def main() -> None:
    """Fine-tune and write the folder."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--peak", type=float, default=1e-3, help="highest learning rate")
    parser.add_argument("--variation", type=float, default=1.0, help="of the cells' response, for the adaptation")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    torch.set_num_threads(1)
    data = load_data_set("digits", seed=DIGITS_SPLIT)
    images, shown = (torch.tensor(x, dtype=torch.float32).view(-1, 1, 8, 8) for x in (data.inputs, data.test_inputs))
    labels, wanted = torch.tensor(data.labels), torch.tensor(data.test_labels)
    vit = load_shipped_classifier("digits_softmax")
    scalers = initial_scalers(
        vit,
        np.asarray(images[:N_CALIBRATION]),
        arrays=factored_arrays(linear_models(), HARDWARE),
        reference=partial(exact_attention, causal=False),
    )
    variation = CellVariation.spread(args.variation) if args.variation else None
    model = torch_model(vit, [HardwareAttention(own, LinearRead(HARDWARE, variation=variation)) for own in scalers])
    optimizer = optimizer_of(model)
    begun = time.process_time()
    for step in range(args.steps):
        torch.manual_seed(args.seed * 1_000_003 + step)
        begin_step(model, torch.Generator().manual_seed(args.seed * 1_000_003 + step))
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(step, args.steps, args.peak, WARM_UP)
        loss = loss_of(model, images, labels)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        if (step + 1) % 100 == 0 or step + 1 == args.steps:
            begin_step(model, None)
            right = accuracy(model, images, labels)
            print(
                f"{step + 1} loss {loss.item():.4f} right {right:.4f} {time.process_time() - begun:.0f} s", flush=True
            )
    found = accuracy(model, shown, wanted)
    print(f"test part {found:.4f}")
    metadata = {
        "attention": "linear gain cell",
        "trained": "training/vit_gain_cells.py, from digits_softmax",
        "steps": str(args.steps),
        "seed": str(args.seed),
        "tile": str(HARDWARE.tile),
        "window": str(HARDWARE.window),
        "test_accuracy": f"{found:.6f}",
    }
    save_model(args.out, trained_model(vit, model), metadata=metadata)


if __name__ == "__main__":
    main()
