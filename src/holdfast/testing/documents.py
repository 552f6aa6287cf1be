"""Kubernetes objects as plain JSON, the way they travel: copying, merging, times, partial kinds."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import msgspec

from holdfast.model.objects import Object
from holdfast.model.snapshot import Unreadable

type Json = dict[str, Any]
"""One JSON object. What is stored is never changed in place: it is copied in and copied out."""


def copied[T](value: T) -> T:
    """The same document, sharing nothing."""
    match value:
        case dict():
            return {k: copied(v) for k, v in value.items()}  # type: ignore[return-value]
        case list():
            return [copied(v) for v in value]  # type: ignore[return-value]
        case _:
            return value


def without_nulls(value: Any) -> Any:
    """A null field says the same as a missing one; the API server writes both."""
    match value:
        case dict():
            return {k: without_nulls(v) for k, v in value.items() if v is not None}
        case list():
            return [without_nulls(v) for v in value if v is not None]
        case _:
            return value


def merged(target: Any, patch: Any) -> Any:
    """An RFC 7396 merge patch: null removes, objects merge, everything else replaces."""
    if not isinstance(patch, dict):
        return copied(patch)
    result: Json = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merged(result.get(key), value)
    return result


def rfc3339(moment: datetime) -> str:
    """A time as Kubernetes writes it in metadata and conditions: whole seconds, UTC."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def decoded[K: Object](
    kind: type[K], documents: Iterable[Json]
) -> tuple[tuple[K, ...], tuple[Unreadable, ...]]:
    """The partial kinds of these documents, and those that cannot be understood."""
    readable: list[K] = []
    unreadable: list[Unreadable] = []
    for document in documents:
        seen = {"metadata": document.get("metadata")} if kind.api.metadata_only else document
        try:
            readable.append(msgspec.convert(without_nulls(seen), kind))
        except msgspec.ValidationError as wrong:
            unreadable.append(unreadable_because(document, wrong))
    return tuple(readable), tuple(unreadable)


def unreadable_because(document: Json, wrong: msgspec.ValidationError) -> Unreadable:
    """Which object it was, as far as it can be told."""
    metadata = document.get("metadata")
    known = metadata if isinstance(metadata, dict) else {}
    name, namespace = known.get("name") or "", known.get("namespace") or ""
    if not isinstance(name, str) or not isinstance(namespace, str):
        name = namespace = ""
    return Unreadable(name=name, namespace=namespace, why=str(wrong))
