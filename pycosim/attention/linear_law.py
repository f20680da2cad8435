"""The law of the paper's linear hardware, in numbers: what ideal cells and converters compute  [2025 Leroux]."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from pycosim.checks import frozen_array, positive

TRANSCONDUCTANCE: Final = 19.3e-6
"""Of a cell, A/V."""
HALF_SUPPLY: Final = 0.45
"""Stored voltage without current, V."""
SATURATION_CURRENT: Final = 80e-6
"""S_sat of the first read-out, A; times the longest pulse its saturation charge."""
SIGNED_SATURATION_CURRENT: Final = 40e-6
"""The same of the second read-out, A."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinearLaw:
    """What one key and one value contribute to the output, as a share of the full count.

    phi = clip(sum_d q g (K - zero) / S_sat, 0, 1);  share = phi g (V - zero) / A_sat

    Args:
        transconductance: g, A/V.
        zero_voltage: V.
        saturation_current: S_sat, A.
        signed_saturation_current: A_sat, A.
    """

    transconductance: float = TRANSCONDUCTANCE
    zero_voltage: float = HALF_SUPPLY
    saturation_current: float = SATURATION_CURRENT
    signed_saturation_current: float = SIGNED_SATURATION_CURRENT

    def __post_init__(self) -> None:
        positive("transconductance", self.transconductance, "A/V")
        positive("saturation_current", self.saturation_current, "A")
        positive("signed_saturation_current", self.signed_saturation_current, "A")
        frozen_array("zero_voltage", self.zero_voltage, ndim=0)
