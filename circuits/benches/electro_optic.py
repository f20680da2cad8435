"""Benches of the electro-optic unit: static transfer, symbols, small-signal response and noise."""

from __future__ import annotations

from collections.abc import Sequence

from PySpice.Spice.Netlist import Circuit

from circuits.analyses import AcSweep, Frequencies, Noise
from circuits.electro_optic import ElectroOpticParameters, add_electro_optic
from circuits.optical_field import FIELD_OPTIONS, TIGHT_OPTIONS
from circuits.photonic_platform import PhotonicPlatform
from circuits.quantities import check_quantity
from circuits.symbols import symbols
from circuits.testbench import DcSweep, SourceSweep, Testbench, Transient
from circuits.white_noise import Realisation

DAC_RANGE = 0.5
"""Largest level of the digital-to-analog converter, either sign (V). Ours."""

RESPONSE = Frequencies(start=1e7, stop=1e12, per_decade=20)
"""Grid of responses and noise: from where all is flat to where nothing is left."""

STEPS_PER_SYMBOL = 40
"""Largest time step: a symbol over so many. Halving it moves a sampled level by less than 2e-4 of full scale."""

NOISE_PER_SYMBOL = 10
"""Samples of a noise in a symbol: white to 4 % in power up to 0.7 of the symbol rate, where the receiver ends."""


def electro_optic_static_bench(
    unit: ElectroOpticParameters,
    platform: PhotonicPlatform,
    *,
    start: float = -DAC_RANGE,
    stop: float = DAC_RANGE,
    step: float = 0.01,
    swept: str = "data",
    data: float = 0.0,
    divisor: float = 0.0,
    bias_error: float = 0.0,
    name: str = "electro_optic_static",
) -> Testbench:
    """Sweep the operand or the divisor at rest, with tightened tolerances.

    Args:
        unit: sizes.
        platform: the photonic process.
        start: first level of the sweep (V, before the driver).
        stop: last level.
        step: between levels.
        swept: "data" or "divisor".
        data: level of the operand where the divisor is swept (V).
        divisor: level of the divisor where the operand is swept (V).
        bias_error: by how much the operand modulators' bias is off, in V_pi.
        name: of the netlist.
    """
    circuit = Circuit(name)
    add_electro_optic(circuit, unit, platform, data=_level(data), divisor=_level(divisor), bias_error=bias_error)
    return Testbench(
        name=name,
        circuit=circuit,
        analysis=DcSweep(inner=SourceSweep(source=f"V{swept}", start=start, stop=stop, step=step)),
        probes=("v(data)", "v(out)", "v(pd_current)"),
        technology=platform.technology,
        parameters=_parameters(unit, platform),
        options=TIGHT_OPTIONS,
    )


def electro_optic_symbols_bench(
    unit: ElectroOpticParameters,
    platform: PhotonicPlatform,
    *,
    levels: Sequence[float],
    baud: float,
    divisors: Sequence[float] = (0.0,),
    lead: int = 2,
    tail: int = 2,
    noise_seed: int | None = None,
    name: str = "electro_optic_symbols",
) -> Testbench:
    """Send symbols through the unit.

    Args:
        unit: sizes.
        platform: the photonic process.
        levels: of the operand, one for each symbol (V, before the driver).
        baud: symbols in a second.
        divisors: levels of the divisor, one for each symbol; one alone stays.
        lead: symbols before the first, at the first level.
        tail: symbols after the last, at its level, in which it arrives.
        noise_seed: of a realisation of all noise; None for a noiseless transient.
        name: of the netlist.

    Raises:
        CircuitError: no levels, or a rate that is none.
    """
    check_quantity("symbol rate", baud, "1/s", 1e3, 1e13)
    period = 1.0 / baud
    start, stop = lead * period, (lead + len(levels) + tail) * period
    step = period / STEPS_PER_SYMBOL
    sample = period / NOISE_PER_SYMBOL
    realisation = None if noise_seed is None else Realisation(seed=noise_seed, step=sample, stop=stop)
    circuit = Circuit(name)
    steady = len(divisors) == 1
    add_electro_optic(
        circuit,
        unit,
        platform,
        data=symbols(levels, period, start=start),
        divisor=_level(divisors[0]) if steady else symbols(divisors, period, start=start),
        realisation=realisation,
    )
    lines = [f"m{k}_line" for k in range(unit.n_modulators)] + (["d_line"] if unit.divisor_bias is not None else [])
    drivers = [line.replace("_line", "_driver_emf") for line in lines]
    return Testbench(
        name=name,
        circuit=circuit,
        analysis=Transient(step=step, stop=stop, max_step=step),
        probes=("v(data)", "v(out)", "v(pd_current)", *(f"v({node})" for node in (*lines, *drivers))),
        technology=platform.technology,
        parameters={**_parameters(unit, platform), "baud": baud, "first_symbol": start, "n_symbols": len(levels)},
        options=FIELD_OPTIONS,
    )


def electro_optic_response_bench(
    unit: ElectroOpticParameters,
    platform: PhotonicPlatform,
    *,
    data: float = 0.0,
    divisor: float = 0.0,
    name: str = "electro_optic_response",
) -> Testbench:
    """The small-signal response from the operand to the output, at one level of both (V)."""
    analysis = AcSweep(frequencies=RESPONSE)
    return _at_a_level(
        unit, platform, analysis, ("v(data)", "v(m0_line)", "v(pd_current)", "v(out)"), data, divisor, name
    )


def electro_optic_noise_bench(
    unit: ElectroOpticParameters,
    platform: PhotonicPlatform,
    *,
    data: float = 0.0,
    divisor: float = 0.0,
    name: str = "electro_optic_noise",
) -> Testbench:
    """The noise of the output at one level of operand and divisor (V)."""
    analysis = Noise(output="out", source="Vdata", frequencies=RESPONSE)
    return _at_a_level(unit, platform, analysis, ("onoise_spectrum",), data, divisor, name)


def _at_a_level(
    unit: ElectroOpticParameters,
    platform: PhotonicPlatform,
    analysis: AcSweep | Noise,
    probes: tuple[str, ...],
    data: float,
    divisor: float,
    name: str,
) -> Testbench:
    """A small-signal analysis of the unit at one level of operand and divisor (V)."""
    circuit = Circuit(name)
    add_electro_optic(circuit, unit, platform, data=f"{_level(data)} ac 1", divisor=_level(divisor))
    return Testbench(
        name=name,
        circuit=circuit,
        analysis=analysis,
        probes=probes,
        technology=platform.technology,
        parameters={**_parameters(unit, platform), "data": data},
        options=FIELD_OPTIONS,
    )


def _level(value: float) -> str:
    return f"{check_quantity('level of a converter', value, 'V', -100.0, 100.0):.12g}"


def _parameters(unit: ElectroOpticParameters, platform: PhotonicPlatform) -> dict[str, float]:
    return {
        "v_pi": unit.modulator.v_pi(platform),
        "laser_power": unit.laser_power(platform),
        "n_modulators": float(unit.n_modulators),
    }
