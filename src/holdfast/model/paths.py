"""Where in an object: typed segments, so that no two readers split one text in two ways.

A path is a tuple of segments: a field, an entry of a map (a label, an annotation), or the item of a
list that a key of its own tells from the others. What an action declares may also leave open which
item or entry is meant; what was found in an object never does.
"""

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from holdfast.model.canonical import Plain, canonical


class Entry(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """An entry of a map; without a key, any."""

    key: str = ""


class Item(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The item of a list whose field `by` has that value; without a value, any."""

    by: str
    value: str = ""


type Segment = str | Entry | Item
type Path = tuple[Segment, ...]

MERGE_KEYS = ("name", "type", "containerPort", "mountPath", "ip")
"""The fields by which Kubernetes tells the items of its lists apart, in the order of trial."""


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """One place where two objects differ; None stands for what is not there."""

    path: Path
    before: Plain
    after: Plain


def annotation(key: str, *above: Segment) -> Path:
    """An annotation of the object, or of what stands at that place in it."""
    return (*above, "metadata", "annotations", Entry(key=key))


def written(path: Path) -> str:
    """For people: `spec.template.metadata.annotations[example.com/a]`, `containers[name=app]`."""
    text = ""
    for segment in path:
        match segment:
            case str():
                text += f".{segment}" if text else segment
            case Entry():
                text += f"[{segment.key or '*'}]"
            case Item():
                text += f"[{segment.by}={segment.value or '*'}]"
    return text


def within(path: Path, declared: Path) -> bool:
    """Whether a place that was found lies at or below one that was declared."""
    if len(path) < len(declared):
        return False
    return all(_meets(found, meant) for found, meant in zip(path, declared, strict=False))


def _meets(found: Segment, meant: Segment) -> bool:
    match meant:
        case str():
            return found == meant
        case Entry():
            return isinstance(found, str) and meant.key in ("", found)
        case Item():
            named = isinstance(found, Item) and found.by == meant.by
            return named and isinstance(found, Item) and meant.value in ("", found.value)


def found_at(value: Plain, path: Path) -> Plain:
    """What stands at that place; None if nothing does."""
    for segment in path:
        if isinstance(segment, Item):
            items = value if isinstance(value, list | tuple) else ()
            value = next((i for i in items if _is_item(i, segment.by, segment.value)), None)
        else:
            name = segment.key if isinstance(segment, Entry) else segment
            value = value.get(name) if isinstance(value, Mapping) else None
    return value


def differences(before: Plain, after: Plain, path: Path = ()) -> Iterator[Difference]:
    """Every place where two values differ, as deep as it can be named.

    A map or a list that was not there before is told by what is in it: whoever may write one
    annotation may also write the first.
    """
    if canonical(before) == canonical(after):  # as written: 1 and true are not the same
        return
    if _is_map(before) and _is_map(after) and (before or after):
        old, new = _as_map(before), _as_map(after)
        for name in sorted(old.keys() | new.keys()):
            yield from differences(old.get(name), new.get(name), (*path, name))
        return
    if _is_list(before) and _is_list(after):
        by = _told_apart_by(_as_list(before), _as_list(after))
        if by:
            yield from _of_items(_as_list(before), _as_list(after), by, path)
            return
    yield Difference(path=path, before=before, after=after)


def _is_map(value: Plain) -> bool:
    return value is None or isinstance(value, Mapping)


def _as_map(value: Plain) -> Mapping[str, Plain]:
    return value if isinstance(value, Mapping) else {}


def _is_list(value: Plain) -> bool:
    return value is None or isinstance(value, list | tuple)


def _as_list(value: Plain) -> Sequence[Plain]:
    return value if isinstance(value, list | tuple) else ()


def _of_items(
    before: Sequence[Plain], after: Sequence[Plain], by: str, path: Path
) -> Iterator[Difference]:
    old, new = _by_value(before, by), _by_value(after, by)
    for value in sorted(old.keys() | new.keys()):
        was, now, there = old.get(value), new.get(value), (*path, Item(by=by, value=value))
        if was is None or now is None:
            yield Difference(path=there, before=was, after=now)
        else:
            yield from differences(was, now, there)
    staying = [value for value in old if value in new]
    if staying != [value for value in new if value in old]:
        yield Difference(path=path, before=list(old), after=list(new))  # the order is part of it


def _told_apart_by(*lists: Sequence[Plain]) -> str:
    """The merge key that every item of these lists has, each with a value of its own."""
    items = [item for each in lists for item in each]
    for by in MERGE_KEYS if items else ():
        if all(isinstance(item, Mapping) and _text(item.get(by)) for item in items) and all(
            len(_by_value(each, by)) == len(each) for each in lists
        ):
            return by
    return ""


def _by_value(items: Sequence[Plain], by: str) -> Mapping[str, Plain]:
    return {_text(item.get(by)): item for item in items if isinstance(item, Mapping)}


def _is_item(item: Plain, by: str, wanted: str) -> bool:
    return isinstance(item, Mapping) and _text(item.get(by)) == wanted


def _text(value: Plain) -> str:
    match value:
        case str():
            return value
        case int() if not isinstance(value, bool):
            return str(value)
    return ""
