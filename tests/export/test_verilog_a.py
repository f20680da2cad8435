"""Exported Verilog-A, compiled: its equations give the model's numbers.

openvaf-py evaluates the compiled equations in Python. Where a compiler for simulators (openvaf-r) and an ngspice with
OSDI are installed, the module also runs in ngspice beside the subcircuit.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rig_models import CELLS, CONVERTERS, DECAYS, DRIFT, LEAK, LOOKUP, MODELS, QUANTIZER, RECORD, SIGMOID

from pycosim.export import Circuit, Source, circuit_of, ngspice_text, verilog_a_text
from pycosim.export.block import Block
from pycosim.spice import find_ngspice

openvaf = pytest.importorskip("openvaf_py", reason="the compiler front end openvaf-py (Linux, Python 3.11 and 3.12)")
COMPILER = os.environ.get("PYCOSIM_OPENVAF") or shutil.which("openvaf-r")


@dataclass(frozen=True)
class Module:
    """A compiled module and the defaults of its parameters."""

    block: Block
    compiled: Any

    def current(self, node: str, **voltages: float) -> float:
        """Resistive current out of a node (A) at voltages; `now` is the time (s), capitals are parameters."""
        given = {p.name: p.default for p in self.block.parameters}
        given |= {name.lower(): value for name, value in voltages.items() if name.isupper()}
        given |= {f"V({name})": value for name, value in voltages.items() if name != "now" and not name.isupper()}
        for name in self.compiled.param_names:
            if across := re.fullmatch(r"V\((\w+),(\w+)\)", name):
                given[name] = voltages.get(across[1], 0.0) - voltages.get(across[2], 0.0)
        given |= {"$abstime": voltages.get("now", 1e-9), "mfactor": 1.0}
        residuals, _ = self.compiled.run_init_eval(given)
        names = [residual["node_name"] for residual in self.compiled.get_dae_system()["residuals"]]
        return float(residuals[names.index(node)][0])


def made(model: object, decay: object = None, tolerance: float = 1e-4) -> Circuit:
    second = None if decay is None else Source(name="decay", model=decay, record=RECORD)
    return circuit_of(Source(name="block", model=model, record=RECORD), decay=second, tolerance=tolerance)


def compiled(folder: Path, circuit: Circuit) -> Module:
    path = folder / "block.va"
    path.write_text(verilog_a_text(circuit.block, circuit.comments))
    (module,) = openvaf.compile_va(str(path))
    return Module(circuit.block, module)


@pytest.mark.parametrize("name", MODELS)
def test_every_kind_compiles(name: str, tmp_path: Path) -> None:
    module = compiled(tmp_path, made(MODELS[name]))
    assert module.compiled.num_terminals == len(module.block.pins)


@pytest.mark.parametrize("name", CELLS)
def test_the_current_of_a_cell_adds_up_to_its_charge(name: str, tmp_path: Path) -> None:
    """Sampled every 10 ps of the pulse at its middle: exact but for the 2 ps of each step of the current."""
    module, cell, step = compiled(tmp_path, made(CELLS[name])), CELLS[name], 0.01
    lines = {"rwlp": 0.9, "rwln": 0.0, "rbl": 0.45, "wwl": -0.2, "wwlb": 1.1}
    largest = float(np.abs(cell.charge(15e-9, [0.0, 0.9])).max())
    for voltage, width in ((0.9, 15e-9), (0.2, 3.37e-9), (0.05, 8e-9), (0.5, 1.5e-9)):
        times = np.arange(step / 2, width * 1e9, step)
        # the current moves with the time only at its steps: three times of each nanosecond would do, but are no proof
        currents = [
            module.current("rbl", sn=voltage, pulse_time=time, **lines) for time in times[:: max(1, times.size // 300)]
        ]
        found = float(np.mean(currents)) * width
        assert found == pytest.approx(float(cell.charge(width, voltage)), abs=2e-3 * largest)


def test_the_current_of_a_cell_stops_where_its_widths_end(tmp_path: Path) -> None:
    module = compiled(tmp_path, made(LOOKUP))
    reading = {"rwlp": 0.9, "rwln": 0.0, "sn": 0.9, "wwl": -0.2, "wwlb": 1.1}
    assert module.current("rbl", pulse_time=14.9, **reading) > 5e-6
    assert module.current("rbl", pulse_time=15.1, **reading) == 0.0
    assert module.current("outside", pulse_time=14.9, **reading) == 0.0
    assert module.current("outside", pulse_time=15.1, **reading) == pytest.approx(-1e-6)
    assert module.current("outside", pulse_time=1.0, **(reading | {"sn": 0.95})) == pytest.approx(-1e-6)


def test_what_a_cell_sinks_leaves_by_the_lower_word_line_and_nothing_flows_at_rest(tmp_path: Path) -> None:
    module = compiled(tmp_path, made(MODELS["polynomial"]))
    reading = {"rwlp": 0.9, "rwln": 0.0, "pulse_time": 1.0, "wwl": -0.2, "wwlb": 1.1}
    high, low = reading | {"sn": 0.9}, reading | {"sn": 0.0}
    assert (
        module.current("rbl", **high) == pytest.approx(-module.current("rwln", **high))
        and module.current("rbl", **high) > 0
    )
    assert (
        module.current("rbl", **low) == pytest.approx(-module.current("rwlp", **low))
        and module.current("rbl", **low) < 0
    )
    assert module.current("rbl", **(high | {"rwlp": 0.45, "rwln": 0.45})) == 0.0


@pytest.mark.parametrize("name", CONVERTERS)
def test_a_pulse_lasts_as_the_model_says(name: str, tmp_path: Path) -> None:
    """With a fall of 100 ns the level of the pulse tells its length."""
    module, model = compiled(tmp_path, made(CONVERTERS[name])), CONVERTERS[name]
    state = {"vdd": 0.9, "window": 0.9, "ref": 0.45, "rbl": 0.45, "vrst": 0.35, "FALL_TIME": 100e-9}
    for share in (-0.9, -0.31, -0.02, 0.0, 0.01, 0.07, 0.4, 0.8, 0.99, 1.1):
        charge = share * 0.6e-12
        integral = 0.35 + charge / 6e-12
        if not model.domain[0].low <= charge <= model.domain[0].high:
            continue
        shown = -module.current("pulse", integral=integral, **state) * 200.0 / 0.9
        wanted = float(model.pulse_width(charge))
        length = max(shown - 0.5, 0.0) * 100e-9
        assert length == pytest.approx(abs(wanted), abs=2e-12)  # the table's 1e-4 of 15 ns
        if wanted and name.startswith("signed"):
            sign = -module.current("sign", integral=integral, **state) * 200.0 / 0.9
            assert sign == pytest.approx(1.0 if wanted > 0 else 0.0)


def test_a_converter_collects_what_its_bit_line_gives_while_it_is_on(tmp_path: Path) -> None:
    module = compiled(tmp_path, made(SIGMOID))
    state = {"ref": 0.45, "rbl": 0.449, "vrst": 0.35, "integral": 0.35}
    assert module.current("integral", on=0.9, rst=0.0, **state) == pytest.approx(-1e-4)
    assert module.current("rbl", on=0.9, rst=0.0, **state) == pytest.approx(-1e-4)
    assert module.current("integral", on=0.0, rst=0.0, **state) == pytest.approx(0.0, abs=1e-12)
    assert module.current("integral", on=0.9, rst=0.9, **state) == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize("name", DECAYS)
def test_a_storage_node_drifts_as_the_model_says(name: str, tmp_path: Path) -> None:
    decay = DECAYS[name]
    module = compiled(tmp_path, made(decay))
    unit = 5e-3  # of the timer: time constant and oldest age alike
    for voltage in (0.05, 0.32, 0.62, 0.85):
        rate = -module.current("sn", sn=voltage, wwl=-0.2, wwlb=1.1) / 12e-15
        slope = {"relaxing": (0.35 - voltage) / 5e-3, "leak": float(LEAK.rate(voltage))}.get(name, 0.0)
        assert rate == pytest.approx(slope, abs=1e-3)
        for age in (0.0, 0.3e-3, 2e-3):
            state = {"sn": voltage, "elapsed": age / unit, "wwl": -0.2, "wwlb": 1.1}
            effective = -module.current("effective", **state)
            kept = float(DRIFT.voltage(voltage, age)) if name == "drift" else voltage
            assert effective == pytest.approx(kept, abs=1e-4)
            share = -module.current("remaining", **state)
            assert share == pytest.approx(np.exp(-age / 5e-3) if name == "shrinking" else 1.0)


def test_a_quantizer_gives_the_nearest_level_in_the_unit_of_an_instance(tmp_path: Path) -> None:
    module = compiled(tmp_path, made(QUANTIZER))
    for value in (-0.3, 0.0, 0.06, 0.07, 0.5, 0.84, 2.0):
        assert -module.current("level", value=value) == pytest.approx(float(QUANTIZER(value)))
        assert -module.current("level", value=value * 1e3, UNIT=1e-3) == pytest.approx(float(QUANTIZER(value)) * 1e3)


def test_the_form_with_table_files_differs_in_that_call_alone(tmp_path: Path) -> None:
    """No compiler here has $table_model; with a stand-in for the call the rest of that form compiles."""
    circuit = made(LOOKUP)
    text = verilog_a_text(circuit.block, circuit.comments)
    chosen = re.sub(r"`ifdef \w+\n(.*)\n *`else\n.*\n *`endif", r"\1", text)
    stand_in, n_calls = re.subn(r'\$table_model\((.*), "block_\w+\.tbl", "1CC"\)', r"tanh(\1)", chosen)
    assert n_calls == len(circuit.block.tables) and "`if" not in stand_in
    (tmp_path / "block.va").write_text(stand_in)
    assert len(openvaf.compile_va(str(tmp_path / "block.va"))) == 1


def run_with_osdi(folder: Path, deck: str, probe: str) -> tuple[np.ndarray, np.ndarray]:
    """Time and signal of a deck, whose models of block.osdi are loaded before."""
    control = f".control\npre_osdi {folder}/block.osdi\nrun\nwrdata {folder}/out.txt {probe}\nquit\n.endc\n.end\n"
    (folder / "deck.cir").write_text(deck + control)
    ngspice = os.environ.get("PYCOSIM_NGSPICE") or find_ngspice()
    log = subprocess.run([str(ngspice), "-b", "deck.cir"], cwd=folder, capture_output=True, text=True, check=False)
    if "no such command" in log.stdout + log.stderr:
        pytest.skip("this ngspice has no OSDI")
    time, signal = np.loadtxt(folder / "out.txt").T[:2]
    return time, signal


@pytest.mark.ngspice
@pytest.mark.skipif(COMPILER is None, reason="no openvaf-r; set PYCOSIM_OPENVAF to it")
def test_a_compiled_cell_and_its_subcircuit_give_ngspice_the_same_current(tmp_path: Path) -> None:
    circuit = made(LOOKUP, LEAK)
    (tmp_path / "block.va").write_text(verilog_a_text(circuit.block, circuit.comments))
    subprocess.run([str(COMPILER), "block.va", "-o", "block.osdi"], cwd=tmp_path, check=True, capture_output=True)
    pulse = "pwl(0 {0} 1e-9 {0} 1.05e-9 {1} 7e-9 {1} 7.05e-9 {0})"
    bench = [
        "cell",
        "Vb rbl 0 0.45",
        f"Vp p 0 {pulse.format(0.45, 0.9)}",
        f"Vn n 0 {pulse.format(0.45, 0.0)}",
        "Vw w 0 -0.2",
        "Vwb wb 0 1.1",
        "Vd d 0 0.45",
        "Vdd vdd 0 0.9",
        ".ic v(sn)=0.8",
        ".options reltol=1e-4 method=gear",
        ".tran 5e-11 9e-9 0 5e-11",
    ]
    nodes = "rbl p n d w wb sn vdd"
    instances: Mapping[str, str] = {
        "module": f"N1 {nodes} compiled\n.model compiled block\n",
        "subcircuit": ngspice_text(circuit.block, circuit.comments) + f"X1 {nodes} block\n",
    }
    found = {name: run_with_osdi(tmp_path, "\n".join(bench) + "\n" + text, "i(vb)") for name, text in instances.items()}
    charges = {name: -np.trapezoid(current, time) for name, (time, current) in found.items()}
    assert charges["module"] == pytest.approx(charges["subcircuit"], rel=1e-6)
    assert charges["module"] == pytest.approx(float(LOOKUP.charge(6e-9, 0.8)), rel=1e-3)
