"""Label and field selectors, as far as they can be asked for in a query."""

import re
from collections.abc import Callable, Mapping

from holdfast.testing.documents import Json
from holdfast.testing.status import StatusError, bad_request
from holdfast.testing.validation import wrong_with_label

type Selects = Callable[[Json], bool]

_SET = re.compile(r"^\s*([\w./-]+)\s+(in|notin)\s+\(([^()]*)\)\s*$")
_EQUAL = re.compile(r"^\s*([\w./-]+)\s*(==|=|!=)\s*(\S*)\s*$")
_ORDER = re.compile(r"^\s*([\w./-]+)\s*([<>])\s*(-?\d+)\s*$")
_EXISTS = re.compile(r"^\s*(!?)\s*([\w./-]+)\s*$")

_EVERYWHERE = ("metadata.name", "metadata.namespace")
_FIELDS: Mapping[str, tuple[str, ...]] = {
    "events": (
        "involvedObject.kind",
        "involvedObject.name",
        "involvedObject.namespace",
        "involvedObject.uid",
        "reason",
        "type",
    ),
    "jobs.batch": ("status.successful",),
    "namespaces": ("status.phase",),
    "nodes": ("spec.unschedulable",),
    "pods": (
        "spec.nodeName",
        "spec.restartPolicy",
        "spec.schedulerName",
        "spec.serviceAccountName",
        "status.phase",
        "status.podIP",
    ),
    "replicasets.apps": ("status.replicas",),
    "secrets": ("type",),
}
"""The fields that each resource can be selected by, besides its name and namespace."""


def labels(selector: str) -> Selects:
    """What a label selector selects; all of its requirements must hold."""
    tests = [_requirement(part) for part in _split(selector)]

    def selects(document: Json) -> bool:
        carried = document["metadata"].get("labels") or {}
        return all(test(carried) for test in tests)

    return selects


def _split(selector: str) -> list[str]:
    return re.split(r",(?![^()]*\))", selector) if selector.strip() else []


def _requirement(text: str) -> Selects:
    if found := _SET.match(text):
        key, how, listed = found.groups()
        values = {value.strip() for value in listed.split(",")}
        if how == "in":
            return lambda carried: carried.get(key) in values
        return lambda carried: carried.get(key) not in values
    if found := _EQUAL.match(text):
        key, how, value = found.groups()
        for wrong in wrong_with_label(value):
            what = f'values[0][{key}]: Invalid value: "{value}": {wrong}'
            raise bad_request(f"unable to parse requirement: {what}")
        if how == "!=":
            return lambda carried: carried.get(key) != value
        return lambda carried: carried.get(key) == value
    if found := _ORDER.match(text):
        key, how, bound = found.groups()
        return lambda carried: _exceeds(carried.get(key), how, int(bound))
    if found := _EXISTS.match(text):
        absent, key = found.groups()
        return lambda carried: (key not in carried) == bool(absent)
    raise bad_request(f"unable to parse requirement: found '{text}', expected a requirement")


def _exceeds(value: str | None, how: str, bound: int) -> bool:
    if value is None or not value.lstrip("-").isdecimal():
        return False
    return int(value) > bound if how == ">" else int(value) < bound


def fields(selector: str, resource: str) -> Selects:
    """What a field selector selects; a field that the resource is not indexed by is refused."""
    tests: list[tuple[str, bool, str]] = []
    for part in filter(None, selector.split(",")):
        found = re.match(r"^([\w.]+)(==|=|!=)(.*)$", part)
        if found is None:
            raise bad_request(f"invalid selector: '{selector}'; can't understand '{part}'")
        field, how, value = found.groups()
        if field not in (*_EVERYWHERE, *_FIELDS.get(resource, ())):
            raise _unknown(field, resource)
        tests.append((field, how != "!=", value))

    def selects(document: Json) -> bool:
        return all((_at(document, field) == value) is same for field, same, value in tests)

    return selects


def _unknown(field: str, resource: str) -> StatusError:
    if resource in _FIELDS:
        return bad_request(f"field label not supported: {field}")
    known = ", ".join(f'"{each}"' for each in _EVERYWHERE)
    return bad_request(f'"{field}" is not a known field selector: only {known}')


def exact_name(selector: str) -> str:
    """The one name that a field selector asks for: RBAC counts it as the request's name."""
    for part in selector.split(","):
        field, _, value = part.partition("=")
        if field == "metadata.name" and value:
            return value.removeprefix("=")
    return ""


def _at(document: Json, path: str) -> str:
    value: object = document
    for segment in path.split("."):
        value = value.get(segment) if isinstance(value, dict) else None
    match value:
        case None:
            return "false" if path == "spec.unschedulable" else ""
        case bool():
            return str(value).lower()
        case _:
            return str(value)
