"""SEARCH SETTINGS: how a tuning chooses its candidates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Final

from pycosim.errors import ConfigurationError
from pycosim.flows.config import near_words

METHODS: Final = ("differential_evolution", "nsga2", "tpe")
"""scipy's differential evolution, of one objective; optuna's NSGA-II and tree-structured Parzen estimator, of any."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchSettings:
    """How candidates are chosen.

    Attributes:
        method: one of `METHODS`.
        evaluations: candidates, at most; those around the best one for its sensitivity come on top.
        population: candidates of one batch.
        polish: share of the evaluations that is left for a local search from the best one; of several objectives none.
        step: of the sensitivity, as a share of each parameter's range.
        seed: of every random choice.
    """

    method: str = METHODS[0]
    evaluations: int = 200
    population: int = 20
    polish: float = 0.25
    step: float = 0.05
    seed: int = 0

    def __post_init__(self) -> None:
        """Check every setting."""
        if self.method not in METHODS:
            raise ConfigurationError(
                f"search: there is no method {self.method!r}; {near_words(str(self.method), list(METHODS))}"
            )
        for name, least in (("evaluations", 1), ("population", 5), ("seed", 0)):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < least:
                raise ConfigurationError(f"search: {name} must be a whole number of {least} or more, found {value!r}")
        for name, most in (("polish", 0.9), ("step", 0.5)):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most:
                raise ConfigurationError(f"search: {name} must be a share from 0 to {most}, found {value!r}")


def read_search(wanted: object, n_objectives: int) -> SearchSettings:
    """The settings in words; without a method the one that suits the number of objectives.

    Raises:
        ConfigurationError: an unknown word (near ones are named), a value that is none, or a method that cannot.
    """
    if not isinstance(wanted, Mapping):
        raise ConfigurationError(f"search must be a table, found {wanted!r}")
    known = [one.name for one in fields(SearchSettings)]
    for key in wanted:
        if key not in known:
            raise ConfigurationError(f"search has no setting {key!r}; {near_words(str(key), known)}")
    given: dict[str, Any] = {"method": METHODS[0] if n_objectives == 1 else METHODS[1], **wanted}
    settings = SearchSettings(**given)
    if settings.method == METHODS[0] and n_objectives > 1:
        raise ConfigurationError(
            f"search: {METHODS[0]} has one objective, found {n_objectives}; take nsga2, or make limits of the others"
        )
    return settings
