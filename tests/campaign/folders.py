"""Folders that another user than the one who runs the tests may reach."""

import tempfile
from pathlib import Path


def open_to_all(folder: Path) -> None:
    """Let every user into a folder below the system's temporary one, and into those above it."""
    top = Path(tempfile.gettempdir()).resolve()
    inner = folder.resolve()
    while inner not in (top, inner.parent):
        inner.chmod(0o755)
        inner = inner.parent
