import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pycosim.attention.exact import exact_attention
from pycosim.errors import InputError
from pycosim.evaluate.choices import Choice, answer_choices, read_choices
from pycosim.transformer.load import load_model
from pycosim.transformer.tokenizer import ByteTokenizer

ARC = {
    "question": {"stem": "What is hot?", "choices": [{"text": "ice", "label": "A"}, {"text": "fire", "label": "B"}]},
    "answerKey": "B",
}
ARC_FLAT = {"question": "What is hot?", "choices": {"text": ["ice", "fire"], "label": ["1", "2"]}, "answerKey": "2"}
PIQA = {"goal": "Cut paper", "sol1": "with a knife", "sol2": "with a spoon", "label": 0}
WINOGRANDE = {"sentence": "The cup broke, so _ was sad.", "option1": "Ann", "option2": "Bob", "answer": "2"}
HELLASWAG = {"ctx": "He sits down.", "endings": ["He eats.", "He flies.", "He melts."], "label": "0"}
LAMBADA = {"text": "He opened the door and went out of the door"}


def written(path: Path, *lines: object) -> Path:
    file = path / "tasks.jsonl"
    file.write_text("\n".join(json.dumps(line) for line in lines) + "\n\n")
    return file


def test_each_published_shape_is_read(tmp_path: Path) -> None:
    arc = Choice(contexts=("Question: What is hot?\nAnswer:",) * 2, answers=(" ice", " fire"), right=1)
    assert read_choices(written(tmp_path, ARC, ARC_FLAT, PIQA, WINOGRANDE, HELLASWAG, LAMBADA)) == [
        arc,
        arc,
        Choice(contexts=("Question: Cut paper\nAnswer:",) * 2, answers=(" with a knife", " with a spoon"), right=0),
        Choice(contexts=("The cup broke, so Ann", "The cup broke, so Bob"), answers=(" was sad.",) * 2, right=1),
        Choice(contexts=("He sits down.",) * 3, answers=(" He eats.", " He flies.", " He melts."), right=0),
        Choice(contexts=("He opened the door and went out of the",), answers=(" door",), right=0),
    ]
    assert len(read_choices(written(tmp_path, ARC, PIQA, LAMBADA), most=2)) == 2


@pytest.mark.parametrize(
    "line",
    [
        ARC | {"answerKey": "C"},
        PIQA | {"label": 2},
        PIQA | {"label": -1},
        HELLASWAG | {"label": ""},
        HELLASWAG | {"endings": []},
        WINOGRANDE | {"sentence": "No blank."},
        {"text": "one"},
        {"question": "?"},
        ["text"],
        7,
        None,
    ],
)
def test_a_line_that_is_no_task_is_refused_with_its_number(tmp_path: Path, line: Any) -> None:
    with pytest.raises(InputError, match=r"tasks\.jsonl, line 2 is no task: wanted an object with the keys"):
        read_choices(written(tmp_path, ARC, line))


def test_a_file_without_tasks_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="has no tasks"):
        read_choices(written(tmp_path))
    with pytest.raises(InputError, match="cannot read the tasks"):
        read_choices(tmp_path / "absent.jsonl")
    (tmp_path / "bytes.jsonl").write_bytes(b"\xff\xff")
    with pytest.raises(InputError, match="cannot read the tasks"):
        read_choices(tmp_path / "bytes.jsonl")


class Repeater:
    """Says that each byte repeats itself with probability 0.9."""

    tokenizer = ByteTokenizer()

    class config:  # noqa: N801
        n_layer, n_head, d_head, n_ctx, n_vocab = 1, 1, 1, 8, 256

    def hidden(self, tokens: np.ndarray, attend: object, *, start: int = 0) -> np.ndarray:
        return np.eye(256, dtype=np.float32)[tokens]

    def head(self, hidden: np.ndarray) -> np.ndarray:
        return np.log(np.where(hidden == 1, 0.9, 0.1 / 255)).astype(np.float32)

    def logits(self, tokens: np.ndarray, attend: object, *, start: int = 0, last: int | None = None) -> np.ndarray:
        return self.head(self.hidden(tokens, attend))


def choice(answers: list[str], right: int, context: str = "xxx") -> Choice:
    return Choice(contexts=(context,) * len(answers), answers=tuple(answers), right=right)


def test_the_answer_with_the_highest_probability_is_taken() -> None:
    tasks = [choice(["ab", "xx"], 1), choice(["xa", "xx"], 0), choice(["x", "xxxx"], 1)]
    found = answer_choices(tasks, Repeater(), exact_attention)
    # the third: one x is more probable than four; per byte they are equal, and the first is taken
    assert (found.accuracy, found.accuracy_per_byte, found.n_tasks) == (1 / 3, 1 / 3, 3)
    assert str(found) == "accuracy 33.3 %, per byte 33.3 %, 3 tasks"
    assert answer_choices([choice(["a", "aaaaa"], 1)], Repeater(), exact_attention).accuracy_per_byte == 1


def test_a_single_answer_must_be_the_most_probable_text() -> None:
    tasks = [choice(["xx"], 0), choice(["xy"], 0)]
    assert answer_choices(tasks, Repeater(), exact_attention).accuracy == 0.5


def test_the_beginning_of_a_long_context_is_left_out() -> None:
    assert answer_choices([choice(["aa", "xx"], 1, "y" * 50 + "x")], Repeater(), exact_attention).accuracy == 1
    with pytest.raises(InputError, match=r"1 to 8 tokens .* found 9 behind 3"):
        answer_choices([choice(["x" * 9], 0)], Repeater(), exact_attention)
    with pytest.raises(InputError, match="found 2 behind 0"):
        answer_choices([choice(["xx"], 0, "")], Repeater(), exact_attention)
    with pytest.raises(InputError, match="at least one task"):
        answer_choices([], Repeater(), exact_attention)


def test_the_shipped_model_completes_a_phrase_of_its_training_text() -> None:
    tasks = [
        choice([" string", " strqzx"], 0, "The optional argument is a"),
        choice([" xq zz", " of the"], 1, "the value"),
        choice(["urn", "zzz"], 0, "    ret"),
    ]
    calls: list[tuple[int, int]] = []
    found = answer_choices(tasks, load_model("softmax"), exact_attention, progress=lambda *done: calls.append(done))
    assert found.accuracy == 1
    assert calls == [(1, 3), (2, 3), (3, 3)]
