"""The published read current of the gain cell, which our cell is sized to reproduce.

References:
    [2025 Leroux] N. Leroux et al., Nature Computational Science 5(9), 813-824 (2025), doi 10.1038/s43588-025-00854-1;
    the table is the authors' circuit simulation, from their code (MIT licence).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

STORED_VOLTAGES = (0.0, 0.092, 0.184, 0.257, 0.367, 0.441, 0.551, 0.643, 0.735, 0.827, 0.9)
"""Rows of the table (V)."""

WORD_LINE_VOLTAGES = (0.45, 0.495, 0.585, 0.675, 0.765, 0.855, 0.9)
"""Columns of the table: upper read word line (V); the lower one is 0.9 V minus it."""

ZERO_CROSSING = 0.409
"""Stored voltage without current at full word-line voltage (V)."""

FULL_SCALE = 10e-6
"""Current to which deviations are related (A)."""

_MICROAMPERE = (
    (0.0, -0.107, -0.813, -2.399, -4.895, -8.219, -10.149),
    (0.0, -0.0086, -0.176, -0.960, -2.662, -5.294, -6.936),
    (0.0, -0.0004, -0.0139, -0.216, -1.085, -2.904, -4.174),
    (0.0, 0.0, -0.0012, -0.033, -0.369, -1.494, -2.416),
    (0.0, 0.0, 0.0, -0.0008, -0.022, -0.249, -0.538),
    (0.0, 0.0, 0.0, 0.0012, 0.0315, 0.224, 0.371),
    (0.0, 0.0, 0.0019, 0.0457, 0.333, 1.113, 1.731),
    (0.0, 0.0012, 0.0377, 0.297, 1.031, 2.388, 3.315),
    (0.0, 0.025, 0.259, 0.946, 2.241, 4.188, 5.403),
    (0.0, 0.144, 0.786, 2.021, 3.900, 6.407, 7.870),
    (0.0, 0.312, 1.373, 3.075, 5.415, 8.332, 9.973),
)


def read_current() -> NDArray[np.float64]:
    """The table (A, sunk from the bit line): (stored voltage, word-line voltage) = (11, 7)."""
    return np.array(_MICROAMPERE) * 1e-6


def relative_rms(current: NDArray[np.float64]) -> float:
    """Root-mean-square deviation of a (11, 7) table (A) from the published one, over `FULL_SCALE`."""
    return float(np.sqrt(np.mean((current - read_current()) ** 2)) / FULL_SCALE)
