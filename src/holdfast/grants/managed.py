"""Who is recorded as the manager of which field, as the API server's own expressions.

- What a request adds to the records is in the name of our manager, as an update, and owns nothing
  but the declared places.
- Whoever manages none of them is recorded as before; whoever did, and no longer does, keeps all the
  rest that he managed.
- A server-side apply is recorded as such, and so is never ours: it could claim any field that it
  leaves as it is.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import takewhile

from holdfast.grants.cel import place, text, texts
from holdfast.model.leases import MANAGER
from holdfast.model.paths import Entry, Item, Path, Segment

type _Tree = dict[str, "_Tree"]

_EACH = ""  # of a list: each item of it
_OURS = f'{{0}}.manager == {text(MANAGER)} && {{0}}.operation == "Update"'
_SAME = " && ".join(
    (
        "o.manager == n.manager && o.operation == n.operation",
        *(
            f'o.?{each}.orValue("") == n.?{each}.orValue("")'
            for each in ("apiVersion", "subresource")
        ),
    )
)
NEW = f"{place('object', ('metadata', 'managedFields'), '[]')}.all(n, {_OURS.format('n')})"
"""Of an object that is made: nobody else is said to have made any of it."""


def others_keep(touches: Sequence[Path]) -> str:
    """Nothing is recorded but that these places are ours now."""
    old, new = (place(r, ("metadata", "managedFields"), "[]") for r in ("oldObject", "object"))
    was, now = (
        "(" + " || ".join(dict.fromkeys(_has(m, each) for each in touches)) + ")"
        for m in ("o", "n")
    )
    tree = _tree(touches)
    owned = "{}.?fieldsV1.orValue({{}})"
    fresh = " && ".join(_same_but(owned.format("n"), "{}", tree))
    gone = " && ".join(_same_but(owned.format("o"), "{}", tree))
    rest = " && ".join(_same_but(owned.format("n"), owned.format("o"), tree))
    ours = _OURS.format("n")
    return (
        f"{old}.all(o, o in {new} || ({was} && {gone}) || "
        f"(({was} || ({_OURS.format('o')})) && {new}.exists(n, {_SAME}))) && "
        f"{new}.all(n, n in {old} || ({ours} && !{old}.exists(o, {_SAME}) && {fresh}) || "
        f"{old}.exists(o, {_SAME} && {rest} && (({ours}) || !{now} || {was})))"
    )


def _has(record: str, path: Path) -> str:
    """Of a list, whoever manages anything in it: which item is meant is not known here."""
    path = tuple(takewhile(lambda segment: not isinstance(segment, Item), path))
    fields = "".join(f"[?{text(_name(segment))}]" for segment in path)
    return f"{record}.?fieldsV1{fields}.hasValue()"


def _tree(touches: Sequence[Path]) -> _Tree:
    tree: _Tree = {}
    for path in touches:
        below = tree
        for segment in path:
            below = below.setdefault(_name(segment), {})
    return tree


def _name(segment: Segment) -> str:
    match segment:
        case str():
            return f"f:{segment}"
        case Entry(key=key):
            return f"f:{key}"
        case _:
            return _EACH


def _same_but(new: str, old: str, tree: Mapping[str, _Tree], depth: int = 0) -> Iterator[str]:
    """Two records own the same, but for these places and for what they stand in."""
    each = f"k{depth}"
    if _EACH in tree:
        below = [s if s == "{}" else f"{s}[?{each}].orValue({{}})" for s in (new, old)]
        inside = " && ".join(_same_but(below[0], below[1], tree[_EACH], depth + 1))
        yield " && ".join(
            f'{side}.all({each}, {each} == "." || ({inside}))'
            for side in (new, old)
            if side != "{}"
        )
        return
    names = texts([".", *sorted(tree)])
    kept = "false" if old == "{}" else f"({each} in {old} && {old}[{each}] == {new}[{each}])"
    yield f"{new}.all({each}, {each} in {names} || {kept})"
    if old != "{}":
        yield f"{old}.all({each}, {each} in {names} || {each} in {new})"
    for name, below_it in sorted(tree.items()):
        if below_it:
            sides = [s if s == "{}" else f"{s}[?{text(name)}].orValue({{}})" for s in (new, old)]
            yield from _same_but(sides[0], sides[1], below_it, depth + 1)
