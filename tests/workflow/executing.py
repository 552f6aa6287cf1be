"""A keeper that acts, on fakes: a simulated cluster behind fences, a store and an engine in memory.

Time stands still but for what `until` moves it on. Whatever goes over a lease's hands can be lost.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import msgspec

from holdfast.adapters.kubernetes.connection import Connection, Token
from holdfast.adapters.kubernetes.hands import KubernetesHands
from holdfast.adapters.signers.ssh import check as ssh_check
from holdfast.approvals import thaws
from holdfast.approvals.budgets import paid
from holdfast.approvals.statements import NAMESPACE, Decision, Statement
from holdfast.execution import courses
from holdfast.execution.courses import Course
from holdfast.execution.effects import computed
from holdfast.execution.recovering import Timing
from holdfast.execution.states import ENDS, State
from holdfast.model.asks import Assent, Proof, Rules
from holdfast.model.canonical import Plain
from holdfast.model.cases import Case, Word
from holdfast.model.documents import Document
from holdfast.model.entries import Draft
from holdfast.model.merge_patches import as_wanted
from holdfast.model.objects import Ref
from holdfast.model.ordered import ACT, EXECUTE, VERIFY, CaseOrder
from holdfast.model.people import Identities, Person
from holdfast.model.plans import planned
from holdfast.model.proposals import Proposal
from holdfast.model.repairs import Action, Sight
from holdfast.model.runs import Order, Queue, RunState
from holdfast.model.steps import Patch, Step
from holdfast.ports import Hands, How, Outcome, Store, Unclear, Unseen
from holdfast.ports.engine import Phase
from holdfast.testing.clock import FrozenClock
from holdfast.testing.engine import EngineInMemory, Run
from holdfast.testing.leases import SimulatedFences, SimulatedLeases, fenced
from holdfast.testing.manifests import deployment, manifest
from holdfast.testing.memory import Kept, StoreInMemory
from holdfast.testing.server import SimulatedServer
from holdfast.testing.simulated import SimulatedCluster
from holdfast.workflow.acting import act_phase
from holdfast.workflow.asking import BUDGET, STEP, intent_id
from holdfast.workflow.casebook import content_of
from holdfast.workflow.deeds import Answered
from holdfast.workflow.intents import INTENT
from holdfast.workflow.journal import journal_phase
from holdfast.workflow.leash import Leash
from holdfast.workflow.looks import look_again
from holdfast.workflow.orders import accept_restore
from holdfast.workflow.revoking import revoke_phase
from holdfast.workflow.sighting import sight
from holdfast.workflow.sweeping import sweep_phase
from holdfast.workflow.undoing import undo_phase
from holdfast.workflow.verifying import look_phase
from holdfast.workflow.yeses import APPROVAL
from tests.approvals.keygen import make_key, public, sign
from tests.workflow.leashes import a_leash, as_proposed, people, told
from tests.workflow.notes_of_a_log import Heard
from tests.workflow.test_sealing import a_sealer

HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)
TYPES = (Answered,)
QUEUES = (
    Queue(name=EXECUTE, in_each_partition=1, look=timedelta(seconds=0.1)),
    Queue(name=VERIFY, look=timedelta(seconds=0.1)),
)
CODE = "HF-WRK-020"
_KEYS: dict[str, Path] = {}
_SIGNED: dict[tuple[str, bytes], str] = {}


def key(who: str = "ana") -> Path:
    """That person's, made once: nobody here is asked about keys."""
    if who not in _KEYS:
        _KEYS[who] = make_key(Path(mkdtemp(prefix=f"holdfast-{who}-")), "ed25519")
    return _KEYS[who]


@dataclass
class Wire:
    """What happens to requests that are meant, on their way: each plan once."""

    plans: list[str] = field(default_factory=list)  # "lose the answer", "lose the request", ...
    sent: list[Step] = field(default_factory=list)  # all that reached the server
    before: Callable[[Step, How], None] = lambda _, __: None
    after: Callable[[], object] = lambda: None
    rehearsal: Callable[[Outcome], Outcome] = lambda outcome: outcome


class LossyHands:
    """`Hands` over a wire."""

    def __init__(self, hands: Hands, wire: Wire) -> None:
        self._hands = hands
        self._wire = wire

    async def read(self, ref: Ref) -> Document | Unseen:
        return await self._hands.read(ref)

    async def send(self, step: Step, fresh: Document | None, how: How) -> Outcome:
        self._wire.before(step, how)
        if how is not How.ACT:
            return self._wire.rehearsal(await self._hands.send(step, fresh, how))
        plan = self._wire.plans.pop(0) if self._wire.plans else ""
        if plan == "lose the request":
            return Unclear(why="the connection was cut")
        self._wire.sent.append(step)
        outcome = await self._hands.send(step, fresh, how)
        self._wire.after()
        return Unclear(why="the connection was cut") if plan == "lose the answer" else outcome


@dataclass
class Stage:
    """One keeper, one Deployment, and what is done about it."""

    cluster: SimulatedCluster
    server: SimulatedServer
    leases: SimulatedLeases
    store: Store
    wire: Wire
    engine: EngineInMemory
    held: list[Leash]
    proposed: int = 0

    @property
    def leash(self) -> Leash:
        """As it is now: tests change it."""
        return self.held[0]

    @property
    def clock(self) -> FrozenClock:
        return self.cluster.clock

    def document(self, resource: str = "deployments.apps", name: str = "web") -> Document:
        return Document(value=self.cluster.fetch(resource, name, namespace="shop"))

    async def sees(self, action: Action, target: Ref) -> Sight:
        seen = await sight(self.cluster, self.leash.hands, action, target)
        assert isinstance(seen, Sight), seen
        return seen

    async def proposal(self, action: Action, target: Ref, code: str = CODE) -> Proposal:
        """What the preview would have made of it."""
        seen = await self.sees(action, target)
        self.proposed += 1
        return proposal_of(
            seen, action, f"prp_{self.proposed}", self.store.cluster, self.clock.now(), code
        )

    async def approved(
        self,
        action: Action,
        target: Ref | None = None,
        *,
        sealed: bool = True,
        by: tuple[str, ...] = ("ana",),
        **more: Any,
    ) -> CaseOrder:
        """It is approved by Ana, paid for, its intent sealed, and the act ordered."""
        about = await self.proposal(action, target or self.document().ref, **more)
        order = CaseOrder(proposal=about.id, step=1, generation=1)
        with self.store.transaction() as tx:
            tx.cases.put(a_case(about, self.clock.now()))
            for who in by:
                tx.words.add(a_word(about, self.clock.now(), who))
                tx.once.spend(BUDGET, paid(about.id, 1, who), who, self.clock.now())
        self.sealer.record(as_proposed(planned([about])))
        self.sealer.record([as_heard(a_word(about, self.clock.now(), who)) for who in by])
        if sealed:
            self.seal(about)
        self.order_act(order)
        return order

    def order_act(self, order: CaseOrder) -> None:
        with self.store.transaction() as tx:
            ordered = Order(id=order.run(ACT), phase=ACT, argument=order, partition="shop")
            self.engine.enqueue(tx, ordered)

    def forge(self, case: Case) -> None:
        """Write over the row, as only somebody with the database in hand could."""
        with self.store.transaction() as tx:
            assert isinstance(tx.native, Kept)
            tx.native.casework.cases[case.id] = case

    def seal(self, about: Proposal) -> None:
        details, ticket = intended(about), f"tkt_{about.id}"
        with self.store.transaction() as tx:
            tx.once.spend(STEP, f"{about.id}/1/1", ticket, self.clock.now())
        self.sealer.record(
            [
                Draft(
                    id=intent_id(ticket),
                    kind=INTENT,
                    actor="keeper",
                    subjects=(about.id,),
                    details=details,
                )
            ]
        )

    @property
    def sealer(self) -> Any:
        return a_sealer(self.store, clock=self.clock)

    def case(self, order: CaseOrder) -> Case:
        with self.store.reading() as tx:
            case = tx.cases.case(order.proposal)
        assert case is not None
        return case

    def course(self, order: CaseOrder) -> Course:
        return courses.read(self.case(order).course)

    def entries(self, kind: str) -> list[dict[str, Any]]:
        """The details of all entries of that kind."""
        with self.store.reading() as tx:
            waiting = [each for each in tx.records.waiting(10_000) if each.kind == kind]
            sealed = list(tx.records.of_kind(kind))
        told = [each.details for each in sealed] + [dict(each.details) for each in waiting]
        return [dict(msgspec.to_builtins(each)) for each in told]

    async def until(
        self,
        order: CaseOrder,
        *states: State,
        pace: timedelta = SECOND,
        meanwhile: Callable[[], None] = lambda: None,
        idle: bool = True,
        since: datetime | None = None,
    ) -> Case:
        """Work on, moving the clock, until the case is there and its lease is taken back."""
        async with self.engine.running(), asyncio.timeout(30):
            while True:
                self.seal_all()
                meanwhile()
                case, course = self.case(order), self.course(order)
                there = State(case.state) in states
                held = idle and bool(course.act.lease or course.undo.lease)
                if there and not held and (since is None or self.clock.now() >= since):
                    return case
                assert not self.failed(), self.failed()
                ended = State(case.state) in ENDS and not course.act.lease
                assert there or not ended, (case.state, course.says)
                if self.at_rest():
                    self.clock.advance(min(max(self.waits(), pace), HOUR))
                await asyncio.sleep(0.004)

    def runs(self) -> list[Run]:
        with self.store.reading() as tx:
            assert isinstance(tx.native, Kept)
            return [each for each in tx.native.work.values() if isinstance(each, Run)]

    def ended(self, run: str) -> bool:
        return any(each.order.id == run and each.state.ended for each in self.runs())

    async def clock_moves(self) -> None:
        """A little while in which others work."""
        if self.at_rest():
            self.clock.advance(SECOND)
        await asyncio.sleep(0.004)

    async def quiet(self, phase: str) -> None:
        """Until no run of that phase is under way."""
        async with self.engine.running(), asyncio.timeout(30):
            while any(r.order.phase == phase and not r.state.ended for r in self.runs()):
                await self.clock_moves()

    def lose_runs(self, phase: str) -> None:
        """As if the engine had given up every run of that phase."""
        with self.store.transaction() as tx:
            for each in self.runs():
                if each.order.phase == phase:
                    self.engine.cancel(tx, each.order.id)

    def forget_runs(self) -> None:
        """As in a database that was restored: the engine's rows are in no backup."""
        with self.store.transaction() as tx:
            assert isinstance(tx.native, Kept)
            tx.native.work.clear()

    def waits(self) -> timedelta:
        """How long it is until somebody has something to do."""
        waiting = [each for each in self.runs() if each.state is RunState.WAITING]
        due = [each.ordered + each.order.delay for each in waiting]
        return min(due, default=self.clock.now()) - self.clock.now()

    def at_rest(self) -> bool:
        with self.store.reading() as tx:
            return self.engine.at_rest(tx)

    def failed(self) -> list[tuple[str, str]]:
        return [(each.order.id, each.failure) for each in self.runs() if each.failure]

    def complaints(self, event: str) -> int:
        """How often the log told of that."""
        log = self.leash.log
        assert isinstance(log, Heard)
        return log.events.count(event)

    def seal_all(self) -> None:
        with self.store.transaction() as tx:
            waits = tx.records.backlog()
        if waits:
            self.sealer.batch()

    def heal(self) -> None:
        """What the controllers would do: the rollout of what is asked for is through."""
        now = self.cluster.fetch("deployments.apps", "web", namespace="shop")
        wanted = now["spec"]["replicas"]
        status = {
            "observedGeneration": now["metadata"]["generation"],
            "replicas": wanted,
            "updatedReplicas": wanted,
            "readyReplicas": wanted,
            "availableReplicas": wanted,
        }
        self.cluster.update_status({**now, "status": status})


def proposal_of(
    seen: Sight, action: Action, id_: str, cluster: str, now: datetime, code: str = CODE
) -> Proposal:
    """What a preview would have made of it, where nobody adds to it."""
    steps = action.steps(seen)
    after = as_wanted(steps[0].sets, seen.document) if isinstance(steps[0], Patch) else None
    return Proposal(
        id=id_,
        cluster=cluster,
        trouble="fnd_1",
        code=code,
        found_on=seen.document.ref.uid,
        action=action,
        target=seen.document.ref,
        read_hash=seen.document.read_hash(type(action).kind.reads),
        steps=steps,
        undo=action.undo(seen),
        effect=computed(steps[0], seen.document, after) or (),
        risk=type(action).kind.risk,
        policy="policy-1",
        requester="cli:sam",
        proposed=now,
        open_until=now + 4 * HOUR,
    )


def intended(about: Proposal, **more: Plain) -> dict[str, Plain]:
    """What an intent says of what is to be done."""
    said: dict[str, Plain] = {"proposal": about.id, "step": about.step, "generation": 1}
    return {**said, "digest": about.digest, **more}


def a_case(about: Proposal, now: datetime) -> Case:
    """One that was approved just now."""
    return Case(
        id=about.id,
        state=State.APPROVED.value,
        digest=about.digest,
        namespace=about.target.namespace,
        target=about.target.uid,
        of_class=type(about.action).kind.of_class.value,
        content=content_of(planned([about])),
        card="{}",
        course="",
        proposed=about.proposed,
        changed=now,
        open_until=about.open_until,
    )


def a_thaw(
    cluster: str, until: datetime, who: str = "ana", namespace: str = thaws.NAMESPACE, **how: Any
) -> dict[str, str]:
    """What is handed in to switch everything on again, signed by a key of that person's."""
    said = {"switch": "freeze", "reason": "it is over", "nonce": "0" * 32, **how}
    text = thaws.Thaw(v=1, cluster=cluster, until=until, **said).text()
    return {"statement": text.decode(), "signature": sign(key(who), text, namespace)}


def a_word(about: Proposal, now: datetime, who: str = "ana") -> Word:
    """Somebody's yes, signed by a key of his own."""
    said = Statement(
        v=1,
        cluster=about.cluster,
        proposal=about.id,
        digest=about.digest,
        step=1,
        decision=Decision.APPROVE,
        until=about.open_until,
    )
    text = said.text()
    if (who, text) not in _SIGNED:
        _SIGNED[who, text] = sign(key(who), text, NAMESPACE)
    assent = Assent(
        person=who,
        groups=frozenset({"oncall"}),
        proof=Proof.SSH,
        digest=about.digest,
        at=now,
        until=about.open_until,
    )
    return Word(
        proposal=about.id,
        step=1,
        person=who,
        statement=text.decode(),
        signature=_SIGNED[who, text],
        assent=msgspec.json.encode(assent).decode(),
        at=now,
    )


def as_heard(word: Word) -> Draft:
    """What the record says of such a yes."""
    said = msgspec.json.decode(word.statement)
    details = {
        "proposal": word.proposal,
        "step": word.step,
        "digest": said["digest"],
        "person": word.person,
        "statement": word.statement,
        "signature": word.signature,
    }
    return Draft(
        id=f"ent_yes_{word.proposal}_{word.step}_{word.person}",
        kind=APPROVAL,
        actor=word.person,
        subjects=(word.proposal,),
        details=details,
    )


def changed(stage: Stage, **what: Any) -> None:
    """From now on the keeper's leash has that instead."""
    stage.held[0] = replace(stage.held[0], **what)


def the_phases(held: Callable[[], Leash]) -> list[Phase]:
    made = (act_phase, look_phase, undo_phase, revoke_phase, sweep_phase, journal_phase)
    return [each(held) for each in made]


@asynccontextmanager
async def a_stage(
    *, rules: Rules | None = None, store: Store | None = None, **timing: timedelta
) -> AsyncIterator[Stage]:
    """A stage with one Deployment of two pods that are not ready."""
    cluster = fenced(SimulatedCluster())
    cluster.create(manifest("v1", "Namespace", "shop", namespace=None))
    cluster.create(deployment("web", "web:2", 2))
    ana, ben = (
        Person(id=who, groups=("oncall",), identities=Identities(ssh=(public(key(who)),)))
        for who in ("ana", "ben")
    )
    uid = (await cluster.identity()).uid
    kept = store or StoreInMemory(uid, cluster.clock)
    wire = Wire()
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(SimulatedServer(cluster))

        def hands_of(token: str) -> KubernetesHands:
            connection = Connection(name="x", server=server.url, showing=Token(value=token))
            return KubernetesHands(connection, clock=cluster.clock)

        @asynccontextmanager
        async def lossy(token: str) -> AsyncIterator[Hands]:
            async with hands_of(token) as hands:
                yield LossyHands(hands, wire)

        own = await stack.enter_async_context(hands_of(server.admit(cluster.user.name)))
        leases = SimulatedLeases(server, lossy)
        leash = replace(
            told(a_leash(store=kept, cluster=cluster, hands=own, clock=cluster.clock)),
            leases=leases,
            fences=SimulatedFences(cluster),
            people=lambda: people(ana, ben),
            rules=lambda: rules or Rules(),
            ssh_check=ssh_check,
            timing=Timing(**timing),
        )
        a_sealer(kept, clock=cluster.clock).record([Draft(id="begin", kind="remark", actor="x")])
        held: list[Leash] = []
        engine = EngineInMemory(
            kept, cluster.clock, the_phases(lambda: held[0]), QUEUES, types=TYPES
        )
        held.append(replace(leash, engine=engine))
        yield Stage(
            cluster=cluster,
            server=server,
            leases=leases,
            store=kept,
            wire=wire,
            engine=engine,
            held=held,
        )


async def applied_and_restored(stage: Stage, action: Action) -> CaseOrder:
    """It was done, then a backup of that moment was accepted, and somebody looks again."""
    order = await stage.approved(action)
    await stage.until(order, State.APPLIED)
    stage.forget_runs()
    stage.clock.advance(SECOND)
    await accept_restore(stage.sealer, [], "the disk died", "ada")
    with stage.store.transaction() as tx:
        look_again(stage.leash, tx, order, 1)
    return order
