"""The words of the expressions that the API server evaluates, made from paths.

- Maps are compared by all of their keys, never by a list of known fields: a field that a newer
  Kubernetes adds is fenced from its first day.
- A map that is not there is as good as an empty one.
- Of a list whose items one key of theirs tells apart, fields of every item can be left out: the
  same items stay, in their order. Of which item, and what is to stand there, values say.
"""

import json
from collections.abc import Iterable, Iterator, Mapping

from holdfast.model.paths import Entry, Item, Path, Segment, written

type _Tree = dict[str | Item, "_Tree"]


def text(value: str) -> str:
    """A string as an expression."""
    return json.dumps(value)


def texts(values: Iterable[str]) -> str:
    """A list of strings as an expression."""
    return json.dumps([*values])


def place(root: str, path: Path, otherwise: str) -> str:
    """What stands at that place, or something else if nothing does."""
    steps = "".join(f"[?{text(_key(segment, path))}]" for segment in path)
    return f"{root}{steps}.orValue({otherwise})"


def listed(root: str, path: Path, otherwise: str) -> str:
    """Of each item of a list on the way there: what tells it apart, and what stands there in it."""
    at = next(number for number, segment in enumerate(path) if isinstance(segment, Item))
    item, below = path[at], path[at + 1 :]
    by = item.by if isinstance(item, Item) else ""
    each = f"[i[{text(by)}], {place('i', below, otherwise)}]"
    return f"{place(root, path[:at], '[]')}.map(i, {each})"


def same_but(old: str, new: str, left_out: Iterable[Path]) -> Iterator[str]:
    """One expression per level: every other key is there in both, with the same value."""
    tree: _Tree = {}
    for path in left_out:
        below = tree
        for segment in path:
            below = below.setdefault(_step(segment, path), {})
    yield from _levels(old, new, tree, ())


def _levels(old: str, new: str, tree: _Tree, path: tuple[str, ...]) -> Iterator[str]:
    names = [name for name in tree if isinstance(name, str)]
    for item, below in tree.items():
        if isinstance(item, Item):
            yield _items(place(old, path, "[]"), place(new, path, "[]"), item, below)
    if names:
        yield from _keys(old, new, {name: tree[name] for name in sorted(names)}, path)


def _items(was: str, now: str, item: Item, tree: _Tree) -> str:
    """The same items in the same order, and each with its namesake the same but for the rest."""
    by = text(item.by)
    inside = " && ".join(f"({each})" for each in _levels("o", "n", tree, ()))
    return (
        f"{was}.map(i, i[{by}]) == {now}.map(i, i[{by}]) && "
        f"{was}.all(o, {now}.exists(n, n[{by}] == o[{by}] && {inside}))"
    )


def _keys(old: str, new: str, tree: Mapping[str, _Tree], path: tuple[str, ...]) -> Iterator[str]:
    was = place(old, path, "{}") if path else old
    now = place(new, path, "{}") if path else new
    names = texts(tree)
    yield (
        f"{was}.all(k, k in {names} || (k in {now} && {now}[k] == {was}[k])) && "
        f"{now}.all(k, k in {names} || k in {was})"
    )
    for name, below in tree.items():
        if below:
            yield from _levels(old, new, below, (*path, name))


def _step(segment: Segment, path: Path) -> str | Item:
    if isinstance(segment, Item) and not segment.value:
        return segment
    return _key(segment, path)


def _key(segment: Segment, path: Path) -> str:
    match segment:
        case str():
            return segment
        case Entry(key=key) if key:
            return key
        case _:
            raise ValueError(f"no fence can be made around {written(path)}: it names no one place")
