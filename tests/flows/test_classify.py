"""A vision transformer with exact, linear and analog attention: limits, images, adaptation and the command."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from pycosim.attention.analog import analog_layers, factored_arrays
from pycosim.attention.published import linear_models
from pycosim.cli import app
from pycosim.errors import ConfigurationError, InputError
from pycosim.flows.classify import (
    Classified,
    adapt_to_images,
    classifier_attention,
    count_right,
    exact_for_images,
    find_classifier,
    linear_for_images,
    other_arrays,
    trained_hardware,
)
from pycosim.flows.hardware_scalers import scalers_of
from pycosim.flows.labelled_images import LabelledImages, digits, read_images
from pycosim.flows.probes import choose_hardware
from pycosim.flows.progress import SilentProgress
from pycosim.transformer.vit import Vit

SILENT = SilentProgress()


@pytest.fixture(scope="module")
def trained() -> Vit:
    return find_classifier("digits_gain_cell")


@pytest.fixture(scope="module")
def shown() -> LabelledImages:
    return digits(held_out=True)


def test_exact_attention_tells_the_held_out_digits(shown: LabelledImages) -> None:
    found = count_right(find_classifier("digits_softmax"), exact_for_images(), shown, SILENT)
    assert found.n_images == 539
    assert found.accuracy > 0.98  # 98.7 % when it was trained; the same arithmetic but for rounding


def test_linear_hardware_tells_them_as_it_did_in_training(trained: Vit, shown: LabelledImages) -> None:
    """NumPy's hardware against torch's: the accuracy that training wrote into the weights."""
    found = count_right(trained, linear_for_images(trained), shown, SILENT)
    wanted = float(trained.weights.metadata["test_accuracy"])
    assert found.accuracy == pytest.approx(wanted, abs=1.5 / found.n_images)  # an image may tip at a level's edge


def test_attention_that_hides_tokens_is_worse(trained: Vit, shown: LabelledImages) -> None:
    """The class token comes first: with a causal mask it sees itself alone."""
    other = choose_hardware(None, "cubic")
    assert other is not None
    arrays = other_arrays(trained, other)
    causal = replace(trained_hardware(trained), causal=True)
    assert not arrays.hardware.causal
    blind = analog_layers(factored_arrays(linear_models(), causal), scalers_of(trained))
    assert count_right(trained, blind, shown.first(100), SILENT).accuracy < 0.5


def test_adaptation_restores_the_moments_of_the_read_currents(trained: Vit) -> None:
    other = choose_hardware(None, "cubic")
    assert other is not None
    found = adapt_to_images(trained, other_arrays(trained, other), digits(held_out=False).images[:64], SILENT)
    first, last = found.history[0], found.history[-1]
    assert last.mean_error < 0.5 * first.mean_error
    assert last.deviation_error < 0.5 * first.deviation_error


def test_adapted_hardware_is_as_good_as_that_of_the_training(trained: Vit, shown: LabelledImages) -> None:
    other = choose_hardware(None, "cubic")
    attend = classifier_attention(trained, "analog", other, digits(held_out=False).images, SILENT)
    linear = count_right(trained, linear_for_images(trained), shown, SILENT)
    analog = count_right(trained, attend, shown, SILENT)
    assert analog.accuracy > linear.accuracy - 3 * linear.standard_error


def test_weights_without_scalers_have_no_hardware() -> None:
    with pytest.raises(ConfigurationError, match="take the shipped one"):
        linear_for_images(find_classifier("digits_softmax"))


def test_all_wrong_and_all_right_are_counted() -> None:
    confusion = np.diag([2, 3])
    found = Classified(n_right=5, n_images=5, confusion=confusion)
    assert (found.accuracy, found.standard_error) == (1.0, 0.0)


def test_images_of_ones_own_are_read_from_npz(tmp_path: Path, trained: Vit) -> None:
    path = tmp_path / "mine.npz"
    np.savez(path, images=np.zeros((3, 8, 8)), labels=np.array([0, 1, 2]))
    assert read_images(path, trained.config).images.shape == (3, 1, 8, 8)
    np.savez(path, images=np.zeros((3, 28, 28)), labels=np.array([0, 1, 2]))
    with pytest.raises(InputError, match="wants images of"):
        read_images(path, trained.config)
    np.savez(path, images=np.zeros((3, 8, 8)), labels=np.array([0.0, 1.0, 2.0]))
    with pytest.raises(InputError, match="whole-number labels"):
        read_images(path, trained.config)
    np.savez(path, images=np.zeros((3, 8, 8)), labels=np.array([0, 1, 11]))
    with pytest.raises(InputError, match="labels must be 0 to 9"):
        count_right(trained, exact_for_images(), read_images(path, trained.config), SILENT)
    with pytest.raises(InputError, match="there are no images 'nothing'"):
        read_images("nothing", trained.config)


def test_the_command_writes_what_it_found(tmp_path: Path) -> None:
    out = tmp_path / "found.json"
    ran = CliRunner().invoke(app, ["classify", "--attention", "linear", "--number", "50", "--out", str(out)])
    assert ran.exit_code == 0, ran.output
    document = json.loads(out.read_text())
    assert document["n_images"] == 50 and document["accuracy"] > 0.9
    assert np.sum(document["confusion"]) == 50


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--model", "nowhere"], "nowhere"),
        (["--model", "digits_softmax", "--attention", "linear"], "take the shipped one"),
        (["--number", "4", "--out", "/proc/nowhere/found.json"], "cannot write /proc/nowhere/found.json"),
        (["--images", "nowhere"], "there are no images 'nowhere'"),
        (["--attention", "analog", "--models", "nowhere"], "nowhere has no attention/attention.json"),
        (["--attention", "analog", "--models", "nowhere", "--cell", "cubic"], "both name hardware"),
    ],
)
def test_what_classify_cannot_do_is_one_sentence(options: list[str], message: str) -> None:
    ran = CliRunner().invoke(app, ["classify", *options])
    assert ran.exit_code == 2
    assert message in " ".join(ran.output.split())
    assert "Traceback" not in ran.output
