"""The approval suite: tickets and people's signatures count when they must, and never else.

Honest ones among them are accepted; those for another cluster, purpose, proposal or step, by
another key, before or after their time, and with any bit flipped are not. The arithmetic is the
product's own, and is handed in.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from holdfast.approvals import tickets, words
from holdfast.approvals.signed import SignedWord
from holdfast.approvals.statements import Decision, Statement
from holdfast.conformance.asking import a_proposal
from holdfast.conformance.forgeries import (
    FORGERIES,
    HOUR,
    OF_TICKETS,
    OF_WORDS,
    PURPOSE,
    Claims,
    Pool,
)
from holdfast.conformance.papers import Key, armored, as_text, flips
from holdfast.conformance.restated import Case, ticket_counts, word_counts
from holdfast.conformance.scenes import NOW
from holdfast.errors import BadRecord
from holdfast.model.asks import Assent
from holdfast.model.counted import Counted, counted
from holdfast.model.entries import Check
from holdfast.model.people import API_VERSION, KIND, Identities, People, Person
from holdfast.model.plans import planned
from holdfast.model.proposals import Proposal
from holdfast.model.ssh import SshCheck

type Dice = random.Random


@dataclass(frozen=True, slots=True, kw_only=True)
class Checks:
    """The arithmetic of signatures, as the product does it."""

    tickets: Check
    ssh: SshCheck


def approval(seed: int, number: int, checks: Checks) -> Iterator[Counted]:
    """That many tickets, as many signed words, and every bit of one of each flipped."""
    dice = random.Random(seed)  # noqa: S311 - it repeats itself, on purpose
    desk = _Desk(checks)
    for what, tried in (("tickets", desk.ticket), ("words of people", desk.word)):
        wrong, counting = [], 0
        for _ in range(number):
            case, holds, must = tried(dice)
            counting += holds
            if holds != must:
                wrong.append(f"{'accepted' if holds else 'refused'}: {case}")
        if counting * 5 < number:
            wrong.append(f"only {counting} of {number} were honest")
        yield counted(f"approval: {what}", number, wrong, seed)
    yield desk.flipped_tickets()
    yield desk.flipped_words()


class _Desk:
    """Who has which key, and what they are asked about."""

    def __init__(self, checks: Checks) -> None:
        self._checks = checks
        self._keys = {name: Key() for name in ("tickets", "audit", "ana", "mallory")}
        self._ticket_key = self._keys["tickets"].public
        alone = a_proposal("DeletePod")
        plan = planned([alone, a_proposal("DeleteJob"), a_proposal("RolloutRestart")])
        self._about, self._abouts = alone, (alone, *plan.steps)

    def ticket(self, dice: Dice) -> tuple[Case, bool, bool]:
        """A ticket, whether it is accepted, and whether it must be."""
        case: Case = {
            "forged": "",
            "signed_by": "tickets",
            "audience": "keeper@c-1",
            "here": "keeper@c-1",
            "begins": 0,
            "ends": 900,
            "now": dice.choice((0, 1, 450, 898, 899)),
        }
        _twist(case, OF_TICKETS, dice)
        return case, self._opens(self._issued(case), case), ticket_counts(case)

    def word(self, dice: Dice) -> tuple[Case, bool, bool]:
        """A signed word, whether it is accepted as a yes, and whether it must be."""
        about = dice.choice(self._abouts)
        case: Case = {
            "forged": "",
            "signed_by": "ana",
            "purpose": PURPOSE,
            "cluster": about.cluster,
            "proposal": about.id,
            "digest": about.digest,
            "step": about.step,
            "decision": "approve",
            "revoked": None,
            "now": dice.choice((0, 1, HOUR, 2 * HOUR - 1)),
            "until": 4 * HOUR,
            "open_until": 4 * HOUR,
            "of_cluster": about.cluster,
            "of_proposal": about.id,
            "of_digest": about.digest,
            "of_step": about.step,
        }
        others = tuple(each.digest for each in self._abouts if each.digest != about.digest)
        _twist(case, (*OF_WORDS, ("digest", others)), dice)
        said = SignedWord(statement=_statement(case), signature=armored(self._signed(case)))
        return case, self._hears(said, case, about), word_counts(case)

    def flipped_tickets(self) -> Counted:
        """Every bit of one that counts."""
        case: Case = {"forged": "", "signed_by": "tickets", "audience": "a", "here": "a"}
        case |= {"begins": 0, "ends": 900, "now": 1}
        whole = self._issued(case)
        texts = [as_text(it) for it in flips(whole.encode())]
        wrong = [f"bit {n}" for n, it in enumerate(texts) if self._opens(it, case)]
        honest = [] if self._opens(whole, case) else ["the honest one is refused"]
        return counted("approval: flipped bits of a ticket", len(texts), honest + wrong)

    def flipped_words(self) -> Counted:
        """Every bit of a signature that counts, before and after it is armored."""
        case: Case = {"signed_by": "ana", "purpose": PURPOSE, "forged": "", "revoked": None}
        case |= {"now": 1, "until": 4 * HOUR, "of_step": 1, "step": 1, "decision": "approve"}
        about = self._about
        case |= {"cluster": about.cluster, "proposal": about.id, "digest": about.digest}
        blob, said = self._signed(case), _statement(case)
        texts = [armored(it) for it in flips(blob)]
        texts += [as_text(it) for it in flips(armored(blob).encode())]
        heard = [
            self._hears(SignedWord(statement=said, signature=each), case, about)
            for each in (armored(blob), *texts)
        ]
        wrong = [f"bit {n}" for n, holds in enumerate(heard[1:]) if holds]
        honest = [] if heard[0] else ["the honest one is refused"]
        return counted("approval: flipped bits of a signature", len(texts), honest + wrong)

    def _issued(self, case: Case) -> str:
        key = self._keys[case["signed_by"]]
        at = int(NOW.timestamp())
        # Whoever has no key that issues tickets says that he has.
        named = key if case["signed_by"] == "audit" else self._keys["tickets"]
        header: Claims = {"alg": "Ed25519", "kid": named.public.id, "typ": "approval+jwt"}
        claims: Claims = {
            "jti": "tkt_1",
            "aud": case["audience"],
            "iat": at + case["begins"],
            "nbf": at + case["begins"],
            "exp": at + case["ends"],
            "digest": self._about.digest,
            "tier": 1,
            "step": 1,
            "sub": "ana",
        }
        if case["forged"]:
            forge = FORGERIES[case["forged"]]
            header, claims = forge(header, claims)
        return key.ticket(header, claims)

    def _opens(self, ticket: str, case: Case) -> bool:
        now = NOW + timedelta(seconds=case["now"])
        keys = {self._ticket_key.id: self._ticket_key}
        try:
            tickets.read(ticket, keys=keys, check=self._checks.tickets, aud=case["here"], now=now)
        except BadRecord:
            return False
        return True

    def _signed(self, case: Case) -> bytes:
        text = _statement(case)
        if case["forged"]:
            text = text.replace(b'"v":1', b'"v":2')
        return self._keys[case["signed_by"]].signature(text, case["purpose"])

    def _hears(self, said: SignedWord, case: Case, about: Proposal) -> bool:
        revoked = case["revoked"]
        ana = Person(
            id="ana",
            groups=("oncall",),
            identities=Identities(ssh=(self._keys["ana"].line,)),
            revoked=None if revoked is None else NOW + timedelta(seconds=revoked),
        )
        heard = words.heard(
            said,
            about=about,
            step=case["of_step"],
            people=People(api_version=API_VERSION, kind=KIND, people=(ana,)),
            check=self._checks.ssh,
            now=NOW + timedelta(seconds=case["now"]),
        )
        return isinstance(heard, Assent)


def _twist(case: Case, pool: Pool, dice: Dice) -> None:
    """Nothing, one thing or two of it otherwise."""
    for _ in range(dice.choices((0, 1, 2), (35, 50, 15))[0]):
        name, values = dice.choice(pool)
        case[name] = dice.choice(values)


def _statement(case: Case) -> bytes:
    return Statement(
        v=1,
        cluster=case["cluster"],
        proposal=case["proposal"],
        digest=case["digest"],
        step=case["step"],
        decision=Decision(case["decision"]),
        until=NOW + timedelta(seconds=case["until"]),
        reason="" if case["decision"] == "approve" else "for a reason",
    ).text()
