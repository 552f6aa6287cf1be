"""What the answers of all layers take, the operator's Cedar policy included, in this process.

The question is a restart of a Deployment that one person has approved, under the starter policy,
with the target and the server's effect as they are at the act. Everybody allows it.
"""

import time
from datetime import UTC, datetime, timedelta

from bench.children import CouldNotMeasure
from bench.figures import Entry, Figure
from bench.machine import ROOT
from bench.workbench import Workbench
from holdfast.actions.rollout_restart import RolloutRestart
from holdfast.execution.effects import computed
from holdfast.model.asks import Around, Ask, Assent, Chain, Proof, Station
from holdfast.model.documents import Document
from holdfast.model.kinds import Deployment
from holdfast.model.merge_patches import as_wanted
from holdfast.model.operator import OperatorQuestion
from holdfast.model.repairs import Risk, Sight
from holdfast.model.snapshot import Capture, Snapshot
from holdfast.model.steps import Patch
from holdfast.policy import decide
from holdfast.ports import Standing
from holdfast.testing.documents import decoded
from holdfast.testing.manifests import deployment
from holdfast.wiring.policies import loaded

NAME = "layers"
WHAT = "the answers of all layers, Cedar included"
VERDICTS = 2_000
NOW = datetime(2026, 1, 5, 12, 30, tzinfo=UTC)
MICRO = 1e6
STARTER = ROOT / "src" / "holdfast" / "surfaces" / "cli" / "starter"


def run(bench: Workbench) -> Entry:
    """So many verdicts one after the other, each timed."""
    standing = loaded(STARTER)
    medians: list[float] = []
    slow: list[float] = []
    for _ in range(bench.rounds(5)):
        took = sorted(_timed(standing) for _ in range(VERDICTS))
        medians.append(took[len(took) // 2] * MICRO)
        slow.append(took[len(took) * 99 // 100] * MICRO)
    return Entry(
        name=NAME,
        what=WHAT,
        n=VERDICTS,
        figures=(
            Figure(what="one verdict, median", unit="us", values=tuple(medians), at_most=1_000),
            Figure(what="the same, 99th percentile", unit="us", values=tuple(slow)),
        ),
        notes=("a restart that everybody allows, at the act, under the starter policy",),
    )


def _timed(standing: Standing) -> float:
    began = time.perf_counter()
    answer = standing.operator.decide(QUESTION)
    verdict = decide(_ask(standing, "" if answer.allows else answer.because))
    took = time.perf_counter() - began
    if not verdict.allows:
        raise CouldNotMeasure(f"It is refused: {verdict}.")
    return took


RESTART = RolloutRestart(stamp="2026-01-05T12:30:00Z")
THERE = deployment("web", "web:1", 3)
THERE["metadata"]["uid"] = "0b5a1c52-7c1d-4b8e-9a36-2f5d8c7b6a10"
SEEN = Sight(
    document=Document(value=THERE),
    around=Snapshot(
        now=NOW,
        captures=[
            Capture(
                kind=kind, objects=decoded(Deployment, [THERE])[0] if kind is Deployment else ()
            )
            for kind in RolloutRestart.kind.sees
        ],
    ),
)
SETS = tuple(
    change for step in RESTART.steps(SEEN) if isinstance(step, Patch) for change in step.sets
)
EFFECT = computed(RESTART.steps(SEEN)[0], SEEN.document, as_wanted(SETS, SEEN.document))
TARGET = SEEN.document.ref
QUESTION = OperatorQuestion(
    person="ana",
    groups=frozenset({"oncall"}),
    action=RolloutRestart.kind.name,
    target=TARGET,
    tiers=frozenset(),
    risk=Risk.LOW,
    station=Station.EXECUTION,
    at=NOW,
)


def _ask(standing: Standing, no: str) -> Ask:
    of_class = RolloutRestart.kind.of_class
    assent = Assent(
        person="ana",
        groups=frozenset({"oncall"}),
        proof=Proof.SSH,
        digest="d" * 64,
        at=NOW - timedelta(seconds=2),
        until=NOW + timedelta(hours=1),
    )
    return Ask(
        station=Station.EXECUTION,
        now=NOW,
        action=RESTART,
        target=TARGET,
        seen=SEEN,
        effect=EFFECT,
        risk=Risk.LOW,
        digest="d" * 64,
        proposed=NOW - timedelta(minutes=1),
        requester="cli:sam",
        managed=(),
        assents=(assent,),
        budgets={("ana", of_class): 5},
        spent=frozenset({("ana", of_class)}),
        chain=Chain.SEALED,
        rules=standing.rules,
        around=Around(operator=no, operator_allows=not no),
    )
