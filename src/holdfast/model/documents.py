"""An object whole, as the API server has it: what acts needs more of it than a rule reads.

What is approved is not the whole object but the fields that an action declares as read: their hash
holds still while a status moves, and moves with each of them.
"""

import hashlib
from collections.abc import Iterable, Mapping

import msgspec

from holdfast.model.canonical import Plain, canonical
from holdfast.model.objects import Ref
from holdfast.model.paths import (
    Difference,
    Entry,
    Path,
    Segment,
    differences,
    found_at,
    within,
    written,
)

_COUNTED = "deprecated.daemonset.template.generation"
TEMPLATE_GENERATION: Path = ("metadata", "annotations", Entry(key=_COUNTED))
"""How often a DaemonSet's template has changed: the API server counts it, whoever writes it."""

SERVER_OWNED: tuple[Path, ...] = (
    ("status",),
    TEMPLATE_GENERATION,
    *(
        ("metadata", name)
        for name in (
            "creationTimestamp",
            "generation",
            "managedFields",
            "resourceVersion",
            "selfLink",
            "uid",
        )
    ),
)
"""What the API server writes by itself: no part of what was asked for, nor of what we change."""


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """One object of any kind, with every field."""

    value: Mapping[str, Plain]

    def at(self, *path: Segment) -> Plain:
        """What stands in that field; None if nothing does."""
        return found_at(self.value, path)

    def text(self, *path: Segment) -> str:
        """The text in that field; empty if there is none."""
        found = self.at(*path)
        return found if isinstance(found, str) else ""

    @property
    def ref(self) -> Ref:
        """Who this is."""
        return Ref(
            api_version=self.text("apiVersion"),
            kind=self.text("kind"),
            namespace=self.text("metadata", "namespace"),
            name=self.text("metadata", "name"),
            uid=self.text("metadata", "uid"),
        )

    @property
    def resource_version(self) -> str:
        """The version that was read."""
        return self.text("metadata", "resourceVersion")

    @property
    def leaving(self) -> bool:
        """Somebody has deleted it, and it is not gone yet."""
        return bool(self.text("metadata", "deletionTimestamp"))

    def read_hash(self, reads: Iterable[Path]) -> str:
        """One hash over the fields that somebody judged by, whether they are there or not."""
        seen: dict[str, Plain] = {written(path): found_at(self.value, path) for path in reads}
        return hashlib.sha256(canonical(seen)).hexdigest()

    def asked(self) -> Mapping[str, Plain]:
        """What people and controllers asked for: the object without what the server writes."""
        metadata = self.value.get("metadata")
        owned = {path[1] for path in SERVER_OWNED if len(path) == 2}
        kept = (
            {name: each for name, each in metadata.items() if name not in owned}
            if isinstance(metadata, Mapping)
            else {}
        )
        rest = {name: each for name, each in self.value.items() if name != "status"}
        return {**rest, "metadata": kept}


def effect(before: Document, after: Document) -> tuple[Difference, ...]:
    """What a change does to an object, but for what the server writes by itself."""
    return tuple(
        each
        for each in differences(before.value, after.value)
        if not any(within(each.path, owned) for owned in SERVER_OWNED)
    )


def beyond(changed: Iterable[Difference], touches: Iterable[Path]) -> tuple[Path, ...]:
    """The places of an effect that no declaration names."""
    declared = tuple(touches)
    return tuple(
        each.path for each in changed if not any(within(each.path, path) for path in declared)
    )
