"""GPT-2 in PyTorch, for `gpt2_forward.py`, which starts this file with a Python that has torch and safetensors.

    python benchmarks/gpt2_torch.py WEIGHTS.safetensors TOKENS.npy N_HEAD THREADS

Reads a word per line: `all` or `last` runs the model and prints the seconds that it took; a path ending in .npy gets
the logits of all tokens. Plain torch: fused layer norms, products with bias, scaled_dot_product_attention, tanh GELU.
"""

from __future__ import annotations

import sys
import time

import numpy as np
import torch
from safetensors.torch import load_file
from torch.nn import functional


def forward(tokens: torch.Tensor, w: dict[str, torch.Tensor], n_head: int, last: bool) -> torch.Tensor:
    d = w["wte.weight"].shape[1]
    x = w["wte.weight"][tokens] + w["wpe.weight"][: tokens.shape[-1]]
    for i in range(sum(name.endswith(".ln_1.weight") for name in w)):
        h = f"h.{i}."
        y = functional.layer_norm(x, (d,), w[h + "ln_1.weight"], w[h + "ln_1.bias"])
        y = torch.addmm(w[h + "attn.c_attn.bias"], y, w[h + "attn.c_attn.weight"])
        q, k, v = (part.view(len(tokens), n_head, -1).transpose(0, 1) for part in y.split(d, dim=-1))
        y = functional.scaled_dot_product_attention(q[None], k[None], v[None], is_causal=True)[0]
        y = y.transpose(0, 1).reshape(len(tokens), d)
        x = x + torch.addmm(w[h + "attn.c_proj.bias"], y, w[h + "attn.c_proj.weight"])
        y = functional.layer_norm(x, (d,), w[h + "ln_2.weight"], w[h + "ln_2.bias"])
        y = functional.gelu(torch.addmm(w[h + "mlp.c_fc.bias"], y, w[h + "mlp.c_fc.weight"]), approximate="tanh")
        x = x + torch.addmm(w[h + "mlp.c_proj.bias"], y, w[h + "mlp.c_proj.weight"])
    x = functional.layer_norm(x, (d,), w["ln_f.weight"], w["ln_f.bias"])
    return functional.linear(x[-1:] if last else x, w["wte.weight"])


def main(weights: str, tokens: str, n_head: str, threads: str) -> None:
    torch.set_num_threads(int(threads))
    arrays, ids = load_file(weights), torch.from_numpy(np.load(tokens))
    print(f"ready torch {torch.__version__}", flush=True)
    with torch.inference_mode():
        for line in sys.stdin:
            word = line.strip()
            start = time.perf_counter()
            logits = forward(ids, arrays, int(n_head), word == "last")
            seconds = time.perf_counter() - start
            if word.endswith(".npy"):
                np.save(word, logits.numpy())
            print(seconds, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
