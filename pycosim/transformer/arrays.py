"""The arrays of a model, checked: names, types and shapes are known before the file is read."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Mapping

import numpy as np

from pycosim.errors import InputError
from pycosim.transformer.layers import Array

Shapes = Mapping[str, tuple[int, ...]]
MOST_SHOWN = 5


def check_arrays(
    arrays: Mapping[str, Array],
    shapes: Shapes,
    kind: str,
    *,
    optional: Iterable[Collection[str]] = (),
    optional_shape: tuple[int, ...] = (),
) -> None:
    """Check that arrays are those of a model: every name there and no other, float32, finite, of the right shape.

    Args:
        arrays: by name.
        shapes: what must be there.
        kind: of the model with its sizes, for the message.
        optional: sets of names of which all or none must be there.
        optional_shape: what these have for shape.

    Raises:
        InputError: naming what is missing and unknown with the nearest names, or what was wanted and found.
    """
    names = set(arrays)
    wanted = set(shapes).union(*(some for some in optional if names & set(some)))
    missing, unknown = sorted(wanted - names), sorted(names - wanted)
    if missing or unknown:
        raise InputError(
            f"the arrays are not those of a {kind}: missing {_some(missing)}; unknown {_some(unknown)}"
            f"{_nearest(missing, unknown)}; use the names of the published checkpoints, no prefix, and write no buffers"
        )
    for name, array in arrays.items():
        _check_array(name, array, shapes.get(name, optional_shape))


def _check_array(name: str, array: Array, wanted: tuple[int, ...]) -> None:
    if array.shape != wanted or array.dtype != np.float32:
        raise InputError(
            f"{name} must be float32 of shape {wanted}, found {array.dtype} of shape {array.shape}; "
            "the sizes come from the configuration, and projections are stored as the published checkpoints do"
        )
    bad = array.size - int(np.count_nonzero(np.isfinite(array)))
    if bad:
        raise InputError(f"{name} has {bad} of {array.size} values that are not finite; train or export again")


def _nearest(missing: list[str], unknown: list[str]) -> str:
    """`` (is X the wanted Y?)`` for the first missing name that an unknown one resembles."""
    for name in missing[:MOST_SHOWN]:
        near = difflib.get_close_matches(name, unknown[:1000], n=1, cutoff=0.8)
        if near:
            return f" (is {near[0]} the wanted {name}?)"
    return ""


def _some(names: list[str]) -> str:
    shown = ", ".join(names[:MOST_SHOWN]) or "none"
    return f"{shown} and {len(names) - MOST_SHOWN} more" if len(names) > MOST_SHOWN else shown
