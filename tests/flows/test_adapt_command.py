"""`pycosim adapt` as a user types it, and what `evaluate` and `generate` make of its folder."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from small_models import small_llama, some_tokens
from typer.testing import CliRunner, Result

from pycosim.attention.cells import CELL_NAMES
from pycosim.cli import app
from pycosim.cli_adapt import Cell
from pycosim.errors import ConfigurationError
from pycosim.flows.evaluate import AttentionKind
from pycosim.flows.evaluate_model import attention_of, hardware_of_run
from pycosim.flows.hardware_scalers import initial_scalers, scalers_of, with_scalers
from pycosim.flows.saved_attention import load_attention
from pycosim.transformer.load import load_model
from pycosim.transformer.save import save_model

TEXT = "def main():\n    return [word for word in text.split()]\n" * 30


def typed(*words: object) -> Result:
    return CliRunner().invoke(app, list(map(str, words)))


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Llama's folder, a text, and the Llama adapted to a cell."""
    place = tmp_path_factory.mktemp("adapt")
    save_model(place / "llama", small_llama())
    (place / "text.txt").write_text(TEXT, encoding="utf-8")
    words = ("--cell", "sigmoid", "--text", place / "text.txt", "--iterations", 3, "--sequences", 2, "--tokens", 100)
    found = typed("adapt", "--model", place / "llama", *words, "--search", 3, "--share", "--out", place / "out")
    assert found.exit_code == 0, found.output
    assert "published cell: sigmoid" in found.output and "Analog, adapted" in found.output
    return place


def test_the_command_knows_the_cells_of_the_library() -> None:
    assert tuple(Cell) == CELL_NAMES


def test_the_folder_has_history_and_plot(place: Path) -> None:
    written = json.loads((place / "out" / "adaptation.json").read_text(encoding="utf-8"))
    assert len(written["history"]) == 4
    assert written["reference"] == "exact" and written["n_shared"] == 2
    assert written["calibration"]["n_texts"] == 2 and written["calibration"]["n_tokens"] == 96
    assert set(written["held_out"]) == {"exact", "linear", "analog", "adapted"}
    lines = (place / "out" / "adaptation.csv").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "iteration,alpha,perplexity,mean_error,deviation_error" and len(lines) == 5
    assert (place / "out" / "convergence.svg").read_text(encoding="utf-8").startswith("<svg")


def test_evaluate_gives_the_perplexity_that_adapt_found(place: Path) -> None:
    held_out = place / "held_out.txt"
    data = TEXT.encode()
    held_out.write_bytes(data[int(0.9 * len(data)) :])
    words = ("--attention", "analog", "--models", place / "out", "--text", held_out, "--tokens", 100)
    found = typed("evaluate", "--model", place / "llama", *words, "--compare", "--by-head", "--out", place / "e")
    assert found.exit_code == 0, found.output
    assert "Each head alone, all others exact" in found.output
    written = json.loads((place / "e" / "evaluate.json").read_text(encoding="utf-8"))
    adapted = json.loads((place / "out" / "adaptation.json").read_text(encoding="utf-8"))["held_out"]["adapted"]
    assert written["accuracy"]["perplexity"] == pytest.approx(adapted["perplexity"], rel=1e-6)
    assert np.shape(written["by_head"]["output_error"]) == (2, 4)
    assert written["by_head"]["reference"] == "exact"
    assert 0 < written["agreement"]["top_1"] <= 1


def test_generate_and_tasks_run_on_the_adapted_hardware(place: Path, tmp_path: Path) -> None:
    hardware = ("--model", place / "llama", "--attention", "analog", "--models", place / "out")
    found = typed("generate", "def ", *hardware, "--tokens", 4)
    assert found.exit_code == 0, found.output
    tasks = tmp_path / "tasks.jsonl"
    tasks.write_text('{"goal": "import ", "sol1": "os", "sol2": "zqjx", "label": 0}\n', encoding="utf-8")
    words = ("--choices", tasks, "--text", place / "text.txt", "--tokens", 50, "--out", tmp_path / "e")
    found = typed("evaluate", *hardware, *words)
    assert found.exit_code == 0, found.output
    assert "1 tasks" in found.output


def test_scalers_of_another_model_are_not_used(place: Path) -> None:
    saved = load_attention(place / "out")
    other = small_llama(seed=6)
    with pytest.raises(ConfigurationError, match=r"are for another model; .*pycosim adapt --model"):
        attention_of(other, AttentionKind.analog, saved)
    own = with_scalers(other, initial_scalers(other, some_tokens(2, 90)))
    chosen = attention_of(own, AttentionKind.analog, saved)  # a model that was trained for the hardware brings its own
    assert np.array_equal(chosen.scalers[0].k.a, scalers_of(own)[0].k.a)
    linear = attention_of(own, AttentionKind.linear, None)
    assert np.array_equal(linear.scalers[1].q.b, scalers_of(own)[1].q.b)
    assert linear.arrays is not None and linear.arrays.hardware.window == 128


def test_the_linear_hardware_finds_first_scalers_from_calibration_text_in_the_weights() -> None:
    model = small_llama()
    weights = replace(model.weights, calibration_tokens=some_tokens(2, 90))
    found = attention_of(replace(model, weights=weights), AttentionKind.linear, None)
    assert np.array_equal(found.scalers[0].q.a, initial_scalers(model, some_tokens(2, 90))[0].q.a)


def test_the_shipped_model_needs_no_text(tmp_path: Path) -> None:
    words = ("--cell", "linear", "--iterations", 1, "--sequences", 1, "--context", 64, "--tokens", 64)
    found = typed("adapt", "--model", "linear", *words, "--out", tmp_path)
    assert found.exit_code == 0, found.output
    chosen = attention_of(load_model("linear"), AttentionKind.analog, load_attention(tmp_path))
    assert np.array_equal(chosen.scalers[0].q.a, scalers_of(load_model("linear"))[0].q.a)
    heads = typed("evaluate", "--models", tmp_path, "--tokens", 40, "--by-head", "--out", tmp_path / "e")
    assert "Each head alone, all others linear" in heads.output, heads.output


def test_the_hardware_of_a_run_takes_the_size_of_another_model(place: Path) -> None:
    saved = load_attention(place / "out")
    run = replace(saved, hardware=replace(saved.hardware, token_period=4e-7, window=64), scalers=saved.scalers * 2)
    hardware = hardware_of_run(run, small_llama())
    assert hardware.token_period == 2e-7  # two layers in turn take half the time of four
    assert hardware.window == 128  # the context of 96, in whole tiles
    assert hardware_of_run(run, small_llama(), window=20).window == 64


def test_cells_can_be_taken_from_an_earlier_adaptation(place: Path, tmp_path: Path) -> None:
    words = ("--models", place / "out", "--text", place / "text.txt", "--iterations", 1, "--sequences", 1)
    found = typed(
        "adapt", "--model", "linear", *words, "--context", 64, "--tokens", 20, "--out", tmp_path, "--towards", "linear"
    )
    assert found.exit_code == 0, found.output
    assert json.loads((tmp_path / "adaptation.json").read_text(encoding="utf-8"))["reference"] == "linear"
    saved = load_attention(tmp_path)
    assert saved.cell == "sigmoid" and saved.models == load_attention(place / "out").models
    assert (len(saved.scalers), saved.hardware.window) == (4, 256)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("adapt", "--model", "linear", "--out", "x"), "say what to adapt to"),
        (("adapt", "--model", "linear", "--out", "x", "--cell", "x3", "--models", "y"), "say what to adapt to"),
        (
            ("adapt", "--model", "LLAMA", "--out", "x", "--cell", "x3"),
            "carry no calibration text; give some with --text",
        ),
        (
            ("adapt", "--model", "linear", "--out", "x", "--models", "nowhere"),
            "nowhere has no attention/attention.json",
        ),
        (("adapt", "--model", "LLAMA", "--out", "x", "--cell", "x3", "--text", "none"), "cannot read the text none"),
        (
            ("adapt", "--model", "linear", "--out", "x", "--cell", "x3", "--context", "999"),
            "2 to 256 tokens, found 999",
        ),
        (("evaluate", "--model", "LLAMA", "--attention", "linear"), "pycosim adapt --model MODEL"),
        (("evaluate", "--model", "LLAMA", "--attention", "analog"), "pycosim adapt --model MODEL"),
        (("evaluate", "--model", "LLAMA", "--models", "OUT", "--spice-sample", "2"), "leave --model out"),
        (("evaluate", "--models", "OUT", "--spice-sample", "2"), "scalers of"),
        (("evaluate", "--attention", "exact", "--reference", "softmax"), "ask for --compare"),
        (("evaluate", "--attention", "linear", "--by-head", "--model", "linear"), "what the heads of this model are"),
    ],
)
def test_mistakes_are_one_sentence(place: Path, words: tuple[str, ...], message: str) -> None:
    named = {"LLAMA": place / "llama", "OUT": place / "out"}
    found = typed(*(named.get(word, word) for word in words))
    assert found.exit_code == 2
    assert message in found.output
    assert "Traceback" not in found.output


def test_a_published_cell_has_no_circuits(place: Path) -> None:
    with pytest.raises(ConfigurationError, match="has no circuits for ngspice"):
        _ = load_attention(place / "out").circuits
