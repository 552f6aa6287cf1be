"""A person's yes to each step of a plan: signed by itself, and handed over one after the other.

What the same person had signed before holds nothing up: it is skipped, and said to be. What is
refused for any other reason ends it there, and is said with its step.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import MappingProxyType

from holdfast.approvals import ssh_signatures
from holdfast.approvals.statements import NAMESPACE, Decision, Statement
from holdfast.errors import BadRecord
from holdfast.model.cases import Word
from holdfast.model.handed import WORD, Handed
from holdfast.ports import Store
from holdfast.surfaces.cli.ground import Ground
from holdfast.surfaces.cli.pens import Signing
from holdfast.surfaces.cli.repairs.dossier import Dossier
from holdfast.surfaces.cli.repairs.keeper import Answer, asked
from holdfast.surfaces.cli.repairs.signing import signed
from holdfast.workflow.approving import said_before


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What somebody has signed now, by step."""

    words: Mapping[int, Handed]
    before: Mapping[int, str] = MappingProxyType({})  # and who had signed which step before


@dataclass(frozen=True, slots=True, kw_only=True)
class Came:
    """What came of it."""

    counted: Sequence[int]
    before: Mapping[int, str]
    still: Sequence[str] = ()  # what is wanted after the last that counted
    refused: int = 0  # the step that was refused, and not for being signed before
    no: Answer | None = None
    left: Sequence[int] = ()  # steps that were not handed over after that

    def steps(self) -> Iterator[str]:
        """Of a plan: what became of its steps."""
        if self.counted:
            yield f"Signed now: {_steps(self.counted)}."
        for who in dict.fromkeys(self.before.values()):
            theirs = [step for step, person in self.before.items() if person == who]
            yield f"Skipped: {_steps(theirs)}, which {who} has signed before."
        if self.refused:
            yield f"Refused: step {self.refused}."
        if self.left:
            yield f"Not handed over: {_steps(self.left)}."


def sign_each(
    signing: Signing, key: Path | str, told: Dossier, statements: Sequence[Statement]
) -> Said:
    """Sign what the key's person, as far as the database knows one, has not signed yet."""
    words: dict[int, Handed] = {}
    before: dict[int, str] = {}
    who = ""
    for each in statements:
        if who in _before(told, each):
            before[each.step] = who  # nobody types a passphrase for nothing
            continue
        word = signed(signing, key, each.text(), NAMESPACE)
        who = who or _known_by(word, told)
        if who in _before(told, each):
            before[each.step] = who
        else:
            words[each.step] = word
    return Said(words=words, before=before)


def hand_over(ground: Ground, store: Store, told: Dossier, said: Said, now: datetime) -> Came:
    """Each to the keeper, as far as it counts."""
    counted: list[int] = []
    before = dict(said.before)
    still: Sequence[str] = ()
    for step, word in said.words.items():
        answer = asked(ground, store, WORD, word, now)
        who = _signed_before(store, told, step, answer)
        if told.several and who:
            before[step] = who  # with another key
        elif answer.refused:
            left = [each for each in said.words if each > step]
            return Came(counted=counted, before=before, refused=step, no=answer, left=left)
        else:
            counted.append(step)
            still = answer.still
    return Came(counted=counted, before=dict(sorted(before.items())), still=still)


def _signed_before(store: Store, told: Dossier, step: int, answer: Answer) -> str:
    """Who has signed that step before, where the keeper refuses it for that."""
    if not answer.refused:
        return ""
    with store.reading() as tx:
        people = [yes.person for yes in tx.words.of(told.case.id, step)]
    return next((each for each in people if answer.because == said_before(each)), "")


def _before(told: Dossier, said: Statement) -> Sequence[str]:
    """Who has said that before of a step of a plan."""
    if not told.several or said.decision is not Decision.APPROVE:
        return ()
    return [yes.person for yes in told.yeses(said.step)]


def _known_by(word: Handed, told: Dossier) -> str:
    """Who has said yes to a step of it before by the same key; empty if nobody has."""
    key = ssh_signatures.key_named(word.signature)
    return next((yes.person for yes in told.words if _key_of(yes) == key), "")


def _key_of(yes: Word) -> str:
    try:
        return ssh_signatures.key_named(yes.signature)
    except BadRecord:
        return ""  # somebody has written on that row: it is nobody's


def _steps(steps: Sequence[int]) -> str:
    return f"step{'s' if len(steps) > 1 else ''} {', '.join(map(str, steps))}"
