import numpy as np
import pytest
import xarray as xr

from pycosim.errors import InputError
from pycosim.fitting import columns, fit_polynomial_cell, netlist_digests
from pycosim.models import PolynomialCell


def dataset() -> xr.Dataset:
    voltage, width = np.linspace(0, 0.9, 5), np.array([5e-9, 10e-9, 15e-9])
    charge = PolynomialCell.linear(19.3e-6).charge(width, voltage[:, None])
    return xr.Dataset(
        {
            "charge": (("stored_voltage", "pulse_width"), charge),
            "netlist_digest": (("pulse_width",), ["bb", "aa", "bb"]),
        },
        coords={"stored_voltage": voltage, "pulse_width": width},
    )


def test_a_dataset_becomes_columns_that_a_fit_takes() -> None:
    voltage, width, charge = columns(dataset(), ["stored_voltage", "pulse_width", "charge"])
    assert voltage.shape == width.shape == charge.shape == (15,)
    fit = fit_polynomial_cell(
        voltage,
        width,
        charge,
        degree=1,
        held_out=voltage == 0.45,
        netlist_digests=netlist_digests(dataset()),
    )
    assert fit.model.coefficients[1] == pytest.approx(19.3e-6)
    assert fit.netlist_digests == ("aa", "bb")


def test_failed_points_are_left_out_of_all_columns() -> None:
    broken = dataset()
    broken["charge"][2, 1] = np.nan
    found = columns(broken, ["stored_voltage", "charge"])
    assert [column.size for column in found] == [14, 14]
    broken["charge"][:] = np.nan
    with pytest.raises(InputError, match="look at the failed runs"):
        columns(broken, ["charge"])


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    with pytest.raises(InputError, match=r"'charge'.*not \['current'\]"):
        columns(dataset(), ["current"])
