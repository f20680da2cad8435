import numpy as np
import pytest

from pycosim.attention.exact import exact_attention
from pycosim.errors import InputError
from pycosim.evaluate.agreement import agreement, agreement_by_head, kl_divergence, output_errors, some_heads
from pycosim.transformer.gpt2 import Gpt2
from pycosim.transformer.parameters import Gpt2Config, Weights, expected_shapes
from pycosim.transformer.tokenizer import ByteTokenizer

CONFIG = Gpt2Config(n_layer=2, n_head=3, d_head=4, n_ctx=16, n_vocab=11)
TEXT = np.random.default_rng(1).integers(0, 11, 60)


def random_model(seed: int, config: Gpt2Config = CONFIG) -> Gpt2:
    random = np.random.default_rng(seed)
    shapes = expected_shapes(config)
    arrays = {name: random.normal(0, 0.3, shape).astype(np.float32) for name, shape in shapes.items()}
    return Gpt2(weights=Weights(config=config, arrays=arrays), tokenizer=ByteTokenizer())


MODEL = random_model(2)


def running_mean(q: np.ndarray, k: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Attend to all tokens so far alike."""
    return v.cumsum(axis=-2) / np.arange(1, v.shape[-2] + 1, dtype=np.float32)[:, None]


def test_an_attention_agrees_with_itself() -> None:
    found = agreement(TEXT, MODEL, exact_attention, exact_attention)
    assert (found.top_1, found.kl_nats, found.n_tokens) == (1.0, 0.0, 48)
    assert str(found) == "top-1 agreement 100.00 %, KL divergence 0 nats, 48 tokens"


def test_agreement_is_that_of_the_probabilities() -> None:
    found = agreement(TEXT, MODEL, running_mean, exact_attention, batch=2)
    chunks = TEXT[:48].reshape(3, 16)
    q, p = (np.exp(MODEL.logits(chunks, a).astype(float)) for a in (running_mean, exact_attention))
    q, p = (x / x.sum(axis=-1, keepdims=True) for x in (q, p))
    assert found.top_1 == (q.argmax(-1) == p.argmax(-1)).mean()
    assert found.kl_nats == pytest.approx((p * np.log(p / q)).sum(-1).mean(), rel=1e-9)  # float64 of the same logits
    assert found.kl_nats > 1e-5


def test_a_short_text_is_one_chunk() -> None:
    assert agreement(TEXT[:5], MODEL, running_mean, exact_attention).n_tokens == 5


def test_divergence_has_its_closed_form_and_forgets_an_offset() -> None:
    wanted, found = np.log(np.array([[0.5, 0.5]], np.float32)), np.log(np.array([[0.25, 0.75]], np.float32))
    exact = 0.5 * np.log(2) + 0.5 * np.log(2 / 3)
    assert kl_divergence(wanted + 7, found - 3)[0] == pytest.approx(exact, rel=1e-5)  # float32 logits


def test_heads_are_replaced_one_at_a_time() -> None:
    q, k, v = np.random.default_rng(3).normal(size=(3, 3, 8, 4)).astype(np.float32)
    mixed = some_heads(running_mean, exact_attention, slice(1, 2))(q, k, v)
    np.testing.assert_array_equal(mixed[1], running_mean(q, k, v)[1])
    np.testing.assert_array_equal(mixed[[0, 2]], exact_attention(q, k, v)[[0, 2]])


def test_all_heads_of_a_layer_are_the_layer() -> None:
    by_layer = agreement_by_head(TEXT, MODEL, [running_mean] * 2, exact_attention, by_layer=True)
    assert by_layer.shape == (2, 1)
    wanted = agreement(TEXT, MODEL, [exact_attention, running_mean], exact_attention)
    assert by_layer[1, 0] == wanted
    by_head = agreement_by_head(TEXT, MODEL, [running_mean] * 2, exact_attention)
    assert by_head.shape == (2, 3)
    assert all(0 < one.kl_nats < 1 for one in by_head.ravel())


def test_the_error_of_an_output_is_relative_to_what_the_reference_varies() -> None:
    def louder(q: np.ndarray, k: np.ndarray, v: np.ndarray) -> np.ndarray:
        out = np.array(exact_attention(q, k, v))
        out[..., 1, :, :] *= 1.5
        return out

    found = output_errors(TEXT, MODEL, [louder, exact_attention], [exact_attention] * 2, batch=2)
    outputs: list[np.ndarray] = []
    MODEL.hidden(TEXT[:48].reshape(3, 16), lambda q, k, v: outputs.append(exact_attention(q, k, v)) or outputs[-1])
    head = outputs[0][:, 1].astype(float)
    wanted = np.zeros((2, 3))
    wanted[0, 1] = 0.5 * np.sqrt((head**2).mean()) / head.std()
    np.testing.assert_allclose(found, wanted, rtol=1e-5)  # sums of two batches against the mean of one


def test_two_models_of_one_vocabulary_can_be_compared() -> None:
    other = random_model(5)
    assert agreement(TEXT, MODEL, exact_attention, exact_attention, reference_model=other).kl_nats > 0.01
    small = random_model(5, Gpt2Config(n_layer=1, n_head=3, d_head=4, n_ctx=16, n_vocab=10))
    with pytest.raises(InputError, match=r"found \(16, 11\) and \(16, 10\)"):
        agreement(TEXT, MODEL, exact_attention, exact_attention, reference_model=small)


@pytest.mark.parametrize("tokens", [np.zeros((2, 3), int), np.zeros(0, int)])
def test_unusable_texts_are_refused(tokens: np.ndarray) -> None:
    with pytest.raises(InputError, match="ids of one text"):
        agreement(tokens, MODEL, exact_attention, exact_attention)
