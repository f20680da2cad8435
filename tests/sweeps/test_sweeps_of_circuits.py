"""The sweeps of cell, converter and column on waveforms that are made up, so that every number is known."""

from __future__ import annotations

import re

import numpy as np
import pytest
from stand_ins import StandIn, parameter

from circuits.charge_to_pulse import ChargeToPulseParameters, signed_parameters
from circuits.gain_cell import GainCellParameters
from circuits.technology import load_technology
from circuits.timing import ColumnTiming, signed_timing
from pycosim.errors import SimulationTimeout
from pycosim.spice import NetlistLike, Waveforms
from pycosim.sweeps.cell import read_charges, read_current_table, storage_drift
from pycosim.sweeps.column import UNITS, Column, column_reads
from pycosim.sweeps.converter import converter_transfer, signed_pulse_width

TECHNOLOGY = load_technology("generic28")
CELL = GainCellParameters()
UNSIGNED, SIGNED = ChargeToPulseParameters(), signed_parameters()
TRANSCONDUCTANCE = 19.3e-6  # A/V, of a cell that is linear about 0.45 V
EDGE = 50e-12


def waves(netlist: NetlistLike, axis: np.ndarray, signals: dict[str, np.ndarray], *, swept: bool = False) -> Waveforms:
    return Waveforms(axis=axis, axis_name="sweep" if swept else "time", signals=signals, netlist_digest=netlist.digest)


def levels(netlist: NetlistLike) -> list[float]:
    n = len(re.findall(r"^\* stored_voltage_\d+ = ", netlist.text, re.MULTILINE))
    return [parameter(netlist, f"stored_voltage_{k}") for k in range(n)]


def linear_dc(netlist: NetlistLike) -> Waveforms:
    line = np.linspace(0.45, 0.9, 11)
    cells = {
        f"i(vbl{k})": -TRANSCONDUCTANCE * (level - 0.45) * (line - 0.45) / 0.45
        for k, level in enumerate(levels(netlist))
    }
    return waves(netlist, line, {"v(rwlp)": line, **cells}, swept=True)


def linear_read(netlist: NetlistLike) -> Waveforms:
    """Rectangles of current, 1 mA of write transient before them, which does not count."""
    start, width = parameter(netlist, "read_start"), parameter(netlist, "pulse_width")
    time = np.array([0.0, 1e-9, 2e-9, start, start + 1e-15, start + width, start + width + 1e-15, start + width + 1e-9])
    shape = np.array([0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 0.0])
    before = np.array([0.0, 1e-3, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0])
    cells = {
        f"i(vbl{k})": before - TRANSCONDUCTANCE * (level - 0.45) * shape for k, level in enumerate(levels(netlist))
    }
    return waves(netlist, time, cells)


def test_read_current_is_what_the_bit_line_source_delivers() -> None:
    stored, lines = [0.9, 0.0, 0.45], [0.9, 0.45, 0.54]
    table = read_current_table(CELL, TECHNOLOGY, StandIn(linear_dc), stored_voltages=stored, word_line_voltages=lines)
    assert table["read_current"].dims == ("stored_voltage", "word_line_voltage")
    expected = TRANSCONDUCTANCE * np.outer(np.array(stored) - 0.45, (np.array(lines) - 0.45) / 0.45)
    assert table["read_current"].values == pytest.approx(expected, abs=1e-18)
    assert table["read_current"].attrs["unit"] == "A"
    assert table["netlist_digest"].size == 1


def test_charges_are_positive_where_the_cell_sinks_and_leave_the_write_out() -> None:
    stored, widths = [0.9, 0.0], [5e-9, 1e-9]
    dataset = read_charges(CELL, TECHNOLOGY, StandIn(linear_read), stored_voltages=stored, pulse_widths=widths)
    assert dataset["charge"].dims == ("word_line_voltage", "pulse_width", "stored_voltage")
    assert dataset["word_line_voltage"].values.tolist() == [0.9]
    expected = TRANSCONDUCTANCE * np.outer(widths, np.array(stored) - 0.45)
    assert dataset["charge"].values[0] == pytest.approx(expected, rel=1e-5)
    assert dataset["charge"].attrs["unit"] == "C"
    assert dataset["pulse_width"].attrs["unit"] == "s"


def test_amplitudes_are_the_outermost_axis() -> None:
    dataset = read_charges(
        CELL,
        TECHNOLOGY,
        StandIn(linear_read),
        stored_voltages=[0.9],
        pulse_widths=[1e-9, 2e-9, 3e-9],
        word_line_voltages=[0.54, 0.72],
    )
    assert dataset["charge"].shape == (2, 3, 1)
    assert dataset["netlist_digest"].size == 6


def test_drift_is_counted_from_after_the_gates_have_closed() -> None:
    injected, slope = 1e-3, -2.0  # V, V/s

    def leak(netlist: NetlistLike) -> Waveforms:
        time = np.concatenate([[0.0, 1e-9, 1.05e-9], np.geomspace(5e-9, 1e-3, 2000)])
        moved = np.where(time > 1.05e-9, injected + slope * (time - 11e-9), 0.0)
        return waves(netlist, time, {f"v(sn{k})": level + moved for k, level in enumerate(levels(netlist))})

    dataset = storage_drift(CELL, TECHNOLOGY, StandIn(leak), stored_voltages=[0.2, 0.7], hold_time=1e-3, n_ages=5)
    assert dataset["voltage"].dims == ("age", "stored_voltage")
    assert dataset["age"].values[0] == 0.0
    assert dataset["age"].values[-1] == pytest.approx(1e-3, rel=1e-4)
    assert dataset["voltage"].values[0] == pytest.approx([0.2, 0.7], abs=1e-15)
    expected = np.array([0.2, 0.7]) + slope * dataset["age"].values[:, None]
    assert dataset["voltage"].values == pytest.approx(expected, abs=1e-9)
    assert dataset["injection"].values == pytest.approx([injected, injected], abs=1e-7)


def output(width: float, sign: float, timing: ColumnTiming) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """The pulse of a converter: it begins with the window and rises to the supply."""
    start = timing.window_start
    time = np.array([0.0, start, start + 1e-15, start + width, start + width + 1e-15, timing.stop])
    pulse = 0.9 * np.array([0.0, 0.0, float(width > 0), float(width > 0), 0.0, 0.0])
    return time, {"v(pulse)": pulse, "v(sign)": np.full(time.size, 0.9 * float(sign > 0))}


def hard_sigmoid(timing: ColumnTiming, full: float) -> StandIn:
    def answer(netlist: NetlistLike) -> Waveforms:
        share = parameter(netlist, "charge") / full
        time, signals = output(min(abs(share), 1.0) * timing.max_pulse_width, share, timing)
        return waves(netlist, time, signals)

    return StandIn(answer)


def test_a_transfer_keeps_the_order_of_its_charges() -> None:
    charges = [0.9e-12, 0.3e-12, 0.6e-12]
    dataset = converter_transfer(
        UNSIGNED, TECHNOLOGY, ColumnTiming(), hard_sigmoid(ColumnTiming(), 1.2e-12), charges=charges
    )
    assert dataset["charge"].values.tolist() == charges
    assert dataset["pulse_width"].values == pytest.approx(np.array(charges) / 1.2e-12 * 15e-9, rel=1e-6)


def test_the_sign_bit_makes_a_width_negative_in_the_signed_converter_only() -> None:
    charges = [-0.3e-12, 0.3e-12]
    simulator = hard_sigmoid(signed_timing(), 0.6e-12)
    dataset = converter_transfer(SIGNED, TECHNOLOGY, signed_timing(), simulator, charges=charges)
    assert dataset["pulse_width"].values == pytest.approx([-7.5e-9, 7.5e-9], rel=1e-6)
    time, signals = output(7.5e-9, -1.0, ColumnTiming())
    plain = Waveforms(axis=time, axis_name="time", signals=signals, netlist_digest="")
    assert signed_pulse_width(plain, threshold=0.45, sign_time=None) == pytest.approx(7.5e-9, rel=1e-6)


class TestColumn:
    """One column of two rows, drawn by hand."""

    TIMING = ColumnTiming()
    COLUMN = Column(cell=CELL, converter=UNSIGNED, technology=TECHNOLOGY, timing=TIMING)
    WRITE_TAU = 1e-9
    LAST_FALL = TIMING.input_start + 6e-9

    def waves(self, netlist: NetlistLike, width: float = 4e-9) -> Waveforms:
        t = self.TIMING
        pulse_time, out = output(width, 1.0, t)
        time = np.unique(np.concatenate([np.linspace(0.0, t.stop, 40001), pulse_time]))
        one = np.ones(time.size)
        written = 0.9 * (1 - np.exp(-np.clip(time - t.write_start, 0.0, None) / self.WRITE_TAU))
        line = np.interp(
            time,
            [t.input_start, t.input_start + EDGE, self.LAST_FALL, self.LAST_FALL + EDGE],
            [0.45, 0.9, 0.9, 0.45],
        )
        # the integration node settles exponentially after the last edge, with 0.1 ns
        late = np.clip(time - (self.LAST_FALL + EDGE / 2), 0.0, None)
        discharged = np.clip((time - t.discharge_start) / 15e-9, 0.0, 1.0)  # after the phase, and no part of it
        integral = 0.35 + 0.1 * (1 - np.exp(-late / 0.1e-9)) - 0.1 * discharged
        return waves(
            netlist,
            time,
            {
                "v(pulse)": np.interp(time, pulse_time, out["v(pulse)"]),
                "v(sign)": 0.9 * one,
                "v(integral)": integral,
                "i(vdd)": -1e-6 * one,
                "i(vddb)": -2e-6 * one,
                "i(vref)": -3e-6 * one,
                "i(vvrst)": -8e-6 * one,
                "v(wwl)": 0.9 * one,
                "v(wwlb)": 0.0 * one,
                "i(vwwl)": -4e-6 * one,
                "i(vwwlb)": -9e-6 * one,
                "v(sn0)": written,
                "v(sn1)": 0.0 * one,
                "v(rwlp0)": line,
                "v(rwlp1)": 0.45 * one,
                "i(vrwlp0)": 0.0 * one,
                "i(vrwlp1)": -5e-6 * one,
                "i(vrwln0)": 0.0 * one,
                "i(vrwln1)": -1e-6 * one,  # the lower word line mirrors the upper one: 0.45 V
                "v(dac0)": 0.9 * one,
                "v(dac1)": 0.0 * one,
                "i(vwbl0)": -6e-6 * one,
                "i(vwbl1)": -7e-6 * one,
            },
        )

    def reads(self, width: float = 4e-9) -> dict[str, float]:
        simulator = StandIn(lambda netlist: self.waves(netlist, width))
        dataset = column_reads(
            self.COLUMN,
            simulator,
            stored_voltages=np.array([[0.9, 0.0]]),
            pulse_widths=np.array([[6e-9, 0.0]]),
        )
        return {name: float(dataset[name].values[0]) for name in UNITS if name in dataset.data_vars}

    def test_every_energy_is_power_times_the_time_of_the_deck(self) -> None:
        found, stop = self.reads(), self.TIMING.stop
        assert found["energy_converter"] == pytest.approx((1e-6 * 0.9 + 3e-6 * 0.45 + 8e-6 * 0.35) * stop, rel=1e-9)
        assert found["energy_bias"] == pytest.approx(2e-6 * 0.9 * stop, rel=1e-9)
        assert found["energy_word_lines"] == pytest.approx((5e-6 + 1e-6) * 0.45 * stop, rel=1e-9)
        assert found["energy_write"] == pytest.approx((4e-6 * 0.9 + 6e-6 * 0.9) * stop, rel=1e-9)

    def test_the_write_lasts_until_the_slowest_cell_is_within_half_a_level(self) -> None:
        half_level = 0.9 / 7 / 2
        expected = -self.WRITE_TAU * np.log(half_level / 0.9)  # from the rail to half a level of what was written
        assert self.reads()["write_time"] == pytest.approx(expected, abs=2e-12)  # steps of 1 ps

    def test_the_input_lasts_until_its_last_edge(self) -> None:
        assert self.reads()["input_time"] == pytest.approx(6e-9 + EDGE / 2, abs=1e-13)

    def test_the_integration_settles_to_half_a_count(self) -> None:
        half_count = 80e-6 * 15e-9 / 15 / 2 / 8 / 700e-15
        expected = 0.1e-9 * np.log(0.1 / half_count)
        assert self.reads()["settle_time"] == pytest.approx(expected, abs=2e-12)

    def test_the_pulse_and_its_start_are_measured_from_the_release(self) -> None:
        found = self.reads()
        assert found["pulse_width"] == pytest.approx(4e-9, rel=1e-6)
        start = self.TIMING.window_start - self.TIMING.release
        assert found["start_delay"] == pytest.approx(start, abs=1e-14)

    def test_a_column_without_pulse_has_no_start_of_one(self) -> None:
        found = self.reads(width=0.0)
        assert found["pulse_width"] == 0.0
        assert np.isnan(found["start_delay"])

    def test_signed_and_unsigned_columns_have_names_of_their_own(self) -> None:
        signed = Column(cell=CELL, converter=SIGNED, technology=TECHNOLOGY, timing=signed_timing())
        assert (self.COLUMN.name, signed.name) == ("column", "signed_column")


def test_a_run_that_fails_is_raised_by_every_sweep() -> None:
    def fails(netlist: NetlistLike) -> Waveforms:
        raise SimulationTimeout("no result after 120 s", netlist=netlist.name)

    simulator = StandIn(fails)
    with pytest.raises(SimulationTimeout, match="netlist gain_cell_dc"):
        read_current_table(CELL, TECHNOLOGY, simulator, stored_voltages=[0.1], word_line_voltages=[0.9])
    with pytest.raises(SimulationTimeout, match="netlist gain_cell_read"):
        read_charges(CELL, TECHNOLOGY, simulator, stored_voltages=[0.1], pulse_widths=[1e-9])
    with pytest.raises(SimulationTimeout, match="netlist retention"):
        storage_drift(CELL, TECHNOLOGY, simulator, stored_voltages=[0.1], hold_time=1e-3)
    with pytest.raises(SimulationTimeout, match="netlist charge_to_pulse"):
        converter_transfer(UNSIGNED, TECHNOLOGY, ColumnTiming(), simulator, charges=[1e-13])
