from __future__ import annotations

import math
import pickle
from dataclasses import replace

import numpy as np
import pytest

from circuits.benches.cell import gain_cell_dc_bench
from circuits.benches.converter import charge_to_pulse_bench
from circuits.charge_to_pulse import ChargeToPulseParameters, signed_parameters
from circuits.conveyor import ConveyorParameters
from circuits.die import Die
from circuits.errors import CircuitError
from circuits.gain_cell import GainCellParameters
from circuits.technology import Technology, load_technology
from circuits.testbench import render_netlist
from circuits.timing import ColumnTiming, signed_timing
from pycosim import sweep
from pycosim.campaign.catalogue import bench_names, shipped_bench
from pycosim.campaign.paths import path_parameters, with_values
from pycosim.campaign.shipped_column import drawn_operands
from pycosim.campaign.task import Value
from pycosim.spice import NgspicePool
from pycosim.sweeps.cell import read_charges, read_current_table
from pycosim.sweeps.converter import converter_transfer


@pytest.fixture(scope="module")
def technology() -> Technology:
    return load_technology("generic28")


@pytest.mark.parametrize("name", bench_names())
def test_a_shipped_bench_makes_its_deck_at_its_defaults(name: str, technology: Technology) -> None:
    bench = shipped_bench(name, technology)
    given: dict[str, Value] = {"n_rows": 2} if "column" in name else {}
    drawn, die = bench.make(bench.point(given)), bench.make(bench.point({**given, "seed": 1}))
    assert drawn.digest != die.digest
    assert all(name == one.name for name, one in bench.measurements.items())
    assert pickle.loads(pickle.dumps(bench.chosen(bench.measurements)))


@pytest.mark.parametrize("name", bench_names())
def test_every_number_of_a_shipped_bench_that_is_no_count_or_share_has_a_unit(
    name: str, technology: Technology
) -> None:
    parameters = shipped_bench(name, technology).parameters
    bare = {name for name, one in parameters.items() if isinstance(one.default, float) and not one.unit}
    assert bare <= {"word_line_share", "level_bias", "converter.reset_share"}


def test_the_deck_of_a_point_is_that_of_the_bench_it_stands_for(technology: Technology) -> None:
    cell = shipped_bench("gain_cell_dc", technology)
    given: dict[str, Value] = {
        "stored_voltage": 0.3,
        "corner": "ss",
        "temperature": 85.0,
        "seed": 3,
        "cell.pitch": 2e-6,
    }
    there = technology.at(corner="ss", temperature=85.0)
    bench = gain_cell_dc_bench(GainCellParameters(pitch=2e-6), there, stored_voltages=[0.3])
    assert cell.make(cell.point({**given, "seed": 3})) == render_netlist(replace(bench, die=Die(seed=3)))

    converter = shipped_bench("charge_to_pulse", technology)
    sizes = ChargeToPulseParameters(conveyor=ConveyorParameters(tail_current=12e-6, cascode_bias=(0.58, 0.6)))
    plan = ColumnTiming(gap=0.4e-9)
    paths: dict[str, Value] = {
        "charge": 3e-13,
        "converter.conveyor.tail_current": 12e-6,
        "converter.conveyor.cascode_bias.1": 0.6,
        "timing.gap": 0.4e-9,
    }
    assert converter.make(converter.point(paths)) == render_netlist(
        charge_to_pulse_bench(sizes, technology, plan, charge=3e-13)
    )


def test_dies_of_one_circuit_are_written_as_if_each_were_alone(technology: Technology) -> None:
    one, other = (shipped_bench("gain_cell", technology) for _ in range(2))
    in_turn = [one.make(one.point({"seed": seed, "stored_voltage": v})) for v in (0.1, 0.5) for seed in range(3)]
    for netlist, (v, seed) in zip(in_turn, [(v, s) for v in (0.1, 0.5) for s in range(3)], strict=True):
        assert netlist == shipped_bench("gain_cell", technology).make(other.point({"seed": seed, "stored_voltage": v}))
    assert len({netlist.digest for netlist in in_turn}) == 6


def test_paths_lead_to_every_number_and_change_nothing_else() -> None:
    base = ChargeToPulseParameters()
    paths = path_parameters(base, "converter")
    assert paths["converter.sink.mirror.multiplier"].default == 200
    assert paths["converter.conveyor.cascode_bias.0"].unit == "V"
    assert "converter.signed" not in paths
    assert not any(path.endswith("polarity") for path in paths)
    defaults = {path: one.default for path, one in paths.items() if one.default is not None}
    assert with_values(base, "converter", defaults) is base
    changed = with_values(base, "converter", {"converter.sink.mirror.width": 1e-7, "elsewhere": 3.0})
    assert changed.sink.mirror == replace(base.sink.mirror, width=1e-7)
    assert replace(changed, sink=base.sink) == base


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"temperature": 400.0}, "meant for"),
        ({"stored_voltage": 2.0}, "at most 0.9 V"),
        ({"word_line_share": 0.2}, "at least 0.5"),
        ({"cell.read_nmos.width": 1e-9}, "below the minimum"),
    ],
)
def test_a_point_that_cannot_be_built_says_why(given: dict[str, Value], words: str, technology: Technology) -> None:
    bench = shipped_bench("gain_cell_dc", technology)
    with pytest.raises(CircuitError, match=words):
        bench.make(bench.point(given))


def test_operands_follow_from_their_seed_and_lean_with_their_bias() -> None:
    point: dict[str, Value] = {"operands": 1, "level_bias": 0.0, "n_levels": 8, "n_rows": 4000}
    levels, widths = drawn_operands(point, 0.9, 15e-9)
    again, _ = drawn_operands(point, 0.9, 15e-9)
    np.testing.assert_array_equal(levels, again)
    assert set(np.round(widths * 1e9)) == set(range(16))
    high, _ = drawn_operands({**point, "level_bias": 1.5}, 0.9, 15e-9)
    # of 4000 levels uniform over 0.9 V the mean has a deviation of 4.6 mV; a bias moves it by more than 100 mV
    assert abs(levels.mean() - 0.45) < 5 * 4.6e-3 < 0.1 < high.mean() - 0.45


@pytest.mark.ngspice
def test_a_sweep_of_the_cell_finds_what_its_characterization_does(technology: Technology) -> None:
    at = technology.at(corner="ff", temperature=50.0)
    axes, fixed, one = {"stored_voltage": [0.1, 0.8]}, {"corner": "ff", "temperature": 50.0}, {"workers": 1}
    currents = sweep("gain_cell_dc", measure=["read_current"], axes=axes, parameters=fixed, simulator=one)
    charges = sweep("gain_cell", measure=["charge", "write_error"], axes=axes, parameters=fixed, simulator=one)
    cell = GainCellParameters()
    with NgspicePool(1) as pool:
        table = read_current_table(cell, at, pool, stored_voltages=[0.1, 0.8], word_line_voltages=[0.9])
        read = read_charges(cell, at, pool, stored_voltages=[0.1, 0.8], pulse_widths=[15e-9])
    # one cell in its own deck or both in one: the solver's tolerance of 1e-5 at DC
    np.testing.assert_allclose(currents["read_current"], table["read_current"].squeeze(), rtol=1e-4)
    # ... and of 1e-4 with time steps of its own
    np.testing.assert_allclose(charges["charge"], read["charge"].squeeze(), rtol=1e-2)
    assert (abs(charges["write_error"]) < 5e-3).all()
    assert currents["read_current"].attrs["units"] == "A"


@pytest.mark.ngspice
def test_a_sweep_of_the_converter_finds_its_transfer(technology: Technology) -> None:
    charges = [-2e-13, 2e-13]
    names = ["pulse_width", "pulse_error", "start_delay", "bit_line_error", "energy", "energy_bias"]
    found = sweep("signed_charge_to_pulse", measure=names, axes={"charge": charges}, simulator={"workers": 2})
    with NgspicePool(2) as pool:
        transfer = converter_transfer(signed_parameters(), technology, signed_timing(), pool, charges=charges)
    np.testing.assert_array_equal(found["pulse_width"], transfer["pulse_width"])
    # 40 uA of full scale: 0.2 pC is 5 ns; the drawn circuit keeps within 0.1 ns of it [docs/gain_cell.md]
    np.testing.assert_allclose(found["pulse_width"], [-5e-9, 5e-9], atol=0.1e-9)
    np.testing.assert_allclose(found["pulse_error"], found["pulse_width"] - [-5e-9, 5e-9], atol=1e-18)
    assert (abs(found["bit_line_error"]) < 20e-3).all()
    assert (found["energy"] > found["energy_bias"]).all()
    assert all(0 < float(delay) < 0.5e-9 for delay in found["start_delay"])


@pytest.mark.ngspice
def test_a_sweep_of_columns_takes_operands_from_a_seed() -> None:
    found = sweep(
        "column",
        measure=["pulse_width", "energy_write"],
        axes={"operands": [0, 1]},
        parameters={"n_rows": 4},
        simulator={"workers": 2},
    )
    assert found["pulse_width"].values[0] != found["pulse_width"].values[1]
    assert all(math.isfinite(x) and x > 0 for x in found["energy_write"].values)
