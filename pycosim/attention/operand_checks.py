"""Whether operands and scalers fit the hardware."""

from __future__ import annotations

import numpy as np

from pycosim.attention.hardware import AttentionHardware, Scalers
from pycosim.errors import InputError
from pycosim.namespace import AnyArray, namespace_of


def check_heads(q: AnyArray, k: AnyArray, v: AnyArray, scalers: Scalers, hardware: AttentionHardware) -> None:
    """Raise InputError unless operands have as many heads as the scalers, and shared keys and values are the same."""
    n_heads, group = q.shape[-3], hardware.query_group
    if n_heads != scalers.n_heads:
        raise InputError(f"scalers are for {scalers.n_heads} heads, found operands of {n_heads} heads")
    if group == 1:
        return
    if n_heads % group:
        raise InputError(f"query_group must divide the {n_heads} heads, found {group}")
    xp = namespace_of(k)
    numbers = [own for scaler in (scalers.k, scalers.v) for own in (scaler.a, scaler.b)]
    for member in range(1, group):
        same = all(np.array_equal(own[member::group], own[::group]) for own in numbers)
        if not same or any(bool(xp.any(x[..., member::group, :, :] != x[..., ::group, :, :])) for x in (k, v)):
            raise InputError(
                f"{group} heads of queries share a tile, and so its keys, values and their scalers, found others; "
                "repeat keys and values for each, or give the hardware query_group=1"
            )


def checked_digital_scalers(hardware: AttentionHardware, scalers: Scalers, digital: Scalers | None) -> Scalers:
    """Return the scalers of tokens in digital memory.

    Raises:
        InputError: some are given but no token is there, or for another number of heads.
    """
    if digital is None:
        return scalers
    if hardware.digital is None or digital.n_heads != scalers.n_heads:
        raise InputError(
            f"digital_scalers are of {scalers.n_heads} heads and for tokens in digital memory, found {digital.n_heads} "
            f"heads and digital={hardware.digital}; give the hardware digital, or leave them out"
        )
    return digital


def check_length(q: AnyArray, hardware: AttentionHardware) -> None:
    """Raise InputError where all tokens must be in the cells at once and are too many."""
    if not hardware.causal and q.shape[-2] > hardware.window:
        raise InputError(
            f"attention that is not causal holds all tokens of a sequence, at most {hardware.window} (window), "
            f"found {q.shape[-2]}; give the hardware a longer window"
        )
