"""Write this folder's circuits again: the published cell, an ideal converter and a leaking storage node, exported.

    python examples/export/make.py

`ngspice -b examples/export/column.cir` then reads eight cells and prints the pulse of their converter; the second line
of the deck says what the models expect. `gain_cell.va` is the same cell for a Verilog-A compiler.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from pycosim.attention.published import published_cell
from pycosim.export import Form, export_models
from pycosim.models import HardSigmoid, ModelRecord, StorageDecay, save_model

SOURCE = ModelRecord(note="published numbers [2025 Leroux], not a fit to circuits")


def write_examples(folder: Path) -> tuple[Path, ...]:
    """Write `column.cir` and `gain_cell.va` into a folder."""
    with tempfile.TemporaryDirectory() as scratch:
        models, out = Path(scratch) / "models", Path(scratch) / "out"
        models.mkdir()
        save_model(models / "gain_cell", published_cell(), SOURCE)
        save_model(models / "converter", HardSigmoid(saturation_charge=1.2e-12, max_pulse_width=15e-9), SOURCE)
        leak = save_model(Path(scratch) / "leak", StorageDecay(time_constant=5e-3, final_voltage=0.45), SOURCE)[0]
        for form in (Form.ngspice, Form.verilog_a):
            export_models(models, form, out, decay=leak)
        wanted = {"example.cir": folder / "column.cir", "gain_cell.va": folder / "gain_cell.va"}
        return tuple(Path(shutil.copyfile(out / name, path)) for name, path in wanted.items())


if __name__ == "__main__":
    write_examples(Path(__file__).parent)
