"""Key `gpt2` of docs/results/speed.json, and the tables of docs/gpt2.md that are written from it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from record import SPEED, merge, table, write_table

NAMES = {"all": "logits of all 1024 tokens", "last": "logits of the last token"}


def record_gpt2(found: Mapping[str, object]) -> None:
    """Put figures beside those of the other benchmark of GPT-2, and write the tables again."""
    old = json.loads(SPEED.read_text(encoding="utf-8")).get("gpt2", {}) if SPEED.exists() else {}
    folders = {**old.get("folders", {}), **dict(found.get("folders", {}))}  # type: ignore[call-overload]
    figures: dict[str, Any] = {**old, **found, **({"folders": folders} if folders else {})}
    merge({"gpt2": figures}, SPEED)
    if "forward_ratio_vs_torch" in figures:
        write_table("gpt2_forward", forward_table(figures))
    if folders:
        write_table("gpt2_folders", folders_table(folders))


def forward_table(f: Mapping[str, Any]) -> str:
    rows = [
        [
            text,
            f"{f[f'{word}_seconds']:.2f} s",
            f"{f[f'{word}_torch_seconds']:.2f} s",
            f"{f[f'{word}_ratio']:.2f} x",
        ]
        for word, text in NAMES.items()
    ]
    head = ["window of 1024 tokens, float32", "NumPy", str(f["torch"]), "speed against torch"]
    return (
        f"{table(head, rows)}\n\n{f['threads']} thread(s) each; logits within {f['largest_difference']:.0e}. "
        f"With a KV cache, {1e3 * f['token_seconds']:.0f} ms a token behind {f['prompt_tokens']} tokens of prompt, "
        f"which take {f['prompt_seconds']:.2f} s."
    )


def folders_table(folders: Mapping[str, Mapping[str, float]]) -> str:
    head = ["GPT-2", "weights", "largest difference", "load", "1024 tokens", "a token written", "memory"]
    rows = [
        [
            name,
            f"{f['parameters'] / 1e6:.0f} M",
            f"{f['largest_difference']:.0e}",
            f"{f['load_seconds']:.1f} s",
            f"{f['window_seconds']:.1f} s",
            f"{1e3 * f['token_seconds']:.0f} ms",
            f"{f['resident_bytes'] / 1e9:.1f} GB",
        ]
        for name, f in sorted(folders.items(), key=lambda item: item[1]["parameters"])
    ]
    return table(head, rows)
