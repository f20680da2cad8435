"""The linear gain-cell hardware in torch, with gradients: what weights are fine-tuned on  [2025 Leroux].

It computes what `pycosim.attention.analog.analog_attention` computes on `pycosim.attention.published.linear_models`,
for any sizes and levels. Clips and quantisers are straight-through, see `pycosim.training.quantise`.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from pycosim.attention.hardware import AttentionHardware
from pycosim.attention.linear_law import LinearLaw
from pycosim.checks import not_negative
from pycosim.errors import ConfigurationError, InputError
from pycosim.training.cells import CellVariation
from pycosim.training.quantise import levels
from pycosim.training.tiled import ReadNoise, tiled_read


@dataclass(frozen=True, slots=True, kw_only=True)
class Unrest:
    """Normal deviations that are drawn anew in every step, so that the weights learn to do without exactness.

    Args:
        cells: of the charge of each cell, in shares of that of a cell at the highest stored level.
        scores: of the charge that the first converters see, in shares of their saturation charge.
        read_outs: the same of the second converters.
    """

    cells: float = 0.0
    scores: float = 0.0
    read_outs: float = 0.0

    def __post_init__(self) -> None:
        for name in ("cells", "scores", "read_outs"):
            not_negative(name, getattr(self, name))


class LinearRead:
    """Scaled q, k, v -> shares of the full count, (batch, head, token, d_head).

    Args:
        hardware: sizes and levels.
        variation: of the cells' response; None for linear cells.
        unrest: deviations of every step; None for none.

    Raises:
        ConfigurationError: hardware with digital tokens, which are not trained with.
    """

    def __init__(
        self, hardware: AttentionHardware, *, variation: CellVariation | None = None, unrest: Unrest | None = None
    ) -> None:
        if hardware.digital is not None:
            raise ConfigurationError("training knows no digital tokens, found hardware with some; train without them")
        self.hardware = hardware
        self.law = LinearLaw()
        self.variation = variation
        self.unrest = unrest
        self.draws: torch.Generator | None = None

    def __call__(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        """Attend; q in shares of the longest pulse, k and v in V."""
        hardware = self.hardware
        if not hardware.causal and q.shape[-2] > hardware.window:
            raise InputError(
                f"attention to all tokens needs a window for all, found {q.shape[-2]} tokens and a window of "
                f"{hardware.window}; give the hardware a longer one"
            )
        axis = hardware.query_axis
        low, high = (float(axis.nodes[end]) / hardware.max_pulse_width for end in (0, -1))
        widths = levels(q, low, high, axis.nodes.size if axis.is_coded else None)
        noise = None
        if self.unrest is not None and self.draws is not None:
            noise = ReadNoise(scores=self.unrest.scores, read_outs=self.unrest.read_outs, draws=self.draws)
        gain = self.law.transconductance / self.law.saturation_current
        keys = self._charges(k, gain, n_cells=hardware.rows_per_feature)
        values = self._charges(v, self.law.transconductance / self.law.signed_saturation_current)
        return tiled_read(widths, keys, values, hardware, noise)

    def _charges(self, stored: Tensor, gain: float, *, n_cells: int = 1) -> Tensor:
        """Stored voltages -> charges of so many cells at the longest pulse, in shares of a converter's full charge."""
        hardware, zero, gain = self.hardware, self.law.zero_voltage, n_cells * gain
        low, high, n_levels = hardware.stored_low, hardware.stored_high, hardware.n_stored_levels
        if self.draws is None or self.variation is None:
            charges = levels(stored, low, high, n_levels, origin=zero, gain=gain)
        else:
            charges = self.variation.response(levels(stored, low, high, n_levels, origin=zero), self.draws) * gain
        if self.draws is not None and self.unrest is not None and self.unrest.cells:
            scatter = torch.randn(charges.shape, generator=self.draws).to(charges)
            charges = charges + self.unrest.cells * (high - zero) * gain / n_cells**0.5 * scatter
        return charges
