"""MESSAGES of the command line: an error is one sentence, with an exit status."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

EXIT_MISSING, EXIT_ERROR, EXIT_INTERRUPTED = 1, 2, 130

Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]


@contextmanager
def one_sentence(debug: bool) -> Iterator[None]:
    """Turn deliberate errors and Ctrl-C into one sentence and an exit status."""
    from circuits.errors import CircuitError
    from pycosim.errors import PycosimError

    try:
        yield
    except (PycosimError, CircuitError) as error:
        if debug:
            raise
        typer.echo(f"pycosim: {error}", err=True)
        raise typer.Exit(EXIT_ERROR) from None
    except OSError as error:
        if debug:
            raise
        typer.echo(
            f"pycosim: {error}; is the folder writable, and the disk not full? choose another with --out", err=True
        )
        raise typer.Exit(EXIT_ERROR) from None
    except KeyboardInterrupt:
        if debug:
            raise
        typer.echo("pycosim: interrupted; nothing is left running", err=True)
        raise typer.Exit(EXIT_INTERRUPTED) from None
