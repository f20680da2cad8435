"""What a long text costs: memory by its length, not by the square of it."""

import tracemalloc
from collections.abc import Callable

import numpy as np

from pycosim.attention import (
    AttentionHardware,
    ExactSteps,
    Scaler,
    Scalers,
    analog_attention,
    analog_generation,
    causal_window,
    exact_attention,
    factored_arrays,
    masked_softmax,
    published_models,
)
from pycosim.models import StorageDecay

N_HEADS, N_TOKENS, D_HEAD = 2, 1024, 64
HARDWARE = AttentionHardware(token_period=1e-6, window=N_TOKENS)
STORED = Scaler.constant(N_HEADS, 0.15, 0.45)
SCALERS = Scalers(q=Scaler.constant(N_HEADS, 0.2, 0.5), k=STORED, v=STORED, out=Scaler.constant(N_HEADS, 1.0, 0.0))
MODELS = published_models(decay=StorageDecay(time_constant=5e-3, final_voltage=0.45))


def peak(run: Callable[[], object]) -> int:
    tracemalloc.start()
    run()
    found = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return found


def test_a_long_text_takes_less_memory_than_its_scores() -> None:
    """Less than softmax attention as one writes it, whose arrays are heads x tokens x tokens."""
    q, k, v = np.random.default_rng(0).normal(size=(3, N_HEADS, N_TOKENS, D_HEAD)).astype(np.float32)
    attend = analog_attention(MODELS, HARDWARE, SCALERS, arrays=factored_arrays(MODELS, HARDWARE, tolerance=1e-5))
    scores = 4 * N_HEADS * N_TOKENS**2  # byte
    written = peak(lambda: masked_softmax(q @ k.swapaxes(-1, -2), causal_window(N_TOKENS)) @ v)
    assert written > 2 * scores
    assert peak(lambda: attend(q, k, v)) < scores + 8 * q.nbytes  # in truth much less, but for what the operands take
    assert peak(lambda: exact_attention(q, k, v)) < scores / 2
    assert np.abs(exact_attention(q, k, v)).max() > 0


def test_one_more_token_takes_no_more_memory_after_a_longer_text() -> None:
    rng = np.random.default_rng(1)
    small = AttentionHardware(token_period=1e-6, window=128)
    analog = analog_generation(factored_arrays(MODELS, small), [SCALERS])[0]
    exact = ExactSteps(128)
    for steps in (analog, exact):
        found = []
        for n in (256, 1024):
            x = rng.normal(size=(3, N_HEADS, n, D_HEAD)).astype(np.float32)
            for t in range(0, n, 64):
                steps.step(*x[:, :, t : t + 64])
            found.append(peak(lambda x=x, steps=steps: steps.step(*x[:, :, :1])))
        assert found[1] < 1.5 * found[0] + 1e5
