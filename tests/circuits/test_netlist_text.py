"""The deck as text: same testbench, same bytes; its digest; what it never holds."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PySpice.Spice.Netlist import Circuit

from circuits.benches.cell import gain_cell_dc_bench, gain_cell_read_bench, retention_bench
from circuits.benches.column import column_bench
from circuits.benches.converter import charge_to_pulse_bench
from circuits.charge_to_pulse import ChargeToPulseParameters, signed_parameters
from circuits.errors import CircuitError
from circuits.gain_cell import GainCellParameters
from circuits.technology import Library, load_technology
from circuits.testbench import (
    DcSweep,
    Netlist,
    SourceSweep,
    Testbench,
    Transient,
    netlist_file_name,
    render_netlist,
)
from circuits.timing import ColumnTiming, signed_timing

TECHNOLOGY = load_technology("generic28")
CELL = GainCellParameters()
LEVELS = [0.0, 0.45, 0.9]

BENCHES: dict[str, Callable[[], Testbench]] = {
    "gain_cell_dc": lambda: gain_cell_dc_bench(CELL, TECHNOLOGY, stored_voltages=LEVELS),
    "gain_cell_read": lambda: gain_cell_read_bench(CELL, TECHNOLOGY, stored_voltages=LEVELS, pulse_width=3e-9),
    "retention": lambda: retention_bench(CELL, TECHNOLOGY, stored_voltages=LEVELS, hold_time=1e-3),
    "charge_to_pulse": lambda: charge_to_pulse_bench(
        ChargeToPulseParameters(), TECHNOLOGY, ColumnTiming(), charge=0.6e-12
    ),
    "signed_charge_to_pulse": lambda: charge_to_pulse_bench(
        signed_parameters(), TECHNOLOGY, signed_timing(), charge=-0.3e-12, name="signed_charge_to_pulse"
    ),
    "column": lambda: column_bench(
        CELL,
        ChargeToPulseParameters(),
        TECHNOLOGY,
        ColumnTiming(),
        stored_voltages=LEVELS,
        pulse_widths=[0.0, 1e-9, 15e-9],
    ),
}


def resistor_bench() -> Testbench:
    """The smallest bench there is."""
    circuit = Circuit("r")
    circuit.V("in", "in", 0, 1.0)
    circuit.R("1", "in", 0, 1e3)
    return Testbench(
        name="r",
        circuit=circuit,
        analysis=DcSweep(inner=SourceSweep(source="vin", start=0.0, stop=1.0, step=0.5)),
        probes=("i(vin)",),
        technology=replace(TECHNOLOGY, libraries=()),
        options={},
    )


@pytest.fixture(params=sorted(BENCHES))
def make_bench(request: pytest.FixtureRequest) -> Callable[[], Testbench]:
    made: Callable[[], Testbench] = BENCHES[request.param]
    return made


def test_the_same_testbench_gives_the_same_bytes(make_bench: Callable[[], Testbench]) -> None:
    one, other = render_netlist(make_bench()), render_netlist(make_bench())
    assert one.text.encode() == other.text.encode()
    assert one == other


def test_a_deck_is_a_title_one_analysis_and_an_end(make_bench: Callable[[], Testbench]) -> None:
    bench = make_bench()
    lines = render_netlist(bench).text.splitlines()
    assert lines[0] == f"{bench.name}: generic28 tt 27 C"
    assert lines[-1] == ".end"
    cards = [line.split()[0] for line in lines if line.startswith(".")]
    assert sum(card in (".tran", ".dc") for card in cards) == 1
    assert cards.count(".end") == 1
    assert cards.count(".save") == len(bench.probes)
    assert ".control" not in cards


def test_every_subcircuit_and_model_that_a_deck_names_is_in_it(make_bench: Callable[[], Testbench]) -> None:
    lines = [line.split() for line in render_netlist(make_bench()).text.lower().splitlines() if line.strip()]
    defined = {words[1] for words in lines if words[0] == ".subckt"}
    models = {words[1] for words in lines if words[0] == ".model"}
    used = {next(w for w in reversed(words) if "=" not in w) for words in lines if words[0].startswith("x")}
    assert used <= defined
    assert {words[5] for words in lines if words[0].startswith("m")} <= models


def test_every_probe_names_a_node_or_source_of_the_deck(make_bench: Callable[[], Testbench]) -> None:
    netlist = render_netlist(make_bench())
    words = set(netlist.text.lower().split())
    assert not [probe for probe in netlist.probes if probe[2:-1] not in words]


def test_a_deck_with_its_cards_inside_needs_no_file(make_bench: Callable[[], Testbench]) -> None:
    netlist = render_netlist(make_bench())
    assert netlist.libraries == ()
    assert not [line for line in netlist.text.lower().splitlines() if line.startswith((".lib", ".include"))]


def test_the_digest_without_settings_and_libraries_is_that_of_the_text() -> None:
    netlist = render_netlist(BENCHES["gain_cell_dc"]())
    assert netlist.digest == hashlib.sha256(netlist.text.encode()).hexdigest()


def test_the_digest_changes_with_the_text_the_settings_and_the_libraries_content(tmp_path: Path) -> None:
    library = tmp_path / "a.lib"
    library.write_text("* one\n", encoding="utf-8")
    bench = resistor_bench()

    def digest(corner: str = "tt", settings: tuple[tuple[str, str], ...] = (), libraries: bool = False) -> str:
        technology = replace(
            bench.technology.at(corner=corner),
            settings=settings,
            libraries=(Library(path=library),) if libraries else (),
        )
        return render_netlist(replace(bench, technology=technology)).digest

    found = [digest(), digest(corner="ff"), digest(settings=(("ngbehavior", "hsa"),)), digest(libraries=True)]
    library.write_text("* two\n", encoding="utf-8")
    found.append(digest(libraries=True))
    assert len(set(found)) == len(found)
    assert digest() == found[0]


def test_corner_and_temperature_are_in_the_deck() -> None:
    bench = BENCHES["gain_cell_dc"]()
    texts = {
        (corner, celsius): render_netlist(
            replace(bench, technology=TECHNOLOGY.at(corner=corner, temperature=celsius))
        ).text
        for corner in TECHNOLOGY.corners
        for celsius in (0, 85)
    }
    assert len(set(texts.values())) == 10
    assert all(f"temp={celsius}" in text for (_, celsius), text in texts.items())


def test_the_deck_names_a_library_that_is_not_inline(tmp_path: Path) -> None:
    path = tmp_path / "my models.lib"
    path.write_text("* empty\n", encoding="utf-8")
    technology = replace(
        TECHNOLOGY, libraries=(Library(path=path, section="{corner}"), Library(path=path)), settings=(("a", "b"),)
    )
    netlist = render_netlist(replace(resistor_bench(), technology=technology))
    lines = netlist.text.splitlines()
    assert f'.lib "{path}" tt' in lines
    assert f'.include "{path}"' in lines
    assert netlist.libraries == (path,)
    assert netlist.settings == (("a", "b"),)


def test_an_inline_section_that_is_not_there_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.lib"
    path.write_text(".lib tt\n* empty\n", encoding="utf-8")

    def rendered(section: str) -> Netlist:
        technology = replace(TECHNOLOGY, libraries=(Library(path=path, section=section, inline=True),))
        return render_netlist(replace(resistor_bench(), technology=technology))

    with pytest.raises(CircuitError, match=r"a\.lib has no section 'ss'"):
        rendered("ss")
    with pytest.raises(CircuitError, match=r"section 'tt' has no \.endl"):
        rendered("tt")


@pytest.mark.parametrize("name", ["x\n.control", "x\n.include /etc/passwd", "../../x", "a/b", "", "a b", ".control"])
def test_a_name_that_carries_a_command_or_a_folder_is_refused(name: str) -> None:
    with pytest.raises(CircuitError, match=r"name of the testbench: .* is not a plain name"):
        render_netlist(replace(resistor_bench(), name=name))


@pytest.mark.parametrize("probe", ["v(a)\n.control", "V(a)", "v(a", "a", "v(a,b)", "v()", "i(vin) v(in)"])
def test_a_probe_that_is_no_signal_is_refused(probe: str) -> None:
    with pytest.raises(CircuitError, match=r"must be 'v\(node\)' or 'i\(source\)' in lower case"):
        render_netlist(replace(resistor_bench(), probes=(probe,)))


def test_a_bench_without_probes_is_refused() -> None:
    with pytest.raises(CircuitError, match="no probes"):
        render_netlist(replace(resistor_bench(), probes=()))


def test_keys_and_options_that_carry_a_line_are_refused() -> None:
    bench = resistor_bench()
    for bad in (
        replace(bench, parameters={"a\n.control": 1.0}),
        replace(bench, initial_voltages={"a)=1\n.control": 1.0}),
        replace(bench, options={"reltol": "1e-4\n.control"}),
        replace(bench, options={"reltol\n.control": "1e-4"}),
    ):
        with pytest.raises(CircuitError, match="not a plain name"):
            render_netlist(bad)


def test_numbers_that_are_none_are_refused() -> None:
    bench = resistor_bench()
    for bad in (replace(bench, parameters={"a": float("nan")}), replace(bench, initial_voltages={"in": float("inf")})):
        with pytest.raises(CircuitError, match="must be finite"):
            render_netlist(bad)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 0.0, -1e-9])
def test_an_analysis_without_time_is_refused(value: float) -> None:
    for name in ("step", "stop", "max_step"):
        with pytest.raises(CircuitError, match=rf"transient: {name} must be at least 1e-15 s"):
            Transient(**{"step": 1e-9, "stop": 1e-9, "max_step": 1e-9, name: value})


def test_a_sweep_without_step_or_of_no_source_is_refused() -> None:
    with pytest.raises(CircuitError, match="step must not be 0"):
        SourceSweep(source="v1", start=0.0, stop=1.0, step=0.0)
    with pytest.raises(CircuitError, match="stop must be finite"):
        SourceSweep(source="v1", start=0.0, stop=float("nan"), step=0.1)
    with pytest.raises(CircuitError, match="not a plain name"):
        SourceSweep(source="v1 0 1 0.1\n.control", start=0.0, stop=1.0, step=0.1)


def test_a_nested_sweep_is_one_line_with_the_fast_source_first() -> None:
    fast, slow = (SourceSweep(source=name, start=0.0, stop=1.0, step=0.5) for name in ("v1", "v2"))
    assert DcSweep(inner=fast, outer=slow).line() == "dc v1 0 1 0.5 v2 0 1 0.5"


def test_a_committed_netlist_carries_bench_technology_corner_and_temperature_in_its_name() -> None:
    name = netlist_file_name("column", TECHNOLOGY.at(corner="ss", temperature=85))
    assert name == "column__generic28_ss_85c.cir"
