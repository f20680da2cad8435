"""Circuit-level co-simulation of analog attention: from ngspice netlists to a transformer's accuracy and cost.

The parts, each a package and each an arrow of one sentence (`docs/design.md`):

    waveforms    waveform -> number                     models       behavioural models with a domain
    spice        netlist -> waveforms                   fitting      dataset -> model
    sweeps       testbench -> dataset                   attention    models -> attention
    evaluate     accuracy and cost -> report            transformer  attention -> logits
    flows        the whole sentence, once per analog system

Circuits and testbenches are in the package `circuits`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pycosim.campaign.sweep import sweep
    from pycosim.campaign.tune import tune

__all__ = ["sweep", "tune"]


def __getattr__(name: str) -> object:
    """`pycosim.sweep` and `pycosim.tune`, imported when they are asked for: `import pycosim` stays quick."""
    if name == "sweep":
        from pycosim.campaign.sweep import sweep

        return sweep
    if name == "tune":
        from pycosim.campaign.tune import tune

        return tune
    raise AttributeError(f"module 'pycosim' has no attribute {name!r}")
