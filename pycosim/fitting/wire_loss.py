"""Charges with and without the resistance of the wires -> wire loss by place."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import nnls

from pycosim.checks import finite_array
from pycosim.errors import FitError, InputError
from pycosim.models.wire_loss import WireLoss, loss_basis


def fit_wire_loss(charges: ArrayLike, ideal_charges: ArrayLike) -> WireLoss:
    """Fit the losses, none below 0: least squares of the relative loss, each cell with the weight of its charge.

    Least squares of the charges themselves would follow the cells with the largest current, which lose relatively less
    than the others: a pulse's error is the sum over all of them.

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
    weight = np.sqrt(np.abs(ideal) / max(float(np.abs(ideal).max()), np.finfo(float).tiny))
    lost = np.divide(ideal - found, ideal, out=np.zeros_like(ideal), where=ideal != 0)
    design = (loss_basis(n_rows, n_columns)[:, None] * weight).reshape(3, -1).T
    if np.linalg.matrix_rank(design.T @ design) < design.shape[1]:
        raise FitError("the losses are not determined: no charge flowed, or the array has one row or one column")
    losses, _ = nnls(design, (weight * lost).ravel())
    if losses.sum() >= 1:
        raise FitError(f"the lines lose everything, {losses}; draw the wires wider")
    driver, word_line, bit_line = map(float, losses)
    return WireLoss(n_rows=n_rows, n_columns=n_columns, driver=driver, word_line=word_line, bit_line=bit_line)
