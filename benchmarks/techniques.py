"""What helps analog attention without training: perplexity of the shipped model with and without each technique.

    python benchmarks/techniques.py [--quick] [--model FOLDER --name "stories260K" --text FILE]

The model, which was trained for the hardware and has its scalers and a calibration text, predicts the first 16 384
tokens of the held-out text on the published hardware (16 input levels, 8 stored levels, 15 counts), each technique
where what it fights is switched on. Random hardware is three dies. Writes the model's rows of the key `techniques` of
docs/results/accuracy.json (those of other models and those that need training stay), the key `shared_tiles`, and the
tables of docs/attention_techniques.md.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from record import merge
from techniques_page import ACCURACY, GAIN_CELL, shared_tiles, write_docs

from pycosim.attention import (
    AttentionArrays,
    AttentionHardware,
    AttentionModels,
    DigitalTokens,
    Imperfections,
    Scaler,
    Scalers,
    TileCalibration,
    analog_layers,
    factored_arrays,
    linear_models,
    published_models,
)
from pycosim.evaluate.accuracy import Losses, loss_difference, next_token_losses, token_losses
from pycosim.flows.accuracy import adapt_scalers
from pycosim.flows.calibrate_tiles import calibrate_tiles
from pycosim.flows.progress import SilentProgress
from pycosim.flows.query_gains import search_query_gains
from pycosim.flows.workload import shipped_scalers
from pycosim.models import CellDeviation, ConverterSpread, StorageDecay, voltage_sensitivity
from pycosim.transformer.corpus import load_held_out_text
from pycosim.transformer.gpt2 import Gpt2
from pycosim.transformer.load import load_model

N_TOKENS, N_DIES, SEED = 16_384, 3, 0
LAYER_TIME = 65e-9  # s, of a token in one layer  [2025 Leroux]
TAU = 32  # tokens, of the decay that digital tokens are to fight: a cell that leaks within a tile
THRESHOLD = 20e-3  # V, ours: a spread of the stored voltage as read, about one sixth of a level
OPTION = typer.Option(help="what to predict; the held-out text of the shipped models if left out")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Setting:
    """What the transformer runs on; the same for each die but for its seed."""

    hardware: AttentionHardware
    models: AttentionModels
    scalers: Sequence[Scalers]
    flaws: Imperfections | None = None
    calibrated: str = ""  # by "tile", by "feature", or not at all
    digital_scalers: Sequence[Scalers] | None = None

    def arrays(self, die: int) -> AttentionArrays:
        """One die of it."""
        own = None if self.flaws is None else replace(self.flaws, seed=self.flaws.seed + die)
        return factored_arrays(self.models, self.hardware, imperfections=own, tolerance=1e-6)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pair:
    """A row: two settings that differ by a technique."""

    name: str
    condition: str
    without: Setting
    with_it: Setting
    note: str


@dataclass(slots=True, kw_only=True)
class Bench:
    """Runs settings of one model on one text, each once."""

    name: str
    model: Any  # a LanguageModel with weights
    tokens: Any
    calibration: Any
    n_dies: int
    known: dict[Setting, Losses]

    def losses(self, setting: Setting) -> Losses:
        """Loss of every token (nats), mean over the dies."""
        if setting not in self.known:
            dies = range(self.n_dies if setting.flaws is not None else 1)
            self.known[setting] = np.mean([self._die(setting, die) for die in dies], axis=0)
        return self.known[setting]

    def _die(self, setting: Setting, die: int) -> Losses:
        arrays = setting.arrays(die)
        lines: Sequence[TileCalibration] | None = None
        if setting.calibrated:
            lines = calibrate_tiles(
                lambda layers: self.model.logits(self.calibration, layers),
                factored_arrays(linear_models(), setting.hardware),
                arrays,
                setting.scalers,
                by_feature=setting.calibrated == "feature",
            )
        layers = analog_layers(arrays, setting.scalers, calibrations=lines, digital_scalers=setting.digital_scalers)
        return token_losses(self.tokens, self.model, layers)

    def row(self, pair: Pair) -> dict[str, object]:
        """One row of the results, told on the terminal."""
        plain, better = self.losses(pair.without), self.losses(pair.with_it)
        difference, error = loss_difference(better, plain, self.model.config.n_ctx)
        found = {
            "name": pair.name,
            "model": self.name,
            "condition": pair.condition,
            "perplexity_without": float(np.exp(plain.mean())),
            "perplexity": float(np.exp(better.mean())),
            "perplexity_with": float(np.exp(better.mean())),
            "difference_nats": difference,
            "standard_error": error,
            "n_dies": self.n_dies if pair.without.flaws is not None else 1,
            "needs_training": False,
            "note": pair.note,
        }
        typer.echo(
            f"{pair.name:34s} {pair.condition:52s} {found['perplexity_without']:8.4f} -> "
            f"{found['perplexity_with']:8.4f}  {difference:+.4f} +- {error:.4f} nats"
        )
        return found


def converter_spreads() -> tuple[ConverterSpread, ConverterSpread]:
    """Converters as drawn, without trim: what Monte-Carlo simulation of both found."""
    found = json.loads(GAIN_CELL.read_text(encoding="utf-8"))["monte_carlo"]["converters"]
    first, second = (
        ConverterSpread(charge_per_second=current, offset=own["sigma_offset_s"], gain=own["sigma_gain"])
        for current, own in zip((80e-6, 40e-6), found.values(), strict=True)
    )
    return first, second


def tokens_name(digital: DigitalTokens) -> str:
    counts = [f"{n} {kind}" for kind, n in (("first", digital.first), ("recent", digital.recent)) if n]
    return " and ".join(counts) + " tokens digital"


def tokens_note(digital: DigitalTokens, d_head: int) -> str:
    work, numbers = digital.multiply_adds(d_head), digital.numbers(d_head)
    return f"{work} digital multiply-accumulates and {numbers} numbers per head"


def digital_pairs(base: Setting, d_head: int) -> list[Pair]:
    decay = StorageDecay(time_constant=TAU * base.hardware.token_period, final_voltage=0.45)
    leaking = replace(base, models=linear_models(decay=decay))
    tile = base.hardware.tile
    short = replace(base, hardware=replace(base.hardware, window=tile))
    leak, rest, cut = f"cells leak in {TAU} tokens", "nothing but levels", f"window of {tile} tokens"
    cases = [
        (leaking, leak, DigitalTokens(recent=16)),
        (leaking, leak, DigitalTokens(recent=64)),
        (leaking, leak, DigitalTokens(first=4)),
        (leaking, leak, DigitalTokens(first=16)),
        (leaking, leak, DigitalTokens(first=4, recent=64)),
        (base, rest, DigitalTokens(recent=16)),
        (base, rest, DigitalTokens(first=4)),
        (short, cut, DigitalTokens(first=4)),
        (short, cut, DigitalTokens(first=16)),
    ]
    return [
        Pair(
            name=tokens_name(digital),
            condition=condition,
            without=setting,
            with_it=replace(setting, hardware=replace(setting.hardware, digital=digital)),
            note=tokens_note(digital, d_head),
        )
        for setting, condition, digital in cases
    ]


def calibration_pairs(base: Setting, d_head: int) -> list[Pair]:
    first, second = converter_spreads()
    sizes = base.hardware
    cell = linear_models().cell_k
    widths, volts = np.linspace(0, sizes.max_pulse_width, 4), np.linspace(sizes.stored_low, sizes.stored_high, 8)
    moved = CellDeviation(
        name="threshold", sigma=THRESHOLD, sensitivity=voltage_sensitivity(cell, widths, volts, step=1e-3)
    )
    cases = [
        ("read-outs untrimmed", Imperfections(seed=SEED, second=second)),
        ("all converters untrimmed", Imperfections(seed=SEED, first=first, second=second)),
        (f"cells differ by {1e3 * THRESHOLD:.0f} mV", Imperfections(seed=SEED, cells=(moved,))),
    ]
    pairs = []
    for condition, flaws in cases:
        plain = replace(base, flaws=flaws)
        for way, numbers in (("tile", 1), ("feature", d_head)):
            per_head = 2 * sizes.n_tiles * numbers
            name = "calibration of each tile" if way == "tile" else "calibration of each tile's features"
            note = f"{sizes.n_tiles * d_head} digital multiply-accumulates and {per_head} numbers per head"
            pairs.append(
                Pair(name=name, condition=condition, without=plain, with_it=replace(plain, calibrated=way), note=note)
            )
    return pairs


def adapted_pairs(bench: Bench, base: Setting, n_evaluations: int, steps: int) -> list[Pair]:
    """What helps on a cell that the weights were not trained for, before and after the adaptation."""
    ideal, cubic, d_head = base.arrays(0), replace(base, models=published_models()), bench.model.config.d_head
    adaptable = bench.model.weights if isinstance(bench.model, Gpt2) else bench.model
    found, _ = adapt_scalers(ideal, cubic.arrays(0), adaptable, base.scalers, steps, SilentProgress())
    adapted, condition = replace(cubic, scalers=found.scalers), f"cubic cell, adapted in {steps} steps"
    digital = DigitalTokens(first=4, recent=16)
    some = replace(adapted, hardware=replace(base.hardware, digital=digital), digital_scalers=base.scalers)
    return [
        Pair(
            name=tokens_name(digital),
            condition=condition,
            without=adapted,
            with_it=some,
            note=tokens_note(digital, d_head),
        ),
        *temperature_pairs(
            bench,
            [
                (base, "the hardware it was trained for"),
                (cubic, "cubic cell, not adapted"),
                (adapted, condition),
            ],
            n_evaluations,
        ),
    ]


def temperature_pairs(bench: Bench, settings: Sequence[tuple[Setting, str]], n_evaluations: int) -> list[Pair]:
    """Each head's gain of q searched on the calibration text, which is text of the training."""
    pairs = []
    for setting, condition in settings:
        arrays = setting.arrays(0)

        def loss(scalers: Sequence[Scalers], arrays: AttentionArrays = arrays) -> float:
            logits = bench.model.logits(bench.calibration, analog_layers(arrays, scalers))
            return float(next_token_losses(logits[:, :-1], bench.calibration[:, 1:]).mean())

        found = search_query_gains(loss, setting.scalers, n_evaluations=n_evaluations)
        low, high = found.gains.min(), found.gains.max()
        pairs.append(
            Pair(
                name="temperature of each head searched",
                condition=condition,
                without=setting,
                with_it=replace(setting, scalers=found.scalers),
                note=f"gains {low:.2f} to {high:.2f} in {found.n_evaluations} runs of {bench.calibration.size} tokens; "
                "nothing in hardware",
            )
        )
    return pairs


def signed_pairs(base: Setting) -> list[Pair]:
    """Signed queries of weights that were not trained for them: with their offset, and without it."""
    signed = replace(base, hardware=replace(base.hardware, signed_queries=True))
    centred = [replace(own, q=Scaler(a=own.q.a, b=np.zeros_like(own.q.b))) for own in base.scalers]
    cost = "cells, word lines and bit lines of keys twice; the weights learned"
    where = "the hardware it was trained for"
    return [
        Pair(
            name="signed queries, not trained for",
            condition=where,
            without=base,
            with_it=signed,
            note=f"{cost} that q below 0 is no pulse",
        ),
        Pair(
            name="signed queries about 0, not trained for",
            condition=where,
            without=base,
            with_it=replace(signed, scalers=centred),
            note=f"{cost} with the offset of q",
        ),
    ]


def main(
    quick: bool = False,
    model: str = "linear",
    name: str = "shipped linear",
    text: Annotated[Path | None, OPTION] = None,
) -> None:
    found = load_model(model)
    calibration = found.weights.calibration_tokens
    assert calibration is not None, "the model has no calibration text: save it with one"
    content = load_held_out_text() if text is None else text.read_text(encoding="utf-8")
    bench = Bench(
        name=name,
        model=found,
        tokens=np.asarray(found.tokenizer.encode(content)[: (1024 if quick else N_TOKENS) + 1], dtype=np.int64),
        calibration=calibration[:1] if quick else calibration,
        n_dies=1 if quick else N_DIES,
        known={},
    )
    tile, window = (int(found.weights.metadata[size]) for size in ("tile", "window"))
    hardware = AttentionHardware(token_period=found.config.n_layer * LAYER_TIME, tile=tile, window=window)
    base = Setting(hardware=hardware, models=linear_models(), scalers=shipped_scalers(found.weights))
    d_head = found.config.d_head
    pairs = [*digital_pairs(base, d_head), *calibration_pairs(base, d_head), *signed_pairs(base)]
    rows = [bench.row(pair) for pair in pairs]
    rows += [bench.row(pair) for pair in adapted_pairs(bench, base, *((2, 2) if quick else (8, 15)))]
    if quick:
        return
    known = json.loads(ACCURACY.read_text(encoding="utf-8")) if ACCURACY.exists() else {}
    others = [row for row in known.get("techniques", []) if row.get("needs_training") or row["model"] != name]
    merge({"techniques": [*rows, *others], "shared_tiles": shared_tiles()}, ACCURACY)
    write_docs()


if __name__ == "__main__":
    typer.run(main)
