"""The simulated cluster's etcd: objects, one increasing version, and a log that can be compacted.

- Every write gets the next version; two writes never share one.
- What is stored is never changed in place, so that an older state can be told from the log.
- Compaction forgets how the cluster came to be as it is, never what it is.
"""

import asyncio
from collections.abc import Sequence
from enum import StrEnum

import msgspec

from holdfast.testing.documents import Json

type Key = tuple[str, str, str]
"""(resource with its group, namespace, name)"""


class Happening(StrEnum):
    """What a watch says of a change."""

    ADDED = "ADDED"
    MODIFIED = "MODIFIED"
    DELETED = "DELETED"


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One write."""

    version: int
    what: Happening
    key: Key
    now: Json  # for a deletion: the object as it was last, under the version of its deletion
    before: Json | None


class Compacted(Exception):
    """The log no longer reaches back to that version."""


def listed(key: Key) -> str:
    """The order of lists, which is etcd's: by namespace and name as one path."""
    _, namespace, name = key
    return f"{namespace}/{name}" if namespace else name


class Store:
    """All state of a cluster."""

    def __init__(self) -> None:
        self.version = 1
        self.oldest = 1  # the oldest version that can still be told
        self._objects: dict[Key, Json] = {}
        self._log: list[Change] = []
        self._waiting: set[asyncio.Future[None]] = set()

    def get(self, key: Key) -> Json | None:
        """One object."""
        return self._objects.get(key)

    def everything(self) -> Sequence[tuple[Key, Json]]:
        """All objects, by key."""
        return sorted(self._objects.items())

    def next_version(self) -> int:
        """The version that the next write will have."""
        return self.version + 1

    def put(self, key: Key, document: Json) -> None:
        """Add or change an object, which carries `next_version()` already."""
        before = self._objects.get(key)
        what = Happening.ADDED if before is None else Happening.MODIFIED
        self._objects[key] = document
        self._happened(what, key, document, before)

    def remove(self, key: Key) -> Json:
        """Remove an object; the log keeps it as it was last, under the deletion's version."""
        before = self._objects.pop(key)
        metadata = {**before["metadata"], "resourceVersion": str(self.next_version())}
        last = {**before, "metadata": metadata}
        self._happened(Happening.DELETED, key, last, before)
        return last

    def _happened(self, what: Happening, key: Key, now: Json, before: Json | None) -> None:
        self.version += 1
        self._log.append(Change(version=self.version, what=what, key=key, now=now, before=before))
        for waiter in self._waiting:
            if not waiter.done():
                waiter.set_result(None)

    def compact(self) -> None:
        """Forget every change up to now."""
        self.oldest = self.version
        self._log.clear()

    def since(self, version: int) -> Sequence[Change]:
        """Every change after that version."""
        if version < self.oldest:
            raise Compacted
        return self._log[version - self.oldest :]  # the log holds each version once, in order

    def listing(self, resource: str, version: int | None = None) -> list[tuple[Key, Json]]:
        """The objects of one resource in the order of lists, now or at an older version."""
        objects = {k: v for k, v in self._objects.items() if k[0] == resource}
        if version is not None:
            for change in reversed(self.since(version)):
                if change.key[0] != resource:
                    continue
                if change.before is None:
                    del objects[change.key]
                else:
                    objects[change.key] = change.before
        return sorted(objects.items(), key=lambda item: listed(item[0]))

    async def beyond(self, version: int) -> None:
        """Wait until something was written after that version."""
        while self.version <= version:
            waiter = asyncio.get_running_loop().create_future()
            self._waiting.add(waiter)
            try:
                await waiter
            finally:
                self._waiting.discard(waiter)
