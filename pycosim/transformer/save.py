"""A model -> a folder as Hugging Face writes it, from which `pycosim.transformer.load` reads the same model again.

    config.json              sizes under Hugging Face's names; what only this package reads under "pycosim"
    model.safetensors        every array under Hugging Face's names, scalers among them
    tokenizer.bin or .json   of llama2.c, or byte pairs; nothing for a model of bytes
    calibration_tokens.npy   where the model has some

Reading the folder gives the same bits, and other programs find a checkpoint of a kind that they know.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save_file

from pycosim.errors import InputError
from pycosim.transformer.bpe import WHOLE, BpeTokenizer
from pycosim.transformer.gpt2 import Gpt2
from pycosim.transformer.huggingface import CALIBRATION, CONFIG, OWN
from pycosim.transformer.layers import LAYER_NORM_EPSILON, Array
from pycosim.transformer.llama import Llama
from pycosim.transformer.llama_parameters import LlamaConfig
from pycosim.transformer.parameters import Gpt2Config
from pycosim.transformer.pieces import PieceTokenizer, pieces_bytes
from pycosim.transformer.tokenizer import ByteTokenizer, Tokenizer
from pycosim.transformer.vit import Vit
from pycosim.transformer.vit_parameters import VitConfig

TENSORS, PIECES = "model.safetensors", "tokenizer.bin"
BARE = ("lm_head.", "classifier.")
"""What stands outside of the part of a model that Hugging Face's prefix names."""


def save_model(folder: str | Path, model: Gpt2 | Llama | Vit, *, metadata: Mapping[str, str] | None = None) -> None:
    """Write a model into a folder, config.json last: a folder that is not finished is none.

    Args:
        folder: is made where it is not there; files of an earlier model in it are replaced.
        model: with its tokenizer.
        metadata: texts beside those that the weights have, which they win over.

    Raises:
        InputError: a tokenizer of a kind that has no file, or a folder that cannot be written.
    """
    place = Path(folder)
    prefix, settings = _settings(model)
    weights = model.weights
    own: dict[str, Any] = {"metadata": {**weights.metadata, **(metadata or {})}}
    try:
        place.mkdir(parents=True, exist_ok=True)
        (place / CONFIG).unlink(missing_ok=True)
        _save_tensors(place / TENSORS, weights.arrays, prefix)
        if not isinstance(model, Vit):
            own["tokenizer"] = _save_tokenizer(place, model.tokenizer)
            settings["bos_token_id"] = model.tokenizer.start
            _save_calibration(place / CALIBRATION, model.weights.calibration_tokens)
        part = place / f"{CONFIG}.part"
        part.write_text(json.dumps({**settings, OWN: own}, indent=1, allow_nan=False) + "\n", encoding="utf-8")
        part.replace(place / CONFIG)
    except OSError as error:
        raise InputError(f"cannot write the model into {place}: {error}; give a folder that can be written") from None


def _settings(model: Gpt2 | Llama | Vit) -> tuple[str, dict[str, Any]]:
    """Hugging Face's prefix of the tensors' names, and its configuration."""
    match model.config:
        case Gpt2Config() as config:
            return "transformer.", _of_gpt2(config)
        case LlamaConfig() as config:
            return "model.", _of_llama(config)
        case config:
            return "vit.", _of_vit(config)


def _of_gpt2(config: Gpt2Config) -> dict[str, Any]:
    return {
        "model_type": "gpt2",
        "architectures": ["GPT2LMHeadModel"],
        "n_layer": config.n_layer,
        "n_head": config.n_head,
        "n_embd": config.d_model,
        "n_positions": config.n_ctx,
        "vocab_size": config.n_vocab,
        "activation_function": "gelu_new",
        "layer_norm_epsilon": LAYER_NORM_EPSILON,
        "tie_word_embeddings": True,
        "eos_token_id": None,
    }


def _of_llama(config: LlamaConfig) -> dict[str, Any]:
    return {
        "model_type": "llama",
        "architectures": ["LlamaForCausalLM"],
        "num_hidden_layers": config.n_layer,
        "num_attention_heads": config.n_head,
        "num_key_value_heads": config.n_kv_head,
        "head_dim": config.d_head,
        "hidden_size": config.d_model,
        "intermediate_size": config.d_mlp,
        "max_position_embeddings": config.n_ctx,
        "vocab_size": config.n_vocab,
        "tie_word_embeddings": config.tied_head,
        "hidden_act": "silu",
        "rope_theta": config.rotary_base,
        "rms_norm_eps": config.epsilon,
        "eos_token_id": None,
    }


def _of_vit(config: VitConfig) -> dict[str, Any]:
    return {
        "model_type": "vit",
        "architectures": ["ViTForImageClassification"],
        "num_hidden_layers": config.n_layer,
        "num_attention_heads": config.n_head,
        "hidden_size": config.d_model,
        "intermediate_size": config.d_mlp,
        "image_size": config.image_size,
        "patch_size": config.patch_size,
        "num_channels": config.n_channels,
        "id2label": {str(i): str(i) for i in range(config.n_classes)},
        "hidden_act": "gelu",
        "layer_norm_eps": config.epsilon,
        "qkv_bias": True,
    }


def _save_tensors(path: Path, arrays: Mapping[str, Array], prefix: str) -> None:
    named = {
        name if name.startswith(BARE) else f"{prefix}{name}": np.ascontiguousarray(array)
        for name, array in arrays.items()
    }
    part = path.with_suffix(".part")
    save_file(named, part, {"format": "pt"})  # what transformers wants to read: names and shapes as PyTorch has them
    part.replace(path)


def _save_tokenizer(folder: Path, tokenizer: Tokenizer) -> str:
    """Write the tokenizer's file; returns how it is read again: ``byte`` or the file's name."""
    for old in (PIECES, WHOLE):
        (folder / old).unlink(missing_ok=True)
    match tokenizer:
        case ByteTokenizer():
            return "byte"
        case PieceTokenizer():
            (folder / PIECES).write_bytes(pieces_bytes(tokenizer))
            return PIECES
        case BpeTokenizer():
            (folder / WHOLE).write_text(tokenizer.rust.to_str(), encoding="utf-8")
            return WHOLE
    raise InputError(
        f"a tokenizer of the kind {type(tokenizer).__name__} has no file; give the model one of bytes, pieces or pairs"
    )


def _save_calibration(path: Path, tokens: np.ndarray[Any, np.dtype[np.int64]] | None) -> None:
    path.unlink(missing_ok=True)
    if tokens is not None:
        np.save(path, tokens, allow_pickle=False)
