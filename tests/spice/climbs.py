"""Decks that ngspice 39 does not solve as they are written, each for another reason, and what they should give."""

from __future__ import annotations

from .decks import Deck, deck


def jump(*, steepness: str, step: float) -> Deck:
    """A current that a node cannot follow: where the source falls below 1 A, the voltage leaps from 1 kV to about 0.

    The smallest step that ngspice takes is 1e-11 of the largest one, and Newton's iteration finds the leap only with
    one that is short against what the capacitor needs for it.
    """
    stop = 100 * step
    source = f"i1 0 b pulse(2 0.5 {stop / 10:g} {step / 10:g} {step / 10:g} {stop / 2:g} {stop * 10:g})"
    body = f"{source}\nb1 b 0 i=tanh({steepness}*v(b))\nr1 b 0 1k\nc1 b 0 1n\n.options method=gear\n"
    return deck(f"jump_{steepness}_{step:g}", f"{body}.tran {step:g} {stop:g}", "v(b)")


JUMP_AFTER = 1e3  # V: (2 A - tanh) * 1 kohm, when the source is at 2 A again
NEEDS_TIGHTER_STEP = jump(steepness="1e2", step=100.0)
NEEDS_OTHER_METHOD = jump(steepness="1e4", step=10.0)
NEEDS_GMIN_STEPPING = deck(
    "saturating", "v1 a 0 2\nr0 a b 753\nb0 b 0 i=0.0764*atan(5.39*(v(b)-1.44))\n.dc v1 0 2 0.02", "v(b)"
)
NEEDS_SOURCE_STEPPING = deck(
    "roots",
    "v1 a 0 pulse(0 2 1n 1p 1p 3n 10n)\nr0 a b 611\nb0 b 0 i=0.0525*sgn(v(b)-0.782)*abs(v(b)-0.782)**0.596\n"
    "r1 b c 1.57k\nb1 c 0 i=0.0378*sgn(v(c)+0.363)*abs(v(c)+0.363)**0.209\n.tran 10p 5n",
    "v(b)",
    "v(c)",
)
NEEDS_RELAXED_TOLERANCE = deck("no_point", "v1 a 0 1\nr1 a c 1meg\nb2 c 0 v=v(c)>0 ? -4u : 4u\n.op", "v(c)")
