"""Text written token by token against the forward pass of the whole text."""

from collections.abc import Callable
from functools import partial
from itertools import pairwise

import numpy as np
import pytest

from pycosim.attention.exact import exact_attention
from pycosim.attention.generation import ExactSteps
from pycosim.errors import InputError
from pycosim.transformer.generate import generate, generated
from pycosim.transformer.gpt2 import Gpt2
from pycosim.transformer.llama import Llama
from pycosim.transformer.llama_parameters import LlamaConfig, LlamaWeights, llama_shapes
from pycosim.transformer.model import LanguageModel
from pycosim.transformer.sampling import Sampling
from pycosim.transformer.tokenizer import ByteTokenizer
from pycosim.transformer.weights import Weights

# Rounding of a few hundred float32 operations on values of order 1, as wanted: 1e-5
SAME = {"rtol": 0, "atol": 1e-5}
LLAMA = LlamaConfig(
    n_layer=2, n_head=4, n_kv_head=2, d_head=4, d_model=12, d_mlp=20, n_ctx=16, n_vocab=11, tied_head=False
)


@pytest.fixture(params=["gpt2", "llama"])
def model(request: pytest.FixtureRequest, weights: Weights) -> LanguageModel:
    if request.param == "gpt2":
        return Gpt2(weights=weights, tokenizer=ByteTokenizer())
    random = np.random.default_rng(8)
    arrays = {name: random.normal(0, 0.4, shape).astype(np.float32) for name, shape in llama_shapes(LLAMA).items()}
    return Llama(weights=LlamaWeights(config=LLAMA, arrays=arrays), tokenizer=ByteTokenizer())


TEXTS = np.random.default_rng(5).integers(0, 11, (3, 16))


@pytest.mark.parametrize("cuts", [[16], [1] * 16, [5, 1, 1, 9], [1, 15], [7, 8, 1]])
@pytest.mark.parametrize("window", [None, 1, 5, 16])
def test_steps_of_any_length_give_the_logits_of_the_whole_text(
    model: LanguageModel, cuts: list[int], window: int | None
) -> None:
    steps = [layer.step for layer in [ExactSteps(window) for _ in range(2)]]
    edges = np.cumsum([0, *cuts])
    parts = [model.logits(TEXTS[:, a:b], steps, start=a) for a, b in pairwise(edges)]
    whole = model.logits(TEXTS, partial(exact_attention, window=window))
    np.testing.assert_allclose(np.concatenate(parts, axis=1), whole, **SAME)


def test_many_heads_and_rows_are_computed_in_groups_with_the_same_result() -> None:
    q, k, v = np.random.default_rng(9).normal(size=(3, 2, 3, 700, 8)).astype(np.float32)
    for window in (None, 100):
        layer = ExactSteps(window)
        found = np.concatenate([layer.step(q[..., a:b, :], k[..., a:b, :], v[..., a:b, :]) for a, b in CUTS], axis=-2)
        np.testing.assert_allclose(found, exact_attention(q, k, v, window=window), **SAME)
        assert found.dtype == np.float32


CUTS = ((0, 300), (300, 301), (301, 700))


def greedy(model: LanguageModel, prompt: np.ndarray, n_tokens: int) -> list[int]:
    ids = list(prompt)
    for _ in range(n_tokens):
        ids.append(int(model.logits(np.array(ids), exact_attention)[-1].argmax()))
    return ids[len(prompt) :]


def test_the_most_probable_token_is_taken_each_time(model: LanguageModel) -> None:
    found = generate(model, TEXTS[0, :4], 10, lambda: [ExactSteps(), ExactSteps()])
    assert found.tolist() == greedy(model, TEXTS[0, :4], 10)


def test_the_last_token_may_be_the_one_behind_the_context(model: LanguageModel) -> None:
    assert generate(model, TEXTS[0, :4], 13, lambda: [ExactSteps(), ExactSteps()]).size == 13
    with pytest.raises(
        InputError, match=r"at most 16 tokens, the prompt has 4: it can write 1 to 13 more, asked for 14"
    ):
        generate(model, TEXTS[0, :4], 14, lambda: [ExactSteps(), ExactSteps()])


def test_writing_ends_at_the_stop_which_is_not_returned(model: LanguageModel) -> None:
    free = generate(model, TEXTS[0, :4], 10, lambda: [ExactSteps(), ExactSteps()]).tolist()
    stop = free[-1]
    found = generate(model, TEXTS[0, :4], 10, lambda: [ExactSteps(), ExactSteps()], stop=stop)
    assert found.tolist() == free[: free.index(stop)]


def test_tokens_come_one_by_one(model: LanguageModel) -> None:
    tokens = generated(model, TEXTS[0, :4], 10, lambda: [ExactSteps(), ExactSteps()])
    assert [next(tokens), next(tokens)] == greedy(model, TEXTS[0, :4], 2)


def test_a_seed_repeats_what_was_drawn_and_another_does_not(model: LanguageModel) -> None:
    def draw(seed: int) -> list[int]:
        warm = Sampling(temperature=2.0)
        return generate(
            model, TEXTS[0, :2], 14, lambda: [ExactSteps(), ExactSteps()], sampling=warm, seed=seed
        ).tolist()

    assert draw(1) == draw(1) != draw(2)


@pytest.mark.parametrize("prompt", [np.array([], int), np.zeros((1, 3), int)])
def test_a_prompt_that_is_not_one_row_of_tokens_is_refused(model: LanguageModel, prompt: np.ndarray) -> None:
    with pytest.raises(InputError, match="prompt of at least one token"):
        generate(model, prompt, 3, lambda: [ExactSteps(), ExactSteps()])


def test_positions_behind_the_context_are_refused(model: LanguageModel) -> None:
    with pytest.raises(InputError, match=r"1 to 16 tokens .* found 3 in shape \(3,\) behind 14 others"):
        model.logits(TEXTS[0, :3], exact_attention, start=14)


def test_only_the_wanted_logits_are_computed(model: LanguageModel) -> None:
    np.testing.assert_array_equal(model.logits(TEXTS, exact_attention, last=2).shape, (3, 2, 11))
    np.testing.assert_allclose(
        model.logits(TEXTS, exact_attention, last=2), model.logits(TEXTS, exact_attention)[:, -2:], **SAME
    )
    with pytest.raises(InputError, match="last 17 tokens, found 16"):
        model.logits(TEXTS, exact_attention, last=17)


LOGITS = np.log(np.array([0.1, 0.5, 0.15, 0.25], np.float32))


def shares(sampling: Sampling, n: int = 4000) -> list[float]:
    random = np.random.default_rng(0)
    drawn = [sampling.choose(LOGITS, random) for _ in range(n)]
    return [drawn.count(i) / n for i in range(4)]


@pytest.mark.parametrize(
    ("sampling", "wanted"),
    [
        (Sampling(), [0, 1, 0, 0]),
        (Sampling(temperature=1.0), [0.1, 0.5, 0.15, 0.25]),
        (Sampling(temperature=1.0, top_k=2), [0, 2 / 3, 0, 1 / 3]),
        (Sampling(temperature=1.0, top_p=0.7), [0, 2 / 3, 0, 1 / 3]),
        (Sampling(temperature=1.0, top_p=0.4), [0, 1, 0, 0]),
        (Sampling(temperature=0.5), [0.01 / 0.345, 0.25 / 0.345, 0.0225 / 0.345, 0.0625 / 0.345]),
    ],
)
def test_tokens_are_drawn_as_often_as_their_probability_says(sampling: Sampling, wanted: list[float]) -> None:
    # 4000 draws: a share scatters by sqrt(0.25 / 4000) = 0.008
    np.testing.assert_allclose(shares(sampling), wanted, atol=0.03)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Sampling(temperature=-1.0),
        lambda: Sampling(temperature=float("nan")),
        lambda: Sampling(top_k=0),
        lambda: Sampling(top_p=0.0),
        lambda: Sampling(top_p=1.1),
    ],
)
def test_unusable_settings_are_refused(make: Callable[[], Sampling]) -> None:
    with pytest.raises(InputError, match="must be"):
        make()


def test_logits_that_are_not_finite_are_refused() -> None:
    with pytest.raises(InputError, match="1 of 3 logits are not finite"):
        Sampling().choose(np.array([0, np.nan, 1], np.float32), np.random.default_rng(0))
