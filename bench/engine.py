"""How soon what was ordered begins, and how much of it the engine does: on SQLite.

An approval waits for no more than its queue's next look, ten a second. A run of five phases is five
orders, each given in the transaction that ends the phase before it.
"""

from bench.children import ask
from bench.figures import Entry, Figure
from bench.workbench import Workbench

NAME = "engine"
WHAT = "orders until they begin, and runs of five phases, on SQLite"
SINGLE = 100  # orders given one by one
RUNS = 100  # of five phases, ordered at once


def run(bench: Workbench) -> Entry:
    """Each round in a process and a database of its own."""
    told = [
        ask("bench.working", bench.place(f"engine-{number}"), str(SINGLE), str(RUNS))
        for number in range(bench.rounds(5))
    ]

    def figure(what: str, unit: str, word: str, most: float | None = None) -> Figure:
        return Figure(what=what, unit=unit, values=tuple(e[word] for e in told), at_most=most)

    rates = sorted(1 / each["run"] for each in told)
    return Entry(
        name=NAME,
        what=WHAT,
        n=RUNS,
        figures=(
            figure("committed order until its phase begins, 95th percentile", "s", "p95", 0.15),
            figure("the same, median", "s", "p50"),
            figure("wall for one run of five phases, of a hundred at once", "s", "run", 1 / 20),
            figure("CPU for one run of five phases", "s", "cpu"),
            figure("CPU share while nothing is to be done", "x", "idle"),
        ),
        notes=(f"{rates[len(rates) // 2]:.0f} runs of five phases a second, in the median round",),
    )
