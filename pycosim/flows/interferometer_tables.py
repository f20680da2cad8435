"""The figures of the interferometer flow as tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pycosim.evaluate.quantities import show_quantity
from pycosim.evaluate.tables import Table
from pycosim.flows.gilbert_part_tables import percent

Figures = Mapping[str, Any]


def interferometer_tables(figures: Figures) -> dict[str, Table]:
    """Every table, by name, from the figures of `pycosim.flows.interferometer`."""
    circuit, digits = figures["circuit"], figures["digits"]
    return {
        "reading": reading_table(circuit["products"], circuit["n_paths"]),
        "phase_errors": phase_error_table(circuit["phase_errors"]),
        "imperfections": imperfection_table(circuit["imperfections"]),
        "noise": noise_table(circuit["noise"]),
        "digits": digits_table(digits),
        "sweeps": sweep_table(digits),
        "transformer": optical_transformer_table(figures["transformer"]),
        "speed": speed_table(digits),
    }


def reading_table(products: Figures, n_paths: int) -> Table:
    """The linear and the quadratic reading."""
    rows = (
        ("balanced homodyne against sum x cos(phi)", f"{products['homodyne_error']:.1e}"),
        ("single detector against the squared sum of x exp(i phi)", f"{products['quadratic_error']:.1e}"),
        ("three single readings against 2 Re[(Ma)* (Mx)]", f"{products['anchor_error']:.1e}"),
        ("single detector taken for the sum, best line: rms over the sum's", percent(products["quadratic_for_linear"])),
        ("correlation of the two", f"{products['correlation']:.2g}"),
    )
    return Table(
        title=f"Reading a sum of {n_paths} products, in ngspice", header=("reading", "largest error"), rows=rows
    )


def phase_error_table(rows: Sequence[Figures]) -> Table:
    """Monte Carlo of the circuit beside the closed forms."""
    cells = tuple(
        (
            f"{one['sigma']:g}",
            f"{one['gain']:.5f} ± {one['gain_error']:.5f}",
            f"{one['expected_gain']:.5f}",
            f"{one['residual']:.5f} ± {one['residual_error']:.5f}",
            f"{one['expected_residual']:.5f}",
        )
        for one in rows
    )
    return Table(
        title="Random phases on every path",
        header=("sigma (rad)", "gain", "exp(-s²/2)", "residual of a path", "(1 - exp(-s²))/√2"),
        rows=cells,
        note="± is one standard error of the Monte Carlo.",
    )


def imperfection_table(found: Figures) -> Table:
    """Mask, drift, contrast and loss."""
    rows = [
        (f"mask of {one['bits']} bits, efficiency", f"{one['efficiency']:.4f}", f"sinc²(2^-b) {one['closed_form']:.4f}")
        for one in found["masks"]
    ]
    rows += [
        (f"local oscillator {one['drift']:g} rad off, gain", f"{one['gain']:.4f}", f"cos {one['closed_form']:.4f}")
        for one in found["drifts"]
    ]
    contrast, loss = found["contrast"], found["loss"]
    rows.append(
        (
            f"mirror off, contrast {contrast['contrast']:g}, field",
            f"{contrast['off_field']:.4f}",
            f"1/√contrast {contrast['closed_form']:.4f}",
        )
    )
    rows.append((f"{loss['loss_db']:g} dB in every path, gain", f"{loss['gain']:.4f}", f"{loss['closed_form']:.4f}"))
    return Table(
        title="Imperfections of the circuit",
        header=("what", "simulated", "closed form"),
        rows=tuple(rows),
        note="The mask's efficiency is that of a phase ramp in equal steps, with as many phases as there are paths.",
    )


def noise_table(noise: Figures) -> Table:
    """Shot noise and the laser's."""
    rows = [
        (
            f"shot noise, {name}",
            f"{one['density_a2_per_hz'] - one['thermal_closed_form']:.4g}",
            f"{one['shot_closed_form']:.4g}",
            f"{one['ratio']:.4f}",
        )
        for name, one in (("homodyne", noise["shot_homodyne"]), ("single detector", noise["shot_single"]))
    ]
    rows += [
        (
            f"laser's noise, coupler {one['cross']:g}",
            f"{one['laser_noise_a2_per_hz']:.3g}",
            f"{one['closed_form']:.3g}",
            "" if not one["closed_form"] else f"{one['laser_noise_a2_per_hz'] / one['closed_form']:.3f}",
        )
        for one in noise["balance"]
    ]
    return Table(
        title="Noise at the detectors (A²/Hz)",
        header=("part", "simulated", "closed form", "ratio"),
        rows=tuple(rows),
        note="The laser has 1e-13 per hertz in the last rows, and the sum is 0: a balanced coupler takes it away.",
    )


def digits_table(digits: Figures) -> Table:
    """Accuracy of the optical perceptron."""
    rows = (
        ("exact arithmetic", percent(digits["accuracy_exact"])),
        ("homodyne, no imperfection", percent(digits["accuracy_optical"])),
        ("mirrors without grey levels: binary inputs", percent(digits["accuracy_binary_inputs"])),
        ("mask of 6 bits, 0.05 rad, 8-bit levels, contrast 1000, 1000 photons", percent(digits["together"])),
        ("single detector in place of homodyne", percent(digits["accuracy_quadratic"])),
    )
    sizes = "-".join(str(size) for size in digits["sizes"])
    return Table(
        title=f"A {sizes} optical perceptron for {digits['n_test']} digits that no training saw",
        header=("network", "accuracy"),
        rows=rows,
    )


def sweep_table(digits: Figures) -> Table:
    """Accuracy by one imperfection at a time."""
    kinds = (
        ("bits of the mask", "by_bits", "bits"),
        ("phase error (rad)", "by_phase_error", "phase_error"),
        ("contrast", "by_contrast", "contrast"),
        ("photons launched a product", "by_photons", "photons"),
    )
    rows = tuple(
        (
            what,
            ", ".join(f"{one[name]:g}" for one in digits[key]),
            ", ".join(f"{100 * one['accuracy']:.1f} %" for one in digits[key]),
        )
        for what, key, name in kinds
    )
    return Table(title="Digits by one imperfection at a time", header=("what", "values", "accuracy"), rows=rows)


def optical_transformer_table(found: Figures) -> Table:
    """Perplexity by imperfection."""
    rows = [("exact", f"{found['exact']:.4g}", "1")]
    rows += [
        (one["name"], f"{one['perplexity']:.4g}", f"{one['perplexity'] / found['exact']:.4g}") for one in found["rows"]
    ]
    return Table(
        title=f"The shipped transformer's feed-forward blocks, {found['n_tokens']} bytes of held-out text",
        header=("feed-forward block", "perplexity", "x exact"),
        rows=tuple(rows),
        note="Exact softmax attention; GELU and biases are digital.",
    )


def speed_table(digits: Figures) -> Table:
    """Frame rate, latency and energy beside published demonstrations."""
    rows = (
        (
            "ours, DLP7000 class mirrors, 8-bit inputs",
            f"{show_quantity(digits['latency_grey_s'], 's')} a digit, {digits['digits_per_second_grey']:.0f} digits/s",
            f"{percent(digits['together'])} of the digits",
            f"{show_quantity(digits['optical_energy_per_product_j'], 'J')} of light a product",
        ),
        ("DMD-only networks", "", "82 to 83 % of digits", ""),
        ("DMD and SLM", "", "95.1 % on MNIST", ""),
        ("0.64 photons for every multiplication", "", "about 90 % on MNIST", ""),
        ("incoherent LED, photodiode, analog ReLU", "", "92 % on MNIST", ""),
        ("homodyne limit", "", "", "50 zJ a product"),
        ("VCSEL network", "", "", "7 fJ an operation"),
    )
    return Table(
        title="Beside published demonstrations",
        header=("system", "speed", "accuracy", "energy"),
        rows=rows,
        note="Published rows are from public pages. All outputs of a layer are read at once; a layer is a frame.",
    )
