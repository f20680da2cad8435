"""Names that may be written into a deck: nothing that could carry a command."""

from __future__ import annotations

import re

from circuits.errors import CircuitError

_IDENTIFIER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.\-]*\Z")


def check_identifier(text: str, where: str) -> str:
    """Return a name unchanged if it is a plain word.

    Args:
        text: the name.
        where: what it names, for the message.

    Raises:
        CircuitError: it holds anything but letters, digits, '_', '.' and '-'.
    """
    if not _IDENTIFIER.match(text):
        raise CircuitError(f"{where}: {text!r} is not a plain name (letters, digits, '_', '.', '-')")
    return text
