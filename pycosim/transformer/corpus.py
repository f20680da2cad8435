"""The text that the shipped weights have never seen, for measuring perplexity."""

from __future__ import annotations

import gzip
import zlib
from importlib.resources import files

from pycosim.errors import InputError

HELD_OUT_NAME = "held_out.txt.gz"


def load_held_out_text() -> str:
    """Return the held-out part of the training text: Python's documentation (PSF License Version 2).

    Returns:
        The text as it was written, line ends included; encode it with `ByteTokenizer`.

    Raises:
        InputError: if the file is missing from the installation, or damaged.
    """
    resource = files("pycosim.transformer").joinpath("shipped", HELD_OUT_NAME)
    if not resource.is_file():
        raise InputError(f"the installed package has no file shipped/{HELD_OUT_NAME}; install pycosim again")
    try:
        return gzip.decompress(resource.read_bytes()).decode("utf-8")
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise InputError(
            f"the installed file shipped/{HELD_OUT_NAME} is damaged ({error}); install pycosim again"
        ) from None
