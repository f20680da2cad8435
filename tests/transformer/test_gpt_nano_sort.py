"""Our layers against the intermediates of a PyTorch run of a small GPT-2 (bbycroft/llm-viz, MIT)."""

import base64
import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from pycosim.transformer.gpt2 import block, embed, hidden_states
from pycosim.transformer.layers import gelu, layer_norm, linear, merge_heads, split_heads
from pycosim.transformer.weights import Gpt2Config, Weights

Attend = Callable[..., np.ndarray]
TOLERANCE = 1e-5  # two float32 programs that sum in another order; logits reach 8


def read_arrays(path: Path) -> tuple[dict[str, int], dict[str, np.ndarray]]:
    entries = json.loads(path.read_text())
    config = entries.pop("config")
    return config, {
        name: np.frombuffer(base64.b64decode(entry["data"]), dtype="<f4").reshape(entry["shape"])
        for name, entry in entries.items()
    }


def as_gpt2(theirs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Their names without prefix, without mask and head; their (out, in) projections as (in, out)."""
    ours = {name.removeprefix("transformer."): array for name, array in theirs.items()}
    return {
        name: array.T if ".c_" in name and name.endswith("weight") else array
        for name, array in ours.items()
        if not name.endswith(".attn.bias") and name != "lm_head.weight"
    }


@pytest.fixture
def nano(reference_data: Path) -> SimpleNamespace:
    folder = reference_data / "models" / "gpt_nano_sort"
    if not folder.is_dir():
        pytest.skip(f"the reference data has no {folder.name}")
    config, theirs = read_arrays(folder / "gpt-nano-sort-model.json")
    _, stages = read_arrays(folder / "gpt-nano-sort-t0-partials.json")
    sizes = Gpt2Config(
        n_layer=config["n_layer"],
        n_head=config["n_head"],
        d_head=config["n_embd"] // config["n_head"],
        n_ctx=config["block_size"],
        n_vocab=config["vocab_size"],
    )
    weights = Weights(config=sizes, arrays=as_gpt2(theirs))
    return SimpleNamespace(
        weights=weights, stages=stages, tokens=stages["idx"].astype(int), head=theirs["lm_head.weight"]
    )


def agree(found: np.ndarray, wanted: np.ndarray) -> None:
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, wanted, rtol=0, atol=TOLERANCE)


def test_embedding_agrees(nano: SimpleNamespace) -> None:
    agree(embed(nano.tokens, nano.weights), nano.stages["x"])


@pytest.mark.parametrize(("stage_in", "name", "stage_out"), [("x", "ln_1", "ln1"), ("attnResid", "ln_2", "ln2")])
def test_layer_norm_agrees(nano: SimpleNamespace, stage_in: str, name: str, stage_out: str) -> None:
    agree(layer_norm(nano.stages[stage_in], *nano.weights.pair(f"h.0.{name}")), nano.stages[stage_out])


@pytest.mark.parametrize(
    ("stage_in", "name", "stage_out"),
    [
        ("ln1", "attn.c_attn", "qkv"),
        ("y", "attn.c_proj", "yProj"),
        ("ln2", "mlp.c_fc", "fc"),
        ("gelu", "mlp.c_proj", "mlp"),
    ],
)
def test_projection_agrees(nano: SimpleNamespace, stage_in: str, name: str, stage_out: str) -> None:
    agree(linear(nano.stages[stage_in], *nano.weights.pair(f"h.0.{name}")), nano.stages[stage_out])


def test_gelu_agrees(nano: SimpleNamespace) -> None:
    agree(gelu(nano.stages["fc"]), nano.stages["gelu"])


def test_heads_agree(nano: SimpleNamespace) -> None:
    for part, name in zip(np.split(nano.stages["qkv"], 3, axis=-1), "qkv", strict=True):
        agree(split_heads(part, 3), nano.stages[name])


def test_attention_agrees(nano: SimpleNamespace, causal_softmax: Attend) -> None:
    q, k, v = (nano.stages[name] for name in "qkv")
    agree(merge_heads(causal_softmax(q, k, v)), nano.stages["y"])


def test_attend_of_the_first_layer_receives_their_q_k_v(nano: SimpleNamespace) -> None:
    def check(q: np.ndarray, k: np.ndarray, v: np.ndarray) -> np.ndarray:
        for found, name in zip((q, k, v), "qkv", strict=True):
            agree(found, nano.stages[name])
        return v

    hidden_states(nano.tokens, nano.weights, [check, lambda q, k, v: v, lambda q, k, v: v])


def test_blocks_agree(nano: SimpleNamespace, causal_softmax: Attend) -> None:
    x = nano.stages["x"]
    for layer in range(3):
        x = block(x, layer, nano.weights, causal_softmax)
        agree(x, nano.stages[f"block{layer}"])


def test_last_layer_norm_and_logits_agree(nano: SimpleNamespace, causal_softmax: Attend) -> None:
    hidden = hidden_states(nano.tokens, nano.weights, causal_softmax)
    agree(hidden, nano.stages["ln_f"])
    agree(hidden @ nano.head.T, nano.stages["lm_head"])  # this model's head is not tied


def test_the_model_sorts(nano: SimpleNamespace, causal_softmax: Attend) -> None:
    letters = np.array([2, 0, 1, 1, 0, 2])  # then five of the six sorted letters, to predict all six
    text = np.concatenate([letters, np.sort(letters)[:5]])
    predicted = (hidden_states(text, nano.weights, causal_softmax) @ nano.head.T).argmax(axis=-1)
    np.testing.assert_array_equal(predicted[5:], np.sort(letters))
