"""Models as .npz and .csv: what any program reads, and what comes back equal."""

import csv
from pathlib import Path

import numpy as np
import pytest
from rig_models import LOOKUP, MODELS, RECORD, SIGMOID, TABLE, WITHOUT_CIRCUIT

from pycosim.attention import linear_models
from pycosim.errors import InputError
from pycosim.export import Source, csv_text, load_plain, npz_bytes


def written(folder: Path, suffix: str, model: object) -> Path:
    source, path = Source(name="model", model=model, record=RECORD), folder / f"model{suffix}"
    path.write_bytes(npz_bytes(source) if suffix == ".npz" else csv_text(source).encode())
    return path


@pytest.mark.parametrize("suffix", [".npz", ".csv"])
@pytest.mark.parametrize("name", [*MODELS, *WITHOUT_CIRCUIT])
def test_a_model_comes_back_equal(name: str, suffix: str, tmp_path: Path) -> None:
    model = {**MODELS, **WITHOUT_CIRCUIT}[name]
    found, record = load_plain(written(tmp_path, suffix, model))
    assert type(found) is type(model)
    assert record == RECORD
    for field in (field for field in type(found).__dataclass_fields__ if field != "clips"):
        kept, wanted = getattr(found, field), getattr(model, field)
        assert np.array_equal(kept, wanted) if isinstance(wanted, np.ndarray) else kept == wanted, field


def test_any_program_reads_the_numbers_with_their_units(tmp_path: Path) -> None:
    text = csv_text(Source(name="model", model=LOOKUP, record=RECORD)).splitlines()
    assert text[1] == "# LookupCell: charges in C, axes (pulse_widths in s, stored_voltages in V)"
    rows = list(csv.reader(line for line in text if not line.startswith("#")))
    assert rows[0] == ["pulse_widths (s)", "stored_voltages (V)", "charges (C)"]
    assert np.array_equal(np.array(rows[1:], dtype=float)[:, 2].reshape(LOOKUP.charges.shape), LOOKUP.charges)
    with np.load(written(tmp_path, ".npz", LOOKUP)) as stored:
        assert np.array_equal(stored["charges"], LOOKUP.charges)
        assert "axes (pulse_widths in s, stored_voltages in V)" in str(stored["readme"])


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("schema_version 1", "schema_version 2", "found 2; a newer pycosim wrote it, update this one"),
        ("schema_version 1", "schema_version 0", "found 0; export it again"),
        ("PulseTable,", "Flux,", "know the kinds .* found Flux"),
        ("# pycosim", "# other", "no file of 'pycosim export'"),
        ("# record", "# records", "no file of 'pycosim export'"),
        ("clip", "extrapolate", "outside must be"),
        ("0.0,0.0", "0.0,volt", "no file of 'pycosim export'"),
    ],
)
def test_a_changed_csv_is_refused(old: str, new: str, message: str, tmp_path: Path) -> None:
    path = written(tmp_path, ".csv", TABLE)
    text = path.read_text().replace('"raise"', '"clip"')
    assert old in text
    path.write_text(text.replace(old, new))
    with pytest.raises(InputError, match=message):
        load_plain(path)


def test_a_table_without_a_row_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, ".csv", LOOKUP)
    path.write_text("\n".join(path.read_text().splitlines()[:-1]))
    with pytest.raises(InputError, match="no full grid"):
        load_plain(path)


def test_damaged_missing_and_foreign_files_are_refused(tmp_path: Path) -> None:
    path = written(tmp_path, ".npz", SIGMOID)
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(InputError, match="damaged"):
        load_plain(path)
    np.savez(path, gain=np.array(1.0))
    with pytest.raises(InputError, match="damaged"):
        load_plain(path)
    path.unlink()
    with pytest.raises(InputError, match=r"no file .*model\.npz"):
        load_plain(path)
    with pytest.raises(InputError, match=r"wanted a \.npz or \.csv"):
        load_plain(tmp_path / "model.json")


def test_only_models_become_plain() -> None:
    with pytest.raises(InputError, match="found AttentionModels"):
        npz_bytes(Source(name="x", model=linear_models(), record=RECORD))
