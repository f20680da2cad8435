"""Folders of Hugging Face: small models whose logits transformers computed, and all that can be wrong with one."""

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

from pycosim.attention.exact import exact_attention
from pycosim.errors import InputError
from pycosim.transformer.gpt2 import gpt2
from pycosim.transformer.huggingface import read_huggingface
from pycosim.transformer.llama import llama
from pycosim.transformer.llama_parameters import LlamaConfig, LlamaWeights, llama_shapes
from pycosim.transformer.load import load_classifier, load_model
from pycosim.transformer.parameters import Gpt2Config, Weights, expected_shapes
from pycosim.transformer.vit import vit
from pycosim.transformer.vit_parameters import VitConfig, VitWeights, vit_shapes

GOLDEN: dict[str, Any] = json.loads((Path(__file__).parents[1] / "golden" / "transformers.json").read_text())
MODELS = [name for name in GOLDEN if name != "made_by"]
Arrays = dict[str, np.ndarray]
PREFIX = {"gpt2": "transformer.", "llama": "model.", "vit": "vit."}
LLAMA = {"n_layer": 2, "n_head": 4, "n_kv_head": 2, "d_model": 16, "d_mlp": 20, "n_ctx": 16, "n_vocab": 31}
VIT = {"n_layer": 2, "n_head": 3, "d_head": 4, "d_mlp": 20, "image_size": 8}
CONFIGS: dict[str, Any] = {
    "gpt2": Gpt2Config(n_layer=2, n_head=3, d_head=4, n_ctx=16, n_vocab=31),
    "llama": LlamaConfig(**LLAMA, d_head=4, tied_head=False, epsilon=1e-6),
    "llama, tied": LlamaConfig(**LLAMA, d_head=6, tied_head=True, rotary_base=500.0, epsilon=1e-6),
    "vit, colour": VitConfig(**VIT, patch_size=4, n_channels=3, n_classes=5),
    "vit, digits": VitConfig(**VIT, patch_size=2, n_channels=1, n_classes=10),
}
SHAPES = {Gpt2Config: expected_shapes, LlamaConfig: llama_shapes, VitConfig: vit_shapes}
BARE = ("lm_head.weight", "classifier.weight", "classifier.bias")


def both_ways(q: np.ndarray, k: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Softmax attention to all tokens."""
    scores = q @ k.swapaxes(-1, -2) / np.float32(math.sqrt(q.shape[-1]))
    shares = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return shares / shares.sum(axis=-1, keepdims=True) @ v


def tensors(name: str) -> Arrays:
    """The weights of a golden model under Hugging Face's names, by the formula in benchmarks/transformers_logits.py."""
    prefix = PREFIX[GOLDEN[name]["config"]["model_type"]]
    shapes = SHAPES[type(CONFIGS[name])](CONFIGS[name])
    named = {own if own in BARE else prefix + own: shape for own, shape in shapes.items()}
    return {
        full: (0.4 * np.sin(np.arange(np.prod(named[full])) ** 1.5 + index)).reshape(named[full]).astype(np.float32)
        for index, full in enumerate(sorted(named))
    }


@pytest.fixture
def folder(tmp_path: Path) -> Callable[..., Path]:
    def make(name: str = "gpt2", **changed: Any) -> Path:
        (tmp_path / "config.json").write_text(json.dumps(GOLDEN[name]["config"] | changed))
        save_file(tensors(name), tmp_path / "model.safetensors")
        return tmp_path

    return make


@pytest.mark.parametrize("name", MODELS)
def test_logits_are_those_of_transformers(folder: Callable[..., Path], name: str) -> None:
    weights = read_huggingface(folder(name))
    assert weights.config == CONFIGS[name]
    inputs = np.array(GOLDEN[name]["inputs"])
    match weights:
        case Weights():
            found = gpt2(inputs, weights, exact_attention)
        case LlamaWeights():
            found = llama(inputs, weights, exact_attention)
        case VitWeights():
            found = vit(inputs, weights, both_ways)
    wanted = np.array(GOLDEN[name]["logits"])
    assert np.abs(wanted).max() > 0.3
    np.testing.assert_allclose(found, wanted, rtol=0, atol=5e-6)  # two float32 programs on values of order 1


def test_names_without_prefix_and_buffers_of_older_files_are_read(folder: Callable[..., Path]) -> None:
    place = folder()
    bare = {name.removeprefix("transformer."): array for name, array in tensors("gpt2").items()}
    buffers = {"h.0.attn.bias": np.ones((1, 1, 16, 16), np.float32), "h.1.attn.masked_bias": np.array(-1e4, np.float32)}
    save_file(bare | buffers | {"lm_head.weight": bare["wte.weight"]}, place / "model.safetensors")
    weights = read_huggingface(place)
    np.testing.assert_array_equal(weights["wte.weight"], bare["wte.weight"])
    assert "h.0.attn.bias" not in weights.arrays


def test_a_head_that_is_not_the_embedding_is_refused(folder: Callable[..., Path]) -> None:
    place, arrays = folder(), tensors("gpt2")
    save_file(arrays | {"lm_head.weight": 2 * arrays["transformer.wte.weight"]}, place / "model.safetensors")
    with pytest.raises(InputError, match=r"lm_head\.weight must be wte\.weight"):
        read_huggingface(place)


def test_half_precision_becomes_float32(folder: Callable[..., Path]) -> None:
    place, arrays = folder(), tensors("gpt2")
    save_file({name: array.astype(np.float16) for name, array in arrays.items()}, place / "model.safetensors")
    weights = read_huggingface(place)
    np.testing.assert_array_equal(weights["wte.weight"], arrays["transformer.wte.weight"].astype(np.float16))
    assert weights["wte.weight"].dtype == np.float32


def brain_floats(arrays: Arrays) -> bytes:
    """A safetensors file of bfloat16, which NumPy cannot write."""
    header, data = {}, b""
    for name, array in arrays.items():
        halves = (array.view(np.uint32) >> 16).astype("<u2").tobytes()
        header[name] = {"dtype": "BF16", "shape": array.shape, "data_offsets": [len(data), len(data) + len(halves)]}
        data += halves
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + data


def test_brain_floats_become_float32(folder: Callable[..., Path]) -> None:
    place, arrays = folder(), tensors("gpt2")
    (place / "model.safetensors").write_bytes(brain_floats(arrays))
    found = read_huggingface(place)["h.1.mlp.c_fc.weight"]
    wanted = arrays["transformer.h.1.mlp.c_fc.weight"]
    np.testing.assert_array_equal(found.view(np.uint32), wanted.view(np.uint32) >> 16 << 16)


def test_parts_with_an_index_are_put_together(folder: Callable[..., Path]) -> None:
    place = folder()
    (place / "model.safetensors").unlink()
    arrays = tensors("gpt2")
    files = {name: f"model-0000{1 + i % 2}-of-00002.safetensors" for i, name in enumerate(arrays)}
    for file in set(files.values()):
        save_file({name: arrays[name] for name in arrays if files[name] == file}, place / file)
    index = place / "model.safetensors.index.json"
    index.write_text(json.dumps({"metadata": {}, "weight_map": files}))
    np.testing.assert_array_equal(read_huggingface(place)["wpe.weight"], arrays["transformer.wpe.weight"])
    index.write_text(json.dumps({"weight_map": files | {"transformer.h.9.x": files["transformer.wte.weight"]}}))
    with pytest.raises(InputError, match=r"promises h\.9\.x, which no file has"):
        read_huggingface(place)
    index.write_text(json.dumps({"weight_map": files | {"transformer.wte.weight": "../other.safetensors"}}))
    with pytest.raises(InputError, match=r"names the file '\.\./other\.safetensors', which is not beside it"):
        read_huggingface(place)
    index.write_text("{}")
    with pytest.raises(InputError, match="must have a weight_map"):
        read_huggingface(place)


def test_a_misspelt_tensor_is_named_with_the_one_that_was_wanted(folder: Callable[..., Path]) -> None:
    place, arrays = folder(), tensors("gpt2")
    arrays["transformer.h.1.mlp.cfc.weight"] = arrays.pop("transformer.h.1.mlp.c_fc.weight")
    save_file(arrays, place / "model.safetensors")
    with pytest.raises(
        InputError, match=r"missing h\.1\.mlp\.c_fc\.weight; .*is h\.1\.mlp\.cfc\.weight the wanted h\.1"
    ):
        read_huggingface(place)


@pytest.mark.parametrize(
    ("name", "changed", "message"),
    [
        ("gpt2", {"model_type": "bert"}, "model_type must be one of gpt2, llama, vit, found 'bert'"),
        ("gpt2", {"n_layer": "2"}, "n_layer as a whole number, .* found '2'"),
        ("gpt2", {"n_layer": None}, "n_layer as a whole number, .* found None"),
        ("gpt2", {"n_layer": 10**9}, "n_layer as a whole number, 1 to 4096, found 1000000000"),
        ("llama", {"rms_norm_eps": "x"}, "rms_norm_eps as a number above 0, found 'x'"),
        ("llama", {"rope_parameters": {"rope_theta": float("nan")}}, "rope_theta as a number above 0, found nan"),
        ("llama", {"rope_parameters": [1]}, "rotary positions must be of type"),
        ("gpt2", {"n_layer": True}, "n_layer as a whole number, .* found True"),
        ("gpt2", {"n_layer": 3}, r"missing h\.2\.attn\.c_attn\.bias"),
        ("gpt2", {"n_head": 5}, "n_embd must be a multiple of n_head, found 12 and 5"),
        ("gpt2", {"n_head": 0}, "n_head as a whole number, .* found 0"),
        (
            "gpt2",
            {"vocab_size": 32},
            r"wte\.weight must be float32 of shape \(32, 12\), found float32 of shape \(31, 12\)",
        ),
        ("gpt2", {"activation_function": "relu"}, "activation_function must be 'gelu_new', found 'relu'"),
        ("gpt2", {"scale_attn_by_inverse_layer_idx": True}, "scale_attn_by_inverse_layer_idx must be False"),
        ("gpt2", {"layer_norm_epsilon": 1e-3}, "layer_norm_epsilon must be 1e-05"),
        ("gpt2", {"n_inner": 13}, "n_inner must be 4 n_embd = 48 or null, found 13"),
        ("llama", {"rope_scaling": {"type": "linear"}, "rope_parameters": None}, "rotary positions must be of type"),
        ("llama", {"num_key_value_heads": 3}, "n_head must be a multiple of n_kv_head, found 4 and 3"),
        ("llama", {"num_key_value_heads": 4}, r"k_proj\.weight must be float32 of shape \(16, 16\)"),
        ("llama", {"attention_bias": True}, "attention_bias must be False"),
        ("llama", {"head_dim": 3}, "d_head must be even"),
        ("vit, digits", {"hidden_act": "relu"}, "hidden_act must be 'gelu'"),
        ("vit, digits", {"patch_size": 3}, "image_size must be a multiple of patch_size"),
    ],
)
def test_a_configuration_that_does_not_fit_is_refused_in_one_sentence(
    folder: Callable[..., Path], name: str, changed: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError, match=message) as caught:
        read_huggingface(folder(name, **changed))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"[1]", b"{", b"\xff\xfe", b"[" * 100_000])
def test_a_configuration_that_is_no_object_is_refused(folder: Callable[..., Path], content: bytes) -> None:
    place = folder()
    (place / "config.json").write_bytes(content)
    with pytest.raises(InputError, match=r"config\.json must"):
        read_huggingface(place)


def test_a_folder_without_tensors_is_refused(folder: Callable[..., Path]) -> None:
    place = folder()
    (place / "model.safetensors").unlink()
    with pytest.raises(InputError, match=r"must have one of model\.safetensors, .*found none"):
        read_huggingface(place)


@pytest.mark.parametrize("keep", [0, 7, 100, 2000])
def test_cut_tensors_are_refused(folder: Callable[..., Path], keep: int) -> None:
    path = folder() / "model.safetensors"
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(InputError, match="not a whole safetensors file"):
        read_huggingface(path.parent)


def test_whole_numbers_are_no_weights(folder: Callable[..., Path]) -> None:
    place, arrays = folder(), tensors("gpt2")
    arrays["transformer.wte.weight"] = arrays["transformer.wte.weight"].astype(np.int8)
    save_file(arrays, place / "model.safetensors")
    with pytest.raises(InputError, match=r"transformer\.wte\.weight must be one of BF16, F16, F32, found I8"):
        read_huggingface(place)


def test_a_pickle_is_never_opened_without_torch_s_own_guard(folder: Callable[..., Path], tmp_path: Path) -> None:
    place = folder()
    (place / "model.safetensors").unlink()
    witness = tmp_path / "ran"
    (place / "pytorch_model.bin").write_bytes(b"cposix\nsystem\n(S'touch " + str(witness).encode() + b"'\ntR.")
    with pytest.raises(InputError, match=r"needs PyTorch|no checkpoint of weights alone"):
        read_huggingface(place)
    assert not witness.exists()


def test_a_classifier_is_no_language_model_and_the_other_way_round(folder: Callable[..., Path]) -> None:
    with pytest.raises(InputError, match="load it with load_classifier"):
        load_model(folder("vit, digits"))
    assert load_classifier(folder("vit, digits")).config.n_classes == 10
    with pytest.raises(InputError, match="load it with load_model"):
        load_classifier(folder("gpt2"))


@pytest.mark.parametrize("images", [np.zeros((1, 8, 7)), np.zeros((8, 8)), np.full((1, 8, 8), np.nan)])
def test_images_of_another_shape_are_refused(folder: Callable[..., Path], images: np.ndarray) -> None:
    with pytest.raises(InputError, match=r"images must be finite, .*\(1, 8, 8\)"):
        load_classifier(folder("vit, digits")).logits(images, both_ways)


def test_one_image_is_a_batch_of_one(folder: Callable[..., Path]) -> None:
    model = load_classifier(folder("vit, colour"))
    images = np.array(GOLDEN["vit, colour"]["inputs"])
    together = model.logits(images, both_ways)
    np.testing.assert_allclose(model.logits(images[1], both_ways), together[1], rtol=0, atol=1e-6)
