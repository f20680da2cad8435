"""Settings of the interferometer flow."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from pycosim.errors import ConfigurationError


@dataclass(frozen=True, slots=True, kw_only=True)
class InterferometerConfig:
    """Settings of the interferometer flow.

    Args:
        seed: of every phase, split and noise, not negative.
        quick: fewer circuits.
        n_workers: simulator processes; None for one per processor.
        n_paths: of the circuits, 2 to 16.
        n_samples: circuits with random phases, for each phase error.
        n_vectors: random operands of the circuit without errors.
        n_tokens: tokens of held-out text for the transformer.
    """

    seed: int = 0
    quick: bool = False
    n_workers: int | None = None
    n_paths: int = 16
    n_samples: int = 400
    n_vectors: int = 40
    n_tokens: int = 2048

    def __post_init__(self) -> None:
        """Check the ranges that no type can state."""
        if self.seed < 0:
            raise ConfigurationError(f"seed must be 0 or more, got {self.seed}")
        if self.n_workers is not None and self.n_workers < 1:
            raise ConfigurationError(f"n_workers must be at least 1, got {self.n_workers}")
        if not 2 <= self.n_paths <= 16:
            raise ConfigurationError(f"n_paths must be 2 to 16, got {self.n_paths}")
        for name in ("n_samples", "n_vectors", "n_tokens"):
            if getattr(self, name) < 10:
                raise ConfigurationError(f"{name} must be at least 10, got {getattr(self, name)}")

    def sized(self) -> InterferometerConfig:
        """The settings that a run uses: as they are, or with the sizes of a quick run."""
        if not self.quick:
            return self
        return dataclasses.replace(
            self,
            n_samples=min(self.n_samples, 60),
            n_vectors=min(self.n_vectors, 12),
            n_tokens=min(self.n_tokens, 512),
        )

    def text(self) -> dict[str, str]:
        """Every setting but `n_workers` as text, for the report's provenance."""
        return {name: str(value) for name, value in dataclasses.asdict(self).items() if name != "n_workers"}
