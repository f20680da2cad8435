"""INSTALLATION -> FINDINGS: what pycosim needs on this machine, in which version, and what is missing."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata

from pycosim.spice.installation import (
    find_libngspice,
    find_ngspice,
    installation_hint,
    libngspice_version,
    ngspice_version,
)

_PACKAGES = ("PySpice", "numpy", "scipy", "matplotlib", "xarray", "safetensors", "rich", "jinja2")
_THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One line of the doctor's report.

    Args:
        name: what was looked for.
        found: version and place; "" where it is missing.
        hint: what to do where it is missing.
    """

    name: str
    found: str
    hint: str = ""

    @property
    def missing(self) -> bool:
        """Whether it was not found."""
        return not self.found


def examine() -> tuple[Finding, ...]:
    """Look at this machine; starts ngspice and a process with libngspice, only to ask for their versions.

    Returns:
        One finding for each thing, in the order of a chain: system, simulator, packages, arithmetic.
    """
    return (
        Finding(name="pycosim", found=_version("pycosim-spice") or "not installed, run from its folder"),
        Finding(name="Python", found=f"{platform.python_version()} ({sys.executable})"),
        Finding(name="system", found=f"{platform.platform()}, {platform.machine()}"),
        _ngspice(),
        _libngspice(),
        *(Finding(name=name, found=_version(name), hint=f"pip install {name}") for name in _PACKAGES),
        Finding(name="BLAS", found=_blas()),
        Finding(name="threads", found=_threads()),
    )


def _libngspice() -> Finding:
    library, version = find_libngspice(), libngspice_version()
    found = "" if library is None else f"{version or 'of unknown version'} ({library})"
    return Finding(name="libngspice", found=found, hint=installation_hint())


def _ngspice() -> Finding:
    program, version = find_ngspice(), ngspice_version()
    found = "" if program is None else f"{version or 'of unknown version'} ({program})"
    return Finding(name="ngspice", found=found, hint=installation_hint())


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""


def _blas() -> str:
    """The linear algebra library that NumPy was built with."""
    try:
        import numpy as np
    except ImportError:
        return ""
    built = np.show_config(mode="dicts")
    dependencies = built.get("Build Dependencies", {}) if isinstance(built, Mapping) else {}
    blas = dependencies.get("blas", {})
    return f"{blas.get('name', 'unknown')} {blas.get('version', '')}".strip()


def _threads() -> str:
    """Processors that this process may use, and the variables that limit threads."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    limits = [f"{name}={os.environ[name]}" for name in _THREAD_VARIABLES if name in os.environ]
    return f"{usable} of {os.cpu_count()} processors" + (f", {', '.join(limits)}" if limits else "")
