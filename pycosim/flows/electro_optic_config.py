"""SETTINGS of the electro-optic flow."""

from __future__ import annotations

from dataclasses import dataclass, replace

from pycosim.errors import ConfigurationError


@dataclass(frozen=True, slots=True, kw_only=True)
class ElectroOpticConfig:
    """Every choice of a run.

    Args:
        technology: name of a built-in photonic platform, or path of a platform's TOML file.
        seed: seed of every random operand and of all noise, not negative.
        quick: fewer points, rates and tokens.
        n_workers: simulator processes; None for one per processor.
        baud: symbol rate of the rows (1/s).
        power: full scale at the photodiode (W).
        n_row: symbols in the row whose latency is measured.
        n_symbols: random symbols for memory and eyes.
        n_tokens: tokens of held-out text that the accuracies are measured on.
        n_swept_tokens: the same in sweeps over noise.
        scores: folder of `.npz` files with real scores `scaled_scores` (layer, head, t, tau), on which the distance
            from softmax is measured for every head; "" for none.
        mnist: folder of MNIST's test part, on which the vision transformers are scored as well; "" for none.
        model: another language model, whatever `load_model` takes, on which the units are scored; "" for none.
        text: the file with its text; "" for none.
        n_given_tokens: tokens of that text.
    """

    technology: str = "tfln"
    seed: int = 0
    quick: bool = False
    n_workers: int | None = None
    baud: float = 10e9
    power: float = 1e-3
    n_row: int = 64
    n_symbols: int = 64
    n_tokens: int = 16384
    n_swept_tokens: int = 8192
    scores: str = ""
    mnist: str = ""
    model: str = ""
    text: str = ""
    n_given_tokens: int = 4096

    def __post_init__(self) -> None:
        """Check the ranges that no type can state."""
        if self.seed < 0:
            raise ConfigurationError(f"seed must be 0 or more, got {self.seed}")
        if self.n_workers is not None and self.n_workers < 1:
            raise ConfigurationError(f"n_workers must be at least 1, got {self.n_workers}")
        least_sizes = {"n_row": 4, "n_symbols": 16, "n_tokens": 2, "n_swept_tokens": 2, "n_given_tokens": 4}
        for name, least in least_sizes.items():
            if getattr(self, name) < least:
                raise ConfigurationError(f"{name} must be at least {least}, got {getattr(self, name)}")
        if not 1e6 <= self.baud <= 1e12:
            raise ConfigurationError(f"baud must be a rate in symbols per second, 1e6 to 1e12, got {self.baud:g}")
        if not 1e-7 <= self.power <= 0.1:
            raise ConfigurationError(f"power must be in watt, 1e-7 to 0.1, got {self.power:g}")

    def sized(self) -> ElectroOpticConfig:
        """The settings that a run uses: as they are, or with the sizes of a quick run."""
        if not self.quick:
            return self
        return replace(
            self,
            n_symbols=min(self.n_symbols, 24),
            n_tokens=min(self.n_tokens, 4096),
            n_swept_tokens=min(self.n_swept_tokens, 2048),
            n_given_tokens=min(self.n_given_tokens, 1024),
        )
