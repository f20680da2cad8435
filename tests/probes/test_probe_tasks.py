"""The answers of every probe, by solvers that know nothing of how the sequences were made."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from pycosim.errors import ConfigurationError, InputError
from pycosim.probes import TASKS, UNSCORED, Brackets, Induction, ProbeBatch, ProbeTask, Recall, Sorting, find_task

SMALL = (
    Recall(n_pairs=3, n_keys=4, n_values=5),
    Induction(n_tokens=12, n_vocab=6, shortest=2, longest=5),
    Sorting(n_numbers=4, n_values=9),
    Brackets(n_tokens=15, n_kinds=3, max_depth=2),
)
EVERY = [*TASKS.values(), *SMALL]


def solve_recall(task: Recall, tokens: list[int]) -> list[int]:
    """A dictionary, filled while reading."""
    known: dict[int, int] = {}
    answers = []
    for place, token in enumerate(tokens):
        answers.append(known.get(token, UNSCORED) if place % 2 == 0 else UNSCORED)
        if place % 2:
            known[tokens[place - 1]] = token
    return answers


def solve_induction(task: Induction, tokens: list[int]) -> list[int]:
    """What followed the same symbol when it came last."""
    last: dict[int, int] = {}
    answers = []
    for place, token in enumerate(tokens):
        answers.append(tokens[last[token] + 1] if token in last else UNSCORED)
        last[token] = place
    return answers


def solve_sorting(task: Sorting, tokens: list[int]) -> list[int]:
    """Selection sort of what stands before the separator."""
    cut = tokens.index(task.n_values)
    rest, ordered = set(tokens[:cut]), []
    while rest:
        ordered.append(min(rest))
        rest.remove(ordered[-1])
    return [UNSCORED] * cut + ordered


def solve_brackets(task: Brackets, tokens: list[int]) -> list[int]:
    """A stack."""
    stack: list[int] = []
    answers = []
    for token in tokens:
        answers.append(stack.pop() if token == task.n_kinds else UNSCORED)
        if token != task.n_kinds:
            stack.append(token)
        assert len(stack) <= task.max_depth
    return answers


SOLVERS = {
    "recall": solve_recall,
    "induction": solve_induction,
    "sorting": solve_sorting,
    "brackets": solve_brackets,
}


@pytest.mark.parametrize("task", EVERY, ids=repr)
def test_an_independent_solver_finds_every_answer(task: ProbeTask) -> None:
    batch = task.draw(40, seed=3)
    assert batch.tokens.shape == batch.answers.shape == (40, task.n_tokens)
    solved = [SOLVERS[task.name](task, tokens) for tokens in batch.tokens.tolist()]
    np.testing.assert_array_equal(batch.answers, solved)


@pytest.mark.parametrize("task", EVERY, ids=repr)
def test_all_ids_lie_in_the_vocabulary_and_come_up(task: ProbeTask) -> None:
    tokens = task.draw(400, seed=1).tokens
    assert set(np.unique(tokens)) == set(range(task.n_vocab))


@pytest.mark.parametrize("task", EVERY, ids=repr)
def test_sequences_follow_from_the_seed_and_differ_between_seeds(task: ProbeTask) -> None:
    one, again, other = task.draw(5, seed=1), task.draw(5, seed=1), task.draw(5, seed=2)
    np.testing.assert_array_equal(one.tokens, again.tokens)
    assert not np.array_equal(one.tokens, other.tokens)


@pytest.mark.parametrize("task", TASKS.values(), ids=repr)
def test_the_best_blind_guess_is_right_as_often_as_chance_says(task: ProbeTask) -> None:
    """A table of the most frequent answer by present token, from other sequences: no more than chance is in it."""
    seen, asked = task.draw(4000, seed=5), task.draw(2000, seed=6)
    counts = np.zeros((task.n_vocab, task.n_vocab))
    np.add.at(counts, (seen.tokens[seen.scored], seen.answers[seen.scored]), 1)
    guesses = counts.argmax(axis=1)[asked.tokens[asked.scored]]
    found = np.mean(guesses == asked.answers[asked.scored])
    assert found == pytest.approx(
        task.chance, abs=0.02
    )  # five standard errors of the fewest answers, and a table's luck


def test_the_blind_guess_at_a_sorted_list_is_a_neighbour() -> None:
    """All lists of 3 of 6 numbers: a neighbour follows, or 0 leads, in 3 / 6 of the answers."""
    task = Sorting(n_numbers=3, n_values=6)
    lists = list(itertools.combinations(range(6), 3))
    right = [(a == 0) + (b == a + 1) + (c == b + 1) for a, b, c in lists]
    assert np.mean(right) / 3 == pytest.approx(task.chance)


def test_a_passage_is_as_long_as_it_may_be() -> None:
    task = Induction(n_tokens=12, n_vocab=6, shortest=2, longest=5)
    first = [int(np.argmax(row)) for row in task.draw(200, seed=0).scored]
    assert set(first) == {2, 3, 4, 5}


def test_sizes_that_make_no_task_are_refused() -> None:
    with pytest.raises(InputError, match="n_keys must be at least n_pairs, 16, found 8"):
        Recall(n_keys=8)
    with pytest.raises(InputError, match="longest passage"):
        Induction(longest=64)
    with pytest.raises(InputError, match="n_values must be more than n_numbers, 32, found 32"):
        Sorting(n_values=32)
    with pytest.raises(InputError, match="n_kinds"):
        Brackets(n_kinds=1)
    with pytest.raises(InputError, match=r"both be \(sequence, token\)"):
        ProbeBatch(tokens=np.zeros((2, 3), int), answers=np.zeros((2, 4), int))


def test_an_unknown_probe_is_named_with_those_there_are() -> None:
    with pytest.raises(ConfigurationError, match="no probe 'copy'; take one of recall, induction, sorting, brackets"):
        find_task("copy")
