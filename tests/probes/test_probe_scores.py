"""How answers are counted, and what standard error they get."""

from __future__ import annotations

import numpy as np
import pytest

from pycosim.attention import exact_attention
from pycosim.errors import InputError
from pycosim.probes import UNSCORED, Probe, ProbeBatch, Score, load_probe, score
from pycosim.transformer.parameters import Gpt2Config, Weights, expected_shapes

CONFIG = Gpt2Config(n_layer=1, n_head=1, d_head=4, n_ctx=8, n_vocab=5)


def echo() -> Weights:
    """A GPT-2 that says every token again: its blocks add nothing, and embeddings are far apart."""
    arrays = {name: np.zeros(shape, np.float32) for name, shape in expected_shapes(CONFIG).items()}
    angles = 2 * np.pi * np.arange(5) / 5
    arrays["wte.weight"] = np.stack([np.cos(angles), np.sin(angles), -np.cos(angles), -np.sin(angles)], 1).astype("f4")
    arrays["ln_f.weight"] += 1
    return Weights(config=CONFIG, arrays=arrays)


def test_a_model_that_repeats_is_right_where_the_answer_is_the_token() -> None:
    tokens = np.random.default_rng(0).integers(5, size=(70, 8))  # more than one batch
    answers = np.where(np.arange(8) % 2, tokens, UNSCORED)
    answers[:, 3] = (tokens[:, 3] + 1) % 5
    found = score(echo(), exact_attention, ProbeBatch(tokens=tokens, answers=answers))
    np.testing.assert_array_equal(found.asked, 4)
    np.testing.assert_array_equal(found.right, np.full((1, 70), 3))
    assert found.accuracy == 0.75


def test_the_standard_error_of_independent_answers_is_binomial() -> None:
    right = np.random.default_rng(1).random((400, 25)) < 0.8
    found = Score(right=right.sum(axis=1)[None], asked=np.full(400, 25))
    binomial = np.sqrt(0.8 * 0.2 / 10_000)
    assert found.standard_error == pytest.approx(
        binomial, rel=0.15
    )  # a deviation of 400 sums is known to 1 / sqrt(800)


def test_sequences_that_stand_or_fall_as_one_count_as_one_answer_each() -> None:
    right = 25 * (np.arange(400) % 5 > 0)
    found = Score(right=right[None], asked=np.full(400, 25))
    assert found.standard_error == pytest.approx(np.sqrt(0.8 * 0.2 / 400), rel=1e-6)


def test_dies_that_differ_give_the_error_of_their_mean() -> None:
    dies = [Score(right=np.full((1, 50), n), asked=np.full(50, 20)) for n in (4, 10, 16)]
    together = Score.of_dies(dies)
    assert together.accuracy == 0.5
    assert together.standard_error == pytest.approx(0.3 / np.sqrt(3), rel=1e-6)


def test_all_right_is_not_without_error() -> None:
    found = Score(right=np.full((1, 10), 10), asked=np.full(10, 10))
    assert found.accuracy == 1.0
    assert found.standard_error == pytest.approx(np.sqrt(102 / 104 * 2 / 104 / 104))


def test_sequences_without_a_question_are_refused() -> None:
    with pytest.raises(InputError, match="with 0 answers; draw more sequences"):
        Score(right=np.zeros((1, 3), int), asked=np.zeros(3, int))


def test_weights_of_another_task_are_refused() -> None:
    recall, induction = load_probe("recall"), load_probe("induction")
    with pytest.raises(InputError, match=r"wanted weights of Recall\(.*found those of Induction"):
        Probe(task=recall.task, softmax=induction.softmax, linear=recall.linear)
    with pytest.raises(InputError, match="must carry scalers and calibration tokens"):
        Probe(task=recall.task, softmax=recall.softmax, linear=recall.softmax)
    with pytest.raises(InputError, match="train weights of this task"):
        Probe(task=load_probe("sorting").task, softmax=recall.softmax, linear=recall.linear)
