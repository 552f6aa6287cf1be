"""A keeper's leash for tests of what it decides: a cluster, people with real keys, and a clock."""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import msgspec

from holdfast.actions.delete_resource_quota import DeleteResourceQuota
from holdfast.actions.rollout_restart import STAMP, RolloutRestart
from holdfast.actions.scale_workload import REPLICAS, ScaleWorkload
from holdfast.adapters.signers.ed25519 import check
from holdfast.adapters.signers.ssh import check as ssh_check
from holdfast.approvals.statements import NAMESPACE, Decision, Statement
from holdfast.execution import courses
from holdfast.execution.courses import Course
from holdfast.execution.recovering import Timing, Watched
from holdfast.execution.states import State
from holdfast.model.asks import Rules
from holdfast.model.cases import Case
from holdfast.model.documents import Document
from holdfast.model.entries import Draft, Entry
from holdfast.model.letters import Letter
from holdfast.model.objects import Ref
from holdfast.model.operator import OperatorAnswer, OperatorQuestion
from holdfast.model.ordered import ACT, EXECUTE, UNDO, VERIFY, CaseOrder
from holdfast.model.paths import Difference
from holdfast.model.people import API_VERSION, KIND, Identities, People, Person
from holdfast.model.plans import Plan, planned
from holdfast.model.proposals import Proposal
from holdfast.model.repairs import Action, Sight
from holdfast.model.runs import Queue
from holdfast.model.snapshot import State as Seen
from holdfast.ports import Clock, Dice, Hands, How, Outcome, Store, Unclear, Unseen
from holdfast.ports.engine import Engine, Phase, phase
from holdfast.testing.builders import a_snapshot
from holdfast.testing.clock import FrozenClock
from holdfast.testing.engine import EngineInMemory, Run
from holdfast.testing.manifests import deployment
from holdfast.testing.memory import Kept
from holdfast.testing.simulated import SimulatedCluster
from holdfast.testing.status import StatusError
from holdfast.workflow.casebook import content_of
from holdfast.workflow.deciding import hear_word
from holdfast.workflow.leash import Leash
from tests.approvals.keygen import make_key, public, sign
from tests.audit.chains import a_key
from tests.model.test_proposals import PROPOSAL
from tests.workflow.leashes import as_proposed, nobody_asks
from tests.workflow.notes_of_a_log import Heard
from tests.workflow.test_sealing import Counted, Keys, a_sealer

RESTART, QUOTA = RolloutRestart(stamp="2026-01-01T12:00:00Z"), DeleteResourceQuota()
SCALE = ScaleWorkload(replicas=2, now=1)
NAMES = ("web", "api", "db", "mail", "cron")
"""What a plan is about, step by step."""
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


class ReadingHands:
    """`Hands` that read a simulated cluster; nobody who decides sends anything."""

    def __init__(self, cluster: SimulatedCluster) -> None:
        self._cluster = cluster

    async def read(self, ref: Ref) -> Document | Unseen:
        plural = {"Deployment": "deployments.apps", "ResourceQuota": "resourcequotas"}[ref.kind]
        try:
            found = self._cluster.fetch(plural, ref.name, namespace=ref.namespace)
        except StatusError as no:
            return Unseen(state=Seen.ABSENT, why=no.message)
        return Document(value=found)

    async def send(self, step: object, fresh: Document | None, how: How) -> Outcome:
        return Unclear(why="these hands only read")


class Permissive:
    """An operator's policy that allows, unless it is told why not."""

    def __init__(self) -> None:
        self.version = "p-1"
        self.because = ""

    def decide(self, question: OperatorQuestion) -> OperatorAnswer:
        return OperatorAnswer(allows=not self.because, because=self.because, policies=("p",))


class Court:
    """Everything that tests change: rules and people are read again for each letter."""

    def __init__(
        self, store: Store, clock: Clock, folder: Path, *, engine: Engine | None = None
    ) -> None:
        self.store = store
        self.clock = clock
        self.folder = folder
        self.cluster = a_cluster(clock)
        self.there = {"web"}
        self.operator = Permissive()
        self.rules = Rules()
        self.keys: dict[str, Path] = {}
        self.people = People(api_version=API_VERSION, kind=KIND, people=())
        self.dice: Dice = Counted()
        self.tickets: tuple[str, ...] = ("tickets",)
        self.log = Heard()
        self.engine = engine or an_engine(store, clock)
        with store.reading() as tx:
            begun = tx.records.tip()
        if begun is None:
            self.sealed(Draft(id="begin", kind="remark", actor="cli"))

    def person(self, id_: str, *groups: str, key: Path | None = None, **more: Any) -> Path:
        """Somebody with a key of ssh-keygen's, in the people file."""
        if key is None:
            place = self.folder / id_
            place.mkdir()
            key = make_key(place, "ed25519")
        self.keys[id_] = key
        known = Person(
            id=id_,
            groups=groups or ("oncall",),
            identities=Identities(ssh=(public(key),), **more.pop("identities", {})),
            **more,
        )
        self.people = msgspec.structs.replace(self.people, people=(*self.people.people, known))
        return key

    def changed(self, id_: str, **more: Any) -> None:
        """The same person with something else in the people file."""
        people = tuple(
            msgspec.structs.replace(each, **more) if each.id == id_ else each
            for each in self.people.people
        )
        self.people = msgspec.structs.replace(self.people, people=people)

    def leash(self, hands: Hands | None = None) -> Leash:
        """The keeper's."""
        nobody: Any = None  # whoever decides neither lends nor compares fences
        return Leash(
            store=self.store,
            engine=self.engine,
            cluster=self.cluster,
            hands=hands or ReadingHands(self.cluster),
            leases=nobody,
            fences=nobody,
            operator=self.operator,
            people=lambda: self.people,
            rules=lambda: self.rules,
            refreshed=nobody_asks,
            tickets=Keys(*self.tickets),
            check=check,
            sealed_by=lambda: [a_key().public],
            ssh_check=ssh_check,
            clock=self.clock,
            dice=self.dice,
            timing=Timing(),
            log=self.log,
            witness=nobody_asks,
        )

    def propose(self, **changed: Any) -> Proposal:
        """What is open for approval: the restart of web, unless told otherwise."""
        return self.plan(changed.pop("action", RESTART), **changed).first

    def plan(self, *actions: Action, **changed: Any) -> Plan:
        """A plan that is open for approval: the first action on web, the next on api, ..."""
        plan = self.kept(*actions, **changed)
        self.sealed(*as_proposed(plan))
        return plan

    def kept(self, *actions: Action, **changed: Any) -> Plan:
        """The same, as its row says; nothing of it is sealed."""
        shared: dict[str, Any] = {"id": f"prp_{self.dice.roll(8).hex()}", **changed}
        plan = planned(
            [
                msgspec.structs.replace(PROPOSAL, **{**self._about(action, name), **shared})
                for action, name in zip(actions, NAMES, strict=False)
            ]
        )
        with self.store.transaction() as tx:
            assert tx.cases.put(case_of(plan))
        return plan

    def sealed(self, *drafts: Draft) -> None:
        """Have the keeper's word for that in the chain."""
        assert a_sealer(self.store, clock=self.clock).record(drafts)

    def seal(self) -> None:
        """Have all that waits in the chain."""
        a_sealer(self.store, clock=self.clock).batch()

    def _about(self, action: Action, name: str) -> dict[str, Any]:
        kind, now = type(action).kind, self.clock.now()
        plural, name = ("resourcequotas", "web") if action == QUOTA else ("deployments.apps", name)
        if name not in self.there:
            self.cluster.create(deployment(name, f"{name}:1", 1))
            self.there.add(name)
        document = Document(value=self.cluster.fetch(plural, name, namespace="shop"))
        seen = Sight(document=document, around=a_snapshot(now=now))
        effects = {
            RESTART: (Difference(path=STAMP, before=None, after=RESTART.stamp),),
            SCALE: (Difference(path=REPLICAS, before=SCALE.now, after=SCALE.replicas),),
            QUOTA: (),
        }
        return {
            "cluster": self.store.cluster,
            "action": action,
            "found_on": document.ref.uid,
            "target": document.ref,
            "read_hash": document.read_hash(kind.reads),
            "steps": action.steps(seen),
            "undo": action.undo(seen),
            "effect": effects[action],
            "risk": kind.risk,
            "requester": "cli:sam",
            "proposed": now,
            "open_until": now + timedelta(hours=4),
        }

    def say(
        self, person: str, about: Proposal, *, namespace: str = NAMESPACE, **changed: Any
    ) -> Letter:
        """A signed word that waits in the inbox; a yes, unless told otherwise."""
        return self.put(self.signed(person, about, namespace=namespace, **changed))

    def signed(
        self, person: str, about: Proposal, *, namespace: str = NAMESPACE, **changed: Any
    ) -> Letter:
        """The same, not handed in yet."""
        held: dict[str, Any] = {
            "v": 1,
            "cluster": about.cluster,
            "proposal": about.id,
            "digest": about.digest,
            "step": about.step,
            "decision": Decision.APPROVE,
            "until": about.open_until,
        }
        text = Statement(**{**held, **changed}).text()
        signature = sign(self.keys[person], text, namespace)
        return self._letter("word", {"statement": text.decode(), "signature": signature})

    async def heard(self, letter: Letter) -> tuple[str, str]:
        """What becomes of it: `approved`, or the layer that refuses, and why."""
        self.seal()
        await hear_word(self.leash(), letter)
        outcome = self.outcome(letter).partition(":")[0]
        _, details = self.recorded(letter)
        return str(details.get("by", outcome)), str(details.get("because", ""))

    async def said(self, person: str, about: Proposal, **changed: Any) -> tuple[str, str]:
        """The same, of a word that is handed in now."""
        return await self.heard(self.say(person, about, **changed))

    def state(self, about: Proposal) -> str:
        with self.store.reading() as tx:
            case = tx.cases.case(about.id)
        assert case is not None
        return case.state

    def in_state(self, about: Proposal, state: str, watched: Watched | None = None) -> None:
        """As if that had become of it."""
        course = courses.written(Course(watched=watched))
        with self.store.transaction() as tx:
            case = tx.cases.case(about.id)
            assert case is not None
            assert tx.cases.move(case, msgspec.structs.replace(case, state=state, course=course))

    def course(self, about: Proposal) -> Course:
        with self.store.reading() as tx:
            case = tx.cases.case(about.id)
        assert case is not None
        return courses.read(case.course)

    def ordered(self, phase: str = ACT) -> list[str]:
        """The proposals that a run of that phase was ordered for."""
        return [each.proposal for each in self.orders(phase)]

    def orders(self, phase: str = ACT) -> list[CaseOrder]:
        """What runs of that phase were ordered for."""
        with self.store.reading() as tx:
            with_work = cast(Kept, tx.native).work.values()
        runs = [each.order for each in with_work if isinstance(each, Run)]
        return [cast(CaseOrder, each.argument) for each in runs if each.phase == phase]

    def letter(self, kind: str, body: Mapping[str, Any], sender: str = "cli:ada") -> Letter:
        """One that waits in the inbox."""
        return self.put(self._letter(kind, body, sender))

    def _letter(self, kind: str, body: Mapping[str, Any], sender: str = "cli:ada") -> Letter:
        id_ = f"ltr_{self.dice.roll(8).hex()}"
        return Letter(id=id_, kind=kind, sender=sender, body=body, at=self.clock.now())

    def put(self, letter: Letter) -> Letter:
        """Hand it in."""
        with self.store.transaction() as tx:
            tx.letters.put(letter)
        return letter

    def outcome(self, letter: Letter) -> str:
        with self.store.reading() as tx:
            return tx.letters.outcome(letter.id) or ""

    def recorded(self, letter: Letter) -> tuple[str, dict[str, Any]]:
        """The kind and the details of the entry that answers a letter."""
        id_ = self.outcome(letter).partition(": ")[2]
        with self.store.reading() as tx:
            waits = [each for each in tx.records.waiting(10_000) if each.id == id_]
            told: list[Draft | Entry] = [*tx.records.entries([id_]), *waits]
        return told[0].kind, dict(msgspec.to_builtins(told[0].details))

    def entries(self, kind: str) -> list[dict[str, Any]]:
        """The details of all of that kind, sealed or not yet."""
        with self.store.reading() as tx:
            waiting = tx.records.waiting(10_000)
            told: list[Draft | Entry] = [*tx.records.of_kind(kind)]
        told += [each for each in waiting if each.kind == kind]
        return [dict(msgspec.to_builtins(each.details)) for each in told]


def case_of(plan: Plan) -> Case:
    """The case of what is open, one thing or several."""
    first = plan.first
    return Case(
        id=plan.id,
        state=State.PROPOSED.value,
        digest=plan.digest,
        namespace=first.target.namespace,
        target=first.target.uid,
        of_class=type(first.action).kind.of_class.value,
        content=content_of(plan),
        card="{}",
        course="",
        proposed=first.proposed,
        changed=first.proposed,
        open_until=first.open_until,
    )


def a_cluster(clock: Clock) -> SimulatedCluster:
    """A Deployment that restarts can be asked for, and a quota that is in the way."""
    cluster = SimulatedCluster(clock=cast(FrozenClock, clock))  # which nobody advances through it
    cluster.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}})
    template = {
        "metadata": {"labels": {"app": "web"}},
        "spec": {"containers": [{"name": "web", "image": "web:1"}]},
    }
    spec = {"replicas": 1, "selector": {"matchLabels": {"app": "web"}}, "template": template}
    metadata = {"name": "web", "namespace": "shop"}
    of_apps = {"apiVersion": "apps/v1", "kind": "Deployment"}
    cluster.create({**of_apps, "metadata": metadata, "spec": spec})
    hard = {"spec": {"hard": {"pods": "1"}}}
    quota = cluster.create(
        {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": metadata, **hard}
    )
    used = {"hard": {"pods": "1"}, "used": {"pods": "1"}}
    cluster.update_status({**quota, "status": used}, namespace="shop")
    return cluster


def an_engine(store: Store, clock: Clock) -> EngineInMemory:
    """One that keeps orders; nobody works at them."""
    return EngineInMemory(store, clock, [idle(ACT), idle(UNDO)], queues())


def idle(name: str) -> Phase:
    """What the keeper orders here, and nobody does."""

    async def wait(_: object, __: CaseOrder) -> None:
        return None

    return phase(name, queue=EXECUTE, takes=CaseOrder)(wait)


def queues() -> list[Queue]:
    """Where that waits."""
    return [Queue(name=EXECUTE, in_each_partition=1), Queue(name=VERIFY)]
