"""The committed netlists: one of every bench, at tt and 27 C, byte for byte reproducible."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from circuits.benches.cell import gain_cell_dc_bench, gain_cell_read_bench, retention_bench
from circuits.benches.converter import charge_to_pulse_bench
from circuits.charge_to_pulse import ChargeToPulseParameters, signed_parameters
from circuits.gain_cell import GainCellParameters
from circuits.technology import load_technology
from circuits.testbench import Netlist, Testbench, netlist_file_name, render_netlist
from circuits.timing import ColumnTiming, signed_timing
from pycosim.errors import InputError
from pycosim.sweeps.column import Column

MANIFEST = "MANIFEST.json"


def committed_netlists() -> dict[str, Netlist]:
    """File name -> netlist of every bench of the gain-cell system."""
    technology = load_technology("generic28")
    cell = GainCellParameters()
    levels = [float(v) for v in np.linspace(0.0, technology.supply_voltage, 8)]
    rng = np.random.default_rng(0)
    stored = np.asarray(levels)[rng.integers(0, 8, 64)]
    widths = np.asarray(1e-9 * rng.integers(0, 16, 64), dtype=np.float64)
    unsigned, signed = ChargeToPulseParameters(), signed_parameters()
    benches: list[Testbench] = [
        gain_cell_dc_bench(cell, technology, stored_voltages=levels),
        gain_cell_read_bench(cell, technology, stored_voltages=levels, pulse_width=8e-9),
        retention_bench(cell, technology, stored_voltages=levels, hold_time=5e-3),
        charge_to_pulse_bench(unsigned, technology, ColumnTiming(), charge=600e-15),
        charge_to_pulse_bench(signed, technology, signed_timing(), charge=-300e-15, name="signed_charge_to_pulse"),
    ]
    for converter, timing in ((unsigned, ColumnTiming()), (signed, signed_timing())):
        column = Column(cell=cell, converter=converter, technology=technology, timing=timing)
        benches.append(column.bench(stored, widths))
    return {netlist_file_name(bench.name, technology): render_netlist(bench) for bench in benches}


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
