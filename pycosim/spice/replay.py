"""Stored waveforms in place of ngspice: tests and reports of everything above run without it."""

from __future__ import annotations

import os
import re
import tempfile
import zipfile
from pathlib import Path
from typing import Final, cast

import numpy as np

from pycosim.errors import InputError, MissingProbe, SimulationError
from pycosim.spice.serial import SerialSimulator
from pycosim.spice.simulator import AxisName, NetlistLike, Waveforms

_AXIS_NAMES: Final = ("time", "sweep", "frequency")
_SIGNAL: Final = "signal:"
_DIGEST: Final = re.compile(r"[0-9a-zA-Z_-]{1,128}")
_HOW: Final = (
    "run it with NgspicePool or NgspiceBatch and store the result with record_waveforms(folder, netlist, waveforms)"
)


class Replay(SerialSimulator):
    """Gives waveforms that `record_waveforms` stored, found by the netlist's digest.

    Args:
        folder: where the recordings lie.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = Path(folder)

    def run(self, netlist: NetlistLike) -> Waveforms:
        """The recorded waveforms of this netlist.

        Raises:
            SimulationError: nothing was recorded for its digest: the netlist is new or has changed.
            MissingProbe: the recording lacks a probe.
        """
        path = recording_path(self._folder, netlist)
        if not path.exists():
            raise SimulationError(
                f"no recording of digest {netlist.digest} in {self._folder}, "
                f"which holds {len(self._recordings())}; the netlist is new or has changed: {_HOW}",
                netlist=netlist.name,
            )
        waveforms = _load(path, netlist)
        missing = [probe for probe in netlist.probes if probe not in waveforms.signals]
        if missing:
            raise MissingProbe(
                f"the recording {path} has no {', '.join(missing)}, only {', '.join(waveforms.signals)}; {_HOW}",
                netlist=netlist.name,
            )
        return waveforms

    def close(self) -> None:
        """Nothing to give back."""

    def _recordings(self) -> list[Path]:
        return sorted(self._folder.glob("*.npz"))


def record_waveforms(folder: Path, netlist: NetlistLike, waveforms: Waveforms) -> Path:
    """Store waveforms for `Replay`; returns the file ``<folder>/<digest>.npz``.

    Raises:
        InputError: the waveforms came from another netlist.
    """
    if waveforms.netlist_digest != netlist.digest:
        raise InputError(
            f"wanted waveforms of netlist {netlist.name} with digest {netlist.digest}, found those of digest "
            f"{waveforms.netlist_digest}: run this netlist again"
        )
    path = recording_path(Path(folder), netlist)
    path.parent.mkdir(parents=True, exist_ok=True)
    arrays = {_SIGNAL + probe: values for probe, values in waveforms.signals.items()}
    handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".part")
    with os.fdopen(handle, "wb") as file:
        np.savez_compressed(file, axis=waveforms.axis, axis_name=np.array(waveforms.axis_name), **arrays)  # type: ignore[arg-type]
    Path(temporary).replace(path)  # never half a recording under its name
    return path


def recording_path(folder: Path, netlist: NetlistLike) -> Path:
    """File of a netlist's recording.

    Raises:
        InputError: the digest is no plain word, and so no file name.
    """
    if not _DIGEST.fullmatch(netlist.digest):
        raise InputError(f"wanted a digest of letters, digits, '-' and '_', found {netlist.digest!r}")
    return folder / f"{netlist.digest}.npz"


def _load(path: Path, netlist: NetlistLike) -> Waveforms:
    try:
        with np.load(path, allow_pickle=False) as stored:
            axis_name = str(stored["axis_name"])
            axis = stored["axis"]
            signals = {name.removeprefix(_SIGNAL): stored[name] for name in stored.files if name.startswith(_SIGNAL)}
    except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise SimulationError(f"the recording {path} cannot be read: {error}; {_HOW}", netlist=netlist.name) from error
    if axis_name not in _AXIS_NAMES or any(values.shape != axis.shape for values in signals.values()):
        raise SimulationError(f"the recording {path} contradicts itself; {_HOW}", netlist=netlist.name)
    return Waveforms(axis=axis, axis_name=cast(AxisName, axis_name), signals=signals, netlist_digest=netlist.digest)
