"""How much memory a verification takes, however long the record and its lines are.

The record is written into a pipe while it is verified, so that no disk has to hold it.
"""

import json
import os
import subprocess
import sys

from bench.children import environment, watch
from bench.figures import MIB, Entry, Figure, ratio
from bench.machine import ROOT
from bench.recording import OneKey
from bench.workbench import Workbench
from holdfast.adapters.files.whole import opened
from holdfast.adapters.signers.public import write_public
from holdfast.model.keys import Purpose

NAME = "million"
WHAT = "verify a million entries, and ten gigabytes of entries as long as they may be"
MILLION = 1_000_000
USUAL, LONG = 120, 990_000  # bytes of text in an entry
TEN_GIGABYTES = 10_200  # entries of the long sort
PROOFS = 6
LONGEST = 3_000.0  # seconds


def run(bench: Workbench) -> Entry:
    """All of it."""
    return measured(bench, MILLION, TEN_GIGABYTES)


def measured(bench: Workbench, count: int, longs: int) -> Entry:
    """One after the other; memory does not depend on what else runs."""
    rounds = [
        (
            _verified(bench, f"some-{number}", count // 100, USUAL),
            _verified(bench, f"million-{number}", count, USUAL, PROOFS),
            _verified(bench, f"long-{number}", longs, LONG),
        )
        for number in range(bench.rounds(1))
    ]
    some, million, long = ([each[turn] for each in rounds] for turn in range(3))
    peaks = [each["peak"] for each in million]
    return Entry(
        name=NAME,
        what=WHAT,
        n=count,
        figures=(
            ratio(
                "peak memory for a million entries to that for a hundredth of them",
                peaks,
                [each["peak"] for each in some],
                at_most=1.2,
            ),
            Figure(
                what="peak memory for a million entries",
                unit="MiB",
                values=tuple(each / MIB for each in peaks),
                at_most=128,
            ),
            Figure(
                what="peak memory for ten gigabytes of long entries",
                unit="MiB",
                values=tuple(each["peak"] / MIB for each in long),
                at_most=256,
            ),
            Figure(
                what="CPU for a million entries",
                unit="s",
                values=tuple(each["cpu"] for each in million),
            ),
            Figure(
                what="CPU for ten gigabytes",
                unit="s",
                values=tuple(each["cpu"] for each in long),
            ),
        ),
        notes=(
            _proved(million[0]["proof"]),
            f"the long entries are {long[0]['bytes'] / 1e9:.1f} GB",
        ),
    )


def _proved(longest: float) -> str:
    return (
        f"the longest of {PROOFS + 2} proofs that an entry is among the million has "
        f"{longest:,.0f} bytes, the entry included"
    )


def _verified(
    bench: Workbench, name: str, count: int, text: int, proofs: int = 0
) -> dict[str, float]:
    place = bench.place(f"verify-{name}")
    key, pipe = (
        write_public(place, Purpose.AUDIT, OneKey().signer().public, opened),
        place / "record",
    )
    os.mkfifo(pipe)
    writer = subprocess.Popen(
        [sys.executable, "-m", "bench.writing", str(count), str(text), str(proofs), str(pipe)],
        env=environment(),
        cwd=ROOT,
        stdout=subprocess.PIPE,
    )
    try:
        verify = (sys.executable, "-m", "holdfast", "audit", "verify", pipe, "--key", key)
        took = watch(verify, env=environment(), longest=LONGEST)
        told = json.loads(writer.communicate(timeout=LONGEST)[0])
    finally:
        writer.kill()
        writer.wait()
    return {"peak": took.peak, "cpu": took.cpu, **told}
