"""The fields of an object, those that it has and those that its API knows besides."""

from collections.abc import Iterator
from typing import Any

type Raw = dict[str, Any]


_SERVER_WRITES = ("resourceVersion", "generation", "managedFields")


def kept(value: Raw) -> Raw:
    """The object without what the server writes by itself."""
    metadata = {k: v for k, v in value["metadata"].items() if k not in _SERVER_WRITES}
    return {**{k: v for k, v in value.items() if k != "status"}, "metadata": metadata}


def changed(there: Raw) -> Iterator[Raw]:
    """Each leaf with another value, and without one."""
    for path, value in leaves(there):
        match value:
            case bool():
                other: object = not value
            case int():
                other = value + 1
            case _:
                other = f"{value}x"
        yield {"op": "replace", "path": path, "value": other}
        yield {"op": "remove", "path": path}


def added(found: Raw, there: Raw) -> Iterator[Raw]:
    """Each field that it could have besides."""
    for path, value in (
        ("/metadata/labels", {"app": "web", "more": "x"}),
        ("/metadata/annotations", {"more": "x"}),
        ("/metadata/finalizers", ["example.com/held"]),
        ("/metadata/managedFields", [{}]),
    ):
        yield {"op": "add", "path": path, "value": value}
    yield from absent(found, there)


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every place of an object where something stands that is no map and no list."""
    if isinstance(value, dict):
        for name, each in value.items():
            yield from leaves(each, f"{path}/{name.replace('~', '~0').replace('/', '~1')}")
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from leaves(each, f"{path}/{index}")
    else:
        yield path, value


# Several of each: the administrator's own dry run tells which of them the server takes.
_PLAIN: dict[str, tuple[object, ...]] = {
    "string": ("x", "/x", "Always", "Never", "1"),
    "integer": (1, 70),
    "boolean": (True,),
}
_REF = "#/components/schemas/"


def absent(found: Raw, there: Raw) -> Iterator[Raw]:
    """An addition for each plain field that those schemas know and the object does not have."""
    group = there["apiVersion"].rpartition("/")[0]
    for schema in found.values():
        known = schema.get("x-kubernetes-group-version-kind", [])
        if any(each["kind"] == there["kind"] and each["group"] == group for each in known):
            yield from _absent(found, schema, there, "", ())
            return
    raise LookupError(f"no schema for {there['kind']}")


def _absent(found: Raw, schema: Raw, there: Any, path: str, seen: tuple[str, ...]) -> Iterator[Raw]:
    for name, each in schema.get("properties", {}).items():
        below, where = there.get(name), f"{path}/{name}"
        if path == "" and name == "status":
            continue
        kind, ref = _resolved(found, each)
        if below is None:
            for value in _values(found, kind, (*seen, ref)):
                yield {"op": "add", "path": where, "value": value}
        elif isinstance(below, dict):
            yield from _absent(found, kind, below, where, (*seen, ref))
        elif isinstance(below, list) and below and isinstance(below[0], dict):
            item, _ = _resolved(found, kind["items"])
            for index, one in enumerate(below):
                yield from _absent(found, item, one, f"{where}/{index}", seen)


def _values(found: Raw, schema: Raw, seen: tuple[str, ...]) -> Iterator[object]:
    """Maps with what they need and one field more, lists with one item, or plain values."""
    kind = schema.get("type")
    if kind in _PLAIN:
        yield from _PLAIN[kind]
    elif kind == "array":
        item, ref = _resolved(found, schema["items"])
        if ref not in seen:
            yield from ([value] for value in _values(found, item, (*seen, ref)))
    elif len(seen) < 8:
        fields = schema.get("properties", {})
        needed = {
            name: next(_values(found, _resolved(found, fields[name])[0], seen), "x")
            for name in schema.get("required", ())
        }
        for name, each in fields.items():
            below, ref = _resolved(found, each)
            if not ref or ref not in seen:
                for value in _values(found, below, (*seen, ref)):
                    yield {**needed, name: value}


def _resolved(found: Raw, schema: Raw) -> tuple[Raw, str]:
    ref = schema.get("$ref") or next(
        (e["$ref"] for e in schema.get("allOf", ()) if "$ref" in e), ""
    )
    return (found[ref.removeprefix(_REF)], ref) if ref else (schema, "")
