"""Where ngspice and libngspice are on this machine, which version, and how to get them."""

from __future__ import annotations

import ctypes.util
import os
import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Final

_LIBRARY_FOLDERS: Final = (
    "/usr/lib",
    "/usr/lib64",
    "/usr/local/lib",
    "/usr/local/lib64",
    "/opt/homebrew/lib",
    "/opt/local/lib",
    "/usr/lib/x86_64-linux-gnu",
    "/usr/lib/aarch64-linux-gnu",
)
_VERSION: Final = re.compile(r"ngspice-(\d+(?:\.\d+)*)")
_VERSION_TIMEOUT: Final = 20.0  # s
_ASK_LIBRARY: Final = (
    "import sys; from pycosim.spice.kept import KeptNgspice; KeptNgspice(sys.argv[1], print).command('version -f')"
)


def find_ngspice() -> Path | None:
    """The ``ngspice`` program: ``$PYCOSIM_NGSPICE``, else the first on the search path; None without one."""
    named = os.environ.get("PYCOSIM_NGSPICE")
    found = shutil.which(named or "ngspice")
    return Path(found) if found else None


def find_libngspice() -> Path | str | None:
    """The shared library, as a path or as a name that the loader knows; None without one.

    ``$NGSPICE_LIBRARY_PATH`` (PySpice's variable) comes first. PySpice looks for ``libngspice.so``, which on
    Debian only the development package has: ``libngspice.so.0`` is found here.
    """
    named = os.environ.get("NGSPICE_LIBRARY_PATH")
    if named:
        return Path(named) if Path(named).exists() else None
    folders = [Path(folder) for folder in _LIBRARY_FOLDERS]
    program = find_ngspice()
    if program is not None:
        folders.insert(0, program.resolve().parent.parent / "lib")  # conda and other prefixes keep both together
    folders.insert(0, Path(sys.prefix) / "lib")
    names = ("libngspice.so", "libngspice.so.0", "libngspice.0.dylib", "libngspice.dylib")
    paths = (folder / name for folder in folders for name in names)
    return next((path for path in paths if path.exists()), None) or ctypes.util.find_library("ngspice")


def ngspice_version() -> str | None:
    """Version of the program such as ``39`` or ``44.2``; None without one, or where it does not answer."""
    program = find_ngspice()
    return _version_of(str(program)) if program else None


def libngspice_version() -> str | None:
    """Version of the shared library; None without one, or where it does not load. Asks in a process of its own."""
    library = find_libngspice()
    return None if library is None else _answered_version((sys.executable, "-P", "-c", _ASK_LIBRARY, str(library)))


@cache
def _version_of(program: str) -> str | None:
    return _answered_version((program, "-v"))


def _answered_version(command: tuple[str, ...]) -> str | None:
    """The version in what a command prints."""
    try:
        answer = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=_VERSION_TIMEOUT,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = _VERSION.search(answer.stdout + answer.stderr)
    return found[1] if found else None


def installation_hint() -> str:
    """One sentence: how to install ngspice and its library on Debian, Fedora and macOS."""
    return (
        "Install ngspice and its library with 'sudo apt install ngspice libngspice0' (Debian, Ubuntu), 'sudo dnf "
        "install ngspice libngspice' (Fedora) or 'brew install ngspice libngspice' (macOS), or set PYCOSIM_NGSPICE and "
        "NGSPICE_LIBRARY_PATH to where they are."
    )
