"""Logits of Hugging Face's transformers, for `gpt2_logits.py` and the golden data of the tests.

    python benchmarks/transformers_logits.py folder OUT N_LAYER N_HEAD N_EMBD
    python benchmarks/transformers_logits.py golden tests/golden/transformers.json

To be run by a Python that has torch and transformers. `folder` writes a random GPT-2 as Hugging Face does, with 64
tokens and their logits in OUT/reference.npz. `golden` writes the logits of small models whose weights follow from a
formula, `formula` below, so that the file need not hold them.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch
import transformers
from safetensors.numpy import load_file, save_file
from transformers import (
    GPT2Config,
    GPT2LMHeadModel,
    LlamaConfig,
    LlamaForCausalLM,
    ViTConfig,
    ViTForImageClassification,
)

N_TOKENS = 64


def folder(out: str, n_layer: str, n_head: str, n_embd: str) -> None:
    torch.manual_seed(0)
    model = GPT2LMHeadModel(GPT2Config(n_layer=int(n_layer), n_head=int(n_head), n_embd=int(n_embd))).eval()
    tokens = torch.randint(0, model.config.vocab_size, (N_TOKENS,))
    model.save_pretrained(out)
    np.savez(Path(out) / "reference.npz", tokens=tokens.numpy(), logits=model(tokens[None]).logits[0].numpy())
    print(sum(parameter.numel() for parameter in model.parameters()))


def formula(index: int, shape: tuple[int, ...]) -> np.ndarray:
    """Weights of the array that comes at this place when the names in the file are sorted."""
    return (0.4 * np.sin(np.arange(np.prod(shape)) ** 1.5 + index)).reshape(shape).astype(np.float32)


def golden(out: str) -> None:
    llama = {
        "hidden_size": 16,
        "intermediate_size": 20,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "vocab_size": 31,
        "max_position_embeddings": 16,
    }
    vit = {"hidden_size": 12, "num_hidden_layers": 2, "num_attention_heads": 3, "intermediate_size": 20}
    gpt2 = {"n_layer": 2, "n_head": 3, "n_embd": 12, "n_positions": 16, "vocab_size": 31}
    tokens = (np.arange(24) ** 2 % 31).reshape(2, 12)
    colour = np.sin(np.arange(2 * 3 * 8 * 8) ** 1.5).reshape(2, 3, 8, 8).astype(np.float32)
    models = {
        "gpt2": (GPT2LMHeadModel(GPT2Config(**gpt2, bos_token_id=0, eos_token_id=0)), tokens),
        "llama": (LlamaForCausalLM(LlamaConfig(**llama)), tokens),
        "llama, tied": (
            LlamaForCausalLM(LlamaConfig(**llama, tie_word_embeddings=True, head_dim=6, rope_theta=500.0)),
            tokens,
        ),
        "vit, colour": (
            ViTForImageClassification(ViTConfig(**vit, image_size=8, patch_size=4, num_channels=3, num_labels=5)),
            colour,
        ),
        "vit, digits": (
            ViTForImageClassification(ViTConfig(**vit, image_size=8, patch_size=2, num_channels=1, num_labels=10)),
            colour[:, :1],
        ),
    }
    found: dict[str, object] = {"made_by": f"transformers {transformers.__version__}, torch {torch.__version__}"}
    for name, (model, inputs) in models.items():
        with tempfile.TemporaryDirectory() as place:
            model.save_pretrained(place)
            path = Path(place) / "model.safetensors"
            shapes = {key: tuple(tensor.shape) for key, tensor in sorted(load_file(path).items())}
            arrays = {key: formula(index, shape) for index, (key, shape) in enumerate(shapes.items())}
            save_file(arrays, path, metadata={"format": "pt"})
            model = type(model).from_pretrained(place)
        found[name] = {
            "config": {key: value for key, value in model.config.to_diff_dict().items() if key != "architectures"},
            "inputs": inputs.tolist(),
            "logits": np.round(model.eval()(torch.from_numpy(inputs)).logits.double().numpy(), 7).tolist(),
        }
    Path(out).write_text(json.dumps(found) + "\n", encoding="utf-8")


if __name__ == "__main__":
    torch.set_grad_enabled(False)
    {"folder": folder, "golden": golden}[sys.argv[1]](*sys.argv[2:])
