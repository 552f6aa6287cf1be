"""Where attacks run: the broken shop, the whole keeper, people with real keys, and a recorder.

The recorder is the simulated API server's own log of requests and its own store. What the product
says of itself is no witness here.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import msgspec

from holdfast.adapters.kubernetes.connection import Connection, Token
from holdfast.adapters.kubernetes.hands import KubernetesHands
from holdfast.adapters.signers.ed25519 import check
from holdfast.adapters.signers.ssh import check as ssh_check
from holdfast.approvals.statements import NAMESPACE, Decision, Statement
from holdfast.execution import courses
from holdfast.execution.recovering import Timing
from holdfast.execution.states import State
from holdfast.model.cases import Case
from holdfast.model.entries import Draft
from holdfast.model.handed import WORD
from holdfast.model.letters import Letter
from holdfast.model.ordered import CaseOrder
from holdfast.model.people import Identities, People, Person
from holdfast.model.proposals import Proposal
from holdfast.model.runs import Order
from holdfast.ports import Hands
from holdfast.testing.clock import FrozenClock
from holdfast.testing.leases import SimulatedLeases
from holdfast.testing.memory import Kept, StoreInMemory
from holdfast.testing.server import SimulatedServer
from holdfast.testing.simulated import SimulatedCluster
from holdfast.workflow.anchoring import Anchorage, Witness
from holdfast.workflow.casebook import plan_of
from holdfast.workflow.inbox import Inbox, answer_on
from holdfast.workflow.leashed import hearings
from tests.approvals.keygen import public, sign
from tests.audit.chains import a_key
from tests.workflow.executing import LossyHands, Wire, key
from tests.workflow.leashes import people
from tests.workflow.shelves import Shelved
from tests.workflow.stage import Stage, a_shop
from tests.workflow.test_sealing import Keys, a_sealer

HOUR, MINUTE, SECOND = timedelta(hours=1), timedelta(minutes=1), timedelta(seconds=1)
LEASES = "system:serviceaccount:holdfast-leases:"
READING = ("get", "list", "watch")
TIMING = Timing(soak=SECOND, deadline=2 * SECOND, late=10 * SECOND, sealed=10 * SECOND)
WORKLOADS = (
    "deployments.apps",
    "replicasets.apps",
    "pods",
    "jobs.batch",
    "cronjobs.batch",
    "resourcequotas",
)


def person(id_: str, *groups: str, **more: Any) -> Person:
    """Somebody with a key of ssh-keygen's."""
    ssh = more.pop("ssh", (public(key(id_)),))
    identities = Identities(ssh=ssh, **more.pop("identities", {}))
    return Person(id=id_, groups=groups or ("oncall",), identities=identities, **more)


@dataclass
class Arena(Stage):
    """Everything an attacker may bend, and what an independent recorder saw."""

    everybody: People = field(default_factory=lambda: people(person("ana"), person("ben")))
    seals: bool = True
    databases_clock: "Skewed" = field(init=False)
    wire: Wire = field(default_factory=Wire)  # what happens to what leases send
    anchors: dict[str, bytes] = field(default_factory=dict)  # what is kept beside the keeper
    shelf: Shelved = field(default_factory=Shelved)  # and on the cluster
    leases_ask: str = ""  # whoever stands between leases and the API server, if somebody does

    def __post_init__(self) -> None:
        self.changed = {
            "people": lambda: self.everybody,
            "tickets": Keys("tickets"),
            "check": check,
            "ssh_check": ssh_check,
            "timing": TIMING,
            "witness": self.witness().anchored,
            **self.changed,
        }
        super().__post_init__()
        self.leases = SimulatedLeases(self.server, self._over_the_wire)
        self.began = len(self.cluster.audit)
        self.before = self.shop()

    def witness(self) -> Witness:
        """Whoever anchors what is sealed."""
        kept = Anchorage(
            keyring=Keys("audit"),
            public=lambda: [a_key().public],
            check=check,
            notes=lambda: [*self.anchors.values()],
            keep=lambda note, name: self.anchors.update({name: note}),
            shelf=self.shelf,
        )
        return Witness(self.store, kept, self.log)

    def as_token(self, token: str) -> KubernetesHands:
        server = self.leases_ask or self.server.url
        connection = Connection(name="lease", server=server, showing=Token(value=token))
        return KubernetesHands(connection, clock=self.cluster.clock)

    @asynccontextmanager
    async def _over_the_wire(self, token: str) -> AsyncIterator[Hands]:
        async with self.as_token(token) as hands:
            yield LossyHands(hands, self.wire)

    # the recorder

    def shop(self) -> dict[tuple[str, str], Any]:
        """What is there of workloads, as the cluster's store has it; status is the kubelets'."""
        store = self.cluster.server.store
        there = [(kind, pair) for kind in WORKLOADS for pair in store.listing(kind)]
        return {
            (kind, place[2]): {name: it[name] for name in it if name != "status"}
            for kind, (place, it) in there
        }

    def acts(self) -> list[str]:
        """What anybody but the keeper's bookkeeping was let do to the cluster, in its own log."""
        return [
            f"{each.verb} {each.resource} {each.name}".strip()
            for each in self.cluster.audit[self.began :]
            if each.user.startswith(LEASES)
            and each.verb not in READING
            and "reviews" not in each.resource
            and not each.dry_run
            and each.code < 300
        ]

    def untouched(self) -> bool:
        """Nothing was sent that was meant, and everything is as it was."""
        return not self.acts() and self.shop() == self.before

    def settle(self) -> None:
        """What a test has changed in the cluster itself is how it was from here on."""
        self.before = self.shop()

    # what people and programs do

    async def told(self, kind: str, body: Mapping[str, Any], sender: str = "cli:eve") -> str:
        """Put a letter into the inbox and let the keeper hear it."""
        return await self.hears(self.put(kind, body, sender))

    def put(self, kind: str, body: Mapping[str, Any], sender: str = "cli:eve") -> str:
        """A letter in the inbox."""
        self.letters += 1
        at = self.store_now()
        letter = Letter(id=f"let_{self.letters}", kind=kind, sender=sender, body=body, at=at)
        with self.store.transaction() as tx:
            tx.letters.put(letter)
        return letter.id

    async def hears(self, *letters: str) -> str:
        """The outcome of the last of these."""
        inbox = Inbox(
            store=self.store,
            clock=self.cluster.clock,
            dice=self.dice,
            hearings=hearings(self.leash),
        )
        ended = asyncio.Event()
        answering = asyncio.create_task(answer_on(inbox, ended, self.log))
        try:
            for each in letters:
                outcome = await self.until(partial(self._sealing, each))
        finally:
            ended.set()
            await answering
        return outcome.partition(":")[0]

    def _sealing(self, letter: str) -> str | None:
        """What became of it, while what others said before is sealed."""
        self.seal()
        return self._outcome(letter)

    def drafts(self, kind: str) -> Sequence[Any]:
        """All of that kind that there is, sealed or not yet."""
        with self.store.reading() as tx:
            return [*tx.records.of_kind(kind), *super().drafts(kind)]

    def became(self, letter: str) -> str:
        """What became of a letter."""
        return (self._outcome(letter) or "").partition(":")[0]

    def word(self, who: str, about: Proposal, **changed: Any) -> dict[str, str]:
        """What that person signs; a yes, unless told otherwise."""
        namespace, signer = changed.pop("namespace", NAMESPACE), changed.pop("signer", key(who))
        held: dict[str, Any] = {
            "v": 1,
            "cluster": about.cluster,
            "proposal": about.id,
            "digest": about.digest,
            "step": 1,
            "decision": Decision.APPROVE,
            "until": about.open_until,
        }
        held |= changed
        text = Statement(**{**held, "decision": Decision(held["decision"])}).text()
        return {"statement": text.decode(), "signature": sign(signer, text, namespace)}

    async def says(self, who: str, about: Proposal, **changed: Any) -> str:
        """Hand in a signed word, and hear what becomes of it."""
        return await self.told(WORD, self.word(who, about, **changed))

    async def open(self, kind: str = "RolloutRestart", **changed: Any) -> Proposal:
        """A proposal that waits for people."""
        case = await self.proposed(kind, **changed)
        assert case.state == State.PROPOSED.value, case.card
        self.seal()
        return plan_of(case).first

    async def approved(self, kind: str = "RolloutRestart", *who: str, **changed: Any) -> Proposal:
        """One that everybody who is needed has approved; nobody has begun."""
        about = await self.open(kind, **changed)
        said = [await self.says(each, about) for each in who or ("ana",)]
        assert said[-1] == "approved", self.why()
        return about

    # the keeper at work

    async def works(
        self, about: Proposal | None = None, *, meanwhile: Callable[[], object] = lambda: None
    ) -> Case | None:
        """Let the keeper work, with time going by, until nobody has anything to do."""
        async with self.engine.running(), asyncio.timeout(30):
            while not self.idle():
                self.seal()
                meanwhile()
                if self.at_rest():
                    self.cluster.clock.advance(SECOND)
                await asyncio.sleep(0.002)
        return self.case(about.id) if about is not None else None

    async def acted(self, about: Proposal, **how: Any) -> str:
        """Let the keeper work, and say where the proposal is then."""
        case = await self.works(about, **how)
        assert case is not None
        return case.state

    def at_rest(self) -> bool:
        with self.store.reading() as tx:
            return self.engine.at_rest(tx)

    def idle(self) -> bool:
        return all(each.state.ended for each in self.runs())

    def runs(self) -> list[Any]:
        with self.store.reading() as tx:
            assert isinstance(tx.native, Kept)
            return [*tx.native.work.values()]

    def seal(self) -> None:
        with self.store.transaction() as tx:
            waits = tx.records.backlog()
        if waits and self.seals:
            a_sealer(self.store, clock=self.cluster.clock).batch()

    def order(self, phase: str, order: CaseOrder, partition: str = "") -> None:
        """Order a phase by hand."""
        with self.store.transaction() as tx:
            where = partition or ("" if phase in ("look", "sweep", "expire") else "shop")
            meant = Order(id=order.run(phase), phase=phase, argument=order, partition=where)
            self.engine.enqueue(tx, meant)

    # the database in hand

    def forge(self, change: Callable[[Any], object]) -> None:
        """Write rows as only somebody with the whole database could."""
        with self.store.transaction() as tx:
            assert isinstance(tx.native, Kept)
            change(tx.native.casework)

    def backup(self) -> Kept:
        """Everything in the database, as it is now."""
        with self.store.reading() as tx:
            assert isinstance(tx.native, Kept)
            return tx.native

    def restore(self, backup: Kept) -> None:
        """Put that in place of everything; the engine's rows are in no backup."""
        with self.store.transaction() as tx:
            assert isinstance(tx.native, Kept)
            there = backup.copy(writable=True)
            for name in [each.name for each in fields(there)]:
                setattr(tx.native, name, {} if name == "work" else getattr(there, name))

    def rewritten(self, about: Proposal, **changed: Any) -> None:
        """The row of a case with other columns."""

        def write(casework: Any) -> None:
            was = casework.cases[about.id]
            casework.cases[about.id] = msgspec.structs.replace(was, **changed)

        self.forge(write)

    def course(self, about: Proposal) -> courses.Course:
        case = self.case(about.id)
        assert case is not None
        return courses.read(case.course)

    def set_the_databases_clock(self, off: timedelta) -> None:
        """From now on it is off by that against the keeper's."""
        self.databases_clock.off = off

    def store_now(self) -> datetime:
        with self.store.reading() as tx:
            return tx.now()


class Skewed(FrozenClock):
    """A clock that may be set, also back."""

    def __init__(self, of: FrozenClock) -> None:
        super().__init__(of.now())
        self._of = of
        self.off = timedelta()

    def now(self) -> datetime:
        return self._of.now() + self.off


@asynccontextmanager
async def an_arena(cluster: SimulatedCluster | None = None, **how: Any) -> AsyncIterator[Arena]:
    """An arena for one attack, whose chain has begun. The database has a clock of its own."""
    cluster = cluster or a_shop()
    uid = (await cluster.identity()).uid
    clock = Skewed(cluster.clock)
    store = StoreInMemory(uid, clock)
    a_sealer(store).record([Draft(id="begin", kind="remark", actor="cli")])
    async with SimulatedServer(cluster) as server:
        token = server.admit(cluster.user.name)
        connection = Connection(name="keeper", server=server.url, showing=Token(value=token))
        async with KubernetesHands(connection, clock=cluster.clock) as hands:
            arena = Arena(cluster, server, store, hands, **how)
            arena.databases_clock = clock
            yield arena
