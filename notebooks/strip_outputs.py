"""Strip what running leaves in the notebooks of this folder: outputs, counters and the metadata of editors.

python notebooks/strip_outputs.py
"""

from pathlib import Path

import nbformat

METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def stripped(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """The same cells, with the ids that they have, as if nobody had run them."""
    bare = nbformat.from_dict({**notebook, "metadata": METADATA})
    for cell in bare.cells:
        cell.metadata = nbformat.NotebookNode()
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return bare


def notebook_text(notebook: nbformat.NotebookNode) -> str:
    """What a notebook looks like in its file."""
    return nbformat.writes(notebook, indent=1) + "\n"


if __name__ == "__main__":
    for path in sorted(Path(__file__).parent.glob("*.ipynb")):
        path.write_text(notebook_text(stripped(nbformat.read(path, as_version=4))), encoding="utf-8")
