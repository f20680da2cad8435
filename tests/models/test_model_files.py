import json
from pathlib import Path

import numpy as np
import pytest

from pycosim.attention import linear_models, published_cell
from pycosim.errors import InputError
from pycosim.models import (
    DriftTable,
    HardSigmoid,
    LookupCell,
    ModelRecord,
    NoDecay,
    PolynomialCell,
    PulseTable,
    Quantizer,
    ReadDecay,
    SignedPulse,
    StorageDecay,
    load_model,
    save_model,
)

AXIS = np.linspace(0.0, 1.0, 4)
MODELS = [
    published_cell(),
    PolynomialCell.linear(19.3e-6),
    LookupCell(pulse_widths=AXIS, stored_voltages=AXIS, charges=np.outer(AXIS, AXIS), outside="clip"),
    HardSigmoid(saturation_charge=1.2e-12, max_pulse_width=15e-9, offset=1e-15, gain=0.99),
    SignedPulse(saturation_charge=6e-13, max_pulse_width=15e-9, charge_range=(-1e-12, 1e-12)),
    PulseTable(charges=AXIS, pulse_widths=AXIS**2),
    NoDecay(),
    ReadDecay(time_constant=5e-3),
    StorageDecay(time_constant=5e-3, final_voltage=0.35),
    DriftTable(ages=AXIS, stored_voltages=AXIS, voltages=np.outer(np.exp(-AXIS), AXIS)),
    Quantizer(n_levels=8, low=0.0, high=0.9),
]
RECORD = ModelRecord(
    netlist_digests=("ab" * 32, "cd" * 32), residual_rms=1e-17, held_out_residual_rms=2e-17, unit="C", note="x"
)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: type(model).__name__)
def test_a_model_comes_back_as_it_was_saved(model: object, tmp_path: Path) -> None:
    save_model(tmp_path / "model", model, RECORD)
    found, record = load_model(tmp_path / "model.json")
    assert type(found) is type(model)
    assert record == RECORD
    for name in (name for name in type(model).__dataclass_fields__ if name != "clips"):
        kept, wanted = getattr(found, name), getattr(model, name)
        same = np.array_equal(kept, wanted) if isinstance(wanted, np.ndarray) else kept == wanted
        assert same, name


def test_a_table_evaluates_the_same_after_loading(tmp_path: Path) -> None:
    save_model(tmp_path / "cell.json", MODELS[2])
    found, _ = load_model(tmp_path / "cell")
    assert np.array_equal(found.charge(AXIS, 0.3), MODELS[2].charge(AXIS, 0.3))


def test_the_same_model_gives_the_same_json(tmp_path: Path) -> None:
    for name in ("a", "b"):
        save_model(tmp_path / name, MODELS[2], RECORD)
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()


def test_a_model_without_arrays_needs_no_array_file(tmp_path: Path) -> None:
    assert save_model(tmp_path / "sigmoid", MODELS[3]) == (tmp_path / "sigmoid.json",)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["sigmoid.json"]


def saved(tmp_path: Path, **changes: object) -> Path:
    path = save_model(tmp_path / "model", MODELS[2], RECORD)[0]
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))
    return path


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"schema_version": 0}, "reads schema_version 1, found 0; save the model again"),
        ({"kind": "os.system"}, "kind must be one of"),
        ({"kind": "HardSigmoid"}, "HardSigmoid has fields"),
        ({"extra": 1}, "has the keys"),
        ({"parameters": {}}, "has fields"),
        ({"parameters": {"outside": "extrapolate"}}, "outside must be"),
        ({"record": {"netlist_digests": [], "unknown": 1}}, "save it again"),
        ({"arrays": {"charges": "0" * 64}}, "not the one"),
    ],
)
def test_a_changed_file_is_refused(tmp_path: Path, changes: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        load_model(saved(tmp_path, **changes))


def test_a_file_that_is_no_model_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("{")
    (tmp_path / "b.json").write_text("[1, 2]")
    (tmp_path / "c.json").write_bytes(b"\xff\xfe")
    for name, message in (("a", "readable"), ("b", "no model file"), ("c", "readable"), ("d", "no model file")):
        with pytest.raises(InputError, match=message):
            load_model(tmp_path / name)


def test_missing_foreign_and_pickled_arrays_are_refused(tmp_path: Path) -> None:
    path = saved(tmp_path)
    arrays = path.with_suffix(".npz")
    arrays.write_bytes(arrays.read_bytes()[:-40])
    with pytest.raises(InputError, match="readable array file"):
        load_model(path)
    np.savez(arrays, pulse_widths=AXIS, stored_voltages=AXIS, charges=np.zeros((4, 4)))
    with pytest.raises(InputError, match="'charges' is not the one"):
        load_model(path)
    np.savez(arrays, pulse_widths=AXIS, stored_voltages=AXIS, charges=np.array([{}], dtype=object))
    with pytest.raises(InputError, match="readable array file"):
        load_model(path)
    arrays.unlink()
    with pytest.raises(InputError, match="copy both"):
        load_model(path)


def test_only_models_are_saved(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="found AttentionModels"):
        save_model(tmp_path / "x", linear_models())
