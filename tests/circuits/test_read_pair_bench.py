from __future__ import annotations

from dataclasses import replace

import pytest

from circuits.benches.read_pair import floating_read_pair_bench
from circuits.devices import Mosfet
from circuits.errors import CircuitError
from circuits.gain_cell import GainCellParameters
from circuits.technology import load_technology
from circuits.testbench import render_netlist

TECHNOLOGY = load_technology("generic28")


def test_every_level_meets_every_bit_line_and_no_storage_node_is_driven() -> None:
    bench = floating_read_pair_bench(
        GainCellParameters(), TECHNOLOGY, stored_voltages=[0.1, 0.8], bit_line_errors=[-0.1, 0.0, 0.1]
    )
    text = render_netlist(bench).text.lower()
    assert len(bench.probes) == 1 + 2 * 2 * 3
    for k, b in ((0, 0), (1, 2)):
        assert f"xc{k}_{b} rbl{b} rwlp{k}_{b} rwln{k}_{b}" in text
        assert f".ic v(sn{k}_{b})" in text
        assert f"vsn{k}_{b}" not in text


def test_cells_and_lines_that_do_not_fit_are_refused() -> None:
    cell = GainCellParameters()
    with pytest.raises(CircuitError, match="bit_line_errors"):
        floating_read_pair_bench(cell, TECHNOLOGY, stored_voltages=[0.1], bit_line_errors=[0.5])
    with pytest.raises(CircuitError, match="stored_voltages"):
        floating_read_pair_bench(cell, TECHNOLOGY, stored_voltages=[1.1], bit_line_errors=[0.0])
    select = replace(cell, select=Mosfet(polarity="nmos", width=100e-9, length=30e-9))
    with pytest.raises(CircuitError, match="select"):
        floating_read_pair_bench(select, TECHNOLOGY, stored_voltages=[0.1], bit_line_errors=[0.0])
