"""A change as a JSON merge patch (RFC 7386): what is to be there, and nothing of what is not ours.

A merge patch cannot say *replace*: it lays one value over another. So it is made of both, the value
that was read and the one that is wanted; applied to what was read, it gives what is wanted.
"""

from collections.abc import Mapping, Sequence

from holdfast.errors import BadInput
from holdfast.model.canonical import Plain, canonical
from holdfast.model.documents import Document
from holdfast.model.paths import Entry, Item, Path, found_at, written
from holdfast.model.steps import Set


def merge_patch(sets: Sequence[Set], fresh: Document) -> dict[str, Plain]:
    """The patch that makes these changes, on the condition that nothing has moved since.

    Raises `BadInput` where something else stands than the step was decided on.
    """
    patch: dict[str, Plain] = {
        "metadata": {"uid": fresh.ref.uid, "resourceVersion": fresh.resource_version}
    }
    for each in sets:
        there = found_at(fresh.value, each.path)
        if canonical(there) != canonical(each.was):
            raise BadInput(
                f"{written(each.path)} is not what it was when this was decided.",
                remedy="Have it proposed again.",
            )
    wanted = as_wanted(sets, fresh)
    for each in sets:
        _lay(patch, each, fresh, wanted)
    return patch


def as_wanted(sets: Sequence[Set], fresh: Document) -> Document:
    """The object as it would be with these changes, if nobody else adds to them."""
    value: Plain = fresh.value
    for each in sets:
        value = _with(value, each.path, each)
    return Document(value=value if isinstance(value, Mapping) else {})


def _lay(patch: dict[str, Plain], change: Set, fresh: Document, wanted: Document) -> None:
    path, value, was = _down_to_a_map(change, fresh, wanted)
    place = patch
    for name in path[:-1]:
        below = place.setdefault(name, {})
        if not isinstance(below, dict):
            raise BadInput(
                f"Two changes meet at {written(change.path)}.", remedy="Make one change of both."
            )
        place = below
    place[path[-1]] = over(was, value)


def _down_to_a_map(
    change: Set, fresh: Document, wanted: Document
) -> tuple[Sequence[str], Plain, Plain]:
    """Names alone lead through a merge patch: of a list, the whole is put there anew, with every
    change that is made in it.
    """
    names: list[str] = []
    for depth, segment in enumerate(change.path):
        match segment:
            case str():
                names.append(segment)
            case Entry(key=key):
                names.append(key)
            case Item():
                place = change.path[:depth]
                return names, found_at(wanted.value, place), found_at(fresh.value, place)
    return names, change.value, change.was


def _with_item(items: Plain, item: Item, below: Path, change: Set) -> Plain:
    if not isinstance(items, list | tuple):
        raise BadInput(f"There is no list for {written(change.path)}.", remedy="Propose it again.")
    made: list[Plain] = []
    for each in items:
        meant = isinstance(each, Mapping) and str(each.get(item.by)) == item.value
        now = _with(each, below, change) if meant else each
        if now is not None:
            made.append(now)
    return made


def _with(value: Plain, below: Path, change: Set) -> Plain:
    """The same value with something else at one place in it."""
    if not below:
        return change.value
    segment, rest = below[0], below[1:]
    if isinstance(segment, Item):
        return _with_item(value, segment, rest, change)
    name = segment.key if isinstance(segment, Entry) else segment
    there = dict(value) if isinstance(value, Mapping) else {}
    changed = _with(there.get(name), rest, change)
    if changed is None:
        there.pop(name, None)
    else:
        there[name] = changed
    return there


def over(was: Plain, wanted: Plain) -> Plain:
    """What must be laid over one value to get the other."""
    if not isinstance(was, Mapping) or not isinstance(wanted, Mapping):
        return wanted
    patch: dict[str, Plain] = {name: None for name in was if name not in wanted}
    for name, value in wanted.items():
        if canonical(was.get(name)) != canonical(value):
            patch[name] = over(was.get(name), value)
    return patch
