"""Real attention scores through the units: how far the weights of every head are from softmax."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pycosim.attention.exact import masked_softmax
from pycosim.attention.window import causal_window
from pycosim.errors import InputError
from pycosim.flows.electro_optic_accuracy import Case, weighing
from pycosim.flows.electro_optic_models import Operators
from pycosim.flows.progress import Progress

Array = NDArray[np.float64]

SCORES = "scaled_scores"
"""Name of the array in a file of scores: q k / sqrt(d), (layer, head, t, tau); what is masked may be anything."""

CASES = (
    Case(unit="optmax"),
    Case(unit="optmax", noise="simulated"),
    Case(unit="optmax", bits=8),
    Case(unit="optmax", bits=4),
    Case(unit="softmax", bits=4),
    Case(unit="optmax 2"),
    Case(unit="optmax 3"),
    Case(unit="optmoid"),
)
"""The attentions whose distance is measured; the first is the one to quote."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Distance:
    """Distance of a case from softmax: half the sum of the weights' absolute differences, 0 to about 1.

    Attributes:
        case: the attention.
        by_head: (n_layers, n_heads), mean over the rows of all files.
    """

    case: Case
    by_head: Array


def read_scores(folder: Path) -> tuple[Array, ...]:
    """The scores of every file of a folder, (layer, head, t, tau) each.

    Raises:
        InputError: no such file, or one without scores, or files of unlike heads.
    """
    found = []
    for path in sorted(folder.glob("*.npz")):
        try:
            with np.load(path, allow_pickle=False) as stored:
                scores = np.asarray(stored[SCORES], dtype=np.float64)
        except (OSError, ValueError, KeyError) as error:
            raise InputError(f"{path} holds no scores: wanted an array {SCORES!r}, {error}") from None
        if scores.ndim != 4 or scores.shape[-1] != scores.shape[-2]:
            raise InputError(f"{path}: {SCORES} must be (layer, head, t, tau), found {scores.shape}")
        found.append(scores)
    if not found or len({scores.shape[:2] for scores in found}) > 1:
        raise InputError(f"{folder} must hold .npz files of scores of one model, found {len(found)}")
    return tuple(found)


def score_distances(
    scores: Sequence[Array], operators: Operators, progress: Progress, *, seed: int
) -> tuple[Distance, ...]:
    """Distance from softmax of every case and head, with a causal mask.

    Args:
        scores: of every text, from `read_scores`; none gives no distances.
        operators: the models of this run.
        progress: told of each case.
        seed: of all noise.
    """
    if not scores:
        return ()
    progress.stage("distance from softmax on real scores", total=len(CASES))
    found = []
    for case in CASES:
        weigh = weighing(operators, case, seed=seed)
        total, rows = np.zeros(scores[0].shape[:2]), 0
        for one in scores:
            mask = causal_window(one.shape[-1])
            shown = np.where(mask, one, 0.0)
            apart = 0.5 * np.abs(weigh(shown, mask) - masked_softmax(shown, mask)).sum(axis=-1)
            total += apart.sum(axis=-1)
            rows += one.shape[-1]
        found.append(Distance(case=case, by_head=total / rows))
        progress.advance()
    return tuple(found)
