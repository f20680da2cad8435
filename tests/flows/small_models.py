"""Random models that are small enough for tests."""

import numpy as np

from pycosim.transformer.gpt2 import Gpt2
from pycosim.transformer.llama import Llama
from pycosim.transformer.llama_parameters import LlamaConfig, LlamaWeights, llama_shapes
from pycosim.transformer.parameters import Gpt2Config, Weights, expected_shapes
from pycosim.transformer.tokenizer import ByteTokenizer

GPT2 = Gpt2Config(n_layer=2, n_head=2, d_head=8, n_ctx=96, n_vocab=256)
LLAMA = LlamaConfig(
    n_layer=2, n_head=4, n_kv_head=2, d_head=8, d_model=24, d_mlp=40, n_ctx=96, n_vocab=256, tied_head=True
)


def arrays_of(shapes: dict[str, tuple[int, ...]], seed: int = 5) -> dict[str, np.ndarray]:
    random = np.random.default_rng(seed)
    return {
        name: (np.ones(shape) if "norm" in name or "ln_" in name else random.normal(0, 0.25, shape)).astype(np.float32)
        for name, shape in shapes.items()
    }


def small_gpt2(seed: int = 5) -> Gpt2:
    weights = Weights(config=GPT2, arrays=arrays_of(expected_shapes(GPT2), seed))
    return Gpt2(weights=weights, tokenizer=ByteTokenizer())


def small_llama(seed: int = 5) -> Llama:
    weights = LlamaWeights(config=LLAMA, arrays=arrays_of(llama_shapes(LLAMA), seed))
    return Llama(weights=weights, tokenizer=ByteTokenizer())


def some_tokens(*shape: int) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, shape)
