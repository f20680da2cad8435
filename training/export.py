"""Write the files that pycosim ships: two sets of weights, the held-out text and its licence.

``python training/export.py --softmax .../softmax.pt --linear .../linear.pt``
"""

import argparse
from pathlib import Path

import corpus
import hardware
import torch
from hardware import HALF_SUPPLY, TRANSCONDUCTANCE, HardwareAttention
from model import GPT2, Shape, SoftmaxAttention
from safetensors.torch import save_file
from torch import Tensor
from train import batch_of, held_out_loss

CALIBRATION_SEED = 7


def load(path: Path, *, linear: bool) -> tuple[GPT2, int]:
    """Return the model of a checkpoint and the number of its training steps."""
    shape = Shape()
    attentions = [HardwareAttention(shape.n_head) if linear else SoftmaxAttention() for _ in shape.layers]
    model, saved = GPT2(shape, attentions), torch.load(path)
    model.load_state_dict(saved["model"])
    return model, saved["step"]


def named_tensors(model: GPT2) -> dict[str, Tensor]:
    """Return the parameters under GPT-2's names; the scalers stand beside c_attn and c_proj."""
    return {name.replace(".attend.", "."): x.detach().contiguous() for name, x in model.named_parameters()}


@torch.no_grad()
def statistics(model: GPT2, tokens: Tensor) -> dict[str, Tensor]:
    """Return mean and deviation per layer and head, over (batch, token, d_head), of the watched signals.

    ``scale_*`` is what leaves a scaler, before it is clipped and quantised; ``read_*`` is the voltage that
    the read current stands for, 0.45 V + I / (19.3 uA/V), after clipping and quantising.
    """
    found: dict[str, Tensor] = {}
    for layer, block in enumerate(model.h):

        def record(prefix: str = f"h.{layer}.attn", **signals: Tensor) -> None:
            for name, x in signals.items():
                seen = HALF_SUPPLY + x / TRANSCONDUCTANCE if name.startswith("read_") else x
                deviation, mean = torch.std_mean(seen.double(), dim=(0, 2, 3), correction=0)
                found[f"{prefix}.{name}.mean"], found[f"{prefix}.{name}.std"] = (
                    mean.float(),
                    deviation.float(),
                )

        block.attn.attend.watch = record
    model(tokens)
    for block in model.h:
        block.attn.attend.watch = lambda **signals: None
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
    }


def hardware_metadata() -> dict[str, str]:
    """Return the arithmetic of the linear hardware that the weights were tuned for, SI units."""
    return {
        "attention": "linear gain cell",
        "window": str(Shape().n_ctx),
        "tile": str(hardware.TILE),
        "query_levels": str(hardware.QUERY_STEPS + 1),
        "stored_levels": str(hardware.STORED_STEPS + 1),
        "stored_low_v": "0.0",
        "stored_high_v": str(2 * HALF_SUPPLY),
        "centre_v": str(HALF_SUPPLY),
        "transconductance_a_per_v": f"{TRANSCONDUCTANCE * 1e-6:g}",
        "score_saturation_current_a": f"{hardware.SCORE_SATURATION * 1e-6:g}",
        "output_saturation_current_a": f"{hardware.OUTPUT_SATURATION * 1e-6:g}",
        "output_levels": f"sign and {hardware.COUNT_STEPS} counts",
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
        model, steps = load(path, linear=name == "linear")
        loss = held_out_loss(model, text, shape.n_ctx)
        tensors, metadata = named_tensors(model), common_metadata(shape, training, shipped)
        metadata |= {"steps": str(steps), "seed": "1", "held_out_loss_nats": f"{loss:.6f}"}
        if name == "linear":
            tensors |= statistics(model, calibration) | {"calibration.tokens": calibration.to(torch.uint8)}
            metadata |= hardware_metadata()
            metadata["trained"] = "training/train.py linear, from softmax.safetensors, cells varied"
        else:
            metadata |= {"attention": "softmax", "trained": "training/train.py softmax"}
        save_file(tensors, args.out / f"{name}.safetensors", metadata)
        print(f"{name}: held-out {loss:.6f} nats per byte, {sum(x.numel() for x in tensors.values())} values")
    corpus.write_held_out(args.out / "held_out.txt.gz")


if __name__ == "__main__":
    main()
