"""From a model of softmax attention to a folder with one for the hardware, which NumPy reads and finds as good."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs PyTorch: pip install 'pycosim-spice[train]'")

from typer.testing import CliRunner  # noqa: E402

from pycosim.attention.analog import analog_layers, factored_arrays  # noqa: E402
from pycosim.attention.hardware import AttentionHardware  # noqa: E402
from pycosim.attention.published import linear_models, published_models  # noqa: E402
from pycosim.cli import app  # noqa: E402
from pycosim.errors import ConfigurationError, InputError  # noqa: E402
from pycosim.evaluate.accuracy import next_token_losses  # noqa: E402
from pycosim.flows.hardware_scalers import linear_hardware, scalers_of  # noqa: E402
from pycosim.flows.progress import SilentProgress  # noqa: E402
from pycosim.training.finetune import finetune  # noqa: E402
from pycosim.training.linear import Unrest  # noqa: E402
from pycosim.training.loop import Plan  # noqa: E402
from pycosim.training.recipe import Recipe, Teacher  # noqa: E402
from pycosim.training.text import Texts, read_texts  # noqa: E402
from pycosim.transformer.gpt2 import Gpt2  # noqa: E402
from pycosim.transformer.load import load_model  # noqa: E402
from pycosim.transformer.parameters import Gpt2Config, Weights, expected_shapes  # noqa: E402
from pycosim.transformer.tokenizer import ByteTokenizer  # noqa: E402

HARDWARE = AttentionHardware(token_period=0.0, tile=16, window=32, n_output_counts=None)
PLAN = Plan(steps=40, batch=4, context=32, peak=1e-2, warm_up=4)
TEXT = "".join(f"{number} is {'even' if number % 2 == 0 else 'odd'}\n" for number in range(300))


def a_model(n_vocab: int = 256) -> Gpt2:
    config = Gpt2Config(n_layer=2, n_head=2, d_head=16, n_ctx=40, n_vocab=n_vocab)
    rng = np.random.default_rng(0)
    arrays = {
        name: (0.1 * rng.normal(size=shape)).astype(np.float32) for name, shape in expected_shapes(config).items()
    }
    return Gpt2(weights=Weights(config=config, arrays=arrays), tokenizer=ByteTokenizer())


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> Texts:
    path = tmp_path_factory.mktemp("text") / "numbers.txt"
    path.write_text(TEXT)
    return read_texts(a_model(), path, PLAN.context)


def numpy_loss(model: Gpt2, tokens: np.ndarray) -> float:
    """Of the windows that the training was judged by, on the linear hardware that the weights name, in NumPy."""
    n = (tokens.size - 1) // PLAN.context
    arrays = factored_arrays(linear_models(), linear_hardware(model.weights, PLAN.context))
    logits = model.logits(tokens[: n * PLAN.context].reshape(n, -1), analog_layers(arrays, scalers_of(model)))
    return float(next_token_losses(logits, tokens[1 : n * PLAN.context + 1].reshape(n, -1)).mean())


@pytest.mark.parametrize("hardware", [HARDWARE, replace(HARDWARE, signed_queries=True, n_input_levels=4)])
def test_a_model_learns_and_its_folder_is_as_good_in_numpy(
    texts: Texts, tmp_path: Path, hardware: AttentionHardware
) -> None:
    found = finetune(a_model(), texts, Recipe(hardware=hardware, plan=PLAN), tmp_path, SilentProgress())
    assert found.last_loss < found.standing.first_loss - 1  # it began at 5.5 nat, bytes at random
    again = load_model(tmp_path)
    assert isinstance(again, Gpt2)
    assert numpy_loss(again, texts.held_out) == pytest.approx(found.last_loss, abs=1e-4)
    assert again.weights.calibration_tokens is not None and again.weights.calibration_tokens.shape == (16, 32)
    assert again.config.n_ctx == PLAN.context < a_model().config.n_ctx  # beyond, it has learnt no positions
    assert again.weights.metadata["window"] == "32" and again.weights.metadata["tile"] == "16"
    record = json.loads((tmp_path / "training.json").read_text())
    assert record["steps"] == 40 == len(record["losses"]) and record["held_out_after"] == found.last_loss


def test_measured_hardware_a_teacher_and_noise_are_trained_with(texts: Texts, tmp_path: Path) -> None:
    model, short = a_model(), replace(PLAN, steps=2)
    measured = Recipe(
        hardware=HARDWARE, measured=published_models(), measured_name="cubic", plan=short, adaptation_steps=2
    )
    taught = Recipe(hardware=HARDWARE, plan=short, teacher=Teacher(model=model, share=0.5), unrest=Unrest(cells=0.01))
    signed = Recipe(hardware=replace(HARDWARE, signed_queries=True), plan=short)
    for name, recipe in (("measured", measured), ("taught", taught), ("signed", signed)):
        found = finetune(model, texts, recipe, tmp_path / name, SilentProgress())
        assert found.standing.step == 2 and np.isfinite(found.last_loss)


def test_the_same_call_again_writes_the_same_bytes(texts: Texts, tmp_path: Path) -> None:
    recipe = Recipe(hardware=HARDWARE, plan=replace(PLAN, steps=4))
    for name, minutes in (("whole", None), ("cut", 0.0), ("cut", None)):
        finetune(a_model(), texts, recipe, tmp_path / name, SilentProgress(), minutes=minutes)
    for name in ("model.safetensors", "training.json", "config.json"):
        assert (tmp_path / "whole" / name).read_bytes() == (tmp_path / "cut" / name).read_bytes()


def test_what_does_not_fit_is_one_sentence(texts: Texts, tmp_path: Path) -> None:
    model = a_model()
    with pytest.raises(ConfigurationError, match="at most that of the model, 40 tokens, found 41"):
        finetune(model, texts, Recipe(hardware=HARDWARE, plan=replace(PLAN, context=41)), tmp_path, SilentProgress())
    other = Recipe(hardware=HARDWARE, plan=PLAN, teacher=Teacher(model=a_model(300)))
    with pytest.raises(ConfigurationError, match="vocabulary of the model, 256 ids"):
        finetune(model, texts, other, tmp_path, SilentProgress())
    with pytest.raises(ConfigurationError, match="taken as it was measured"):
        Recipe(hardware=HARDWARE, plan=PLAN, measured=published_models(), unrest=Unrest(cells=0.1))
    short = tmp_path / "short.txt"
    short.write_text("too short")
    with pytest.raises(InputError, match="more than 32 tokens of training text"):
        read_texts(model, short, 32)
    with pytest.raises(InputError, match="give a file in UTF-8"):
        read_texts(model, tmp_path / "nowhere.txt", 32)
    with pytest.raises(InputError, match="between 0 and 1, found 2"):
        read_texts(model, short, 32, share=2.0)


def test_the_command_wants_models_for_analog_attention_alone(tmp_path: Path) -> None:
    for given in (("--attention", "analog"), ("--cell", "cubic")):
        found = CliRunner().invoke(app, ["finetune", "--text", "t", "--out", str(tmp_path), *given])
        assert found.exit_code == 2 and "wants" in found.output and len(found.output.strip().splitlines()) == 1


def test_the_command_checks_gradients_alone_if_asked(tmp_path: Path) -> None:
    found = CliRunner().invoke(app, ["finetune", "--text", "t", "--out", str(tmp_path / "none"), "--check"])
    assert found.exit_code == 0 and "from finite differences" in found.output and not (tmp_path / "none").exists()
