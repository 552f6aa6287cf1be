"""A broken shop on a fenced simulated cluster, a keeper with its leash, and its engine in memory.

There is one of everything that an action of the closed set may be done to, and to each of them
something has happened that it answers.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import msgspec

from holdfast.adapters.kubernetes.connection import Connection, Token
from holdfast.adapters.kubernetes.hands import KubernetesHands
from holdfast.model.asks import Rules
from holdfast.model.canonical import Plain
from holdfast.model.cases import Card, Case
from holdfast.model.documents import Document
from holdfast.model.entries import Draft
from holdfast.model.handed import PROPOSE, proposal_named
from holdfast.model.letters import Letter
from holdfast.model.proposals import Proposal
from holdfast.ports import Hands
from holdfast.testing.admission import Change
from holdfast.testing.engine import EngineInMemory
from holdfast.testing.leases import SimulatedFences, SimulatedLeases, fenced
from holdfast.testing.manifests import (
    condition,
    deployment,
    manifest,
    owner,
    pod_of,
    replica_set,
    running_status,
    waiting_status,
)
from holdfast.testing.memory import StoreInMemory
from holdfast.testing.server import SimulatedServer
from holdfast.testing.simulated import SimulatedCluster
from holdfast.testing.status import StatusError
from holdfast.workflow.casebook import plan_of
from holdfast.workflow.inbox import Inbox, answer_on
from holdfast.workflow.leash import Leash
from holdfast.workflow.leashed import QUEUES, TYPES, hearings, phases
from tests.workflow.beyond import NODE, go_wrong
from tests.workflow.leashes import a_leash, told
from tests.workflow.notes_of_a_log import Heard
from tests.workflow.test_sealing import Counted, a_sealer

RULES = Rules(
    switched_on=frozenset({"DeleteResourceQuota", "RolloutUndo", "ScaleWorkload", "Uncordon"})
)
STAMP = "2026-01-01T12:00:00Z"
WEB, BAD, JOB, QUOTA = "Deployment web", "Pod web-2-a", "Job nightly-1", "ResourceQuota few"

ASKED: dict[str, tuple[str, str, dict[str, Any]]] = {
    "DeleteACMEOrder": ("Order waits-1-1", "HF-CFG-012", {}),
    "DeleteCertificateRequest": ("CertificateRequest shut-1", "HF-CFG-011", {}),
    "DeleteJob": (JOB, "HF-WRK-070", {}),
    "DeletePod": (BAD, "HF-WRK-018", {}),
    "DeleteResourceQuota": (QUOTA, "HF-CAP-001", {}),
    "RolloutRestart": (WEB, "HF-WRK-010", {"stamp": STAMP}),
    "RolloutUndo": (WEB, "HF-WRK-010", {"replica_set": "web-1"}),
    "ScaleWorkload": (WEB, "HF-WRK-090", {"replicas": 3, "now": 2}),
    "Uncordon": (f"Node {NODE}", "HF-NOD-005", {}),
}
"""What is asked for of each kind: the target, the fact, and the parameters."""


def a_shop() -> SimulatedCluster:
    """The broken shop."""
    cluster = fenced(SimulatedCluster())
    now = cluster.clock.now()
    cluster.create(manifest("v1", "Namespace", "shop", namespace=None))
    web = cluster.create(deployment("web", "web:2", 2))
    status = {"replicas": 2, "readyReplicas": 1, "availableReplicas": 1, "observedGeneration": 1}
    cluster.update_status({**web, "status": status})
    for number, well in (("1", True), ("2", False)):
        made = replica_set(web, number, f"web:{number}", 1)
        made["metadata"]["annotations"] = {"deployment.kubernetes.io/revision": number}
        made = cluster.create(made)
        pod = cluster.create(pod_of(made, f"web-{number}-a", f"web:{number}"))
        ill = waiting_status(pod, now, "CreateContainerError", "the runtime says no")
        cluster.update_status({**pod, "status": running_status(pod, now) if well else ill})
    _more(cluster, now)
    go_wrong(cluster)
    return cluster


def _more(cluster: SimulatedCluster, now: datetime) -> None:
    cron = cluster.create(
        manifest("batch/v1", "CronJob", "nightly", spec={"schedule": "0 3 * * *"})
    )
    metadata = {"ownerReferences": [owner(cron)]}
    job = cluster.create(
        manifest("batch/v1", "Job", "nightly-1", metadata=metadata, spec={"template": {}})
    )
    failed = condition("Failed", "True", now, "BackoffLimitExceeded", "it failed too often")
    cluster.update_status({**job, "status": {"failed": 7, "conditions": [failed]}})
    quota = cluster.create(manifest("v1", "ResourceQuota", "few", spec={"hard": {"pods": "2"}}))
    used = {"hard": {"pods": "2"}, "used": {"pods": "2"}}
    cluster.update_status({**quota, "status": used})
    hold(cluster, "web", now)


def hold(cluster: SimulatedCluster, name: str, now: datetime) -> None:
    """A budget that lets none of its two pods go."""
    spec = {"minAvailable": 2, "selector": {"matchLabels": {"app": name}}}
    budget = cluster.create(manifest("policy/v1", "PodDisruptionBudget", name, spec=spec))
    counts = {
        "expectedPods": 2,
        "currentHealthy": 2,
        "desiredHealthy": 2,
        "disruptionsAllowed": 0,
        "observedGeneration": 1,
        "conditions": [condition("DisruptionAllowed", "False", now, "InsufficientPods", "")],
    }
    cluster.update_status({**budget, "status": counts})


PLURALS = {
    "Deployment": "deployments.apps",
    "ReplicaSet": "replicasets.apps",
    "Pod": "pods",
    "Job": "jobs.batch",
    "ResourceQuota": "resourcequotas",
    "CertificateRequest": "certificaterequests.cert-manager.io",
    "Order": "orders.acme.cert-manager.io",
    "Node": "nodes",
}


@dataclass
class Stage:
    """Everything, and what a test does with it."""

    cluster: SimulatedCluster
    server: SimulatedServer
    store: StoreInMemory
    hands: Hands
    rules: Rules = RULES
    changed: dict[str, object] = field(default_factory=dict)  # another side of the leash
    log: Heard = field(default_factory=Heard)
    dice: Counted = field(default_factory=Counted)
    letters: int = 0

    def __post_init__(self) -> None:
        self.leases = SimulatedLeases(self.server, self.as_token)
        made = phases(self.leash)
        self.engine = EngineInMemory(self.store, self.cluster.clock, made, QUEUES, types=TYPES)

    def as_token(self, token: str) -> KubernetesHands:
        connection = Connection(name="lease", server=self.server.url, showing=Token(value=token))
        return KubernetesHands(connection, clock=self.cluster.clock)

    def leash(self) -> Leash:
        leash = a_leash(
            store=self.store,
            cluster=self.cluster,
            hands=self.hands,
            clock=self.cluster.clock,
            engine=self.engine,
            leases=self.leases,
            fences=SimulatedFences(self.cluster),
        )
        return told(leash, rules=lambda: self.rules, log=self.log, dice=self.dice, **self.changed)

    def document(self, named: str) -> Document:
        kind, name = named.split()
        return Document(value=self.cluster.fetch(PLURALS[kind], name, namespace="shop"))

    def body(self, kind: str, **changed: Any) -> dict[str, Any]:
        """The body of a letter that asks for that kind where it is good for something."""
        target, code, params = ASKED[kind]
        if "replica_set" in params:
            uid = self.document(f"ReplicaSet {params['replica_set']}").ref.uid
            params = {**params, "uid": uid}
        ref = self.document(target).ref
        meant = {name: getattr(ref, name) for name in ref.__struct_fields__}
        body: dict[str, Any] = {
            "trouble": "trb_1",
            "code": code,
            "target": {**meant, **changed.pop("target", {})},
            "action": kind,
            "params": params,
            "requester": "cli:sam",
        }
        return {**body, **changed}

    async def asked(self, body: Mapping[str, Plain], kind: str = PROPOSE) -> str:
        """Put the letter there, and let the keeper hear it: the outcome."""
        self.letters += 1
        at = self.cluster.clock.now()
        letter = Letter(id=f"ltr_{self.letters}", kind=kind, sender="cli:sam", body=body, at=at)
        with self.store.transaction() as tx:
            tx.letters.put(letter)
        inbox = Inbox(
            store=self.store,
            clock=self.cluster.clock,
            dice=self.dice,
            hearings=hearings(self.leash),
        )
        ended = asyncio.Event()
        answering = asyncio.create_task(answer_on(inbox, ended, self.log))
        try:
            return await self.until(lambda: self._outcome(letter.id))
        finally:
            ended.set()
            await answering

    async def proposed(self, kind: str, **changed: Any) -> Case:
        """The whole way: asked, previewed, and the case that came of it."""
        outcome = await self.asked(self.body(kind, **changed))
        id_ = proposal_named(outcome)
        assert id_, self.why()
        return await self.previewed(id_)

    async def previewed(self, id_: str) -> Case:
        async with self.engine.running():
            await self.until(lambda: self._ended(f"preview/{id_}"))
        found = self.case(id_)
        with self.store.reading() as tx:
            assert found is not None, self.engine.status(tx, f"preview/{id_}")
        return found

    async def revoked(self, id_: str, leases: int = 1) -> None:
        """Until so many leases of a proposal are over; the clock moves meanwhile."""

        def over() -> bool | None:
            self.cluster.clock.advance(timedelta(seconds=1))
            told = [each for each in self.drafts("revoke") if id_ in each.subjects]
            return True if len(told) >= leases else None

        async with self.engine.running():
            await self.until(over)

    async def until[T](self, look: Callable[[], T | None]) -> T:
        async with asyncio.timeout(15):
            while (found := look()) is None:
                await asyncio.sleep(0.002)
        return found

    def _outcome(self, id_: str) -> str | None:
        with self.store.reading() as tx:
            return tx.letters.outcome(id_)

    def _ended(self, run: str) -> bool | None:
        with self.store.reading() as tx:
            status = self.engine.status(tx, run)
        return True if status is not None and status.state.ended else None

    def case(self, id_: str) -> Case | None:
        with self.store.reading() as tx:
            return tx.cases.case(id_)

    def cases(self) -> Sequence[Case]:
        with self.store.reading() as tx:
            return tx.cases.newest(99)

    def drafts(self, kind: str) -> Sequence[Draft]:
        with self.store.reading() as tx:
            return [each for each in tx.records.waiting(999) if each.kind == kind]

    def why(self) -> str:
        """Why the last letter was refused."""
        return str(self.drafts("letter_refused")[-1].details["because"])

    def writes(self) -> Sequence[str]:
        """What was asked of the cluster by leases, and was no dry run."""
        return [
            f"{each.verb} {each.resource}"
            for each in self.cluster.audit
            if ":holdfast-leases:" in each.user
            and each.verb not in ("get", "list", "watch")
            and not each.dry_run
        ]


def card_of(case: Case) -> Card:
    return msgspec.json.decode(case.card, type=Card)


def proposal(case: Case) -> Proposal:
    return plan_of(case).first


@asynccontextmanager
async def a_stage(
    cluster: SimulatedCluster | None = None, *, record_of: str = "", **how: Any
) -> AsyncIterator[Stage]:
    """A stage for one test, whose chain has begun."""
    cluster = cluster or a_shop()
    uid = (await cluster.identity()).uid
    store = StoreInMemory(record_of or uid)
    a_sealer(store).record([Draft(id="begin", kind="remark", actor="cli")])
    async with SimulatedServer(cluster) as server:
        token = server.admit(cluster.user.name)
        connection = Connection(name="keeper", server=server.url, showing=Token(value=token))
        async with KubernetesHands(connection, clock=cluster.clock) as hands:
            yield Stage(cluster, server, store, hands, **how)


def a_webhook_without_dry_runs(cluster: SimulatedCluster, name: str) -> None:
    """Whatever is tried there as a dry run, and not by an administrator, is refused as 400."""

    def refuses(change: Change) -> str:
        if change.dry:
            says = f'admission webhook "{name}" does not support dry run'
            raise StatusError(400, "BadRequest", says)
        return ""

    cluster.server.fences.insert(0, refuses)
