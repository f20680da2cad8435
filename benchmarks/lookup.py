"""The sum of table lookups as matrix products: its rank, its bound, and its time against looking up and plain products.

    python benchmarks/lookup.py [--run runs/gain-cell-...] [--quick]

A cell with coded input and level is a table of 16 x 8 charges, and one of 16 x 8 x ages where it leaks. A column's
charge is the sum of as many lookups as it has rows. Three ways to it, in turn and in one run: looking up every cell in
the table (NumPy indexing, float32), the factored read (`pycosim.models.separate`), and one plain float32 product of
that size, which no way can beat. With `--run` the cell is the table that this run of `pycosim run` has fitted, with the
decay of smallest residual; without, the cell is the published polynomial. Writes `lookup` of
docs/results/speed.json and its table of docs/benchmarks.md; `--quick` writes nothing.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import typer
from numpy.typing import NDArray
from record import SPEED, merge, table, write_table

from pycosim.attention.hardware import AttentionHardware
from pycosim.attention.published import published_cell
from pycosim.attention.window import token_ages
from pycosim.models import (
    CellModel,
    DecayModel,
    DenseRead,
    FactoredRead,
    NoDecay,
    StorageDecay,
    factor_read,
    load_model,
)

PUBLISHED_DECAY = StorageDecay(time_constant=5e-3, final_voltage=0.45)
PUBLISHED_PERIOD = 12 * 65e-9  # s between the tokens of a head: 12 layers, one after the other
HEADS, TOKENS, ROWS = 2, 256, 64
MOST_LOOKUPS = 4e7  # of one dense evaluation, so that it takes seconds


def models_of(run: Path | None) -> tuple[str, CellModel, DecayModel]:
    """Name, cell and decay of a run; the published ones without."""
    if run is None:
        return "published polynomial", published_cell(), PUBLISHED_DECAY
    cell = load_model(run / "models" / "cell_table")[0]
    names = ("storage_drift_table", "storage_decay_law", "storage_leak_law")
    decays = [load_model(run / "models" / name) for name in names]
    best = min(decays, key=lambda found: found[1].held_out_residual_rms or np.inf)[0]
    return "table fitted by pycosim run", cell, best


def medians(ways: dict[str, Callable[[], object]], rounds: int) -> dict[str, dict[str, float]]:
    """Median seconds of each way, and the median over rounds of its time over the first one's; order alternates."""
    times: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(rounds + 1):
        for name in list(ways) if number % 2 == 0 else reversed(ways):
            start = time.perf_counter()
            ways[name]()
            times[name].append(time.perf_counter() - start)
    kept = {name: values[1:] for name, values in times.items()}  # the first round warms up
    first = next(iter(kept.values()))
    return {
        name: {
            "seconds": statistics.median(values),
            "ratio": statistics.median(t / f for t, f in zip(values, first, strict=True)),
        }
        for name, values in kept.items()
    }


def lookups(
    cells: NDArray[np.float32], inputs: NDArray[np.intp], stored: NDArray[np.intp], ages: NDArray[np.intp]
) -> NDArray[np.float32]:
    """Sum of table entries (n_inputs, n_levels, n_ages) over features: (..., t, d), (..., tau, d) -> (..., t, tau)."""
    n_levels, n_ages = cells.shape[1:]
    flat, charges = cells.ravel(), np.empty((*inputs.shape[:-1], stored.shape[-2]), dtype=np.float32)
    for t, age in enumerate(ages):
        entries = (inputs[..., t, None, :] * n_levels + stored) * n_ages + np.minimum(age, n_ages - 1)[:, None]
        charges[..., t, :] = flat.take(entries, mode="clip").sum(axis=-1)
    charges[..., ages < 0] = 0.0
    return charges


def charges(
    read: FactoredRead, inputs: NDArray[np.intp], stored: NDArray[np.intp], ages: NDArray[np.intp], kind: type[Any]
) -> NDArray[Any]:
    """Charges of columns from operands as they come: nothing is prepared."""
    reads = read.on(np.empty(0, dtype=kind))
    return np.asarray(reads.column_charges(inputs, reads.hold(stored), reads.aged(ages)))


def cell_error(read: FactoredRead, cells: NDArray[np.float64]) -> float:
    """Largest deviation of one cell's charge from the table, over all operands and ages, C."""
    n_inputs, n_levels, n_ages = cells.shape
    inputs, stored = np.arange(n_inputs)[:, None], np.arange(n_levels)[:, None]
    found = [charges(read, inputs, stored, np.full((n_inputs, n_levels), age), np.float64) for age in range(n_ages)]
    return float(np.abs(np.stack(found, axis=-1) - cells).max())


def operands(heads: int, tokens: int, rows: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    rng = np.random.default_rng((heads, tokens, rows))
    return rng.integers(0, 16, (heads, tokens, rows)), rng.integers(0, 8, (heads, tokens, rows))


def compare(
    read: FactoredRead, cells: NDArray[np.float64], size: tuple[int, int, int], rounds: int
) -> dict[str, dict[str, float]]:
    """Times of the three ways for heads, tokens and rows."""
    inputs, stored = operands(*size)
    ages = token_ages(size[1])
    single = cells.astype(np.float32)
    q, k = (values.astype(np.float32) for values in (inputs, stored))
    ways: dict[str, Callable[[], object]] = {
        "plain": lambda: q @ np.swapaxes(k, -1, -2),
        "factored": lambda: charges(read, inputs, stored, ages, np.float32),
    }
    if size[0] * size[1] ** 2 * size[2] <= MOST_LOOKUPS:
        ways["dense"] = lambda: lookups(single, inputs, stored, ages)
    return medians(ways, rounds)


def case_of(
    name: str, cell: CellModel, decay: DecayModel, hardware: AttentionHardware, rounds: int, sweep: bool
) -> dict[str, Any]:
    """Rank, bound, errors and times of one cell."""
    dense = DenseRead(
        cell=cell,
        decay=decay,
        input_axis=hardware.query_axis,
        level_axis=hardware.stored_axis,
        token_period=hardware.token_period,
    )
    n_ages = 1 if isinstance(decay, NoDecay) else hardware.window
    read = factor_read(dense, n_ages=hardware.window)
    widths, levels = hardware.query_axis.nodes, hardware.stored_axis.nodes
    cells = np.array(
        decay.read(cell, widths[:, None, None], levels[:, None], np.arange(n_ages) * hardware.token_period)
    )
    size = (HEADS, TOKENS, ROWS)
    inputs, stored = operands(*size)
    ages = token_ages(TOKENS)
    wanted = lookups(cells.astype(np.float32), inputs, stored, ages)
    column = float(np.abs(charges(read, inputs, stored, ages, np.float32) - wanted).max()) / read.full_scale
    times = compare(read, cells, size, rounds)
    found: dict[str, Any] = {
        "cell": name,
        "table": list(cells.shape),
        "rank": list(read.rank),
        "products": int(read.level_basis.any(axis=2).sum()),
        "error_bound": read.max_error / read.full_scale,
        "error": cell_error(read, cells) / read.full_scale,
        "column_error": column,
        "ratio_vs_dense": times["dense"]["seconds"] / times["factored"]["seconds"],
        "ratio_vs_plain": times["factored"]["ratio"],
        "seconds": {way: t["seconds"] for way, t in times.items()},
    }
    if sweep:
        curves = {
            "tokens": [(HEADS, n, ROWS) for n in (32, 64, 128, 256)],
            "heads": [(n, TOKENS, ROWS) for n in (1, 2, 4, 8, 12)],
            "rows": [(HEADS, TOKENS, n) for n in (16, 32, 64, 128, 256)],
        }
        found["curves"] = {
            axis: [
                {
                    "heads": s[0],
                    "tokens": s[1],
                    "rows": s[2],
                    **{way: t["seconds"] for way, t in compare(read, cells, s, max(1, rounds // 2)).items()},
                }
                for s in sizes
            ]
            for axis, sizes in curves.items()
        }
    return found


def page(cases: list[dict[str, Any]]) -> str:
    """The tables of the docs."""
    head = ["cell", "table", "terms", "products", "bound", "largest error", "against lookup", "against a plain product"]
    body = [
        [
            c["cell"],
            " x ".join(map(str, c["table"])),
            " x ".join(map(str, c["rank"])),
            c["products"],
            f"{c['error_bound']:.1e}",
            f"{c['error']:.1e}",
            f"{c['ratio_vs_dense']:.0f} times as fast",
            f"{c['ratio_vs_plain']:.1f} times the time",
        ]
        for c in cases
    ]
    parts = [table(head, body)]
    for c in (c for c in cases if "curves" in c):
        rows = [
            [axis, f"{p['heads']} x {p['tokens']} x {p['rows']}"]
            + [f"{1e3 * p[way]:.3g}" if way in p else "-" for way in ("plain", "factored", "dense")]
            for axis, points in c["curves"].items()
            for p in points
        ]
        parts.append(
            table([f"{c['cell']}: growing", "heads x tokens x rows", "plain, ms", "factored, ms", "lookup, ms"], rows)
        )
    return "\n\n".join(parts)


def main(run: Path | None = None, rounds: int = 7, quick: bool = False) -> None:
    hardware = AttentionHardware(token_period=PUBLISHED_PERIOD, window=TOKENS)
    name, cell, decay = models_of(run)
    cases = []
    for title, law in ((name, NoDecay()), (f"{name}, leaking", decay)):
        case = case_of(title, cell, law, hardware, 2 if quick else rounds, sweep=not quick and law is decay)
        cases.append(case)
        assert case["error"] <= case["error_bound"] + 3e-7, case  # 3e-7: rounding, where reads are in float32
        typer.echo(
            f"{title}: {' x '.join(map(str, case['table']))}, terms {case['rank']}, {case['products']} products, bound "
            f"{case['error_bound']:.1e}, error {case['error']:.1e} of a cell, {case['ratio_vs_dense']:.0f} times as "
            f"fast as lookup, {case['ratio_vs_plain']:.1f} times the time of a plain product"
        )
    if quick:
        return
    record = {**cases[0], "cases": cases}
    merge({"lookup": record}, SPEED)
    for written in write_table("lookup", page(cases)):
        typer.echo(f"written: {written}")


if __name__ == "__main__":
    typer.run(main)
