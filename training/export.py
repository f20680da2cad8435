"""Write the files that pycosim ships: two sets of weights, the held-out text and its licence.

``python training/export.py --softmax .../softmax.pt --linear .../linear.pt``
"""

import argparse
from pathlib import Path

import corpus
import torch
from model import Shape
from safetensors.torch import save_file
from torch import Tensor
from train import BATCH, HARDWARE, batch_of, held_out_loss, loaded, of_numpy

from pycosim.attention.analog import analog_layers, factored_arrays
from pycosim.attention.linear_law import LinearLaw
from pycosim.attention.published import linear_models
from pycosim.attention.statistics import SIGNALS, Moments
from pycosim.attention.trace import AttentionTrace
from pycosim.flows.hardware_scalers import scalers_of
from pycosim.models.quantizer import Quantizer
from pycosim.training.build import named_arrays
from pycosim.transformer.gpt2 import Gpt2

CALIBRATION_SEED = 7


def statistics(model: Gpt2, tokens: Tensor) -> dict[str, Tensor]:
    """Return mean and deviation per layer and head, over (batch, token, d_head), of the signals on linear hardware.

    ``scale_*`` is what leaves a scaler, before it is clipped and quantised; ``read_*`` is the voltage that
    the read current stands for, after clipping and quantising: in a linear cell the one that is stored.
    """
    found: dict[str, Tensor] = {}
    nodes = HARDWARE.stored_axis.nodes
    stored = Quantizer(n_levels=nodes.size, low=float(nodes[0]), high=float(nodes[-1]))

    def watch(layer: int, trace: AttentionTrace) -> None:
        signals = {f"scale_{name}": getattr(trace, name) for name in SIGNALS}
        signals |= {f"read_{name}": nodes[stored.codes(getattr(trace, name))] for name in ("k", "v")}
        for name, x in signals.items():
            moments = Moments.of(x)
            for part, values in (("mean", moments.mean), ("std", moments.deviation)):
                found[f"h.{layer}.attn.{name}.{part}"] = torch.tensor(values, dtype=torch.float32)

    observers = [lambda trace, layer=layer: watch(layer, trace) for layer in range(model.config.n_layer)]
    model.hidden(
        tokens.numpy(), analog_layers(factored_arrays(linear_models(), HARDWARE), scalers_of(model), observers)
    )
    return found


def calibration_tokens(training: bytes) -> Tensor:
    """Return the fixed windows of training text, (batch, n_ctx), on which the statistics are recorded."""
    torch.manual_seed(CALIBRATION_SEED)
    return batch_of(torch.tensor(list(training)), Shape().n_ctx)[:, :-1]


def common_metadata(shape: Shape, training: bytes, held_out: bytes) -> dict[str, str]:
    """Return what the headers of both files say."""
    return {
        "architecture": "gpt2",
        "n_layer": str(shape.n_layer),
        "n_head": str(shape.n_head),
        "d_head": str(shape.d_head),
        "n_ctx": str(shape.n_ctx),
        "n_vocab": str(shape.n_vocab),
        "tokenizer": "byte",
        "text": "CPython documentation topics and standard-library docstrings (training/corpus.py)",
        "training_text_sha256": corpus.digest(training),
        "held_out_text_sha256": corpus.digest(held_out),
        "batch": str(BATCH),
    }


def hardware_metadata() -> dict[str, str]:
    """Return the arithmetic of the linear hardware that the weights were tuned for, SI units."""
    law = LinearLaw()
    return {
        "attention": "linear gain cell",
        "window": str(HARDWARE.window),
        "tile": str(HARDWARE.tile),
        "query_levels": str(HARDWARE.n_input_levels),
        "stored_levels": str(HARDWARE.n_stored_levels),
        "stored_low_v": str(HARDWARE.stored_low),
        "stored_high_v": str(HARDWARE.stored_high),
        "centre_v": str(law.zero_voltage),
        "transconductance_a_per_v": f"{law.transconductance:g}",
        "score_saturation_current_a": f"{law.saturation_current:g}",
        "output_saturation_current_a": f"{law.signed_saturation_current:g}",
        "output_levels": f"sign and {HARDWARE.n_output_counts} counts",
        "score_read_out": "hard sigmoid, not quantised",
        "statistics": "mean and deviation per head over the calibration tokens; "
        "scale_*: after the scaler, before clip and quantise; read_*: 0.45 V + current / transconductance",
    }


def main() -> None:
    """Write the four files."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--softmax", type=Path, required=True)
    parser.add_argument("--linear", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=Path("pycosim/transformer/shipped"))
    args = parser.parse_args()
    torch.set_num_threads(2)
    shape = Shape()
    training, held_out = corpus.split()
    shipped = corpus.shipped_part(held_out)
    text = torch.tensor(list(shipped))
    calibration = calibration_tokens(training)
    args.out.mkdir(parents=True, exist_ok=True)

    for name, path in (("softmax", args.softmax), ("linear", args.linear)):
        model, steps = loaded(path, shape, linear=name == "linear")
        loss = held_out_loss(model, text, shape.n_ctx)
        tensors = {key: torch.from_numpy(array) for key, array in named_arrays(model).items()}
        metadata = common_metadata(shape, training, shipped)
        metadata |= {"steps": str(steps), "seed": "1", "held_out_loss_nats": f"{loss:.6f}"}
        if name == "linear":
            tensors |= statistics(of_numpy(model, shape), calibration)
            tensors |= {"calibration.tokens": calibration.to(torch.uint8)}
            metadata |= hardware_metadata()
            metadata["trained"] = "training/train.py linear, from softmax.safetensors, cells varied"
        else:
            metadata |= {"attention": "softmax", "trained": "training/train.py softmax"}
        save_file(tensors, args.out / f"{name}.safetensors", metadata)
        print(f"{name}: held-out {loss:.6f} nats per byte, {sum(x.numel() for x in tensors.values())} values")
    corpus.write_held_out(args.out / "held_out.txt.gz")


if __name__ == "__main__":
    main()
