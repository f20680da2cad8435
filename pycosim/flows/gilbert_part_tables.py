"""Tables of the parts around the multipliers: amplifier, summer, rectifiers, weight memories."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pycosim.evaluate.quantities import show_quantity
from pycosim.evaluate.tables import Table

Figures = Mapping[str, Any]


def percent(share: float) -> str:
    """A share as per cent, three digits."""
    return f"{100 * share:.3g} %"


def amplifier_table(amplifier: Figures) -> Table:
    """Transistors and macromodel."""
    lines = (
        ("gain at DC", "gain", 1.0, ""),
        ("gain-bandwidth", "bandwidth", 1e-6, "MHz"),
        ("phase margin, 1 pF", "phase_margin", 1.0, "°"),
        ("slew up", "slew_up", 1e-6, "V/us"),
        ("slew down", "slew_down", 1e-6, "V/us"),
        ("settling of 1 V to 0.1 %", "settling", 1e9, "ns"),
        ("output resistance", "output_resistance", 1e-3, "kohm"),
        ("lowest output", "low", 1e3, "mV"),
        ("highest output", "high", 1.0, "V"),
        ("noise of a follower", "noise", 1e6, "uV rms"),
        ("power", "power", 1e3, "mW"),
    )
    rows = tuple(
        (
            f"{what} ({unit})" if unit else what,
            f"{factor * amplifier['transistors'][key]:.4g}",
            f"{factor * amplifier['macromodel'][key]:.4g}",
        )
        for what, key, factor, unit in lines
    )
    return Table(
        title="The two-stage amplifier and its macromodel",
        header=("figure", "transistors", "macromodel"),
        rows=rows,
        note="The macromodel's sources are behavioural and have no noise; what it shows is that of its resistors.",
    )


def summer_table(summer: Figures) -> Table:
    """A summer of equal inputs beside its closed form."""
    law = summer["closed_form"]
    rows = (
        ("gain, all inputs alike", f"{summer['gain']:.5g}", f"{law['gain']:.5g}"),
        ("bandwidth (MHz)", f"{summer['bandwidth'] / 1e6:.3g}", f"{law['bandwidth'] / 1e6:.3g}"),
        ("offset of dies (mV)", f"{1e3 * summer['offset_spread']:.3g}", f"{1e3 * law['offset_spread']:.3g}"),
        ("output clips at (V)", f"{summer['low']:.3g}, {summer['high']:.3g}", ""),
    )
    return Table(
        title=f"Summing amplifier of {summer['n_inputs']} equal inputs, noise gain {summer['noise_gain']:g}",
        header=("figure", "simulated", "closed form"),
        rows=rows,
        note="Closed form from the measured amplifier: GBW over noise gain, noise gain times the offset.",
    )


def rectifier_table(rectifiers: Figures) -> Table:
    """The four rectifiers."""
    rows = []
    for name, one in rectifiers.items():
        model = one["model"]
        dead = one["dead_time_s"]
        rows.append(
            (
                name.replace("_", "-"),
                f"{1e3 * one['output_at_half_volt']:.5g}",
                show_quantity(one["largest_error_v"], "V"),
                "never" if dead is None else f"{1e9 * dead:.3g}",
                "no fit" if "failed" in model else show_quantity(model["held_out_residual_v"], "V"),
            )
        )
    return Table(
        title="Rectifiers about 1.5 V",
        header=("kind", "output at 0.5 V (mV)", "largest error", "dead time (ns)", "model, held out"),
        rows=tuple(rows),
        note="Dead time: from a zero crossing of a step of ±0.2 V until the output stays beyond half of it.",
    )


def weight_table(weights: Figures) -> Table:
    """Where weights are kept."""
    store, triode = weights["capacitor"], weights["triode"]
    rows = [
        (
            kind,
            f"{weights[kind]['n_bits']} bits",
            f"largest error {weights[kind]['largest_error_lsb']:.2g} LSB, "
            f"of a die {weights[kind]['of_a_die_lsb']:.2g} LSB",
        )
        for kind in ("potentiometer", "ladder")
    ]
    low, high = (1e6 * one for one in triode["conductance_s"])
    closed = ", ".join(f"{1e6 * one:.3g}" for one in triode["closed_form_s"])
    rows.append(
        (
            "MOSFET resistance",
            f"{low:.3g} to {high:.3g} uS (closed form {closed})",
            f"bends by {percent(triode['bend_at_100_mv'])} at 100 mV",
        )
    )
    rows.extend(
        (
            f"capacitor, 1 pF, {show_quantity(one['leak_a'], 'A', trim=True)}",
            f"{one['droop_v_per_s']:.3g} V/s (closed form {one['closed_form_v_per_s']:.3g})",
            f"half an LSB of 8 bits in {show_quantity(one['half_lsb_of_8_bits_s'], 's')}; the switch injects "
            f"{1e3 * one['injected_v']:.2f} mV",
        )
        for one in store["droop"]
    )
    rows.append(
        (
            "capacitor, noise",
            f"{1e6 * store['noise_v']:.3g} uV (sqrt(kT/C) {1e6 * store['noise_closed_form_v']:.3g})",
            "switch of BSIM4: level 1 has no noise in its triode region",
        )
    )
    return Table(title="Weight memories", header=("memory", "figure", "error"), rows=tuple(rows))
