"""A checkpoint of llama2.c, version 0 [2023 Karpathy, github.com/karpathy/llama2.c] -> the arrays of a Llama.

Seven int32 (d_model, d_mlp, n_layer, n_head, n_kv_head, n_vocab, n_ctx; a negative n_vocab says that the head has
weights of its own), then float32 arrays in a fixed order, little endian.
"""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np

from pycosim.errors import InputError
from pycosim.transformer.layers import Array
from pycosim.transformer.llama_parameters import LlamaConfig, LlamaWeights, llama_shapes

HEADER = struct.Struct("<7i")
MOST_LAYERS, LARGEST_SIZE = 4096, 1 << 20
"""Beyond these the bytes are those of another format."""
ORDER = (
    "input_layernorm",
    "self_attn.q_proj",
    "self_attn.k_proj",
    "self_attn.v_proj",
    "self_attn.o_proj",
    "post_attention_layernorm",
    "mlp.gate_proj",
    "mlp.down_proj",
    "mlp.up_proj",
)
ROTATED = ("self_attn.q_proj", "self_attn.k_proj")


def read_llama2c(path: Path) -> LlamaWeights:
    """Read a checkpoint.

    Args:
        path: the ``.bin`` file.

    Raises:
        InputError: the file is not one, cut short or longer than its header says, or a value is not finite.
        ConfigurationError: its sizes contradict each other.
    """
    data = path.read_bytes()
    if len(data) < HEADER.size:
        raise InputError(f"{path} must begin with a header of {HEADER.size} bytes, found {len(data)} bytes in all")
    d_model, d_mlp, n_layer, n_head, n_kv_head, n_vocab, n_ctx = HEADER.unpack_from(data)
    sizes = (d_model, d_mlp, n_layer, n_head, n_kv_head, abs(n_vocab), n_ctx)
    if not all(0 < size <= LARGEST_SIZE for size in sizes) or n_layer > MOST_LAYERS or d_model % n_head:
        raise InputError(
            f"{path} is no llama2.c checkpoint of version 0: its header gives the sizes {sizes}; "
            "export it with 'python export.py --version 0'"
        )
    config = LlamaConfig(
        n_layer=n_layer,
        n_head=n_head,
        n_kv_head=n_kv_head,
        d_head=d_model // n_head,
        d_model=d_model,
        d_mlp=d_mlp,
        n_ctx=n_ctx,
        n_vocab=abs(n_vocab),
        tied_head=n_vocab > 0,
    )
    return LlamaWeights(config=config, arrays=_arrays(path, data, config), metadata={"format": "llama2.c"})


def _arrays(path: Path, data: bytes, config: LlamaConfig) -> dict[str, Array]:
    shapes = llama_shapes(config)
    lengths = [int(np.prod(shape)) for shape in shapes.values()]
    tables = config.n_ctx * config.d_head  # cosines and sines of the rotary positions, which we make ourselves
    wanted = HEADER.size + 4 * (sum(lengths) + tables)
    if len(data) != wanted:
        raise InputError(
            f"{path} must have {wanted} bytes for {config}, found {len(data)}; it may be cut short: copy it again"
        )
    values = np.frombuffer(data, "<f4", offset=HEADER.size).astype(np.float32, copy=False)
    taken = 0

    def take(*shape: int) -> Array:
        nonlocal taken
        first, taken = taken, taken + int(np.prod(shape))
        return values[first:taken].reshape(shape)

    arrays = {"embed_tokens.weight": take(*shapes["embed_tokens.weight"])}
    for part in ORDER:
        for layer, array in enumerate(take(config.n_layer, *shapes[f"layers.0.{part}.weight"])):
            arrays[f"layers.{layer}.{part}.weight"] = _in_halves(array, config.d_head) if part in ROTATED else array
    arrays["norm.weight"] = take(*shapes["norm.weight"])
    take(tables)
    if not config.tied_head:
        arrays["lm_head.weight"] = take(*shapes["lm_head.weight"])
    return arrays


def _in_halves(weight: Array, d_head: int) -> Array:
    """Rows of a head from (plane 0, plane 0, plane 1, plane 1, ...) to (plane 0, 1, ..., plane 0, 1, ...)."""
    planes = weight.reshape(-1, d_head // 2, 2, weight.shape[-1])  # (head, plane, which of the two, d_model)
    return np.ascontiguousarray(planes.swapaxes(1, 2)).reshape(weight.shape)
