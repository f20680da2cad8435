"""A name or a path -> a model with its tokenizer."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from pycosim.attention.exact import exact_attention
from pycosim.errors import InputError
from pycosim.transformer.bpe import has_bpe, read_bpe
from pycosim.transformer.gpt2 import gpt2
from pycosim.transformer.load import load_model
from pycosim.transformer.weights import Weights, load_weights


@pytest.fixture
def bpe(reference_data: Path) -> Path:
    pytest.importorskip("tokenizers")
    folder = reference_data / "models" / "gpt2_bpe"
    if not folder.is_dir():
        pytest.skip(f"the reference data has no {folder.name}")
    return folder


@pytest.mark.parametrize("name", ["softmax", "linear"])
def test_a_shipped_name_gives_a_model_that_reads_bytes(name: str) -> None:
    model = load_model(name)
    tokens = model.tokenizer.encode("def f(")
    logits = model.logits(tokens, exact_attention)
    assert logits.shape == (6, 256)
    np.testing.assert_array_equal(logits, gpt2(tokens, load_weights(name), exact_attention))


def test_arrays_in_npz_are_the_same_model(weights: Weights, tmp_path: Path) -> None:
    path = tmp_path / "model.npz"
    sizes = {name: getattr(weights.config, name) for name in ("n_layer", "n_head", "d_head", "n_ctx", "n_vocab")}
    np.savez(path, **weights.arrays, **sizes, tokenizer=np.array("byte"))
    found = load_weights(path)
    assert found.config == weights.config
    assert found.metadata == {"tokenizer": "byte"}
    np.testing.assert_array_equal(found["wte.weight"], weights["wte.weight"])
    with pytest.raises(InputError, match="has 256 ids, the model 11"):
        load_model(path)
    np.savez(path, **weights.arrays, **sizes)
    with pytest.raises(InputError, match="must name the tokenizer 'byte', found None"):
        load_model(path)


def test_an_npz_with_objects_or_cut_short_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.npz"
    np.savez(path, a=np.array([{}], dtype=object))
    with pytest.raises(InputError, match=r"no whole \.npz file of plain arrays"):
        load_weights(path)
    np.savez(path, a=np.zeros(1000))
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(InputError, match=r"no whole \.npz file of plain arrays"):
        load_weights(path)


def test_what_is_no_model_is_refused_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no weights file 'absent'"):
        load_model("absent")
    with pytest.raises(InputError, match=r"has no config\.json"):
        load_model(tmp_path)
    (tmp_path / "model.pt").write_bytes(b"PK")
    with pytest.raises(InputError, match="checkpoint of PyTorch without a configuration"):
        load_model(tmp_path / "model.pt")


def test_gpt2_s_tokenizer_gives_the_published_ids(bpe: Path) -> None:
    tokenizer = read_bpe(bpe)
    assert tokenizer.n_vocab == 50257
    # ids of OpenAI's encoder for these texts
    assert tokenizer.encode("Hello world").tolist() == [15496, 995]
    assert tokenizer.encode(" Hello  world\n").tolist() == [18435, 220, 995, 198]
    assert tokenizer.encode("").size == 0


@pytest.mark.parametrize("text", ["", "It's 12:30, isn't it?\n\n  Yes.", "naïve \U0001f600 日本", "<|endoftext|>"])
def test_bpe_decode_undoes_encode(bpe: Path, text: str) -> None:
    tokenizer = read_bpe(bpe)
    assert tokenizer.decode(tokenizer.encode(text)) == text


def test_huggingface_s_names_of_the_same_files_give_the_same_ids(bpe: Path, tmp_path: Path) -> None:
    shutil.copy(bpe / "encoder.json", tmp_path / "vocab.json")
    shutil.copy(bpe / "vocab.bpe", tmp_path / "merges.txt")
    text = "The quick brown fox, 1984."
    ids = read_bpe(bpe).encode(text)
    np.testing.assert_array_equal(read_bpe(tmp_path).encode(text), ids)
    read_bpe(bpe).rust.save(str(tmp_path / "tokenizer.json"))
    for name in ("vocab.json", "merges.txt"):
        (tmp_path / name).unlink()
    assert has_bpe(tmp_path)
    np.testing.assert_array_equal(read_bpe(tmp_path).encode(text), ids)


def test_a_missing_or_damaged_tokenizer_is_refused(bpe: Path, tmp_path: Path) -> None:
    assert not has_bpe(tmp_path)
    with pytest.raises(InputError, match=r"has no tokenizer: wanted tokenizer\.json, or vocab\.json and merges\.txt"):
        read_bpe(tmp_path)
    shutil.copy(bpe / "encoder.json", tmp_path / "vocab.json")
    (tmp_path / "merges.txt").write_text("one\n")
    with pytest.raises(InputError, match=r"merges\.txt cannot be read as a tokenizer"):
        read_bpe(tmp_path)
    (tmp_path / "tokenizer.json").write_text("{")
    with pytest.raises(InputError, match=r"tokenizer\.json cannot be read"):
        read_bpe(tmp_path)


@pytest.mark.parametrize("ids", [[50257], [-1], [[1]]])
def test_ids_outside_the_vocabulary_are_refused(bpe: Path, ids: list[int]) -> None:
    with pytest.raises(InputError, match=r"ids 0 \.\. 50256"):
        read_bpe(bpe).decode(np.array(ids))
