"""`pycosim adapt`: what a user asks for -> the adapted attention in a folder, with its history."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pycosim.attention.cells import named_models
from pycosim.attention.hardware import AttentionHardware, AttentionModels
from pycosim.errors import ConfigurationError
from pycosim.flows.adapt_model import AdaptedModel, AdaptSettings, adapt_model, calibration_windows
from pycosim.flows.adapt_report import write_adaptation
from pycosim.flows.evaluate_model import hardware_of_run, read_text_file
from pycosim.flows.hardware_scalers import linear_hardware, whole_tiles
from pycosim.flows.progress import Progress
from pycosim.flows.saved_attention import SavedAttention, load_attention, save_adapted
from pycosim.transformer.corpus import load_held_out_text
from pycosim.transformer.gpt2 import Gpt2
from pycosim.transformer.llama import Llama
from pycosim.transformer.load import load_model
from pycosim.transformer.weights import shipped_names

HELD_OUT_SHARE = 0.1
"""Of a text, from its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AdaptRequest:
    """What is asked for.

    Attributes:
        model: as `load_model` takes it.
        settings: of the adaptation.
        tokenizer: the same; None for what lies beside the model.
        cell: name of a published cell; None with a run.
        run: folder of an earlier run; None with a published cell.
        text: file in UTF-8; None for the calibration text that the model carries.
        n_sequences: windows of calibration text, at most.
        context: tokens of such a window; None for the model's context.
        window: tokens that a head holds; None for the model's context.
        n_held_out: tokens of the held-out text to predict, at most.
    """

    model: str
    settings: AdaptSettings
    tokenizer: Path | None = None
    cell: str | None = None
    run: Path | None = None
    text: Path | None = None
    n_sequences: int = 16
    context: int | None = None
    window: int | None = None
    n_held_out: int = 8192


def run_adapt(request: AdaptRequest, out: Path, progress: Progress) -> tuple[AdaptedModel, str]:
    """Adapt a model and write everything into a folder.

    Args:
        request: what is asked for.
        out: the folder, which `load_attention` reads afterwards.
        progress: told of every stage.

    Returns:
        The adaptation, and what its cells stand for, in a few words.

    Raises:
        ConfigurationError: neither or both of cell and run, or no text.
        InputError: a file that cannot be read, or sizes that do not fit.
    """
    if (request.cell is None) == (request.run is None):
        raise ConfigurationError("say what to adapt to: a published cell with --cell, or a run with --models, not both")
    start = time.perf_counter()
    source = None if request.run is None else load_attention(request.run)
    model = load_model(request.model, tokenizer=request.tokenizer)
    models, hardware = _hardware(model, request, source)
    calibration, held_out = _texts(model, request)
    windows = calibration_windows(model, calibration, request.n_sequences, request.context)
    found = adapt_model(model, models, hardware, windows, request.settings, progress, held_out=held_out)
    saved = SavedAttention(
        run=out,
        config=None if source is None else source.config,
        hardware=hardware,
        models=models,
        scalers=found.scalers,
        cell=request.cell if source is None else source.cell,
        model=model.weights.digest(),
        records={} if source is None else source.records,
    )
    save_adapted(saved)
    n_texts, n_tokens = windows.shape
    write_adaptation(
        out,
        found,
        request.settings,
        hardware,
        model=request.model,
        conditions=saved.conditions,
        calibration=(n_texts, n_tokens),
        seconds=time.perf_counter() - start,
    )
    return found, saved.conditions


def _hardware(
    model: Gpt2 | Llama, request: AdaptRequest, source: SavedAttention | None
) -> tuple[AttentionModels, AttentionHardware]:
    if source is not None:
        return source.models, hardware_of_run(source, model, window=request.window)
    assert request.cell is not None
    hardware = linear_hardware(model.weights, model.config.n_ctx)
    if request.window is not None:
        hardware = replace(hardware, window=whole_tiles(request.window, hardware.tile))
    return named_models(request.cell), hardware


def _texts(model: Gpt2 | Llama, request: AdaptRequest) -> tuple[NDArray[np.int64] | None, NDArray[np.int64] | None]:
    """Calibration and held-out text as ids; None for what there is not."""
    most = request.n_held_out + 1
    if request.text is not None:
        tokens = model.tokenizer.encode(read_text_file(request.text))
        cut = int((1 - HELD_OUT_SHARE) * tokens.size)
        held_out = tokens[cut:][:most]
        return tokens[:cut], held_out if held_out.size > 1 else None
    if request.model in shipped_names():
        return None, model.tokenizer.encode(load_held_out_text())[:most]
    return None, None
