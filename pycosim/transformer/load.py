"""A name or a path -> a model that is ready to run, with its tokenizer."""

from __future__ import annotations

from pathlib import Path

from pycosim.errors import InputError
from pycosim.transformer.bpe import WHOLE, read_bpe
from pycosim.transformer.gpt2 import Gpt2
from pycosim.transformer.huggingface import CONFIG, own_settings, read_huggingface
from pycosim.transformer.llama import Llama
from pycosim.transformer.llama2c import read_llama2c
from pycosim.transformer.llama_parameters import LlamaWeights
from pycosim.transformer.parameters import Weights
from pycosim.transformer.pieces import PieceTokenizer, read_pieces
from pycosim.transformer.tensors import read_json
from pycosim.transformer.tokenizer import ByteTokenizer, Tokenizer
from pycosim.transformer.vit import Vit
from pycosim.transformer.vit_parameters import VitWeights
from pycosim.transformer.weights import load_weights, shipped_names

TOKENIZERS = "tok*.bin"
"""What a tokenizer of llama2.c is called: tokenizer.bin, tok512.bin, ..."""


def load_model(source: str | Path, *, tokenizer: str | Path | None = None) -> Gpt2 | Llama:
    """Load a language model with its tokenizer. What is read is data; nothing of it is run.

    Args:
        source: a shipped name (``softmax``, ``linear``), a ``.safetensors`` or ``.npz`` file of this project, a
            ``.bin`` file of llama2.c, or a folder as Hugging Face writes it (GPT-2 or Llama).
        tokenizer: a ``.bin`` file of llama2.c's tokenizer, or a folder with a byte-pair tokenizer; None for what
            lies beside the weights.

    Raises:
        InputError: a file is missing or damaged, or not what its configuration says.
        ConfigurationError: a configuration lacks a size, or asks for what this package does not compute.
    """
    path = Path(source)
    if path.is_dir():
        return _of_folder(path, tokenizer)
    if path.suffix == ".bin" and path.is_file():
        llama = read_llama2c(path)
        return Llama(weights=llama, tokenizer=_pieces(path, tokenizer, llama.config.n_vocab))
    if path.suffix in (".pt", ".pth") and path.is_file():
        raise InputError(
            f"{path} is a checkpoint of PyTorch without a configuration; save it in a folder with {CONFIG}, "
            "or export it for llama2.c with 'python export.py --version 0'"
        )
    weights = load_weights(source)
    named = weights.metadata.get("tokenizer")
    if named != "byte":
        raise InputError(
            f"{source}: the metadata must name the tokenizer 'byte', found {named!r}; use a folder for others"
        )
    return Gpt2(weights=weights, tokenizer=_checked(ByteTokenizer(), weights.config.n_vocab, path))


def load_classifier(folder: str | Path) -> Vit:
    """Load a vision transformer that tells classes, from a folder as Hugging Face writes it.

    Args:
        folder: has ``config.json`` with ``model_type`` vit, and the tensors.

    Raises:
        InputError: a file is missing or damaged, or the model is another.
        ConfigurationError: the configuration lacks a size, or asks for what this package does not compute.
    """
    weights = read_huggingface(Path(folder))
    if not isinstance(weights, VitWeights):
        raise InputError(f"{folder} must be a vision transformer, found a language model; load it with load_model")
    return Vit(weights=weights)


def _of_folder(folder: Path, tokenizer: str | Path | None) -> Gpt2 | Llama:
    if not (folder / CONFIG).is_file():
        raise InputError(
            f"{folder} has no {CONFIG}; give a folder as Hugging Face writes it, a file, or a shipped name: "
            f"{', '.join(shipped_names())}"
        )
    weights = read_huggingface(folder)
    if isinstance(weights, VitWeights):
        raise InputError(f"{folder} is a vision transformer, not a language model; load it with load_classifier")
    chosen = _tokenizer_of_folder(folder, tokenizer, weights)
    if isinstance(weights, LlamaWeights):
        return Llama(weights=weights, tokenizer=chosen)
    return Gpt2(weights=weights, tokenizer=chosen)


def _tokenizer_of_folder(folder: Path, tokenizer: str | Path | None, weights: Weights | LlamaWeights) -> Tokenizer:
    n_vocab, is_llama = weights.config.n_vocab, isinstance(weights, LlamaWeights)
    place = folder if tokenizer is None else Path(tokenizer)
    settings = read_json(folder / CONFIG)
    if tokenizer is None:
        named = own_settings(settings).get("tokenizer")
        if named == "byte":
            return _checked(ByteTokenizer(), n_vocab, place)
        if isinstance(named, str) and Path(named).name == named:
            place = folder / named
    if place.suffix == ".bin":
        return read_pieces(_there(place), n_vocab)
    if place.name == WHOLE:
        place = place.parent
    start = settings.get("bos_token_id")
    read = read_bpe(place, start=start if isinstance(start, int) else None, always_start=is_llama)
    return _checked(read, n_vocab, place)


def _pieces(path: Path, tokenizer: str | Path | None, n_vocab: int) -> PieceTokenizer:
    if tokenizer is not None:
        return read_pieces(_there(Path(tokenizer)), n_vocab)
    beside = sorted(path.parent.glob(TOKENIZERS))
    if len(beside) != 1:
        found = ", ".join(each.name for each in beside) or "none"
        raise InputError(
            f"wanted one tokenizer {TOKENIZERS} beside {path}, found {found}; say which with its path (--tokenizer)"
        )
    return read_pieces(beside[0], n_vocab)


def _there(path: Path) -> Path:
    if not path.is_file():
        raise InputError(f"there is no tokenizer {path}; give the path of a .bin file of llama2.c, or of a folder")
    return path


def _checked(tokenizer: Tokenizer, n_vocab: int, place: Path) -> Tokenizer:
    if tokenizer.n_vocab > n_vocab:
        raise InputError(
            f"the tokenizer of {place} has {tokenizer.n_vocab} ids, the model {n_vocab}; "
            "take the one that it was trained with"
        )
    return tokenizer
