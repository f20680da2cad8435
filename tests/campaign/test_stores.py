from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from campaign.folders import open_to_all
from campaign.paper import MEASUREMENTS, CountingExecutor, campaign, run
from pycosim.campaign import store
from pycosim.campaign.cache import SCHEMA, Entry, Key, ResultCache, result_keys
from pycosim.campaign.store import load_sweep, open_cache, save_sweep
from pycosim.errors import InputError, StoreError

AXES = {"width": [1.0, 2.0, 13.0], "corner": ["tt", "ss"], "seed": {"seeds": 3}}
NOBODY = 65534


@pytest.fixture
def sweep() -> xr.Dataset:
    return run(campaign(AXES, ("area", "side")), ResultCache(None))[0]


def key(k: int) -> Key:
    return Key(plain=bytes([k]) * 32, climbed=bytes([k]) * 32)


def fill(path: Path, count: int) -> None:
    with ResultCache(path) as cache:
        for k in range(count):
            cache.put({key(k): Entry(value=float(k))})


def as_ordinary_user(act: Callable[[], None]) -> str:
    """What a call raises in a process that may not write everywhere, as root may."""
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        words = "nothing was raised"
        try:
            if os.geteuid() == 0:
                os.setuid(NOBODY)
            act()
        except BaseException as error:
            words = f"{type(error).__name__}: {error}"
        os.write(writer, words.encode())
        os._exit(0)
    os.close(writer)
    os.waitpid(child, 0)
    with os.fdopen(reader) as answer:
        return answer.read()


@pytest.fixture
def open_folder(tmp_path: Path) -> Iterator[Path]:
    """A folder that any user may reach."""
    open_to_all(tmp_path)
    yield tmp_path
    tmp_path.chmod(0o755)


def test_a_store_gives_back_what_was_put_in(sweep: xr.Dataset, tmp_path: Path) -> None:
    with open_cache(tmp_path / "new" / "store"):
        save_sweep(tmp_path / "new" / "store", sweep, "bench = 1\n")
    found = load_sweep(tmp_path / "new" / "store")
    assert list(found.data_vars) == list(sweep.data_vars)
    assert found.attrs == sweep.attrs
    for name in sweep.variables:
        np.testing.assert_array_equal(found[name].values, sweep[name].values)
        assert found[name].attrs == sweep[name].attrs
    assert load_sweep(tmp_path / "new" / "store" / "sweep.nc").identical(found)
    assert (tmp_path / "new" / "store" / "spec.toml").read_text() == "bench = 1\n"
    assert sorted(path.name for path in (tmp_path / "new" / "store").iterdir()) == [
        "points.sqlite",
        "spec.toml",
        "sweep.nc",
    ]


def test_equal_sweeps_are_equal_bytes(tmp_path: Path) -> None:
    files = []
    for k, executor in enumerate([CountingExecutor(), CountingExecutor(backwards=True)]):
        (tmp_path / str(k)).mkdir()
        dataset, _ = run(campaign(AXES, ("area", "side")), ResultCache(None), executor)
        files.append(save_sweep(tmp_path / str(k), dataset, "").read_bytes())
    assert files[0] == files[1]


def test_a_folder_without_a_sweep_says_so(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"there is no finished sweep in .*give a folder that 'pycosim sweep' wrote"):
        load_sweep(tmp_path)
    fill(tmp_path / "points.sqlite", 1)
    with pytest.raises(InputError, match=r"a sweep was begun there; run it again to finish it"):
        load_sweep(tmp_path)


@pytest.mark.parametrize("content", [b"", b"CDF", b"no file of numbers", b"\0" * 4096])
def test_a_damaged_dataset_is_one_sentence(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "sweep.nc").write_bytes(content)
    with pytest.raises(StoreError, match=r"sweep.nc is damaged .* written anew from points.sqlite"):
        load_sweep(tmp_path)


def test_a_dataset_that_was_cut_anywhere_is_one_sentence(sweep: xr.Dataset, tmp_path: Path) -> None:
    path = save_sweep(tmp_path, sweep, "")
    whole = path.read_bytes()
    for length in range(0, len(whole) - 8, 97):
        path.write_bytes(whole[:length])
        with pytest.raises(StoreError):
            load_sweep(tmp_path)


def test_a_dataset_of_another_layout_is_told_apart(sweep: xr.Dataset, tmp_path: Path) -> None:
    save_sweep(tmp_path, sweep.assign_attrs(schema=0), "")
    with pytest.raises(StoreError, match=r"has layout 0 and this pycosim reads layout 1"):
        load_sweep(tmp_path)
    save_sweep(tmp_path, sweep[["area"]], "")
    with pytest.raises(StoreError, match=r"has layout"):
        load_sweep(tmp_path)


def test_a_full_disk_keeps_the_results_that_are_in(tmp_path: Path) -> None:
    cache = open_cache(tmp_path)
    cache._file.execute("PRAGMA max_page_count = 8")  # SQLite's own error of a full disk
    kept = 0
    with pytest.raises(StoreError, match=r"the disk is full: .*those in it stay: make room"):
        for _ in range(10_000):
            cache.put({Key(plain=os.urandom(32), climbed=b""): Entry(value=1.0)})
            kept += 1
    assert len(cache) == kept > 10
    cache.close()
    with open_cache(tmp_path) as again:
        assert len(again) == kept


def test_a_full_disk_keeps_the_dataset_that_was_there(
    sweep: xr.Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = save_sweep(tmp_path, sweep, "old").read_bytes()

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(store.os, "fsync", full)
    with pytest.raises(StoreError, match=r"No space left on device.*the results are in .*points.sqlite: make room"):
        save_sweep(tmp_path, sweep.isel(width=0), "new")
    assert (tmp_path / "sweep.nc").read_bytes() == before
    assert (tmp_path / "spec.toml").read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["spec.toml", "sweep.nc"]


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match=r"cannot make the folder .*give another one with --out"):
        open_cache(tmp_path / "file" / "store")


def test_a_read_only_store_is_one_sentence(open_folder: Path) -> None:
    fill(open_folder / "points.sqlite", 3)
    (open_folder / "points.sqlite").chmod(0o444)
    open_folder.chmod(0o555)
    words = as_ordinary_user(lambda: open_cache(open_folder).close())
    assert words.startswith("StoreError")
    assert "cannot be written; make it writable, or give another folder with --out" in words
    open_folder.chmod(0o755)
    with open_cache(open_folder) as cache:
        assert len(cache) == 3


def test_a_read_only_folder_without_a_store_is_one_sentence(open_folder: Path) -> None:
    open_folder.chmod(0o555)
    assert "cannot be written" in as_ordinary_user(lambda: open_cache(open_folder).close())
    assert "cannot make the folder" in as_ordinary_user(lambda: open_cache(open_folder / "store").close())


def test_two_sweeps_on_one_store_do_not_meet(tmp_path: Path) -> None:
    with open_cache(tmp_path), pytest.raises(StoreError, match=r"is in use by another sweep; wait for it"):
        open_cache(tmp_path)
    open_cache(tmp_path).close()


def test_another_process_sees_that_a_store_is_in_use(open_folder: Path) -> None:
    with open_cache(open_folder):
        (open_folder / "points.sqlite").chmod(0o666)
        open_folder.chmod(0o777)
        assert "is in use by another sweep" in as_ordinary_user(lambda: open_cache(open_folder).close())


@pytest.mark.parametrize("version", [0, SCHEMA + 1])
def test_results_of_another_layout_are_refused_and_kept(version: int, tmp_path: Path) -> None:
    fill(tmp_path / "points.sqlite", 3)
    with sqlite3.connect(tmp_path / "points.sqlite") as file:
        file.execute(f"PRAGMA user_version = {version}")
    file.close()
    before = (tmp_path / "points.sqlite").read_bytes()
    with pytest.raises(StoreError, match=f"has layout {version} and this pycosim reads layout {SCHEMA}; nothing was"):
        open_cache(tmp_path)
    assert (tmp_path / "points.sqlite").read_bytes() == before


def test_a_file_that_is_no_database_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "points.sqlite").write_bytes(b"this is not a database, whatever its name says" * 200)
    with pytest.raises(StoreError, match=r"is damaged .*move it away and run the sweep again"):
        open_cache(tmp_path)


def test_a_damaged_page_is_found_when_the_store_is_opened(tmp_path: Path) -> None:
    path = tmp_path / "points.sqlite"
    fill(path, 200)
    content = bytearray(path.read_bytes())
    content[4096:6144] = bytes(2048)
    path.write_bytes(content)
    with pytest.raises(StoreError, match=r"is damaged"):
        open_cache(tmp_path)


def test_a_cut_database_is_one_sentence_or_whole(tmp_path: Path) -> None:
    path = tmp_path / "points.sqlite"
    fill(path, 200)
    whole = path.read_bytes()
    for length in range(1000, len(whole), 3000):
        path.write_bytes(whole[:length])
        with pytest.raises(StoreError, match=r"is damaged"):
            open_cache(tmp_path)


def test_an_empty_file_is_an_empty_store(tmp_path: Path) -> None:
    (tmp_path / "points.sqlite").touch()
    with open_cache(tmp_path) as cache:
        assert len(cache) == 0


def test_a_key_is_that_of_everything_that_a_result_follows_from() -> None:

    area, side = MEASUREMENTS["area"], MEASUREMENTS["side"]
    base = result_keys("digest", {"a": 1.0, "b": "x"}, "ngspice-39", (), (area, side))
    assert base == result_keys("digest", {"b": "x", "a": 1.0}, "ngspice-39", (), (area, side)), "order of names"
    keys = {
        base[0].plain,
        base[1].plain,
        result_keys("other", {"a": 1.0, "b": "x"}, "ngspice-39", (), (area,))[0].plain,
        result_keys("digest", {"a": 1.5, "b": "x"}, "ngspice-39", (), (area,))[0].plain,
        result_keys("digest", {"a": 1.0, "b": "x"}, "ngspice-44", (), (area,))[0].plain,
        result_keys("digest", {"a": 1.0, "b": "x"}, "ngspice-39", ("gear",), (area,))[0].climbed,
    }
    assert len(keys) == 6
    assert result_keys("digest", {"a": 1.0, "b": "x"}, "ngspice-39", ("gear",), (area,))[0].plain == base[0].plain
