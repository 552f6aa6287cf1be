"""Whether what was done may be taken back: only while it is still ours to take back.

What somebody has changed since is not, nor what somebody has set since, be it to the same value: it
is theirs now.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from holdfast.execution.recovering import Timing, Watched
from holdfast.execution.states import State
from holdfast.execution.writers import OURS, manager, others, owns, places, time, writings
from holdfast.model.documents import Document, beyond, effect
from holdfast.model.paths import Path, differences, found_at, written
from holdfast.model.repairs import Kind
from holdfast.model.steps import Patch, Step

WITHIN = timedelta(hours=24)
"""How long after the act people may have taken back what has recovered: upon what stood for a day
others have built."""


BY_ITSELF = timedelta(hours=1)
"""How long the keeper takes something back by itself after that was due: longer than anything that
is waited for, and shorter than a keeper is away unnoticed. Then it is for people to say.
"""


def too_late(state: State, watched: Watched | None, now: datetime) -> str:
    """Why nobody takes it back any more; empty if somebody may."""
    if state not in (State.RECOVERED, State.RECOVERED_LATE):
        return ""  # what does not help may go at any time
    if watched is None:
        return "nobody kept when it was done"
    over = now - watched.applied >= WITHIN
    return "it was done more than a day ago, and has recovered since" if over else ""


def waits_for_a_person(
    watched: Watched | None, ordered: datetime, now: datetime, timing: Timing
) -> str:
    """Why the keeper does not take it back by itself any more; empty if it may."""
    if now - ordered >= BY_ITSELF:
        return "it was ordered more than an hour ago, and nobody has asked for it since"
    if watched is None or not watched.given_up:
        return ""  # of a plan on its way back: that it did well does not matter
    known = watched.applied + timing.deadline + timing.soak  # at the latest, if anybody looked
    over = now - known >= BY_ITSELF
    return "it was done long ago, and nobody knows what was built upon it since" if over else ""


def refuses_undo(kind: Kind, undo: tuple[Step, ...], now: Document | None) -> Iterator[str]:
    """Why it is left as it is; nothing if it may be taken back. `now` is a fresh read, if it is
    still there.
    """
    if not kind.reversible or not undo:
        yield "there is no way back"
        return
    for step in undo:
        if isinstance(step, Patch):
            yield from _changed_since(step, now)


def _changed_since(step: Patch, now: Document | None) -> Iterator[str]:
    if now is None or now.ref != step.target:
        yield "it is not there any more"
        return
    for each in step.sets:
        there = found_at(now.value, each.path)
        if any(True for _ in differences(each.was, there)):
            by = _last_writer(now, each.path)
            whom = f" by {by}" if by else ""
            yield f"{written(each.path)} was changed since{whom}"
            continue
        wrote = [it for it in differences(each.value, each.was, each.path) if it.after is not None]
        if who := others(now, wrote):
            yield f"{written(each.path)} was set since, to the same, by {', '.join(who)}"


def restored(kind: Kind, before: Document, after: Document) -> tuple[str, ...]:
    """Where an object that was brought back differs from what it was; nothing, if it does not.

    What the action did not touch is other people's, and may have moved on.
    """
    changed = effect(before, after)
    elsewhere = frozenset(beyond(changed, kind.touches))
    return tuple(written(each.path) for each in changed if each.path not in elsewhere)


def _last_writer(document: Document, path: Path) -> str:
    """The manager that wrote there last, if it is not us; of its spec, where nobody stands there:
    who takes a field away leaves no name.
    """
    there: list[tuple[str, str]] = []
    beside: list[tuple[str, str]] = []
    for each in writings(document):
        when, who, told = time(each), manager(each), places(each)
        if found_at(told, ("f:spec",)) is not None and when and who and who != OURS:
            (there if owns(told, path) else beside).append((when, who))
    return max(there or beside, default=("", ""))[1]
