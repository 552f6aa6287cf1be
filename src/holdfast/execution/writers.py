"""Who wrote what of an object, as its `managedFields` tell it.

- Who changes a value stands there alone: whoever stood there before stands there no more.
- Who applies a value that is there already stands beside whoever wrote it.
- Who takes a field away leaves no name.
"""

from collections.abc import Sequence

import msgspec

from holdfast.model.canonical import Plain
from holdfast.model.documents import Document
from holdfast.model.paths import Difference, Entry, Item, Path, Segment, found_at

OURS = "holdfast"
"""The field manager under which we write."""


def writings(document: Document) -> Sequence[Plain]:
    """Each writing that is told of: by whom, how, when and where."""
    told = document.at("metadata", "managedFields")
    return told if isinstance(told, list | tuple) else ()


def places(writing: Plain) -> Plain:
    """The places of one writing."""
    return found_at(writing, ("fieldsV1",))


def owns(told: Plain, path: Path) -> bool:
    """Whether somebody wrote at that place: as far down as places are named alike."""
    there = told
    for segment in path:
        if isinstance(segment, Item):
            return there is not None
        there = found_at(there, (_named(segment),))
        if there is None:
            return False
    return True


def others(document: Document, wrote: Sequence[Difference]) -> Sequence[str]:
    """Who else stands where we have changed that, and has written since we did, be it the same
    value. The time of a writing moves with each value that it changes or adds, and stays where
    others take one over: what is told of earlier than ours was there when we wrote.
    """
    there = [each for each in writings(document) if any(_stands(places(each), it) for it in wrote)]
    since = min((time(each) for each in there if manager(each) == OURS), default="")
    return sorted({manager(each) for each in there if time(each) >= since} - {OURS, ""})


def manager(writing: Plain) -> str:
    """By whom it was; empty where that is not told."""
    said = found_at(writing, ("manager",))
    return said if isinstance(said, str) else ""


def time(writing: Plain) -> str:
    """When it was, by the API server's clock and to the second; empty where that is not told."""
    said = found_at(writing, ("time",))
    return said if isinstance(said, str) else ""


def _stands(there: Plain, wrote: Difference) -> bool:
    """Whether somebody wrote there; a place that is named in another way tells nothing."""
    for segment in wrote.path:
        if there == {}:
            # Of one value to the API server, or of a map that was empty before we put something in.
            return wrote.before is not None
        there = found_at(there, (_named(segment),))
        if there is None:
            return False
    # Beneath what was changed in part, others may stand as they did.
    return there == {} or wrote.before is None


def _named(segment: Segment) -> str:
    """What it is called there; the item of a list, where one key tells it: `k:{"name":"app"}`."""
    match segment:
        case Item():
            return f"k:{msgspec.json.encode({segment.by: segment.value}).decode()}"
        case Entry():
            return f"f:{segment.key}"
        case str():
            return f"f:{segment}"
