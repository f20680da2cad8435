from __future__ import annotations

from pathlib import Path

import pytest

from pycosim.errors import ConfigurationError
from pycosim.flows.config import GainCellConfig, config_text, load_config


def written(folder: Path, text: str) -> Path:
    path = folder / "run.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_defaults_need_no_file() -> None:
    assert load_config(None, {"seed": None}) == GainCellConfig()


def test_overrides_win_over_the_file_and_the_file_over_defaults(tmp_path: Path) -> None:
    path = written(tmp_path, 'corner = "ff"\nseed = 3\ntemperature = 85\n')
    config = load_config(path, {"seed": 4, "quick": None})
    assert (config.corner, config.seed, config.temperature, config.quick) == ("ff", 4, 85.0, False)
    assert isinstance(config.temperature, float)


def test_a_technology_path_is_relative_to_its_file(tmp_path: Path) -> None:
    path = written(tmp_path, 'technology = "foundry/mine.toml"\n')
    assert load_config(path, {}).technology == str(tmp_path / "foundry" / "mine.toml")
    assert load_config(None, {"technology": "mine.toml"}).technology == "mine.toml"


def test_an_unknown_name_is_answered_with_near_ones(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"run\.toml: unknown setting 'temprature'; did you mean temperature"):
        load_config(written(tmp_path, "temprature = 27\n"), {})
    with pytest.raises(ConfigurationError, match=r"known are .*corner, .*seed"):
        load_config(written(tmp_path, "zzz = 1\n"), {})


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("seed = true", "seed must be a whole number, got True"),
        ("seed = 1.5", "seed must be a whole number"),
        ("seed = -1", "seed must be 0 or more, got -1"),
        ("quick = 1", "quick must be true or false"),
        ("temperature = false", "temperature must be a number, got False"),
        ("temperature = nan", "degrees Celsius"),
        ('corner = "slow"', "corner must be one of tt, ff, ss, fs, sf, got 'slow'"),
        ("technology = 28", "technology must be text"),
        ("n_workers = 0", "n_workers must be at least 1"),
        ("n_law_columns = 2", "n_law_columns must be 0 for no laws, or at least 3, got 2"),
        ("seed = ", "is not TOML"),
    ],
)
def test_a_value_that_does_not_fit_is_refused(tmp_path: Path, line: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        load_config(written(tmp_path, line), {})


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"absent\.toml"):
        load_config(tmp_path / "absent.toml", {})


def test_settings_as_text_leave_out_what_changes_no_figure() -> None:
    text = config_text(GainCellConfig(quick=True, n_workers=2))
    assert text["quick"] == "true"
    assert "n_workers" not in text
