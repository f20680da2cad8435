"""`pycosim export`: what it writes, and the sentence that it ends with where it cannot."""

import importlib.util
import json
import shutil
from pathlib import Path

import pytest
from rig_models import DECAYS, LOOKUP, MODELS, RECORD, SIGMOID, WITHOUT_CIRCUIT
from typer.testing import CliRunner

from pycosim.cli import app
from pycosim.export import load_plain
from pycosim.models import save_model

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run's folder with models of every kind."""
    (tmp_path / "run" / "models").mkdir(parents=True)
    for name, model in {**MODELS, **WITHOUT_CIRCUIT}.items():
        save_model(tmp_path / "run" / "models" / name, model, RECORD)
    return tmp_path / "run"


def export(*arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["export", *map(str, arguments)])
    return result.exit_code, result.output


@pytest.mark.parametrize(
    ("form", "suffix"), [("ngspice", ".sub"), ("verilog-a", ".va"), ("npz", ".npz"), ("csv", ".csv")]
)
def test_a_run_is_exported_with_a_readme_and_what_has_no_such_form_is_named(
    form: str, suffix: str, run: Path, tmp_path: Path
) -> None:
    status, said = export(run, "--to", form, "--out", tmp_path / "out")
    assert status == 0
    written = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert sorted(Path(line).name for line in said.split()) == written
    readme = (tmp_path / "out" / "README.md").read_text()
    without = set(WITHOUT_CIRCUIT) if suffix in (".sub", ".va") else set()
    for name in MODELS:
        assert f"{name}{suffix}" in written and f"`{name}{suffix}`" in readme
    for name in WITHOUT_CIRCUIT:
        assert (f"- {name}: left out: no circuit is known" in readme) == (name in without)


def test_one_model_is_exported_under_a_name_of_ones_own_with_a_decay(run: Path, tmp_path: Path) -> None:
    models, out = run / "models", tmp_path / "out"
    status, _ = export(
        models / "lookup.json", "--to", "ngspice", "--name", "gain_cell", "--decay", models / "leak.json", "--out", out
    )
    assert status == 0 and sorted(path.name for path in out.iterdir()) == ["README.md", "gain_cell.sub"]
    text = (out / "gain_cell.sub").read_text()
    assert ".subckt gain_cell rbl rwlp rwln wbl wwl wwlb sn vdd" in text
    assert "LookupCell 'gain_cell'" in text and "LeakDecay 'leak'" in text and "pwl(" in text


def test_a_tolerance_is_kept_by_more_nodes(run: Path, tmp_path: Path) -> None:
    sizes = []
    for tolerance in ("1e-2", "1e-5"):
        assert export(run / "models" / "lookup", "--to", "ngspice", "--out", tmp_path, "--tolerance", tolerance)[0] == 0
        sizes.append((tmp_path / "lookup.sub").stat().st_size)
    assert sizes[1] > 3 * sizes[0]


def test_exported_arrays_load_back(run: Path, tmp_path: Path) -> None:
    assert export(run, "--to", "csv", "--out", tmp_path)[0] == 0
    assert load_plain(tmp_path / "sigmoid.csv") == (SIGMOID, RECORD)


def refused(*arguments: object) -> str:
    status, said = export(*arguments)
    assert status == 2 and said.startswith("pycosim: ") and said.count("\n") == 1
    return said


def test_what_cannot_be_exported_ends_in_one_sentence(run: Path, tmp_path: Path) -> None:
    models = run / "models"
    assert "no model file" in refused(tmp_path / "nothing", "--to", "csv")
    (tmp_path / "empty").mkdir()
    assert "no model files in" in refused(tmp_path / "empty", "--to", "csv")
    assert "no circuit is known for a ColumnLaw" in refused(models / "law.json", "--to", "ngspice")
    assert "a name is for one model" in refused(run, "--to", "ngspice", "--name", "x")
    assert "needs a name of small letters" in refused(models / "sigmoid.json", "--to", "ngspice", "--name", "A B")
    assert "--decay wants a decay model" in refused(
        models / "lookup.json", "--to", "ngspice", "--decay", models / "sigmoid.json"
    )
    assert "tolerance must be" in refused(models / "lookup.json", "--to", "ngspice", "--tolerance", "-1")
    (tmp_path / "file").write_text("")
    assert "is a file; choose another folder" in refused(run, "--to", "npz", "--out", tmp_path / "file")


def test_models_of_another_release_or_without_their_arrays_are_refused(run: Path) -> None:
    path = run / "models" / "lookup.json"
    content = json.loads(path.read_text())
    path.write_text(json.dumps(content | {"schema_version": 99}))
    assert "schema_version" in (said := refused(path, "--to", "ngspice")) and "found 99" in said
    path.write_text(json.dumps(content | {"kind": "Flux"}))
    assert "found 'Flux'" in refused(path, "--to", "verilog-a")
    path.write_text(json.dumps(content))
    path.with_suffix(".npz").unlink()
    assert "no array file" in refused(path, "--to", "ngspice")
    assert "no array file" in refused(run, "--to", "npz")


def test_a_form_that_is_none_is_refused(run: Path) -> None:
    status, said = export(run, "--to", "spectre")
    assert status == 2 and "verilog-a" in said


def test_the_committed_examples_are_what_the_models_give(tmp_path: Path) -> None:
    """After a change: python examples/export/make.py, and look at the difference."""
    path = ROOT / "examples" / "export" / "make.py"
    spec = importlib.util.spec_from_file_location("make_examples", path)
    assert spec is not None and spec.loader is not None
    make = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(make)
    for written in make.write_examples(tmp_path):
        assert written.read_text() == (path.parent / written.name).read_text(), written.name


def test_a_cell_with_every_decay_is_written(tmp_path: Path) -> None:
    save_model(tmp_path / "cell", LOOKUP)
    for name, decay in DECAYS.items():
        save_model(tmp_path / name, decay)
        for form in ("ngspice", "verilog-a"):
            status, said = export(
                tmp_path / "cell.json", "--to", form, "--decay", tmp_path / name, "--out", tmp_path / "out"
            )
            assert status == 0, said
        shutil.rmtree(tmp_path / "out")
