"""Decks, PySpice circuits and Python files of one's own as benches: what is taken, what is refused and why."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pytest
from PySpice.Spice.Netlist import Circuit

from circuits.testbench import Netlist
from pycosim.campaign.bench import Parameter, SweepBench
from pycosim.campaign.measures import parse_measure
from pycosim.campaign.task import Measurement, Point, Value
from pycosim.campaign.user_bench import bench_from_cir, bench_from_circuit, is_user_bench, user_bench
from pycosim.errors import ConfigurationError, SuspectNetlist, UnsafeNetlist
from pycosim.spice import NgspicePool
from pycosim.spice.installation import find_libngspice, installation_hint
from pycosim.spice.safety import check_netlist

DIVIDER = "title\n.param r=1k\nv1 in 0 1\nr1 in out {r}\nr2 out 0 1k\n.op\n.end\n"
DIODE = 'title\n.include "{}"\nv1 in 0 1\nr1 in out 1k\nd1 out 0 dd\n.op\n'
CORNERS = ".lib TT\n.model dd d is=1e-14\n.endl\n.lib ss\n.model dd d is=1e-16\n.endl\n"


def measure(name: str = "level", /, **table: object) -> Measurement:
    return parse_measure(name, {"kind": "final", "signal": "v(out)"} | table)


def read(text: str, *measurements: Measurement, analysis: str | None = None) -> SweepBench:
    return bench_from_cir(text, measurements or (measure(),), analysis=analysis)


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())
    return path


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NgspicePool]:
    if find_libngspice() is None:
        pytest.skip(f"needs libngspice. {installation_hint()}")
    with NgspicePool(n_workers=1, timeout=30.0, run_root=tmp_path_factory.mktemp("runs")) as shared:
        yield shared


def values(pool: NgspicePool, bench: SweepBench, given: Mapping[str, Value] | None = None) -> dict[str, float]:
    """Every measurement of a bench at a point, as a campaign takes it."""
    point = bench.point({name: bench.checked(name, value) for name, value in (given or {}).items()})
    waves = pool.run(bench.make(point))
    return {name: one.function(waves, point) for name, one in bench.measurements.items()}


# ------------------------------------------------------------------------------------------------------ parameters


def test_param_lines_are_the_parameters_with_units_from_their_comments() -> None:
    bench = read(
        "title\n.param Rload=1k ; [ohm] load of the stage\n"
        ".param c = 2.5p gain='2*Rload'\n* kept\n+ w={w0} n=3 $ fingers\n"
        ".param f(x)={x*2} w0=1u\nv1 out 0 {gain}\nr1 out 0 {Rload}\n.op\n"
    )
    assert bench.parameters == {
        "Rload": Parameter(default=1e3, unit="ohm", meaning="load of the stage"),
        "c": Parameter(default=2.5e-12),
        "n": Parameter(default=3.0),
        "w0": Parameter(default=1e-6),
        "temperature": Parameter(default=27.0, unit="degC", meaning="temperature"),
    }


def test_a_point_changes_its_numbers_and_nothing_else() -> None:
    bench = read(DIVIDER)
    drawn, changed = (bench.make(bench.point(given)).text.splitlines() for given in ({}, {"r": 3e3}))
    assert [(a, b) for a, b in zip(drawn, changed, strict=True) if a != b] == [(".param r=1000.0", ".param r=3000.0")]


def test_arithmetic_is_ngspices_and_follows_the_point() -> None:
    bench = read(
        "title\n.param r=1k\n.param q='2*r' s={q}\nv1 out 0 1\nr1 out 0 {s}\n.tran {q*1n} {10*Q*1n} 0 {r*1n}\n"
    )
    text = bench.make(bench.point({"r": 2e3})).text
    assert ".param q='2*r'" in text
    assert ".tran 4e-06 4e-05 0 2e-06" in text


def test_parameters_of_a_subcircuit_are_its_own() -> None:
    bench = read("title\n.subckt s a b\n.param q=1k\nr1 a b {q}\n.ends\nv1 in 0 1\nx1 in out s\nr2 out 0 1k\n.op\n")
    assert list(bench.parameters) == ["temperature"]


def test_the_temperature_is_a_parameter_wherever_the_deck_said_it() -> None:
    for said in (".temp 77", ".options reltol=1e-4 temp=77", ".options reltol=1e-4\n+ TEMP = 77", ".option temp=77"):
        bench = read(DIVIDER.replace(".op", f"{said}\n.op"))
        assert bench.parameters["temperature"].default == 77.0
        text = bench.make(bench.point({"temperature": 85.0})).text
        assert "77" not in text
        assert ".temp 85.0" in text


@pytest.mark.ngspice
def test_the_temperature_of_a_point_holds_over_that_of_an_included_file(pool: NgspicePool, tmp_path: Path) -> None:
    write(tmp_path, "hot.lib", ".temp 127\n")
    text = "title\n.temp 47\n.include hot.lib\nv1 in 0 1\nr1 in out 1k tc1=0.01\nr2 out 0 1k\n.op\n"
    bench = bench_from_cir(write(tmp_path, "a.cir", text), [measure()])
    assert bench.parameters["temperature"].default == 127.0
    assert values(pool, bench, {"temperature": 27.0})["level"] == pytest.approx(0.5, rel=1e-9)


def test_a_parameter_that_a_file_sets_again_gets_a_note(tmp_path: Path) -> None:
    write(tmp_path, "p.lib", ".param R=2k\n.subckt s a b\n.param q=1\nr1 a b {q}\n.ends\n")
    before = DIVIDER.replace("title\n", "title\n.include p.lib\n")
    after = DIVIDER.replace("v1 in", ".include p.lib\nv1 in")
    assert not bench_from_cir(write(tmp_path, "a.cir", before), [measure()]).notes
    assert "sets r after the deck does" in bench_from_cir(write(tmp_path, "b.cir", after), [measure()]).notes[0]


@pytest.mark.ngspice
@pytest.mark.parametrize(
    "said",
    [
        ".temp 47\n.options temp=67",
        ".options temp=67\n.temp 47",
        ".temp 47\n.temp 67",
        ".options temp=47\n.options temp=67",
        ".options temp=47 temp=67",
    ],
)
def test_of_two_temperatures_the_default_is_the_one_that_ngspice_takes(pool: NgspicePool, said: str) -> None:
    text = f"title\nv1 in 0 1\nr1 in out 1k tc1=0.01\nr2 out 0 1k\n{said}\n.op\n"
    plain = Netlist(name="plain", text=f"{text}.save v(out)\n.end\n", digest="plain", probes=("v(out)",))
    assert values(pool, read(text))["level"] == pytest.approx(float(pool.run(plain).signals["v(out)"][0].real))


def test_an_unknown_parameter_is_refused_with_near_ones() -> None:
    bench = read("title\n.param Rload=1k\nv1 out 0 1\nr1 out 0 {Rload}\n.op\n")
    with pytest.raises(ConfigurationError, match="did you mean Rload"):
        bench.checked("rlaod", 1.0)
    with pytest.raises(ConfigurationError, match="write 1e-06"):
        bench.checked("Rload", "1u")


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (".param r=2k", "sets r twice"),
        (".param R=2k", "sets R twice"),
        (".param seed=3", "rename it"),
        (".param z 3", "wanted '.param name=value'"),
        (".temp 27 85", "wanted one temperature"),
        (".param i=9A", "one way in .param lines and another way in devices"),
        (".param w=3mil", "write the number with an exponent"),
    ],
)
def test_contradictions_are_refused(lines: str, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        read(DIVIDER.replace(".op", f"{lines}\n.op"))


# ------------------------------------------------------------------------------------------------------ text


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.replace("\n", "\r"),
        lambda text: text.removesuffix(".end\n"),
        lambda text: text + "\n* behind the end\n",
        lambda text: "\ufeff" + text,
        lambda text: text.replace(".op", ".OP").replace("r1 in out {r}", "R1 IN OUT {R}"),
        lambda text: text.replace(".op", ".op\n.save v(in)\n.print op v(in)\n.plot op v(in)\n.probe v(in)"),
    ],
    ids=["windows", "old-mac", "no-end", "comment-behind-end", "byte-order-mark", "upper-case", "output-cards"],
)
def test_a_deck_is_read_however_it_was_written(tmp_path: Path, change: object) -> None:
    assert callable(change)
    path = write(tmp_path, "A deck with blanks.cir", change(DIVIDER))
    bench = bench_from_cir(path, [measure()])
    assert bench.name == "A_deck_with_blanks"
    netlist = bench.make(bench.point({}))
    check_netlist(netlist)
    assert netlist.text.count(".save") == 1
    assert netlist.text.endswith("\n.op\n.end\n")
    assert "\r" not in netlist.text


def test_cards_that_compute_are_ignored_with_a_note() -> None:
    bench = read(DIVIDER.replace(".op", ".tran 1n 1u\n.meas tran top max v(out)\n.four 1meg v(out)"))
    assert [note.split(";")[0] for note in bench.notes] == ["line 7: .meas is ignored", "line 8: .four is ignored"]
    assert ".meas" not in bench.make({}).text


def test_a_device_on_the_title_line_gets_a_note() -> None:
    assert "looks like a device" in read("r9 out 0 1k\n" + DIVIDER.partition("\n")[2]).notes[0]
    assert not read("Amplifier of 1990, second version\n" + DIVIDER.partition("\n")[2]).notes


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("title\n", ""), "line 1 is the title"),
        ((".op\n", ""), r"has no analysis; write one of \.tran"),
        ((".op", ".op\n.tran 1n 1u"), r"found \.op \(line 6\), \.tran \(line 7\)"),
        ((".op", ".control\nrun\n.endc\n.op"), r"remove everything from \.control to \.endc"),
        ((".op", ".step param r 1 2 1\n.op"), "write it as \\[axes\\]"),
        ((".op", ".sens v(out)\n.op"), "pycosim measures"),
        ((".end\n", ".end\nr9 a b 1\n"), "stands behind it"),
        ((".op", "*#shell ls\n.op"), "hidden command"),
        ((".op", ".system ls\n.op"), "is refused"),
        (("title", "title\x00"), "UTF-16"),
    ],
)
def test_a_deck_that_cannot_be_swept_says_what_to_do(change: tuple[str, str], words: str) -> None:
    with pytest.raises((ConfigurationError, UnsafeNetlist), match=words):
        read(DIVIDER.replace(*change))


def test_an_empty_file_and_a_missing_one_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="the deck is empty"):
        bench_from_cir(write(tmp_path, "a.cir", " \n"))
    with pytest.raises(ConfigurationError, match=r"none\.cir: the deck cannot be read: No such file"):
        bench_from_cir(tmp_path / "none.cir")


def test_one_of_several_analyses_is_chosen_or_another_is_given() -> None:
    both = DIVIDER.replace(".op", ".op\n.tran 1n 1u")
    assert read(both, analysis="TRAN").make({}).text.endswith(".tran 1n 1u\n.end\n")
    assert read(both, analysis=".dc v1 0 1 0.1").make({}).text.endswith("\n.dc v1 0 1 0.1\n.end\n")
    for wanted, words in (
        ("trna", "did you mean .tran"),
        ("ac", "write a whole card"),
        ("op\n.control", "must be one"),
    ):
        with pytest.raises(ConfigurationError, match=words):
            read(both, analysis=wanted)


def test_floating_and_dangling_nodes_are_found_before_any_run() -> None:
    with pytest.raises(SuspectNetlist, match="only one terminal touches out"):
        read("title\nv1 in 0 1\nr1 in out 1k\n.op\n")
    with pytest.raises(SuspectNetlist, match="no DC path to ground from x"):
        read("title\nv1 out 0 1\nr1 out 0 1k\nc1 out x 1p\nc2 x 0 1p\n.tran 1n 10n\n")


# ------------------------------------------------------------------------------------------------------ measurements


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"signal": "v(outt)"}, "measure level: the circuit has no node 'outt'; did you mean out"),
        ({"signal": "i(v2)"}, "no source 'v2'"),
        ({"signal": "i(r1)"}, r'write "@r1\[i\]"'),
        ({"signal": "@r9[i]"}, "no device 'r9'"),
        ({"kind": "bandwidth"}, r"measures frequencies .* the deck has \.op"),
        ({"kind": "crossing", "threshold": 1.0}, 'write over = "sweep"'),
        ({"kind": "value", "at": "R / 2"}, "'R', which is no parameter; did you mean r"),
    ],
)
def test_what_the_circuit_lacks_is_found_before_any_run(table: dict[str, object], words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        read(DIVIDER, measure(**table))


def test_noise_decks_record_spectra_and_no_voltages() -> None:
    text = "title\nv1 in 0 0 ac 1\nr1 in out 1k\nc1 out 0 1p\n.noise v(out) v1 dec 20 10k 1t\n"
    noise = parse_measure("noise", {"kind": "noise"})
    assert ".save onoise_total" in read(text, noise).make({}).text
    with pytest.raises(ConfigurationError, match=r"a deck with \.noise gives onoise_spectrum"):
        read(text, parse_measure("gain", {"kind": "gain", "signal": "v(out)"}))


# ------------------------------------------------------------------------------------------------------ files


def test_a_deck_reads_files_of_its_folder_and_those_that_are_named(tmp_path: Path) -> None:
    write(tmp_path, "decks/models/d.lib", ".model dd d is=1e-14\n")
    outside = write(tmp_path, "pdk/d.lib", ".model dd d is=1e-14\n")
    inside = bench_from_cir(write(tmp_path, "decks/a.cir", DIODE.format("models/d.lib")), [measure()])
    assert 'include "models/d.lib"' in inside.make({}).text
    path = write(tmp_path, "decks/b.cir", DIODE.format("../pdk/d.lib"))
    with pytest.raises(ConfigurationError, match=r"line 2 reads .*d\.lib, which is not in the deck's folder"):
        bench_from_cir(path, [measure()])
    for allowed in (outside, outside.parent):
        check_netlist(bench_from_cir(path, [measure()], libraries=[allowed]).make({}))


def test_files_elsewhere_are_refused_also_through_links_and_other_files(tmp_path: Path) -> None:
    secret = write(tmp_path, "secret.lib", ".model dd d is=1e-14\n")
    (tmp_path / "decks").mkdir()
    (tmp_path / "decks" / "link.lib").symlink_to(secret)
    write(tmp_path, "decks/nested.lib", '.include "../secret.lib"\n')
    for named in ("link.lib", str(secret), "../secret.lib"):
        with pytest.raises(ConfigurationError, match="not in the deck's folder"):
            bench_from_cir(write(tmp_path, "decks/a.cir", DIODE.format(named)), [measure()])
    with pytest.raises(UnsafeNetlist, match=r"library .*nested\.lib.* reads"):
        bench_from_cir(write(tmp_path, "decks/b.cir", DIODE.format("nested.lib")), [measure()])
    with pytest.raises(ConfigurationError, match="which is not there"):
        bench_from_cir(write(tmp_path, "decks/c.cir", DIODE.format("none.lib")), [measure()])


def test_the_digest_follows_the_content_of_included_files_and_not_their_place(tmp_path: Path) -> None:
    def digest(folder: str, content: str) -> str:
        write(tmp_path, f"{folder}/models/inner.lib", content)
        write(tmp_path, f"{folder}/models/d.lib", '.include "inner.lib"\n')
        bench = bench_from_cir(write(tmp_path, f"{folder}/a.cir", DIODE.format("models/d.lib")), [measure()])
        return bench.make({}).digest

    first = digest("one", ".model dd d is=1e-14\n")
    assert digest("two", ".model dd d is=1e-14\n") == first
    assert digest("two", ".model dd d is=1e-15\n") != first


def test_of_two_files_of_one_name_the_deck_reads_the_one_it_names(tmp_path: Path) -> None:
    write(tmp_path, "models/d.lib", ".model other d is=1e-20\n")
    write(tmp_path, "d.lib", '.include "models/d.lib"\n.model dd d is=1e-14\n')
    bench = bench_from_cir(write(tmp_path, "a.cir", DIODE.format("d.lib")), [measure()])
    assert f'include "{tmp_path}/d.lib"' in check_netlist(bench.make({}))


def test_sections_of_a_library_are_the_corners(tmp_path: Path) -> None:
    write(tmp_path, "c.lib", CORNERS)
    deck = DIODE.replace('.include "{}"', ".lib c.lib TT")
    bench = bench_from_cir(write(tmp_path, "a.cir", deck), [measure()])
    assert bench.parameters["corner"].choices == ("tt", "ss")
    assert '.lib "c.lib" ss' in bench.make(bench.point({"corner": "ss"})).text
    with pytest.raises(ConfigurationError, match="one of tt, ss"):
        bench.checked("corner", "ff")
    with pytest.raises(ConfigurationError, match="no section 'ff'; it has tt, ss"):
        bench_from_cir(write(tmp_path, "b.cir", deck.replace("TT", "ff")), [measure()])
    write(tmp_path, "a folder/c.lib", CORNERS)
    with pytest.raises(ConfigurationError, match="without blanks"):
        bench_from_cir(write(tmp_path, "a folder/a.cir", deck), [measure()])


def test_a_library_without_sections_is_an_include_in_the_modes_of_pspice_and_ltspice(tmp_path: Path) -> None:
    write(tmp_path, "d.lib", ".model dd d is=1e-14\n")
    path = write(tmp_path, "a.cir", DIODE.replace('.include "{}"', ".lib d.lib"))
    with pytest.raises(ConfigurationError, match=r'settings = \{ ngbehavior = "ps" \}'):
        bench_from_cir(path, [measure()])
    bench = bench_from_cir(path, [measure()], settings=[("ngbehavior", "ps")])
    assert "corner" not in bench.parameters
    check_netlist(bench.make({}))


# ------------------------------------------------------------------------------------------------------ TOML and Python


def test_a_bench_is_a_file_where_its_name_ends_so() -> None:
    assert is_user_bench("rc.cir")
    assert is_user_bench("RC.SP")
    assert is_user_bench("mine.py:make")
    assert is_user_bench({"file": "rc.cir"})
    assert not is_user_bench("gain_cell")


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ({"fil": "a.cir"}, "bench must be a name"),
        ({"file": "a.cir", "analyis": "ac"}, "did you mean analysis"),
        ({"file": "a.cir", "libraries": "x.lib"}, "libraries must be a list of texts"),
        ({"file": "a.cir", "analysis": 3}, "analysis must be text"),
        ({"file": "a.cir", "settings": []}, "settings must be a table"),
        ({"file": "a.py:make", "analysis": "ac"}, "analysis are for decks"),
        ("a.py", 'wanted "file.py:function"'),
        ("none.py:make", "there is no file"),
        ("wrong.py:make", "cannot be run: ZeroDivisionError"),
        ("right.py:mkae", "has no function 'mkae'; did you mean make"),
        ("right.py:fails", r"raised ValueError: no"),
        ("right.py:gives_none", "must give a SweepBench, found NoneType"),
    ],
)
def test_a_wrong_bench_says_what_is_wrong(tmp_path: Path, wanted: object, words: str) -> None:
    write(tmp_path, "a.cir", DIVIDER)
    write(tmp_path, "wrong.py", "1 / 0\n")
    functions = "def make():\n    pass\ndef fails():\n    raise ValueError('no')\ndef gives_none():\n    pass\n"
    write(tmp_path, "right.py", functions)
    with pytest.raises(ConfigurationError, match=words):
        user_bench(wanted, tmp_path)


def test_a_table_names_analysis_libraries_and_settings(tmp_path: Path) -> None:
    write(tmp_path, "pdk/d.lib", ".model dd d is=1e-14\n")
    write(tmp_path, "decks/a.cir", DIODE.format("../pdk/d.lib"))
    table = {"file": "decks/a.cir", "analysis": "op", "libraries": ["pdk"], "settings": {"ngbehavior": "hsa"}}
    netlist = user_bench(table, tmp_path, [measure()]).make({})
    assert netlist.settings == (("ngbehavior", "hsa"),)
    assert [path.name for path in netlist.libraries] == ["d.lib"]


def test_a_python_file_may_use_dataclasses_and_gets_further_measurements(tmp_path: Path) -> None:
    source = f"""
        from __future__ import annotations
        from dataclasses import dataclass
        from pycosim.campaign.measures import parse_measure
        from pycosim.campaign.user_bench import bench_from_cir

        @dataclass(frozen=True)
        class Sizes:
            width: float = 1.0

        def make():
            measure = parse_measure("level", {{"kind": "final", "signal": "v(out)"}})
            return bench_from_cir({DIVIDER!r}, [measure])
    """
    write(tmp_path, "mine.py", textwrap.dedent(source))
    bench = user_bench("mine.py:make", tmp_path, [measure("current", signal="i(v1)")])
    assert list(bench.measurements) == ["level", "current"]
    netlist = bench.make(bench.point({}))
    assert netlist.probes == ("v(out)", "i(v1)")
    check_netlist(netlist)
    assert netlist.text.count(".save") == 2
    with pytest.raises(ConfigurationError, match="no node 'nope'"):
        user_bench("mine.py:make", tmp_path, [measure("more", signal="v(nope)")])


def _divider(point: Point) -> Circuit:
    circuit = Circuit("divider")
    circuit.V("1", "in", 0, 1.0)
    circuit.R("1", "in", "out", float(point["r"]))
    circuit.R("2", "out", 0, 1e3)
    return circuit


def test_a_pyspice_circuit_becomes_a_bench() -> None:
    bench = bench_from_circuit("divider", _divider, ".op", {"r": 1e3, "temperature": 27.0}, [measure()])
    netlist = bench.make(bench.point({"r": 3e3, "temperature": 85.0}))
    assert isinstance(netlist, Netlist)
    assert "R1 in out 3000.0" in netlist.text
    assert ".temp 85.0" in netlist.text
    with pytest.raises(ConfigurationError, match="no node 'outt'"):
        bench_from_circuit("divider", _divider, ".op", {"r": 1e3}, [measure(signal="v(outt)")])


# ------------------------------------------------------------------------------------------------------ in ngspice


SUFFIXED = "1 .5 5. 1E3 1.5kOhm 2meg 2MEGohm 4m 4M 5u 6n 7p 8f 8F 1G 1t 1V 1e3k 10ns 1x 2e +3 -4k 1kk 1mm"


@pytest.mark.ngspice
def test_numbers_of_param_lines_are_what_ngspice_reads(pool: NgspicePool) -> None:
    for word in SUFFIXED.split():
        text = f"title\n.param p={word}\nv1 out 0 {{p}}\nr1 out 0 1k\n.op\n"
        plain = Netlist(name="plain", text=f"{text}.save v(out)\n.end\n", digest="plain", probes=("v(out)",))
        read_as = read(text).parameters["p"].default
        assert read_as == pytest.approx(float(pool.run(plain).signals["v(out)"][0].real), rel=1e-12), word


TRICKY = """Title with .param in it
* a comment
.param A=4.7k b = 10u ; [F] big
+ c='A*2'
* between
+ d={half(A)}
.param half(x)={x/2} e=1meg
.subckt stage in out r=1k
.param inner='r/2'
R1 in mid {inner}
R2 mid out {inner} tc1=1m
.ends
.temp 55
V1 in 0 pulse(0 1 1u 1u
+ 1u 50u 100u)
X1 IN out stage r={c}
X2 out 0 stage r='e'
C1 out 0 {b/A*1e-2}
.options reltol=1e-5 temp=60
.tran {b/50} '20*b' 0 {b/50}
"""


@pytest.mark.ngspice
def test_at_its_defaults_a_deck_gives_what_ngspice_makes_of_the_file(pool: NgspicePool) -> None:
    bench = read(TRICKY)
    assert bench.parameters["b"] == Parameter(default=1e-5)  # the comment is of two names
    ours = pool.run(bench.make(bench.point({})))
    plain = f"{TRICKY}.save v(out)\n.end\n"
    theirs = pool.run(Netlist(name="plain", text=plain, digest="plain", probes=("v(out)",)))
    assert np.allclose(ours.time, theirs.time, rtol=1e-9)
    assert np.allclose(ours.signals["v(out)"], theirs.signals["v(out)"], rtol=1e-9, atol=1e-12)  # rounding of numbers
    assert float(ours.time[-1]) == pytest.approx(200e-6)


@pytest.mark.ngspice
def test_a_swept_deck_gives_what_its_arithmetic_says(pool: NgspicePool) -> None:
    text = "Title\n.PARAM R=1K Q='2*R'\nV1 IN 0 1\nR1 IN OUT {R} TC1=0.01\nR2 OUT 0 {Q}\n.OP\n"
    bench = read(text, measure(), measure("current", signal="-i(V1)"), measure("part", signal="@r1[i]"))
    found = values(pool, bench, {"R": 3e3})
    assert found == pytest.approx({"level": 2 / 3, "current": 1 / 9e3, "part": 1 / 9e3}, rel=1e-9)
    assert values(pool, bench, {"temperature": 127.0})["level"] == pytest.approx(0.5, rel=1e-9)  # r1 doubled


@pytest.mark.ngspice
def test_a_corner_changes_the_cards(pool: NgspicePool, tmp_path: Path) -> None:
    write(tmp_path, "Models/C.lib", CORNERS)
    deck = DIODE.replace('.include "{}"', '.LIB "Models/C.lib" tt')
    bench = bench_from_cir(write(tmp_path, "A.CIR", deck), [measure()])
    typical, slow = (values(pool, bench, {"corner": corner})["level"] for corner in ("tt", "ss"))
    step = 0.02585 * np.log(100)  # of the saturation current, at 27 C
    assert slow - typical == pytest.approx(step, abs=0.012)  # the current falls as well: 0.37 to 0.26 mA


@pytest.mark.ngspice
def test_random_numbers_follow_the_seed_alone(pool: NgspicePool) -> None:
    text = "title\nv1 in 0 1\nr1 in out {agauss(1k,100,1)}\nr2 out 0 1k\n.options seed=random\n.op\n"
    bench = read(text)
    assert "seed=random" not in bench.make(bench.point({"seed": 0})).text
    found = [values(pool, bench, {"seed": seed})["level"] for seed in (0, 1, 2, 1, 0)]
    assert found[:2] == found[:2:-1]
    assert len(set(found)) == 3


@pytest.mark.ngspice
def test_a_pyspice_circuit_runs(pool: NgspicePool) -> None:
    bench = bench_from_circuit("divider", _divider, lambda point: ".op", {"r": 1e3}, [measure()])
    assert values(pool, bench, {"r": 3e3})["level"] == pytest.approx(0.25, rel=1e-9)


@pytest.mark.ngspice
def test_noise_of_a_resistor_and_a_capacitor_is_kt_over_c(pool: NgspicePool) -> None:
    text = "title\n.param c=1p\nv1 in 0 0 ac 1\nr1 in out 1k\nc1 out 0 {c}\n.noise v(out) v1 dec 20 10k 1t\n"
    bench = read(text, parse_measure("noise", {"kind": "noise"}))
    found = values(pool, bench, {"c": 2e-12})["noise"]
    assert found == pytest.approx(np.sqrt(1.380649e-23 * 300.15 / 2e-12), rel=2e-3)  # the band ends at 1 THz
