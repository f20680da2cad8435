"""The notebooks are committed without outputs, and run from a clean kernel."""

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from pycosim.spice import find_libngspice

FOLDER = Path(__file__).resolve().parents[1] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
CELL_TIMEOUT = 300  # s; the slowest cell takes 10 s on two idle cores

every_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def test_the_notebooks_are_numbered_from_one() -> None:
    assert [path.name[:3] for path in NOTEBOOKS] == [f"{k:02d}_" for k in range(1, len(NOTEBOOKS) + 1)]


@every_notebook
def test_a_notebook_is_committed_without_outputs(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    ran = [cell.id for cell in code if cell.outputs or cell.execution_count is not None]
    assert not ran, "run: python notebooks/strip_outputs.py"
    assert not [cell.id for cell in notebook.cells if cell.metadata], "run: python notebooks/strip_outputs.py"
    assert notebook.metadata.kernelspec.name == "python3"


@every_notebook
def test_the_cells_of_a_notebook_keep_names_of_their_own(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    ids = [cell.id for cell in notebook.cells]
    assert len(set(ids)) == len(ids)


@pytest.mark.slow
@pytest.mark.ngspice
@every_notebook
def test_a_notebook_runs_from_a_clean_kernel_and_warns_of_nothing(
    path: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    if find_libngspice() is None:
        pytest.skip("libngspice is not installed; the notebooks simulate")
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))  # no profile and no history of whoever runs the tests
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "1")  # on a busy machine more threads are many times slower
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(notebook, timeout=CELL_TIMEOUT, resources={"metadata": {"path": str(FOLDER)}}).execute()
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    assert not [output.text for output in outputs if output.output_type == "stream" and output.name == "stderr"]
    assert [output for output in outputs if "image/png" in output.get("data", {})], "a notebook has figures"
