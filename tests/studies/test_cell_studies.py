"""Studies of cells, quick: they run, and their figures hang together."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pycosim.flows.characterization import make_design
from pycosim.flows.config import GainCellConfig
from pycosim.flows.progress import Silent
from pycosim.spice import NgspicePool, find_libngspice, find_ngspice
from pycosim.studies.cells import study_cells
from pycosim.studies.retention import study_retention
from pycosim.studies.retention_tables import seconds
from pycosim.studies.study import Laboratory

ngspice = pytest.mark.skipif(find_ngspice() is None or find_libngspice() is None, reason="needs ngspice")
