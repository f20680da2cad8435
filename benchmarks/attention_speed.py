"""Analog attention against exact attention, in one run: time, memory, and how both grow.

    python benchmarks/attention_speed.py [--quick]

Every row was run in turn, in rounds; times are medians, ratios medians of the ratios within a round. Peak memory is
what NumPy allocated while the call ran, its operands apart. Writes the key `attention` of docs/results/speed.json and
the tables of docs/benchmarks.md.
"""

from __future__ import annotations

import math
import statistics
import time
import tracemalloc
from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import typer
from numpy.typing import NDArray
from record import SPEED, merge, table, write_table

from pycosim.attention import (
    AttentionHardware,
    AttentionModels,
    ExactSteps,
    Imperfections,
    Scaler,
    Scalers,
    analog_attention,
    analog_generation,
    causal_window,
    dense_arrays,
    exact_attention,
    factored_arrays,
    masked_softmax,
    published_models,
)
from pycosim.models import CellDeviation, ConverterSpread, LookupCell, StorageDecay

Array = NDArray[np.float32]
D_HEAD, TILE = 64, 64
TOLERANCE = 1e-5  # of a cell's charge: a hundredth of what a fit of SPICE misses
TOKEN_PERIOD = 12 * 53e-9  # s: twelve layers in turn


def naive_attention(q: Array, k: Array, v: Array) -> Array:
    """Softmax attention as one writes it, with arrays of heads x tokens x tokens."""
    scores = q @ k.swapaxes(-1, -2) / np.float32(math.sqrt(q.shape[-1]))
    return np.asarray(masked_softmax(scores, causal_window(q.shape[-2])) @ v)


def operands(heads: int, tokens: int) -> Array:
    return np.random.default_rng(0).normal(size=(3, heads, tokens, D_HEAD)).astype(np.float32)


def hardware(window: int) -> AttentionHardware:
    return AttentionHardware(token_period=TOKEN_PERIOD, tile=TILE, window=window)


def scalers(heads: int) -> Scalers:
    stored = Scaler.constant(heads, 0.15, 0.45)
    return Scalers(q=Scaler.constant(heads, 0.2, 0.5), k=stored, v=stored, out=Scaler.constant(heads, 1.0, 0.0))


def leaking() -> AttentionModels:
    return published_models(decay=StorageDecay(time_constant=5e-3, final_voltage=0.45))


def differing(seed: int = 0) -> Imperfections:
    """Every cell and converter another, wires with resistance, no noise; sizes like those that SPICE gives."""
    widths, volts = np.linspace(0, 15e-9, 4), np.linspace(0, 0.9, 8)
    cell = CellDeviation(
        name="threshold",
        sigma=10e-3,
        sensitivity=LookupCell(pulse_widths=widths, stored_voltages=volts, charges=-30e-6 * widths[:, None] * volts),
    )
    spread = ConverterSpread(charge_per_second=80e-6, offset=40e-12, gain=0.01)
    shares = 1 - 0.01 * np.linspace(0, 1, TILE * D_HEAD).reshape(TILE, D_HEAD)
    return Imperfections(
        seed=seed,
        cells=(cell,),
        first=spread,
        second=replace(spread, charge_per_second=40e-6),
        key_shares=shares,
        value_shares=shares,
    )


def rounds(runs: Mapping[str, Callable[[], object]], repeats: int) -> dict[str, list[float]]:
    """Seconds of every run, each once a round; the first round warms up."""
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(repeats + 1):
        for name, run in runs.items():
            start = time.perf_counter()
            run()
            seconds[name].append(time.perf_counter() - start)
    return {name: times[1:] for name, times in seconds.items()}


def ratio(seconds: Mapping[str, list[float]], name: str, other: str) -> float:
    return statistics.median(a / b for a, b in zip(seconds[name], seconds[other], strict=True))


def peak_bytes(run: Callable[[], object]) -> int:
    tracemalloc.start()
    run()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def attend(heads: int, tokens: int, flaws: Imperfections | None, *, window: int | None = None) -> Callable[[], object]:
    """A call of analog attention on a text, its tables ready."""
    models, sizes = leaking(), hardware(window or -(-tokens // TILE) * TILE)
    arrays = factored_arrays(models, sizes, imperfections=flaws, tolerance=TOLERANCE)
    run = analog_attention(models, sizes, scalers(heads), arrays=arrays)
    x = operands(heads, tokens)
    return lambda: run(*x)


EXACT, NAIVE, ALIKE, DIFFERING = (
    "exact, in blocks",
    "exact, as one writes it",
    "analog, cells alike",
    "analog, all but noise",
)


def whole_text(heads: int, tokens: int, repeats: int) -> dict[str, object]:
    x = operands(heads, tokens)
    runs = {
        EXACT: lambda: exact_attention(*x),
        NAIVE: lambda: naive_attention(*x),
        ALIKE: attend(heads, tokens, None),
        DIFFERING: attend(heads, tokens, differing()),
    }
    seconds = rounds(runs, repeats)
    memory = {name: peak_bytes(run) for name, run in runs.items()}
    rows = [
        [
            name,
            f"{1e3 * statistics.median(seconds[name]):.0f} ms",
            f"{ratio(seconds, name, EXACT):.2f}",
            f"{ratio(seconds, name, NAIVE):.2f}",
            f"{memory[name] / 2**20:.0f} MiB",
            f"{memory[name] / memory[NAIVE]:.2f}",
        ]
        for name in runs
    ]
    head = [
        "attention",
        "time",
        "x exact in blocks",
        "x exact as one writes it",
        "peak memory",
        "x exact as one writes it",
    ]
    write_table("attention_speed", table(head, rows))
    return {
        "heads": heads,
        "tokens": tokens,
        "time_ratio": ratio(seconds, DIFFERING, NAIVE),
        "time_ratio_in_blocks": ratio(seconds, DIFFERING, EXACT),
        "memory_ratio": memory[DIFFERING] / memory[NAIVE],
        "memory_ratio_in_blocks": memory[DIFFERING] / memory[EXACT],
        "seconds": {name: statistics.median(times) for name, times in seconds.items()},
        "peak_bytes": memory,
    }


def growth(sizes: list[tuple[int, int]], repeats: int) -> list[dict[str, float]]:
    """Cost as tokens and heads grow, every token of a text."""
    found = []
    for heads, tokens in sizes:
        x = operands(heads, tokens)
        runs = {EXACT: lambda x=x: exact_attention(*x), DIFFERING: attend(heads, tokens, differing())}
        seconds = rounds(runs, repeats)
        found.append(
            {
                "heads": heads,
                "tokens": tokens,
                "exact_seconds": statistics.median(seconds[EXACT]),
                "analog_seconds": statistics.median(seconds[DIFFERING]),
                "ratio": ratio(seconds, DIFFERING, EXACT),
            }
        )
    return found


def generation(heads: int, windows: list[int], repeats: int) -> list[dict[str, float]]:
    """Cost of one more token, by window, after texts of one and of four windows."""
    found = []
    for window in windows:
        row: dict[str, float] = {"window": window}
        for n_windows in (1, 4):
            seconds = one_more_token(heads, window, n_windows, repeats)
            row |= {f"{name}_seconds_{n_windows}": statistics.median(times) for name, times in seconds.items()}
        found.append(row)
    return found


def one_more_token(heads: int, window: int, n_windows: int, repeats: int) -> dict[str, list[float]]:
    models, sizes = leaking(), hardware(window)
    arrays = factored_arrays(models, sizes, imperfections=differing(), tolerance=TOLERANCE)
    x = operands(heads, n_windows * window)
    analog, exact = analog_generation(arrays, [scalers(heads)])[0], ExactSteps(window)
    for steps in (analog, exact):
        steps.step(*x)
    one = x[:, :, :1]
    return rounds({"analog": lambda: analog.step(*one), "exact": lambda: exact.step(*one)}, repeats)


def dense_ratio() -> float:
    """How many times as long every cell by itself takes."""
    models, sizes = published_models(), hardware(256)
    dense, factored = (
        analog_attention(models, sizes, scalers(2), arrays=make(models, sizes))
        for make in (dense_arrays, factored_arrays)
    )
    x = operands(2, 256)
    return ratio(rounds({"dense": lambda: dense(*x), "factored": lambda: factored(*x)}, 1), "dense", "factored")


def main(quick: bool = False, repeats: int = 7) -> None:
    heads, tokens = (2, 256) if quick else (12, 1024)
    whole = whole_text(heads, tokens, 2 if quick else repeats)
    sizes = [(2, 128), (2, 256)] if quick else [(12, 256), (12, 512), (12, 1024), (12, 2048), (3, 1024), (6, 1024)]
    grown = growth(sizes, 2 if quick else 5)
    steps = generation(heads, [64, 128] if quick else [256, 512, 1024, 2048], 5 if quick else 50)
    dense = dense_ratio()
    text = table(
        ["heads", "tokens", "exact, in blocks", "analog, all but noise", "ratio"],
        [
            [
                r["heads"],
                r["tokens"],
                f"{1e3 * r['exact_seconds']:.1f} ms",
                f"{1e3 * r['analog_seconds']:.1f} ms",
                f"{r['ratio']:.2f}",
            ]
            for r in grown
        ],
    )
    write_table("attention_growth", text)
    head = ["window", "analog, after 1 window", "analog, after 4", "exact, after 1 window", "exact, after 4"]
    names = ("analog_seconds_1", "analog_seconds_4", "exact_seconds_1", "exact_seconds_4")
    text = table(head, [[r["window"], *(f"{1e3 * r[name]:.2f} ms" for name in names)] for r in steps])
    write_table("attention_steps", text)
    figures = {**whole, "growth": grown, "generation": steps, "dense_over_factored": dense}
    for name in ("time_ratio", "time_ratio_in_blocks", "memory_ratio", "memory_ratio_in_blocks", "dense_over_factored"):
        typer.echo(f"{name:24s} {figures[name]:.2f}")
    if not quick:
        merge({"attention": figures}, SPEED)


if __name__ == "__main__":
    typer.run(main)
