"""``ngspice -b``: one process and one run directory for each netlist."""

from __future__ import annotations

import contextlib
import os
import subprocess
from pathlib import Path
from typing import Final

from pycosim.errors import SimulationError, SimulationTimeout, SimulatorCrashed, SimulatorMissing
from pycosim.spice.deck import analysis_extent, read_cards
from pycosim.spice.installation import find_ngspice, installation_hint
from pycosim.spice.log import last_words, read_log
from pycosim.spice.prepare import runnable_deck
from pycosim.spice.rawfile import Plot, RawFileError, read_raw
from pycosim.spice.results import to_waveforms
from pycosim.spice.rundirectory import DECK, LOG, RAW, new_run_directory, remove_run, write_run
from pycosim.spice.serial import SerialSimulator
from pycosim.spice.simulator import NetlistLike, Waveforms
from pycosim.spice.structure import check_structure

_EXIT_STATUS_OF_A_FAILURE: Final = 1  # ngspice's own; what it means is in the log


class NgspiceBatch(SerialSimulator):
    """Runs netlists one after the other, each in a fresh ``ngspice -b``.

    Slower than the pool (about 10 ms more a run) and independent of all that ran before.

    Args:
        run_root: folder of the run directories; the system's temporary folder without one.
        timeout: time limit of one run (s).
        keep_runs: keep the directories of runs that succeeded, too; those of failed runs stay in any case.
    """

    def __init__(self, run_root: Path | None = None, timeout: float = 120.0, keep_runs: bool = False) -> None:
        self._run_root = run_root
        self._timeout = timeout
        self._keep_runs = keep_runs

    def run(self, netlist: NetlistLike) -> Waveforms:
        """Waveforms of one netlist; see `pycosim.spice.simulator.Simulator.run`."""
        deck = runnable_deck(netlist)
        program = find_ngspice()
        if program is None:
            raise SimulatorMissing(f"no ngspice on this machine. {installation_hint()}", netlist=netlist.name)
        directory = new_run_directory(netlist.name, self._run_root)
        try:
            write_run(directory, deck, netlist.settings)
            check_structure(netlist)
            waveforms = self._run_in(directory, program, netlist)
        except SimulationError as error:
            raise type(error)(error.message, netlist=netlist.name, run_directory=directory) from error.__cause__
        except BaseException:
            remove_run(directory)
            raise
        if not self._keep_runs:
            remove_run(directory)
        return waveforms

    def close(self) -> None:
        """Nothing to give back: every run ends its own process."""

    def _run_in(self, directory: Path, program: Path, netlist: NetlistLike) -> Waveforms:
        status = _start(program, directory, self._timeout)
        log = _read_log_file(directory)
        if status is None:
            raise SimulationTimeout(
                f"no result after {self._timeout:g} s; ngspice's last words: {last_words(log)}; "
                "raise the timeout, shorten the transient, or lengthen its time step"
            )
        problem = read_log(log)
        if problem is not None:
            raise problem.raised(netlist.name, directory)
        if status not in {0, _EXIT_STATUS_OF_A_FAILURE}:
            raise SimulatorCrashed(
                f"ngspice died with status {status}; its last words: {last_words(log)}; "
                "run the deck by hand with 'ngspice -b', remove devices until it survives"
            )
        return to_waveforms(_read_plots(directory, log), log, netlist, analysis_extent(read_cards(netlist.text)))


def _start(program: Path, directory: Path, timeout: float) -> int | None:
    """Exit status of ngspice; None where the time limit passed and it was killed."""
    command = [str(program), "-b", "-r", RAW, "-o", LOG, DECK]
    environment = os.environ | {"SPICE_USERINIT_DIR": str(directory), "OMP_NUM_THREADS": "1"}
    with contextlib.suppress(subprocess.TimeoutExpired):
        return subprocess.run(
            command,
            cwd=directory,
            env=environment,
            timeout=timeout,
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ).returncode
    return None


def _read_log_file(directory: Path) -> str:
    path = directory / LOG
    return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""


def _read_plots(directory: Path, log: str) -> list[Plot]:
    try:
        return read_raw(directory / RAW)
    except FileNotFoundError:
        raise SimulationError(f"ngspice wrote no data; its last words: {last_words(log)}") from None
    except RawFileError as error:
        raise SimulationError(
            f"the raw file cannot be used: {error}; look at out.raw and the disk's free space"
        ) from error
