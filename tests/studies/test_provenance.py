"""A finished study is taken again only where everything that it depends on is the same."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from circuits.technology import load_technology
from pycosim.cli import app
from pycosim.errors import InputError
from pycosim.evaluate.document import Json
from pycosim.flows.characterization import make_design
from pycosim.flows.config import GainCellConfig
from pycosim.flows.progress import SilentProgress
from pycosim.spice import NgspiceBatch
from pycosim.studies import gain_cell
from pycosim.studies.gain_cell import Entry, characterize_gain_cell, finished_records
from pycosim.studies.provenance import code_of, source_files, study_settings
from pycosim.studies.study import Laboratory, Study


def laboratory(tmp_path: Path) -> Laboratory:
    simulator = NgspiceBatch(run_root=tmp_path / "failed")
    return Laboratory(design=make_design(GainCellConfig()), simulator=simulator, progress=SilentProgress())


def settings(lab: Laboratory, **figures: Json) -> dict[str, str]:
    return study_settings(lab, [load_technology], figures)


def test_a_study_is_made_of_its_module_and_all_that_it_imports_of_ours() -> None:
    files = {path.name for path in source_files("pycosim.studies.balance")}
    assert {"balance.py", "energy_balance.py", "testbench.py", "pool.py"} <= files
    assert "effects.py" not in files  # what it does not import is not its business


def test_words_do_not_count_but_what_is_computed_does(tmp_path: Path) -> None:
    one, words, other = (tmp_path / f"{name}.py" for name in ("one", "words", "other"))
    one.write_text('"""One."""\n\n\ndef f(x: int) -> int:\n    return 2 * x\n', encoding="utf-8")
    words.write_text('def f(x: int) -> int:\n    """Double."""\n    return 2 * x  # twice\n', encoding="utf-8")
    other.write_text("def f(x: int) -> int:\n    return 3 * x\n", encoding="utf-8")
    assert code_of(one) == code_of(words) != code_of(other)


def test_settings_follow_circuits_seed_cards_and_figures(tmp_path: Path) -> None:
    lab = laboratory(tmp_path)
    base = settings(lab)
    assert settings(lab) == base
    assert settings(replace(lab, seed=1)) != base
    assert settings(replace(lab, design=lab.design.at(corner="ss"))) != base
    assert settings(replace(lab, design=lab.design.at(supply_voltage=0.81))) != base
    assert settings(lab, energy=1.0) != base


def test_an_edited_card_of_a_technology_changes_the_settings(tmp_path: Path) -> None:
    folder = Path(load_technology("generic28").libraries[0].path).parent
    for name in ("generic28.toml", "generic28.lib"):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    lab = laboratory(tmp_path)
    own = replace(lab, design=lab.design.made_in(load_technology(tmp_path / "generic28.toml")))
    before = settings(own)
    with (tmp_path / "generic28.lib").open("a", encoding="utf-8") as cards:
        cards.write("* another card\n")
    assert settings(own) != before


def test_what_a_study_builds_on_is_run_first_and_what_is_finished_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[str] = []

    def entry(name: str, after: tuple[str, ...] = ()) -> Entry:
        def run(lab: Laboratory, figures: object) -> Study:
            ran.append(name)
            assert set(after) <= set(figures)  # type: ignore[call-overload]
            return Study(name=name, title=name, figures={name: 1.0})

        return Entry(run=run, made_by=(load_technology,), after=after)  # type: ignore[arg-type]

    monkeypatch.setattr(gain_cell, "STUDIES", {"a": entry("a"), "b": entry("b"), "c": entry("c", ("a",))})
    lab = laboratory(tmp_path)
    assert list(characterize_gain_cell(lab, tmp_path, ["c"])) == ["a", "c"]
    assert list(finished_records(lab, tmp_path)) == ["a", "c"]
    characterize_gain_cell(lab, tmp_path)
    assert ran == ["a", "c", "b"]
    assert list(finished_records(lab, tmp_path)) == ["a", "b", "c"]
    assert list(finished_records(replace(lab, seed=3), tmp_path)) == []
    with pytest.raises(InputError, match="no study 'd'; choose of a, b, c"):
        characterize_gain_cell(lab, tmp_path, ["d"])


def test_quick_figures_never_reach_the_docs(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["characterize", "--quick", "--docs", str(tmp_path)])
    assert result.exit_code == 2
    assert "--quick makes none" in result.output
