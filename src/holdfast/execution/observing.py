"""Whether a request was done, when nobody heard the answer: the cluster is looked at.

- What a request wanted and what is there is one thing, who wrote it another: a value that somebody
  else has set is no proof of ours.
- Who takes something away, an object or a field, leaves no name. What stood there when it was sent,
  and is gone, counts as taken away by us, unless somebody else's name stands there now.
- A request carries the version that it was made for. Once the object has another version, one that
  was not done yet cannot be done any more; and it was not done, where what it would have changed
  is still there by the very writing by which it was there before.
- Until then it may be under way still: that it is not there is no proof.
"""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import assert_never

import msgspec

from holdfast.execution.writers import OURS, manager, owns, places, writings
from holdfast.model.canonical import Plain
from holdfast.model.documents import Document
from holdfast.model.objects import Time
from holdfast.model.paths import Path, differences, found_at
from holdfast.model.steps import Create, Delete, Evict, Patch, Set, Step


class Asked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When a request may have been sent, and against which state of its object."""

    at: Time
    version: str = ""  # its resourceVersion; empty for what was to be made
    generation: int = 0
    written: tuple[str, ...] = ()  # by whom, and when, what it would change; empty: nobody says


class Shown(StrEnum):
    """What the cluster shows of a request."""

    DONE = "done"
    NOT_DONE = "not done"  # and never will be
    NOT_YET = "not yet"  # it may be under way still
    UNTOLD = "untold"  # what is there does not tell, and will not


def asked(step: Step, fresh: Document | None, at: datetime) -> Asked:
    """What must be known of a request before it is sent."""
    if fresh is None:
        return Asked(at=at)
    return Asked(
        at=at,
        version=fresh.resource_version,
        generation=_generation(fresh),
        written=_written(step, fresh) if isinstance(step, Patch) else (),
    )


def shown(step: Step, sent: Asked, now: Document | None) -> Shown:
    """What is there says; `now` is what stands at the place of the step's object, if anything."""
    match step:
        case Patch():
            return _patched(step, sent, now)
        case Evict() | Delete():
            return _removed(step, sent, now)
        case Create():
            return _made(step, now)
        case _:
            assert_never(step)


def settled(found: Shown, *, over: bool) -> Shown:
    """The same, once the API server has let go of every request of that time (`over`)."""
    return Shown.NOT_DONE if found is Shown.NOT_YET and over else found


def _removed(step: Evict | Delete, sent: Asked, now: Document | None) -> Shown:
    if now is None or now.ref.uid != step.target.uid or now.leaving:
        return Shown.DONE
    return Shown.NOT_YET if now.resource_version == sent.version else Shown.NOT_DONE


def _made(step: Create, now: Document | None) -> Shown:
    if now is None:
        return Shown.NOT_YET
    wanted = Document(value=step.manifest).asked()
    lacks = any(each.before is not None for each in differences(wanted, now.asked()))
    # Whatever else stands there, ours cannot be made beside it.
    return Shown.NOT_DONE if lacks or not _made_by_us(now) else Shown.DONE


def _patched(step: Patch, sent: Asked, now: Document | None) -> Shown:
    if now is None or now.ref.uid != step.target.uid:
        return Shown.UNTOLD
    if all(_stands(now, each.path, each.value) for each in step.sets):
        return Shown.DONE if _patched_by_us(now, step.sets) else _unchanged(step, sent, now)
    return _unchanged(step, sent, now)


def _unchanged(step: Patch, sent: Asked, now: Document) -> Shown:
    if now.resource_version == sent.version:
        return Shown.NOT_YET
    # Whoever changes what is asked for is counted, but not on every kind: a node's changes are not.
    # It may have been us, and then somebody else.
    counted = sent.generation > 0
    if counted and _generation(now) == sent.generation:
        return Shown.NOT_DONE
    # Who had put it back after us would stand there with a later moment.
    as_before = all(_stands(now, each.path, each.was) for each in step.sets)
    same = as_before and bool(sent.written) and sent.written == _written(step, now)
    return Shown.NOT_DONE if same else Shown.UNTOLD


def _stands(now: Document, path: Path, value: Plain) -> bool:
    return not any(True for _ in differences(value, found_at(now.value, path)))


def _patched_by_us(now: Document, sets: Iterable[Set]) -> bool:
    """Whether the object's managers say that we wrote all that, or that they do not say anything.
    Of what was only taken away: that nobody stands there.
    """
    managers = writings(now)
    if not managers:
        return True  # the value has to do
    ours = [places(each) for each in managers if manager(each) == OURS]
    stand = [each.path for each in sets if each.value is not None]
    if stand:
        return all(any(owns(fields, path) for fields in ours) for path in stand)
    return not any(owns(places(each), one.path) for each in managers for one in sets)


def _made_by_us(now: Document) -> bool:
    managers = writings(now)
    return not managers or any(manager(each) == OURS for each in managers)


def _written(step: Patch, there: Document) -> tuple[str, ...]:
    """Each writing by which something stands at those places: who, how and when. Nothing where
    somebody's place has no such name, so that one could be put back unseen.
    """
    told: set[str] = set()
    for each in step.sets:
        owners = [one for one in writings(there) if owns(places(one), each.path)]
        if not owners:
            return ()
        told |= {" ".join(str(found_at(one, (part,))) for part in _WRITING) for one in owners}
    return tuple(sorted(told))


_WRITING = ("manager", "operation", "subresource", "time")


def _generation(document: Document) -> int:
    told = document.at("metadata", "generation")
    return told if isinstance(told, int) else 0
