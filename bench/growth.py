"""Clusters of three sizes: what a scan costs for each pod must not depend on how many there are."""

from pathlib import Path

from bench.children import CouldNotMeasure, Took, ask
from bench.figures import MIB, Entry, Figure
from bench.made import Made, serving
from bench.scan import scanned
from bench.workbench import Workbench

NAME = "growth"
WHAT = "scan made-up clusters of 5,000, 20,000 and 100,000 pods"
SIZES = (5_000, 20_000, 100_000)
MICRO = 1e6


def run(bench: Workbench) -> Entry:
    """At the full counts."""
    made = [bench.made(size) for size in SIZES]
    return measured(made, bench.installed.holdfast, bench.place(NAME), bench.rounds(3))


def measured(clusters: list[Made], holdfast: Path, home: Path, rounds: int) -> Entry:
    """Each size in turn, round after round."""
    whole: dict[int, list[Took]] = {made.pods: [] for made in clusters}
    looks: dict[str, dict[int, list[float]]] = {
        what: {made.pods: [] for made in clusters} for what in ("look", "judge")
    }
    for _ in range(rounds):
        for made in clusters:
            whole[made.pods] += scanned(made, holdfast, home, 1)
            with serving(made) as url:
                said = ask("bench.reading", "look", url)
            if said["pods"] != made.pods:
                raise CouldNotMeasure(f"A scan read {said['pods']} of {made.pods} pods.")
            for what, values in looks.items():
                values[made.pods].append(said[what] / made.pods * MICRO)
    figures: list[Figure] = []
    for pods, took in whole.items():
        peak = tuple(t.peak / MIB for t in took)
        most = 1024 if pods == SIZES[-1] else None
        figures += [
            Figure(what=f"{pods:,} pods: wall", unit="s", values=tuple(t.wall for t in took)),
            Figure(what=f"{pods:,} pods: CPU", unit="s", values=tuple(t.cpu for t in took)),
            Figure(what=f"{pods:,} pods: peak", unit="MiB", values=peak, at_most=most),
        ]
    cpu = {pods: [t.cpu / pods * MICRO for t in took] for pods, took in whole.items()}
    for what, each in (("the whole command", cpu), *looks.items()):
        figures += [
            Figure(what=f"{what}, {pods:,} pods: CPU per pod", unit="us", values=tuple(values))
            for pods, values in each.items()
        ]
        # A start costs the same whatever comes after it: it makes few pods dear, and many cheap.
        limit = 1.5 if what in looks else None
        figures.append(_spread(f"{what}: dearest / cheapest pod", [*each.values()], limit))
    return Entry(
        name=NAME,
        what=WHAT,
        n=sum(whole),
        seed=clusters[0].seed,
        figures=tuple(figures),
        notes=(
            *(made.described for made in clusters),
            "the whole command counts its start as well, which costs the same for any number",
        ),
    )


def _spread(what: str, sizes: list[list[float]], limit: float | None) -> Figure:
    """Within each round, the dearest size beside the cheapest."""
    values = tuple(max(each) / min(each) for each in zip(*sizes, strict=True))
    return Figure(what=what, unit="x", values=values, at_most=limit)
