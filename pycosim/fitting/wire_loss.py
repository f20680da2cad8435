"""Charges with and without the resistance of the wires -> wire loss by place."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import nnls

from pycosim.checks import finite_array
from pycosim.errors import FitError, InputError
from pycosim.models.wire_loss import WireLoss, loss_basis


def fit_wire_loss(charges: ArrayLike, ideal_charges: ArrayLike) -> WireLoss:
    """Fit the losses: least squares of charge - ideal * factor(row, column), none of them below 0.

    Args:
        charges: (n_reads, n_rows, n_columns) charge of every cell, C.
        ideal_charges: the same behind ideal wires, C.

    Raises:
        InputError: arrays of different shapes.
        FitError: no charge flowed, or the loss is no loss.
    """
    found, ideal = finite_array("charges", charges, ndim=3), finite_array("ideal_charges", ideal_charges, ndim=3)
    if found.shape != ideal.shape:
        raise InputError(f"charges and ideal_charges must have one shape, found {found.shape} and {ideal.shape}")
    n_rows, n_columns = found.shape[1:]
    design = (loss_basis(n_rows, n_columns)[:, None] * ideal).reshape(3, -1).T
    if np.linalg.matrix_rank(design.T @ design) < design.shape[1]:
        raise FitError("the losses are not determined: no charge flowed, or the array has one row or one column")
    losses, _ = nnls(design / np.abs(ideal).max(), (ideal - found).ravel() / np.abs(ideal).max())
    if losses.sum() >= 1:
        raise FitError(f"the lines lose everything, {losses}; draw the wires wider")
    driver, word_line, bit_line = map(float, losses)
    return WireLoss(n_rows=n_rows, n_columns=n_columns, driver=driver, word_line=word_line, bit_line=bit_line)
