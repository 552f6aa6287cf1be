"""What a verification costs beside the signature that it checks, on the same core, in turns."""

import os

from bench.children import ask
from bench.figures import Entry, Figure, ratio
from bench.workbench import Workbench

NAME = "verify"
WHAT = "verify a record, beside bare Ed25519 verifications of the same signatures"
ENTRIES = 4_000
SHARE = 0.6  # of the bare verifications in a second: at most so many times the time of one


def run(bench: Workbench) -> Entry:
    """In a process of its own, kept to one core."""
    core = min(os.sched_getaffinity(0))
    told = ask("bench.verifying", str(core), str(ENTRIES), str(bench.rounds(7)))
    ours, bare = told["entries"], told["bare"]
    return Entry(
        name=NAME,
        what=WHAT,
        n=ENTRIES,
        figures=(
            ratio("an entry to a bare verification", ours, bare, at_most=1 / SHARE),
            Figure(what="CPU for an entry", unit="us", values=tuple(1e6 * each for each in ours)),
            Figure(
                what="CPU for a bare verification",
                unit="us",
                values=tuple(1e6 * each for each in bare),
            ),
        ),
        notes=(f"the target is {SHARE:.0%} of the bare verifications in a second",),
    )
