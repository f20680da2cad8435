"""What each converter, or each tile's digital correction, makes of what it is given: a gain, an offset and noise."""

from __future__ import annotations

from dataclasses import dataclass

from pycosim.models.spread import ConverterSpread
from pycosim.namespace import AnyArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Conversions:
    """What becomes of values: value x factor + shift + noise; None for no change."""

    factor: AnyArray | None = None
    shift: AnyArray | None = None
    noise: AnyArray | None = None

    @property
    def is_any(self) -> bool:
        """Whether anything changes."""
        return self.factor is not None or self.shift is not None or self.noise is not None

    @classmethod
    def of(cls, spread: ConverterSpread, gain: AnyArray, offset: AnyArray, noise: AnyArray | None) -> Conversions:
        """Return the conversions of converters with standard normal numbers of their own."""
        return cls(
            factor=1.0 + spread.gain * gain if spread.gain else None,
            shift=spread.offset_charge * offset if spread.offset_charge else None,
            noise=None if noise is None else spread.total_charge_noise * noise,
        )

    def of_heads(self, heads: slice, axis: int) -> Conversions:
        """Return those of some heads, which stand at an axis counted from the end."""
        if not self.is_any:
            return self
        parts = (_heads_of(part, heads, axis) for part in (self.factor, self.shift, self.noise))
        return Conversions(**dict(zip(("factor", "shift", "noise"), parts, strict=True)))

    def seen(self, values: AnyArray) -> AnyArray:
        """Return what becomes of values; for converters, what they see of charges, C."""
        if self.factor is not None:
            values = values * self.factor
        for part in (self.shift, self.noise):
            if part is not None:
                values = values + part
        return values


def _heads_of(array: AnyArray | None, heads: slice, axis: int) -> AnyArray | None:
    return None if array is None else array[(..., heads, *([slice(None)] * (-axis - 1)))]
