"""Interference as arithmetic: one laser, n paths with a mask each, one sum of fields, and two ways to read it.

    laser --+-- splitter 1:n -- path k: mirror (amplitude x_k), mask (phase phi_k + error) -- combiner --- E_S
            +-- local oscillator, phase theta ---------------------------------------------------------- E_LO

    E_S = sqrt(P_S) / n sum_k x_k exp(i phi_k)

    single detector     I = R |E_S|^2                                quadratic in the fields: no sum of products
    balanced homodyne   I+ - I- = 2 R Re(E_LO* E_S)                  linear: 2 R sqrt(P_LO P_S) / n sum_k x_k cos(phi_k)

So a phase mask's pixel is a signed weight, w = cos(phi), without any amplitude modulator of its own. [textbook]

A mirror is on or off: grey levels are the share of a super-pixel's mirrors that are on, and a mirror that is off leaves
1 / sqrt(contrast) of the field. A mask of b bits has 2^b phases, equally spaced.

The lights of independent lasers do not interfere: there is one laser here, and its noise is in both detectors.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import acos, cos, pi, sqrt

from PySpice.Spice.Netlist import Netlist as SpiceScope

from circuits.couplers import add_combiner, add_coupler, add_splitter
from circuits.laser import add_laser
from circuits.optical_field import add_superposition, turned
from circuits.photodiode import add_photodiode
from circuits.photonic_platform import PhotonicPlatform
from circuits.quantities import check_count, check_quantities, check_quantity
from circuits.transimpedance import TransimpedanceParameters, add_transimpedance


@dataclass(frozen=True, slots=True, kw_only=True)
class InterferometerParameters:
    """One output of an interferometer (ours).

    Attributes:
        laser_power: of the one laser (W).
        oscillator_share: of it, for the local oscillator; 0 for a single detector without one.
        amplifier: behind the detectors.
        oscillator_phase: error of the local oscillator's phase (rad): its drift.
        loss: of every path (dB).
        balance: share of the power that the last coupler sends across; 0.5 cancels the laser's noise.
    """

    laser_power: float = 1e-3
    oscillator_share: float = 0.5
    amplifier: TransimpedanceParameters = field(
        default_factory=lambda: TransimpedanceParameters(feedback_resistance=10e3, gain_bandwidth=1e9, gain=1e5)
    )
    oscillator_phase: float = 0.0
    loss: float = 0.0
    balance: float = 0.5

    def __post_init__(self) -> None:
        """Check that every number is one."""
        check_quantity("power of the laser", self.laser_power, "W", 1e-12, 10.0)
        check_quantity("share of the local oscillator", self.oscillator_share, "", 0.0, 1.0 - 1e-6)
        check_quantity("phase of the local oscillator", self.oscillator_phase, "rad", -1e3, 1e3)
        check_quantity("balance of the last coupler", self.balance, "", 0.0, 1.0)

    @property
    def signal_power(self) -> float:
        """P_S: what the paths share (W)."""
        return self.laser_power * (1.0 - self.oscillator_share)

    @property
    def oscillator_power(self) -> float:
        """P_LO (W)."""
        return self.laser_power * self.oscillator_share


def phase_of_weight(weight: float, bits: int | None = None) -> float:
    """The mask's phase (rad) whose cosine is a weight of -1 to 1, of 2^bits equally spaced ones or any.

    Raises:
        CircuitError: a weight outside, or bits that are none.
    """
    phase = acos(check_quantity("weight of a path", weight, "", -1.0, 1.0))
    if bits is None:
        return phase
    step = 2 * pi / 2 ** check_count("bits of the mask", bits, 16)
    # of the phases around, the one whose cosine is nearest: weights are read, not phases
    near = round(phase / step)
    return float(min(((near + k) * step for k in (-1, 0, 1)), key=lambda one: abs(cos(one) - weight)))


def mirror_amplitude(level: float, contrast: float) -> float:
    """Field of a super-pixel with a share `level` of its mirrors on; the others leave 1 / sqrt(contrast).

    Raises:
        CircuitError: a level outside 0 to 1, or a contrast below 1.
    """
    check_quantity("level of a super-pixel", level, "", 0.0, 1.0)
    check_quantity("contrast of a mirror", contrast, "", 1.0, 1e12)
    return float(level + (1.0 - level) / sqrt(contrast))


def add_interferometer(
    scope: SpiceScope,
    parameters: InterferometerParameters,
    platform: PhotonicPlatform,
    *,
    amplitudes: Sequence[float],
    phases: Sequence[float],
) -> None:
    """Add laser, paths, detectors and amplifier; the output node is `out`, about 0 V, R_f times the current.

    Args:
        scope: circuit that receives it.
        parameters: powers, read-out, imperfections.
        platform: photodiodes, noise of the laser.
        amplitudes: x_k of the paths, 0 to 1.
        phases: of the paths (rad), errors included.

    Raises:
        CircuitError: not one phase for every amplitude, or numbers that are none.
    """
    levels = check_quantities("amplitudes of the paths", list(amplitudes), "", 0.0, 1.0)
    angles = check_quantities("phases of the paths", list(phases), "rad", -1e3, 1e3)
    check_quantity("phases, one for every path", len(angles), "", len(levels), len(levels))
    add_laser(scope, "laser", "laser", parameters.laser_power, platform)
    share = parameters.oscillator_share
    add_splitter(scope, "tap", "laser", ["signal", "local"], shares=[1.0 - share, share])
    paths = [f"p{k}" for k in range(len(levels))]
    add_splitter(scope, "fan", "signal", paths, loss=parameters.loss)
    masked = [f"m{k}" for k in range(len(levels))]
    for path, output, level, angle in zip(paths, masked, levels, angles, strict=True):
        add_superposition(scope, f"mask_{output}", output, [(path, level * turned(angle))])
    add_combiner(scope, "sum", masked, "sum")
    source_capacitance = platform.capacitance
    if share > 0:
        # the coupler turns by a quarter: the oscillator is turned back, so that in phase means the real part
        quarter = turned(parameters.oscillator_phase + pi / 2)
        add_superposition(scope, "theta", "turned", [("local", quarter)])
        add_coupler(scope, "mix", ("sum", "turned"), ("bright", "dark"), cross=parameters.balance)
        add_photodiode(scope, "pd_dark", "dark", ("current", "0"), platform)
        add_photodiode(scope, "pd_bright", "bright", ("0", "current"), platform)
        source_capacitance *= 2
    else:
        add_photodiode(scope, "pd_bright", "sum", ("current", "0"), platform)
    add_transimpedance(
        scope,
        "tia",
        "current",
        "out",
        parameters.amplifier,
        source_capacitance=source_capacitance,
        temperature=platform.technology.temperature,
    )
