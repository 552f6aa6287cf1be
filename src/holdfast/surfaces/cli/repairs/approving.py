"""`holdfast approve`, `reject` and `undo`: a person's signed word about a proposal.

What is signed is the digest of the content that was shown, computed again from that content.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from holdfast.approvals.statements import NAMESPACE, Decision, Statement, read
from holdfast.errors import BadInput, BadRecord
from holdfast.execution.courses import read_progress
from holdfast.execution.states import State, after
from holdfast.execution.undoing import too_late
from holdfast.model.asks import Refusal
from holdfast.model.repairs import Risk
from holdfast.model.times import to_the_second
from holdfast.ports import Store
from holdfast.surfaces.cli.consoles import Plain, write
from holdfast.surfaces.cli.exits import NOTHING, REFUSED
from holdfast.surfaces.cli.ground import Ground
from holdfast.surfaces.cli.pens import Signing
from holdfast.surfaces.cli.repairs import card, rows
from holdfast.surfaces.cli.repairs.asking import YES, meant, refuse_without_terminal
from holdfast.surfaces.cli.repairs.dossier import Dossier
from holdfast.surfaces.cli.repairs.each_step import Said, hand_over, sign_each
from holdfast.surfaces.cli.repairs.finding import found, require_signed
from holdfast.surfaces.cli.repairs.frozen import warn
from holdfast.surfaces.cli.repairs.keeper import refuse_without_keeper, tell
from holdfast.surfaces.cli.repairs.signing import called, chosen, handed, read_file
from holdfast.surfaces.cli.repairs.words import state_told
from holdfast.surfaces.cli.text import clean
from holdfast.workflow.deciding import EVENTS, NO_WAY

UNDO_HOLDS = timedelta(minutes=15)
"""How long a signed wish to take something back holds: proposals are not open any more by then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What was said on the command line."""

    id: str
    decision: Decision
    reason: str = ""
    key: Path | None = None
    print_only: bool = False
    statement: Path | None = None
    signature: Path | None = None
    yes: bool = False
    step: int | None = None  # of a plan: that one alone


def say(ground: Ground, signing: Callable[[], Signing], wish: Wish, now: datetime) -> int:
    """Show it, have it signed, hand it over, and say what became of it."""
    if (wish.statement is None) != (wish.signature is None):
        raise BadInput("--statement and --signature belong together.", remedy="Give both, or none.")
    if wish.decision is not Decision.APPROVE and not wish.reason.strip():
        what = "rejects a proposal" if wish.decision is Decision.REJECT else "has it taken back"
        raise BadInput(f"Whoever {what} says why.", remedy="Say it with --reason '...'.")
    with ground.store() as store:
        warn(store)
        told = found(ground, store, wish.id)
        console = Plain(stderr=wish.print_only)
        over = require_signed(ground, store, told, wish.decision)
        because = _too_late(told, wish.decision, now) or over
        if not (because or wish.yes or wish.print_only or wish.statement):
            refuse_without_terminal()  # before forty lines that nobody answers
        if because:
            Plain(stderr=True).print(clean(because))
            Plain(stderr=True).print(clean(_in_short(told, now)))
            return REFUSED
        card.show(console, told, now)
        statements = [_statement(told, wish, step, now) for step in _steps(told, wish)]
        if wish.print_only:
            print(_one(statements).text().decode(), end="")
            return NOTHING
        refuse_without_keeper(store)
        said = _said(signing(), told, wish, statements)
        if said is None:
            console.print("Nothing was signed, and nothing was handed over.")
            return REFUSED
        came = hand_over(ground, store, told, said, now)
        if wish.decision is Decision.APPROVE and told.several:
            for line in came.steps():
                console.print(clean(line))
        if came.no is not None:
            return tell(came.no, "")
        if not came.counted:
            Plain(stderr=True).print("Refused: nothing of it was left for that person to sign.")
            return REFUSED
        console.print(clean(_standing(ground, store, wish, came.still)))
        return NOTHING


def _in_short(told: Dossier, now: datetime) -> str:
    """What it is and how it stands, for whoever is too late; the card is for who decides."""
    glance = rows.heading(told, now)
    what = f"{glance.action} of {glance.target}: {glance.state}"
    return f"{what}. See all of it with: holdfast proposals {told.case.id}"


def _steps(told: Dossier, wish: Wish) -> Sequence[int]:
    """What is to be signed: each step of a plan by itself; a no, and the way back, once for all."""
    there = [each.step for each in told.plan.steps]
    if wish.decision is not Decision.APPROVE or not told.several:
        there = there[:1]
    if wish.step is None:
        return there
    if wish.step not in there:
        raise BadInput(
            f"{told.case.id} has no step {wish.step} of its own to be signed.",
            remedy=f"It has {len(there)}.",
        )
    return [wish.step]


def _one(statements: Sequence[Statement]) -> Statement:
    if len(statements) > 1:
        raise BadInput(
            f"This is a plan: each of its {len(statements)} steps is signed by itself.",
            remedy="Name one with --step, and hand in each.",
        )
    return statements[0]


def _too_late(told: Dossier, decision: Decision, now: datetime) -> str:
    """Why that cannot be said of it any more; empty if it can."""
    id_, until = told.case.id, told.proposal.open_until
    if isinstance(after(State(told.case.state), EVENTS[decision]), Refusal):
        if decision is Decision.UNDO:
            return f"{id_} cannot be taken back now: {state_told(told.case.state)}."
        return f"It is too late for {id_}: {state_told(told.case.state)}."
    if decision is Decision.UNDO:
        watched = read_progress(told.case.progress).watched
        late = too_late(State(told.case.state), watched, now) if told.proposal.undo else NO_WAY
        return f"{id_} cannot be taken back: {late}." if late else ""
    if now >= until:
        return f"{id_} has expired: it was open until {to_the_second(until)}."
    return ""


def _statement(told: Dossier, wish: Wish, step: int, now: datetime) -> Statement:
    """What is to be signed of what was shown."""
    until = told.proposal.open_until if wish.decision is not Decision.UNDO else now + UNDO_HOLDS
    return Statement(
        v=1,
        cluster=told.proposal.cluster,
        proposal=told.proposal.id,
        digest=told.proposal.digest,
        step=step,
        decision=wish.decision,
        until=until,
        reason=wish.reason.strip(),
    )


def _said(
    signing: Signing, told: Dossier, wish: Wish, statements: Sequence[Statement]
) -> Said | None:
    """The signed words; None if the person did not mean it."""
    if wish.statement is not None and wish.signature is not None:
        text = read_file(wish.statement, "statement")
        said = read(text)
        _refuse_another(said, next((e for e in statements if e.step == said.step), statements[0]))
        armored = read_file(wish.signature, "signature").decode("ascii", "replace")
        word = handed(signing.check, text, armored, NAMESPACE)
        return Said(words={said.step: word})
    key = chosen(signing.pen, wish.key)
    if wish.decision is Decision.UNDO:
        write(Plain(), card.going_back(told))
    if not wish.yes and not _meant(told, wish.decision, clean(called(key))):
        return None
    return sign_each(signing, key, told, statements)


def _meant(told: Dossier, decision: Decision, key: str) -> bool:
    """What can do harm has its target typed, so that nobody says yes to another one."""
    high = decision is Decision.APPROVE and told.risk is Risk.HIGH
    what = "Take this back" if decision is Decision.UNDO else f"{decision.value.capitalize()} this"
    question = f"{what}, signed with {key}?"
    harmed = told.plan.id if told.several else told.proposal.target.name
    return meant(question, harmed if high else YES)


def _refuse_another(said: Statement, wanted: Statement) -> None:
    """A statement that was signed elsewhere is about this, as it is now."""
    names = ["cluster", "proposal", "digest", "step", "decision"]
    if wanted.decision is not Decision.UNDO:  # which holds from when it was printed
        names.append("until")
    for name in names:
        if getattr(said, name) != getattr(wanted, name):
            raise BadRecord(
                f"The statement is about another {name} than what is shown here.",
                remedy="Print it again with --print, look at the card, and sign that.",
            )


def _standing(ground: Ground, store: Store, wish: Wish, still: Sequence[str]) -> str:
    """How it stands now, and what to type next."""
    if still:
        return f"Recorded. It is still wanted: {'; '.join(still)}."
    case = found(ground, store, wish.id).case
    if wish.decision is Decision.UNDO:
        return f"Recorded: {case.id} is to be taken back. Follow it with: holdfast watch {case.id}"
    follow = "" if case.state == State.REJECTED else f" Follow it with: holdfast watch {case.id}"
    return f"Recorded: {case.id} is {state_told(case.state)}.{follow}"
