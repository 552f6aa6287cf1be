"""The whole command on a big cluster: every kind, every rule, troubles, screen."""

from pathlib import Path

from bench.children import Took, environment, watch
from bench.figures import MIB, Entry, Figure
from bench.made import Made, kubeconfig, serving
from bench.workbench import Workbench

NAME = "scan"
WHAT = "scan a made-up cluster of 20,000 pods, the whole command"


def run(bench: Workbench) -> Entry:
    """At the full count."""
    return measured(
        bench.made(20_000), bench.installed.holdfast, bench.place(NAME), bench.rounds(5)
    )


def measured(made: Made, holdfast: Path, home: Path, rounds: int) -> Entry:
    """The first round, which fills caches, does not count."""
    took = scanned(made, holdfast, home, rounds + 1)[1:]
    return Entry(
        name=NAME,
        what=WHAT,
        n=made.pods,
        seed=made.seed,
        figures=(
            Figure(what="wall", unit="s", values=tuple(t.wall for t in took), at_most=3),
            Figure(what="CPU", unit="s", values=tuple(t.cpu for t in took)),
            Figure(what="peak", unit="MiB", values=tuple(t.peak / MIB for t in took), at_most=250),
        ),
        notes=(f"{made.described}; from loopback, without TLS",),
    )


def scanned(made: Made, holdfast: Path, home: Path, rounds: int) -> list[Took]:
    """What the command takes on that cluster, so many times."""
    with serving(made) as url:
        config = kubeconfig(url, home / f"kubeconfig-{made.pods}")
        env = environment(HOME=str(home), KUBECONFIG=str(config))
        return [
            watch([holdfast, "scan"], env=env, cwd=home, expected=(1,))  # something is broken
            for _ in range(rounds)
        ]
