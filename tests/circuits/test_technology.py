"""Technologies: the built-in one, a user's own, and files that are wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from circuits.errors import CircuitError
from circuits.technology import Library, Polarity, load_technology

BUILT_IN = Path(__file__).resolve().parents[2] / "circuits" / "technologies"

PLAIN = """
[technology]
name = "mine"
supply_voltage = 1.1
minimum_width = 90e-9
minimum_length = 50e-9
[technology.corners]
tt = "typical"
ff = "fast"
[[technology.libraries]]
path = "cards/models.lib"
section = "{corner}"
[devices.nmos]
model = "nfet"
[devices.pmos]
model = "pfet"
[mismatch]
a_vth_nmos = 1e-9
a_vth_pmos = 1e-9
a_beta = 1e-8
[wire]
resistance_per_length = 1e6
capacitance_per_length = 2e-10
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "cards").mkdir()
    (tmp_path / "cards" / "models.lib").write_text("* empty\n", encoding="utf-8")
    return tmp_path


def written(folder: Path, text: str) -> Path:
    path = folder / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_built_in_technology_is_the_papers_supply_in_five_corners() -> None:
    technology = load_technology("generic28")
    assert technology.supply_voltage == 0.9  # [2025 Leroux]
    assert technology.mid_voltage == 0.45
    assert list(technology.corners) == ["tt", "ff", "ss", "fs", "sf"]
    assert (technology.corner, technology.temperature) == ("tt", 27.0)


def test_a_built_in_technology_may_also_be_given_by_its_path() -> None:
    by_path = load_technology(BUILT_IN / "generic28.toml")
    by_name = load_technology("generic28")
    assert (by_path.nmos, by_path.wire, by_path.libraries) == (by_name.nmos, by_name.wire, by_name.libraries)


def test_every_number_of_the_built_in_technology_states_its_source() -> None:
    lines = (BUILT_IN / "generic28.toml").read_text(encoding="utf-8").splitlines()
    numbers = [line for line in lines if line.split(" = ")[-1][:1].isdigit()]
    assert len(numbers) > 8
    assert not [line for line in numbers if "ours" not in line and "[2025 Leroux" not in line]


def test_library_paths_are_relative_to_the_file_and_defaults_fill_the_rest(folder: Path) -> None:
    technology = load_technology(written(folder, PLAIN))
    assert technology.libraries == (
        Library(path=(folder / "cards" / "models.lib").resolve(), section="{corner}", inline=False),
    )
    assert technology.corner == "tt"
    assert technology.nmos.instance == "model"
    assert technology.nmos.threshold_parameter == ""
    assert technology.settings == ()
    assert technology.temperature_range == (-40.0, 125.0)


def test_a_path_in_text_and_a_path_are_the_same(folder: Path) -> None:
    path = written(folder, PLAIN)
    assert load_technology(str(path)) == load_technology(path)


def test_another_corner_or_temperature_leaves_the_first_technology_as_it_was() -> None:
    technology = load_technology("generic28")
    hot = technology.at(corner="ss", temperature=85)
    assert (hot.corner, hot.temperature) == ("ss", 85.0)
    assert (technology.corner, technology.temperature) == ("tt", 27.0)
    assert hot.at() == hot


@pytest.mark.parametrize("corner", ["slow", "TT", "", "tt\n.control"])
def test_an_unknown_corner_is_answered_with_the_known_ones(corner: str) -> None:
    with pytest.raises(CircuitError, match=r"no corner .*; choose one of tt, ff, ss, fs, sf"):
        load_technology("generic28").at(corner=corner)


@pytest.mark.parametrize("temperature", [-40.0, 85.1, 1e9])
def test_a_temperature_outside_the_range_of_the_cards_is_refused(temperature: float) -> None:
    with pytest.raises(CircuitError, match="meant for 0 to 85 deg C"):
        load_technology("generic28").at(temperature=temperature)


def test_a_temperature_that_is_no_number_is_refused() -> None:
    with pytest.raises(CircuitError, match="temperature of generic28 must be finite"):
        load_technology("generic28").at(temperature=float("nan"))


@pytest.mark.parametrize("name", ["generic22", "", "generic28\n", "/etc/passwd"])
def test_an_unknown_technology_is_answered_with_the_built_in_ones(name: str) -> None:
    with pytest.raises(CircuitError, match="built in: generic28"):
        load_technology(name)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(CircuitError, match=r"no technology file .*absent\.toml"):
        load_technology(tmp_path / "absent.toml")


def test_a_library_that_is_not_there_is_named_with_its_whole_path(folder: Path) -> None:
    text = PLAIN.replace("cards/models.lib", "cards/absent.lib")
    with pytest.raises(CircuitError, match=rf"library {folder}/cards/absent\.lib is not there"):
        load_technology(written(folder, text))


MISSING = [
    "name",
    "supply_voltage",
    "minimum_width",
    "minimum_length",
    "path",
    "model",
    "a_beta",
    "resistance_per_length",
]


@pytest.mark.parametrize("key", MISSING)
def test_a_missing_key_is_named_with_its_table(folder: Path, key: str) -> None:
    text = "\n".join(line for line in PLAIN.splitlines() if not line.startswith(f"{key} ="))
    with pytest.raises(CircuitError, match=rf"mine\.toml: [\w.]+\.{key} is missing"):
        load_technology(written(folder, text))


@pytest.mark.parametrize("table", ["devices", "mismatch", "wire"])
def test_a_missing_table_is_named(folder: Path, table: str) -> None:
    with pytest.raises(CircuitError, match=rf"mine\.toml: {table} is missing"):
        load_technology(written(folder, PLAIN.replace(f"[{table}", "[settings")))


@pytest.mark.parametrize(
    ("line", "known"),
    [
        ("name = ", "technology.suply_voltage; known here: corner, corners"),
        ("path = ", "technology.libraries.suply_voltage; known here: inline, path, section"),
        ("model = ", "devices.nmos.suply_voltage; known here: instance, model, threshold_parameter"),
        ("a_beta = ", "mismatch.suply_voltage; known here: a_beta"),
        ("capacitance_per_length = ", "wire.suply_voltage; known here: capacitance_per_length"),
    ],
)
def test_an_unknown_key_is_answered_with_the_known_ones(folder: Path, line: str, known: str) -> None:
    with pytest.raises(CircuitError, match=f"unknown key {known}"):
        load_technology(written(folder, PLAIN.replace(line, f"suply_voltage = 1\n{line}", 1)))


# what is replaced, by what, and what the message says
WRONG = [
    ("supply_voltage = 1.1", "supply_voltage = nan", "supply_voltage must be a positive number in SI units"),
    ("supply_voltage = 1.1", "supply_voltage = inf", "supply_voltage must be a positive number in SI units"),
    ("supply_voltage = 1.1", "supply_voltage = -1.1", "supply_voltage must be a positive number in SI units"),
    ("supply_voltage = 1.1", 'supply_voltage = "1.1"', "supply_voltage must be a positive number in SI units"),
    ("supply_voltage = 1.1", "supply_voltage = true", "supply_voltage must be a positive number in SI units"),
    ("a_beta = 1e-8", "a_beta = -1e-8", "a_beta must be a positive number"),
    ("[technology.corners]", 'temperature = "hot"\n[technology.corners]', "temperature must be a number in deg C"),
    ("[technology.corners]", "temperature = 200\n[technology.corners]", "meant for -40 to 125 deg C"),
    ("[technology.corners]", "temperature_range = 5\n[technology.corners]", r"must be \[low, high\]"),
    ("[technology.corners]", "temperature_range = [1]\n[technology.corners]", r"must be \[low, high\]"),
    ("[technology.corners]", "temperature_range = [85, 0]\n[technology.corners]", r"must be \[low, high\]"),
    ("[technology.corners]", "temperature_range = [nan, 9]\n[technology.corners]", "temperature_range must be"),
    ("[technology.corners]", "corner = 3\n[technology.corners]", "no corner 3"),
    ("[technology.corners]", 'corner = "ss"\n[technology.corners]', "no corner 'ss'; choose one of tt, ff"),
    ('tt = "typical"\nff = "fast"', "", "names no corner"),
    ('name = "mine"', 'name = "a\\n.control\\nshell rm x"', "technology.name: .* is not a plain name"),
    ('name = "mine"', 'name = "../a"', "technology.name: .* is not a plain name"),
    ('name = "mine"', 'name = ""', "technology.name: '' is not a plain name"),
    ('tt = "typical"', 'tt = "typical\\n.control"', "corner tt: .* is not a plain name"),
    ('tt = "typical"', '"tt\\n.control" = "typical"', "corners: .* is not a plain name"),
    ('section = "{corner}"', 'section = "{corner}\\n.control"', "libraries.section: .* is not a plain name"),
    ('section = "{corner}"', 'section = ""', "libraries.section: .* is not a plain name"),
    ('section = "{corner}"', 'inline = "no"', "inline must be true or false, found 'no'"),
    ('model = "nfet"', 'model = ".control"', "devices.nmos.model: '.control' is not a plain name"),
    ('model = "nfet"', 'model = "nfet\\nshell"', "devices.nmos.model: .* is not a plain name"),
    ('model = "nfet"', 'model = "nfet"\ninstance = "x"', "instance must be 'model' or 'subcircuit', found 'x'"),
    ('model = "nfet"', 'model = "nfet"\nthreshold_parameter = "a b"', "threshold_parameter: 'a b' is not a plain name"),
    ("[mismatch]", '[settings]\nngbehavior = "hsa\\nshell"\n[mismatch]', "settings.ngbehavior: .* is not a plain name"),
    ("[mismatch]", '[settings]\n"a b" = "hsa"\n[mismatch]', "settings: 'a b' is not a plain name"),
    ("[technology]", "settings = 3\n[technology]", "settings must be a table, found 3"),
    ("[technology]\n", "wire = 3\n[technology]\n", "not valid TOML"),
    ("[[technology.libraries]]", "[technology.libraries]", "libraries must be tables"),
    ("[technology]", "[technology", "is not valid TOML"),
]


@pytest.mark.parametrize(("good", "bad", "message"), WRONG, ids=[bad.replace("\n", " ")[:40] for _, bad, _ in WRONG])
def test_a_wrong_file_is_answered_with_one_sentence(folder: Path, good: str, bad: str, message: str) -> None:
    assert good in PLAIN
    with pytest.raises(CircuitError, match=message) as caught:
        load_technology(written(folder, PLAIN.replace(good, bad, 1)))
    assert "\n" not in str(caught.value)
    assert "mine" in str(caught.value)  # file or technology


def test_tables_that_are_numbers_are_answered_with_one_sentence(folder: Path) -> None:
    text = "technology = 1\ndevices = 2\nmismatch = 3\nwire = 4\n"
    with pytest.raises(CircuitError, match="technology must be a table, found 1"):
        load_technology(written(folder, text))


def test_a_file_that_is_no_text_is_answered_with_one_sentence(folder: Path) -> None:
    path = folder / "mine.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(CircuitError, match="cannot read the technology file"):
        load_technology(path)


def test_a_library_path_that_would_end_its_line_in_the_deck_is_refused(folder: Path) -> None:
    (folder / "cards" / "a\n.lib").write_text("* empty\n", encoding="utf-8")
    with pytest.raises(CircuitError, match="holds a quote or a line break"):
        load_technology(written(folder, PLAIN.replace("models.lib", "a\\n.lib")))


def test_the_oxide_technology_is_generic28_with_three_more_transistors() -> None:
    plain, oxide = load_technology("generic28"), load_technology("oxide")
    assert list(oxide.flavours) == ["oxide", "thick_nmos", "thick_pmos"]
    assert not plain.flavours
    assert (oxide.nmos, oxide.pmos, oxide.wire, oxide.corners) == (plain.nmos, plain.pmos, plain.wire, plain.corners)
    assert oxide.device("nmos", "oxide").instance == "subcircuit"
    assert oxide.device("nmos") == oxide.nmos


def test_every_number_of_the_oxide_technology_states_its_source() -> None:
    lines = (BUILT_IN / "oxide.toml").read_text(encoding="utf-8").splitlines()
    numbers = [line for line in lines if line.split(" = ")[-1][:1].isdigit()]
    assert len(numbers) > 14
    assert not [line for line in numbers if "ours" not in line and "[20" not in line]


@pytest.mark.parametrize(("polarity", "flavour"), [("pmos", "oxide"), ("nmos", "thick_pmos"), ("nmos", "igzo")])
def test_a_flavour_that_is_not_there_is_answered_with_those_that_are(polarity: Polarity, flavour: str) -> None:
    with pytest.raises(CircuitError, match=r"it has oxide \(nmos\), thick_nmos \(nmos\), thick_pmos \(pmos\)"):
        load_technology("oxide").device(polarity, flavour)


FLAVOUR = '[flavours.oxide]\npolarity = "nmos"\nmodel = "tft"\n'


def test_a_flavour_of_a_users_own_is_read(folder: Path) -> None:
    technology = load_technology(written(folder, PLAIN + FLAVOUR + "minimum_length = 45e-9\n"))
    assert technology.flavours["oxide"].model == "tft"
    assert (technology.flavours["oxide"].minimum_length, technology.flavours["oxide"].a_vth) == (45e-9, None)


@pytest.mark.parametrize(
    ("good", "bad", "message"),
    [
        ('polarity = "nmos"\n', "", "flavours.oxide.polarity is missing"),
        ('polarity = "nmos"\n', 'polarity = "n"\n', "polarity must be 'nmos' or 'pmos', found 'n'"),
        ('model = "tft"', "model = 'a b'", "flavours.oxide.model: 'a b' is not a plain name"),
        ('model = "tft"', 'model = "tft"\na_vth = -1', "a_vth must be a positive number"),
        ("[flavours.oxide]", "[flavours.'o x']", "flavours: 'o x' is not a plain name"),
    ],
)
def test_a_wrong_flavour_is_answered_with_one_sentence(folder: Path, good: str, bad: str, message: str) -> None:
    with pytest.raises(CircuitError, match=message):
        load_technology(written(folder, PLAIN + FLAVOUR.replace(good, bad)))
