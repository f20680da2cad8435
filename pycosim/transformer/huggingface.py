"""A folder as Hugging Face writes it -> the weights of a GPT-2, a Llama or a vision transformer.

The folder has ``config.json`` and ``model.safetensors`` (or parts with an index, or ``pytorch_model.bin``). Only models
that are computed as this package computes them are taken: a setting of the configuration that asks for anything else is
refused with its name. What `pycosim.transformer.save` adds is read as well: scalers among the tensors, metadata under
``pycosim`` in the configuration, and calibration tokens in a file of their own.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pycosim.errors import ConfigurationError, InputError
from pycosim.transformer.layers import LAYER_NORM_EPSILON, Array
from pycosim.transformer.llama_parameters import LlamaConfig, LlamaWeights
from pycosim.transformer.parameters import Gpt2Config, Weights
from pycosim.transformer.tensors import Rename, read_json, read_safetensors, read_sharded, read_torch
from pycosim.transformer.vit_parameters import VitConfig, VitWeights

CONFIG = "config.json"
OWN = "pycosim"
"""Key of ``config.json`` for what only this package reads: ``metadata`` (texts) and ``tokenizer``."""
CALIBRATION = "calibration_tokens.npy"
FILES: dict[str, Callable[[Path, Rename], dict[str, Array]]] = {
    "model.safetensors": read_safetensors,
    "model.safetensors.index.json": read_sharded,
    "pytorch_model.bin": read_torch,
}
BUFFERS = re.compile(r"h\.\d+\.attn\.(bias|masked_bias)|(layers\.\d+\.self_attn\.)?rotary_emb\.inv_freq")
HEAD = "lm_head.weight"
MOST_LAYERS, LARGEST_SIZE = 4096, 1 << 24
"""Beyond these a configuration is damaged."""
Settings = Mapping[str, Any]
AnyWeights = Weights | LlamaWeights | VitWeights


def read_huggingface(folder: Path) -> AnyWeights:
    """Read the weights of a folder.

    Args:
        folder: has ``config.json`` and the tensors.

    Raises:
        InputError: a file is missing or damaged, or the tensors are not those of the configuration.
        ConfigurationError: the configuration lacks a size, or asks for what this package does not compute.
    """
    settings = read_json(folder / CONFIG)
    kind = str(settings.get("model_type"))
    if kind not in _READERS:
        raise ConfigurationError(f"{folder / CONFIG}: model_type must be one of {', '.join(_READERS)}, found {kind!r}")
    try:
        return _READERS[kind](folder, settings)
    except InputError as error:
        text = str(error)
        raise (error if text.startswith(str(folder)) else type(error)(f"{folder}: {text}")) from None


def _gpt2(folder: Path, settings: Settings) -> Weights:
    n_embd, n_head = _size(settings, "n_embd"), _size(settings, "n_head")
    _must_be(settings, "activation_function", "gelu_new")
    _must_be(settings, "layer_norm_epsilon", LAYER_NORM_EPSILON)
    _must_be(settings, "scale_attn_weights", True)
    _must_be(settings, "scale_attn_by_inverse_layer_idx", False)
    _must_be(settings, "add_cross_attention", False)
    _must_be(settings, "tie_word_embeddings", True)
    if settings.get("n_inner") not in (None, 4 * n_embd):
        raise ConfigurationError(f"n_inner must be 4 n_embd = {4 * n_embd} or null, found {settings['n_inner']}")
    config = Gpt2Config(
        n_layer=_size(settings, "n_layer", MOST_LAYERS),
        n_head=n_head,
        d_head=_divided(n_embd, n_head, "n_embd", "n_head"),
        n_ctx=_size(settings, "n_positions"),
        n_vocab=_size(settings, "vocab_size"),
    )
    arrays = _without_tied_head(_tensors(folder, "transformer."), "wte.weight")
    return Weights(config=config, arrays=arrays, metadata=_metadata(settings), calibration_tokens=_calibration(folder))


def _llama(folder: Path, settings: Settings) -> LlamaWeights:
    d_model, n_head = _size(settings, "hidden_size"), _size(settings, "num_attention_heads")
    _must_be(settings, "hidden_act", "silu")
    _must_be(settings, "attention_bias", False)
    _must_be(settings, "mlp_bias", False)
    rope = settings.get("rope_parameters") or settings.get("rope_scaling") or {}
    if not isinstance(rope, dict) or rope.get("rope_type", rope.get("type", "default")) != "default":
        raise ConfigurationError(
            f"rotary positions must be of type 'default', found {rope}; no scaling is computed here"
        )
    tied = bool(settings.get("tie_word_embeddings", False))
    config = LlamaConfig(
        n_layer=_size(settings, "num_hidden_layers", MOST_LAYERS),
        n_head=n_head,
        n_kv_head=_size(settings, "num_key_value_heads") if settings.get("num_key_value_heads") else n_head,
        d_head=_size(settings, "head_dim")
        if settings.get("head_dim")
        else _divided(d_model, n_head, "hidden_size", "num_attention_heads"),
        d_model=d_model,
        d_mlp=_size(settings, "intermediate_size"),
        n_ctx=_size(settings, "max_position_embeddings"),
        n_vocab=_size(settings, "vocab_size"),
        tied_head=tied,
        rotary_base=_number(rope if rope.get("rope_theta") else settings, "rope_theta", 10000.0),
        epsilon=_number(settings, "rms_norm_eps", 1e-6),
    )
    arrays = _tensors(folder, "model.")
    if tied:
        arrays = _without_tied_head(arrays, "embed_tokens.weight")
    return LlamaWeights(
        config=config, arrays=arrays, metadata=_metadata(settings), calibration_tokens=_calibration(folder)
    )


def _vit(folder: Path, settings: Settings) -> VitWeights:
    d_model, n_head = _size(settings, "hidden_size"), _size(settings, "num_attention_heads")
    _must_be(settings, "hidden_act", "gelu")
    _must_be(settings, "qkv_bias", True)
    arrays = _tensors(folder, "vit.")
    if "classifier.weight" not in arrays:
        raise InputError(
            "there is no classifier.weight: this is no classifier; take one that was trained to tell classes"
        )
    config = VitConfig(
        n_layer=_size(settings, "num_hidden_layers", MOST_LAYERS),
        n_head=n_head,
        d_head=_divided(d_model, n_head, "hidden_size", "num_attention_heads"),
        d_mlp=_size(settings, "intermediate_size"),
        image_size=_size(settings, "image_size"),
        patch_size=_size(settings, "patch_size"),
        n_channels=_size(settings, "num_channels"),
        n_classes=int(arrays["classifier.weight"].shape[0]),
        epsilon=_number(settings, "layer_norm_eps", 1e-12),
    )
    return VitWeights(config=config, arrays=arrays, metadata=_metadata(settings))


_READERS: dict[str, Callable[[Path, Settings], AnyWeights]] = {"gpt2": _gpt2, "llama": _llama, "vit": _vit}


def own_settings(settings: Settings) -> Settings:
    """Return what only this package reads of a configuration; nothing where another program wrote it.

    Raises:
        ConfigurationError: it is no object.
    """
    found = settings.get(OWN, {})
    if not isinstance(found, dict):
        raise ConfigurationError(
            f"{CONFIG}: {OWN} must be an object, found {type(found).__name__}; save the model again"
        )
    return found


def _metadata(settings: Settings) -> dict[str, str]:
    found = own_settings(settings).get("metadata", {})
    if not isinstance(found, dict) or not all(isinstance(text, str) for text in found.values()):
        raise ConfigurationError(f"{CONFIG}: the metadata under {OWN} must be texts by name; save the model again")
    return {"format": "huggingface", **found}


def _calibration(folder: Path) -> NDArray[np.int64] | None:
    path = folder / CALIBRATION
    if not path.is_file():
        return None
    try:
        found: NDArray[Any] = np.load(path, allow_pickle=False)
    except (ValueError, OSError, EOFError) as error:
        raise InputError(f"{path} is no whole .npy file of numbers ({error}); save the model again") from None
    return found.astype(np.int64) if np.issubdtype(found.dtype, np.integer) else found


def _tensors(folder: Path, prefix: str) -> dict[str, Array]:
    def rename(name: str) -> str | None:
        bare = name.removeprefix(prefix)
        return None if BUFFERS.fullmatch(bare) else bare

    for name, read in FILES.items():
        if (folder / name).is_file():
            return read(folder / name, rename)
    raise InputError(f"{folder} must have one of {', '.join(FILES)}, found none; copy the whole model")


def _without_tied_head(arrays: dict[str, Array], embedding: str) -> dict[str, Array]:
    """Some files have the head again, which is the embedding."""
    head = arrays.pop(HEAD, None)
    if head is not None and embedding in arrays and not np.array_equal(head, arrays[embedding]):
        raise InputError(
            f"{HEAD} must be {embedding}, which the configuration ties it to, but differs; export it again"
        )
    return arrays


def _size(settings: Settings, name: str, most: int = LARGEST_SIZE) -> int:
    found = settings.get(name)
    if not isinstance(found, int) or isinstance(found, bool) or not 0 < found <= most:
        raise ConfigurationError(
            f"{CONFIG} must give {name} as a whole number, 1 to {most}, found {found!r}; copy it again"
        )
    return found


def _number(settings: Settings, name: str, default: float) -> float:
    found = settings.get(name, default)
    if not isinstance(found, int | float) or isinstance(found, bool) or not 0 < found < math.inf:
        raise ConfigurationError(f"{CONFIG} must give {name} as a number above 0, found {found!r}; copy it again")
    return float(found)


def _divided(whole: int, parts: int, whole_name: str, parts_name: str) -> int:
    if parts < 1 or whole % parts:
        raise ConfigurationError(f"{whole_name} must be a multiple of {parts_name}, found {whole} and {parts}")
    return whole // parts


def _must_be(settings: Settings, name: str, wanted: object) -> None:
    """Absent means what Hugging Face's default is, which is what is wanted."""
    if settings.get(name, wanted) != wanted:
        raise ConfigurationError(
            f"{CONFIG}: {name} must be {wanted!r}, found {settings[name]!r}; no other is computed here"
        )
