"""Plans for attackers: five Deployments that want one replica more, and who signs for that."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import msgspec

from holdfast.execution.recovering import Timing
from holdfast.execution.states import State
from holdfast.model.handed import PLAN, WORD, proposal_named
from holdfast.model.plans import Plan, planned
from holdfast.model.proposals import Proposal
from holdfast.model.steps import Step
from holdfast.ports import How
from holdfast.testing.manifests import (
    deployment,
    pod_of,
    replica_set,
    running_status,
)
from holdfast.testing.simulated import SimulatedCluster
from holdfast.workflow.casebook import plan_of
from tests.attacks.arena import LEASES, MINUTE, READING, SECOND, Arena, an_arena
from tests.workflow.stage import a_shop, hold

SCALE = "ScaleWorkload"
NAMES = ("web", "api", "db", "mail", "cron")
BOTH = ("ana", "ben")
PATIENT = Timing(soak=SECOND, deadline=MINUTE, late=MINUTE, sealed=10 * SECOND)


def a_mall() -> SimulatedCluster:
    """The broken shop, and four more Deployments whose budgets let no pod go."""
    cluster = a_shop()
    now = cluster.clock.now()
    for name in NAMES[1:]:
        made = cluster.create(deployment(name, f"{name}:2", 2))
        cluster.update_status({**made, "status": _counts(2, made)})
        of = cluster.create(replica_set(made, "1", f"{name}:2", 2))
        for each in "ab":
            pod = cluster.create(pod_of(of, f"{name}-1-{each}", f"{name}:2"))
            cluster.update_status({**pod, "status": running_status(pod, now)})
        hold(cluster, name, now)
    return cluster


@asynccontextmanager
async def a_plan_arena(**how: Any) -> AsyncIterator[Arena]:
    """An arena around the mall, where nobody is in a hurry."""
    changed = {"timing": PATIENT, **how.pop("changed", {})}
    async with an_arena(a_mall(), changed=changed, **how) as arena:
        yield arena


def _counts(number: int, of: Any) -> dict[str, Any]:
    counts = ("replicas", "updatedReplicas", "readyReplicas", "availableReplicas")
    return {**dict.fromkeys(counts, number), "observedGeneration": of["metadata"]["generation"]}


def body(arena: Arena, name: str, **changed: Any) -> dict[str, Any]:
    """A step of a letter: that one wants one replica more."""
    ref = arena.document(f"Deployment {name}").ref
    return arena.body(SCALE, target={"name": name, "uid": ref.uid}, **changed)


def letter(arena: Arena, *names: str, **changed: Any) -> dict[str, Any]:
    """What asks for such a plan."""
    return {"steps": [body(arena, name, **changed) for name in names]}


async def opened(arena: Arena, *names: str) -> Plan:
    """A plan that waits for people."""
    return await opened_as(arena, letter(arena, *names))


async def opened_as(arena: Arena, asked: dict[str, Any]) -> Plan:
    id_ = proposal_named(await arena.asked(asked, kind=PLAN))
    assert id_, arena.why()
    case = await arena.previewed(id_)
    assert case.state == State.PROPOSED.value, case.card
    arena.seal()
    return plan_of(case)


def words(arena: Arena, plan: Plan, *who: str, **changed: Any) -> list[dict[str, str]]:
    """What each of them signs for each step."""
    return [
        arena.word(each, plan.first, step=step.step, **changed)
        for each in who or BOTH
        for step in plan.steps
    ]


async def approved(arena: Arena, *names: str) -> Plan:
    """One whose every step everybody has approved who is needed; nobody has begun."""
    plan = await opened(arena, *names)
    said = await heard(arena, words(arena, plan))
    assert "approved" in said, said
    return plan


async def heard(arena: Arena, bodies: list[dict[str, str]]) -> list[str]:
    letters = [arena.put(WORD, each) for each in bodies]
    await arena.hears(*letters)
    return [arena.became(each) for each in letters]


def heal(arena: Arena, *names: str) -> None:
    """What controllers would do: as many run as are wanted, and a budget that has one to spare."""
    for name in names:
        store = arena.cluster.server.store
        if not any(place[2] == name for place, _ in store.listing("deployments.apps")):
            continue
        now = arena.cluster.fetch("deployments.apps", name, namespace="shop")
        wanted = now["spec"]["replicas"]
        if now.get("status") != _counts(wanted, now):
            arena.cluster.update_status({**now, "status": _counts(wanted, now)})
        budget = arena.cluster.fetch("poddisruptionbudgets.policy", name, namespace="shop")
        spare = max(wanted - 2, 0)
        if budget["status"]["disruptionsAllowed"] != spare:
            status = {**budget["status"], "expectedPods": wanted, "currentHealthy": wanted}
            status |= {"disruptionsAllowed": spare}
            arena.cluster.update_status({**budget, "status": status})


def patched(name: str, **change: Any) -> Callable[[Arena], object]:
    """Somebody changes that Deployment."""
    return lambda arena: arena.cluster.patch("deployments.apps", name, change, namespace="shop")


def put_back(arena: Arena, *names: str) -> None:
    """As before the act: what it was judged by fits again."""
    for name in names:
        patched(name, spec={"replicas": 2})(arena)
        heal(arena, name)


def another(plan: Plan, steps: Sequence[Proposal]) -> Plan:
    """A plan of the same of other steps."""
    return planned([msgspec.structs.replace(each, id=plan.id) for each in steps])


async def said_meanwhile(
    arena: Arena, moment: tuple[str, How], bodies: list[Any], kind: str = WORD
) -> list[str]:
    """What becomes of letters that come at a moment of the acts, which go on to their end."""
    came, told = asyncio.Event(), list[str]()
    Once(arena, *moment, came.set)

    async def somebody() -> None:
        await came.wait()
        letters = [arena.put(kind, each) for each in bodies]
        await arena.hears(*letters)
        told.extend(arena.became(each) for each in letters)

    async with asyncio.TaskGroup() as group:
        group.create_task(somebody())
        await arena.works(meanwhile=lambda: healed(arena))
    await arena.works(meanwhile=lambda: healed(arena))
    return told


def replicas(arena: Arena, *names: str) -> list[Any]:
    return [arena.document(f"Deployment {name}").at("spec", "replicas") for name in names]


def done(arena: Arena) -> list[tuple[str, str]]:
    """Who of the leases was let write what, in its order: (act or undo, the object's name)."""
    return [
        (each.user.removeprefix(LEASES).split(".")[0], each.name)
        for each in arena.cluster.audit[arena.began :]
        if each.user.startswith(LEASES)
        and each.verb not in READING
        and "reviews" not in each.resource
        and not each.dry_run
        and each.code < 300
    ]


def healed(arena: Arena) -> None:
    """Whatever was scaled gets on well."""
    heal(arena, *{name for _, name in done(arena)})


def outcomes(arena: Arena) -> list[tuple[Any, Any]]:
    """What the record says that came of which step."""
    arena.seal()
    with arena.store.reading() as tx:
        told = [each.details for each in tx.records.of_kind("outcome")]
    return [(each.get("step"), each.get("event", each.get("outcome"))) for each in told]


def leases_left(arena: Arena) -> list[str]:
    """Accounts and bindings of leases that are still there."""
    store = arena.cluster.server.store
    kinds = ("serviceaccounts", "rolebindings.rbac.authorization.k8s.io")
    there = [place[2] for kind in kinds for place, _ in store.listing(kind)]
    return [each for each in there if each.split(".")[0] in ("act", "undo", "preview")]


@dataclass
class Once:
    """Does something at a moment of the act on an object, once."""

    arena: Arena
    name: str
    how: How
    change: Callable[[], object]
    done: bool = field(default=False)

    def __post_init__(self) -> None:
        self.arena.wire.before = self

    def __call__(self, step: Step, how: How) -> None:
        target = getattr(step, "target", None)
        if self.done or how is not self.how or getattr(target, "name", "") != self.name:
            return
        self.done = True
        self.change()
