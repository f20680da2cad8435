"""Transistors written into a PySpice circuit, in whatever way the technology instantiates them."""

from __future__ import annotations

from dataclasses import dataclass

from PySpice.Spice.Netlist import Netlist as SpiceScope

from circuits.errors import CircuitError
from circuits.quantities import check_count, check_quantity
from circuits.technology import Polarity, Technology

LARGEST_SIZE = 1e-3
"""Largest width or length (m); a larger one was written in another unit than metres."""

LARGEST_SHIFT = 1.0
"""Largest threshold shift (V)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mosfet:
    """The geometry of one transistor.

    Attributes:
        polarity: "nmos" or "pmos".
        width, length: drawn (m).
        threshold_shift: added to the threshold parameter (V); for a PMOS a negative shift raises |Vth|.
        multiplier: number of equal devices in parallel.
        flavour: a further transistor of the technology, one of `Technology.flavours`; "" for the usual one.
    """

    polarity: Polarity
    width: float
    length: float
    threshold_shift: float = 0.0
    multiplier: int = 1
    flavour: str = ""

    @property
    def area(self) -> float:
        """Gate area of all parallel devices (m^2)."""
        return self.width * self.length * self.multiplier


def add_mosfet(
    scope: SpiceScope, technology: Technology, name: str, mosfet: Mosfet, nodes: tuple[str, str, str, str]
) -> None:
    """Add one transistor.

    Args:
        scope: circuit or subcircuit that receives it.
        technology: gives the model and the kind of instance.
        name: element name without its letter.
        mosfet: geometry.
        nodes: drain, gate, source, bulk.

    Raises:
        CircuitError: smaller than the technology allows, a size that is no size, a threshold shift that it cannot
            make, or a flavour that it does not have.
    """
    if mosfet.polarity not in ("nmos", "pmos"):
        raise CircuitError(f"transistor {name}: polarity must be 'nmos' or 'pmos', found {mosfet.polarity!r}")
    device = technology.device(mosfet.polarity, mosfet.flavour)
    check_quantity(f"transistor {name}: width", mosfet.width, "m", high=LARGEST_SIZE)
    check_quantity(f"transistor {name}: length", mosfet.length, "m", high=LARGEST_SIZE)
    check_quantity(f"transistor {name}: threshold shift", mosfet.threshold_shift, "V", -LARGEST_SHIFT, LARGEST_SHIFT)
    check_count(f"transistor {name}: multiplier", mosfet.multiplier, 10_000)
    least_width = technology.minimum_width if device.minimum_width is None else device.minimum_width
    least_length = technology.minimum_length if device.minimum_length is None else device.minimum_length
    if mosfet.width < least_width * 0.999 or mosfet.length < least_length * 0.999:
        raise CircuitError(
            f"transistor {name}: W/L {mosfet.width:.4g}/{mosfet.length:.4g} m is below the minimum "
            f"{least_width:.4g}/{least_length:.4g} m of {technology.name}'s {device.model}"
        )
    extra: dict[str, str] = {}
    if mosfet.threshold_shift:
        if not device.threshold_parameter:
            raise CircuitError(
                f"transistor {name} wants a threshold shift of {mosfet.threshold_shift:+.3f} V, but "
                f"{technology.name}'s {device.model} has no threshold_parameter; set one, or choose another flavour"
            )
        extra[device.threshold_parameter] = f"{mosfet.threshold_shift:.6g}"
    if mosfet.multiplier != 1:
        extra["m"] = str(mosfet.multiplier)
    width, length = float(f"{mosfet.width:.6g}"), float(f"{mosfet.length:.6g}")
    if device.instance == "model":
        text = " ".join(f"{key}={value}" for key, value in extra.items())
        scope.MOSFET(name, *nodes, model=device.model, w=width, l=length, raw_spice=text)
    else:
        scope.X(f"m{name}", device.model, *nodes, w=width, l=length, **extra)
