"""Gain cells to compare: the shipped one and four others, all with the pins and the benches of `circuits/gain_cell.py`.

| name | write | read | read current |
|---|---|---|---|
| silicon | transmission gate | push-pull pair | signed |
| oxide_write | one oxide n-type device | the same pair | signed |
| oxide | one oxide n-type device | push-pull pair with a thick gate oxide | signed |
| two_transistor | one oxide n-type device | one thick-oxide NMOS, no drawn capacitor but 2 fF | one sign |
| three_transistor | one silicon NMOS, boosted | NMOS behind a select transistor | one sign |

An oxide write device needs a boosted word line: to pass V_DD it wants V_DD + threshold + overdrive, 0.9 + 0.5 + 0.7 V,
and to end its current a negative level, -0.5 V. What it then leaves is the gate leak of the read pair, which is why
`oxide_write` holds only six times longer than silicon, and why `oxide` has thick gates.

Sizes are ours. The thick pair was fitted to the published read current as the shipped pair was, and meets it to 0.7 %
rms of 10 uA at DC and with a pulse; the others are drawn for about the same largest read current.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from circuits.devices import Mosfet
from circuits.errors import CircuitError
from circuits.gain_cell import GainCellParameters

OXIDE_WRITE = Mosfet(polarity="nmos", flavour="oxide", width=80e-9, length=60e-9)
"""The oxide write device. Ours: 80 nm writes 12 fF to 1.3 mV in 8 ns."""

OXIDE_ON_MARGIN, OXIDE_OFF_MARGIN = 1.2, 0.5
"""Its word line beyond the rails (V), writing and holding. Ours, see the module's text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CellVariant:
    """A cell with the technology that has its devices.

    Attributes:
        name: identifier.
        title: what it is, in a few words.
        parameters: its sizes.
        technology: name of a built-in technology.
        signed: whether its read current has both signs.
    """

    name: str
    title: str
    parameters: GainCellParameters
    technology: str
    signed: bool = True


def cell_variants() -> dict[str, CellVariant]:
    """Every variant by name, the shipped cell first."""
    silicon = GainCellParameters()
    oxide_write = replace(
        silicon,
        write_nmos=OXIDE_WRITE,
        write_pmos=None,
        on_margin=OXIDE_ON_MARGIN,
        off_margin=OXIDE_OFF_MARGIN,
    )
    oxide = replace(
        oxide_write,
        read_nmos=Mosfet(polarity="nmos", flavour="thick_nmos", width=80e-9, length=220e-9, threshold_shift=0.0252),
        read_pmos=Mosfet(polarity="pmos", flavour="thick_pmos", width=223e-9, length=190e-9, threshold_shift=-0.1022),
    )
    two = replace(oxide, read_pmos=None, storage_capacitance=2e-15)
    three = replace(
        silicon,
        read_pmos=None,
        write_pmos=None,
        select=Mosfet(polarity="nmos", width=120e-9, length=30e-9),
        on_margin=0.5,
    )
    variants = (
        CellVariant(name="silicon", title="silicon, 4T + C", parameters=silicon, technology="generic28"),
        CellVariant(name="oxide_write", title="oxide write, same pair", parameters=oxide_write, technology="oxide"),
        CellVariant(name="oxide", title="oxide write, thick pair", parameters=oxide, technology="oxide"),
        CellVariant(name="two_transistor", title="2T, oxide write", parameters=two, technology="oxide", signed=False),
        CellVariant(
            name="three_transistor", title="3T, silicon", parameters=three, technology="generic28", signed=False
        ),
    )
    return {variant.name: variant for variant in variants}


def cell_variant(name: str) -> CellVariant:
    """One variant by its name.

    Raises:
        CircuitError: no such variant.
    """
    variants = cell_variants()
    if name not in variants:
        raise CircuitError(f"no cell variant {name!r}; there are {', '.join(variants)}")
    return variants[name]
