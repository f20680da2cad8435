"""The tables of docs/attention_techniques.md from docs/results/accuracy.json.

python benchmarks/techniques_page.py
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any

from record import RESULTS, table, write_table

ACCURACY = RESULTS.with_name("accuracy.json")
GAIN_CELL = RESULTS.with_name("gain_cell.json")


def shared_tiles() -> list[dict[str, float]]:
    """What heads of queries that share a tile save, per head of queries, for a window of 1024 tokens of 64 features."""
    write = json.loads(GAIN_CELL.read_text(encoding="utf-8"))["write_path"]["energy_per_token_j"]
    return [
        {"group": group, "cells": 2 * 1024 * 64 / group, "writes": 2 * 64 / group, "write_energy_j": write / group}
        for group in (1, 2, 4, 8)
    ]


def techniques_table(rows: Sequence[dict[str, Any]]) -> str:
    head = ["technique", "model", "where", "perplexity without", "with", "change of the loss, nats", "what it costs"]
    lines = [
        [
            row["name"],
            row["model"],
            row["condition"],
            f"{row['perplexity_without']:.3f}",
            f"{row['perplexity_with']:.3f}",
            f"{math.log(row['perplexity_with'] / row['perplexity_without']):+.4f} ± {row['standard_error']:.4f}",
            row["note"],
        ]
        for row in rows
    ]
    return table(head, lines)


def shared_table(rows: Sequence[dict[str, float]]) -> str:
    head = ["heads of queries per tile", "cells", "writes per token", "energy of the writes"]
    lines = [
        [f"{r['group']:.0f}", f"{r['cells']:.0f}", f"{r['writes']:.0f}", f"{1e12 * r['write_energy_j']:.2f} pJ"]
        for r in rows
    ]
    return table(head, lines)


def write_docs() -> None:
    """Write both tables of docs/attention_techniques.md."""
    found = json.loads(ACCURACY.read_text(encoding="utf-8"))
    write_table("techniques", techniques_table(found["techniques"]))
    write_table("shared tiles", shared_table(found["shared_tiles"]))


if __name__ == "__main__":
    write_docs()
