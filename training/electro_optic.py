"""Fine-tune the shipped language model for the exact sigmoid, for Optmax or for Optmoid.

``pycosim run --flow electro_optic --out runs/eo`` gives the models; then, each from the weights before it,
``python training/electro_optic.py sigmoid --steps 1200 --out .../sigmoid.safetensors``,
``python training/electro_optic.py optmax --run runs/eo --out .../optmax.safetensors`` and
``python training/electro_optic.py optmoid --run runs/eo --init .../sigmoid.safetensors --out .../optmoid.safetensors``.

The units have 4 bits and noise (`electro_optic_units`); the sigmoid has neither.
"""

import argparse
import time
from pathlib import Path

import corpus
import torch
from electro_optic_units import UNITS, attention_of
from model import GPT2, Shape, SoftmaxAttention
from safetensors import safe_open
from safetensors.torch import save_file
from torch import nn
from train import BATCH, batch_of, cross_entropy, held_out_loss

SHIPPED = Path("pycosim/transformer/shipped/softmax.safetensors")
WARM_UP = 20


def started(shape: Shape, init: Path, attend: nn.Module) -> tuple[GPT2, dict[str, str]]:
    """The weights of a file around another attention, and the file's metadata."""
    model = GPT2(shape, [SoftmaxAttention() for _ in shape.layers])
    with safe_open(init, framework="pt") as file:
        model.load_state_dict({name: file.get_tensor(name) for name in file.keys()})  # noqa: SIM118
        metadata = dict(file.metadata())
    for block in model.h:
        block.attn.attend = attend
    return model, metadata


def main() -> None:
    """Fine-tune for one of the three."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("unit", choices=UNITS)
    parser.add_argument("--run", type=Path, help="directory of an electro-optic run; needless for the sigmoid")
    parser.add_argument("--init", type=Path, default=SHIPPED, help="weights to start from")
    parser.add_argument("--steps", type=int, default=600)
    parser.add_argument("--peak", type=float, default=3e-4, help="highest learning rate")
    parser.add_argument("--batch", type=int, default=BATCH, help=f"windows of text in a step, at most {BATCH}")
    parser.add_argument("--bits", type=int, default=4)
    parser.add_argument("--sigma", type=float, default=0.05, help="largest additive noise over full scale")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(args.seed)
    shape = Shape()
    training, held_out = corpus.split()
    text, shown = (torch.tensor(list(part)) for part in (training, corpus.shipped_part(held_out)[:8193]))
    attend = attention_of(args.unit, args.run, args.bits, args.sigma, causal=True)
    model, metadata = started(shape, args.init, attend)
    print(f"held-out before {held_out_loss(model, shown, shape.n_ctx):.4f}", flush=True)
    optimizer = torch.optim.AdamW(model.parameters(), betas=(0.9, 0.95), weight_decay=0.0)
    begin, recent = time.monotonic(), []
    for step in range(args.steps):
        for group in optimizer.param_groups:
            group["lr"] = args.peak * min(1.0, (step + 1) / WARM_UP) * max(0.02, 1.0 - (step + 1) / args.steps)
        loss = cross_entropy(model, batch_of(text, shape.n_ctx)[: args.batch])
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        recent.append(loss.item())
        if (step + 1) % 20 == 0:
            mean = sum(recent[-20:]) / 20
            print(f"step {step + 1} mean loss of 20 {mean:.4f} {time.monotonic() - begin:.0f} s", flush=True)
    with torch.no_grad():
        for x in model.parameters():
            x.copy_(x.half())  # stored as float32 with the digits of float16, which a wheel packs to two thirds
    found = held_out_loss(model, shown, shape.n_ctx)
    metadata |= {
        "attention": args.unit,
        "trained": f"training/electro_optic.py {args.unit}, from {args.init.name}",
        "steps": str(args.steps),
        "seed": str(args.seed),
        "batch": str(args.batch),
        "held_out_loss_nats": f"{found:.6f}",
    }
    if args.unit != "sigmoid":
        metadata |= {"bits": str(args.bits), "largest_sigma": f"{args.sigma:g}"}
    tensors = {name: x.detach().contiguous() for name, x in model.named_parameters()}
    save_file(tensors, args.out, metadata)
    print(f"held-out {found:.4f} after {args.steps} steps", flush=True)


if __name__ == "__main__":
    main()
