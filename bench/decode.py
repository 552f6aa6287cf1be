"""Twenty thousand pods: listed from a server, and decoded beside a plain `json.loads`."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.children import CouldNotMeasure, ask, environment
from bench.figures import Entry, Figure, ratio
from bench.machine import ROOT
from bench.workbench import Workbench

NAME = "decode"
WHAT = "list 20,000 pods from a server, and decode them beside a plain json.loads"
PODS = 20_000
SEED = 1
SMALLEST = 6 * 1024  # bytes that each pod has at least
MIB = 2**20


def run(bench: Workbench) -> Entry:
    """At the full count."""
    return measured(bench.place(NAME), bench.rounds(5), PODS)


def measured(folder: Path, rounds: int, count: int) -> Entry:
    """List, decode, and decode plainly, in turns."""
    size = ask("bench.pages", "write", folder, str(count), str(SEED))
    if size["smallest"] < SMALLEST:
        raise CouldNotMeasure(
            f"The smallest pod has {size['smallest']} bytes; give bench/pods.py more to say."
        )
    took: dict[str, list[dict[str, Any]]] = {"list": [], "ours": [], "plain": [], "frugal": []}
    with serving(folder) as url:
        for _ in range(rounds):
            for what, said in took.items():
                began = time.perf_counter()
                answer = ask("bench.reading", what, url if what == "list" else folder)
                said.append(answer | {"wall": time.perf_counter() - began})
                if answer["pods"] != count:
                    raise CouldNotMeasure(f"{what} read {answer['pods']} of {count} pods.")

    def each(what: str, key: str = "cpu", per: float = 1) -> tuple[float, ...]:
        return tuple(one[key] / per for one in took[what])

    return Entry(
        name=NAME,
        what=WHAT,
        n=count,
        seed=SEED,
        figures=(
            Figure(what="list and decode: CPU", unit="s", values=each("list")),
            Figure(what="list and decode: peak", unit="MiB", values=each("list", "memory", MIB)),
            Figure(what="and judge: wall", unit="s", values=each("list", "wall"), at_most=3),
            Figure(
                what="and judge: peak",
                unit="MiB",
                values=each("list", "memoryJudged", MIB),
                at_most=250,
            ),
            Figure(what="decode: CPU", unit="s", values=each("ours")),
            Figure(what="json.loads: CPU", unit="s", values=each("plain")),
            ratio("decode / json.loads: CPU", each("ours"), each("plain"), at_most=1 / 3),
            ratio(
                "decode / json.loads without its garbage collector", each("ours"), each("frugal")
            ),
            Figure(what="decode: memory", unit="MiB", values=each("ours", "memory", MIB)),
            Figure(what="json.loads: memory", unit="MiB", values=each("plain", "memory", MIB)),
            ratio(
                "decode / json.loads: memory",
                each("ours", "memory"),
                each("plain", "memory"),
                at_most=1 / 4,
            ),
        ),
        notes=(
            (
                f"{count:,} pods, seed {SEED}, of {size['smallest']:,} bytes or more, on average "
                f"{size['bytes'] / count:,.0f}, managedFields included; from loopback, without TLS"
            ),
            "list: the whole process, imports included; memory of decoding: beyond the raw bytes",
        ),
    )


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """A server of these pages, in a process of its own, for as long as this lasts."""
    with subprocess.Popen(
        [sys.executable, "-m", "bench.pages", "serve", str(folder)],
        cwd=ROOT,
        env=environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as server:
        try:
            said = server.stdout.readline().strip() if server.stdout else ""
            if not said:
                raise CouldNotMeasure("The server of pages ended before it said where it listens.")
            yield f"http://127.0.0.1:{said}"
        finally:
            if server.stdin:
                server.stdin.close()
            try:
                server.wait(10)
            except subprocess.TimeoutExpired:
                server.kill()
