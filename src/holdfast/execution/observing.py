"""Whether a request was done, when nobody heard the answer: the cluster is looked at.

- What a request wanted and what is there is one thing, who wrote it another: a value that somebody
  else has set is no proof of ours.
- A request carries the version that it was made for. Once the object has another version, one that
  was not done yet cannot be done any more.
- Until then it may be under way still: that it is not there is no proof.
"""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import assert_never

import msgspec

from holdfast.execution.undoing import OURS
from holdfast.model.canonical import Plain
from holdfast.model.documents import Document
from holdfast.model.paths import Entry, Item, Path, differences, found_at
from holdfast.model.steps import Create, Delete, Evict, Patch, Set, Step


class Asked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When a request may have been sent, and against which state of its object."""

    at: datetime
    version: str = ""  # its resourceVersion; empty for what was to be made
    generation: int = 0


class Shown(StrEnum):
    """What the cluster shows of a request."""

    DONE = "done"
    NOT_DONE = "not done"  # and never will be
    NOT_YET = "not yet"  # it may be under way still
    UNTOLD = "untold"  # what is there does not tell, and will not


def asked(fresh: Document | None, at: datetime) -> Asked:
    """What must be known of a request before it is sent."""
    if fresh is None:
        return Asked(at=at)
    return Asked(at=at, version=fresh.resource_version, generation=_generation(fresh))


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
    return Shown.NOT_DONE if lacks or not _wrote(now, None) else Shown.DONE


def _patched(step: Patch, sent: Asked, now: Document | None) -> Shown:
    if now is None or now.ref.uid != step.target.uid:
        return Shown.UNTOLD
    if all(_stands(each, now) for each in step.sets):
        return Shown.DONE if _wrote(now, step.sets) else _unchanged(sent, now)
    return _unchanged(sent, now)


def _unchanged(sent: Asked, now: Document) -> Shown:
    if now.resource_version == sent.version:
        return Shown.NOT_YET
    # Whoever changes what is asked for is counted, but not on every kind: a node's changes are not.
    # It may have been us, and then somebody else.
    counted = sent.generation > 0
    return Shown.NOT_DONE if counted and _generation(now) == sent.generation else Shown.UNTOLD


def _stands(each: Set, now: Document) -> bool:
    return not any(True for _ in differences(each.value, found_at(now.value, each.path)))


def _wrote(now: Document, sets: Iterable[Set] | None) -> bool:
    """Whether the object's managers say that we wrote that, or that they do not say anything."""
    managers = now.at("metadata", "managedFields")
    if not isinstance(managers, list | tuple) or not managers:
        return True  # the value has to do
    fields = [found_at(m, ("fieldsV1",)) for m in managers if found_at(m, ("manager",)) == OURS]
    if sets is None:
        return bool(fields)
    return all(any(_owns(each, s.path, s.value) for each in fields) for s in sets)


def _owns(fields: Plain, path: Path, value: Plain) -> bool:
    """Whether somebody wrote at that place: as far down as places are named alike."""
    there = fields
    for segment in path:
        if isinstance(segment, Item):
            return there is not None
        name = segment.key if isinstance(segment, Entry) else segment
        there = found_at(there, (f"f:{name}",))
        if there is None:
            return value is None  # nobody owns what is not there
    return True


def _generation(document: Document) -> int:
    told = document.at("metadata", "generation")
    return told if isinstance(told, int) else 0
