"""The analog matrix-vector product against plain products, CrossSim and aihwkit, in one run.

    python benchmarks/matvec.py [--peer-python PATH] [--quick] [--threads 1 --threads 2]

Every contender computes the same products, 64 x 1024 and 768 x 768 on one array, batch 1, 64 and 1024, in float32, with
its non-idealities on (benchmarks/matvec_peers.py says which). The peers are installed in an environment of their own:

    python -m venv peers; peers/bin/pip install torch aihwkit aihwkit-lightning   (CPU builds)
    peers/bin/pip install ./cross-sim                                             (a checkout of CrossSim)

and `--peer-python peers/bin/python` names it; what is not there has no figure, and the table says why. All contenders
of a round run one after the other, in alternating order; a ratio is the median over the rounds of the ratios within a
round, which a busy machine disturbs least. Writes `matvec` of docs/results/speed.json and its table of
docs/benchmarks.md; `--quick` runs 64 x 1024 with batch 1024 alone and writes nothing.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Annotated, Any

import matvec_peers
import typer
from record import SPEED, merge, table, write_table

SHAPES = ((64, 1024), (768, 768))
BATCHES = (1, 64, 1024)
OURS, PLAIN = "pycosim", "numpy"
TARGETS = {  # shown with what was found; ratios of samples per second at 64 x 1024, batch 1024
    "fastest of aihwkit": (("aihwkit, torch tile", "aihwkit, C++ tile"), 2.0),
    "CrossSim with read noise": (("CrossSim",), 100.0),
    "plain NumPy product": ((PLAIN,), 0.25),
}


class Contenders:
    """A process that runs some of the contenders, with so many threads for all that it does."""

    def __init__(self, python: str, threads: int, blas_threads: int) -> None:
        environment = {**os.environ, "OMP_WAIT_POLICY": "PASSIVE"}
        for name in ("OMP_NUM_THREADS", "OMP_THREAD_LIMIT", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
            environment[name] = str(blas_threads)
        if python != sys.executable:
            environment.pop("PYTHONPATH", None)
        self.threads = threads
        self.process = subprocess.Popen(
            [python, matvec_peers.__file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )

    def ask(self, **request: object) -> dict[str, Any]:
        """Send a request and return its answer."""
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            return {"error": f"its process ended with status {self.process.wait()}"}
        answer: dict[str, Any] = json.loads(line)
        return answer

    def close(self) -> None:
        """End the process."""
        if self.process.stdin is not None:
            self.process.stdin.close()
        self.process.wait()


def measure(
    processes: dict[str, Contenders], shape: tuple[int, int], batch: int, rounds: int, seconds: float
) -> dict[str, list[float] | str]:
    """Seconds of one product by contender, a number per round; or why there are none."""
    times: dict[str, list[float]] = {name: [] for name in processes}
    failed: dict[str, str] = {}
    for number in range(rounds):
        names = [name for name in processes if name not in failed]
        for name in names if number % 2 == 0 else reversed(names):
            process = processes[name]
            reply = process.ask(peer=name, shape=shape, batch=batch, threads=process.threads, seconds=seconds)
            if "error" in reply:
                failed[name] = reply["error"]
            else:
                times[name].append(reply["seconds"])
    return {name: failed.get(name, times[name]) for name in processes}


def rows_of(
    found: dict[str, list[float] | str],
    non_idealities: dict[str, str],
    shape: tuple[int, int],
    batch: int,
    threads: int,
) -> list[dict[str, Any]]:
    """One record by contender: its speed, ours over it, and it over the plain product."""
    ours, plain = found[OURS], found[PLAIN]
    assert isinstance(ours, list) and isinstance(plain, list), (ours, plain)
    rows = []
    for name, times in found.items():
        row: dict[str, Any] = {"peer": name, "shape": list(shape), "batch": batch, "threads": threads}
        row["non_idealities"] = non_idealities[name]
        if isinstance(times, str):
            rows.append({**row, "ratio": None, "absent": times})
            continue
        row["samples_per_second"] = batch / statistics.median(times)
        row["ratio"] = statistics.median(t / own for t, own in zip(times, ours, strict=True))
        row["of_plain"] = statistics.median(p / t for p, t in zip(plain, times, strict=True))
        rows.append(row)
    return rows


def targets_of(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What was wanted at 64 x 1024, batch 1024, and what was found; by number of threads."""
    chosen = [r for r in rows if r["shape"] == [64, 1024] and r["batch"] == 1024]
    found = []
    for threads in sorted({r["threads"] for r in chosen}):
        for name, (peers, wanted) in TARGETS.items():
            ratios = [r["ratio"] for r in chosen if r["peer"] in peers and r["threads"] == threads and r["ratio"]]
            found.append(
                {"against": name, "threads": threads, "wanted": wanted, "found": min(ratios) if ratios else None}
            )
    return found


def page(rows: list[dict[str, Any]], versions: dict[str, str]) -> str:
    """The tables of the docs."""
    parts = []
    cases = sorted({(tuple(r["shape"]), r["batch"]) for r in rows})
    for threads in sorted({r["threads"] for r in rows}):
        own = [r for r in rows if r["threads"] == threads]
        body = []
        for name in dict.fromkeys(r["peer"] for r in own):
            by_case = {(tuple(r["shape"]), r["batch"]): r for r in own if r["peer"] == name}
            cells = []
            for case in cases:
                r = by_case[case]
                cells.append(
                    "-" if r["ratio"] is None else f"{r['samples_per_second'] / 1e3:.3g} ({r['of_plain']:.2g})"
                )
            body.append([name, *cells])
        head = [f"{threads} thread{'s' * (threads > 1)}", *(f"{s[0]} x {s[1]}, batch {b}" for s, b in cases)]
        parts.append(table(head, body))
    lines = []
    for t in targets_of(rows):
        verdict = "not measured" if t["found"] is None else "met" if t["found"] >= t["wanted"] else "**missed**"
        found = "-" if t["found"] is None else f"{t['found']:.3g} x"
        lines.append([t["against"], t["threads"], found, f"{t['wanted']:g} x", verdict])
    parts.append(table(["pycosim against, 64 x 1024, batch 1024", "threads", "found", "wanted", ""], lines))
    on = {r["peer"]: r["non_idealities"] for r in rows}
    parts.append(table(["contender", "version", "non-idealities"], [[n, versions.get(n, ""), on[n]] for n in on]))
    if absent := {r["peer"]: r["absent"] for r in rows if r["ratio"] is None}:
        parts.append("Not measured: " + "; ".join(f"{name} ({why})" for name, why in absent.items()) + ".")
    return "\n\n".join(parts)


def main(
    peer_python: Annotated[Path | None, typer.Option(help="Python of the environment with the peers.")] = None,
    threads: Annotated[list[int] | None, typer.Option(help="Threads of every contender; may be given again.")] = None,
    rounds: int = 9,
    seconds: Annotated[float, typer.Option(help="Least time of a contender in a round, s.")] = 0.1,
    quick: bool = False,
) -> None:
    rows: list[dict[str, Any]] = []
    versions: dict[str, str] = {}
    absent: dict[str, str] = {}
    for n in threads or [1]:
        plain = Contenders(sys.executable, n, n)
        own = Contenders(sys.executable, n, 1)  # its threads share the batch, each with a BLAS of one
        peers = Contenders(str(peer_python), n, n) if peer_python else None
        processes: dict[str, Contenders] = {}
        listed = {name: plain for name in matvec_peers.PEERS if name.startswith("numpy")}
        listed |= {name: own for name in matvec_peers.PEERS if name.startswith("pycosim")}
        listed |= {name: peers for name in matvec_peers.PEERS if name not in listed}  # type: ignore[dict-item]
        for name, process in listed.items():
            if process is None:
                absent[name] = "no --peer-python"
                continue
            version, why = process.ask(list=True)[name][:2]
            versions[name] = version
            if why:
                absent[name] = why
            else:
                processes[name] = process
        on = {name: what for name, (_, _, what) in matvec_peers.PEERS.items()}
        for shape in SHAPES[:1] if quick else SHAPES:
            for batch in (1024,) if quick else BATCHES:
                found = measure(processes, shape, batch, 3 if quick else rounds, seconds)
                found |= absent
                new = rows_of(found, on, shape, batch, n)
                rows += new
                typer.echo(f"{shape[0]} x {shape[1]}, batch {batch}, {n} threads")
                for r in new:
                    if r["ratio"] is None:
                        typer.echo(f"  {r['peer']:26s} {r['absent']}")
                    else:
                        typer.echo(
                            f"  {r['peer']:26s} {r['samples_per_second'] / 1e3:9.2f} k/s  {r['of_plain']:8.3f} of plain"
                            f"  pycosim {r['ratio']:8.3g} x"
                        )
        for process in (plain, own, peers):
            if process is not None:
                process.close()
    for t in targets_of(rows):
        typer.echo(f"against {t['against']}, {t['threads']} threads: {t['found']} (wanted {t['wanted']:g})")
    if quick:
        return
    merge({"matvec": rows, "matvec_targets": targets_of(rows)}, SPEED)
    for written in write_table("matvec", page(rows, versions)):
        typer.echo(f"written: {written}")


if __name__ == "__main__":
    typer.run(main)
