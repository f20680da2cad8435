"""`pycosim evaluate` with a model, a text and tasks of one's own."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pycosim.attention import exact_attention
from pycosim.cli import app
from pycosim.errors import ConfigurationError, InputError
from pycosim.evaluate.accuracy import perplexity
from pycosim.flows.evaluate import AttentionKind
from pycosim.flows.evaluate_model import Question, attention_of, evaluate_model
from pycosim.flows.progress import SilentProgress
from pycosim.transformer.load import load_model

TEXT = "def main():\n    return [word for word in text.split()]\n" * 12


@pytest.fixture
def text(tmp_path: Path) -> Path:
    path = tmp_path / "mine.txt"
    path.write_text(TEXT, encoding="utf-8")
    return path


def test_the_perplexity_of_a_text_is_that_of_the_library(text: Path) -> None:
    model = load_model("softmax")
    question = Question(text=text, n_tokens=400, stride=100, compare=True)
    answer = evaluate_model(model, attention_of(model, AttentionKind.exact, None), question, SilentProgress())
    tokens = model.tokenizer.encode(TEXT)
    assert answer.accuracy == perplexity(tokens, model, exact_attention, n_tokens=400, stride=100)
    assert answer.agreement is not None and answer.agreement.top_1 == 1 and answer.agreement.kl_nats == 0
    assert answer.tokens_per_second > 0


def test_the_linear_hardware_is_compared_with_the_weights_of_exact_attention(text: Path, tmp_path: Path) -> None:
    found = run("--attention", "linear", "--text", text, "--tokens", 256, "--compare", "--out", tmp_path / "out")
    assert found.exit_code == 0, found.output
    written = json.loads((tmp_path / "out" / "evaluate.json").read_text(encoding="utf-8"))
    assert 0.3 < written["agreement"]["top_1"] < 1
    assert 0 < written["agreement"]["kl_nats"] < 1
    assert written["accuracy"]["n_tokens"] == 256
    assert "tokens a second" in found.output


def test_tasks_are_answered(tmp_path: Path) -> None:
    tasks = tmp_path / "tasks.jsonl"
    tasks.write_text('{"goal": "import ", "sol1": "os", "sol2": "zqjx", "label": 0}\n', encoding="utf-8")
    model = load_model("softmax")
    question = Question(text=None, n_tokens=64, choices=tasks)
    answer = evaluate_model(model, attention_of(model, AttentionKind.exact, None), question, SilentProgress())
    assert answer.choices is not None and answer.choices.n_tasks == 1 and answer.choices.accuracy == 1


def test_mistakes_are_named(text: Path, tmp_path: Path) -> None:
    model = load_model("softmax")
    with pytest.raises(ConfigurationError, match="trained for the hardware"):
        attention_of(model, AttentionKind.analog, None)
    exact = attention_of(model, AttentionKind.exact, None)
    with pytest.raises(InputError, match="cannot read the text"):
        evaluate_model(model, exact, Question(text=tmp_path / "none.txt", n_tokens=5), SilentProgress())
    text.write_text("a", encoding="utf-8")
    with pytest.raises(InputError, match="has 1 tokens, a prediction needs 2"):
        evaluate_model(model, exact, Question(text=text, n_tokens=5), SilentProgress())
    found = run("--text", text, "--spice-sample", 3)
    assert found.exit_code != 0
    assert "--spice-sample reads the shipped model on its own text; leave --text out" in found.output


def run(*words: object):  # type: ignore[no-untyped-def]  # a result of click's
    return CliRunner().invoke(app, ["evaluate", *map(str, words)])
