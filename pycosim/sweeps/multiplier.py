"""Characterise a Gilbert cell: surface, error over both ports, distortion, response, step, noise, power, dies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from circuits.benches.gilbert_cell import MultiplierBench
from circuits.die import Die
from circuits.testbench import Testbench, render_netlist
from pycosim.checks import finite_array
from pycosim.errors import InputError
from pycosim.spice import Simulator, Waveforms
from pycosim.sweeps.characterize import Advance, characterize
from pycosim.waveforms import distortion, fall_frequency, harmonics, integrated_noise, settling_time

Array = NDArray[np.float64]

DISTORTION_FREQUENCY = 1e5
"""Of the sines whose harmonics are looked at (Hz): far below the poles of every cell here."""

SETTLED = 0.01
"""Share of its step within which an output has settled."""


def multiplier_surface(
    bench: MultiplierBench,
    simulator: Simulator,
    *,
    upper: float,
    lower: float,
    points: int = 21,
    dies: Sequence[Die | None] = (None,),
    progress: Advance | None = None,
) -> xr.Dataset:
    """Output over both ports at DC.

    Args:
        bench: multiplier and surroundings.
        simulator: any.
        upper: voltages of the upper port to both sides (V).
        lower: of the lower port.
        points: of each port, odd.
        dies: samples of mismatch; None is the cell as drawn.
        progress: called with (done, total).

    Returns:
        Over `die` (place in `dies`), `lower_voltage` and `upper_voltage` (V): `output` (V), the differential voltage,
        and `current` (A), that voltage over the load; over `die` the `power` (W) at rest.
    """
    if points < 5 or points % 2 == 0:
        raise InputError(f"a surface needs an odd number of 5 points or more for each port, found {points}")
    axes = [np.linspace(-reach, reach, points) for reach in (lower, upper)]
    supply, load = bench.technology.supply_voltage, bench.cell.load

    def measure(waves: Waveforms, one: Testbench) -> Mapping[str, Array]:
        output = np.real(waves.signals["v(out)"]).reshape(points, points)
        return {"output": output, "current": output / load}

    drawn = bench.surface(upper=upper, lower=lower, points=points)
    data = characterize(
        {"die": [float(k) for k in range(len(dies))]},
        lambda point: replace(drawn, die=dies[int(point["die"])]),
        measure,
        simulator,
        units={"output": "V", "current": "A", "lower_voltage": "V", "upper_voltage": "V"},
        inner={"lower_voltage": axes[0].tolist(), "upper_voltage": axes[1].tolist()},
        progress=progress,
    )
    waves = simulator.run(render_netlist(bench.surface(upper=upper, lower=lower, points=5)))
    drain = -np.real(waves.signals["i(vdd)"]).reshape(5, 5)[2, 2] - bench.cell.tail_current
    data["power"] = ((), float(supply * drain), {"unit": "W"})
    return data


def best_gain(surface: xr.DataArray) -> float:
    """The gain of the ideal product nearest to a surface by least squares, in its unit per V^2."""
    product = surface["upper_voltage"] * surface["lower_voltage"]
    return float((surface * product).sum() / (product**2).sum())


def product_error(surface: xr.DataArray) -> float:
    """Largest deviation of a surface from the best ideal product, over that product's full scale."""
    gain = best_gain(surface)
    product = gain * surface["upper_voltage"] * surface["lower_voltage"]
    return float(np.abs(surface - product).max() / np.abs(product).max())


def small_gain(surface: xr.DataArray) -> float:
    """Gain at the origin: the mixed difference of the four points around it, in the surface's unit per V^2."""
    k, m = surface.sizes["lower_voltage"] // 2, surface.sizes["upper_voltage"] // 2
    around = surface.isel(lower_voltage=[k - 1, k + 1], upper_voltage=[m - 1, m + 1])
    values = around.values
    area = float(np.ptp(around["lower_voltage"].values) * np.ptp(around["upper_voltage"].values))
    return float((values[1, 1] - values[1, 0] - values[0, 1] + values[0, 0]) / area)


def multiplier_distortion(
    bench: MultiplierBench,
    simulator: Simulator,
    *,
    port: str,
    amplitudes: Sequence[float],
    other: float,
    progress: Advance | None = None,
) -> xr.Dataset:
    """Harmonics of the output with a sine at one port, over `amplitude` (V): `third` over the first, and `total`.

    Args:
        bench: multiplier and surroundings.
        simulator: any.
        port: "upper" or "lower".
        amplitudes: of the sine (V).
        other: voltage of the other port (V).
        progress: called with (done, total).
    """

    def measure(waves: Waveforms, one: Testbench) -> Mapping[str, float]:
        found = harmonics(waves.time, np.real(waves.signals["v(out)"]), DISTORTION_FREQUENCY, count=7)
        return {"third": float(abs(found[3] / found[1])), "total": distortion(found)}

    return characterize(
        {"amplitude": list(amplitudes)},
        lambda point: bench.sine(port=port, amplitude=point["amplitude"], other=other, frequency=DISTORTION_FREQUENCY),
        measure,
        simulator,
        units={"amplitude": "V", "third": "", "total": ""},
        progress=progress,
    )


def multiplier_response(
    bench: MultiplierBench, simulator: Simulator, *, upper: float, lower: float, duration: float = 50e-9
) -> dict[str, float]:
    """Speed and noise of a cell.

    Args:
        bench: multiplier and surroundings.
        simulator: any.
        upper: full scale of the upper port (V): what it holds while the other is driven, and to where its step goes.
        lower: of the lower port.
        duration: of the steps (s).

    Returns:
        For each port the `bandwidth_<port>` (Hz, -3 dB), `settling_<port>` (s, to `SETTLED` of the step) and
        `slew_<port>` (V/s, the steepest slope); `noise` (V rms at the output, 1 Hz to 10 GHz, ports at full scale) and
        `noise_share` of the full-scale output.
    """
    full = {"upper": upper, "lower": lower}
    benches = []
    for port, other in (("upper", lower), ("lower", upper)):
        benches.append(bench.response(port=port, other=other))
        benches.append(bench.step(port=port, amplitude=full[port], other=other, duration=duration))
    benches.append(bench.noise(x=upper, y=lower))
    waves = [simulator.run(render_netlist(one)) for one in benches]
    found: dict[str, float] = {}
    for k, port in enumerate(("upper", "lower")):
        small, large = waves[2 * k], waves[2 * k + 1]
        response = np.asarray(small.signals["v(out)"], dtype=np.complex128)
        found[f"bandwidth_{port}"] = fall_frequency(small.axis, response, abs(response[0]) / np.sqrt(2)) or np.inf
        output = np.real(large.signals["v(out)"])
        size = abs(float(output[-1] - output[0]))
        begin = benches[2 * k + 1].parameters["step_start"]
        found[f"settling_{port}"] = settling_time(large.time, output, begin, float(large.time[-1]), SETTLED * size)
        found[f"slew_{port}"] = float(np.abs(np.gradient(output, large.time)).max())
        found["full_scale"] = size / 2
    density = np.real(waves[-1].signals["onoise_spectrum"]) ** 2
    found["noise"] = float(np.sqrt(integrated_noise(waves[-1].axis, density)))
    found["noise_share"] = found["noise"] / found["full_scale"]
    return found


def multiplier_offsets(surfaces: xr.Dataset, nominal_gain: float) -> xr.Dataset:
    """Offsets and gain of every die from its surface: current = gain (u - u0) (l - l0) + i0, by least squares.

    Args:
        surfaces: of `multiplier_surface`, over a range in which the product is linear.
        nominal_gain: of the cell as drawn (A/V^2).

    Returns:
        Over `die`: `upper_offset`, `lower_offset` (V), `output_offset` (A) and `gain` (relative to the nominal one).
    """
    current = surfaces["current"]
    u, ell = (surfaces[name].values for name in ("upper_voltage", "lower_voltage"))
    grid_l, grid_u = np.meshgrid(ell, u, indexing="ij")
    design = np.stack([grid_u * grid_l, grid_u, grid_l, np.ones_like(grid_u)], axis=-1).reshape(-1, 4)
    table = finite_array("current", current.values).reshape(current.sizes["die"], -1)
    (gain, by_u, by_l, rest), *_ = np.linalg.lstsq(design, table.T)
    lower_offset, upper_offset = -by_u / gain, -by_l / gain
    return xr.Dataset(
        {
            "upper_offset": ("die", upper_offset, {"unit": "V"}),
            "lower_offset": ("die", lower_offset, {"unit": "V"}),
            "output_offset": ("die", rest - gain * upper_offset * lower_offset, {"unit": "A"}),
            "gain": ("die", gain / nominal_gain, {"unit": ""}),
        }
    )
