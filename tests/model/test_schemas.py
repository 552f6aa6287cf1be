"""What we read of custom resources, against their operators' own definitions.

A misspelt field decodes to its default for ever: a rule that reads it is quiet, and no test with
objects of our own making can tell.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec
import pytest
from msgspec import inspect

from holdfast.model.kinds import KINDS
from holdfast.model.objects import Object, Part

type Schema = dict[str, Any]

OF_KUBERNETES = ("", "apps", "autoscaling", "batch", "policy")
CUSTOM = [
    kind
    for kind in KINDS
    if kind.api.group not in OF_KUBERNETES
    and (not kind.api.group.endswith(".k8s.io") or kind.api.group.startswith("gateway."))
]
UNSEEN = {"Kafka", "Provider"}  # Strimzi is written in Java; Crossplane's module is not to be had
WORDS: dict[type[inspect.Type], str] = {
    inspect.StrType: "string",
    inspect.IntType: "integer",
    inspect.BoolType: "boolean",
}
TEXTS_THAT_ARE_TIMES = {  # declared as texts, written in RFC 3339 with microseconds and zone
    "PostgresCluster status.targetPrimaryTimestamp",
    "PostgresCluster status.currentPrimaryFailingSinceTimestamp",
}


@dataclass(frozen=True, kw_only=True)
class Reading:
    """One field that we read, and what its definition says of it; None: it knows no such field."""

    part: type
    field: str
    path: str
    type: inspect.Type
    schema: Schema | None


@pytest.fixture
def by_name(definitions: list[Schema]) -> dict[str, Schema]:
    return {each["metadata"]["name"]: each["spec"] for each in definitions}


@pytest.fixture
def readings(by_name: dict[str, Schema]) -> list[Reading]:
    return [
        reading
        for kind in CUSTOM
        if kind.__name__ not in UNSEEN
        for version in by_name[kind.api.resource]["versions"]
        if version["name"] in kind.api.versions and version["served"]
        for reading in fields(kind, version["schema"]["openAPIV3Schema"])
    ]


def fields(kind: type[Object], schema: Schema) -> Iterator[Reading]:
    """Every field of a kind but its metadata, which no definition spells out."""
    for each in inside(inspect.type_info(kind), schema, kind.__name__):
        if not each.path.startswith(f"{kind.__name__} metadata"):
            yield each


def inside(type_: inspect.Type, schema: Schema, path: str) -> Iterator[Reading]:
    match type_:
        case inspect.StructType(cls=part, fields=fields):
            for field in fields:
                name = field.encode_name
                below = f"{path}.{name}" if " " in path else f"{path} {name}"
                known = schema.get("properties", {}).get(name)
                owner = first_to_have(part, name)
                yield Reading(part=owner, field=name, path=below, type=field.type, schema=known)
                if known is not None:
                    yield from inside(field.type, known, below)
        case inspect.VarTupleType(item_type=item):
            yield from inside(item, schema.get("items", {}), f"{path}[]")
        case inspect.UnionType(types=types):
            for each in types:
                yield from inside(each, schema, path)


def first_to_have(part: type, field: str) -> type:
    """The part that brought the field, when others are made from it."""
    parts = [each for each in part.__mro__ if issubclass(each, Part)]
    return [p for p in parts if field in {f.encode_name for f in msgspec.structs.fields(p)}][-1]


def as_what(type_: inspect.Type) -> str:
    match type_:
        case inspect.UnionType(types=types):
            return " or ".join(as_what(t) for t in types if not isinstance(t, inspect.NoneType))
        case inspect.DateTimeType():
            return "date-time"
        case inspect.StructType():
            return "object"
        case inspect.VarTupleType():
            return "array"
        case _:
            return WORDS[type(type_)]


def test_every_kind_is_defined_as_we_ask_for_it(by_name: dict[str, Schema]) -> None:
    for kind in CUSTOM:
        if kind.__name__ in UNSEEN:
            continue
        spec = by_name[kind.api.resource]
        served = {version["name"] for version in spec["versions"] if version["served"]}
        assert spec["names"]["kind"] == kind.api.kind
        assert spec["scope"] == ("Namespaced" if kind.api.namespaced else "Cluster")
        assert kind.api.versions[0] in served


def test_every_field_that_we_read_exists(readings: list[Reading]) -> None:
    """A field of a part that several kinds share has to exist in one of them."""
    there = {(each.part, each.field) for each in readings if each.schema is not None}
    missing = {
        each.path
        for each in readings
        if each.schema is None and (each.part, each.field) not in there
    }

    assert len(readings) > 500
    assert missing == set()


def test_every_field_is_read_as_what_it_is(readings: list[Reading]) -> None:
    wrong = {
        f"{each.path} is {said}, read as {as_what(each.type)}"
        for each in readings
        if each.schema is not None
        and (said := each.schema.get("format", each.schema["type"])) != as_what(each.type)
        and not (said in ("int32", "int64") and as_what(each.type) == "integer")
        and each.path not in TEXTS_THAT_ARE_TIMES
    }

    assert wrong == set()
