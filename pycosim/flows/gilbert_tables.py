"""The figures of the Gilbert flow as tables: of a page, of the terminal and of docs/gilbert.md."""

from __future__ import annotations

from pycosim.evaluate.quantities import show_quantity
from pycosim.evaluate.tables import Table
from pycosim.flows.gilbert_part_tables import (
    Figures,
    amplifier_table,
    percent,
    rectifier_table,
    summer_table,
    weight_table,
)

YARDSTICKS: tuple[tuple[str, str, str, str], ...] = (
    ("AD633", "2 % of full scale; X 0.4 %, Y 0.1 %", "1 MHz, 20 V/us", "one multiplier"),
    ("0.25 um CMOS multiplier", "1.5 % linearity; THD < 2 % at 100 MHz", "100 MHz", "508 uW, one multiplier"),
    ("Intel ETANN 80170NX (1989)", "", "2 G connections/s", "1.5 W, 10 240 synapses"),
)
"""(what, error, speed, size): published; from public pages and data sheets."""


def gilbert_tables(figures: Figures) -> dict[str, Table]:
    """Every table, by name, from the figures of `pycosim.flows.gilbert`."""
    return {
        "multipliers": multiplier_table(figures["multipliers"]),
        "distortion": distortion_table(figures["multipliers"]),
        "cell_speed": speed_table(figures["multipliers"]),
        "offsets": offset_table(figures["multipliers"]),
        "amplifier": amplifier_table(figures["amplifier"]),
        "summer": summer_table(figures["summer"]),
        "rectifiers": rectifier_table(figures["rectifiers"]),
        "weights": weight_table(figures["weights"]),
        "models": model_table(figures["models"]),
        "network": network_table(figures["network"]),
        "digits": digits_table(figures["digits"]),
        "weight_bits": bits_table(figures["digits"]),
        "transformer": transformer_table(figures["transformer"]),
        "yardsticks": yardstick_table(figures),
    }


def multiplier_table(cells: Figures) -> Table:
    """Gain and error over both ports."""
    rows = []
    for name, cell in cells.items():
        errors = [
            percent(one["error_of_full_scale"])
            + ("" if one["closed_form"] is None else f" ({percent(one['closed_form'])})")
            for one in cell["errors"]
        ]
        closed = "" if cell["gain_closed_form"] is None else f" ({cell['gain_closed_form']:.4g})"
        ports = f"{1e3 * cell['upper_overdrive_v']:.0f}, {1e3 * cell['lower_overdrive_v']:.0f}"
        rows.append((name, ports, f"{cell['gain_per_v']:.4g}{closed}", *errors))
    shares = [f"error at ±{one['share_of_overdrive']:g} of it" for one in next(iter(cells.values()))["errors"]]
    return Table(
        title="Multipliers: gain and error over both ports",
        header=("cell", "range unit, upper and lower port (mV)", "gain (V/V²)", *shares),
        rows=tuple(rows),
        note=(
            "In brackets the closed form, which knows no channel-length modulation; only the ideal cell has none. The "
            "error is the largest deviation from the best ideal product, over that product's full scale. Ranges count "
            "in overdrives of the square law, in 2 V_T for the bipolar cell; for the BSIM4 cell 100 and 150 mV."
        ),
    )


def distortion_table(cells: Figures) -> Table:
    """Third harmonic of a sine at the upper port."""
    rows = []
    for name, cell in cells.items():
        found = [
            f"{percent(one['third'])}" + ("" if one["closed_form"] is None else f" ({percent(one['closed_form'])})")
            for one in cell["distortion"]
        ]
        rows.append((name, *found, percent(cell["distortion"][-1]["total"])))
    first = next(iter(cells.values()))
    heads = [f"HD3 at {one['share_of_overdrive']:g} of the overdrive" for one in first["errors"]]
    return Table(
        title="Distortion of a sine at the upper port",
        header=("cell", *heads, "THD at the last"),
        rows=tuple(rows),
        note="In brackets the closed form: (A / V_ov)² / 32 of the square law, (A / 2 V_T)² / 12 of the tanh.",
    )


def speed_table(cells: Figures) -> Table:
    """Bandwidth, step, noise and power of single cells."""
    rows = []
    for name, cell in cells.items():
        found = cell["response"]
        rows.append(
            (
                name,
                f"{found['bandwidth_upper'] / 1e6:.3g}, {found['bandwidth_lower'] / 1e6:.3g}",
                f"{found['slew_upper'] / 1e6:.3g}, {found['slew_lower'] / 1e6:.3g}",
                f"{found['settling_upper'] * 1e9:.3g}, {found['settling_lower'] * 1e9:.3g}",
                f"{found['noise'] * 1e6:.3g} ({percent(found['noise_share'])})",
                show_quantity(cell["power_w"], "W"),
            )
        )
    return Table(
        title="Speed, noise and power of one cell with its loads and 100 fF",
        header=("cell", "bandwidth (MHz)", "slew (V/us)", "settling to 1 % (ns)", "noise (uV rms)", "power"),
        rows=tuple(rows),
        note="Upper and lower port, the other at half its range unit; noise 1 Hz to 10 GHz, in brackets of full scale.",
    )


def offset_table(cells: Figures) -> Table:
    """Spread of dies beside Pelgrom's law."""
    rows = []
    for name, cell in cells.items():
        if "offsets" not in cell:
            continue
        found, law = cell["offsets"], cell.get("offsets_closed_form", {})

        def both(key: str, factor: float, found: Figures = found, law: Figures = law) -> str:
            return f"{factor * found[key]:.3g}" + (f" ({factor * law[key]:.3g})" if key in law else "")

        rows.append(
            (
                name,
                both("upper_offset", 1e3),
                both("lower_offset", 1e3),
                both("output_offset", 1e6),
                percent(found["gain"]),
            )
        )
    return Table(
        title="Offsets of dies, one standard deviation",
        header=("cell", "upper port (mV)", "lower port (mV)", "output (uA)", "gain"),
        rows=tuple(rows),
        note="In brackets Pelgrom's law through the square law's transconductances.",
    )


def model_table(models: Figures) -> Table:
    """Fits and their residuals on held-out points."""
    rows = tuple(
        (name, one["kind"], show_quantity(one["held_out_residual"], one["unit"]), percent(one["of_full_scale"]))
        for name, one in models.items()
    )
    return Table(
        title="Models against points that no fit saw",
        header=("circuit", "model", "residual, rms", "of full scale"),
        rows=rows,
    )


def network_table(network: Figures) -> Table:
    """The whole netlist against its twins."""
    rows = [
        (
            f"ngspice against {name}",
            percent(one["largest_of_full_scale"]),
            percent(one["rms_of_full_scale"]),
            f"{one['same_class_with_margin']} of {one['with_margin']}",
            f"{one['same_class']} of {network['n_samples']}",
        )
        for name, one in network["errors"].items()
    ]
    sizes = "-".join(str(size) for size in network["sizes"])
    timing = network["timing"]
    shares = ", ".join(f"{name} {percent(value)}" for name, value in network["accuracy"].items())
    return Table(
        title=f"A {sizes} perceptron for iris, {network['n_cells']} cells, whole in ngspice",
        header=("pair", "largest error", "rms error", "same class, with margin", "same class"),
        rows=tuple(rows),
        note=(
            f"Accuracy: {shares}. Settling to 1 %: median {show_quantity(timing['settling_median_s'], 's')}, "
            f"slowest {show_quantity(timing['settling_largest_s'], 's')}; {show_quantity(timing['power_w'], 'W')}; "
            f"{show_quantity(timing['energy_j'], 'J')} for an inference at the slowest."
        ),
    )


def digits_table(digits: Figures) -> Table:
    """Accuracy on the digits."""
    cause = digits["by_cause"]
    names = {
        "upper_offset": "only offsets of the weights' ports",
        "lower_offset": "only offsets of the inputs' ports",
        "output_offset": "only offsets of the outputs",
        "gain": "only gains",
    }
    dies = digits["dies"]

    def span(key: str) -> str:
        values = [one[key] for one in dies]
        return f"{percent(min(values))} to {percent(max(values))}"

    rows = (
        ("exact arithmetic", percent(digits["accuracy_exact"]), ""),
        ("behavioural, as drawn", percent(digits["accuracy_analog"]), ""),
        (
            "the same with the noise of every output, "
            + ", ".join(show_quantity(one["noise_v"], "V") for one in digits["layers"]),
            percent(digits["accuracy_noise"]),
            "",
        ),
        (f"mean of {len(dies)} dies", percent(digits["accuracy_dies"]), span("before")),
        *((f"dies, {names[key]}", percent(cause[key]), "") for key in names),
        ("dies, each learned around its offsets", percent(digits["accuracy_learned"]), span("after")),
    )
    sizes = "-".join(str(size) for size in digits["sizes"])
    return Table(
        title=f"A {sizes} perceptron for {digits['n_test']} digits that no training saw",
        header=("network", "accuracy", "worst and best die"),
        rows=rows,
    )


def bits_table(digits: Figures) -> Table:
    """Accuracy by the resolution of the weights."""
    rows = tuple((str(one["bits"]), percent(one["accuracy"])) for one in digits["weight_bits"])
    return Table(title="Digits by the bits of a weight memory", header=("bits", "accuracy"), rows=rows)


def transformer_table(found: Figures) -> Table:
    """Perplexity with feed-forward blocks of cells."""
    names = {
        "exact": "exact",
        "analog": "cells as drawn",
        "die": "cells of a die",
        "die_trimmed": "the same, weights and outputs set off by the measured offsets",
    }
    rows = tuple((text, f"{found[key]:.4g}", f"{found[key] / found['exact']:.4g}") for key, text in names.items())
    return Table(
        title=f"The shipped transformer's feed-forward blocks, {found['n_tokens']} bytes of held-out text",
        header=("feed-forward block", "perplexity", "x exact"),
        rows=rows,
        note="Exact softmax attention; GELU between the two projections is digital.",
    )


def yardstick_table(figures: Figures) -> Table:
    """Ours beside published parts."""
    cell, digits = figures["multipliers"]["square"], figures["digits"]
    sizes = "-".join(str(size) for size in digits["sizes"])
    ours = (
        (
            "one MOS cell (ours)",
            f"{percent(cell['errors'][1]['error_of_full_scale'])} of full scale at half the overdrive",
            f"{cell['response']['bandwidth_upper'] / 1e6:.0f} MHz, {cell['response']['slew_upper'] / 1e6:.0f} V/us",
            f"{show_quantity(cell['power_w'], 'W')}, one multiplier",
        ),
        (
            f"{sizes} perceptron (ours, simulated)",
            f"{percent(digits['accuracy_learned'])} of the digits",
            f"{digits['products_per_second'] / 1e9:.3g} G products/s, "
            f"{show_quantity(digits['latency_s'], 's')} a digit",
            f"{show_quantity(digits['power_w'], 'W')}, {digits['n_products']} products, "
            f"{show_quantity(digits['energy_j'], 'J')} a digit, "
            f"{show_quantity(digits['energy_per_product_j'], 'J')} a product",
        ),
    )
    return Table(
        title="Beside published multipliers and networks",
        header=("part", "error", "speed", "power and size"),
        rows=(*ours, *YARDSTICKS),
        note="Published rows are from public pages and data sheets. DACs, ADCs and weight refresh are not in ours.",
    )
