"""A step as one request to the API server: what it is sent as, and with which preconditions.

- Whether it is meant or a dry run is said by whoever asks; nothing here has a default for that.
- A change of an object carries its uid and resourceVersion: what has moved since is refused.
- Secrets are nothing that is read whole or changed.
"""

from dataclasses import dataclass, replace
from typing import assert_never

import msgspec

from holdfast.adapters.kubernetes.discovery import path, path_of
from holdfast.adapters.kubernetes.transport import JSON, Question
from holdfast.errors import BadInput
from holdfast.model.canonical import Plain
from holdfast.model.documents import Document
from holdfast.model.kinds import KINDS, Secret
from holdfast.model.leases import MANAGER, SHOWING
from holdfast.model.merge_patches import merge_patch
from holdfast.model.objects import Api, Ref
from holdfast.model.steps import Create, Delete, Evict, Patch, Step
from holdfast.ports import How

MERGE = "application/merge-patch+json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request whose body is still a value."""

    method: str
    path: str
    parameters: dict[str, str]
    body: dict[str, Plain]
    content: str = JSON

    def question(self) -> Question:
        """As it is sent."""
        return Question(
            path=self.path,
            method=self.method,
            parameters=self.parameters,
            body=msgspec.json.encode(self.body),
            content=self.content,
        )

    def with_body(self, body: dict[str, Plain]) -> "Asked":
        """The same request with another body."""
        return replace(self, body=body)


def asked(step: Step, fresh: Document | None, how: How) -> Asked:
    """The request. Raises `BadInput` for a step that does not fit what was read."""
    parameters = {"fieldManager": SHOWING if how is How.SHOW else MANAGER}
    if how is not How.ACT:
        # In the query and in a body's options: an eviction would be real by the body alone, and a
        # deletion by the query alone.
        parameters["dryRun"] = "All"
    match step:
        case Create():
            ref = Document(value=step.manifest).ref
            where = path(api_of(ref), version_of(ref), ref.namespace)
            return Asked(method="POST", path=where, parameters=parameters, body=step.manifest)
        case Patch():
            return Asked(
                method="PATCH",
                path=_where(step.target, fresh, step.subresource),
                parameters=parameters,
                body=merge_patch(step.sets, _read(step.target, fresh)),
                content=MERGE,
            )
        case Evict():
            return Asked(
                method="POST",
                path=_where(step.target, fresh, "eviction"),
                parameters=parameters,
                body=_eviction(_read(step.target, fresh), how),
            )
        case Delete():
            options: dict[str, Plain] = {
                "apiVersion": "v1",
                "kind": "DeleteOptions",
                "propagationPolicy": "Background",
                **_options(_read(step.target, fresh), how),
            }
            return Asked(
                method="DELETE",
                path=_where(step.target, fresh, ""),
                # A deletion has no field manager.
                parameters={k: v for k, v in parameters.items() if k == "dryRun"},
                body=options,
            )
        case _:
            assert_never(step)


def api_of(ref: Ref) -> Api:
    """Where objects of that kind are, if we read them whole or change them at all."""
    for kind in KINDS:
        if (
            kind is not Secret
            and ref.kind == kind.api.kind
            and ref.api_version in kind.api.versioned
        ):
            return kind.api
    raise BadInput(
        f"{ref.kind} of {ref.api_version} is nothing that we read whole or change.",
        remedy="Name an object of a kind that an action is done to.",
    )


def version_of(ref: Ref) -> str:
    """The version without its group."""
    return ref.api_version.rpartition("/")[2]


def _eviction(fresh: Document, how: How) -> dict[str, Plain]:
    return {
        "apiVersion": "policy/v1",
        "kind": "Eviction",
        "metadata": {"name": fresh.ref.name, "namespace": fresh.ref.namespace},
        "deleteOptions": _options(fresh, how),
    }


def _options(fresh: Document, how: How) -> dict[str, Plain]:
    """Options of a deletion that come in a body: they stand in for those of the query."""
    version = {"uid": fresh.ref.uid, "resourceVersion": fresh.resource_version}
    rehearsed: dict[str, Plain] = {} if how is How.ACT else {"dryRun": ["All"]}
    return {"preconditions": version, **rehearsed}


def _where(target: Ref, fresh: Document | None, subresource: str) -> str:
    _read(target, fresh)
    where = path_of(api_of(target), version_of(target), target.namespace, target.name)
    return f"{where}/{subresource}" if subresource else where


def _read(target: Ref, fresh: Document | None) -> Document:
    """The fresh read of the target, and of no other object."""
    if fresh is None or fresh.ref != target or not target.uid or not fresh.resource_version:
        raise BadInput(
            f"{target} was not read before it was to be changed.", remedy="Read it first."
        )
    return fresh
