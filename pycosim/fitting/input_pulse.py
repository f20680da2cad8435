"""Measured widths of the input driver -> its law."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from pycosim.errors import FitError
from pycosim.fitting.fit import Fit, covariance_of, judge, paired_points
from pycosim.models.input_pulse import InputPulse


def fit_input_pulse(
    codes: ArrayLike,
    pulse_widths: ArrayLike,
    *,
    held_out: ArrayLike,
    n_codes: int,
    unit_time: float,
    max_residual_rms: float | None = None,
    netlist_digests: Sequence[str] = (),
) -> Fit[InputPulse]:
    """Fit gain and offset by least squares.

    Args:
        codes: 1 or more; code 0 has no pulse and no place in the line.
        pulse_widths: s; both columns broadcast with each other.
        held_out: mask of points kept for judging.
        n_codes: codes of the driver, 0 included.
        unit_time: what a code counts, s.
        max_residual_rms: FitError where the held-out points miss it, s; None for no bound.
        netlist_digests: where the points came from.

    Raises:
        FitError: where the bound is missed, a code is 0, or fewer than two codes are fitted.
    """
    (code, width), mask = paired_points(held_out, {"codes": codes, "pulse_widths": pulse_widths})
    if code.min() < 1:
        raise FitError(f"the line holds for codes of 1 and more, found {code.min():g}; leave code 0 out")
    if np.unique(code[~mask]).size < 2:
        raise FitError("two codes or more must be fitted; measure more")
    jacobian = np.stack([unit_time * code[~mask], np.ones(int((~mask).sum()))], axis=1)
    scale = np.array([1.0, unit_time])  # both columns of one size
    (gain, offset), *_ = np.linalg.lstsq(jacobian * scale / unit_time, width[~mask] / unit_time, rcond=None)
    model = InputPulse(n_codes=n_codes, unit_time=unit_time, gain=float(gain), offset=float(offset * unit_time))
    residuals = model.pulse_width(code) - width
    return judge(
        model=model,
        parameters={"gain": model.gain, "offset": model.offset},
        covariance=covariance_of(jacobian, residuals[~mask]),
        residuals=residuals,
        held_out=mask,
        unit="s",
        domain=model.domain,
        netlist_digests=netlist_digests,
        max_residual_rms=max_residual_rms,
    )
