"""What the attention of a run ran on, on disk: models, hardware and adapted scalers, to evaluate again without ngspice.

A run's folder has it in `attention/`: one file of a model per role, and attention.json with everything else. So has the
folder of an adaptation of another model, whose cells may be published ones, without a run.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import xarray as xr

from circuits.benches.cell import gain_cell_read_bench
from circuits.benches.converter import charge_to_pulse_bench
from circuits.testbench import Testbench, render_netlist
from pycosim.attention.digital_tokens import DigitalTokens
from pycosim.attention.hardware import AttentionHardware, AttentionModels, Scaler, Scalers
from pycosim.attention.linear_law import LinearLaw
from pycosim.errors import ConfigurationError, InputError
from pycosim.evaluate.write import write_text
from pycosim.flows.characterization import Design
from pycosim.flows.config import GainCellConfig, load_config
from pycosim.flows.fits import GainCellFits
from pycosim.models.io import ModelRecord, load_model, save_model
from pycosim.sweeps.column import Column

SCHEMA_VERSION = 1
FOLDER, FILE = "attention", "attention.json"
_FILES_OF = {
    "cell_k": "cell",
    "cell_v": "cell",
    "charge_to_pulse": "charge_to_pulse",
    "signed_charge_to_pulse": "signed_charge_to_pulse",
    "decay": "storage",
}
"""Role of a model -> how the names of its fits begin."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SavedAttention:
    """The attention of an earlier run, or of an adaptation.

    Attributes:
        run: its folder.
        config: its settings, of which technology, corner and temperature are the circuits' conditions; None where the
            cells are published ones.
        hardware: sizes, levels and age of a token.
        models: what it ran on.
        scalers: adapted to these models, one set per layer.
        cell: name of a published cell; None for the circuits of a run.
        model: digest of the weights that the scalers are for; None for the shipped ones, as a run has them.
        records: by role of a model, where it came from.
    """

    run: Path
    config: GainCellConfig | None
    hardware: AttentionHardware
    models: AttentionModels
    scalers: tuple[Scalers, ...]
    cell: str | None = None
    model: str | None = None
    records: Mapping[str, ModelRecord] = field(default_factory=dict)

    @property
    def conditions(self) -> str:
        """What the models stand for, in a few words."""
        if self.config is None:
            return f"published cell: {self.cell}"
        return f"{self.config.technology} {self.config.corner}, {self.config.temperature:g} °C"

    @property
    def circuits(self) -> GainCellConfig:
        """The settings of the run.

        Raises:
            ConfigurationError: there are no circuits behind a published cell.
        """
        if self.config is None:
            raise ConfigurationError(
                f"{self.run} has the published cell {self.cell!r}, which has no circuits for ngspice; "
                "give the folder of a 'pycosim run'"
            )
        return self.config


def save_attention(
    run: Path, config: GainCellConfig, fits: GainCellFits, hardware: AttentionHardware, scalers: Sequence[Scalers]
) -> None:
    """Write what attention ran on into a run's folder.

    Args:
        run: the folder.
        config: settings of the run.
        fits: of which attention ran on `fits.models()`.
        hardware: sizes, levels and age of a token.
        scalers: adapted, one set per layer.
    """
    models = fits.models()
    records = {role: _record(fits, prefix, type(getattr(models, role))) for role, prefix in _FILES_OF.items()}
    settings = dataclasses.asdict(config)
    if Path(config.technology).is_file():
        settings["technology"] = str(Path(config.technology).resolve())
    _write(run, {"configuration": settings}, hardware, models, scalers, records)


def save_adapted(saved: SavedAttention) -> None:
    """Write the attention of an adaptation into its folder, for `load_attention`.

    Args:
        saved: whose folder is made where absent.
    """
    settings = None if saved.config is None else dataclasses.asdict(saved.config)
    source = {"configuration": settings, "cell": saved.cell, "model": saved.model}
    _write(saved.run, source, saved.hardware, saved.models, saved.scalers, saved.records)


def _write(
    run: Path,
    source: Mapping[str, object],
    hardware: AttentionHardware,
    models: AttentionModels,
    scalers: Sequence[Scalers],
    records: Mapping[str, ModelRecord | None],
) -> None:
    folder = run / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    (folder / FILE).unlink(missing_ok=True)  # it comes last: scalers never stand beside models of another writing
    for role in _FILES_OF:
        save_model(folder / role, getattr(models, role), records.get(role))
    document = {
        "schema_version": SCHEMA_VERSION,
        **source,
        "hardware": dataclasses.asdict(hardware),
        "scalers": [_scalers_document(layer) for layer in scalers],
    }
    write_text(folder / FILE, json.dumps(document, indent=1, allow_nan=False) + "\n")


def load_attention(run: Path) -> SavedAttention:
    """Read what `save_attention` wrote.

    Args:
        run: folder of an earlier `pycosim run`.

    Raises:
        InputError: there is no such folder, it is no run's or one of an earlier release, or a file is damaged.
    """
    path = run / FOLDER / FILE
    if not path.is_file():
        raise InputError(
            f"{run} has no {FOLDER}/{FILE}, which a finished 'pycosim run' or 'pycosim adapt' of this release leaves; "
            "make one with: pycosim run --out FOLDER"
        )
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        version = document["schema_version"]
        if version != SCHEMA_VERSION:
            raise InputError(
                f"{path}: this release reads schema_version {SCHEMA_VERSION}, found {version!r}; run again"
            )
        settings, cell, model = (document.get(name) for name in ("configuration", "cell", "model"))
        if settings is None and cell is None:
            raise KeyError("configuration")
        config = None if settings is None else load_config(None, settings)
        hardware = hardware_of(document["hardware"])
        scalers = tuple(_scalers(layer) for layer in document["scalers"])
    except InputError as error:
        raise InputError(f"{path}: {error}") from error
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise InputError(f"{path} is damaged: {error!r}; run 'pycosim run' again") from error
    loaded = {role: load_model(run / FOLDER / role) for role in _FILES_OF}
    return SavedAttention(
        run=run,
        config=config,
        hardware=hardware,
        models=AttentionModels(**{role: pair[0] for role, pair in loaded.items()}),
        scalers=scalers,
        cell=cell,
        model=model,
        records={role: pair[1] for role, pair in loaded.items()},
    )


def hardware_of(document: dict[str, Any]) -> AttentionHardware:
    """Return the hardware that `dataclasses.asdict` made a document of, of this release or of one before."""
    digital = document.get("digital")
    if digital is not None:
        digital = DigitalTokens(**{**digital, "law": LinearLaw(**digital["law"])})
    return AttentionHardware(**{**document, "digital": digital})


def check_circuits(run: Path, design: Design) -> None:
    """Refuse circuits that are not those of a run: its models say nothing of them.

    The first deck of each of its datasets is written again and compared with the one that was run.

    Raises:
        InputError: they differ, or the run's datasets cannot be read.
    """
    for name, column in (
        ("cell_charges", None),
        ("charge_to_pulse", design.first),
        ("signed_charge_to_pulse", design.second),
    ):
        path = run / "data" / f"{name}.nc"
        try:
            with xr.open_dataset(path, engine="scipy") as data:
                bench = _cell_bench(design, data) if column is None else _converter_bench(design, column, data, name)
                wanted, found = _first_digest(data), render_netlist(bench).digest
        except (OSError, ValueError, KeyError) as error:
            raise InputError(f"{path} cannot be read: {error}; run 'pycosim run' again") from error
        if wanted != found:
            raise InputError(
                f"the circuits of {run} are not those of this installation: a deck of {name} had digest "
                f"{wanted[:12]} there and has {found[:12]} here; run 'pycosim run' again and give its folder"
            )


def _cell_bench(design: Design, data: xr.Dataset) -> Testbench:
    return gain_cell_read_bench(
        design.cell,
        design.technology,
        stored_voltages=[float(v) for v in data["stored_voltage"].values],
        pulse_width=float(data["pulse_width"].values[0]),
        word_line_voltage=design.technology.supply_voltage,
    )


def _converter_bench(design: Design, column: Column, data: xr.Dataset, name: str) -> Testbench:
    charge = float(data["charge"].values[0])
    return charge_to_pulse_bench(
        column.converter, design.technology, column.timing, charge=charge, cell=design.cell, name=name
    )


def _first_digest(data: xr.Dataset) -> str:
    text = data["netlist_digest"].values.ravel()[0]
    return text.decode() if isinstance(text, bytes) else str(text)


def _record(fits: GainCellFits, prefix: str, kind: type) -> ModelRecord | None:
    """Where the model of a role came from; None where attention runs on a model that is no fit itself."""
    chosen = (fit for name, fit in fits.named().items() if name.startswith(prefix) and type(fit.model) is kind)
    fit = next(chosen, None)
    return None if fit is None else fit.record(note="as attention ran on it")


def _scalers_document(scalers: Scalers) -> dict[str, dict[str, list[float]]]:
    signals = ((field.name, getattr(scalers, field.name)) for field in dataclasses.fields(scalers))
    return {name: {"a": scaler.a.tolist(), "b": scaler.b.tolist()} for name, scaler in signals}


def _scalers(document: Mapping[str, Mapping[str, Any]]) -> Scalers:
    return Scalers(**{name: Scaler(a=pair["a"], b=pair["b"]) for name, pair in document.items()})
