"""The card of a proposal: what people are told beside what they sign."""

import inspect
from collections.abc import Callable, Iterator, Sequence

import msgspec

from holdfast.execution.recovering import Timing
from holdfast.model.asks import Rules, Verdict, What
from holdfast.model.cases import Card
from holdfast.model.names import few
from holdfast.model.paths import written
from holdfast.model.people import Person
from holdfast.model.proposals import Proposal
from holdfast.model.repairs import Along
from holdfast.model.steps import Delete, Evict
from holdfast.model.times import in_words
from holdfast.workflow.planning import of_step
from holdfast.workflow.weighing import Judged


def card_of(judged: Judged, may: Sequence[Person], rules: Rules, timing: Timing) -> Card:
    """What there is to tell. Where nobody has looked, nothing was seen that could be told."""
    about, verdict = judged.proposal, judged.verdict
    kind = type(about.action).kind
    seen = judged.looked.evidence if judged.looked is not None else None
    because = f" Now: {seen.found.says}." if seen is not None else ""
    return Card(
        summary=f"{about.target}: {kind.summary}{because}",
        risk=judged.reasons,
        blast=_blast(judged),
        unchanged=_unchanged(about),
        checks=_checks(about, timing),
        undo=_undo(about, rules),
        approvers=_approvers(verdict, may),
        refusals=verdict.refusals,
        needs=verdict.needs,
    )


def together(cards: Sequence[Card]) -> Card:
    """The card of a plan: all that the cards of its steps say, in their order."""
    if len(cards) == 1:
        return cards[0]

    def lines(of: Callable[[Card], Sequence[str]]) -> tuple[str, ...]:
        told = enumerate(cards, 1)
        return tuple(f"Step {number}: {line}" for number, each in told for line in of(each))

    def text(of: Callable[[Card], str]) -> str:
        return "\n".join(lines(lambda each: (of(each),)))

    order = "Each step is done when the one before has recovered; the last is taken back first."
    return Card(
        summary=f"{text(lambda each: each.summary)}\n{order}",
        risk=lines(lambda each: each.risk),
        blast=lines(lambda each: each.blast),
        unchanged=lines(lambda each: each.unchanged),
        checks=text(lambda each: each.checks),
        undo=text(lambda each: each.undo),
        approvers=text(lambda each: each.approvers),
        refusals=tuple(of_step(no, at) for at, each in enumerate(cards, 1) for no in each.refusals),
        needs=tuple(
            msgspec.structs.replace(need, because=f"step {number}: {need.because}")
            for number, each in enumerate(cards, 1)
            for need in each.needs
        ),
    )


def _blast(judged: Judged) -> tuple[str, ...]:
    """Who may notice, and what goes along."""
    if judged.looked is None:
        return ("Unknown: it was not looked at.",)
    gone = type(judged.proposal.action).kind.removes
    goes = _along(judged.looked.seen.along) if gone else ()
    return (*goes, *judged.looked.evidence.blast.told())


def _along(along: Along) -> Iterator[str]:
    if along.seen:
        yield f"With it goes what it owns: {few(map(str, along.seen))}."
    unseen = f", of {', '.join(along.unseen)}" if along.unseen else ""
    yield (
        "Unknown: what it owns of kinds that nobody looks at, Secrets and custom ones among "
        f"them{unseen}; that would go with it."
    )


def _unchanged(about: Proposal) -> tuple[str, ...]:
    touches = type(about.action).kind.touches
    goes = any(isinstance(step, Delete | Evict) for step in about.steps)
    if goes:
        itself = f"It removes {about.target} and what that owns; no other object is written."
    elif touches:
        places = ", ".join(written(each) for each in touches)
        itself = f"Nothing of {about.target} but {places}; no other object is written."
    else:
        itself = "No object is written."
    return (itself, "The cluster refuses anything else to the identity that does it.")


def _checks(about: Proposal, timing: Timing) -> str:
    of_kind = _said(type(about.action).recovery)
    return (
        f"{of_kind} And {about.code} is not found any more. Both for {in_words(timing.soak)}, "
        f"within {in_words(timing.deadline)}."
    )


def _undo(about: Proposal, rules: Rules) -> str:
    if not about.steps:
        return "Not worked out: it was refused before that."
    if not about.undo:
        return "It cannot be taken back."
    back = _said(type(about.action).undo)
    when = "by itself, if it has not helped" if rules.undo else "when a person asks for it"
    return f"It is taken back {when}. {back}"


def _said(of: object) -> str:
    """The first sentence of what an action says of itself, as it stands in the reference."""
    return (
        inspect.cleandoc(getattr(of, "__doc__", None) or "").partition("\n\n")[0].replace("\n", " ")
    )


def _approvers(verdict: Verdict, may: Sequence[Person]) -> str:
    if not may:
        return "Nobody may approve it."
    wants = {need.what for need in verdict.needs}
    can = [each for each in may if What.SIGNATURE not in wants or each.identities.ssh]
    who = ", ".join(person.id for person in can or may)
    many = "Two of them" if What.SECOND_PERSON in wants else "One of them"
    how = "with a signature of their own" if What.SIGNATURE in wants else "by their word"
    if not can:
        return f"It wants a signature, and none of {who} has a key: nobody can approve it."
    if What.SECOND_PERSON in wants and len(can) == 1:
        return (
            f"Two people must approve it, {how}, and only {who} may: as the people file stands, "
            "nobody can complete it."
        )
    return f"{many}, {how}: {who}."
