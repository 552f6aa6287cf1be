"""The card: what a proposal would do, as rows, for whatever shows them.

Two parts, told apart: what is signed, which comes from the content by its digest alone; and what
the keeper says beside it, which helps to judge and binds nobody.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime

import msgspec

from holdfast.execution.courses import read_progress
from holdfast.execution.states import State
from holdfast.facts import CATALOGUE
from holdfast.model.proposals import Proposal
from holdfast.model.repairs import Risk
from holdfast.model.showing import proposal_shown
from holdfast.model.steps import Delete, Evict
from holdfast.model.times import in_words, to_the_second
from holdfast.surfaces.cli.repairs.dossier import Dossier
from holdfast.surfaces.cli.repairs.words import (
    action_told,
    change_told,
    changes_of,
    place_of,
    state_told,
    step_told,
    sure,
)

OF_ALL = {State.PROPOSED, State.REJECTED, State.EXPIRED, State.UNDONE}
"""States of a plan as a whole."""

HALTED = "done, and the plan goes no further"
ONE_LINE = 40  # characters of what was and what will be, together
NO_WAY_BACK = "It cannot be taken back."
NOT_WORKED_OUT = "not worked out: it was refused before that"
TOLD_BY = {State.REJECTED: "rejection", State.EXPIRED: "expired", State.REFUSED: "verdict"}
"""The kind of entry that says why it came to nothing."""


class Row(msgspec.Struct, frozen=True):
    """A word, and what there is to say of it: a line each, the further ones set in."""

    label: str
    lines: tuple[str, ...]


class Heading(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody takes in at first glance."""

    risk: Risk
    action: str
    target: str
    does: str
    state: str


def heading(told: Dossier, now: datetime) -> Heading:
    """The glance."""
    steps = told.plan.steps
    first, *further = (place_of(each.target) for each in steps)
    kinds = [each.action.kind for each in steps]
    return Heading(
        risk=told.risk,
        action=f"PLAN OF {len(steps)} STEPS" if further else kinds[0].name,
        target=", ".join([first, *further]),
        does=" Then: ".join(each.summary for each in kinds),
        state=standing(told, now),
    )


def standing(told: Dossier, now: datetime) -> str:
    """Where it is, and how long that can last."""
    state, until = told.case.state, told.proposal.open_until
    if state != State.PROPOSED:
        return f"{stands(told)}, since {to_the_second(told.case.changed)}"
    if now >= until:
        return f"not open any more: it was until {to_the_second(until)}"
    return f"{state_told(state)}: {in_words(until - now)} left, until {to_the_second(until)}"


def stands(told: Dossier) -> str:
    """Where it is, and of a plan at which step."""
    return f"{where(told)}{_stands(told)}"


def where(told: Dossier) -> str:
    """At which step of a plan it is; nothing to say of what has only one, or is about all."""
    place = told.proposal.place
    at_one = told.several and told.case.state not in OF_ALL
    return f"step {place.step} of {place.last}: " if at_one else ""


def _stands(told: Dossier) -> str:
    """A plan that goes no further is at a step that may well have done what it should."""
    state, course = told.case.state, read_progress(told.case.progress)
    ill = course.watched is not None and course.watched.given_up
    if state == State.NOT_RECOVERED and course.halted and not ill:
        return HALTED
    if state == State.UNDONE and told.several:
        return "taken back, all that was done"
    return state_told(state)


def signed(told: Dossier) -> Iterator[Row]:
    """What an approval approves; of values that may be secrets, their hashes."""
    first = told.plan.first
    for each in told.plan.steps:
        if told.several:
            yield Row("step", (f"{each.place.step} of {each.place.last}",))
        yield from _step(proposal_shown(each), refused=bool(told.card.refusals))
    yield Row("asked by", (f"{sure(first.requester)}, {to_the_second(first.proposed)}",))
    yield Row("cluster", (sure(first.cluster),))
    yield Row("digest", (told.plan.digest,))


def _step(each: Proposal, *, refused: bool) -> Iterator[Row]:
    target = each.target
    yield Row("target", (place_of(target), f"{sure(target.api_version)}, uid {sure(target.uid)}"))
    yield Row("action", (action_told(each.action), *(step_told(step) for step in each.steps)))
    yield _effect(each, refused=refused)
    yield Row("risk", (each.risk.name,))
    yield Row("undo", tuple(way_back(each)))
    yield Row("answers", (f"{_cause(each.code)}, {sure(each.trouble)}",))


def beside(told: Dossier) -> Iterator[Row]:
    """What the keeper says of it; who is asked is told only while anybody is."""
    card = told.card
    asks = told.case.state == State.PROPOSED
    for label, lines in (
        ("means", card.summary.split("\n")),
        ("risk", card.risk),
        ("reaches", card.blast),
        ("keeps", card.unchanged),
        ("checked", card.checks.split("\n")),
        ("undo", card.undo.split("\n")),
        ("who", card.approvers.split("\n") if asks else ()),
        ("approved", tuple(approved(told))),
        ("wants", tuple(f"{e.what.value}: {e.because}" for e in card.needs) if asks else ()),
        ("refused", tuple(f"{each.by}: {each.because}" for each in card.refusals)),
    ):
        if any(lines):
            yield Row(label, tuple(line for line in lines if line))


def approved(told: Dossier) -> Iterator[str]:
    """Who has said yes to what, so far; of a plan, step by step."""
    if not told.words:
        return
    for each in told.plan.steps:
        yeses = (f"{sure(yes.person)}, {to_the_second(yes.at)}" for yes in told.yeses(each.step))
        by = "; ".join(yeses) or "nobody yet"
        yield f"step {each.step}: {by}" if told.several else by


def next_steps(told: Dossier, now: datetime) -> Sequence[str]:
    """What somebody can type about it now."""
    id_, state = sure(told.proposal.id), told.case.state
    if state == State.PROPOSED and now < told.proposal.open_until:
        return (f"holdfast approve {id_}", f"holdfast reject {id_} --reason '...'")
    if state in TOLD_BY:
        return (f"holdfast audit show --kind {TOLD_BY[State(state)]}",)
    return (f"holdfast watch {id_}",)


def _cause(code: str) -> str:
    """A fact by its code and its name, where this version knows it."""
    name = next((rule.name for rule in CATALOGUE if rule.code == code), "")
    return sure(f"{code} {name}".strip())


def _effect(each: Proposal, *, refused: bool) -> Row:
    changed, steps = each.effect, each.steps
    if any(isinstance(step, Evict | Delete) for step in steps):
        return Row("changes", ("no field of it: it goes",))
    if not steps:
        return Row("changes", (NOT_WORKED_OUT,))
    if not changed and refused:
        return Row("changes", ("nothing is known: it was refused before the API server showed it",))
    if not changed:
        return Row("changes", ("nothing, as the API server computed it",))
    lines = ["as the API server computed it, and nothing else:"]
    for change in changed:
        where, before, after = change_told(change)
        short = len(before) + len(after) <= ONE_LINE
        told = [f"  {before} -> {after}"] if short else [f"  {before}", f"  -> {after}"]
        lines += [where, *told]
    return Row("changes", tuple(lines))


def way_back(each: Proposal) -> Iterator[str]:
    """How a step would be taken back."""
    if not each.undo:
        yield NO_WAY_BACK if each.steps else NOT_WORKED_OUT
    for step in each.undo:
        yield step_told(step)
        for change in changes_of(step):
            where, _, after = change_told(change)
            yield f"{where} back to {after}"
