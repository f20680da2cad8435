"""Tasks with a choice of answers -> the share that a model answers rightly, by the probability of each answer's text.

The shapes of the published files, one JSON object per line, told apart by their keys:

    ARC         question {stem, choices [{text, label}]} or question, choices {text [...], label [...]}; answerKey
    PIQA        goal, sol1, sol2, label
    WinoGrande  sentence with _, option1, option2, answer
    HellaSwag   ctx, endings, label
    LAMBADA     text: its last word is to be predicted
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pycosim.errors import InputError
from pycosim.evaluate.accuracy import losses_of_hidden
from pycosim.transformer.attend import Attend
from pycosim.transformer.model import LanguageModel

Line = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One task: which of some texts comes next.

    Attributes:
        contexts: what comes before each answer; the same for all but in WinoGrande.
        answers: the texts.
        right: index of the right one; with one answer alone, it must be the most probable of all texts.
    """

    contexts: tuple[str, ...]
    answers: tuple[str, ...]
    right: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiceResult:
    """How many tasks were answered rightly.

    Attributes:
        accuracy: share whose right answer has the highest probability; of a single answer, share whose every token is
            the most probable.
        accuracy_per_byte: the same by the probability's logarithm over the length of the answer.
        n_tasks: number of tasks.
    """

    accuracy: float
    accuracy_per_byte: float
    n_tasks: int

    def __str__(self) -> str:
        return (
            f"accuracy {100 * self.accuracy:.1f} %, per byte {100 * self.accuracy_per_byte:.1f} %, {self.n_tasks} tasks"
        )


def read_choices(path: Path, *, most: int | None = None) -> list[Choice]:
    """Read a file of tasks.

    Args:
        path: of JSON lines in one of the shapes above.
        most: so many at most; None for all.

    Raises:
        InputError: naming the line that is none of them.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"cannot read the tasks of {path}: {error}") from None
    tasks: list[Choice] = []
    for number, text in enumerate(lines, start=1):
        if not text.strip() or len(tasks) == most:
            continue
        try:
            line = json.loads(text)
            shape = next(make for keys, make in _SHAPES.items() if keys <= set(line))
            tasks.append(_checked(shape(line)))
        except (StopIteration, ValueError, KeyError, TypeError, IndexError, AttributeError):
            shapes = "; ".join(" ".join(sorted(keys)) for keys in _SHAPES)
            raise InputError(
                f"{path}, line {number} is no task: wanted an object with the keys {shapes}, found {text[:80]!r}"
            ) from None
    if not tasks:
        raise InputError(f"{path} has no tasks")
    return tasks


def answer_choices(
    tasks: Sequence[Choice],
    model: LanguageModel,
    attend: Attend | Sequence[Attend],
    *,
    progress: Callable[[int, int], None] | None = None,
) -> ChoiceResult:
    """Let a model answer.

    Args:
        tasks: from `read_choices`.
        model: from `load_model`; the beginning of a context that is too long is left out.
        attend: one for all layers, or one per layer.
        progress: called after each task with (done, all).

    Raises:
        InputError: there are no tasks, or an answer is longer than the model's context.
    """
    if not tasks:
        raise InputError("wanted at least one task, found none")
    right, right_per_byte = 0, 0
    for number, task in enumerate(tasks, start=1):
        scored = [_score(c, a, model, attend) for c, a in zip(task.contexts, task.answers, strict=True)]
        if len(scored) == 1:
            right += scored[0][1]
            right_per_byte += scored[0][1]
        else:
            totals = np.array([total for total, _ in scored])
            lengths = np.array([len(answer.encode()) for answer in task.answers])
            right += int(totals.argmax()) == task.right
            right_per_byte += int((totals / lengths).argmax()) == task.right
        if progress is not None:
            progress(number, len(tasks))
    n = len(tasks)
    return ChoiceResult(accuracy=right / n, accuracy_per_byte=right_per_byte / n, n_tasks=n)


def _score(context: str, answer: str, model: LanguageModel, attend: Attend | Sequence[Attend]) -> tuple[float, bool]:
    """Log-probability of an answer's tokens (nats), and whether each is the most probable."""
    tokenizer, n_ctx = model.tokenizer, model.config.n_ctx
    before, whole = tokenizer.begin(context), tokenizer.begin(context + answer)
    n_common = min(before.size, whole.size)  # a piece may join the end of the one and the beginning of the other
    n_same = int(np.cumprod(whole[:n_common] == before[:n_common]).sum())
    n_answer = whole.size - n_same
    if not 0 < n_answer <= n_ctx or not n_same:
        raise InputError(
            f"an answer must have 1 to {n_ctx} tokens behind at least one other, found {n_answer} behind {n_same}: "
            f"{answer[:60]!r}"
        )
    seen = whole[-(n_ctx + 1) :]
    hidden = model.hidden(seen[:-1], attend)[-n_answer:]
    targets = seen[-n_answer:]
    losses = losses_of_hidden(hidden, targets, model)
    return -float(losses.sum()), bool((model.head(hidden).argmax(axis=-1) == targets).all())


def _arc(line: Line) -> Choice:
    question, choices = line["question"], line.get("choices")
    if isinstance(question, dict):
        question, choices = question["stem"], question["choices"]
    pairs = (
        list(zip(choices["text"], choices["label"], strict=True))
        if isinstance(choices, dict)
        else [(each["text"], each["label"]) for each in choices or ()]
    )
    context = f"Question: {question}\nAnswer:"
    labels = [label for _, label in pairs]
    return _same_context(context, [f" {text}" for text, _ in pairs], labels.index(line["answerKey"]))


def _piqa(line: Line) -> Choice:
    return _same_context(
        f"Question: {line['goal']}\nAnswer:", [f" {line['sol1']}", f" {line['sol2']}"], int(line["label"])
    )


def _winogrande(line: Line) -> Choice:
    """The text behind the blank is what is scored, after either option [2018 Trinh, "partial evaluation"]."""
    before, after = str(line["sentence"]).split("_", maxsplit=1)
    return Choice(
        contexts=(before + line["option1"], before + line["option2"]),
        answers=(f" {after.strip()}", f" {after.strip()}"),
        right=int(line["answer"]) - 1,
    )


def _hellaswag(line: Line) -> Choice:
    return _same_context(str(line["ctx"]), [f" {ending}" for ending in line["endings"]], int(line["label"]))


def _lambada(line: Line) -> Choice:
    context, word = str(line["text"]).strip().rsplit(" ", maxsplit=1)
    return Choice(contexts=(context,), answers=(f" {word}",), right=0)


def _same_context(context: str, answers: Sequence[str], right: int) -> Choice:
    return Choice(contexts=(context,) * len(answers), answers=tuple(answers), right=right)


def _checked(task: Choice) -> Choice:
    if not 0 <= task.right < len(task.answers) or not all(task.answers):
        raise ValueError("no such answer")
    return task


_SHAPES: dict[frozenset[str], Callable[[Line], Choice]] = {
    frozenset({"question", "answerKey"}): _arc,
    frozenset({"goal", "sol1", "sol2", "label"}): _piqa,
    frozenset({"sentence", "option1", "option2", "answer"}): _winogrande,
    frozenset({"ctx", "endings", "label"}): _hellaswag,
    frozenset({"text"}): _lambada,
}
