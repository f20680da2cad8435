"""What a Llama is made of: its sizes and its arrays, every name and shape known in advance.

Names and layout are those of Hugging Face's checkpoints without the prefix ``model.``: projections stored as (out, in),
the features of a head ordered so that rotary positions turn the first half against the second. For analog attention
there may also be, per layer, ``layers.{i}.self_attn.scale_{q,k,v,out}.{a,b}``, each (n_head,): one pair for every head
of queries, also where heads share keys and values.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pycosim.errors import ConfigurationError
from pycosim.transformer.arrays import check_arrays
from pycosim.transformer.scaled import ScaledArrays, check_calibration, scaler_names

SIZES = ("n_layer", "n_head", "n_kv_head", "d_head", "d_model", "d_mlp", "n_ctx", "n_vocab")


@dataclass(frozen=True, slots=True, kw_only=True)
class LlamaConfig:
    """The sizes of a Llama; all at least 1.

    Attributes:
        n_layer: number of blocks.
        n_head: heads of queries per block.
        n_kv_head: heads of keys and values; each serves ``n_head / n_kv_head`` heads of queries.
        d_head: features per head, even.
        d_model: width of the residual stream.
        d_mlp: width inside the gated MLP.
        n_ctx: the longest sequence, in tokens.
        n_vocab: number of token ids.
        tied_head: whether the head's weights are those of the embedding.
        rotary_base: see `pycosim.transformer.layers.rotate`.
        epsilon: of the RMS norms.
    """

    n_layer: int
    n_head: int
    n_kv_head: int
    d_head: int
    d_model: int
    d_mlp: int
    n_ctx: int
    n_vocab: int
    tied_head: bool
    rotary_base: float = 10000.0
    epsilon: float = 1e-5

    def __post_init__(self) -> None:
        for name in SIZES:
            if getattr(self, name) < 1:
                raise ConfigurationError(f"{name} must be at least 1, found {getattr(self, name)}")
        if self.n_head % self.n_kv_head:
            raise ConfigurationError(
                f"n_head must be a multiple of n_kv_head, found {self.n_head} and {self.n_kv_head}"
            )
        if self.d_head % 2:
            raise ConfigurationError(f"d_head must be even for rotary positions, found {self.d_head}")
        for name in ("rotary_base", "epsilon"):
            if not getattr(self, name) > 0:
                raise ConfigurationError(f"{name} must be greater than 0, found {getattr(self, name)}")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LlamaWeights(ScaledArrays):
    """The parameters of one Llama, checked on construction.

    Attributes:
        config: the sizes.
        arrays: every parameter by its name, float32; scalers of analog attention among them or not.
        metadata: what else is known of them, as text.
        calibration_tokens: ids on which scalers are fitted again to other hardware, (n_texts, n_tokens), or None.

    Raises:
        InputError: if a name is missing or unknown, a type or shape is wrong, or a value is not finite.
    """

    config: LlamaConfig
    calibration_tokens: NDArray[np.int64] | None = None

    def __post_init__(self) -> None:
        check_arrays(
            self.arrays,
            llama_shapes(self.config),
            f"Llama with {self.config}",
            optional=[scaler_names([self.attention_name(layer) for layer in range(self.config.n_layer)])],
            optional_shape=(self.config.n_head,),
        )
        check_calibration(self.calibration_tokens, self.config.n_ctx, self.config.n_vocab)

    def attention_name(self, layer: int) -> str:
        """Return what the names of a layer's attention begin with."""
        return f"layers.{layer}.self_attn"


def llama_shapes(config: LlamaConfig) -> dict[str, tuple[int, ...]]:
    """Return the shape of every array that a Llama of these sizes must have, by name."""
    d, queries, keys = config.d_model, config.n_head * config.d_head, config.n_kv_head * config.d_head
    of_block = {
        "input_layernorm.weight": (d,),
        "self_attn.q_proj.weight": (queries, d),
        "self_attn.k_proj.weight": (keys, d),
        "self_attn.v_proj.weight": (keys, d),
        "self_attn.o_proj.weight": (d, queries),
        "post_attention_layernorm.weight": (d,),
        "mlp.gate_proj.weight": (config.d_mlp, d),
        "mlp.up_proj.weight": (config.d_mlp, d),
        "mlp.down_proj.weight": (d, config.d_mlp),
    }
    blocks = {f"layers.{i}.{name}": shape for i in range(config.n_layer) for name, shape in of_block.items()}
    head = {} if config.tied_head else {"lm_head.weight": (config.n_vocab, d)}
    return {"embed_tokens.weight": (config.n_vocab, d), **blocks, "norm.weight": (d,), **head}
