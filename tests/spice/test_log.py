"""What ngspice says, classified: texts of ngspice 39."""

from __future__ import annotations

import pytest

from pycosim.errors import ConvergenceFailure, MissingProbe, SimulationError, SuspectNetlist, UndefinedModel
from pycosim.spice.log import last_words, read_log

STEPPING = """Note: Starting dynamic gmin stepping
Trying gmin =   1.0000E-03 Warning: Further gmin increment
Trying gmin =   9.9996E-03 Warning: Last gmin step failed
Warning: Dynamic gmin stepping failed
Note: Starting true gmin stepping
Warning: True gmin stepping failed
Note: Starting source stepping
Supplies reduced to   0.1000% Warning: source stepping failed
Note: Transient op started
"""

HARMLESS = [
    "",
    "Note: No compatibility mode selected!\n\nCircuit: unknown parameter, error: set to 3\n",
    "Note: v1: no DC value, transient time 0 value used",
    "Note: v2: dc value used for op instead of transient time=0 value.",
    ".print line ignored since rawfile was produced.",
    "Note: Starting dynamic gmin stepping\nTrying gmin = 1E-3 Note: One successful gmin step\n"
    "Warning: Dynamic gmin stepping failed\nNote: Starting source stepping\nNote: Source stepping completed\n",
    "Warning: singular matrix:  check node x\nNote: Starting dynamic gmin stepping\n"
    "Note: Dynamic gmin stepping completed",
    STEPPING + "Note: Transient op finished successfully",
    "Error: -0.5 out of range for sqrt\n    in line b1\nNo. of Data Rows : 119",
    "Initial Transient Solution\nNode    Voltage\nerror                                1\nundefined_parameter  1e-3",
    "Doing analysis at TEMP = 27.000000 and TNOM = 27.000000\n Reference value :  0.00000e+00\rNo. of Data Rows : 508",
    "option SCALE: Scale is set to 1e-06 for instance and model parameters",
]

TELLING: list[tuple[str, type[SimulationError], str]] = [
    ("warning, can't find model 'nope' from line\n    m1 d d 0 0 nope w=1u", UndefinedModel, "m1 d d 0 0 nope"),
    ("Error: unknown subckt: x1 d 0 nope", UndefinedModel, "x1 d 0 nope"),
    ("Netlist line no. 3:\nUndefined parameter [rr]", UndefinedModel, "line no. 3: | Undefined parameter [rr]"),
    ("ERROR, library file /x/l.lib, section definition ff not found", UndefinedModel, "section definition ff"),
    ("Error: Could not find include file /x", UndefinedModel, "/x"),
    (".model nn nmos bar=3 ...\nunrecognized parameter (bar) - ignored", UndefinedModel, "(bar)"),
    ('Fatal error: DC Transfer Function: source named "vx" is not in the circuit', UndefinedModel, '"vx"'),
    ("Error: no data saved for Transient analysis; analysis not run", MissingProbe, "no data saved"),
    (STEPPING + "Error: Transient op failed, timestep too small", ConvergenceFailure, "timestep too small"),
    ('doAnalyses: TRAN:  Timestep too small; time = 1e-9: trouble with node "c"', ConvergenceFailure, 'node "c"'),
    (
        "Warning: singular matrix:  check node x\n" + STEPPING + "Note: Transient op finished successfully",
        SuspectNetlist,
        "check node x",
    ),
    (
        "Warning: singular matrix:  check node v1#branch\n"
        + STEPPING
        + "Error: Transient op failed, timestep too small",
        SuspectNetlist,
        "v1#branch",
    ),
    ("Warning: r1: resistance to low, set to 1 mOhm", SuspectNetlist, "r1"),
    ("Warning: Njs = 0.05 is less than 0.1. Setting Njs to 0.1.", SuspectNetlist, "Njs"),
    ("Warning: Rdsw = -1 is negative. Set to zero.", SuspectNetlist, "Rdsw"),
    ("Warning: A2 = 3 is larger than 1. A2 is set to 1 and A1 is set to 0.", SuspectNetlist, "A2"),
    ("Warning : IC on non-existent node - zz, ignored", SuspectNetlist, "zz"),
    ("Error on line 4:\n  r1 a 0 2k\ndevice already exists, existing one being used", SuspectNetlist, "r1 a 0 2k"),
    ("Fatal error: BSIM4: mosfet nlv: Effective channel length <= 0", SimulationError, "channel length"),
    ("doAnalyses: no such device\nrun simulation(s) aborted", SimulationError, "no such device"),
]


@pytest.mark.parametrize("log", HARMLESS)
def test_harmless_lines_are_no_problem(log: str) -> None:
    assert read_log(log) is None


@pytest.mark.parametrize(("log", "error", "said"), TELLING, ids=[case[2] for case in TELLING])
def test_a_line_that_matters_names_its_error(log: str, error: type[SimulationError], said: str) -> None:
    problem = read_log("Note: No compatibility mode selected!\n" + log)
    assert problem is not None
    assert problem.error is error
    assert said in problem.said
    assert problem.advice


def test_the_last_words_are_the_last_lines_that_say_something() -> None:
    assert last_words("a\n\nb\rc\n \nd\ne\n") == "b | c | d | e"
    assert last_words("\n") == "nothing"


def test_last_words_leave_out_rows_of_numbers() -> None:
    marks = " Reference value :  2.5e-10 Reference value :  4.1e-10"
    log = f"Note: here\nvvrst#branch      1.95946e-13\n{marks}\nerror: gone\n"
    assert last_words(log) == "Note: here | error: gone"
    assert last_words("vdd   0.9\n") == "nothing"
