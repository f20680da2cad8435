"""Gains and offsets of all tiles, from a text that runs on the hardware as it is and on ideal hardware."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pycosim.attention.analog import AttentionArrays, analog_attention
from pycosim.attention.blocks import tiles_read
from pycosim.attention.exact import Attend
from pycosim.attention.hardware import Scalers
from pycosim.attention.reading import tile_shares
from pycosim.attention.tile_calibration import TileCalibration, TileFit
from pycosim.attention.trace import AttentionTrace
from pycosim.checks import Array
from pycosim.errors import InputError
from pycosim.namespace import AnyArray


def calibrate_tiles(
    run: Callable[[Sequence[Attend]], object],
    ideal: AttentionArrays,
    found: AttentionArrays,
    scalers: Sequence[Scalers],
    *,
    by_feature: bool = True,
) -> tuple[TileCalibration, ...]:
    """Find what makes every tile's counts most like those of ideal hardware for the same operands.

    The model runs once, with the ideal outputs; each layer reads its operands on both.

    Args:
        run: runs a model on a calibration text with one attention per layer, for example
            ``lambda layers: model.hidden(tokens, layers)``; what it returns is not used.
        ideal: what the counts should be.
        found: hardware whose parts differ; of the same sizes.
        scalers: one set per layer, of both.
        by_feature: a line for every feature of a tile, which has a converter of its own; False for one per tile.

    Returns:
        One calibration per layer, for `analog_layers` and `analog_generation` on ``found``.

    Raises:
        InputError: hardware of other sizes, or ``run`` does not use every layer.
    """
    sizes = [(arrays.hardware.tile, arrays.hardware.window) for arrays in (ideal, found)]
    if sizes[0] != sizes[1]:
        raise InputError(f"both must have the same tile and window, found {sizes[0]} and {sizes[1]} tokens")
    fits = [TileFit(by_feature=by_feature) for _ in scalers]
    run([_beside(ideal, found, own, layer, fit) for layer, (own, fit) in enumerate(zip(scalers, fits, strict=True))])
    return tuple(fit.result() for fit in fits)


def _beside(ideal: AttentionArrays, found: AttentionArrays, scalers: Scalers, layer: int, fit: TileFit) -> Attend:
    """Attention on ideal hardware that has its operands read by the other, too."""
    seen: list[AttentionTrace] = []
    both = [
        analog_attention(arrays.models, arrays.hardware, scalers, arrays=arrays, observe=seen.append, layer=layer)
        for arrays in (found, ideal)
    ]

    def attend(q: AnyArray, k: AnyArray, v: AnyArray) -> AnyArray:
        seen.clear()
        out = [one(q, k, v) for one in both][1]
        shares: list[Array] = [
            tile_shares(arrays.hardware, arrays.converters[1].pulse_width(trace.tile_charge))
            for arrays, trace in zip((found, ideal), seen, strict=True)
        ]
        fit.add(shares[0], shares[1], tiles_read(q.shape[-2], found.hardware))
        return out

    return attend
