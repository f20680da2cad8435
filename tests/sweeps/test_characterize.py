"""A bench over axes, measured, with a simulator that is no simulator."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import ArrayLike
from PySpice.Spice.Netlist import Circuit
from stand_ins import StandIn, parameter

from circuits.errors import CircuitError
from circuits.technology import load_technology
from circuits.testbench import Testbench, Transient, render_netlist
from pycosim.errors import ConvergenceFailure, InputError, SimulationError
from pycosim.spice import NetlistLike, Replay, Waveforms, record_waveforms
from pycosim.sweeps.characterize import Point, characterize

TECHNOLOGY = load_technology("generic28")
RESISTANCES, VOLTAGES = (1e3, 2e3, 4e3), (0.5, 0.25)
AXES = {"resistance": RESISTANCES, "voltage": VOLTAGES}


def resistor(point: Point) -> Testbench:
    circuit = Circuit("r")
    circuit.V("in", "in", 0, point["voltage"])
    circuit.R("1", "in", 0, point["resistance"])
    return Testbench(
        name="r",
        circuit=circuit,
        analysis=Transient(step=1e-9, stop=2e-9, max_step=1e-9),
        probes=("i(vin)",),
        technology=TECHNOLOGY,
        parameters=dict(point),
    )


def ohm(netlist: NetlistLike) -> Waveforms:
    """Three points of the current of the resistor that the deck describes."""
    current = -parameter(netlist, "voltage") / parameter(netlist, "resistance") * np.array([1.0, 2.0, 3.0])
    return Waveforms(
        axis=np.array([0.0, 1e-9, 2e-9]),
        axis_name="time",
        signals={"i(vin)": current},
        netlist_digest=netlist.digest,
    )


def last(waves: Waveforms, bench: Testbench) -> Mapping[str, ArrayLike]:
    return {"current": -np.real(waves.signals["i(vin)"][-1])}


def test_every_crossing_of_the_axes_is_simulated_once_the_last_axis_fastest() -> None:
    simulator = StandIn(ohm)
    dataset = characterize(AXES, resistor, last, simulator, units={"current": "A"})
    asked = [(parameter(n, "resistance"), parameter(n, "voltage")) for n in simulator.asked]
    assert asked == [(r, v) for r in RESISTANCES for v in VOLTAGES]
    assert dataset["current"].dims == ("resistance", "voltage")
    expected = 3 * np.array(VOLTAGES)[None, :] / np.array(RESISTANCES)[:, None]
    assert dataset["current"].values == pytest.approx(expected, rel=1e-12)
    assert dataset["resistance"].values.tolist() == list(RESISTANCES)
    assert dataset["voltage"].values.tolist() == list(VOLTAGES)  # as given, not sorted


def test_a_dataset_carries_units_and_the_digest_of_every_point_in_order() -> None:
    dataset = characterize(AXES, resistor, last, StandIn(ohm), units={"resistance": "ohm", "current": "A"})
    assert dataset["current"].attrs["unit"] == "A"
    assert dataset["resistance"].attrs["unit"] == "ohm"
    points = [{"resistance": r, "voltage": v} for r in RESISTANCES for v in VOLTAGES]
    assert dataset["netlist_digest"].values.ravel().tolist() == [
        render_netlist(resistor(point)).digest for point in points
    ]
    assert dataset.attrs["bench"] == "r"


def test_inner_axes_are_what_one_simulation_covers_by_itself() -> None:
    def profile(waves: Waveforms, bench: Testbench) -> Mapping[str, ArrayLike]:
        return {"profile": -np.real(waves.signals["i(vin)"])}

    simulator = StandIn(ohm)
    dataset = characterize(
        AXES, resistor, profile, simulator, units={"profile": "A"}, inner={"time": [0.0, 1e-9, 2e-9]}
    )
    assert len(simulator.asked) == 6
    assert dataset["profile"].dims == ("resistance", "voltage", "time")
    assert dataset["profile"].sel(resistance=2e3, voltage=0.5).values == pytest.approx([0.25e-3, 0.5e-3, 0.75e-3])


def test_a_measurement_is_given_the_bench_of_its_point() -> None:
    def seen(waves: Waveforms, bench: Testbench) -> Mapping[str, ArrayLike]:
        return {"current": bench.parameters["resistance"]}

    dataset = characterize(AXES, resistor, seen, StandIn(ohm), units={})
    assert dataset["current"].values[:, 0].tolist() == list(RESISTANCES)


def test_the_first_failure_is_raised_after_everything_has_run() -> None:
    def fails(netlist: NetlistLike) -> Waveforms:
        if parameter(netlist, "resistance") >= 2e3:
            raise ConvergenceFailure(f"no solution at {parameter(netlist, 'voltage')} V", netlist=netlist.name)
        return ohm(netlist)

    simulator = StandIn(fails)
    with pytest.raises(ConvergenceFailure, match=r"netlist r: no solution at 0\.5 V"):
        characterize(AXES, resistor, last, simulator, units={})
    assert len(simulator.asked) == 6


def test_progress_counts_points() -> None:
    told: list[tuple[int, int]] = []
    characterize(AXES, resistor, last, StandIn(ohm), units={}, progress=lambda done, total: told.append((done, total)))
    assert told == [(k, 6) for k in range(1, 7)]


def test_an_axis_without_points_is_refused_before_anything_runs() -> None:
    simulator = StandIn(ohm)
    with pytest.raises(InputError, match="the axis voltage must have one point or more"):
        characterize({"resistance": RESISTANCES, "voltage": []}, resistor, last, simulator, units={})
    with pytest.raises(InputError, match="the axis time must have one point or more"):
        characterize(AXES, resistor, last, simulator, units={}, inner={"time": []})
    assert simulator.asked == []


def test_a_point_that_is_no_circuit_is_refused_before_anything_runs() -> None:
    def bench(point: Point) -> Testbench:
        return resistor({**point, "voltage": float("nan") if point["resistance"] == 4e3 else 0.5})

    simulator = StandIn(ohm)
    with pytest.raises(CircuitError, match="r: voltage must be finite"):
        characterize(AXES, bench, last, simulator, units={})
    assert simulator.asked == []


def test_recorded_waveforms_serve_in_place_of_a_simulator(tmp_path: Path) -> None:
    for r in RESISTANCES:
        for v in VOLTAGES:
            netlist = render_netlist(resistor({"resistance": r, "voltage": v}))
            record_waveforms(tmp_path, netlist, ohm(netlist))
    replayed = characterize(AXES, resistor, last, Replay(tmp_path), units=UNITS_OF_CURRENT)
    assert replayed.identical(characterize(AXES, resistor, last, StandIn(ohm), units=UNITS_OF_CURRENT))
    with pytest.raises(SimulationError, match="no recording"):
        characterize({"resistance": [5e3], "voltage": [0.5]}, resistor, last, Replay(tmp_path), units={})


UNITS_OF_CURRENT = {"resistance": "ohm", "voltage": "V", "current": "A"}
