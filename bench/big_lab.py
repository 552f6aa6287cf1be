"""A scan of a real API server with twenty thousand pods, beside kubectl, and beside the floor.

The floor is what kubectl takes to hand on, unread, what the API server has in its cache. Filling
the lab takes ten minutes on two idle cores, and much longer on busy ones.
"""

from pathlib import Path

from bench.children import CouldNotMeasure, Took, environment, watch
from bench.figures import MIB, Entry, Figure, ratio
from bench.scan_lab import DEPLOYMENTS, REPLICAS, fill, sizes
from bench.workbench import Workbench
from lab.control_plane import Lab
from lab.errors import LabError
from lab.parts import Options

NAME = "lab-20000"
WHAT = "scan a lab of 20,000 pods, beside kubectl get and the floor"
NAMESPACES = 200
PATIENCE = 5_400.0  # seconds until all of them run
FLOOR = "/api/v1/pods?resourceVersion=0"


def run(bench: Workbench) -> Entry:
    """In a lab of its own."""
    home = bench.place(NAME)
    try:
        with Lab.start(Options(quiet=True, audit=False, nodes=20), folder=home / "lab") as lab:
            fill(lab, NAMESPACES, PATIENCE)
            return compared(lab, bench.installed.holdfast, home, NAMESPACES, bench.rounds(3))
    except LabError as why:
        raise CouldNotMeasure(str(why)) from None


def compared(lab: Lab, holdfast: Path, home: Path, namespaces: int, rounds: int) -> Entry:
    """Each in turn; the first round, which fills caches, does not count."""
    programs: dict[str, list[str | Path]] = {
        "scan": [holdfast, "scan"],
        "kubectl": [lab.kubectl_path, "get", "pods", "-A", "-o", "json"],
        "floor": [lab.kubectl_path, "get", "--raw", FLOOR],
    }
    env = environment(HOME=str(home), KUBECONFIG=str(lab.kubeconfig()))
    took: dict[str, list[Took]] = {name: [] for name in programs}
    for turn in range(rounds + 1):
        for name, program in programs.items():
            one = watch(program, env=env, cwd=home)  # a scan that finds nothing exits 0
            if turn > 0:
                took[name].append(one)
    wall = {name: tuple(one.wall for one in each) for name, each in took.items()}
    cpu = {name: tuple(one.cpu for one in each) for name, each in took.items()}
    peak = {name: tuple(one.peak / MIB for one in each) for name, each in took.items()}
    said = {"scan": "holdfast scan", "kubectl": "kubectl get pods", "floor": "kubectl get --raw"}
    figures = [
        Figure(what=f"{said[name]}: {what}", unit=unit, values=values[name])
        for name in programs
        for what, unit, values in (("wall", "s", wall), ("CPU", "s", cpu), ("peak", "MiB", peak))
    ]
    beside = "scan / kubectl get pods"
    figures += [
        ratio(f"{beside}: wall", wall["scan"], wall["kubectl"], at_most=1 / 2),
        ratio(f"{beside}: peak", peak["scan"], peak["kubectl"], at_most=1 / 8),
        ratio("scan / kubectl get --raw: wall", wall["scan"], wall["floor"], at_most=5),
        ratio("scan / kubectl get --raw: CPU", cpu["scan"], cpu["floor"]),
    ]
    pods = namespaces * DEPLOYMENTS * REPLICAS
    return Entry(
        name=NAME,
        what=WHAT,
        n=pods,
        figures=tuple(figures),
        notes=(
            f"{namespaces * DEPLOYMENTS:,} Deployments in {namespaces} namespaces; {sizes(lab)}",
            f"beside every kind and rule: kubectl get pods -A -o json; kubectl get --raw '{FLOOR}'",
        ),
    )
