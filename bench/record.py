"""How fast what happens gets into the record: sealed, signed and durable before the caller goes on.

A caller records something, waits until its entry is sealed, and records the next. Eight at once
share each wait for the disk; in the keeper, beside the sealer, they also share its transaction.
"""

import subprocess
import sys

from bench.children import ask, environment
from bench.figures import Entry, Figure
from bench.machine import ROOT
from bench.workbench import Workbench

NAME = "record"
WHAT = "record by eight callers at once, on SQLite, each waiting for the seal of its entry"
EACH = 250  # records of each caller
A_THOUSAND_A_SECOND = 1000.0  # microseconds for one


def run(bench: Workbench) -> Entry:
    """In turns: beside the sealer, and with the sealer in another process."""
    rounds = [
        (_beside(bench, number), _elsewhere(bench, number)) for number in range(bench.rounds(5))
    ]
    beside, elsewhere = ([pair[turn] for pair in rounds] for turn in (0, 1))

    def figure(what: str, told: list[dict[str, float]], word: str, most: float | None) -> Figure:
        return Figure(what=what, unit="us", values=tuple(1e6 * e[word] for e in told), at_most=most)

    rate = 8 * EACH / sorted(each["eight"] for each in beside)[len(beside) // 2]
    return Entry(
        name=NAME,
        what=WHAT,
        n=8 * EACH,
        figures=(
            figure("wall for one of eight, beside the sealer", beside, "each", A_THOUSAND_A_SECOND),
            figure("the same, the sealer in another process", elsewhere, "each", None),
            figure("wall for one caller alone, beside the sealer", beside, "alone", None),
            figure("the same, the sealer in another process", elsewhere, "alone", None),
            figure("fdatasync of 4 KiB on the same disk", beside, "sync", None),
        ),
        notes=(f"{rate:,.0f} sealed records a second beside the sealer, in the median round",),
    )


def _beside(bench: Workbench, number: int) -> dict[str, float]:
    place = bench.place(f"record-beside-{number}")
    told: dict[str, float] = ask("bench.recording", "beside", place, str(EACH))
    return told


def _elsewhere(bench: Workbench, number: int) -> dict[str, float]:
    place = bench.place(f"record-elsewhere-{number}")
    sealer = subprocess.Popen(
        [sys.executable, "-m", "bench.recording", "seal", str(place), "0"],
        env=environment(),
        cwd=ROOT,
        stdin=subprocess.PIPE,
    )
    try:
        told: dict[str, float] = ask("bench.recording", "elsewhere", place, str(EACH))
    finally:
        sealer.communicate()  # it seals until its input ends
    return told
