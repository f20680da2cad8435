"""The electro-optic nonlinearity: light through modulators, whose drive is the operand and whose power is the result.

    laser --[divisor modulator]--[operand modulators, n in series]--[waveguide]-- photodiode --[transimpedance]-- out

Optmax: the operand modulators stand on the rising edge, which stands in for exp, and the divisor modulator on the
falling edge, which stands in for one over the sum: its light is what the operand modulators divide. Optmoid: one
operand modulator over its full swing and no divisor modulator [2026 Mickeler]. The divisor modulator comes first, so
that its transit is not on an operand's way.

Every modulator has a driver and an electrode of its own. Those in series get the operand when the light arrives, so
that in the frame that travels with the light they act at once; the transit of all is in the waveguide.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import pi, sin

from PySpice.Spice.Netlist import Circuit

from circuits.electrode import add_electrode
from circuits.laser import add_laser
from circuits.mach_zehnder import ModulatorParameters, add_mach_zehnder, largest_transmission
from circuits.modulator_driver import DriverParameters, add_modulator_driver
from circuits.photodiode import add_photodiode
from circuits.photonic_platform import PhotonicPlatform
from circuits.quantities import check_count, check_quantity
from circuits.transimpedance import TransimpedanceParameters, add_transimpedance
from circuits.waveguide import add_waveguide
from circuits.white_noise import Realisation


@dataclass(frozen=True, slots=True, kw_only=True)
class ElectroOpticParameters:
    """Sizes of one unit.

    Attributes:
        modulator: of every modulator.
        driver: of every modulator.
        receiver: transimpedance amplifier.
        n_modulators: operand modulators in series.
        bias: of the operand modulators, in V_pi above the dark point: 1/4 for the lower half of the rising edge, 1/2
            for a full swing.
        divisor_bias: of the divisor modulator, in V_pi; 3/2 is the middle of the falling edge. None for none.
        full_scale_power: at the photodiode, with the operand modulators 1/4 V_pi above their bias (for a bias of 1/2:
            at full transmission) and the divisor modulator at its bias (W).
        routing: waveguide between the last modulator and the photodiode (m).
    """

    modulator: ModulatorParameters = field(default_factory=ModulatorParameters)
    driver: DriverParameters = field(default_factory=DriverParameters)
    receiver: TransimpedanceParameters = field(default_factory=TransimpedanceParameters)
    n_modulators: int = 1
    bias: float = 0.25
    divisor_bias: float | None = 1.5
    full_scale_power: float = 1e-3
    routing: float = 1e-3

    def laser_power(self, platform: PhotonicPlatform) -> float:
        """Power of the laser (W) that gives the full scale, whatever the modulators lose."""
        top = 1.0 if self.bias == 0.5 else sin(pi / 2 * (self.bias + 0.25)) ** 2
        passed = (largest_transmission(self.modulator, platform) * top) ** self.n_modulators
        if self.divisor_bias is not None:
            passed *= largest_transmission(self.modulator, platform) * sin(pi / 2 * self.divisor_bias) ** 2
        return self.full_scale_power / passed


def optmax_unit(n_modulators: int = 1) -> ElectroOpticParameters:
    """The unit of Optmax with so many operand modulators in series."""
    return ElectroOpticParameters(n_modulators=n_modulators)


def optmoid_unit() -> ElectroOpticParameters:
    """The unit of Optmoid: one modulator over its full swing."""
    return ElectroOpticParameters(bias=0.5, divisor_bias=None)


def add_electro_optic(
    circuit: Circuit,
    unit: ElectroOpticParameters,
    platform: PhotonicPlatform,
    *,
    data: str,
    divisor: str,
    realisation: Realisation | None = None,
    bias_error: float = 0.0,
) -> None:
    """Add a unit with its sources: `data` and `divisor` are driven by Vdata and Vdivisor, the result is v(out).

    Args:
        circuit: receives it.
        unit: sizes.
        platform: the photonic process.
        data: what Vdata does (value or waveform, V), before the drivers.
        divisor: what Vdivisor does.
        realisation: of the noise in a transient; None for none there.
        bias_error: by how much the bias of the operand modulators is off, in V_pi.

    Raises:
        CircuitError: a size that is none.
    """
    check_count("modulators in series", unit.n_modulators, 16)
    check_quantity("full-scale power", unit.full_scale_power, "W", 1e-9, 1.0)
    v_pi, temperature = unit.modulator.v_pi(platform), platform.technology.temperature
    check_quantity("bias of the operand modulators", unit.bias + bias_error, "V_pi", -4.0, 4.0)
    circuit.V("data", "data", 0, data)
    circuit.V("bias", "bias", 0, (unit.bias + bias_error) * v_pi)
    add_laser(circuit, "laser", "light", unit.laser_power(platform), platform, realisation)
    stages = [(f"m{k}", "data", "bias") for k in range(unit.n_modulators)]
    if unit.divisor_bias is not None:
        check_quantity("bias of the divisor modulator", unit.divisor_bias, "V_pi", -4.0, 4.0)
        circuit.V("divisor", "divisor", 0, divisor)
        circuit.V("divisorbias", "divisorbias", 0, unit.divisor_bias * v_pi)
        stages.insert(0, ("d", "divisor", "divisorbias"))
    port = "light"
    for name, drive, bias in stages:
        add_modulator_driver(
            circuit,
            f"{name}_driver",
            drive,
            f"{name}_line",
            unit.driver,
            temperature=temperature,
            realisation=realisation,
        )
        seen = add_electrode(
            circuit,
            f"{name}_line",
            f"{name}_line",
            unit.modulator.length,
            platform,
            n_sections=unit.modulator.n_sections,
            realisation=realisation,
        )
        add_mach_zehnder(
            circuit,
            name,
            port,
            f"{name}_out",
            light_voltage=seen,
            bias_node=bias,
            modulator=unit.modulator,
            platform=platform,
        )
        port = f"{name}_out"
    way = unit.n_modulators * unit.modulator.length + unit.routing
    add_waveguide(circuit, "way", port, "end", way, platform, lossless=True)
    add_photodiode(circuit, "pd", "end", ("detected", "0"), platform, realisation)
    add_transimpedance(
        circuit,
        "tia",
        "detected",
        "out",
        unit.receiver,
        source_capacitance=platform.capacitance,
        temperature=temperature,
        realisation=realisation,
    )
