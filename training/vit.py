"""Train the small vision transformers on scikit-learn's digits that pycosim ships.

``python training/vit.py softmax --out .../digits_softmax`` and ``sigmoid``; then, for the electro-optic units with
converters and noise, ``python training/vit.py optmax --run runs/eo --init .../digits_softmax --out .../digits_optmax``,
and ``optmoid`` from ``digits_sigmoid``.

8 x 8 pixels of 0 to 1 are 16 patches and a class token. The training part of the package's own split is seen alone,
turned, sheared, sized and shifted at random. A folder is written as Hugging Face has it.
"""

import argparse
import json
import math
import time
from pathlib import Path

import torch
from electro_optic_units import UNITS, attention_of
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional

from pycosim.network.data import load_data_set
from pycosim.transformer.classifiers import DIGITS_SPLIT

N_LAYER, N_HEAD, D_HEAD, D_MLP, SIDE, PATCH, N_CLASSES = 3, 2, 32, 128, 8, 2, 10
D_MODEL, EPSILON = N_HEAD * D_HEAD, 1e-12
BATCH, WARM_UP = 64, 100


class WholeSoftmax(nn.Module):
    """Softmax attention of every token to all."""

    def forward(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        """Attend; arrays (batch, head, token, d_head)."""
        return functional.scaled_dot_product_attention(q, k, v)


class Block(nn.Module):
    """Pre-norm block; names are Hugging Face's."""

    def __init__(self, attend: nn.Module) -> None:
        super().__init__()
        self.attend = attend
        self.layernorm_before, self.layernorm_after = (nn.LayerNorm(D_MODEL, eps=EPSILON) for _ in range(2))
        parts = {name: nn.Linear(D_MODEL, D_MODEL) for name in ("query", "key", "value")}
        dense = nn.ModuleDict({"dense": nn.Linear(D_MODEL, D_MODEL)})
        self.attention = nn.ModuleDict({"attention": nn.ModuleDict(parts), "output": dense})
        self.intermediate = nn.ModuleDict({"dense": nn.Linear(D_MODEL, D_MLP)})
        self.output = nn.ModuleDict({"dense": nn.Linear(D_MLP, D_MODEL)})

    def forward(self, x: Tensor) -> Tensor:
        """(batch, token, d_model)."""
        seen, parts = self.layernorm_before(x), self.attention["attention"]
        q, k, v = (parts[name](seen).unflatten(-1, (N_HEAD, -1)).transpose(1, 2) for name in ("query", "key", "value"))
        x = x + self.attention["output"]["dense"](self.attend(q, k, v).transpose(1, 2).flatten(-2))
        inner = functional.gelu(self.intermediate["dense"](self.layernorm_after(x)))
        return x + self.output["dense"](inner)


class Vit(nn.Module):
    """Images (batch, 1, row, column) -> logits."""

    def __init__(self, attend: nn.Module) -> None:
        super().__init__()
        self.cls_token = nn.Parameter(torch.zeros(1, 1, D_MODEL))
        self.position_embeddings = nn.Parameter(0.02 * torch.randn(1, (SIDE // PATCH) ** 2 + 1, D_MODEL))
        self.projection = nn.Conv2d(1, D_MODEL, PATCH, stride=PATCH)
        self.layer = nn.ModuleList(Block(attend) for _ in range(N_LAYER))
        self.layernorm = nn.LayerNorm(D_MODEL, eps=EPSILON)
        self.classifier = nn.Linear(D_MODEL, N_CLASSES)

    def forward(self, images: Tensor) -> Tensor:
        """Return logits."""
        patches = self.projection(images).flatten(-2).transpose(1, 2)
        x = torch.cat([self.cls_token.expand(len(images), -1, -1), patches], dim=1) + self.position_embeddings
        for block in self.layer:
            x = block(x)
        return self.classifier(self.layernorm(x[:, 0]))


PREFIXES = {
    "cls_token": "vit.embeddings.",
    "position_embeddings": "vit.embeddings.",
    "projection": "vit.embeddings.patch_embeddings.",
    "layer": "vit.encoder.",
    "layernorm": "vit.",
    "classifier": "",
}


def stored_names(model: Vit) -> dict[str, str]:
    """Name here -> name in a file of Hugging Face's."""
    return {name: PREFIXES[name.split(".")[0]] + name for name, _ in model.named_parameters()}


def drawn_like(images: Tensor) -> Tensor:
    """Images turned (sd 8 degrees), sheared, sized (sd 7 %) and shifted (sd 0.6 pixels)."""
    n = len(images)
    angle, shear = 0.14 * torch.randn(n), 0.1 * torch.randn(n)
    across, down = (1 + 0.07 * torch.randn(2, n)).unbind()
    turn = torch.stack([angle.cos(), -angle.sin(), angle.sin(), angle.cos()], -1).unflatten(-1, (2, 2))
    size = torch.stack([across, shear, torch.zeros(n), down], -1).unflatten(-1, (2, 2))
    shift = 0.6 * 2 / SIDE * torch.randn(n, 2, 1)
    grid = functional.affine_grid(torch.cat([turn @ size, shift], -1), list(images.shape), align_corners=False)
    return functional.grid_sample(images, grid, align_corners=False)


def accuracy(model: Vit, images: Tensor, labels: Tensor) -> float:
    """Share of images whose class is found."""
    with torch.no_grad():
        return float((model(images).argmax(-1) == labels).float().mean())


def main() -> None:
    """Train one of the four."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("unit", choices=("softmax", *UNITS))
    parser.add_argument("--run", type=Path, help="directory of an electro-optic run, for optmax and optmoid")
    parser.add_argument("--init", type=Path, help="folder of weights to start from")
    parser.add_argument("--steps", type=int, default=4000)
    parser.add_argument("--peak", type=float, default=1e-3, help="highest learning rate")
    parser.add_argument("--bits", type=int, default=4)
    parser.add_argument("--sigma", type=float, default=0.1, help="largest additive noise over full scale")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(args.seed)
    data = load_data_set("digits", seed=DIGITS_SPLIT)
    images, shown = (
        torch.tensor(x, dtype=torch.float32).view(-1, 1, SIDE, SIDE) for x in (data.inputs, data.test_inputs)
    )
    labels, wanted = torch.tensor(data.labels), torch.tensor(data.test_labels)
    plain = args.unit == "softmax"
    attend = WholeSoftmax() if plain else attention_of(args.unit, args.run, args.bits, args.sigma, causal=False)
    model = Vit(attend)
    names = stored_names(model)
    if args.init:
        found = load_file(args.init / "model.safetensors")
        model.load_state_dict({name: found[stored] for name, stored in names.items()})
    matrices = [p for p in model.parameters() if p.dim() > 1]
    others = [p for p in model.parameters() if p.dim() <= 1]
    groups = [{"params": matrices, "weight_decay": 0.1}, {"params": others, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, betas=(0.9, 0.98))
    begin = time.monotonic()
    for step in range(args.steps):
        for group in optimizer.param_groups:
            fall = 0.5 * (1 + math.cos(math.pi * step / args.steps))
            group["lr"] = args.peak * min(1.0, (step + 1) / WARM_UP) * max(0.01, fall)
        chosen = torch.randint(len(images), (BATCH,))
        loss = functional.cross_entropy(model(drawn_like(images[chosen])), labels[chosen], label_smoothing=0.05)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        if (step + 1) % 500 == 0:
            print(f"step {step + 1} loss {loss.item():.4f} {time.monotonic() - begin:.0f} s", flush=True)
    found_accuracy = accuracy(model, shown, wanted)
    print(f"training part {accuracy(model, images, labels):.4f}, test part {found_accuracy:.4f}", flush=True)
    settings = {
        "model_type": "vit",
        "architectures": ["ViTForImageClassification"],
        "hidden_size": D_MODEL,
        "num_hidden_layers": N_LAYER,
        "num_attention_heads": N_HEAD,
        "intermediate_size": D_MLP,
        "hidden_act": "gelu",
        "layer_norm_eps": EPSILON,
        "image_size": SIDE,
        "patch_size": PATCH,
        "num_channels": 1,
        "qkv_bias": True,
        "num_labels": N_CLASSES,
    }
    told = {
        "attention": args.unit,
        "trained": f"training/vit.py {args.unit}" + (f", from {args.init.name}" if args.init else ""),
        "steps": str(args.steps),
        "seed": str(args.seed),
        "test_accuracy": f"{found_accuracy:.6f}",
    }
    if not plain and args.unit != "sigmoid":
        told |= {"bits": str(args.bits), "largest_sigma": f"{args.sigma:g}"}
    args.out.mkdir(parents=True, exist_ok=True)
    (args.out / "config.json").write_text(json.dumps(settings, indent=2) + "\n", encoding="utf-8")
    tensors = {names[name]: x.detach().contiguous() for name, x in model.named_parameters()}
    save_file(tensors, args.out / "model.safetensors", {"format": "pt", **told})


if __name__ == "__main__":
    main()
