"""What becomes of a letter: its answer, what the record says of it, and what is done with it.

All three are one transaction. Of two who answer the same letter, one is told that it came too late,
and nothing of what it did is kept.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from holdfast.errors import NotCanonical
from holdfast.model.asks import Refusal
from holdfast.model.canonical import Plain
from holdfast.model.entries import LONGEST_ID, Draft, check_draft
from holdfast.model.ids import RANDOM, new_id
from holdfast.model.letters import Letter
from holdfast.ports import Tx
from holdfast.workflow.leash import Leash

RECORDED, REFUSED = "recorded", "refused"
NOT_ANSWERED = "letter_refused"
LONGEST_NAME = 100  # characters of what a letter calls itself that are recorded
INBOX = "inbox"
"""What actors begin with who are known by nothing but their letter; no person's id has a colon."""


def nothing(_: Tx) -> None:
    """Nothing is done beside the answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What becomes of a letter, and what the record says of that."""

    outcome: str
    kind: str  # of the entry
    actor: str
    details: Mapping[str, Plain]
    subjects: tuple[str, ...] = ()
    does: Callable[[Tx], None] = nothing  # in the same transaction


class AnsweredBefore(Exception):
    """Somebody else was first: nothing of this transaction is kept."""


class TooLate(Exception):
    """What was to be done cannot be any more: nothing of it is kept, and the answer is no."""

    def __init__(self, no: Refusal) -> None:
        super().__init__(no.because)
        self.no = no


def claimed(letter: Letter) -> str:
    """Who a letter says it is from, as an actor: whoever may write letters chose that name, so that
    it is said to have come by the inbox, and looks like no person who signed, nor like the keeper.
    """
    return f"{INBOX}:{letter.sender[:LONGEST_NAME]}"


def refused(letter: Letter, no: Refusal, subjects: tuple[str, ...] = ()) -> Answer:
    """No, by whom and why: the sender reads it in the record."""
    told = {
        "kind": letter.kind[:LONGEST_NAME],
        "sender": letter.sender[:LONGEST_NAME],
        "by": no.by,
        "because": no.because,
    }
    return Answer(
        outcome=REFUSED, kind=NOT_ANSWERED, actor="keeper", details=told, subjects=subjects
    )


def give(tx: Tx, letter: Letter, answer: Answer, id_: str) -> None:
    """Answer, record and do. Raises `AnsweredBefore` where somebody else has answered."""
    draft = _draft(id_, letter, answer)
    try:
        check_draft(draft)
    except NotCanonical as unfit:
        answer = refused(letter, Refusal(by="record", because=unfit.wrong))
        draft = _draft(id_, letter, answer)
    if not tx.letters.answer(letter.id, f"{answer.outcome}: {id_}"):
        raise AnsweredBefore
    tx.records.submit(draft)
    answer.does(tx)


def settle(leash: Leash, letter: Letter, judged: Callable[[Tx], Answer]) -> None:
    """Judge and answer a letter in one transaction; nothing is done where somebody else has.

    What turns out too late while it is done is undone with its transaction, and answered as a no.
    """
    id_ = new_id("ent", leash.clock.now(), leash.dice.roll(RANDOM))
    try:
        try:
            with leash.store.transaction() as tx:
                give(tx, letter, judged(tx), id_)
        except TooLate as late:
            with leash.store.transaction() as tx:
                give(tx, letter, refused(letter, late.no), id_)
    except AnsweredBefore:
        return


def _draft(id_: str, letter: Letter, answer: Answer) -> Draft:
    told = {**answer.details, "letter": letter.id[:LONGEST_ID]}
    return Draft(
        id=id_, kind=answer.kind, actor=answer.actor, subjects=answer.subjects, details=told
    )
