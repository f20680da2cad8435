"""Any model onto any cell without a gradient."""

import numpy as np
import pytest
from small_models import small_llama, some_tokens

from pycosim.attention.cells import named_models
from pycosim.attention.hardware import AttentionHardware
from pycosim.errors import ConfigurationError, InputError
from pycosim.flows import adaptation
from pycosim.flows.adapt_model import AdaptSettings, adapt_model, calibration_windows
from pycosim.flows.hardware_scalers import linear_hardware, scalers_of
from pycosim.flows.progress import SilentProgress
from pycosim.transformer.corpus import load_held_out_text
from pycosim.transformer.load import load_model

HARDWARE = AttentionHardware(token_period=0.0, window=256)


def shipped(cell: str, **settings):  # type: ignore[no-untyped-def]
    model = load_model("linear")
    held_out = model.tokenizer.encode(load_held_out_text())[:1025]
    windows = calibration_windows(model, None, 4, None)
    plan = AdaptSettings(**{"steps": 4, **settings})
    return adapt_model(model, named_models(cell), HARDWARE, windows, plan, SilentProgress(), held_out=held_out)


def test_the_shipped_model_comes_close_to_the_linear_hardware_in_four_steps() -> None:
    found = shipped("cubic")
    before, adapted, linear = (found.accuracy[name].perplexity for name in ("analog", "adapted", "linear"))
    assert before > 1.1 * linear
    assert adapted < 1.05 * linear  # the paper's claim: a few percent
    assert "exact" not in found.accuracy  # its weights are not for softmax
    losses = [row.loss for row in found.adaptation.history]
    assert found.adaptation.chosen == int(np.argmin(losses))


def test_the_linear_cell_needs_no_step() -> None:
    found = shipped("linear")
    assert found.adaptation.converged and len(found.adaptation.history) == 1
    own = scalers_of(load_model("linear"))
    assert all(np.array_equal(a.k.a, b.k.a) for a, b in zip(found.scalers, own, strict=True))


def test_texts_in_groups_have_the_signals_of_all_together(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = shipped("x3", steps=1)
    monkeypatch.setattr(adaptation, "GROUP_TOKENS", 300)
    parts = shipped("x3", steps=1)
    assert parts.adaptation.history[0].loss == pytest.approx(whole.adaptation.history[0].loss, rel=1e-6)
    # the pooled moments are those of the whole, to rounding
    np.testing.assert_allclose(
        parts.adaptation.history[0].mean_error, whole.adaptation.history[0].mean_error, rtol=1e-5
    )
    np.testing.assert_allclose(parts.scalers[0].k.a, whole.scalers[0].k.a, rtol=1e-5)


def test_a_model_without_scalers_gets_the_moments_of_exact_attention() -> None:
    model, tokens = small_llama(), some_tokens(3, 96)
    hardware = linear_hardware(model.weights, 96)
    settings = AdaptSettings(steps=12, n_trials=6, share=True)
    found = adapt_model(model, named_models("cubic"), hardware, tokens, settings, SilentProgress(), held_out=tokens[0])
    assert found.reference == "exact" and found.n_shared == 2 and found.search is not None
    assert set(found.accuracy) == {"exact", "linear", "analog", "adapted"}
    assert set(found.calibration_losses) == {"exact", "linear"}
    assert found.adaptation.history[-1].mean_error < 0.1 * found.adaptation.history[0].mean_error
    for own in found.scalers:
        assert own.k.a[0] == own.k.a[1] and own.v.b[2] == own.v.b[3]


def test_windows_are_spread_over_the_text() -> None:
    model = small_llama()
    text = np.arange(1000) % 256
    windows = calibration_windows(model, text, 4, 50)
    assert windows.shape == (4, 50)
    assert windows[0, 0] == 0 and windows[-1, -1] == 999 % 256
    assert calibration_windows(model, text[:60], 4, None).shape == (1, 60)
    assert calibration_windows(load_model("linear"), None, 3, 100).shape == (3, 100)


def test_mistakes_are_named() -> None:
    model = small_llama()
    with pytest.raises(ConfigurationError, match="carry no calibration text; give some with --text"):
        calibration_windows(model, None, 4, None)
    with pytest.raises(InputError, match="2 to 96 tokens, found 97"):
        calibration_windows(model, np.arange(10), 4, 97)
    with pytest.raises(InputError, match="has 1 tokens"):
        calibration_windows(model, np.arange(1), 4, None)
    with pytest.raises(InputError, match="steps must be a whole number of at least 1"):
        AdaptSettings(steps=0)
