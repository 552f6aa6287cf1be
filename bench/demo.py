"""The demo's story, told to its end on a simulated cluster: what `make demo` runs once built."""

from bench.children import environment, watch
from bench.figures import Entry, Figure
from bench.workbench import Workbench

NAME = "demo"
WHAT = "tell the whole story of the demo, unattended"
REPAIRS = 3  # one that helps, one that is refused, one that is taken back


def run(bench: Workbench) -> Entry:
    """Each time in a folder of its own."""
    holdfast, home = bench.installed.holdfast, bench.place(NAME)
    env = environment(HOME=str(home))
    took = [
        watch([holdfast, "demo", str(home / f"left-{turn}")], env=env, cwd=home).wall
        for turn in range(bench.rounds(3))
    ]
    return Entry(
        name=NAME,
        what=WHAT,
        n=REPAIRS,
        figures=(Figure(what="holdfast demo", unit="s", values=tuple(took), at_most=90),),
        notes=(
            "n is the repairs that are proposed; soaks of 3 s and deadlines of 15 s are part of it",
            "packages are there already: what `make demo` downloads and installs is left out",
        ),
    )
