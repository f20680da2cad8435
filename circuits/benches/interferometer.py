"""Benches of the interferometer: its output at rest, and the noise there."""

from __future__ import annotations

from collections.abc import Sequence

from PySpice.Spice.Netlist import Circuit

from circuits.analyses import Frequencies, Noise, OperatingPoint
from circuits.interferometer import InterferometerParameters, add_interferometer
from circuits.optical_field import TIGHT_OPTIONS
from circuits.photonic_platform import PhotonicPlatform
from circuits.testbench import Testbench


def interferometer_bench(
    parameters: InterferometerParameters,
    platform: PhotonicPlatform,
    *,
    amplitudes: Sequence[float],
    phases: Sequence[float],
) -> Testbench:
    """The output at rest for these paths; probe `v(out)` and, of every detector, `v(pd_<side>_current)` (A as V).

    Raises:
        CircuitError: paths that do not fit.
    """
    circuit = Circuit("interferometer")
    add_interferometer(circuit, parameters, platform, amplitudes=amplitudes, phases=phases)
    sides = ("bright", "dark") if parameters.oscillator_share > 0 else ("bright",)
    return Testbench(
        name="interferometer",
        circuit=circuit,
        analysis=OperatingPoint(),
        probes=("v(out)", *(f"v(pd_{side}_current)" for side in sides)),
        technology=platform.technology,
        parameters={"n_paths": len(amplitudes), "laser_power": parameters.laser_power},
        options=TIGHT_OPTIONS,
    )


def interferometer_noise_bench(
    parameters: InterferometerParameters,
    platform: PhotonicPlatform,
    *,
    amplitudes: Sequence[float],
    phases: Sequence[float],
) -> Testbench:
    """Noise of the output, 1 kHz to 10 GHz; a source without effect carries the AC value that the analysis wants."""
    circuit = Circuit("interferometer_noise")
    add_interferometer(circuit, parameters, platform, amplitudes=amplitudes, phases=phases)
    circuit.V("probe", "probe", 0, "DC 0 AC 1")
    circuit.R("probe", "probe", 0, 1e3)
    return Testbench(
        name="interferometer_noise",
        circuit=circuit,
        analysis=Noise(output="out", source="vprobe", frequencies=Frequencies(start=1e3, stop=1e10, per_decade=15)),
        probes=("onoise_spectrum",),
        technology=platform.technology,
        parameters={"n_paths": len(amplitudes), "laser_power": parameters.laser_power},
        options=TIGHT_OPTIONS,
    )
