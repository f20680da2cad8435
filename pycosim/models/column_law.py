"""A number of one read of a column (energy, time, charge) as a sum of few terms of its activity."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from pycosim.checks import Array, frozen_array
from pycosim.errors import InputError
from pycosim.models.activity import TERMS, ColumnActivity
from pycosim.models.domain import ClipCounter, Domain, Outside, check_outside


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnLaw:
    """value = sum_k coefficients[k] * terms[k](activity).

    Args:
        quantity: what it gives, for example "energy of the word lines".
        unit: its SI unit.
        terms: names of `pycosim.models.activity.TERMS`, each once.
        coefficients: one per term, in unit per unit of the term.
        low: smallest value of each term for which the law may be used.
        high: largest.
        outside: "raise" or "clip", for terms outside that range.
        clips: counts clipped terms.
    """

    quantity: str
    unit: str
    terms: tuple[str, ...]
    coefficients: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    outside: Outside = "raise"
    clips: ClipCounter = field(default_factory=ClipCounter, compare=False, repr=False)

    def __post_init__(self) -> None:
        for name in ("coefficients", "low", "high"):
            values = frozen_array(name, getattr(self, name), ndim=1)
            if values.size != len(self.terms):
                raise InputError(f"{name} must be one per term, {len(self.terms)}, found {values.size}")
            object.__setattr__(self, name, tuple(float(value) for value in values))
        unknown = sorted(set(self.terms) - set(TERMS))
        if unknown or len(set(self.terms)) != len(self.terms):
            raise InputError(f"terms must be different names of {sorted(TERMS)}, found {list(self.terms)}")
        check_outside(self.outside)

    @property
    def domain(self) -> tuple[Domain, ...]:
        """The range of every term that is not the same in all reads that the law was fitted to."""
        return tuple(
            Domain(quantity=name, unit=TERMS[name].unit, low=low, high=high)
            for name, low, high in zip(self.terms, self.low, self.high, strict=True)
            if low < high
        )

    def value(self, activity: ColumnActivity) -> Array:
        """Return the law's value of every read, (...) in `unit`.

        Raises:
            DomainError: a term outside its range, when ``outside`` is "raise".
        """
        domains = {domain.quantity: domain for domain in self.domain}
        total = np.zeros(activity.pulse_widths.shape[:-1])
        for name, coefficient in zip(self.terms, self.coefficients, strict=True):
            term = activity.term(name)
            if name in domains:
                term = domains[name].admit(term, self.outside, self.clips)
            total = total + coefficient * term
        return np.asarray(total)

    def parts(self, activity: ColumnActivity) -> dict[str, Array]:
        """Return what each term contributes, name -> (...) in `unit`, without a look at the domain."""
        return {name: c * activity.term(name) for name, c in zip(self.terms, self.coefficients, strict=True)}

    def __str__(self) -> str:
        numbers = " + ".join(f"{c:.4g} {name}" for name, c in zip(self.terms, self.coefficients, strict=True))
        return f"{self.quantity} ({self.unit}) = {numbers}"
