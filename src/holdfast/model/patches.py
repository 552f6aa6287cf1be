"""What a patch that somebody wrote would make of an object, in the three forms of `kubectl patch`.

Only what has one meaning is laid over an object. Refused are nulls and directives (they remove what
is not named), lists of which nobody here knows how they are merged, `move` and `copy`, and pointers
that two readers could follow to two places.
"""

import re
from collections.abc import Mapping, Sequence
from enum import StrEnum

from holdfast.errors import BadInput
from holdfast.model.canonical import Plain, canonical

DEEPEST = 32
_POINTER = re.compile(r"(/([^~/]|~[01])*)+")
_INDEX = re.compile(r"0|[1-9][0-9]{0,5}")
_OPERATIONS: Mapping[str, frozenset[str]] = {
    "add": frozenset({"op", "path", "value"}),
    "replace": frozenset({"op", "path", "value"}),
    "test": frozenset({"op", "path", "value"}),
    "remove": frozenset({"op", "path"}),
}
# The lists that a strategic patch merges by a key, of what our actions are done to.
_MERGED: Mapping[str, str] = {
    "containers": "name",
    "initContainers": "name",
    "volumes": "name",
    "env": "name",
    "imagePullSecrets": "name",
    "volumeMounts": "mountPath",
    "ports": "containerPort",
}


class Form(StrEnum):
    """How a patch is meant, by the names of `kubectl patch --type`."""

    STRATEGIC = "strategic"
    MERGE = "merge"
    JSON = "json"


def patched(before: Plain, patch: Plain, form: Form) -> Plain:
    """The object with that patch laid over it. Raises `BadInput` for what has no one meaning."""
    _refuse_nulls(patch)
    match form:
        case Form.JSON:
            return _by_operations(before, patch)
        case Form.MERGE | Form.STRATEGIC:
            if not isinstance(patch, Mapping) or not isinstance(before, Mapping):
                raise _no("a patch of that form is a mapping")
            return _over(before, patch, form, "")


def _refuse_nulls(patch: Plain, depth: int = 0) -> None:
    if depth > DEEPEST:
        raise _no("it is nested too deeply")
    match patch:
        case None:
            raise _no("a null removes what it does not name")
        case Mapping():
            for each in patch.values():
                _refuse_nulls(each, depth + 1)
        case list() | tuple():
            for each in patch:
                _refuse_nulls(each, depth + 1)
        case _:
            return


def _over(was: Plain, wanted: Plain, form: Form, name: str) -> Plain:
    """One value laid over another; `name` is the field that holds it."""
    match wanted:
        case Mapping():
            there = dict(was) if isinstance(was, Mapping) else {}
            for key, value in wanted.items():
                if key.startswith("$"):
                    raise _no(f"the directive {key} says what is not seen in it")
                there[key] = _over(there.get(key), value, form, key)
            return there
        case list() | tuple() if form is Form.STRATEGIC:
            return _merged(was, wanted, name)
        case _:
            return wanted


def _merged(was: Plain, wanted: Sequence[Plain], name: str) -> Plain:
    by = _MERGED.get(name)
    if by is None:
        raise _no(f"nobody here knows how the list {name} is merged: use --patch-type json")
    old = list(was) if isinstance(was, list | tuple) else []
    named = [_key(each, by) for each in old]
    for each in wanted:
        key = _key(each, by)
        if [_key(other, by) for other in wanted].count(key) > 1 or named.count(key) > 1:
            raise _no(f"two items of {name} are called {key}")
        if key in named:
            place = named.index(key)
            old[place] = _over(old[place], each, Form.STRATEGIC, name)
        else:
            old.append(_over({}, each, Form.STRATEGIC, name))
            named.append(key)
    return old


def _key(item: Plain, by: str) -> str:
    found = item.get(by) if isinstance(item, Mapping) else None
    if not isinstance(found, str | int) or isinstance(found, bool):
        raise _no(f"an item of a list that is merged by {by} has none")
    return str(found)


def _by_operations(before: Plain, patch: Plain) -> Plain:
    if not isinstance(patch, list | tuple):
        raise _no("a JSON patch is a list of operations")
    value = before
    for operation in patch:
        if not isinstance(operation, Mapping):
            raise _no("an operation is a mapping")
        op, pointer = operation.get("op"), operation.get("path")
        if not isinstance(op, str) or op not in _OPERATIONS:
            raise _no(f"the operation {str(op)[:20]!r} is none of add, replace, remove and test")
        if not isinstance(pointer, str) or _POINTER.fullmatch(pointer) is None:
            raise _no(f"{str(pointer)[:80]!r} is no pointer below the whole object")
        if set(operation) != _OPERATIONS[op]:
            raise _no(f"an operation {op} has exactly {', '.join(sorted(_OPERATIONS[op]))}")
        names = [_unescaped(part) for part in pointer.split("/")[1:]]
        value = _operated(value, names, op, operation.get("value"))
    return value


def _unescaped(part: str) -> str:
    return part.replace("~1", "/").replace("~0", "~")


def _operated(value: Plain, names: Sequence[str], op: str, wanted: Plain) -> Plain:
    name, rest = names[0], names[1:]
    match value:
        case Mapping():
            there = dict(value)
            if rest:
                if name not in there:
                    raise _no(f"there is nothing at {name!r}")
                there[name] = _operated(there[name], rest, op, wanted)
                return there
            return _in_a_map(there, name, op, wanted)
        case list() | tuple():
            items = list(value)
            if rest:
                place = _index(name, len(items) - 1)
                items[place] = _operated(items[place], rest, op, wanted)
                return items
            return _in_a_list(items, name, op, wanted)
        case _:
            raise _no(f"there is nothing at {name!r}")


def _in_a_map(there: dict[str, Plain], name: str, op: str, wanted: Plain) -> Plain:
    if op != "add" and name not in there:
        raise _no(f"there is nothing at {name!r}")
    if op == "test":
        _must_equal(there[name], wanted)
    elif op == "remove":
        del there[name]
    else:
        there[name] = wanted
    return there


def _in_a_list(items: list[Plain], name: str, op: str, wanted: Plain) -> Plain:
    if op == "add":
        items.insert(len(items) if name == "-" else _index(name, len(items)), wanted)
        return items
    place = _index(name, len(items) - 1)
    if op == "test":
        _must_equal(items[place], wanted)
    elif op == "remove":
        del items[place]
    else:
        items[place] = wanted
    return items


def _index(name: str, most: int) -> int:
    if _INDEX.fullmatch(name) is None or int(name) > most:
        raise _no(f"{name[:20]!r} is no place in that list")
    return int(name)


def _must_equal(there: Plain, wanted: Plain) -> None:
    if canonical(there) != canonical(wanted):
        raise _no("what it tests is not so")


def _no(why: str) -> BadInput:
    return BadInput(
        f"This patch is not taken: {why}.",
        remedy="Write what is to be changed, and nothing else; or propose an action by its name.",
    )
