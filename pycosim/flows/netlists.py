"""The committed netlists: one of every bench, at tt and 27 C, byte for byte reproducible."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np

from circuits.active_integrator import ActiveIntegratorParameters, integrator_timing
from circuits.benches.active_integrator import active_integrator_bench, active_integrator_column_bench
from circuits.benches.array import array_bench
from circuits.benches.cell import CELLS_PER_LINE, gain_cell_dc_bench, gain_cell_read_bench, retention_bench
from circuits.benches.converter import charge_to_pulse_bench
from circuits.benches.gate import gate_bench
from circuits.benches.pulse_driver import pulse_driver_bench, word_line_driver_bench
from circuits.benches.retention import hold_bench
from circuits.benches.tile import converter_for_rows, tile_bench, tile_timing
from circuits.benches.write_path import write_path_bench
from circuits.cell_variants import cell_variant
from circuits.charge_to_pulse import ChargeToPulseParameters, signed_parameters
from circuits.gain_cell import GainCellParameters
from circuits.interconnect import ArrayWires
from circuits.pulse_driver import PulseDriverParameters
from circuits.technology import Technology, load_technology
from circuits.testbench import Netlist, Testbench, netlist_file_name, render_netlist
from circuits.timing import ColumnTiming, signed_timing
from circuits.write_driver import WriteDriverParameters
from circuits.write_line_driver import WriteLineDriverParameters
from pycosim.errors import InputError
from pycosim.flows.electro_optic_netlists import electro_optic_benches
from pycosim.flows.gilbert_netlists import gilbert_benches
from pycosim.flows.interferometer_netlists import interferometer_benches
from pycosim.sweeps.column import Column
from pycosim.sweeps.noise import read_noise_bench

MANIFEST = "MANIFEST.json"


def committed_netlists() -> dict[str, Netlist]:
    """File name -> netlist of every bench."""
    silicon, oxide = load_technology("generic28"), load_technology("oxide")
    benches = [*_cell_benches(silicon), *_driver_benches(silicon), *_converter_benches(silicon)]
    benches += [*_array_benches(silicon), gate_bench(silicon)]
    held = hold_bench(cell_variant("oxide").parameters, oxide, stored_voltages=_levels(oxide), hold_time=1e4)
    benches += [replace(held, name="oxide_hold"), *electro_optic_benches()]
    benches += [*gilbert_benches(), *interferometer_benches()]
    return {netlist_file_name(bench.name, bench.technology): render_netlist(bench) for bench in benches}


def _levels(technology: Technology) -> list[float]:
    return [float(v) for v in np.linspace(0.0, technology.supply_voltage, 8)]


def _operands(technology: Technology, n_rows: int) -> tuple[list[float], list[float]]:
    """Random levels (V) and input pulses (s), always the same."""
    rng = np.random.default_rng(0)
    stored = np.asarray(_levels(technology))[rng.integers(0, 8, n_rows)]
    return stored.tolist(), (1e-9 * rng.integers(0, 16, n_rows)).tolist()


def _cell_benches(technology: Technology) -> list[Testbench]:
    cell, levels = GainCellParameters(), _levels(technology)
    return [
        gain_cell_dc_bench(cell, technology, stored_voltages=levels),
        gain_cell_read_bench(cell, technology, stored_voltages=levels, pulse_width=8e-9),
        retention_bench(cell, technology, stored_voltages=levels, hold_time=5e-3),
    ]


def _driver_benches(technology: Technology) -> list[Testbench]:
    cell, driver = GainCellParameters(), PulseDriverParameters()
    stored, _ = _operands(technology, CELLS_PER_LINE)
    width = ArrayWires().word_line
    return [
        write_path_bench(
            cell,
            WriteDriverParameters(),
            WriteLineDriverParameters(),
            technology,
            codes=list(range(8)),
            rows=[CELLS_PER_LINE // 8] * 8,
        ),
        pulse_driver_bench(cell, driver, technology, code=8, stored_voltages=stored, wire_width=width),
        word_line_driver_bench(cell, driver, technology, pulse_width=5e-9, stored_voltages=stored, wire_width=width),
    ]


def _converter_benches(technology: Technology) -> list[Testbench]:
    cell, unsigned, signed = GainCellParameters(), ChargeToPulseParameters(), signed_parameters()
    integrator, timing = ActiveIntegratorParameters(), integrator_timing()
    stored, widths = _operands(technology, CELLS_PER_LINE)
    columns = [
        Column(cell=cell, converter=converter, technology=technology, timing=plan)
        for converter, plan in ((unsigned, ColumnTiming()), (signed, signed_timing()))
    ]
    return [
        charge_to_pulse_bench(unsigned, technology, ColumnTiming(), charge=600e-15),
        charge_to_pulse_bench(signed, technology, signed_timing(), charge=-300e-15, name="signed_charge_to_pulse"),
        *(column.bench(np.asarray(stored), np.asarray(widths)) for column in columns),
        read_noise_bench(columns[0], np.asarray(stored), np.asarray(widths)),
        active_integrator_bench(integrator, technology, timing, charge=600e-15),
        active_integrator_column_bench(
            cell, integrator, technology, timing, stored_voltages=stored, pulse_widths=widths
        ),
    ]


def _array_benches(technology: Technology) -> list[Testbench]:
    """Small arrays, flat: four by four cells, and a tile of two such arrays."""
    cell, n = GainCellParameters(), 4
    stored, widths = _operands(technology, n * n)
    rows = [stored[k * n : (k + 1) * n] for k in range(n)]
    unsigned, signed = (converter_for_rows(one, n) for one in (ChargeToPulseParameters(), signed_parameters()))
    return [
        array_bench(
            cell,
            unsigned,
            technology,
            ColumnTiming(),
            ArrayWires(),
            stored_voltages=rows,
            pulse_widths=widths[:n],
        ),
        tile_bench(
            cell,
            (unsigned, signed),
            technology,
            tile_timing(ColumnTiming(), signed_timing(), n),
            ArrayWires(),
            keys=rows,
            values=rows[::-1],
            pulse_widths=widths[:n],
        ),
    ]


def write_netlists(folder: Path) -> list[Path]:
    """Write every committed netlist and the manifest (file -> bench, digest, probes) to a folder.

    Returns:
        The files written, the manifest last.
    """
    folder.mkdir(parents=True, exist_ok=True)
    netlists = committed_netlists()
    for name, netlist in netlists.items():
        (folder / name).write_text(netlist.text, encoding="utf-8")
    (folder / MANIFEST).write_text(_manifest(netlists), encoding="utf-8")
    return [*(folder / name for name in netlists), folder / MANIFEST]


def check_netlists(folder: Path) -> list[str]:
    """Names of the files in a folder that differ from what the generators write now, or are missing or foreign.

    Raises:
        InputError: the folder does not exist.
    """
    if not folder.is_dir():
        raise InputError(f"no folder {folder} with netlists to check; write them first with `pycosim netlists`")
    netlists = committed_netlists()
    wanted = {name: netlist.text for name, netlist in netlists.items()} | {MANIFEST: _manifest(netlists)}
    found = {path.name: path for path in folder.iterdir() if path.suffix == ".cir" or path.name == MANIFEST}
    foreign = sorted(set(found) - set(wanted))
    return foreign + [
        name for name, text in wanted.items() if name not in found or found[name].read_bytes() != text.encode()
    ]


def _manifest(netlists: dict[str, Netlist]) -> str:
    entries = {
        name: {"bench": netlist.name, "digest": netlist.digest, "probes": len(netlist.probes)}
        for name, netlist in netlists.items()
    }
    return json.dumps({"schema": 1, "netlists": entries}, indent=2) + "\n"
