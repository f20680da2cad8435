"""Floating nodes are found, and nothing else is taken for one."""

from __future__ import annotations

from pathlib import Path

import pytest

from pycosim.errors import SuspectNetlist
from pycosim.spice.structure import check_structure

from .decks import SOUND, Deck, deck

MODELS = ".model nn nmos level=1\n.model pp pmos level=1\n.model dd d\n"


@pytest.mark.parametrize("netlist", SOUND, ids=lambda netlist: netlist.name)
def test_sound_decks_pass(netlist: Deck) -> None:
    check_structure(netlist)


@pytest.mark.parametrize(
    "body",
    [
        # a gain cell: the storage node has a capacitor, gates and the channel of an off write device
        "vb b 0 0.45\nvw w 0 0\nvd d 0 0.9\nmw d w st 0 nn\nmr b st 0 0 nn\ncs st 0 10f",
        # an ideal storage node with its voltage given
        "vb b 0 0.45\nmr b st 0 0 nn\ncs st 0 10f\n.ic v(st)=0.5",
        "vb b 0 0.45\nmr b st 0 0 nn\ncs st 0 10f\n.nodeset v( ST )=0.5",
        # inside a subcircuit, set from outside
        "vb b 0 0.45\nx1 b cell\n.subckt cell p\nmr p st 0 0 nn\ncs st 0 10f\n.ends\n.ic v(x1.st)=0.5",
        # a source drives a node that only a behavioural source reads
        "v1 ctrl 0 1\nb1 out 0 v=v(ctrl)*2\nr1 out 0 1k",
        # an ammeter at the end of a line, a controlled source, a behavioural resistor
        "v1 a 0 1\nvm a b 0\nr1 b 0 1k\ne1 c 0 a b 2\nr2 c 0 r='1k*v(b)'\nf1 0 d vm 2\nr3 d 0 1",
        "v1 a 0 1\ne1 b 0 poly(2) a 0 b 0 0 1 1\nr1 b 0 1\ng1 0 c value={v(a,b)}\nr2 c 0 1",
        # a source without load, an unused port, a global supply used inside only
        "v1 a 0 1\nr1 a 0 1\nvdd vdd 0 0.9\n.global vdd\nx1 a nc s\n.subckt s p q\nm1 p p vdd vdd pp\n.ends",
        # a coupled line, a bipolar transistor with and without substrate, a switch, an XSPICE device
        "v1 a 0 1\nt1 a 0 b 0 z0=50 td=1n\nr1 b 0 50",
        "v1 a 0 1\nq1 a b 0 qq\nrb a b 1k\nq2 a b 0 0 qq\n.model qq npn",
        "v1 a 0 1\ns1 a b a 0 ss\nr1 b 0 1\n.model ss sw vt=0.5",
        "v1 a 0 1\na1 [a] [b] bridge\nr1 c 0 1\nv2 c 0 1\n.model bridge adc_bridge",
        # not judged
        "v1 a 0 1\nx1 a b nowhere",
        "v1 a 0 1\n.if (1)\nr1 a b 1\n.endif",
        "v1 a 0 1\nr1 a b 1\n.options rshunt=1e12",
        "v1 a 0 1\nc1 a b 1p\nc2 b 0 1p\n.tran 1n 1u uic",
    ],
)
def test_what_is_usual_here_is_no_floating_node(body: str) -> None:
    check_structure(deck("usual", MODELS + body))


@pytest.mark.parametrize(
    ("body", "node"),
    [
        ("v1 a 0 1\nc1 a b 1p\nc2 b 0 1p", "b"),
        ("v1 a 0 1\nm1 a g 0 0 nn\nc1 g 0 1f", "g"),
        ("i1 0 a 1u\nc1 a 0 1p", "a"),
        ("v1 a 0 1\nr1 a 0 1\nr2 b c 1\nc1 b a 1p\nc2 c 0 1p", "b, c"),
        ("v1 a 0 1\nr1 a 0 1\nr2 a b 1", r"b \(r2\)"),
        ("v1 a 0 1\nm1 a g 0 0 nn", r"g \(m1\)"),
        ("v1 a 0 1\nx1 a s\n.subckt s p\nr1 p 0 1\nr2 p inner 1\n.ends", r"x1.inner \(x1.r2\)"),
        ("v1 a 0 1\nx1 a s\nx2 a s\n.subckt s p\nc1 p n 1p\nc2 n 0 1p\n.ends\n.ic v(x1.n)=0", "x2.n"),
        ("v1 a 0 1\nr1 a 0 1\nb1 c 0 v=v(typo)\nr2 c 0 1", r"typo \(b1\)"),
        ("v1 a 0 1\nvm b c 0\nc1 b 0 1p\nc2 c 0 1p", "b, c"),
    ],
)
def test_a_floating_node_is_named(body: str, node: str) -> None:
    with pytest.raises(SuspectNetlist, match=rf"floating: .*{node}"):
        check_structure(deck("floating", MODELS + body))


@pytest.mark.parametrize(("card", "quantity"), [("r2 a 0", "resistance"), ("c2 a 0", "capacitance")])
def test_a_device_without_a_value_is_named(card: str, quantity: str) -> None:
    with pytest.raises(SuspectNetlist, match=f"{card.split()[0]} has no {quantity}"):
        check_structure(deck("empty", f"v1 a 0 1\nr1 a 0 1\n{card}"))


def test_subcircuits_of_libraries_are_looked_into(tmp_path: Path) -> None:
    library = tmp_path / "cells.lib"
    library.write_text(".subckt s p\nr1 p 0 1\nr2 p n 1\n.ends\n")
    netlist = deck("library", f'.include "{library}"\nv1 a 0 1\nx1 a s', libraries=(library,))
    with pytest.raises(SuspectNetlist, match=r"x1\.n \(x1\.r2\)"):
        check_structure(netlist)
