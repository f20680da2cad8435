"""Try the gradient-free adaptation of the scalers on the cubic cell: held-out loss before and after.

``python training/adaptation.py --linear training/checkpoints/linear.pt --match read``
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import corpus
import numpy as np
from export import calibration_tokens
from model import Shape
from rich.console import Console
from train import HARDWARE, loaded, of_numpy

from pycosim.attention.analog import AttentionArrays, analog_layers, factored_arrays
from pycosim.attention.hardware import Scalers
from pycosim.attention.published import linear_models, published_models
from pycosim.evaluate.accuracy import token_losses
from pycosim.flows.adaptation import adapt_scalers
from pycosim.flows.hardware_scalers import scalers_of
from pycosim.flows.progress import RichProgress
from pycosim.transformer.gpt2 import Gpt2


def held_out_loss(model: Gpt2, text: bytes, arrays: AttentionArrays, scalers: Sequence[Scalers]) -> float:
    """Mean loss in nats per byte of a text on one hardware."""
    return float(token_losses(np.frombuffer(text, np.uint8).astype(int), model, analog_layers(arrays, scalers)).mean())


def main() -> None:
    """Print the held-out loss of the linear cell and of the cubic cell before and after the adaptation."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--linear", type=Path, required=True)
    parser.add_argument("--match", choices=["read", "written"], default="read")
    parser.add_argument("--iterations", type=int, default=50)
    args = parser.parse_args()
    training, held_out = corpus.split()
    text, tokens, shape = corpus.shipped_part(held_out), calibration_tokens(training).numpy(), Shape()
    model = of_numpy(loaded(args.linear, shape, linear=True)[0], shape)
    linear, cubic = factored_arrays(linear_models(), HARDWARE), factored_arrays(published_models(), HARDWARE)
    start = scalers_of(model)
    print(f"linear cell {held_out_loss(model, text, linear, start):.4f} nats")
    print(f"cubic cell before {held_out_loss(model, text, cubic, start):.4f} nats")
    with RichProgress(Console(stderr=True)) as progress:
        progress.stage("adaptation", total=args.iterations)
        found, _ = adapt_scalers(
            linear, cubic, model, start, args.iterations, progress, tokens=tokens, match=args.match
        )
    loss = held_out_loss(model, text, cubic, found.scalers)
    print(f"cubic cell after {len(found.history)} iterations {loss:.4f} nats")


if __name__ == "__main__":
    main()
