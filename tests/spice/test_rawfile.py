"""The reader of binary raw files, on bytes written here."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pycosim.spice.rawfile import RawFileError, parse_raw


def raw(names: list[str], table: np.ndarray, n_points: int | None = None, flags: str = "real") -> bytes:
    """A plot as ngspice writes it; table is (point, vector)."""
    header = [
        "Title: t",
        "Date: today",
        "Plotname: Transient Analysis",
        f"Flags: {flags}",
        f"No. Variables: {len(names)}",
        f"No. Points: {len(table) if n_points is None else n_points}       ",
        "Variables:",
        *(f"\t{index}\t{name}\tvoltage" for index, name in enumerate(names)),
        "Binary:",
    ]
    return ("\n".join(header) + "\n").encode() + table.tobytes()


def test_vectors_come_by_the_name_of_their_probe() -> None:
    table = np.array([[0.0, 1.0, 2.0], [1e-9, 3.0, 4.0]])
    (plot,) = parse_raw(raw(["time", "V(A)", "i(v1)"], table))
    assert list(plot.vectors) == ["time", "v(a)", "i(v1)"]
    np.testing.assert_array_equal(plot.vectors["v(a)"], [1.0, 3.0])
    assert plot.vectors["v(a)"].flags.c_contiguous


def test_a_complex_plot_has_a_real_axis() -> None:
    table = np.array([[1e3, 1 + 2j], [1e4, 3 - 4j]])
    (plot,) = parse_raw(raw(["frequency", "v(a)"], table, flags="complex"))
    np.testing.assert_array_equal(plot.vectors["frequency"], [1e3, 1e4])
    np.testing.assert_array_equal(plot.vectors["v(a)"], [1 + 2j, 3 - 4j])


def test_a_sweep_is_an_axis_not_a_voltage() -> None:
    (plot,) = parse_raw(raw(["v(v-sweep)", "v(a)"], np.zeros((1, 2))))
    assert list(plot.vectors) == ["v-sweep", "v(a)"]


def test_plots_follow_each_other() -> None:
    first, second = raw(["time", "v(a)"], np.ones((3, 2))), raw(["v(x)"], np.zeros((1, 1)))
    assert [plot.n_points for plot in parse_raw(first + second)] == [3, 1]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (raw(["time", "v(a)"], np.ones((3, 2)))[:-1], "promises 3 points of 2 vectors, found 2"),
        (raw(["time"], np.ones((3, 1)), n_points=4), "promises 4 points"),
        (raw(["time"], np.ones((3, 1))).replace(b"Variables: 1", b"Variables: 2"), "promises 2 vectors and names 1"),
        (raw(["time"], np.ones((3, 1))).replace(b"No. Points: 3", b"No. Points: ?"), "wanted a number"),
        (b"Title: t\nPlotname: x\nValues:\n0 1\n", "ASCII raw file"),
        (b"Title: t\n", "no 'Binary:'"),
        (raw(["time"], np.ones((3, 1))).replace(b"Plotname", b"Ptname"), "no 'Plotname'"),
    ],
)
def test_a_file_that_contradicts_its_header_is_refused(content: bytes, said: str) -> None:
    with pytest.raises(RawFileError, match=said):
        parse_raw(content)


@given(st.integers(0, 200))
@settings(deadline=None, database=None, suppress_health_check=list(HealthCheck))
def test_a_cut_file_is_never_read_as_whole(n_kept: int) -> None:
    whole = raw(["time", "v(a)"], np.ones((3, 2)))
    kept = whole[: min(n_kept, len(whole) - 1)]
    if kept.strip():
        with pytest.raises(RawFileError):
            parse_raw(kept)
