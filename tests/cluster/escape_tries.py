"""One proposal that is tried: its letter, who says yes, what the world does meanwhile.

Beside all that stands the same as the restatement reads it. By construction it is known what speaks
against it; the restatement must find so by itself.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from holdfast.approvals.statements import NAMESPACE, Decision, Statement
from holdfast.conformance.hostile import MINUTE, Dice, legitimate
from holdfast.conformance.restated import CLASS, Case, meant, refusers, word_counts
from holdfast.model.handed import Handed
from tests.cluster.escape_grounds import Ground
from tests.cluster.escape_world import KNOWN, STRANGERS, World
from tests.cluster.leash import Installation, statement_of
from tests.cluster.told import Told

type Raw = dict[str, Any]
type Change = Callable[[], None]

HOUR = 60 * MINUTE
APPROVED = 90 * MINUTE  # when, as the restatement has it


@dataclass(kw_only=True)
class Said:
    """What one person hands in."""

    who: str
    changed: Raw = field(default_factory=dict)  # what of the statement is not as it must be
    purpose: str = NAMESPACE
    forged: str = ""  # what of the letter is changed after it was signed
    again: Handed | None = None  # that word, which counted for another proposal
    replays: bool = False  # the last word that counted for another, if there is one
    revoked: bool = False

    def case(self) -> Case:
        """The same as the restatement reads it."""
        other = "another" if self.again or self.replays else "this"
        told: Case = {
            "forged": self.forged,
            "signed_by": "mallory" if self.who in STRANGERS else "ana",
            "purpose": self.purpose,
            "cluster": "this",
            "proposal": other,
            "digest": other,
            "step": 1,
            "decision": "approve",
            "revoked": 0 if self.revoked else None,
            "now": 1,
            "until": HOUR,
            "open_until": HOUR,
        }
        ours = {f"of_{each}": told[each] for each in ("step",)}
        ours |= {f"of_{each}": "this" for each in ("cluster", "proposal", "digest")}
        return {**told, **ours, **self.changed}

    def handed(self, installed: Installation, told: Told, heard: Sequence[Handed]) -> Handed:
        """The letter itself; `heard` are those that counted before."""
        if self.again is not None:
            return self.again
        if self.replays and heard:
            return heard[-1]
        decision = Decision(self.changed.get("decision", "approve"))
        whole = statement_of(told, decision, "" if decision is Decision.APPROVE else "it is odd")
        word = installed.signed(self._changed(whole), self.who, self.purpose)
        match self.forged:
            case "statement":
                changed = word.statement.replace('"step":1', '"step": 1')
                return Handed(statement=changed, signature=word.signature)
            case "signature":
                lines = word.signature.splitlines()
                lines[2] = lines[2][::-1]
                return Handed(statement=word.statement, signature="\n".join([*lines, ""]))
            case _:
                return word

    def _changed(self, whole: Statement) -> Statement:
        fields = {name: getattr(whole, name) for name in Statement.__struct_fields__}
        for name in (*self.changed, *(("proposal",) if self.replays else ())):
            if name in ("cluster", "proposal", "digest"):
                fields[name] = _another(fields[name])
            elif name == "until":
                fields[name] = whole.until.replace(year=2020)
            elif name == "step":
                fields[name] = self.changed[name]
        return Statement(**fields)


def _another(id_: str) -> str:
    return id_[:-1] + ("0" if id_[-1] != "0" else "1")


@dataclass(kw_only=True)
class Tried:
    """One proposal, and what came of it."""

    ground: Ground
    case: Case
    letter: Raw
    words: list[Said]
    made: list[tuple[str, Raw]] = field(default_factory=list)  # letters of whatever kind besides
    drafted: bool = False  # somebody writes that it was approved into the record's inbox
    before: list[Change] = field(default_factory=list)
    meanwhile: list[Change] = field(default_factory=list)
    after: list[Change] = field(default_factory=list)  # so that others can be tried there
    named: list[str] = field(default_factory=list)  # what is odd about it
    against: list[str] = field(default_factory=list)  # what of that keeps it from being done
    came: str = ""
    since: str = ""  # when the last yes was handed in
    heard: list[Handed] = field(default_factory=list)

    @classmethod
    def at(cls, ground: Ground, world: World, dice: Dice) -> "Tried":
        """One that may be done."""
        of_class = CLASS[ground.action]
        target = ground.target
        case = legitimate(dice, ground.action) | {
            "target": f"{target['api_version']} {target['kind']}",
            "namespace": ground.namespace,
            "uid": target["uid"],
            "read_uid": target["uid"],
            "effect": [],
            "restarts_of_managed": world.restarts_of_managed,
            "requester": "sam",
            "paid": {*KNOWN},
            "approvers": {of_class: {"oncall"}},
            "signed": {of_class},
            "two_people": world.two_people,
            "distance": {},
        }
        words = [Said(who=who) for who in dice.sample(("ana", "ben", "cleo"), 2)]
        return cls(ground=ground, case=case, letter=deepcopy(ground.letter), words=words)

    @property
    def of_class(self) -> str:
        return CLASS[self.ground.action]

    @property
    def wants_two(self) -> bool:
        """As far as it is certain before anybody has looked."""
        return self.case["risk"] == "high" or self.of_class in self.case["two_people"]

    @property
    def may(self) -> bool:
        """Whether it may be done, as the restatement has it."""
        told = {"kind": self.letter.get("action"), "params": self.letter.get("params")}
        assents = [*self._assents()]
        return meant(json.dumps(told)) is not None and not refusers(
            {**self.case, "assents": assents}
        )

    def _assents(self) -> Iterator[Raw]:
        for said in self.words:
            if word_counts(said.case()):
                yield {
                    "person": said.who,
                    "groups": KNOWN[said.who],
                    "proof": "ssh",
                    "digest": "d1",
                    "at": APPROVED,
                    "until": 200 * MINUTE,
                }

    def witnessed(self) -> Raw:
        """What the judge of the log is told of it."""
        target = self.ground.target
        return {
            "may": self.may,
            "from": self.since,
            "action": self.ground.action,
            "params": self.letter.get("params"),
            "resource": self.ground.path.split("/")[-2],
            "namespace": self.ground.namespace,
            "name": target["name"],
            "uid": target["uid"],
            "template": self.ground.template,
        }

    def __str__(self) -> str:
        where = f"{self.ground.action} in {self.ground.namespace} ({self.ground.each.name})"
        return f"{where}, {' and '.join(self.named) or 'nothing odd'}: {self.came}"
