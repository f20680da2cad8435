"""A model that is written into a folder and read again has the same bits."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pycosim.errors import InputError
from pycosim.transformer.bpe import read_bpe
from pycosim.transformer.gpt2 import Gpt2
from pycosim.transformer.llama import Llama
from pycosim.transformer.llama_parameters import LlamaConfig, LlamaWeights, llama_shapes
from pycosim.transformer.load import load_classifier, load_model
from pycosim.transformer.parameters import Gpt2Config, Weights, expected_shapes
from pycosim.transformer.pieces import FIRST_PIECE, PieceTokenizer
from pycosim.transformer.save import save_model
from pycosim.transformer.scaled import SCALED, ScaledArrays
from pycosim.transformer.tokenizer import ByteTokenizer
from pycosim.transformer.vit import Vit
from pycosim.transformer.vit_parameters import VitConfig, VitWeights, vit_shapes

GPT2 = Gpt2Config(n_layer=2, n_head=3, d_head=4, n_ctx=16, n_vocab=300)
LLAMA = LlamaConfig(
    n_layer=2,
    n_head=4,
    n_kv_head=2,
    d_head=6,
    d_model=16,
    d_mlp=20,
    n_ctx=16,
    n_vocab=262,
    tied_head=False,
    epsilon=1e-6,
)
VIT = VitConfig(n_layer=2, n_head=3, d_head=4, d_mlp=20, image_size=8, patch_size=4, n_channels=3, n_classes=5)
PIECES = PieceTokenizer(
    pieces=(b"<unk>", b"<s>", b"</s>", *(f"<0x{i:02X}>".encode() for i in range(256)), b" a", b"ab", b"\xc3\xa9"),
    scores=(*[0.0] * FIRST_PIECE, -1.0, -2.0, float(np.float32(-2.7))),
)


def random_arrays(shapes: dict[str, tuple[int, ...]]) -> dict[str, np.ndarray]:
    random = np.random.default_rng(3)
    return {name: random.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}


def random_scalers(weights: ScaledArrays, n_layer: int, n_head: int) -> dict[str, np.ndarray]:
    names = [weights.attention_name(layer) for layer in range(n_layer)]
    return random_arrays({f"{n}.scale_{s}.{part}": (n_head,) for n in names for s in SCALED for part in ("a", "b")})


MODELS = {
    "gpt2": Gpt2(weights=Weights(config=GPT2, arrays=random_arrays(expected_shapes(GPT2))), tokenizer=ByteTokenizer()),
    "llama": Llama(weights=LlamaWeights(config=LLAMA, arrays=random_arrays(llama_shapes(LLAMA))), tokenizer=PIECES),
    "vit": Vit(weights=VitWeights(config=VIT, arrays=random_arrays(vit_shapes(VIT)))),
}


def read_again(folder: Path, name: str) -> Any:
    return load_classifier(folder) if name == "vit" else load_model(folder)


def equal(found: ScaledArrays, wanted: ScaledArrays) -> bool:
    same = [np.array_equal(found[name], array) for name, array in wanted.arrays.items()]
    return set(found.arrays) == set(wanted.arrays) and all(same)


@pytest.mark.parametrize("has_scalers", [False, True])
@pytest.mark.parametrize("name", MODELS)
def test_a_model_comes_back_bit_by_bit(tmp_path: Path, name: str, has_scalers: bool) -> None:
    model: Any = MODELS[name]
    if has_scalers:
        scalers = random_scalers(model.weights, model.config.n_layer, model.config.n_head)
        model = replace(model, weights=model.weights.with_arrays(scalers))
    save_model(tmp_path / "new", model, metadata={"window": "256"})
    found = read_again(tmp_path / "new", name)
    assert found.config == model.config
    assert equal(found.weights, model.weights)
    assert found.weights.has_scalers is has_scalers
    assert found.weights.metadata == {"format": "huggingface", "window": "256"}
    assert not [path for path in (tmp_path / "new").iterdir() if path.suffix == ".part"]


@pytest.mark.parametrize("name", ["softmax", "linear"])
def test_a_shipped_model_comes_back_with_its_statistics_and_calibration(tmp_path: Path, name: str) -> None:
    model = load_model(name)
    assert isinstance(model, Gpt2)
    save_model(tmp_path, model)
    found = load_model(tmp_path)
    assert isinstance(found, Gpt2)
    assert equal(found.weights, model.weights)
    assert found.weights.has_statistics is model.weights.has_statistics
    assert dict(found.weights.metadata) == {**model.weights.metadata, "format": "huggingface"}
    wanted = model.weights.calibration_tokens
    np.testing.assert_array_equal(found.weights.calibration_tokens, wanted)  # None equals None


def test_a_tokenizer_of_pieces_comes_back(tmp_path: Path) -> None:
    save_model(tmp_path, MODELS["llama"])
    found = load_model(tmp_path).tokenizer
    assert isinstance(found, PieceTokenizer)
    assert (found.pieces, found.scores) == (PIECES.pieces, PIECES.scores)
    assert json.loads((tmp_path / "config.json").read_text())["bos_token_id"] == PIECES.start


def test_a_byte_pair_tokenizer_comes_back(tmp_path: Path) -> None:
    tokenizers = pytest.importorskip("tokenizers")
    source = tmp_path / "source"
    source.mkdir()
    alphabet = sorted(tokenizers.pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {piece: i for i, piece in enumerate([*alphabet, "th", "the", "Ġthe"])}
    (source / "vocab.json").write_text(json.dumps(vocabulary), encoding="utf-8")
    (source / "merges.txt").write_text("#version: 0.2\nt h\nth e\nĠ the\n", encoding="utf-8")
    tokenizer = read_bpe(source, start=5)
    model = MODELS["gpt2"]
    assert isinstance(model, Gpt2)
    save_model(tmp_path / "new", replace(model, tokenizer=tokenizer))
    found = load_model(tmp_path / "new").tokenizer
    text = "Then the thé \U0001f600\n"
    assert found.start == 5
    assert found.encode(text).tolist() == tokenizer.encode(text).tolist()
    assert found.decode(found.encode(text)) == text


def test_another_tokenizer_can_still_be_asked_for(tmp_path: Path) -> None:
    model = MODELS["llama"]
    assert isinstance(model, Llama)
    save_model(tmp_path / "a", model)
    save_model(tmp_path / "b", replace(model, tokenizer=ByteTokenizer()))
    assert isinstance(load_model(tmp_path / "b").tokenizer, ByteTokenizer)
    assert load_model(tmp_path / "b", tokenizer=tmp_path / "a" / "tokenizer.bin").tokenizer.n_vocab == 262


def test_a_model_replaces_an_earlier_one_in_its_folder(tmp_path: Path) -> None:
    save_model(tmp_path, load_model("linear"))  # type: ignore[arg-type]  # a Gpt2
    save_model(tmp_path, MODELS["llama"])
    found = load_model(tmp_path)
    assert isinstance(found, Llama)
    assert found.weights.calibration_tokens is None


def test_mistakes_are_named(tmp_path: Path) -> None:
    llama = MODELS["llama"]
    assert isinstance(llama, Llama)
    some = {"layers.0.self_attn.scale_q.a": np.ones(4, np.float32)}
    with pytest.raises(InputError, match=r"missing layers\.0\.self_attn\.scale_k\.a"):
        llama.weights.with_arrays(some)
    with pytest.raises(InputError, match=r"have no layers\.1\.self_attn\.scale_v\.a"):
        llama.weights.scaler(1, "v")
    scalers = random_scalers(llama.weights, 2, 4)
    with pytest.raises(InputError, match=r"scale_q\.a must be float32 of shape \(4,\), found float32 of shape \(2,\)"):
        llama.weights.with_arrays(scalers | {"layers.0.self_attn.scale_q.a": np.ones(2, np.float32)})
    with pytest.raises(InputError, match="calibration tokens must be ids"):
        replace(llama.weights, calibration_tokens=np.array([[262]]))
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(InputError, match="cannot write the model into"):
        save_model(blocked / "model", llama)
    save_model(tmp_path / "m", llama)
    (tmp_path / "m" / "calibration_tokens.npy").write_bytes(b"x")
    with pytest.raises(InputError, match=r"no whole \.npy file"):
        load_model(tmp_path / "m")
    (tmp_path / "m" / "calibration_tokens.npy").unlink()
    path = tmp_path / "m" / "config.json"
    settings = json.loads(path.read_text())
    for own in ([1], {"metadata": {"a": 1}}):
        path.write_text(json.dumps(settings | {"pycosim": own}))
        with pytest.raises(InputError, match=r"pycosim must be (an object|texts)"):
            load_model(tmp_path / "m")
