"""The sweeps in examples/sweeps, run as they are written and compared with closed forms."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from typer.testing import CliRunner

import pycosim
from pycosim.campaign.progress import SilentSweep
from pycosim.campaign.spec import load_toml, read_spec
from pycosim.campaign.store import load_sweep
from pycosim.campaign.sweep import run_spec
from pycosim.cli import app
from pycosim.errors import ConfigurationError
from pycosim.spice.installation import find_libngspice, installation_hint

EXAMPLES = Path(__file__).resolve().parents[2] / "examples" / "sweeps"

pytestmark = pytest.mark.ngspice


def run(name: str, change: Mapping[str, object] | None = None) -> xr.Dataset:
    """The dataset of an example, some of its words changed."""
    if find_libngspice() is None:
        pytest.skip(f"needs libngspice. {installation_hint()}")
    path = EXAMPLES / name
    words, text = load_toml(path)
    spec = read_spec({**words, **(change or {})}, source=str(path), folder=path.parent, text=text)
    found = run_spec(spec, None, workers=1)
    assert (found["failure"] == "").all(), np.unique(found["failure"])
    return found


def test_an_rc_filter_has_half_power_at_1_over_2_pi_r_c() -> None:
    found = run("rc_filter.toml")
    pole = 1 / (2 * np.pi * found.R * found.C)
    assert found.sizes == {"R": 5, "C": 2}
    # 100 points a decade, linear between them on the Bode plot: (1/100 decade)^2 / 8 of 23 dB a decade^2
    assert np.abs(found.bandwidth / pole - 1).max() < 1e-4
    assert np.abs(found.gain + 10 * np.log10(2)).max() < 3e-4
    assert np.abs(found.phase + 45).max() < 1e-3
    assert found.bandwidth.attrs["units"] == "Hz"
    assert found.R.attrs["units"] == "ohm"


def test_an_rc_filter_is_at_63_percent_after_r_c_and_takes_c_v_squared() -> None:
    found = run("rc_step.toml")
    tau = found.R * found.C
    # steps of tau / 200; the edge of 1 ps is 1e-4 of the smallest tau, and half of it delays
    assert np.abs(found.time_constant / tau - 1).max() < 1e-4
    assert np.abs(found.rise_time / (tau * np.log(9)) - 1).max() < 1e-4
    assert np.abs(found.energy / (found.C * (1 - np.exp(-8))) - 1).max() < 1e-4


def test_the_offset_of_a_comparator_is_what_its_input_pair_differs_by() -> None:
    found = run(
        "comparator.toml", {"axes": {"dvt": [-10e-3, 0.0, 5e-3], "dw": [-0.1, 0.0, 0.1], "corner": ["tt", "ss"]}}
    )
    assert np.abs(found.offset.sel(dw=0.0) - found.dvt).max() < 1e-6  # linear between steps of 0.5 mV
    shift = found.offset.sel(dvt=0.0)
    for corner, factor in (("tt", 280e-6), ("ss", 240e-6)):
        overdrive = np.sqrt(20e-6 / (factor * 20 * 1.05))  # tail / (kp W/L (1 + lambda Vds)), Vds about 1 V
        for dw in (-0.1, 0.1):
            wanted = overdrive * (1 / np.sqrt(1 + dw) - 1)
            # Vds is known to 0.2 V, 1 % of the current
            assert float(shift.sel(dw=dw, corner=corner)) == pytest.approx(wanted, rel=0.01)
    assert np.allclose(found.supply_current, 20e-6, rtol=1e-3)


def test_the_spread_of_the_offset_falls_with_the_square_root_of_the_area() -> None:
    found = run("comparator_spread.toml", {"axes": {"width": [2.5e-6, 10e-6], "seed": {"seeds": 60}}})
    sigma = 5e-9 * np.sqrt(2 / (found.width * 0.5e-6))
    # four standard errors of a standard deviation from 60 samples: 4 / sqrt(2 * 59)
    assert np.abs(found.offset.std("seed", ddof=1) / sigma - 1).max() < 0.37
    # the same seeds draw the same numbers, so that the ratio itself is exact; linear between steps of 0.5 mV
    narrow, wide = found.offset.transpose("width", "seed").values
    assert np.allclose(narrow, 2 * wide, atol=5e-5)


def test_a_ring_oscillator_slows_down_with_stages_heat_and_the_slow_corner_and_speeds_up_with_supply() -> None:
    stages = run("ring_oscillator.toml", {"axes": {"stages": [5, 7, 11]}})
    period = stages.frequency * stages.stages
    # every inverter has the same delay; with fewer stages the edges do not reach the rails
    assert np.abs(period / period.mean() - 1).max() < 0.02
    energy = stages.power / period
    assert np.abs(energy / energy.mean() - 1).max() < 0.05
    table = {"supply_voltage": [0.8, 0.9], "corner": ["ss", "ff"], "temperature": [0.0, 85.0]}
    found = run("ring_oscillator.toml", {"axes": table})
    for axis, sign in (("supply_voltage", 1), ("corner", 1), ("temperature", -1)):
        assert (sign * np.diff(found.frequency, axis=found.frequency.get_axis_num(axis)) > 0).all()


def test_a_ring_in_too_short_a_time_says_that_too_few_edges_were_found() -> None:
    words, text = load_toml(EXAMPLES / "ring_oscillator.toml")
    change = {"axes": {"duration": [2e-11]}, "parameters": {"supply_voltage": 0.7}}
    spec = read_spec({**words, **change}, source="x", folder=EXAMPLES, text=text)
    found = run_spec(spec, None, workers=1)
    assert "does it oscillate" in str(found["failure"].values[0])
    assert np.isnan(found.frequency).all()


class Counting(SilentSweep):
    """Counts the points that were simulated."""

    simulated = 0

    def point(self, *, simulated: bool, failure: str) -> None:
        self.simulated += simulated


def test_what_a_run_does_not_have_is_nan_without_a_failure_where_the_user_says_so_and_is_kept(tmp_path: Path) -> None:
    table = {"kind": "crossing", "signal": "v(out)", "threshold": "level"}
    (tmp_path / "rc.cir").write_text(
        "RC\n.param level=0.5\nv1 in 0 pulse(0 1 0 1p 1p 1 2)\nr1 in out 1k\nc1 out 0 1n\n.tran 10n 3u 0 10n\n"
    )
    for simulated in (3, 0):
        progress = Counting()
        found = pycosim.sweep(
            str(tmp_path / "rc.cir"),
            axes={"level": [0.2, 0.9, 0.99]},
            measure={"hard": table, "soft": {**table, "missing": "nan"}},
            simulator={"workers": 1},
            out=tmp_path / "store",
            progress=progress,
        )
        assert progress.simulated == simulated
        tau = -1e-6 * np.log(1 - found.level.values[:2])
        for name in ("hard", "soft"):
            assert found[name].values == pytest.approx([*tau, np.nan], rel=1e-4, nan_ok=True)
        reason = found["failure"].values
        assert list(reason[:2]) == ["", ""]
        assert "hard" in reason[2]
        assert "soft" not in reason[2]


def test_a_sweep_of_a_deck_runs_from_the_command_line_with_its_notes(tmp_path: Path) -> None:
    (tmp_path / "my deck.cir").write_text(
        "Divider\r\n.param r=1k\r\nV1 in 0 1\r\nR1 in OUT {r}\r\nR2 out 0 1k\r\n.op\r\n.meas op x find v(out)\r\n"
    )
    (tmp_path / "my.toml").write_text(
        'bench = "my deck.cir"\n[axes]\nr = [1e3, 3e3]\n[measure.level]\nkind = "final"\nsignal = "V(OUT)"\n'
    )
    store = tmp_path / "a store"
    said = CliRunner().invoke(app, ["sweep", str(tmp_path / "my.toml"), "--workers", "1", "--out", str(store)])
    assert said.exit_code == 0, said.output
    assert "note: line 7: .meas is ignored; write it as a table" in said.output
    assert load_sweep(store).level.values == pytest.approx([0.5, 0.25])


def test_a_measurement_may_not_be_called_as_an_axis() -> None:
    words, text = load_toml(EXAMPLES / "rc_step.toml")
    measure = {"R": {"kind": "final", "signal": "v(out)"}}
    with pytest.raises(ConfigurationError, match="measurement R has the name of an axis"):
        read_spec({**words, "measure": measure}, source="x", folder=EXAMPLES, text=text)
