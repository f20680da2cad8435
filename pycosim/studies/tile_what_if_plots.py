"""Drawing of what lines and clamps do to a tile."""

from __future__ import annotations

import numpy as np
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure

from pycosim.evaluate.drawing import MUTED, RAMP, SERIES, drawing_style, new_figure, plain
from pycosim.studies.tile_what_if import TileAnswer

FINEST = 32
"""Most blocks of cells along a side that are drawn."""


def plot_answer(answer: TileAnswer) -> Figure:
    """Charge lost by place in the first array, error of its columns by place, and the outputs of the tile."""
    keys = answer.keys
    n_rows, n_columns = keys.cells.shape
    with drawing_style():
        figure = new_figure(10, 3.2)
        where, along, outputs = figure.subplots(1, 3)
        blocks = 100 * keys.lost(min(FINEST, n_rows), min(FINEST, n_columns))
        sides = [np.linspace(0, size, n + 1) for size, n in zip((n_columns, n_rows), blocks.shape[::-1], strict=True)]
        image = where.pcolormesh(*sides, blocks, cmap=ListedColormap(RAMP))
        figure.colorbar(image, ax=where, label="charge lost, %")
        where.set(title="keys, by place", xlabel="column, from the drivers", ylabel="row, from the converters")
        columns = np.arange(n_columns)
        along.plot(columns, 1e12 * keys.pulses.T, ".", color=SERIES[0], markersize=3)
        along.plot(
            columns, 1e12 * np.sqrt(np.mean(keys.pulses**2, axis=0)), color=SERIES[1], label="rms over the reads"
        )
        along.axhline(0, color=MUTED, linewidth=0.8)
        along.set(title="pulses between the arrays", xlabel="column, from the drivers", ylabel="error, ps")
        along.legend()
        ideal, found = 1e9 * answer.ideal_outputs.ravel(), 1e9 * answer.outputs.ravel()
        outputs.axhline(0, color=MUTED, linewidth=0.8)
        outputs.plot(ideal, 1e3 * (found - ideal), ".", color=SERIES[0], markersize=3)
        outputs.set(title="outputs of the tile", xlabel="ideal lines and clamps, ns", ylabel="error, ps")
        for axes in (where, along, outputs):
            plain(axes)
        where.grid(visible=False)
        return figure
