"""Settings of the Gilbert flow."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Literal

from pycosim.errors import ConfigurationError


@dataclass(frozen=True, slots=True, kw_only=True)
class GilbertConfig:
    """Settings of the Gilbert flow; its circuits are sized for two built-in technologies, "square" and "oxide".

    Args:
        corner: process corner of both.
        temperature: degrees Celsius.
        seed: of every split, training and die, not negative.
        quick: fewer dies, samples and tokens.
        n_workers: simulator processes; None for one per processor.
        n_offset_dies: dies of every multiplier, for its offsets.
        n_dies: dies of the digits' network.
        n_samples: flowers that the whole network sees, at most those that no training saw.
        n_tokens: tokens of held-out text for the transformer.
    """

    corner: Literal["tt", "ff", "ss", "fs", "sf"] = "tt"
    temperature: float = 27.0
    seed: int = 0
    quick: bool = False
    n_workers: int | None = None
    n_offset_dies: int = 60
    n_dies: int = 8
    n_samples: int = 45
    n_tokens: int = 8192

    def __post_init__(self) -> None:
        """Check the ranges that no type can state."""
        if self.seed < 0:
            raise ConfigurationError(f"seed must be 0 or more, got {self.seed}")
        if self.n_workers is not None and self.n_workers < 1:
            raise ConfigurationError(f"n_workers must be at least 1, got {self.n_workers}")
        for name in ("n_offset_dies", "n_dies", "n_samples", "n_tokens"):
            if getattr(self, name) < 2:
                raise ConfigurationError(f"{name} must be at least 2, got {getattr(self, name)}")

    def sized(self) -> GilbertConfig:
        """The settings that a run uses: as they are, or with the sizes of a quick run."""
        if not self.quick:
            return self
        return dataclasses.replace(
            self,
            n_offset_dies=min(self.n_offset_dies, 10),
            n_dies=min(self.n_dies, 2),
            n_samples=min(self.n_samples, 30),
            n_tokens=min(self.n_tokens, 1024),
        )

    def text(self) -> dict[str, str]:
        """Every setting but `n_workers` as text, for the report's provenance."""
        return {name: str(value) for name, value in dataclasses.asdict(self).items() if name != "n_workers"}
