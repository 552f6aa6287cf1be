"""The canary: a step turned into something that no lease may do, to see that the fence refuses it.

- Each is a dry run, in the query and in the body: were the fence gone, nothing would come of it.
- None carries a resourceVersion: the server compares that before it asks the policies, and a target
  that moves all the time would hide what they say.
- Each is well-formed: whoever is not fenced would get it through.
"""

from collections.abc import Mapping
from typing import assert_never

from holdfast.adapters.kubernetes.requests import Asked, asked
from holdfast.model.canonical import Plain
from holdfast.model.documents import Document
from holdfast.model.steps import Create, Delete, Evict, Patch, Step
from holdfast.ports import How

LABEL = "holdfast.dev/canary"


def rehearsed(step: Step, fresh: Document | None) -> Asked:
    """The step itself as a dry run, on whatever version is there."""
    return _unpinned(step, asked(step, fresh, How.REHEARSE))


def shown(step: Step, fresh: Document | None) -> Asked:
    """The same as a preview sends it, which the fence lets through with what others add to it."""
    return _unpinned(step, asked(step, fresh, How.SHOW))


def _unpinned(step: Step, made: Asked) -> Asked:
    body = dict(made.body)
    for name in ("metadata", "preconditions", "deleteOptions"):
        if name in body and not isinstance(step, Create):
            body[name] = _unversioned(body[name])
    return made.with_body(body)


def forbidden(step: Step, fresh: Document | None) -> Asked:
    """The same with one thing besides that no lease is allowed."""
    made = rehearsed(step, fresh)
    body = dict(made.body)
    match step:
        case Patch() if step.subresource:
            # The server keeps nothing of a Scale but the number: it can only be another one.
            return made.with_body(_other_number(body))
        case Patch():
            body["metadata"] = _with(body["metadata"], "labels", {LABEL: "seen"})
        case Evict():
            body["deleteOptions"] = _with(body["deleteOptions"], "gracePeriodSeconds", 0)
        case Delete():
            body["propagationPolicy"] = "Orphan"
        case Create():
            body["metadata"] = _with(body["metadata"], "generateName", "canary-")
        case _:
            assert_never(step)
    return made.with_body(body)


def _with(value: Plain, name: str, more: Plain) -> Plain:
    there = dict(value) if isinstance(value, dict) else {}
    below = there.get(name)
    if isinstance(below, dict) and isinstance(more, dict):
        more = {**below, **more}
    return {**there, name: more}


def _other_number(body: Mapping[str, Plain]) -> dict[str, Plain]:
    return {name: _raised(each) if name == "spec" else each for name, each in body.items()}


def _raised(value: Plain) -> Plain:
    match value:
        case bool():
            return value
        case int():
            return value + 1
        case Mapping():
            return {name: _raised(each) for name, each in value.items()}
        case _:
            return value


def _unversioned(value: Plain) -> Plain:
    if not isinstance(value, dict):
        return value
    return {
        name: _unversioned(each) if name == "preconditions" else each
        for name, each in value.items()
        if name != "resourceVersion"
    }
