"""What an electro-optic unit should do, in closed form, from its sizes: its transfer, and the budget of its noise."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import fsum, pi, sqrt

from circuits.electro_optic import ElectroOpticParameters
from circuits.mach_zehnder import largest_transmission
from circuits.photonic_platform import PhotonicPlatform
from circuits.transimpedance import TransimpedanceParameters, feedback_capacitance, maximally_flat
from circuits.white_noise import ELEMENTARY_CHARGE, thermal_density
from pycosim.models.modulator import ModulatorEdge

RECEIVER_SHARE = 0.7
"""Bandwidth of a receiver over the symbol rate [textbook]: less smears symbols, more lets noise in."""

NOISE_BANDWIDTH = 1.11
"""Noise bandwidth over -3 dB bandwidth of a maximally flat second-order response [textbook: pi / (2 sqrt(2))]."""


def receiver_for(
    baud: float, platform: PhotonicPlatform, feedback_resistance: float = 500.0
) -> TransimpedanceParameters:
    """The maximally flat receiver of a symbol rate (1/s): `RECEIVER_SHARE` of it wide."""
    return maximally_flat(RECEIVER_SHARE * baud, platform.capacitance, feedback_resistance)


def transimpedance(unit: ElectroOpticParameters) -> float:
    """Output over photocurrent at rest (ohm)."""
    gain = unit.receiver.gain
    return unit.receiver.feedback_resistance * gain / (1.0 + gain)


def drawn_edge(unit: ElectroOpticParameters, platform: PhotonicPlatform, *, divisor: float = 0.0) -> ModulatorEdge:
    """The transfer from the operand's level to the output, as the sizes say.

    Args:
        unit: sizes.
        platform: the photonic process.
        divisor: level of the divisor (V).
    """
    best = largest_transmission(unit.modulator, platform)
    power = unit.laser_power(platform) * best**unit.n_modulators
    if unit.divisor_bias is not None:
        power *= best * float(_edge(unit, platform, unit.divisor_bias).output(divisor))
    full = platform.responsivity * power * transimpedance(unit)
    return replace(
        _edge(unit, platform, unit.bias),
        n_modulators=unit.n_modulators,
        full=full,
        offset=platform.dark_current * transimpedance(unit),
    )


def drawn_divisor_edge(unit: ElectroOpticParameters, platform: PhotonicPlatform, *, data: float) -> ModulatorEdge:
    """The transfer from the divisor's level to the output, with the operand's level at `data` (V)."""
    assert unit.divisor_bias is not None
    whole = drawn_edge(unit, platform)
    edge = _edge(unit, platform, unit.divisor_bias)
    light = float(whole.output(data)) - whole.offset
    return replace(edge, full=light / float(edge.output(0.0)), offset=whole.offset)


def _edge(unit: ElectroOpticParameters, platform: PhotonicPlatform, bias: float) -> ModulatorEdge:
    """One modulator with its driver, over a full transmission of 1."""
    return ModulatorEdge(
        phase=pi / 2 * bias,
        slope=pi / 2 * unit.driver.gain / unit.modulator.v_pi(platform),
        saturation=unit.driver.saturation / unit.driver.gain,
        floor=10.0 ** (-platform.extinction / 10.0),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class NoiseShares:
    """Deviations of the photocurrent's noise by origin (A)."""

    shot: float
    feedback: float
    amplifier: float
    laser: float
    driver: float

    @property
    def total(self) -> float:
        """All together (A)."""
        return sqrt(fsum(part**2 for part in (self.shot, self.feedback, self.amplifier, self.laser, self.driver)))


def noise_budget(
    unit: ElectroOpticParameters, platform: PhotonicPlatform, *, level: float, bandwidth: float
) -> NoiseShares:
    """The noise of a sample, in closed form, with a receiver of so much bandwidth.

    Shot 2 q I B; feedback 4 k T B / R_f; amplifier 4 k T R_n (1 / R_f^2 + (2 pi f (C_in + C_f))^2) B, f the bandwidth
    of a maximally flat receiver (whose integral of f^2 |H|^2 is f^2 B); laser RIN I^2 B; driver (dI/dv)^2 4 k T R B of
    its input and, over its gain, of its matched ends.

    Args:
        unit: sizes.
        platform: the photonic process.
        level: of the operand (V); the divisor is at 0.
        bandwidth: -3 dB (Hz).
    """
    edge, gain, celsius = drawn_edge(unit, platform), transimpedance(unit), platform.technology.temperature
    current, slope = float(edge.output(level)) / gain, float(edge.derivative(level)) / gain
    band, receiver = NOISE_BANDWIDTH * bandwidth, unit.receiver
    capacitance = receiver.input_capacitance + platform.capacitance
    capacitance += feedback_capacitance(receiver, platform.capacitance)
    noisy = thermal_density(receiver.input_noise_resistance, celsius)
    ends = 2 * thermal_density(unit.driver.output_resistance, celsius) / 4 / unit.driver.gain**2
    seen = thermal_density(unit.driver.input_noise_resistance, celsius) + ends
    shares = slope / unit.n_modulators  # each of the modulators in series has a driver of its own
    return NoiseShares(
        shot=sqrt(2 * ELEMENTARY_CHARGE * current * band),
        feedback=sqrt(thermal_density(1.0, celsius) * band / receiver.feedback_resistance),
        amplifier=sqrt(noisy * band * (receiver.feedback_resistance**-2 + (2 * pi * capacitance * bandwidth) ** 2)),
        laser=current * sqrt(platform.relative_intensity_noise * band),
        driver=abs(shares) * sqrt(unit.n_modulators * seen * band),
    )
