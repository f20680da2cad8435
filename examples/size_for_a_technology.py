"""Size the gain cell and both converters for a technology, step by step as a designer would, and print every figure.

    python examples/size_for_a_technology.py my_technology.toml examples/sizes/gf180mcu.toml --out my_sizes.toml

The second file holds the sizes to begin with; the result has its channel lengths of the read pair, its discharge
currents and its window delays replaced by what the simulations asked for.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from numpy.typing import NDArray

from circuits.charge_to_pulse import ChargeToPulseParameters
from circuits.gain_cell import GainCellParameters
from circuits.sizes import load_sizes, render_sizes
from circuits.technology import Technology, load_technology
from circuits.timing import ColumnTiming, token_period
from pycosim.flows.sizing import judge_transfer, size_read_pair, trim_converter, written_levels
from pycosim.spice import NgspicePool, Simulator
from pycosim.sweeps.cell import read_charges
from pycosim.sweeps.column import Column, column_reads
from pycosim.sweeps.converter import converter_transfer
from pycosim.sweeps.retention import hold_drift

Array = NDArray[np.float64]

N_LEVELS = 8
N_CODES = 16
SHARES = (-0.9, -0.6, -0.3, -0.1, 0.0, 0.1, 0.3, 0.5, 0.7, 0.9, 1.2)
HOLD_TIMES = (1e-6, 1e-5, 1e-4, 1e-3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What every step measures with."""

    cell: GainCellParameters
    technology: Technology
    timing: ColumnTiming
    simulator: Simulator

    @property
    def levels(self) -> Array:
        """The stored levels (V)."""
        return np.linspace(0.0, self.technology.supply_voltage, N_LEVELS)

    def charges(self, stored_voltages: Array, pulse_widths: Array) -> Array:
        """Charge of one read (C) over pulse width and level."""
        found = read_charges(
            self.cell,
            self.technology,
            self.simulator,
            stored_voltages=stored_voltages.tolist(),
            pulse_widths=pulse_widths.tolist(),
        )
        return np.asarray(found["charge"].values[0])


def report_cell(bench: Bench) -> None:
    """Print the read current against the stored voltage: its ends, where it crosses zero, how straight it is."""
    supply, longest, cell = bench.technology.supply_voltage, bench.timing.input_window, bench.cell
    stored = np.linspace(0.0, supply, 16)
    current = bench.charges(stored, np.array([longest]))[0] / longest
    pair = (cell.read_nmos, cell.read_pmos or cell.read_nmos)
    nmos, pmos = (f"{mosfet.width * 1e6:.2f}/{mosfet.length * 1e6:.2f} um" for mosfet in pair)
    typer.echo(f"   read NMOS {nmos}, read PMOS {pmos}")
    rising = "rises everywhere" if np.diff(current).min() > 0 else "does not rise everywhere"
    typer.echo(f"   read current {current[0] * 1e6:+.2f} .. {current[-1] * 1e6:+.2f} uA, {rising}")
    crossing = float(np.interp(0.0, current, stored))
    typer.echo(f"   zero crossing at {crossing:.3f} V, {crossing / supply:.3f} of the supply")
    scale = np.abs(current).max()
    bent = np.std(current - np.polyval(np.polyfit(stored, current, 1), stored)) / scale
    even = np.abs(current + current[::-1]).max() / 2 / scale
    typer.echo(f"   from a straight line {100 * bent:.1f} % rms, even part up to {100 * even:.1f} %, of full scale")


def report_write(bench: Bench) -> None:
    """Print how well the write gate settles, what it injects, and how long a level is held."""
    levels = bench.levels.tolist()
    level, write = levels[1], bench.timing.write_time
    common = (bench.cell, bench.technology, bench.simulator)
    settled, closed = written_levels(*common, stored_voltages=levels, write_time=write)
    typer.echo(
        f"   a level is {level * 1e3:.0f} mV; {write * 1e9:.0f} ns write it to {np.abs(settled).max() * 1e3:.2f} mV"
    )
    typer.echo(f"   closing the gate moves it by {closed.min() * 1e3:+.1f} .. {closed.max() * 1e3:+.1f} mV")
    drift = hold_drift(*common, stored_voltages=levels, hold_time=max(HOLD_TIMES))
    moved = np.abs(drift["voltage"].values[0] - np.array(levels)).max(axis=1)
    for time in HOLD_TIMES:
        worst = float(np.interp(time, drift["age"].values, moved))
        typer.echo(f"   held {time * 1e6:6.0f} us: worst drift {worst * 1e3:7.2f} mV, {worst / level:.3f} of a level")


def report_converter(bench: Bench, converter: ChargeToPulseParameters) -> None:
    """Print the transfer of a trimmed converter."""
    longest = bench.timing.max_pulse_width
    typer.echo(
        f"   discharge current {converter.discharge_current * 1e6:.3f} uA, window delay "
        f"{bench.timing.window_delay * 1e9:.3f} ns"
    )
    found = judge_transfer(converter, bench.cell, bench.technology, bench.timing, bench.simulator, shares=SHARES)
    typer.echo("   charge over full scale" + "".join(f"{share:+8.2f}" for share in found.shares))
    typer.echo(
        f"   pulse over {longest * 1e9:3.0f} ns      " + "".join(f"{width:+8.4f}" for width in found.pulse_widths)
    )
    typer.echo(
        f"   gain {found.gain:.4f}, offset {100 * found.offset:+.2f} %, "
        f"at most {100 * found.residual:.2f} % of full scale from the line"
    )


def report_column(bench: Bench, converter: ChargeToPulseParameters, n_rows: int, lowest_level: int) -> None:
    """Print pulse and energy of a column with random operands, and the pulse of the sum of its cells' charges."""
    rng, longest = np.random.default_rng(0), bench.timing.input_window
    levels, codes = rng.integers(lowest_level, N_LEVELS, size=n_rows), rng.integers(N_CODES, size=n_rows)
    widths = np.arange(1, N_CODES) / (N_CODES - 1) * longest
    single = np.vstack([np.zeros(N_LEVELS), bench.charges(bench.levels, widths)])
    total = float(single[codes, levels].sum())
    common = (bench.technology, bench.timing)
    alone = converter_transfer(converter, *common, bench.simulator, charges=[total], cell=bench.cell)
    column = column_reads(
        Column(cell=bench.cell, converter=converter, technology=bench.technology, timing=bench.timing),
        bench.simulator,
        stored_voltages=bench.levels[levels][None],
        pulse_widths=(codes / (N_CODES - 1) * longest)[None],
    ).isel(sample=0)
    full_scale = bench.timing.max_pulse_width
    pulses = (total / converter.saturation_current, *(float(d["pulse_width"].squeeze()) for d in (alone, column)))
    asked, converted, read = (pulse / full_scale for pulse in pulses)
    energies = [float(column[f"energy_{part}"]) * 1e12 for part in ("converter", "bias", "word_lines", "write")]
    typer.echo(f"   {n_rows} cells, sum of their charges {asked:+.4f} of full scale")
    typer.echo(f"   pulse of that charge {converted:+.4f}, pulse of the column {read:+.4f}")
    typer.echo(
        "   converter {:.1f} pJ, its bias diodes {:.1f} pJ, read word lines {:.1f} pJ, write {:.1f} pJ".format(
            *energies
        )
    )


def main(
    technology_file: Annotated[Path, typer.Argument(help="Technology (TOML), see docs/technology.md")],
    sizes_file: Annotated[Path, typer.Argument(help="Sizes to begin with (TOML)")],
    full_current_ua: Annotated[float, typer.Option(help="Read current at the rails, uA")] = 10.0,
    rows: Annotated[int, typer.Option(help="Cells of the column that is read")] = 64,
    out: Annotated[Path | None, typer.Option(help="Where the sizes are written")] = None,
) -> None:
    """Size, trim and check; print every figure."""
    technology, sizes = load_technology(technology_file), load_sizes(sizes_file)
    with NgspicePool(n_workers=1) as simulator:
        typer.echo(f"1. Read pair for +-{full_current_ua:g} uA")
        cell = size_read_pair(
            sizes.cell,
            technology,
            simulator,
            full_current=full_current_ua * 1e-6,
            pulse_width=sizes.timing.input_window,
        )
        bench = Bench(cell=cell, technology=technology, timing=sizes.timing, simulator=simulator)
        report_cell(bench)
        typer.echo("2. Write gate")
        report_write(bench)
        typer.echo("3. Converter")
        converter, timing = trim_converter(sizes.converter, cell, technology, sizes.timing, simulator)
        unsigned_bench = replace(bench, timing=timing)
        report_converter(unsigned_bench, converter)
        typer.echo("4. Signed converter")
        signed, signed_timing = trim_converter(sizes.signed_converter, cell, technology, sizes.signed_timing, simulator)
        signed_bench = replace(bench, timing=signed_timing)
        report_converter(signed_bench, signed)
        typer.echo("5. A column, written, read and converted")
        report_column(unsigned_bench, converter, rows, 1)
        report_column(signed_bench, signed, rows, 0)
        typer.echo(f"6. A token takes {token_period(timing, signed_timing) * 1e9:.1f} ns, as the clocks grant it")
    if out is not None:
        found = replace(
            sizes, cell=cell, converter=converter, timing=timing, signed_converter=signed, signed_timing=signed_timing
        )
        out.write_text(render_sizes(found), encoding="utf-8")
        typer.echo(f"sizes written to {out}")


if __name__ == "__main__":
    typer.run(main)
