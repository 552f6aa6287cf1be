"""What a watch takes to judge news among twenty thousand pods.

A fault becomes known while it is young, so that what stands between its grace and the screen is
the judgement of a grace that passes. News are judged a tenth of a second after the first of them.
"""

from bench.children import ask
from bench.figures import Entry, Figure
from bench.made import serving
from bench.workbench import Workbench

NAME = "watch"
WHAT = "judge news while watching a made-up cluster of 20,000 pods"


def run(bench: Workbench) -> Entry:
    """In a process of its own, from a server in another."""
    made = bench.made(20_000)
    with serving(made) as url:
        took = ask("bench.rejudging", url, str(bench.rounds(7)))
    return Entry(
        name=NAME,
        what=WHAT,
        n=made.pods,
        seed=made.seed,
        figures=(
            Figure(
                what="CPU for a grace that passes",
                unit="s",
                values=tuple(took["ripe"]),
                at_most=0.9,
            ),
            Figure(
                what="CPU for a pod that falls ill",
                unit="s",
                values=tuple(took["ill"]),
                at_most=0.9,
            ),
            Figure(what="CPU for a pod that changes", unit="s", values=tuple(took["well"])),
        ),
        notes=(made.described,),
    )
