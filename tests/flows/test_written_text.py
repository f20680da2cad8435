import numpy as np
import pytest

from pycosim.attention.analog import analog_layers, factored_arrays
from pycosim.attention.generation import analog_generation
from pycosim.attention.hardware import AttentionHardware
from pycosim.attention.published import linear_models
from pycosim.errors import ConfigurationError, InputError
from pycosim.flows.evaluate import AttentionKind
from pycosim.flows.generation import begin_attention, continue_text
from pycosim.flows.workload import shipped_scalers
from pycosim.transformer.generate import generate
from pycosim.transformer.load import load_model
from pycosim.transformer.sampling import Sampling


def test_the_shown_pieces_are_the_text() -> None:
    model = load_model("softmax")
    pieces: list[str] = []
    begin = begin_attention(model, AttentionKind.exact, None)
    warm = Sampling(temperature=1.0)
    written = continue_text(model, begin, "def f(", 60, sampling=warm, seed=3, show=pieces.append)
    assert "".join(pieces) == "def f(" + written.text
    assert written.n_tokens == 60
    assert written.text.isprintable() or "\n" in written.text


def test_writing_ends_where_the_context_does() -> None:
    model = load_model("softmax")
    written = continue_text(model, begin_attention(model, AttentionKind.exact, None), "x" * 250, 100)
    assert written.n_tokens == 7
    with pytest.raises(InputError, match="has 257 tokens, the model reads 256"):
        continue_text(model, begin_attention(model, AttentionKind.exact, None), "x" * 257, 100)


def test_gain_cells_that_keep_tokens_write_what_the_whole_text_says() -> None:
    model = load_model("linear")
    weights = model.weights  # type: ignore[attr-defined]
    scalers = shipped_scalers(weights)
    arrays = factored_arrays(linear_models(), AttentionHardware(token_period=2e-7))
    prompt = model.tokenizer.encode("The optional argument")
    written = generate(model, prompt, 12, lambda: analog_generation(arrays, scalers))
    logits = model.logits(np.concatenate([prompt, written[:-1]]), analog_layers(arrays, scalers), last=12)
    np.testing.assert_array_equal(written, logits.argmax(axis=-1))


def test_attention_that_a_model_was_not_trained_for_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="linear attention needs a model that was trained for the hardware"):
        begin_attention(load_model("softmax"), AttentionKind.linear, None)
    with pytest.raises(ConfigurationError, match="needs the models of a run"):
        begin_attention(load_model("linear"), AttentionKind.analog, None)


def test_a_model_whose_texts_have_no_start_needs_a_prompt() -> None:
    model = load_model("softmax")
    with pytest.raises(InputError, match="needs a prompt"):
        continue_text(model, begin_attention(model, AttentionKind.exact, None), "", 5)
