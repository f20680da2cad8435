"""A PYTHON FILE OF ONE'S OWN: the function in it that makes a bench."""

from __future__ import annotations

import hashlib
import importlib.util
import sys
from pathlib import Path
from typing import Final

from circuits.errors import CircuitError
from pycosim.campaign.bench import SweepBench
from pycosim.errors import ConfigurationError, PycosimError
from pycosim.flows.config import near_words

MODULE_PREFIX: Final = "pycosim_bench_"
"""Begin of the names that such files have as modules; no other process can import them."""


def bench_from_python(named: str, folder: Path) -> SweepBench:
    """The bench that a function of a Python file gives.

    Naming a file runs it, as `python file.py` would.

    Args:
        named: "mine.py:make_bench", a function without arguments.
        folder: that the path is relative to.

    Raises:
        ConfigurationError: no such file or function, an error in it, or something else than a SweepBench.
    """
    file, _, function = named.partition(":")
    if not file.endswith(".py") or not function.isidentifier():
        raise ConfigurationError(f'wanted "file.py:function" (or a deck "file.cir"), found {named!r}')
    path = (folder / Path(file).expanduser()).resolve()
    if not path.is_file():
        raise ConfigurationError(f"there is no file {path}; paths are relative to the TOML file")
    name = f"{MODULE_PREFIX}{path.stem}_{hashlib.sha256(str(path).encode()).hexdigest()[:8]}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look there for their own module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        del sys.modules[name]
        raise ConfigurationError(f"{path} cannot be run: {type(error).__name__}: {error}") from error
    if not callable(getattr(module, function, None)):
        own = {key: one for key, one in vars(module).items() if getattr(one, "__module__", "") == name}
        known = sorted(key for key, one in own.items() if callable(one))
        raise ConfigurationError(f"{path} has no function {function!r}; {near_words(function, known)}")
    try:
        bench = getattr(module, function)()
    except (PycosimError, CircuitError) as error:
        raise ConfigurationError(f"{named}: {error}") from error
    except Exception as error:
        raise ConfigurationError(f"{named} raised {type(error).__name__}: {error}") from error
    if not isinstance(bench, SweepBench):
        raise ConfigurationError(f"{named} must give a SweepBench, found {type(bench).__name__}")
    return bench
