"""A keeper of a suite's own, and what the suite's people hand in to it.

Two of them have to say yes. What there is to be done is one deletion: of a quota that is used up,
which an API server can hold without any controller. Keys and signatures are made here.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from holdfast.approvals import thaws
from holdfast.approvals.statements import NAMESPACE, Decision, Statement
from holdfast.approvals.thaws import Thaw
from holdfast.conformance.acts import SPECS
from holdfast.conformance.claims import Claims
from holdfast.conformance.ground import NAMESPACES, PACE, PATIENCE, Ground, Raw, read
from holdfast.conformance.papers import Key, armored
from holdfast.errors import NotReady
from holdfast.model import leash, people
from holdfast.model.documents import Document
from holdfast.model.entries import Entry
from holdfast.model.handed import (
    FREEZE,
    PROPOSE,
    THAW,
    WORD,
    Freeze,
    Handed,
    Meant,
    Propose,
    proposal_named,
)
from holdfast.model.kinds import ResourceQuota
from holdfast.model.leash import Leash
from holdfast.model.letters import Letter
from holdfast.model.people import Identities, People, Person
from holdfast.model.proposals import Proposal
from holdfast.model.repairs import ActionClass
from holdfast.model.rules import finding_id
from holdfast.model.switches import FREEZE as FROZEN
from holdfast.ports.probing import Installation, Try
from holdfast.workflow.casebook import plan_of

USED = {"metadata": {"name": "used"}, "template": SPECS["Deployment"]["template"]}
COUNTED = "count/podtemplates"  # there are hardly any, and no controller makes one
USED_UP = "HF-CAP-001"
BRIEFLY = "10s"  # from its proposal until nobody can approve it any more
ANA, BEN, CLEO, DEE, EVE = "ana", "ben", "cleo", "dee", "eve"
GROUPS = {ANA: "oncall", BEN: "oncall", CLEO: "oncall", DEE: "oncall", EVE: "others"}
ANOTHER_OF_ANA, STRANGER = "ana's other", "a stranger's"
REQUESTER = "sam"
ENDED = "every lease of its keeper is ended"
SOON = 0.05  # seconds between two looks for an answer
WHOLE = "See that no other keeper works on this cluster: it would end the leases of this one."


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What is proposed, and its target as it was then."""

    about: Proposal
    there: Raw
    path: str


class Office:
    """The keeper's inbox, the people who hand something in, and their keys."""

    def __init__(self, ground: Ground, keys: Mapping[str, Key], installed: Installation) -> None:
        self.ground = ground
        self.namespace = f"{ground.here}-{ground.dice.randrange(16**4):04x}"
        self._keys = keys
        self._installed = installed

    @classmethod
    @asynccontextmanager
    async def opened(cls, ground: Ground, claims: Claims) -> AsyncIterator["Office"]:
        """With its keeper alive, under a leash by which nothing is open for long.

        A keeper ends every lease that it has not lent: the suite's own are taken back before.
        """
        await ground.take_back(claims)
        keys = {who: Key() for who in (*GROUPS, ANOTHER_OF_ANA, STRANGER)}
        async with ground.bench.installed(_leash(BRIEFLY), _people(keys)) as installed:
            office = cls(ground, keys, installed)
            ground.clears(f"{NAMESPACES}/{office.namespace}")
            await ground.made(NAMESPACES, {"metadata": {"name": office.namespace}})
            await ground.made(f"{NAMESPACES}/{office.namespace}/podtemplates", USED)
            yield office

    def open_for_long(self) -> None:
        """From now on a proposal is open for hours."""
        self._installed.ruled_by(_leash("4h"), _people(self._keys))

    def now(self) -> datetime:
        """By the clock that the keeper goes by."""
        with self._installed.store.reading() as tx:
            return tx.now()

    # targets

    async def quota(self, name: str = "") -> tuple[Raw, str]:
        """One that is used up. Where no controller counts it, that is said here."""
        hard = {"hard": {COUNTED: "1"}}
        _, path = await self.ground.target(ResourceQuota, self.namespace, name, hard)
        counted = {"status": {**hard, "used": {COUNTED: "1"}}}
        return await self.changed(f"{path}/status", counted), path

    async def changed(self, path: str, body: Raw) -> Raw:
        """Somebody else writes into it."""
        asked = Try(method="PATCH", path=path, body=body, content="application/merge-patch+json")
        said = await self.ground.bench.admin.ask(asked)
        if not said.ok:
            raise NotReady(
                f"{path} could not be changed: {said.message}",
                remedy="Use a kubeconfig of an administrator of a cluster for trials.",
            )
        return said.value

    async def touched(self, there: Raw, path: str) -> str:
        """Empty if it is as it was, but for what is counted of it; else what became of it."""
        now = await read(self.ground.bench.admin, path)
        if now is None:
            return "its target is gone"
        return "" if _written(there) == _written(now) else f"its target is {_written(now)}"

    async def still_there(self, every: Iterable[Asked]) -> list[Asked]:
        """Wait until they are gone; those that are not when that takes too long."""
        left = [*every]
        try:
            async with asyncio.timeout(PATIENCE):
                while left := [each for each in left if await self._is_there(each)]:
                    await asyncio.sleep(PACE)
        except TimeoutError:
            pass
        return left

    async def _is_there(self, asked: Asked) -> bool:
        now = await read(self.ground.bench.admin, asked.path)
        return now is not None and now["metadata"]["uid"] == asked.about.target.uid

    async def leases_left(self) -> list[str]:
        """Wait until its keeper has ended what it has lent; what it has not in time."""
        try:
            async with asyncio.timeout(PATIENCE):
                while await self.ground.left():
                    await asyncio.sleep(PACE)
        except TimeoutError:
            pass
        return [each.account for each in await self.ground.left()]

    # letters

    async def asked(self, requester: str = REQUESTER) -> Asked:
        """A proposal about a quota of its own, as soon as people can be asked about it."""
        there, path = await self.quota()
        outcome = await self.answer(self.propose(there, requester))
        if not (id_ := proposal_named(outcome)):
            raise NotReady(f"Nothing could be proposed ({outcome}).", remedy=WHOLE)
        about = await self._until(lambda: self.kept(id_), "tried it out")
        return Asked(about=about, there=there, path=path)

    def propose(self, there: Raw, requester: str = REQUESTER) -> str:
        """Have its deletion proposed; the letter's id."""
        target = Document(value=there).ref
        wanted = Propose(
            trouble=finding_id(target, USED_UP, COUNTED),
            code=USED_UP,
            target=msgspec.convert(msgspec.to_builtins(target), Meant),
            action="DeleteResourceQuota",
            params={},
            requester=f"cli:{requester}",
        )
        return self._put(PROPOSE, wanted)

    def kept(self, id_: str) -> Proposal | None:
        """What is kept of it; None while it is tried out."""
        with self._installed.store.reading() as tx:
            case = tx.cases.case(id_)
        return None if case is None else plan_of(case).first

    def refused_by(self, about: Proposal) -> tuple[str, ...]:
        """Who has refused to act on it, as far as the record has it sealed."""
        with self._installed.store.reading() as tx:
            entries = [msgspec.json.decode(line, type=Entry) for line in tx.records.lines()]
        told: Any = [
            each.details.get("refusals", ()) for each in entries if about.id in each.subjects
        ]
        return tuple(each["by"] for every in told for each in every)

    def signed(
        self, said: Statement, who: str, purpose: str = NAMESPACE, *, over: Statement | None = None
    ) -> Handed:
        """What that key signs, or a signature that it has made over something else."""
        text = (over or said).text()
        signature = armored(self._keys[who].signature(text, purpose))
        return Handed(statement=said.text().decode(), signature=signature)

    def yes(self, about: Proposal, who: str) -> Handed:
        """As `holdfast approve` makes it."""
        return self.signed(statement(about), who)

    async def hand_in(self, *words: Handed) -> list[str]:
        """Hand them in, all at once; what became of each."""
        return [await self.answer(each) for each in [self._put(WORD, word) for word in words]]

    async def freeze(self) -> None:
        """Stop everything."""
        await self.answer(self._put(FREEZE, Freeze(reason="the suite sees whether it stops")))

    async def thaw(self) -> None:
        """Let it go on, by a person's word."""
        said = Thaw(
            v=1,
            cluster=self._installed.store.cluster,
            switch=FROZEN,
            reason="the suite has seen it",
            until=self.now() + timedelta(minutes=30),
            nonce=f"{self.ground.dice.getrandbits(128):032x}",
        )
        signature = armored(self._keys[ANA].signature(said.text(), thaws.NAMESPACE))
        await self.answer(
            self._put(THAW, Handed(statement=said.text().decode(), signature=signature))
        )

    def _put(self, kind: str, body: msgspec.Struct) -> str:
        letter = Letter(
            id=f"ltr_{self.ground.dice.getrandbits(80):020x}",
            kind=kind,
            sender="conformance",
            body=msgspec.to_builtins(body),
            at=self.now(),
        )
        with self._installed.store.transaction() as tx:
            tx.letters.put(letter)
        return letter.id

    async def answer(self, letter: str) -> str:
        """What became of a letter."""

        def outcome() -> str | None:
            with self._installed.store.reading() as tx:
                return tx.letters.outcome(letter)

        return await self._until(outcome, "answered")

    async def _until[T](self, look: Callable[[], T | None], done: str) -> T:
        try:
            async with asyncio.timeout(PATIENCE):
                while (found := look()) is None:
                    await asyncio.sleep(SOON)
        except TimeoutError:
            wrong = f"The suite's keeper has not {done} in {PATIENCE} s."
            raise NotReady(wrong, remedy=WHOLE) from None
        return found


def statement(
    about: Proposal, decision: Decision = Decision.APPROVE, reason: str = ""
) -> Statement:
    """What a person signs who says that of it."""
    return Statement(
        v=1,
        cluster=about.cluster,
        proposal=about.id,
        digest=about.digest,
        step=about.step,
        decision=decision,
        until=about.open_until,
        reason=reason,
    )


def _leash(open_for: str) -> Leash:
    remove = ActionClass.REMOVE
    return Leash(
        api_version=leash.API_VERSION,
        kind=leash.KIND,
        switched_on=("DeleteResourceQuota",),
        approvers={remove: ("oncall",)},
        signed=(remove,),
        two_people=(remove,),
        per_hour={remove: 1000},
        open_for=open_for,
    )


def _people(keys: Mapping[str, Key]) -> People:
    """Ana has two keys, and Dee has left."""
    holds = {who: (who,) for who in GROUPS} | {ANA: (ANA, ANOTHER_OF_ANA)}
    return People(
        api_version=people.API_VERSION,
        kind=people.KIND,
        people=tuple(
            Person(
                id=who,
                groups=(group,),
                identities=Identities(ssh=tuple(keys[each].line for each in holds[who])),
                revoked=datetime(2026, 1, 1, tzinfo=UTC) if who == DEE else None,
            )
            for who, group in GROUPS.items()
        ),
    )


def _written(there: Raw) -> Raw:
    """What of an object people write."""
    names = ("uid", "labels", "annotations", "finalizers", "ownerReferences", "deletionTimestamp")
    metadata = {name: there["metadata"].get(name) for name in names}
    return {"metadata": metadata, "spec": there["spec"]}
