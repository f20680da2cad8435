"""Attention of one token with a KV cache on a GPU, measured and published: what gain cells are set against.

    python benchmarks/gpu_attention.py [--bandwidth BYTES_PER_SECOND] [--quick]

Needs torch with CUDA, as nothing else does; energy is read from the driver's counter (NVML), through the module pynvml
of the package nvidia-ml-py. The case is the published one [2025 Leroux]: one token attends to 1024 cached ones, 12
heads of 64, batch 64 (and 1), float32 (and float16), in plain PyTorch (two products and a softmax) and fused
(`scaled_dot_product_attention`). Latency is the median of CUDA event times after a warm-up. Energy is the counter's
difference over at least two seconds of work, less the idle power times that time; idle power is measured just before.

Each is set beside the roofline: the bytes of K and V over the card's bandwidth (of a device-to-device copy, measured
here, unless `--bandwidth` gives it), which no software can beat while K and V are not in the card's cache. Writes `gpu`
of docs/results/speed.json (null where there is no GPU) and its table of docs/benchmarks.md, which holds our latency and
energy from docs/results/gain_cell.json as well.
"""

from __future__ import annotations

import importlib
import json
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import typer
from record import ROOT, SPEED, merge, table, write_table

from pycosim.units import format_quantity

HEADS, WIDTH, TOKENS = 12, 64, 1024
BATCHES = (64, 1)
PRECISIONS = {"float32": 4, "float16": 2}  # bytes of a number
ENERGY_SECONDS = 2.0
MOST_ROUNDS = 200
PUBLISHED = (  # latency, s, and energy, J, per token; batch 64, float32, idle power subtracted [2025 Leroux, code]
    ("RTX 4090", 22.37e-6, 7.178e-3),
    ("Jetson Nano", 488.9e-6, 3.246e-3),
    ("H100 (from the published ratios)", 6.5e-6, 5.2e-3),
)
PUBLISHED_GAIN_CELL = (65e-9, 73.8e-9)  # s, and J of 12 heads, per token [2025 Leroux]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One attention of one layer: every sequence of the batch has a new token."""

    batch: int
    precision: str
    is_fused: bool

    @property
    def cache_bytes(self) -> int:
        """Bytes of K and V, which have to be read once."""
        return 2 * self.batch * HEADS * TOKENS * WIDTH * PRECISIONS[self.precision]

    def roofline(self, bandwidth: float) -> float:
        """Least time of a token, s, for a bandwidth in bytes/s."""
        return self.cache_bytes / bandwidth / self.batch


CASES = tuple(
    Case(batch=batch, precision=precision, is_fused=fused)
    for batch in BATCHES
    for precision in PRECISIONS
    for fused in (False, True)
)


def attention(torch: Any, case: Case, device: str) -> Callable[[], object]:
    """The step: append this token's key and value to the cache, attend to all of it."""
    kind = getattr(torch, case.precision)
    cache = torch.randn(2, case.batch, HEADS, TOKENS, WIDTH, device=device, dtype=kind)
    q, k, v = torch.randn(3, case.batch, HEADS, 1, WIDTH, device=device, dtype=kind)
    scale = WIDTH**-0.5

    def eager() -> object:
        cache[0, :, :, -1:], cache[1, :, :, -1:] = k, v
        scores = torch.softmax((q @ cache[0].transpose(-1, -2)) * scale, dim=-1)
        return scores @ cache[1]

    def fused() -> object:
        cache[0, :, :, -1:], cache[1, :, :, -1:] = k, v
        return torch.nn.functional.scaled_dot_product_attention(q, cache[0], cache[1])

    return fused if case.is_fused else eager


def event_seconds(torch: Any, run: Callable[[], object], rounds: int) -> float:
    """Median time of one call on the GPU, s."""
    for _ in range(20):
        run()
    torch.cuda.synchronize()
    times = []
    for _ in range(rounds):
        start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        start.record()
        run()
        end.record()
        end.synchronize()
        times.append(1e-3 * start.elapsed_time(end))
    return statistics.median(times)


class Counter:
    """The driver's energy counter of the current device, J; `read` is None where the card has none."""

    def __init__(self, torch: Any) -> None:
        self.why = ""
        try:
            self.nvml = importlib.import_module("pynvml")
            self.nvml.nvmlInit()
            uuid = f"GPU-{torch.cuda.get_device_properties(torch.cuda.current_device()).uuid}"
            self.handle = self.nvml.nvmlDeviceGetHandleByUUID(uuid)
            self.joules()
        except Exception as error:  # no library, no permission, an old card: no energy then, and the table says so
            self.why = f"{type(error).__name__}: {error}"

    def joules(self) -> float:
        """What the counter stands at, J."""
        return 1e-3 * float(self.nvml.nvmlDeviceGetTotalEnergyConsumption(self.handle))

    def idle_watts(self, seconds: float) -> float:
        """Mean power of the card that does nothing, W."""
        time.sleep(1.0)
        start, before = time.perf_counter(), self.joules()
        time.sleep(seconds)
        return (self.joules() - before) / (time.perf_counter() - start)


def net_joules(counted: float, idle_watts: float, seconds: float, calls: int) -> float:
    """Energy of one call without the idle power, J."""
    return (counted - idle_watts * seconds) / calls


def call_joules(torch: Any, counter: Counter, run: Callable[[], object], idle: float, least: float) -> float:
    """Energy of one call, idle power subtracted, J."""
    torch.cuda.synchronize()
    start, before, calls = time.perf_counter(), counter.joules(), 0
    while time.perf_counter() - start < least:
        for _ in range(100):
            run()
        torch.cuda.synchronize()
        calls += 100
    seconds = time.perf_counter() - start
    return net_joules(counter.joules() - before, idle, seconds, calls)


def copy_bandwidth(torch: Any) -> float:
    """Bytes per second of a device-to-device copy, read and written bytes counted."""
    source = torch.empty(256 * 2**20, dtype=torch.uint8, device="cuda")
    target = torch.empty_like(source)
    return 2 * source.numel() / event_seconds(torch, lambda: target.copy_(source), 50)


def measure(torch: Any, bandwidth: float | None, quick: bool) -> dict[str, Any]:
    """All cases on the current device."""
    counter = Counter(torch)
    idle = None if counter.why else counter.idle_watts(1.0 if quick else 5.0)
    found: dict[str, Any] = {
        "device": torch.cuda.get_device_name(),
        "torch": torch.__version__,
        "idle_watts": idle,
        "no_energy": counter.why,
        "bandwidth": bandwidth or copy_bandwidth(torch),
        "bandwidth_is_given": bandwidth is not None,
        "cases": [],
    }
    for case in CASES:
        run = attention(torch, case, "cuda")
        seconds = event_seconds(torch, run, 20 if quick else MOST_ROUNDS)
        energy = None if idle is None else call_joules(torch, counter, run, idle, 0.5 if quick else ENERGY_SECONDS)
        found["cases"].append(
            {
                "batch": case.batch,
                "precision": case.precision,
                "fused": case.is_fused,
                "seconds_per_token": seconds / case.batch,
                "energy_per_token": None if energy is None else energy / case.batch,
                "roofline_per_token": case.roofline(found["bandwidth"]),
            }
        )
    return found


def ours() -> tuple[float, float]:
    """Latency, s, and energy of 12 heads, J, per token of this project's circuits, DACs and digital part included."""
    record = json.loads((ROOT / "docs" / "results" / "gain_cell.json").read_text(encoding="utf-8"))
    return record["latency_s"]["tt"], HEADS * sum(record["energy_j"].values())


def page(found: dict[str, Any] | None) -> str:
    """The table of the docs: per token, all 12 heads."""
    latency, energy = ours()

    def row(name: str, seconds: float, joules: float | None) -> list[str]:
        """A line, with how many times as fast and as frugal the gain cells are."""
        cells = [name, format_quantity(seconds, "s"), f"{seconds / latency:.3g}"]
        return cells + (["-", "-"] if joules is None else [format_quantity(joules, "J"), f"{joules / energy:.3g}"])

    rows = [
        row("gain cells, this project", latency, energy),
        row("gain cells, published", *PUBLISHED_GAIN_CELL),
        *(row(f"{name}, published", seconds, joules) for name, seconds, joules in PUBLISHED),
    ]
    if found is None:
        note = "No GPU was present when this table was made: the figures of other devices are the published ones alone."
    else:
        for case in found["cases"]:
            kind = "fused" if case["fused"] else "eager"
            name = f"{found['device']}, batch {case['batch']}, {case['precision']}, {kind}"
            rows.append(row(name, case["seconds_per_token"], case["energy_per_token"]))
        for case in found["cases"]:
            if case["fused"] and case["batch"] == BATCHES[0]:
                name = f"{found['device']}, roofline of K and V, {case['precision']}"
                rows.append(row(name, case["roofline_per_token"], None))
        source = "given" if found["bandwidth_is_given"] else "measured on a copy"
        note = f"torch {found['torch']}; bandwidth {format_quantity(found['bandwidth'], 'B/s')}, {source}; " + (
            f"no energy: {found['no_energy']}"
            if found["idle_watts"] is None
            else f"idle power of {found['idle_watts']:.1f} W subtracted"
        )
    head = ["attention of one token, 1024 cached, 12 heads x 64", "time", "over ours", "energy", "over ours"]
    return f"{table(head, rows)}\n\n{note}"


def main(bandwidth: float | None = None, quick: bool = False) -> None:
    found: dict[str, Any] | None = None
    try:
        torch = importlib.import_module("torch")
        if torch.cuda.is_available():
            found = measure(torch, bandwidth, quick)
        else:
            typer.echo("torch finds no GPU: the table holds the published figures and ours")
    except ImportError as error:
        typer.echo(f"no torch ({error}): the table holds the published figures and ours")
    typer.echo(page(found))
    if quick:
        return
    merge({"gpu": found}, SPEED)
    for written in write_table("gpu_attention", page(found)):
        typer.echo(f"written: {written}")


if __name__ == "__main__":
    typer.run(main)
