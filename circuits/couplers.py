"""Splitters, combiners and two-by-two couplers, for any number of paths."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt

from PySpice.Spice.Netlist import Netlist as SpiceScope

from circuits.errors import CircuitError
from circuits.optical_field import add_superposition, amplitude_of_loss
from circuits.quantities import check_quantity


def add_splitter(
    scope: SpiceScope,
    name: str,
    source: str,
    outputs: Sequence[str],
    *,
    shares: Sequence[float] | None = None,
    loss: float = 0.0,
) -> None:
    """Add a splitter of one field into n.

    Args:
        scope: circuit that receives it.
        name: of its elements.
        source: port that is split.
        outputs: ports that get its parts.
        shares: of the power, one for each output, with a sum of 1; None for equal ones.
        loss: excess loss (dB).

    Raises:
        CircuitError: no outputs, or shares that do not fit.
    """
    for k, (port, share) in enumerate(zip(outputs, _shares(name, len(outputs), shares), strict=True)):
        add_superposition(scope, f"{name}_{k}", port, [(source, sqrt(share) * amplitude_of_loss(loss))])


def add_combiner(
    scope: SpiceScope,
    name: str,
    sources: Sequence[str],
    output: str,
    *,
    shares: Sequence[float] | None = None,
    loss: float = 0.0,
) -> None:
    """Add a splitter run backwards: the field sum_k sqrt(share_k) E_k; what does not interfere constructively is lost.

    Args:
        scope: circuit that receives it.
        name: of its elements.
        sources: ports that are combined.
        output: port that gets the sum.
        shares: as in `add_splitter`.
        loss: excess loss (dB).

    Raises:
        CircuitError: no sources, or shares that do not fit.
    """
    amplitude = amplitude_of_loss(loss)
    pairs = zip(sources, _shares(name, len(sources), shares), strict=True)
    add_superposition(scope, name, output, [(port, sqrt(share) * amplitude) for port, share in pairs])


def add_coupler(
    scope: SpiceScope,
    name: str,
    sources: tuple[str, str],
    outputs: tuple[str, str],
    *,
    cross: float = 0.5,
    loss: float = 0.0,
) -> None:
    """Add a directional coupler: out = [[t, i c], [i c, t]] in with c^2 = `cross`, t^2 = 1 - cross.

    Args:
        scope: circuit that receives it.
        name: of its elements.
        sources: the two ports that go in.
        outputs: the two ports that come out.
        cross: share of the power that changes sides, 0 to 1.
        loss: excess loss (dB).

    Raises:
        CircuitError: a share that is none.
    """
    check_quantity(f"cross coupling of {name}", cross, "", 0.0, 1.0)
    amplitude = amplitude_of_loss(loss)
    through, over = sqrt(1.0 - cross) * amplitude, 1j * sqrt(cross) * amplitude
    add_superposition(scope, f"{name}_0", outputs[0], [(sources[0], through), (sources[1], over)])
    add_superposition(scope, f"{name}_1", outputs[1], [(sources[0], over), (sources[1], through)])


def _shares(name: str, count: int, shares: Sequence[float] | None) -> list[float]:
    if count < 1:
        raise CircuitError(f"{name} has no paths; give at least one port")
    if shares is None:
        return [1.0 / count] * count
    if len(shares) != count or abs(sum(shares) - 1.0) > 1e-9:
        raise CircuitError(f"{name}: wanted {count} shares of power with a sum of 1, found {list(shares)}")
    return [check_quantity(f"{name}: share", share, "", 0.0, 1.0) for share in shares]
