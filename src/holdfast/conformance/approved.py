"""The approval suite on a cluster: what nobody approved is not done, and what two people did is.

- Whatever is handed in is one step away from the act: one person has said yes, two are needed, and
  it is no second yes. It is judged by the cluster alone: the target is as it was.
- It is looked at once more when something that was approved later has been done in the same
  namespace, where one thing is done after the other: whatever the answer was, the act would have
  come before.
- Then a person says yes as people do, several times over, and it is done; and once only: made again
  under its name, and all of it handed in again, it stays.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

import msgspec

from holdfast.approvals import thaws
from holdfast.approvals.statements import Decision
from holdfast.conformance.claims import Claims
from holdfast.conformance.ground import PACE, Ground
from holdfast.conformance.office import (
    ANA,
    ANOTHER_OF_ANA,
    BEN,
    CLEO,
    DEE,
    ENDED,
    EVE,
    REQUESTER,
    STRANGER,
    Asked,
    Office,
    statement,
)
from holdfast.conformance.papers import as_text, flips
from holdfast.model.handed import Handed
from holdfast.model.proposals import Proposal

DONE = "what two people approved is done"
LATER = "nothing of that is done later"
ONCE = "what was done is not done once more"
MOST = 500  # flipped bits: each is a letter that a keeper answers and records
TIMES = 3  # that the same word is handed in


@dataclass(frozen=True, kw_only=True)
class Forger:
    """Somebody who wants a second yes to `about` to be counted, and what there is besides."""

    office: Office
    about: Proposal
    other: Proposal
    number: int


type Forge = Callable[[Forger], Sequence[Handed]]


def _nothing(_: Forger) -> Sequence[Handed]:
    return ()


def _flipped(of: Forger) -> Sequence[Handed]:
    """A bit of what was signed, or of the signature."""
    honest = of.office.yes(of.about, BEN)
    texts = [
        msgspec.structs.replace(honest, **{name: as_text(flip)})
        for name in ("statement", "signature")
        for flip in flips(getattr(honest, name).encode())
    ]
    return of.office.ground.dice.sample(texts, min(of.number, MOST, len(texts)))


def _signed_by(*keys: str) -> Forge:
    return lambda of: [of.office.yes(of.about, who) for who in keys]


def _for(*purposes: str) -> Forge:
    return lambda of: [of.office.signed(statement(of.about), BEN, each) for each in purposes]


def _over_another(of: Forger) -> Sequence[Handed]:
    """His yes to something else, and his no to this."""
    no = statement(of.about, Decision.REJECT, "it must stay")
    return [
        of.office.signed(statement(of.about), BEN, over=each) for each in (statement(of.other), no)
    ]


def _says(**changed: object) -> Forge:
    """Signed by himself, and about something that it is not."""

    def forge(of: Forger) -> Sequence[Handed]:
        said = msgspec.structs.replace(statement(of.about), **changed)
        return [of.office.signed(said, BEN)]

    return forge


def _of_another(of: Forger) -> Sequence[Handed]:
    said = msgspec.structs.replace(statement(of.about), digest=of.other.digest)
    return [of.office.signed(said, BEN)]


def _at_another_time(of: Forger) -> Sequence[Handed]:
    said = statement(of.about)
    others = [said.until + timedelta(milliseconds=each) for each in (-1, 1, 3_600_000)]
    return [of.office.signed(msgspec.structs.replace(said, until=until), BEN) for until in others]


FORGED: Mapping[str, Forge] = {
    "one yes alone": _nothing,
    "a flipped bit": _flipped,
    "an unknown key": _signed_by(STRANGER),
    "a revoked person": _signed_by(DEE),
    "somebody of another group": _signed_by(EVE),
    "the same person again": _signed_by(ANA, ANA),
    "the same person by another key": _signed_by(ANOTHER_OF_ANA),
    "a signature for another purpose": _for(thaws.NAMESPACE, "file", ""),
    "a signature over something else": _over_another,
    "another cluster": _says(cluster="11111111-1111-4111-8111-111111111111"),
    "another digest": _of_another,
    "another step": _says(step=2),
    "another time than it is open": _at_another_time,
}


async def approval(ground: Ground, number: int, claims: Claims) -> None:
    """Whoever can write into the keeper's inbox."""
    async with Office.opened(ground, claims) as office:
        late = await office.asked()
        office.open_for_long()
        common, own, rejected, later, last = [
            await office.asked(who) for who in (REQUESTER, BEN, *[REQUESTER] * 3)
        ]
        suite = _Suite(office, claims)
        for each in (common, own, rejected):
            await office.hand_in(office.yes(each.about, ANA))

        for name, forge in FORGED.items():
            forger = Forger(office=office, about=common.about, other=own.about, number=number)
            await suite.refused(name, common, *forge(forger))
        await suite.refused("the requester's own yes", own, office.yes(own.about, BEN))
        no = statement(rejected.about, Decision.REJECT, "it must stay")
        await office.hand_in(office.signed(no, BEN))
        await suite.refused("after a no", rejected, *suite.yes(rejected, BEN, CLEO))
        await office.freeze()
        await suite.refused("frozen", common, *suite.yes(common, CLEO))
        await office.thaw()
        while office.now() < late.about.open_until:
            await asyncio.sleep(PACE)
        await suite.refused("after its time", late, *suite.yes(late, ANA, CLEO))

        await suite.done(later)
        for each in (common, own, rejected, late):
            claims.add(LATER, await office.touched(each.there, each.path))
        await suite.done(common, own)
        again = [await office.quota(each.about.target.name) for each in (common, own)]
        for each in (common, own, rejected):
            await office.hand_in(*suite.yes(each, ANA, CLEO))
        await suite.done(last)
        for there, path in again:
            claims.add(ONCE, await office.touched(there, path))
        claims.add(ENDED, ", ".join(await office.leases_left()))


class _Suite:
    """What is handed in, and what the cluster is like then."""

    def __init__(self, office: Office, claims: Claims) -> None:
        self._office = office
        self._claims = claims

    def yes(self, asked: Asked, *people: str) -> list[Handed]:
        """Theirs."""
        return [self._office.yes(asked.about, who) for who in people]

    async def refused(self, name: str, asked: Asked, *words: Handed) -> None:
        """The target is as it was when all of these are answered."""
        await self._office.hand_in(*words)
        said = await self._office.touched(asked.there, asked.path)
        self._claims.add(name, said, max(1, len(words)))

    async def done(self, *every: Asked) -> None:
        """Two people say yes, one of them several times over, and it is done."""
        for each in every:
            await self._office.hand_in(*self.yes(each, ANA, *[CLEO] * TIMES))
        left = await self._office.still_there(every)
        for each in every:
            self._claims.add(DONE, f"{each.path} is still there" if each in left else "")
