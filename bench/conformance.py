"""The conformance kit's quick half: `holdfast conformance --fast`, as anybody runs it."""

from bench.children import environment, watch
from bench.figures import Entry, Figure
from bench.workbench import Workbench

NAME = "conformance"
WHAT = "try to make the leash do what it must not, in process"
SEED = 20261201
PROPOSALS = 50_000  # what it takes when nobody says how many


def run(bench: Workbench) -> Entry:
    """The same proposals in each round."""
    holdfast, home = bench.installed.holdfast, bench.place(NAME)
    env = environment(HOME=str(home))
    words = ("conformance", "--fast", "--seed", str(SEED), "--count", str(PROPOSALS))
    took = [watch([holdfast, *words], env=env, cwd=home).wall for _ in range(bench.rounds(3))]
    fast = Figure(what="holdfast conformance --fast", unit="s", values=tuple(took), at_most=45)
    return Entry(
        name=NAME,
        what=WHAT,
        n=PROPOSALS,
        seed=SEED,
        figures=(fast,),
        notes=("n is the proposals; a tenth as many tickets and signed words come on top",),
    )
