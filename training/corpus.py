"""The training text: Python's own documentation, as bytes.

A document is one entry of ``pydoc_data.topics`` or all docstrings of one module of CPython's standard
library (read with ``ast``; no module is imported for it). A docstring that occurred before is left out. The
documents are shuffled once with a fixed seed, topics and modules alike, so that the last tenth of the text,
which is held out, has the distribution of the rest; the cut falls between two documents.

The text depends on the version of Python that runs this script. Licence of the text: PSF License Version 2.
"""

import ast
import gzip
import hashlib
import inspect
import random
import sysconfig
from pathlib import Path
from pydoc_data.topics import topics

SHUFFLE_SEED = 2025
HELD_OUT_FRACTION = 0.1
SHIPPED_BYTES = 128_000
EXCLUDED_FOLDERS = {"test", "tests", "idle_test", "site-packages", "__pycache__", "pydoc_data"}


def module_docstrings(path: Path) -> list[str]:
    """Return the docstrings of one source file in source order, each as ``name: text``, dedented."""
    tree = ast.parse(path.read_bytes())
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            text = ast.get_docstring(node)
            if text:
                name = path.stem if isinstance(node, ast.Module) else node.name
                found.append((getattr(node, "lineno", 0), name, inspect.cleandoc(text).strip()))
    return [f"{name}: {text}\n\n" for _, name, text in sorted(found, key=lambda item: item[0])]


def library_documents() -> list[str]:
    """Return one document per module of the standard library, sorted by path, repeated docstrings removed."""
    root = Path(sysconfig.get_paths()["stdlib"])
    seen: set[str] = set()
    documents = []
    for path in sorted(root.rglob("*.py")):
        folders = path.relative_to(root).parts[:-1]
        if any(name in EXCLUDED_FOLDERS or name.startswith("config-") for name in folders):
            continue
        fresh = []
        for docstring in module_docstrings(path):
            text = docstring.split(": ", 1)[1]
            if text not in seen:
                seen.add(text)
                fresh.append(docstring)
        if fresh:
            documents.append("".join(fresh))
    return documents


def documents() -> list[str]:
    """Return all documents in the fixed, shuffled order."""
    found = [topics[name].strip() + "\n\n" for name in sorted(topics)] + library_documents()
    random.Random(SHUFFLE_SEED).shuffle(found)
    return found


def split() -> tuple[bytes, bytes]:
    """Return (training text, held-out text): the last tenth, whole documents, is held out."""
    encoded = [document.encode("utf-8") for document in documents()]
    limit = (1 - HELD_OUT_FRACTION) * sum(len(document) for document in encoded)
    size, first_held_out = 0, 0
    while size < limit:
        size += len(encoded[first_held_out])
        first_held_out += 1
    return b"".join(encoded[:first_held_out]), b"".join(encoded[first_held_out:])


def shipped_part(held_out: bytes) -> bytes:
    """Return the part that is shipped for evaluation: whole lines from the start, at most 128 000 bytes."""
    if len(held_out) <= SHIPPED_BYTES:
        return held_out
    return held_out[: held_out.rindex(b"\n", 0, SHIPPED_BYTES) + 1]


def digest(text: bytes) -> str:
    """Return the SHA-256 of a text in hexadecimal."""
    return hashlib.sha256(text).hexdigest()


def write_held_out(path: Path) -> None:
    """Write the shipped part of the held-out text, gzip'ed without a time stamp: same text, same bytes."""
    path.write_bytes(gzip.compress(shipped_part(split()[1]), compresslevel=9, mtime=0))
