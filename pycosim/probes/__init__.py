"""Probes of attention itself: small tasks that nothing but attention can solve, and small models that solve them."""

from pycosim.probes.brackets import Brackets
from pycosim.probes.catalogue import TASKS, Probe, find_task, load_probe
from pycosim.probes.induction import Induction
from pycosim.probes.recall import Recall
from pycosim.probes.result import NOTHING, ProbePoint
from pycosim.probes.score import Score, score
from pycosim.probes.sorting import Sorting
from pycosim.probes.task import UNSCORED, ProbeBatch, ProbeTask

__all__ = [
    "NOTHING",
    "TASKS",
    "UNSCORED",
    "Brackets",
    "Induction",
    "Probe",
    "ProbeBatch",
    "ProbePoint",
    "ProbeTask",
    "Recall",
    "Score",
    "Sorting",
    "find_task",
    "load_probe",
    "score",
]
