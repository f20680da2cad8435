"""A push-pull Mach-Zehnder modulator in thin-film lithium niobate.

    in --[splitter]--+-- exp(+i phase/2), 1 --+--[combiner]-- out      phase = pi (v_light + v_bias) / V_pi + pi
                     +-- exp(-i phase/2), a --+

Its transmission is T_max (T_min + (1 - T_min) sin^2(pi (v_light + v_bias) / (2 V_pi))): dark without voltage. T_min,
one over the extinction ratio, comes from unequal arms: ER (dB) = 20 log10((1 + a) / (1 - a)). T_max is the insertion
loss, of both junctions, the waveguide and the weaker arm. The light's delay through the modulator is not here but in a
waveguide after it, because electrode and light travel together (`circuits.electrode`).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import pi

from PySpice.Spice.Netlist import Netlist as SpiceScope

from circuits.couplers import add_combiner, add_splitter
from circuits.optical_field import add_superposition, amplitude_of_loss, number
from circuits.photonic_platform import PhotonicPlatform
from circuits.quantities import check_quantity
from circuits.waveguide import add_phase_shifter
from circuits.white_noise import add_noiseless_resistor


@dataclass(frozen=True, slots=True, kw_only=True)
class ModulatorParameters:
    """Sizes of one modulator.

    Attributes:
        length: of arms and electrode (m) [a published device: 6 mm, push-pull V_pi 3.79 V].
        n_sections: of the electrode's ladder.
        drifts: whether what the oxide screens of the bias is in the netlist; the rest of the circuit then has to be
            looked at after seconds.
    """

    length: float = 6e-3
    n_sections: int = 4
    drifts: bool = False

    def v_pi(self, platform: PhotonicPlatform) -> float:
        """Push-pull half-wave voltage (V)."""
        return platform.v_pi_length / self.length


def arm_ratio(extinction: float) -> float:
    """Amplitude of the weaker arm over the stronger, from the extinction ratio (dB).

    Raises:
        CircuitError: a ratio that is none.
    """
    visibility = 10.0 ** (-check_quantity("extinction ratio", extinction, "dB", 3.0, 300.0) / 20.0)
    return float((1.0 - visibility) / (1.0 + visibility))


def largest_transmission(modulator: ModulatorParameters, platform: PhotonicPlatform) -> float:
    """T_max: share of the power that passes at best."""
    loss = 2 * platform.junction_loss + modulator.length * platform.loss
    return amplitude_of_loss(loss) ** 2 * ((1.0 + arm_ratio(platform.extinction)) / 2.0) ** 2


def add_mach_zehnder(
    scope: SpiceScope,
    name: str,
    source: str,
    output: str,
    *,
    light_voltage: str,
    bias_node: str,
    modulator: ModulatorParameters,
    platform: PhotonicPlatform,
) -> None:
    """Add a modulator.

    Args:
        scope: circuit that receives it.
        name: of its elements and nodes.
        source: port that goes in.
        output: port that comes out.
        light_voltage: expression of the voltage that the light sees (V), from `add_electrode`.
        bias_node: node of the bias (V).
        modulator: sizes.
        platform: V_pi times length, extinction, losses.

    Raises:
        CircuitError: a size that is none.
    """
    check_quantity(f"length of the modulator {name}", modulator.length, "m", 1e-6, 1.0)
    factor = number(pi / modulator.v_pi(platform))
    bias = _drifting(scope, name, bias_node, platform) if modulator.drifts else bias_node
    scope.B(f"{name}_phase", f"{name}_phase", 0, v=f"{number(pi)}+{factor}*({light_voltage}+v({bias}))")
    arms = (f"{name}_a", f"{name}_b")
    add_splitter(scope, f"{name}_split", source, [f"{arm}_in" for arm in arms], loss=platform.junction_loss)
    loss = modulator.length * platform.loss
    for arm, share in zip(arms, (0.5, -0.5), strict=True):
        add_phase_shifter(scope, arm, f"{arm}_in", f"{arm}_out", f"{name}_phase", share=share, loss=loss)
    add_superposition(scope, f"{name}_weak", f"{name}_weak", [(f"{arms[1]}_out", arm_ratio(platform.extinction))])
    pair = (f"{arms[0]}_out", f"{name}_weak")
    add_combiner(scope, f"{name}_join", pair, output, loss=platform.junction_loss)


def _drifting(scope: SpiceScope, name: str, bias_node: str, platform: PhotonicPlatform) -> str:
    """The bias less what is screened of it: v - share lowpass(v); one time constant, noiseless."""
    screened, left = f"{name}_screened", f"{name}_bias"
    add_noiseless_resistor(scope, f"{name}_screen", (bias_node, screened), 1.0)
    scope.C(f"{name}_screen", screened, 0, platform.drift_time)
    scope.B(f"{name}_bias", left, 0, v=f"v({bias_node})-{number(platform.drift_share)}*v({screened})")
    return left
