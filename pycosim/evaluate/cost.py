"""COST: what one attention head spends on one token, in time and in energy.

Latency is a sum of phases and energy a sum of blocks; each says where its number comes from. The published
figures stand beside them; no figure of ours is taken from them.

References:
    [2025 Leroux] N. Leroux et al., Nature Computational Science 5(9), 813-824 (2025), doi
    10.1038/s43588-025-00854-1.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

Source = Literal["simulated", "assumed", "protocol"]
"""Where a duration or an energy comes from: measured on simulated waveforms, assumed for a digital part that
is not simulated, or set by the protocol (a full-scale pulse is as long as T_max says)."""

PUBLISHED_LATENCY = 65e-9
"""Seconds per token and head [2025 Leroux]."""

PUBLISHED_PHASES: tuple[tuple[str, float], ...] = (
    ("query integration", 15e-9),
    ("phi pulse, second integration", 15e-9),
    ("signed read-out and count", 15e-9),
    ("write, reset, adders", 20e-9),
)
"""(name, seconds): how the published 65 ns divides.
Inferred from the text of [2025 Leroux], which gives the sum only."""

PUBLISHED_BLOCKS: tuple[tuple[str, float], ...] = (
    ("array 1 and charge-to-pulse", 1120e-12),
    ("array 2 and signed charge-to-pulse", 700e-12),
    ("digital control and routing", 4000e-12),
    ("DACs", 330e-12),
)
"""(name, joule): published energy per token and head of 16 tiles [2025 Leroux]."""

PUBLISHED_TILES = 16
"""Tiles of 64 x 64 cells per head behind the published energy: a window of 1024 tokens [2025 Leroux]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """One step of a token's way through the head.

    Args:
        name: what happens, in a few words.
        duration: seconds that the step takes.
        source: where the duration comes from.
        detail: the criterion in a few words ("settled to half a level").
        scheduled: seconds that the testbench's clocks grant the step; None where nothing is clocked.
        netlist: digest of the netlist whose waveforms gave the duration; None where it was not simulated.
    """

    name: str
    duration: float
    source: Source
    detail: str = ""
    scheduled: float | None = None
    netlist: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """Phases of one token in one head, in order and without overlap.

    Args:
        phases: the steps, first to last.
        published_total: seconds, the published figure that stands beside the sum.
        published_phases: (name, seconds): how that divides.
        work: what takes this long, in words.
    """

    phases: tuple[Phase, ...]
    published_total: float = PUBLISHED_LATENCY
    published_phases: tuple[tuple[str, float], ...] = PUBLISHED_PHASES
    work: str = "token and head"

    @property
    def total(self) -> float:
        """Seconds: the sum of the phases."""
        return math.fsum(phase.duration for phase in self.phases)

    @property
    def scheduled_total(self) -> float:
        """Seconds that the clocks of the testbenches grant in all; an unclocked phase counts with its duration."""
        return math.fsum(p.duration if p.scheduled is None else p.scheduled for p in self.phases)


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One part of the head and the energy that it takes for one token, over all tiles of the head.

    Args:
        name: what the part is.
        energy: joule per token and head.
        source: where the energy comes from.
        detail: how it was integrated or why it was assumed.
        published: joule, the published block that corresponds, for `PUBLISHED_TILES` tiles; None where there
            is none.
        netlist: digest of the netlist whose supply currents were integrated; None where it was not simulated.
    """

    name: str
    energy: float
    source: Source
    detail: str = ""
    published: float | None = None
    netlist: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Energy:
    """Blocks of one head for one token.

    Args:
        blocks: the parts.
        n_tiles: tiles of the head whose energy the blocks sum; the published figures are for
            `published_tiles`.
        published_blocks: (name, joule) as published.
        published_tiles: tiles behind those.
        work: what takes this much, in words.
        part: what a tile is called: a system without tiles counts symbols, or neurons.
    """

    blocks: tuple[Block, ...]
    n_tiles: int
    published_blocks: tuple[tuple[str, float], ...] = PUBLISHED_BLOCKS
    published_tiles: int = PUBLISHED_TILES
    work: str = "token and head"
    part: str = "tile"

    @property
    def total(self) -> float:
        """Joule per token and head: the sum of the blocks."""
        return math.fsum(block.energy for block in self.blocks)

    @property
    def simulated(self) -> float:
        """Joule per token and head that come from simulated supply currents."""
        return math.fsum(block.energy for block in self.blocks if block.source == "simulated")

    @property
    def per_tile(self) -> float:
        """Joule per token and tile, to compare windows of different length."""
        return self.total / self.n_tiles

    @property
    def published_total(self) -> float:
        """Joule per token and head of `published_tiles` tiles: the sum of the published blocks."""
        return math.fsum(energy for _, energy in self.published_blocks)

    @property
    def published_per_tile(self) -> float:
        """Joule per token and tile, published."""
        return self.published_total / self.published_tiles
