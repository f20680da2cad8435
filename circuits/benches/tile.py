"""Bench of a whole tile in one netlist: both arrays written, read, converted, read and converted again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from PySpice.Spice.Netlist import Circuit

from circuits.benches.array import WORD_LINE_DRIVER_RESISTANCE, add_word_line_sources
from circuits.benches.cell import DATA_LINE_DRIVER_RESISTANCE
from circuits.benches.read_outs import add_read_outs, column_probes
from circuits.charge_to_pulse import ChargeToPulseParameters
from circuits.devices import Mosfet
from circuits.errors import CircuitError
from circuits.gain_cell import GainCellParameters, gain_cell
from circuits.gain_cell_array import WriteBy, add_array
from circuits.interconnect import ArrayWires
from circuits.pulse_driver import PulseDriverParameters, word_line_driver
from circuits.quantities import check_quantities
from circuits.stimuli import EDGE_TIME, piecewise_linear, pulse
from circuits.technology import Technology
from circuits.testbench import Testbench, Transient
from circuits.timing import ColumnTiming

WRITE_GAP = 1e-9
"""From the end of a token's write to the next one's beginning (s): the data lines change in it."""

DRIVER_DELAY = 0.2e-9
"""What the second integration is granted for the word-line drivers between the arrays (s). Ours: a chain of four
inverters, each with four times its own load."""

ROWS_PER_UNIT = 8
"""Rows for one unit of the conveyor: 64 rows have eight."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TileTiming:
    """The plan of a tile.

    Attributes:
        writes: beginning of each token's write (s).
        first: plan of the first array's read; `second` of the second one's.
    """

    writes: tuple[float, ...]
    first: ColumnTiming
    second: ColumnTiming


def tile_timing(first: ColumnTiming, second: ColumnTiming, n_tokens: int) -> TileTiming:
    """Plan of a tile: tokens written one after the other, then both reads of the column plans.

    The second array integrates while the first one's converters emit their pulses.
    """
    slot = first.write_time + WRITE_GAP
    writes = tuple(first.write_start + k * slot for k in range(n_tokens))
    start = first.input_start + (n_tokens - 1) * slot
    read = replace(first, write_start=writes[-1], input_start=start)
    again = replace(
        second,
        write_start=writes[-1],
        input_start=read.window_start,
        settle_time=second.settle_time + DRIVER_DELAY,
    )
    return TileTiming(writes=writes, first=read, second=again)


def converter_for_rows(converter: ChargeToPulseParameters, n_rows: int) -> ChargeToPulseParameters:
    """The same converter for an array with fewer or more rows, so that its pulses use their range.

    The units of the conveyor on the bit line follow the rows, one for `ROWS_PER_UNIT`, at least one, and the amplifier
    that drives them follows the units: its widths, its current and its Miller capacitor. The loop then has the same
    bandwidth (with the units alone it rings by 0.1 V, since the amplifier is too strong for one of them). A unit still
    copies to the same capacitor, so that the full charge and the current that the clamp carries follow the rows.
    """
    conveyor = converter.conveyor
    units = max(1, round(n_rows / ROWS_PER_UNIT))
    scale = units / conveyor.copy_ratio

    def scaled(mosfet: Mosfet) -> Mosfet:
        return replace(mosfet, width=scale * mosfet.width)

    return replace(
        converter,
        conveyor=replace(
            conveyor,
            copy_ratio=units,
            tail=scaled(conveyor.tail),
            pair=scaled(conveyor.pair),
            load=scaled(conveyor.load),
            tail_current=scale * conveyor.tail_current,
            miller_capacitance=scale * conveyor.miller_capacitance,
        ),
        saturation_current=scale * converter.saturation_current,
    )


def tile_bench(
    cell: GainCellParameters,
    converters: tuple[ChargeToPulseParameters, ChargeToPulseParameters],
    technology: Technology,
    timing: TileTiming,
    wires: ArrayWires,
    *,
    keys: Sequence[Sequence[float]],
    values: Sequence[Sequence[float]],
    pulse_widths: Sequence[float],
    driver: PulseDriverParameters | None = None,
    driver_resistance: float = WORD_LINE_DRIVER_RESISTANCE,
    max_step: float = 100e-12,
    name: str = "tile",
) -> Testbench:
    """A tile, flat: two arrays with their wires, both kinds of converters, word-line drivers between the arrays.

    The first array has a row per feature and a column per token, the second a row per token and a column per feature.
    Token k is written into column k of the first and row k of the second at `timing.writes[k]`.

    Args:
        cell: the gain cell.
        converters: the unsigned one between the arrays, the signed read-out.
        technology: their process.
        timing: the plan.
        wires: widths of the lines.
        keys: (n_tokens, n_features) levels of the first array (V).
        values: (n_tokens, n_features) levels of the second array (V).
        pulse_widths: (n_features,) pulses of the query (s).
        driver: drives the second array's word lines by the first one's pulses; None for the shipped one.
        driver_resistance: of the first array's word-line sources (ohm).
        max_step: largest time step (s).
        name: name of the netlist.

    Returns:
        A bench with `column_probes` of both arrays, prefixes `k_` and `v_`, the currents `i(v<prefix>foot<j>)`, every
        storage node, and the word lines.

    Raises:
        CircuitError: operands of other shapes, or a bad number.
    """
    supply, mid = technology.supply_voltage, technology.mid_voltage
    held = {"k_": _levels("keys", keys, supply), "v_": _levels("values", values, supply)}
    widths = check_quantities("pulse_widths", pulse_widths, "s", 0.0, timing.first.input_window)
    n_tokens, n_features = len(timing.writes), len(widths)
    for what, rows in held.items():
        if len(rows) != n_tokens or any(len(row) != n_features for row in rows):
            raise CircuitError(
                f"a tile needs keys and values of {n_tokens} tokens (writes of the plan) and {n_features} features "
                f"(query pulses), found rows of {sorted({len(row) for row in rows})} for {len(rows)} tokens in {what}"
            )
    circuit = Circuit(name)
    circuit.subcircuit(gain_cell(cell, technology))
    circuit.subcircuit(word_line_driver(PulseDriverParameters() if driver is None else driver, technology))
    plans = {"k_": timing.first, "v_": timing.second}
    by: dict[str, WriteBy] = {"k_": "column", "v_": "row"}
    sizes = {"k_": (n_features, n_tokens), "v_": (n_tokens, n_features)}
    for prefix, converter in zip(plans, converters, strict=True):
        n_rows, n_columns = sizes[prefix]
        add_array(
            circuit, cell, technology, wires, n_rows=n_rows, n_columns=n_columns, prefix=prefix, write_by=by[prefix]
        )
        add_read_outs(circuit, converter, technology, plans[prefix], n_columns=n_columns, prefix=prefix)
        for j in range(n_columns):
            circuit.V(f"{prefix}foot{j}", f"{prefix}foot{j}", f"{prefix}rbl{j}", 0)
        _add_writes(circuit, cell, technology, timing, prefix, held[prefix])
    for i, width in enumerate(widths):
        start = timing.first.input_start
        add_word_line_sources(circuit, technology, str(i), start, width, driver_resistance, prefix="k_")
    for i in range(n_tokens):
        pins = (f"k_pulse{i}", f"v_rwlp{i}", f"v_rwln{i}", "v_ref", "v_vdd", "v_vdd")
        circuit.X(f"driver{i}", "word_line_driver", *pins)
    initial: dict[str, float] = {}
    for prefix, converter in zip(plans, converters, strict=True):
        n_rows, n_columns = sizes[prefix]
        for j in range(n_columns):
            initial |= {f"{prefix}rbl{j}": mid, f"{prefix}integral{j}": converter.reset_voltage(technology)}
            initial |= {f"{prefix}rbl{j}_{i}": mid for i in range(n_rows)}
            initial |= {f"{prefix}sn{i}_{j}": mid for i in range(n_rows)}
    cells = [f"v({p}sn{i}_{j})" for p, (m, n) in sizes.items() for i in range(m) for j in range(n)]
    lines = [f"v({p}{line}{i})" for p, (m, _) in sizes.items() for line in ("rwlp", "rwln") for i in range(m)]
    feet = [f"i(v{p}foot{j})" for p, (_, n) in sizes.items() for j in range(n)]
    gates = [f"v(k_wwl{k})" for k in range(n_tokens)]
    columns = [probe for p, (_, n) in sizes.items() for probe in column_probes(p, range(n))]
    return Testbench(
        name=name,
        circuit=circuit,
        analysis=Transient(step=max_step, stop=timing.second.stop, max_step=max_step),
        probes=(*columns, *cells, *lines, *feet, *gates, "v(k_window)", "v(v_window)"),
        technology=technology,
        parameters={"input_start": timing.first.input_start, "window_start": timing.second.window_start},
        initial_voltages=initial,
    )


def _levels(what: str, rows: Sequence[Sequence[float]], supply: float) -> list[list[float]]:
    return [check_quantities(f"{what}[{k}]", row, "V", 0.0, supply) for k, row in enumerate(rows)]


def _add_writes(
    circuit: Circuit,
    cell: GainCellParameters,
    technology: Technology,
    timing: TileTiming,
    prefix: str,
    levels: Sequence[Sequence[float]],
) -> None:
    """Write word lines, one per token, and data lines, one per feature, that hold every token's level in turn."""
    duration = timing.first.write_time
    for k, start in enumerate(timing.writes):
        for line, (off, on) in cell.write_levels(technology).items():
            source = pulse([(start, start + duration)], idle=off, active=on)
            circuit.V(f"{prefix}{line}{k}", f"{prefix}{line}{k}", 0, source)
    mid = technology.mid_voltage
    for i in range(len(levels[0])):
        points, before = [(0.0, mid)], mid
        for start, token in zip(timing.writes, levels, strict=True):
            points += [(start - 0.2e-9, before), (start - 0.2e-9 + EDGE_TIME, token[i])]
            before = token[i]
        end = timing.writes[-1] + duration + 0.3e-9
        points += [(end, before), (end + EDGE_TIME, mid)]
        line = f"{prefix}wbl{i}"
        circuit.V(line, f"{line}_dac", 0, piecewise_linear(points))
        circuit.R(f"{line}_dac", f"{line}_dac", line, DATA_LINE_DRIVER_RESISTANCE)
