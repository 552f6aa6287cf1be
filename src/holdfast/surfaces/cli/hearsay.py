"""How a watch speaks of a cluster that it does not hear, or of which it is not shown anything.

What was known last is told as that, and never as how it is: nothing that hurts among what is old is
no answer.
"""

from datetime import datetime

from holdfast.model.names import few
from holdfast.model.times import in_utc, in_words
from holdfast.surfaces.cli.headline import total
from holdfast.surfaces.cli.text import clean
from holdfast.workflow.hearing import Outage
from holdfast.workflow.vigil import View

UNKNOWN = "what is known shows no trouble"
NAMED = 3  # kinds that are named where there is little room


def clock(moment: datetime) -> str:
    """A time of the day, for people who read it on that day."""
    return f"{in_utc(moment):%H:%M:%S}Z"


def unheard(outage: Outage) -> str:
    """Who is not heard since when, and why."""
    since, told = clock(outage.since), ", ".join(outage.kinds)
    if outage.returning:
        return f"the cluster did not answer since {since}, and has only just begun to"
    if not told:
        return f"the cluster does not answer since {since}: {clean(outage.why)}"
    return f"{told}: not heard since {since}: {clean(outage.why)}"


def waited(read: int, of: int, outage: Outage | None) -> str:
    """What there is to say before anything can be judged."""
    told = f"Looking: {read} of {of} kinds have been read"
    return f"{told}." if outage is None else f"{told}; {unheard(outage).removesuffix('.')}."


def banner(outage: Outage, now: datetime) -> str:
    """Over what is shown: how old that is, of whom, and why."""
    told = few(outage.kinds, NAMED)
    age = f"AS OF {clock(outage.since)}"
    ago = in_words(now - outage.since)
    if outage.returning:
        waits = f"for {told}" if told else "a moment for late heartbeats"
        return f"{age}: the cluster answers again; waiting {waits}"
    if not told:
        return f"{age}: the cluster does not answer since, for {ago}: {clean(outage.why)}"
    return f"PARTLY {age}: {told} are not heard since, for {ago}: {clean(outage.why)}"


def standing(view: View, *, young: bool = False) -> str:
    """How it stands, in a sentence or two, as far as that is known; `young`: it is shown."""
    told = total(view.survey, young=young)
    if view.outage is None and not view.astray:
        return told
    why = clean(view.astray) if view.outage is None else _sentence(unheard(view.outage))
    if not view.survey.troubles:
        return f"{why} No answer: {UNKNOWN}."
    return f"{why} No answer; what is known: {told}"


def _sentence(words: str) -> str:
    return f"{words[0].upper()}{words[1:].removesuffix('.')}."
