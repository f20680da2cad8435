from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from campaign.paper import PAPER, campaign
from pycosim.campaign.spec import Spec, load_spec, read_spec
from pycosim.errors import ConfigurationError
from pycosim.spice.ladder import LADDER

EXAMPLE = """
bench = "charge_to_pulse"
measure = ["pulse_width", "energy"]
zip = [["charge", "temperature"]]

[parameters]
timing.gap = 0.3e-9
"converter.codes.offset" = 2

[axes]
charge = { start = 0.0, stop = 1.2e-12, n = 3 }
temperature = [0, 27, 85]
corner = ["tt", "ss"]
converter.conveyor.tail_current = { start = 12e-6, stop = 48e-6, n = 3, spacing = "log" }
seed = { seeds = 4, first = 10 }

[simulator]
workers = 2
timeout = 60
ladder = ["other_method"]
share = 16
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "sweep.toml"
    path.write_text(text, encoding="utf-8")
    return path


def read(words: Mapping[str, object]) -> Spec:
    return read_spec(words, source="sweep.toml", folder=Path(), text="")


def test_a_file_says_all_of_a_sweep(tmp_path: Path) -> None:
    spec = load_spec(write(tmp_path, EXAMPLE))
    wanted = spec.campaign
    assert wanted.bench.name == "charge_to_pulse"
    assert wanted.measure == ("pulse_width", "energy")
    assert wanted.grid.dims == ("charge", "corner", "converter.conveyor.tail_current", "seed")
    assert wanted.grid.shape == (3, 2, 3, 4)
    assert wanted.fixed == {"timing.gap": 0.3e-9, "converter.codes.offset": 2}
    assert (spec.simulator.workers, spec.simulator.timeout, wanted.ladder) == (2, 60.0, ("other_method",))
    assert spec.simulator.share == 16
    assert spec.text == EXAMPLE
    last = list(wanted.points())[-1]
    assert (last["charge"], last["temperature"], last["seed"], last["corner"]) == (1.2e-12, 85.0, 13, "ss")
    assert last["converter.conveyor.tail_current"] == 48e-6


def test_a_python_call_says_the_same_in_the_same_words() -> None:
    spec = read(
        {
            "bench": PAPER,
            "measure": ("area", "side"),
            "axes": {"width": np.array([1.0, 2.0]), "corner": ("tt", "ss"), "seed": range(3)},
            "parameters": {"length": np.float64(2.0)},
        }
    )
    assert spec.campaign.grid == campaign({"width": [1.0, 2.0], "corner": ["tt", "ss"], "seed": [0, 1, 2]}).grid
    assert spec.campaign.fixed == {"length": 2.0}
    assert spec.campaign.ladder == LADDER, "the ladder is climbed where nothing is said, and named in the result"


def test_measurements_of_one_s_own_are_tables(tmp_path: Path) -> None:
    table = {"kind": "mean", "signal": "v(pulse)"}
    mixed = read({"bench": "charge_to_pulse", "measure": ["energy", {"name": "level", **table}], "axes": {}})
    assert mixed.campaign.measure == ("energy", "level")
    alone = load_spec(
        write(tmp_path, 'bench = "charge_to_pulse"\n[measure.level]\nkind = "mean"\nsignal = "v(pulse)"\n')
    )
    assert alone.campaign.measure == ("level",)
    assert alone.campaign.measurements[0].unit == "V"


def test_a_deck_beside_the_file_is_a_bench(tmp_path: Path) -> None:
    deck = "rc\n.param r=1k\nv1 in 0 1\nr1 in out {r}\nc1 out 0 1n\n.tran 10n 1u\n.end\n"
    (tmp_path / "rc.cir").write_text(deck, encoding="utf-8")
    text = 'bench = "rc.cir"\n[axes]\nr = [1e3, 2e3]\n[measure.level]\nkind = "final"\nsignal = "v(out)"\n'
    spec = load_spec(write(tmp_path, text))
    assert spec.campaign.bench.name == "rc"
    assert [point["r"] for point in spec.campaign.points()] == [1e3, 2e3]


BASE = {"bench": "gain_cell_dc", "measure": ["read_current"], "axes": {"stored_voltage": [0.1]}}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"bench": None}, "bench must be a name .*there is none"),
        ({"bench": 3}, "bench must be a name"),
        ({"bench": "gain_sell"}, "no bench 'gain_sell'; did you mean gain_cell"),
        ({"bench": "absent.cir"}, "absent.cir"),
        ({"technology": "generic29"}, "no technology 'generic29'"),
        ({"technology": 28}, "technology must be a name"),
        ({"measure": None}, "must measure something; choose of read_current"),
        ({"measure": "read_current"}, "measure must be a list of names"),
        ({"measure": ["read_curent"]}, "no measurement 'read_curent'; did you mean read_current"),
        ({"measure": [3]}, "a measurement in a list must be a table"),
        ({"measure": [{"kind": "mean"}]}, "a name or a table with its name"),
        ({"measure": {"level": {"kind": "meen"}}}, "did you mean mean"),
        ({"axes": {"stored_voltag": [0.1]}}, "no parameter 'stored_voltag'; did you mean stored_voltage"),
        ({"axes": {"stored_voltage": []}}, "the axis stored_voltage must have one point or more"),
        ({"axes": {"stored_voltage": ["high"]}}, "must be a finite number in V, found 'high'"),
        ({"axes": {"corner": ["tt", "st"]}}, "parameter corner .* must be one of tt, ff, ss, fs, sf, found 'st'"),
        ({"axes": {"seed": [0.5]}}, "seed .* must be a whole number of 0 or more"),
        ({"axes": [1]}, "axes must be a table"),
        ({"parameters": {"cell.pich": 1e-6}}, "no parameter 'cell.pich'; did you mean cell.pitch"),
        ({"parameters": {"temperature": "warm"}}, "must be a finite number in degC, found 'warm'"),
        ({"parameters": {"temperature": [1.0]}}, "parameter temperature must hold numbers"),
        ({"parameters": {"stored_voltage": 0.3}}, "is an axis and a fixed parameter"),
        ({"zip": [["stored_voltage", "corner"]]}, "zip: there is no axis 'corner'"),
        ({"zip": "ab"}, "zip must be groups of axes"),
        ({"zip": ["stored_voltage"]}, "zip must be groups of axes"),
        ({"simulator": {"worker": 2}}, "no setting 'worker'; did you mean workers"),
        ({"simulator": {"workers": 0}}, "workers must be a whole number of 1 or more"),
        ({"simulator": {"timeout": -1.0}}, "timeout must be seconds above 0"),
        ({"simulator": {"share": 0}}, "share must be a whole number of 1 or more"),
        ({"simulator": {"ladder": ["gere"]}}, "the ladder has no rung 'gere'"),
        ({"simulator": {"ladder": "all"}}, "ladder must be true, false or names"),
        ({"axis": {}}, "unknown word 'axis'; did you mean axes"),
    ],
)
def test_a_slip_is_named_with_its_place_and_near_words(change: Mapping[str, object], words: str) -> None:
    with pytest.raises(ConfigurationError, match=words) as error:
        read({name: value for name, value in {**BASE, **change}.items() if value is not None})
    assert str(error.value).startswith("sweep.toml: ")


def test_a_file_that_is_none_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"cannot read the sweep .*give the path of a TOML file"):
        load_spec(tmp_path / "absent.toml")
    with pytest.raises(ConfigurationError, match=r"sweep.toml is not TOML: .*write lines such as"):
        load_spec(write(tmp_path, "bench = \n"))
