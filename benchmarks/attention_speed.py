"""Analog attention against exact attention and against the cell-by-cell reference, in one run.

    python benchmarks/attention_speed.py

Prints medians and ratios; docs/benchmarks.md holds what it printed.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import numpy as np
import typer

from pycosim.attention.analog import analog_attention, dense_arrays, factored_arrays
from pycosim.attention.exact import exact_attention
from pycosim.attention.hardware import AttentionHardware, Scaler, Scalers
from pycosim.attention.published import linear_models, published_models
from pycosim.models.decay import StorageDecay


def median_seconds(run: Callable[[], object], repeats: int) -> float:
    times = []
    for _ in range(repeats + 1):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return statistics.median(times[1:])  # the first one warms up


def main(repeats: int = 7, batch: int = 16, heads: int = 2, tokens: int = 256) -> None:
    rng = np.random.default_rng(0)
    q, k, v = rng.normal(size=(3, batch, heads, tokens, 64)).astype(np.float32)
    hardware = AttentionHardware(token_period=53e-9)
    stored = Scaler.constant(heads, 0.15, 0.45)
    scalers = Scalers(q=Scaler.constant(heads, 0.2, 0.5), k=stored, v=stored, out=Scaler.constant(heads, 1.0, 0.0))
    typer.echo(f"{batch} sequences x {heads} heads x {tokens} tokens x 64, median of {repeats}")
    exact = median_seconds(lambda: exact_attention(q, k, v), repeats)
    typer.echo(f"exact softmax attention, float32     {1e3 * exact:9.1f} ms   1.0 x")
    cases = {
        "linear cell": linear_models(),
        "cubic cell": published_models(),
        "cubic cell, leaking (5 ms)": published_models(decay=StorageDecay(time_constant=5e-3, final_voltage=0.45)),
    }
    for name, models in cases.items():
        attend = analog_attention(models, hardware, scalers, arrays=factored_arrays(models, hardware))
        seconds = median_seconds(lambda attend=attend: attend(q, k, v), repeats)
        typer.echo(f"analog, {name:28s} {1e3 * seconds:9.1f} ms {seconds / exact:6.1f} x")
    models = cases["cubic cell"]
    arrays = dense_arrays(models, hardware)
    attend = analog_attention(models, hardware, scalers, arrays=arrays)
    one = median_seconds(lambda: attend(q[:1], k[:1], v[:1]), 1) * batch
    typer.echo(f"analog, cubic, every cell evaluated  {1e3 * one:9.0f} ms {one / exact:6.0f} x  (one sequence, scaled)")


if __name__ == "__main__":
    typer.run(main)
