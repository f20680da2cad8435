"""Torch's forward pass is NumPy's, for every family and attention, and what was trained is a model again."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs PyTorch: pip install 'pycosim-spice[train]'")

from pycosim.attention.analog import analog_layers, factored_arrays  # noqa: E402
from pycosim.attention.exact import Attend, exact_attention  # noqa: E402
from pycosim.attention.hardware import AttentionHardware, AttentionModels, Scaler, Scalers  # noqa: E402
from pycosim.attention.published import linear_models, published_models  # noqa: E402
from pycosim.flows.hardware_scalers import scalers_of, with_scalers  # noqa: E402
from pycosim.models.decay import StorageDecay  # noqa: E402
from pycosim.training.build import Model, named_arrays, torch_model, trained_model  # noqa: E402
from pycosim.training.hardware import HardwareAttention  # noqa: E402
from pycosim.training.linear import LinearRead  # noqa: E402
from pycosim.training.measured import MeasuredRead  # noqa: E402
from pycosim.training.softmax import SoftmaxAttention  # noqa: E402
from pycosim.transformer.gpt2 import Gpt2  # noqa: E402
from pycosim.transformer.llama import Llama  # noqa: E402
from pycosim.transformer.llama_parameters import LlamaConfig, LlamaWeights, llama_shapes  # noqa: E402
from pycosim.transformer.parameters import Gpt2Config, Weights, expected_shapes  # noqa: E402
from pycosim.transformer.tokenizer import ByteTokenizer  # noqa: E402
from pycosim.transformer.vit import Vit  # noqa: E402
from pycosim.transformer.vit_parameters import VitConfig, VitWeights, vit_shapes  # noqa: E402

TOLERANCE = 1e-4
N_LAYERS, N_HEADS = 2, 4
FAMILIES = ("gpt2", "llama", "llama, own head", "vit")
"""Of the issue; found 1e-6."""


def drawn(shapes: dict[str, tuple[int, ...]]) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(1)
    return {
        name: (rng.normal(1.0 if "norm" in name and name.endswith("weight") else 0.0, 0.2, shape)).astype(np.float32)
        for name, shape in shapes.items()
    }


def a_model(family: str) -> Model:
    if family == "gpt2":
        gpt2 = Gpt2Config(n_layer=N_LAYERS, n_head=N_HEADS, d_head=8, n_ctx=50, n_vocab=256)
        return Gpt2(weights=Weights(config=gpt2, arrays=drawn(expected_shapes(gpt2))), tokenizer=ByteTokenizer())
    if family == "vit":
        vit = VitConfig(
            n_layer=N_LAYERS, n_head=N_HEADS, d_head=8, d_mlp=40, image_size=8, patch_size=2, n_channels=1, n_classes=10
        )
        return Vit(weights=VitWeights(config=vit, arrays=drawn(vit_shapes(vit))))
    llama = LlamaConfig(
        n_layer=N_LAYERS,
        n_head=N_HEADS,
        n_kv_head=2,
        d_head=8,
        d_model=24,
        d_mlp=40,
        n_ctx=50,
        n_vocab=256,
        tied_head=family == "llama",
    )
    return Llama(weights=LlamaWeights(config=llama, arrays=drawn(llama_shapes(llama))), tokenizer=ByteTokenizer())


def inputs_of(model: Model) -> np.ndarray:
    rng = np.random.default_rng(2)
    if isinstance(model, Vit):
        return rng.normal(size=(3, 1, 8, 8)).astype(np.float32)
    return rng.integers(0, 256, (3, 45))


def some_scalers() -> list[Scalers]:
    rng = np.random.default_rng(3)

    def scaler(gain: float, offset: float) -> Scaler:
        return Scaler(a=gain * rng.uniform(0.5, 1.5, N_HEADS), b=offset * rng.uniform(0.9, 1.1, N_HEADS))

    return [
        Scalers(q=scaler(0.3, 0.5), k=scaler(0.2, 0.45), v=scaler(0.2, 0.45), out=scaler(3.0, 0.1))
        for _ in range(N_LAYERS)
    ]


def hardware_of(model: Model) -> AttentionHardware:
    """Longer texts than the window, so that tiles are overwritten; every patch of an image is seen."""
    if isinstance(model, Vit):
        return AttentionHardware(token_period=1e-6, tile=8, window=24, causal=False)
    return AttentionHardware(token_period=1e-6, tile=8, window=24)


def numpy_logits(model: Model, attends: Attend | Sequence[Attend]) -> np.ndarray:
    return model.logits(inputs_of(model), attends)


def torch_logits(model: Model, attentions: Sequence[torch.nn.Module]) -> np.ndarray:
    with torch.no_grad():
        return torch_model(model, attentions)(torch.from_numpy(inputs_of(model))).numpy()


@pytest.mark.parametrize("family", FAMILIES)
def test_softmax_gives_numpy_s_logits(family: str) -> None:
    model, causal = a_model(family), family != "vit"
    found = torch_logits(model, [SoftmaxAttention(causal=causal) for _ in range(N_LAYERS)])
    wanted = numpy_logits(model, functools.partial(exact_attention, causal=causal))
    assert np.abs(found - wanted).max() < TOLERANCE


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("signed", [False, True])
def test_the_linear_hardware_gives_numpy_s_logits(family: str, signed: bool) -> None:
    model, scalers = a_model(family), some_scalers()
    hardware = replace(hardware_of(model), signed_queries=signed)
    found = torch_logits(model, [HardwareAttention(own, LinearRead(hardware)) for own in scalers])
    wanted = numpy_logits(model, analog_layers(factored_arrays(linear_models(), hardware), scalers))
    assert np.abs(found - wanted).max() < TOLERANCE


@pytest.mark.parametrize("family", FAMILIES)
def test_measured_hardware_gives_numpy_s_logits(family: str) -> None:
    model, scalers = a_model(family), some_scalers()
    models: AttentionModels = published_models(decay=StorageDecay(time_constant=2e-5, final_voltage=0.45))
    arrays = factored_arrays(models, hardware_of(model))
    attentions = [HardwareAttention(own, MeasuredRead(arrays, N_HEADS, layer)) for layer, own in enumerate(scalers)]
    assert (
        np.abs(torch_logits(model, attentions) - numpy_logits(model, analog_layers(arrays, scalers))).max() < TOLERANCE
    )


@pytest.mark.parametrize("family", FAMILIES)
def test_a_model_survives_the_way_there_and_back(family: str) -> None:
    model, scalers = a_model(family), some_scalers()
    hardware = hardware_of(model)
    module = torch_model(model, [HardwareAttention(own, LinearRead(hardware)) for own in scalers])
    again = trained_model(model, module)
    wanted = with_scalers(model, scalers)
    assert set(again.weights.arrays) == set(wanted.weights.arrays) == set(named_arrays(module))
    assert all(np.array_equal(again.weights[name], array) for name, array in wanted.weights.arrays.items())
    assert np.array_equal(scalers_of(again)[1].out.a, scalers[1].out.a.astype(np.float32))


@pytest.mark.parametrize("family", FAMILIES)
def test_every_parameter_gets_a_gradient(family: str) -> None:
    model = a_model(family)
    hardware = replace(hardware_of(model), n_output_counts=None)  # so few features seldom make a count
    module = torch_model(model, [HardwareAttention(own, LinearRead(hardware)) for own in some_scalers()])
    module(torch.from_numpy(inputs_of(model))).square().sum().backward()
    assert [name for name, p in module.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0] == []
