"""Tables of the retention study, from its figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite

from pycosim.evaluate.document import Json
from pycosim.studies.numbers import number
from pycosim.studies.study import Table

Row = Mapping[str, Json]

LARGEST_LAW_ERROR = 0.2
"""A law that misses a measured period by more is not quoted. Ours: a fifth of a period is a usual margin."""


def levels_table(rows: Sequence[Row]) -> Table:
    """Retention of every level at the first corner, by temperature."""
    first = [row for row in rows if row["corner"] == rows[0]["corner"]]
    levels = list(dict.fromkeys(row["level_v"] for row in first))
    places = dict.fromkeys((row["device"], row["temperature_c"]) for row in first)
    found = {(row["device"], row["temperature_c"], row["level_v"]): row["seconds"] for row in first}
    return Table(
        title=f"Age at which a read is off by half a level ({rows[0]['corner']})",
        header=("cell", "°C", *(f"{number(level):.3f} V" for level in levels)),
        rows=tuple(
            (str(device), f"{number(celsius):g}", *(seconds(found[device, celsius, level]) for level in levels))
            for device, celsius in places
        ),
        note="never: the level drifts to a voltage whose read is within half a level of the fresh one.",
    )


def worst_table(rows: Sequence[Row]) -> Table:
    """The shortest-lived level of every corner and temperature, write line idle at mid-supply and at a rail."""
    places = dict.fromkeys((row["device"], row["corner"]) for row in rows)
    celsius = list(dict.fromkeys(row["temperature_c"] for row in rows))

    def cell(device: Json, corner: Json, at: Json) -> str:
        here = [r for r in rows if (r["device"], r["corner"], r["temperature_c"]) == (device, corner, at)]
        both = [_shortest(here, key) for key in ("seconds", "seconds_write_line_at_rail")]
        return " / ".join(seconds(value) for value in both)

    return Table(
        title="Shortest-lived level by corner: write bit line at mid-supply / at the worse of 0 V, mid-supply and V_DD",
        header=("cell", "corner", *(f"{number(t):g} °C" for t in celsius)),
        rows=tuple(
            (str(device), str(corner), *(cell(device, corner, t) for t in celsius)) for device, corner in places
        ),
        note="A write line rests at a rail only while another token of the same array is written there.",
    )


def model_table(rows: Sequence[Row]) -> Table:
    """Residual of every decay law on voltages between the fitted levels."""
    places = dict.fromkeys((row["device"], row["temperature_c"]) for row in rows)
    models = list(dict.fromkeys(str(row["model"]) for row in rows))
    found = {(row["device"], row["temperature_c"], row["model"]): row for row in rows}

    def line(device: Json, celsius: Json) -> tuple[str, ...]:
        here = {model: found.get((device, celsius, model)) for model in models}
        some = next(row for row in here.values() if row is not None)
        residuals = ("-" if row is None else f"{1e3 * number(row['held_out_rms_v']):.2f}" for row in here.values())
        held = seconds(some["hold_time_s"])
        return (str(device), f"{number(celsius):g}", held, f"{number(some['zero_voltage_v']):.3f}", *residuals)

    return Table(
        title="Decay laws against the transient, between the levels that they were fitted to (mV rms)",
        header=("cell", "°C", "held", "drifts to (V)", *models),
        rows=tuple(line(*place) for place in places),
        note="The first is no fit: leak current and capacitance measured with the node forced, integrated.",
    )


def heat_table(rows: Sequence[Row]) -> Table:
    """The temperature law of the leak."""
    return Table(
        title="Leak against temperature: dV/dt = tunnelling + barrier x exp(-E/k (1/T - 1/300 K))",
        header=("cell", "level (V)", "tunnelling (V/s)", "over a barrier at 27 °C (V/s)", "E (eV)", "law off by"),
        rows=tuple(
            (
                str(row["device"]),
                f"{number(row['level_v']):.1f}",
                _rate(row["tunnel_v_per_s"]),
                _rate(row["activated_v_per_s"]),
                f"{number(row['activation_energy_ev']):.2f}",
                f"{100 * number(row['law_error']):.0f} %",
            )
            for row in rows
        ),
    )


def refresh_table(rows: Sequence[Row]) -> Table:
    """Refresh period, its temperature law and what it costs."""
    limit, temperatures = number(rows[0]["allowed_score_error_counts"]), rows[0]["period_s"]
    assert isinstance(temperatures, dict)
    places = list(temperatures)

    def line(row: Row) -> tuple[str, ...]:
        busy = row.get("busy_fraction")
        return (
            str(row["device"]),
            *(_period(row, celsius) for celsius in places),
            *_law(row),
            "" if busy is None else f"{100 * number(busy):.2g} %",
        )

    window = "; ".join(f"{row['device']} {number(row['window_score_error_counts']):.2g}" for row in rows)
    return Table(
        title=f"Refresh at {limit:g} counts rms of score error",
        header=(
            "cell",
            *(f"{celsius} °C" for celsius in places),
            "tunnelling (1/s)",
            "over a barrier at 27 °C (1/s)",
            "law off by",
            "time taken",
        ),
        rows=tuple(line(row) for row in rows),
        note="Score of 64 random keys and inputs, all of one age; one count is 1 ns of 15. The age at which the error "
        "first reaches the limit; beyond: it does not up to that age. In brackets the mean of the "
        "error over the columns: a shift common to all of one age, in which high levels that fall and low ones that "
        "rise cancel, so that a period may grow with the temperature and then follows no law. Law: 1/period = "
        "tunnelling + barrier x exp(-E/k (1/T - 1/300 K)). Time taken: writing the 64 tokens of a tile one after "
        "the other, at the temperature of the shortest period. Score error in a window of 1024 tokens of 12 layers, "
        f"ages uniform up to 0.8 ms, in counts rms at 27 °C: {window}.",
    )


def _law(row: Row) -> tuple[str, str, str]:
    """The temperature law of a refresh period, where there is one."""
    if "law_error" not in row:
        return "none", "none", ""
    error = f"{100 * number(row['law_error']):.0f} %"
    if number(row["law_error"]) > LARGEST_LAW_ERROR:
        return "none", "none", error
    barrier = f"{_rate(row['activated_rate_per_s'])}, {number(row['activation_energy_ev']):.2f} eV"
    return _rate(row["tunnel_rate_per_s"]), barrier, error


def _period(row: Row, celsius: str) -> str:
    """The refresh period at a temperature with the mean error there, or the age up to which there is none."""

    def at(key: str) -> Json:
        found = row[key]
        assert isinstance(found, dict)
        return found[celsius]

    found = at("period_s")
    if found is None:
        return f"beyond {seconds(at('beyond_s'))}"
    return f"{seconds(found)} ({number(at('mean_error_counts')):+.2f})"


def _rate(value: Json) -> str:
    return f"{number(value):.2g}"


def seconds(value: Json) -> str:
    """A time for people: two digits, from microseconds to years."""
    time = number(value)
    if not isfinite(time):
        return "never"
    units = (("a", 3.156e7), ("d", 86400.0), ("h", 3600.0), ("min", 60.0), ("s", 1.0), ("ms", 1e-3), ("us", 1e-6))
    name, length = next((unit for unit in units if time >= 0.999 * unit[1]), units[-1])
    return f"{float(f'{time / length:.2g}'):g} {name}"


def _shortest(rows: Sequence[Row], key: str) -> float | None:
    return min((number(row[key]) for row in rows if row[key] is not None), default=None)
