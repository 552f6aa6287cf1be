"""Plans on a stage: several Deployments, one after the other, approved as people approve."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec

from holdfast.actions.rollout_restart import RolloutRestart
from holdfast.actions.scale_workload import ScaleWorkload
from holdfast.adapters.signers.ed25519 import check
from holdfast.approvals.statements import NAMESPACE, Decision, Statement
from holdfast.model.asks import Rules
from holdfast.model.letters import Letter
from holdfast.model.ordered import CaseOrder
from holdfast.model.plans import Plan, planned
from holdfast.model.proposals import Proposal
from holdfast.model.repairs import Action
from holdfast.model.steps import Create
from holdfast.testing.manifests import deployment
from holdfast.workflow.deciding import hear_word
from tests.approvals.keygen import sign
from tests.workflow.court import NAMES, case_of
from tests.workflow.executing import SECOND, Stage, a_stage, changed, key, proposal_of
from tests.workflow.leashes import as_proposed
from tests.workflow.test_sealing import Keys

SCALE, RESTART = ScaleWorkload(replicas=3, now=2), RolloutRestart(stamp="2026-01-01T12:00:00Z")
ON = Rules(switched_on=frozenset({"ScaleWorkload"}))
LEFT = msgspec.structs.replace(ON, undo=False)


@asynccontextmanager
async def a_plan_stage(rules: Rules = ON, **timing: Any) -> AsyncIterator[Stage]:
    """A keeper that can issue tickets, and five Deployments."""
    spans = {"soak": SECOND, "deadline": 3 * SECOND, "late": 10 * SECOND, **timing}
    async with a_stage(rules=rules, **spans) as stage:
        prepare(stage)
        yield stage


def prepare(stage: Stage) -> None:
    """Have its keeper issue tickets, and more to do something about."""
    for name in NAMES[1:]:
        stage.cluster.create(deployment(name, f"{name}:2", 2))
    changed(stage, tickets=Keys("tickets"), check=check)


async def open_plan(stage: Stage, *actions: Action) -> Plan:
    """A plan that is open for approval: the first action on web, the next on api, ..."""
    steps: list[Proposal] = []
    for name, action in zip(NAMES, actions, strict=False):
        seen = await stage.sees(action, stage.document(name=name).ref)
        cluster, now = stage.store.cluster, stage.clock.now()
        steps.append(proposal_of(seen, action, "prp_plan", cluster, now))
    plan = planned(steps)
    with stage.store.transaction() as tx:
        assert tx.cases.put(case_of(plan))
    stage.sealer.record(as_proposed(plan))
    return plan


async def say(stage: Stage, plan: Plan, step: int, who: str = "ana", **other: Any) -> str:
    """Somebody's signed word on a step: what becomes of it, or why it is refused."""
    held: dict[str, Any] = {
        "v": 1,
        "cluster": stage.store.cluster,
        "proposal": plan.id,
        "digest": plan.digest,
        "step": step,
        "decision": Decision.APPROVE,
        "until": plan.first.open_until,
    }
    text = Statement(**{**held, **other}).text()
    body = {"statement": text.decode(), "signature": sign(key(who), text, NAMESPACE)}
    at = stage.clock.now()
    id_ = f"ltr_{stage.proposed}"
    stage.proposed += 1
    letter = Letter(id=id_, kind="word", sender="cli:x", body=body, at=at)
    with stage.store.transaction() as tx:
        tx.letters.put(letter)
    stage.seal_all()
    await hear_word(stage.leash, letter)
    with stage.store.reading() as tx:
        outcome = tx.letters.outcome(id_) or ""
        drafts = {each.id: each for each in tx.records.waiting(10_000)}
    word, _, entry = outcome.partition(": ")
    return str(drafts[entry].details["because"]) if word == "refused" else word


async def approved_plan(stage: Stage, *actions: Action) -> CaseOrder:
    """One whose every step Ana has approved: its first act is ordered."""
    plan = await open_plan(stage, *actions)
    told = [await say(stage, plan, each.step) for each in plan.steps]
    assert [*["counted"] * (len(told) - 1), "approved"] == told
    return at(plan, 1)


def at(plan: Plan, step: int) -> CaseOrder:
    return CaseOrder(proposal=plan.id, step=step, generation=1)


def heal(stage: Stage, *names: str) -> None:
    """What the controllers would do for those."""
    for name in names:
        now = stage.cluster.fetch("deployments.apps", name, namespace="shop")
        wanted = now["spec"]["replicas"]
        counts = ("replicas", "updatedReplicas", "readyReplicas", "availableReplicas")
        status = dict.fromkeys(counts, wanted)
        status["observedGeneration"] = now["metadata"]["generation"]
        if now.get("status") != status:
            stage.cluster.update_status({**now, "status": status})


def replicas(stage: Stage, *names: str) -> list[Any]:
    return [stage.document(name=name).at("spec", "replicas") for name in names]


def sent(stage: Stage) -> list[str]:
    """The objects about which leases sent a request that was meant, in its order."""
    return [each.target.name for each in stage.wire.sent if not isinstance(each, Create)]


def outcomes(stage: Stage) -> list[tuple[Any, Any]]:
    """The events of the record, in their order, and of which step."""
    return [(each["step"], each["event"]) for each in stage.entries("outcome")]
