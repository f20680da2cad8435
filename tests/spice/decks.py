"""Small decks that the engine tests share."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Deck:
    """What the engines need of a netlist."""

    name: str
    text: str
    probes: tuple[str, ...] = ()
    settings: tuple[tuple[str, str], ...] = ()
    libraries: tuple[Path, ...] = ()

    @property
    def digest(self) -> str:
        return hashlib.sha256(f"{self.text}{self.settings}".encode()).hexdigest()


def deck(
    name: str,
    body: str,
    *probes: str,
    settings: tuple[tuple[str, str], ...] = (),
    libraries: tuple[Path, ...] = (),
) -> Deck:
    """A deck of these cards, with a title, ``.save`` lines and ``.end``."""
    save = "".join(f".save {probe}\n" for probe in probes)
    text = f"{name}\n{body.strip()}\n{save}.end\n"
    return Deck(name=name, text=text, probes=probes, settings=settings, libraries=libraries)


RESISTANCE = 1e3  # ohm
CAPACITANCE = 1e-9  # F

DISCHARGE = deck(
    "rc_discharge",
    f"r1 a 0 {RESISTANCE:g}\nc1 a 0 {CAPACITANCE:g}\n.ic v(a)=1\n.options reltol=1e-6\n.tran 10n 5u 0 5n",
    "v(a)",
)
DIVIDER = deck("divider", "v1 in 0 3\nr1 in out 1k\nr2 out 0 2k\n.op", "v(out)", "i(v1)")
DIODE = deck("diode", "v1 in 0 1\nr1 in d 1k\nd1 d 0 dd\n.model dd d is=1e-14 n=1\n.op", "v(d)", "i(v1)")
SWEEP = deck("sweep", "v1 a 0 1\nv2 b 0 1\nr1 a b 1k\n.dc v1 0 1 0.5 v2 0 1 0.25", "v(a)", "v(b)", "i(v1)")
LOW_PASS = deck("low_pass", "v1 in 0 0 ac 1\nr1 in out 1k\nc1 out 0 1n\n.ac dec 10 1k 10meg", "v(out)")
NOISE = Deck(  # a .save line would make ngspice refuse the noise analysis
    name="noise",
    text="noise\nv1 in 0 0 ac 1\nr1 in out 1k\nr2 out 0 1k\n.noise v(out) v1 dec 2 1k 1meg\n.end\n",
    probes=("onoise_spectrum",),
)

LOW_PASS_NOISE = deck(  # ngspice wants something of the second plot, the integral, to be saved as well
    "low_pass_noise",
    "v1 in 0 0 ac 1\nr1 in out 1k\nc1 out 0 1p\n.save onoise_total\n.noise v(out) v1 dec 20 10k 1t",
    "onoise_spectrum",
    "inoise_spectrum",
)
NOISE_BY_DEVICE = Deck(
    name="noise_by_device",
    text="noise\nv1 in 0 0 ac 1\nr1 in out 1k\nr2 out 0 1k\n.noise v(out) v1 dec 2 1k 1meg 1\n.end\n",
    probes=("onoise_spectrum", "onoise.r1", "onoise.r2.thermal"),
)

# A BSIM4 inverter; few of the model's parameters, the rest are ngspice's defaults.
INVERTER = deck(
    "inverter",
    """
.model nn nmos level=54 version=4.8.2 toxe=1.55e-9 vth0=0.33 u0=0.03 vsat=1.25e5 k1=0.3 ndep=3e18
.model pp pmos level=54 version=4.8.2 toxe=1.55e-9 vth0=-0.33 u0=0.0125 vsat=0.95e5 k1=0.3 ndep=3e18
vdd vdd 0 0.9
vin in 0 pulse(0.9 0 0.2n 20p 20p 1n 2n)
mp out in vdd vdd pp w=400n l=30n
mn out in 0 0 nn w=200n l=30n
cl out 0 2f
.options reltol=1e-4 method=gear
.tran 5p 2n 0 10p
""",
    "v(out)",
    "i(vdd)",
)

SOUND = (DISCHARGE, DIVIDER, DIODE, SWEEP, LOW_PASS, NOISE, LOW_PASS_NOISE, NOISE_BY_DEVICE, INVERTER)

# What fails, and how. A recursive .func overflows ngspice 39's stack, also inside the shared library.
RECURSIVE = deck("recursive", "v1 a 0 1\n.func f(x) {f(x)}\nr1 a 0 {f(1)}\n.op", "v(a)")
ENDLESS = deck("endless", "v1 a 0 sin(0 1 1g)\nr1 a b 1k\nc1 b 0 1p\n.tran 1p 1", "v(b)")
NO_SOLUTION = deck(
    "no_solution",
    "v1 a 0 pulse(0 1 1n 1n 1n 5n 20n)\nr1 a 0 1k\nb2 c 0 v=v(c)>0 ? -1 : 1\nr2 c 0 1k\n.tran 0.1n 10n",
    "v(c)",
)
UNKNOWN_MODEL = deck("unknown_model", "v1 d 0 1\nm1 d d 0 0 nope w=1u l=1u\n.op", "v(d)")
UNKNOWN_SUBCIRCUIT = deck("unknown_subcircuit", "v1 d 0 1\nx1 d 0 nope\n.op", "v(d)")
UNKNOWN_PARAMETER = deck("unknown_parameter", "v1 d 0 1\nr1 d 0 {nope}\n.op", "v(d)")
UNKNOWN_MODEL_PARAMETER = deck(
    "unknown_model_parameter", "v1 d 0 1\nr1 d e 1k\nd1 e 0 dd\n.model dd d is=1e-14 nope=3\n.op", "v(d)"
)
UNKNOWN_INSTANCE_PARAMETER = deck("unknown_instance_parameter", "v1 d 0 1\nr1 d 0 1k nope=3\n.op", "v(d)")
WRONG_PORTS = deck("wrong_ports", "v1 a 0 1\nx1 a s\n.subckt s p q\nr1 p q 1k\n.ends\n.op", "v(a)")
MISSING_PROBE = deck("missing_probe", "v1 bit_line 0 1\nr1 bit_line 0 1k\n.op", "v(bit_line)", "v(bitline)")
NOTHING_SAVED = deck("nothing_saved", "v1 a 0 1\nr1 a 0 1k\n.tran 1n 10n", "v(nope)")
FLOATING = deck("floating", "v1 d 0 pulse(0 1 0 1n 1n 5n 20n)\nr1 d 0 1k\nc1 d x 1p\nc2 x 0 1p\n.tran 0.1n 10n", "v(x)")
DANGLING = deck("dangling", "v1 d 0 1\nr1 d 0 1k\nr2 d x 1k\n.op", "v(x)")
NO_RESISTANCE = deck("no_resistance", "v1 d 0 1\nr1 d 0\n.op", "v(d)")
NO_RESISTANCE_IN_MODEL = deck("no_resistance_in_model", "v1 d 0 1\nr1 d 0 rr\n.model rr r\n.op", "v(d)")
LOOP = deck("loop", "v1 a 0 1\nv2 a 0 2\nr1 a 0 1k\n.op", "v(a)")
_TWO_RESISTORS = "v1 in 0 1 ac 1\nr1 in out 1k\nr2 out 0 1k\n"
NOISE_OF_NO_NODE = deck("noise_of_no_node", _TWO_RESISTORS + ".noise v(outt) v1 dec 2 1k 1meg")
NOISE_OF_NO_SOURCE = deck("noise_of_no_source", _TWO_RESISTORS + ".noise v(out) v7 dec 2 1k 1meg")
NOISE_OF_A_RESISTOR = deck("noise_of_a_resistor", _TWO_RESISTORS + ".noise v(out) r1 dec 2 1k 1meg")
NOISE_WITHOUT_AC = deck("noise_without_ac", "v1 in 0 1\nr1 in out 1k\nr2 out 0 1k\n.noise v(out) v1 dec 2 1k 1meg")
NOISE_WITHOUT_INTEGRAL = deck(
    "noise_without_integral", _TWO_RESISTORS + ".noise v(out) v1 dec 2 1k 1meg", "onoise_spectrum"
)
NOISE_MISSING_PROBE = deck(
    "noise_missing_probe",
    _TWO_RESISTORS + ".save onoise_total\n.noise v(out) v1 dec 2 1k 1meg",
    "onoise_spectrum",
    "onoise_spectra",
)
NOISE_BACKWARDS = deck("noise_backwards", _TWO_RESISTORS + ".noise v(out) v1 dec 2 1meg 1k")
RESPONSE_TO_NOTHING = deck("response_to_nothing", "v1 in 0 1\nr1 in 0 1k\n.ac dec 2 1 1k", "v(in)")
WRONG_IC = deck("wrong_ic", "v1 a 0 1\nr1 a 0 1k\n.ic v(nope)=1\n.tran 1n 10n", "v(a)")
