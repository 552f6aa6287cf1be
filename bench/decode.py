"""Twenty thousand pods, decoded as a scan does it, beside a plain `json.loads`."""

from typing import Any

from bench.children import CouldNotMeasure, ask
from bench.figures import MIB, Entry, Figure, ratio
from bench.made import Made
from bench.workbench import Workbench

NAME = "decode"
WHAT = "decode 20,000 pods, beside a plain json.loads"


def run(bench: Workbench) -> Entry:
    """At the full count."""
    return measured(bench.made(20_000), bench.rounds(5))


def measured(made: Made, rounds: int) -> Entry:
    """Decode, and decode plainly, in turns."""
    took: dict[str, list[dict[str, Any]]] = {"ours": [], "plain": [], "frugal": []}
    for _ in range(rounds):
        for what, said in took.items():
            said.append(ask("bench.reading", what, made.folder))
            if said[-1]["pods"] != made.pods:
                raise CouldNotMeasure(f"{what} read {said[-1]['pods']} of {made.pods} pods.")

    def each(what: str, key: str = "cpu", per: float = 1) -> tuple[float, ...]:
        return tuple(one[key] / per for one in took[what])

    return Entry(
        name=NAME,
        what=WHAT,
        n=made.pods,
        seed=made.seed,
        figures=(
            Figure(what="decode: CPU", unit="s", values=each("ours")),
            Figure(what="json.loads: CPU", unit="s", values=each("plain")),
            ratio("decode / json.loads: CPU", each("ours"), each("plain"), at_most=1 / 3),
            ratio(
                "decode / json.loads without its garbage collector", each("ours"), each("frugal")
            ),
            Figure(what="decode: memory", unit="MiB", values=each("ours", "memory", MIB)),
            Figure(what="json.loads: memory", unit="MiB", values=each("plain", "memory", MIB)),
            ratio(
                "decode / json.loads: memory",
                each("ours", "memory"),
                each("plain", "memory"),
                at_most=1 / 4,
            ),
        ),
        notes=(
            f"{made.described}; managedFields included",
            "memory: the peak beyond the raw bytes",
        ),
    )
