import math

import numpy as np
import pytest

from pycosim.errors import InputError
from pycosim.evaluate.accuracy import (
    Accuracy,
    accuracy_of_losses,
    loss_difference,
    next_token_losses,
    perplexity,
    token_losses,
)
from pycosim.transformer.corpus import load_held_out_text
from pycosim.transformer.gpt2 import gpt2
from pycosim.transformer.parameters import expected_shapes
from pycosim.transformer.tokenizer import ByteTokenizer
from pycosim.transformer.weights import Gpt2Config, Weights, load_weights, shipped_names

CONFIG = Gpt2Config(n_layer=2, n_head=2, d_head=8, n_ctx=16, n_vocab=13)
TEXT = np.random.default_rng(1).integers(0, 13, 16 * 7 + 6)  # seven chunks and five more predicted tokens


def random_weights(deviation: float) -> Weights:
    random = np.random.default_rng(2)
    return Weights(
        config=CONFIG,
        arrays={
            name: random.normal(0, deviation, shape).astype(np.float32)
            for name, shape in expected_shapes(CONFIG).items()
        },
    )


WEIGHTS = random_weights(0.3)


def running_mean(q: np.ndarray, k: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Attend to all tokens so far alike."""
    return v.cumsum(axis=-2) / np.arange(1, v.shape[-2] + 1)[:, None]


def causal_softmax(q: np.ndarray, k: np.ndarray, v: np.ndarray) -> np.ndarray:
    scores = q @ k.swapaxes(-1, -2) / np.float32(math.sqrt(q.shape[-1]))  # (..., head, token, token)
    scores = np.where(np.tri(scores.shape[-1], dtype=bool), scores, np.float32(-np.inf))
    probabilities = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return probabilities / probabilities.sum(axis=-1, keepdims=True) @ v


def test_a_model_that_knows_nothing_has_the_perplexity_of_its_vocabulary() -> None:
    accuracy = perplexity(TEXT, random_weights(0.0), running_mean)
    assert accuracy.perplexity == pytest.approx(13, rel=1e-12)  # float64 throughout
    assert accuracy.cross_entropy_nats == pytest.approx(math.log(13), rel=1e-12)
    assert accuracy.standard_error == pytest.approx(0, abs=1e-14)


def test_a_model_that_knows_all_has_perplexity_one() -> None:
    logits = 1000 * np.eye(13, dtype=np.float32)[TEXT]
    accuracy = accuracy_of_losses(next_token_losses(logits, TEXT), 16)
    assert accuracy.perplexity == 1
    assert accuracy.standard_error == 0


def test_all_tokens_but_the_first_are_predicted_once_in_chunks_that_do_not_overlap() -> None:
    losses = token_losses(TEXT, WEIGHTS, running_mean, batch=3)
    assert losses.shape == (117,)
    for first in range(0, 117, 16):
        last = min(first + 16, 117)
        logits = gpt2(TEXT[first:last], WEIGHTS, running_mean).astype(np.float64)
        probabilities = np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True)
        chosen = probabilities[np.arange(last - first), TEXT[first + 1 : last + 1]]
        # a batch and a single chunk are summed in another order in float32
        np.testing.assert_allclose(losses[first:last], -np.log(chosen), rtol=1e-5, atol=1e-5)


def test_perplexity_is_the_exponential_of_the_mean_loss() -> None:
    losses = token_losses(TEXT, WEIGHTS, running_mean)
    accuracy = perplexity(TEXT, WEIGHTS, running_mean)
    assert accuracy.n_tokens == 117
    assert accuracy.cross_entropy_nats == pytest.approx(losses.mean(), rel=1e-12)
    assert accuracy.perplexity == pytest.approx(math.exp(losses.mean()), rel=1e-12)


@pytest.mark.parametrize("batch", [1, 2, 7, 100])
def test_the_batch_does_not_change_the_accuracy(batch: int) -> None:
    found = perplexity(TEXT, WEIGHTS, running_mean, batch=batch)
    wanted = perplexity(TEXT, WEIGHTS, running_mean)
    assert found.perplexity == pytest.approx(wanted.perplexity, rel=1e-6)  # float32 summation order


def test_fewer_tokens_are_the_first_of_the_text() -> None:
    few, all_ = (token_losses(TEXT, WEIGHTS, running_mean, n_tokens=n) for n in (40, None))
    assert few.shape == (40,)
    np.testing.assert_allclose(few, all_[:40], rtol=1e-5, atol=1e-5)  # float32 summation order


@pytest.mark.parametrize("stride", [1, 4, 5, 15])
@pytest.mark.parametrize("batch", [1, 3])
def test_chunks_that_overlap_predict_each_token_once_from_the_tokens_before_it(stride: int, batch: int) -> None:
    losses = token_losses(TEXT, WEIGHTS, causal_softmax, stride=stride, batch=batch)
    assert losses.shape == (117,)
    for token in range(117):
        # the first chunk predicts 16; then each chunk its last ones; the last chunk ends with the text
        end = 16 if token < 16 else min(117, 16 + stride * ((token - 16) // stride + 1))
        seen = TEXT[max(0, end - 16) : token + 1]
        logits = gpt2(seen, WEIGHTS, causal_softmax)[-1:]
        # float32 summation order
        assert losses[token] == pytest.approx(next_token_losses(logits, TEXT[token + 1 : token + 2])[0], abs=2e-5)


def test_a_stride_of_a_chunk_is_none() -> None:
    np.testing.assert_array_equal(
        token_losses(TEXT, WEIGHTS, running_mean, stride=16), token_losses(TEXT, WEIGHTS, running_mean)
    )
    for stride in (0, 17):
        with pytest.raises(InputError, match=rf"stride must be 1 to 16 tokens .* found {stride}"):
            token_losses(TEXT, WEIGHTS, running_mean, stride=stride)


def test_losses_survive_large_logits_and_offsets() -> None:
    logits = np.array([[3.0, 1.0, -2.0]], np.float32)
    target = np.array([1])
    wanted = math.log(math.exp(3) + math.exp(1) + math.exp(-2)) - 1
    for offset in (0, 4096, -4096):
        assert next_token_losses(logits + offset, target)[0] == pytest.approx(wanted, rel=1e-12)
    assert next_token_losses(np.array([[1e30, 0]], np.float32), target)[0] == pytest.approx(1e30)


def test_standard_error_of_independent_losses_is_that_of_their_mean() -> None:
    losses = np.random.default_rng(4).normal(3, 0.7, 64_000)
    # 250 chunks: the estimate itself scatters by 1 / sqrt(2 * 250) = 4.5 %
    assert accuracy_of_losses(losses, 256).standard_error == pytest.approx(0.7 / math.sqrt(64_000), rel=0.15)


def test_standard_error_counts_a_repeated_loss_once() -> None:
    per_chunk = np.random.default_rng(4).normal(3, 0.7, 100)
    found = accuracy_of_losses(np.repeat(per_chunk, 256), 256).standard_error
    assert found == pytest.approx(per_chunk.std(ddof=1) / 10, rel=1e-12)


def test_standard_error_of_one_chunk_is_taken_between_tokens() -> None:
    losses = np.random.default_rng(4).normal(3, 0.7, 16)
    found = accuracy_of_losses(losses, 16).standard_error
    assert found == pytest.approx(losses.std(ddof=1) / 4, rel=1e-12)
    assert accuracy_of_losses(losses[:1], 16).standard_error == math.inf


def test_the_difference_of_two_attentions_leaves_out_what_the_text_does_to_both() -> None:
    rng = np.random.default_rng(5)
    text = np.repeat(rng.normal(3, 0.7, 200), 256)
    extra = rng.normal(0.02, 0.1, text.size)
    mean, error = loss_difference(text + extra, text, 256)
    assert mean == pytest.approx(extra.mean(), rel=1e-9)
    assert error == pytest.approx(0.1 / math.sqrt(text.size), rel=0.15)  # 200 chunks: scatters by 5 %
    assert error < accuracy_of_losses(text, 256).standard_error / 50
    assert loss_difference(text, text, 256) == (0.0, 0.0)
    with pytest.raises(InputError, match="same tokens"):
        loss_difference(text, text[1:], 256)


def test_a_hopeless_model_has_infinite_perplexity() -> None:
    assert accuracy_of_losses(np.full(3, 1e4), 16).perplexity == math.inf


def test_progress_counts_predicted_tokens_up_to_all_of_them() -> None:
    calls: list[tuple[int, int]] = []
    perplexity(TEXT, WEIGHTS, running_mean, batch=3, progress=lambda done, total: calls.append((done, total)))
    assert calls == [(48, 117), (96, 117), (112, 117), (117, 117)]


def test_accuracy_prints_itself() -> None:
    accuracy = Accuracy(perplexity=4.0, cross_entropy_nats=1.38629, n_tokens=16384, standard_error=0.01)
    assert str(accuracy) == "perplexity 4 (cross-entropy 1.3863 +- 0.0100 nats, 16384 tokens)"


def test_logits_that_are_not_finite_are_refused() -> None:
    with pytest.raises(InputError, match="logits are not finite; look at what attend returns"):
        perplexity(TEXT, WEIGHTS, lambda q, k, v: np.full_like(v, np.nan))


def test_a_last_token_outside_the_vocabulary_is_refused() -> None:
    with pytest.raises(InputError, match=r"targets must lie in 0 \.\. 12, found ids from 1 to 13"):
        perplexity(np.array([0, 1, 13]), WEIGHTS, running_mean)


@pytest.mark.parametrize(
    ("tokens", "batch", "n_tokens", "message"),
    [
        (TEXT[:1], 1, None, r"at least 2, found int64 of shape \(1,\)"),
        (TEXT[:10].reshape(2, 5), 1, None, r"found int64 of shape \(2, 5\)"),
        (TEXT / 2, 1, None, "integer ids of one text.*float64"),
        (TEXT, 0, None, "batch must be at least 1"),
        (TEXT, 1, 118, "cannot predict 118 tokens of a text of 118.*from 1 to 117"),
        (TEXT, 1, 0, "cannot predict 0"),
    ],
)
def test_unusable_texts_are_refused(tokens: np.ndarray, batch: int, n_tokens: int | None, message: str) -> None:
    with pytest.raises(InputError, match=message):
        perplexity(tokens, WEIGHTS, running_mean, batch=batch, n_tokens=n_tokens)


@pytest.mark.slow
def test_shipped_weights_reach_the_loss_that_pytorch_found() -> None:
    if "softmax" not in shipped_names():
        pytest.skip("the shipped weights are not there yet: run the scripts in training/")
    weights = load_weights("softmax")
    text = ByteTokenizer().encode(load_held_out_text())
    n_tokens = (text.size - 1) // weights.config.n_ctx * weights.config.n_ctx  # training leaves out the rest
    accuracy = perplexity(text, weights, causal_softmax, n_tokens=n_tokens)
    # two float32 programs, a mean over 128 000 tokens, six digits in the file
    assert accuracy.cross_entropy_nats == pytest.approx(float(weights.metadata["held_out_loss_nats"]), abs=1e-5)
