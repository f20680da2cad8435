"""Whether what training needs is installed."""

from __future__ import annotations

from importlib.util import find_spec

from pycosim.errors import ConfigurationError


def require_torch() -> None:
    """Refuse to train without PyTorch.

    Raises:
        ConfigurationError: it is not installed.
    """
    if find_spec("torch") is None:
        raise ConfigurationError(
            "training needs PyTorch, which is not installed; install it with: pip install 'pycosim-spice[train]'"
        )
