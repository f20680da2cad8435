import pickle

import numpy as np
import pytest

from pycosim.checks import at_least, finite_array, increasing, not_negative, positive
from pycosim.errors import InputError
from pycosim.models import ClipCounter, Domain
from pycosim.units import format_quantity


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (1.2e-12, "C", "1.2 pC"),
        (15e-9, "s", "15 ns"),
        (0.0, "V", "0 V"),
        (-0.45, "V", "-450 mV"),
        (999.96e-9, "s", "1 us"),
        (2.5e-19, "C", "0.25 aC"),
        (np.inf, "V", "inf V"),
        (0.25, "", "0.25"),
    ],
)
def test_quantities_are_written_with_a_prefix(value: float, unit: str, text: str) -> None:
    assert format_quantity(value, unit) == text


def test_a_counter_adds_up() -> None:
    counter = ClipCounter()
    counter.add(1, 4)
    counter.add(0, 4)
    assert counter.fraction == 1 / 8
    assert repr(counter) == "ClipCounter(1 of 8 clipped)"
    assert pickle.loads(pickle.dumps(counter)).clipped == 1


def test_a_domain_without_extent_is_refused() -> None:
    with pytest.raises(InputError, match=r"low below high, found 1 V .. 1 V"):
        Domain(quantity="stored_voltage", unit="V", low=1.0, high=1.0)


def test_no_operands_are_in_every_domain() -> None:
    domain = Domain(quantity="charge", unit="C", low=0.0, high=1.0)
    assert domain.admit([], "raise", ClipCounter()).shape == (0,)


def test_checks_name_what_they_found() -> None:
    with pytest.raises(InputError, match="charges must be numbers, found str"):
        finite_array("charges", "many")
    with pytest.raises(InputError, match=r"charges must have 1 axes, found shape \(1, 2\)"):
        finite_array("charges", [[1, 2]], ndim=1)
    with pytest.raises(InputError, match="1 of 2 NaN or infinite"):
        finite_array("charges", [1, np.nan])
    with pytest.raises(InputError, match="found 2 before 2 at index 1"):
        increasing("ages", [1, 2, 2])
    with pytest.raises(InputError, match="at least 2 points, found 1"):
        increasing("ages", [1])
    with pytest.raises(InputError, match="width must be finite and greater than 0, found -1 ns"):
        positive("width", -1e-9, "s")
    with pytest.raises(InputError, match="at least 0, found nan s"):
        not_negative("period", np.nan, "s")
    with pytest.raises(InputError, match=r"whole number of at least 2, found 2\.5"):
        at_least("n_levels", 2.5, 2)
