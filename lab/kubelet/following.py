"""Follows one kind of object: lists it, watches it, and lists again when the watch is lost."""

import threading
from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from lab.client import Client, Unreachable
from lab.kubelet.shapes import Page, WatchEvent

_PAGE = 500
_PAUSE = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Follow[T]:
    """`seen` gets every state of every object, `gone` the last one before it vanished."""

    client: Client
    path: str
    shape: type[T]
    uid: Callable[[T], str]
    seen: Callable[[T], None]
    gone: Callable[[T], object]
    selector: str = ""  # of fields

    def run(self) -> None:
        """For ever."""
        known: dict[str, T] = {}
        pause = threading.Event()
        while True:
            try:
                version = self._list(known)
                while version:
                    version = self._watch(known, version)
            except Unreachable:
                self.client.close()  # the server is restarting; it will be back
            pause.wait(_PAUSE)

    def _query(self) -> dict[str, str]:
        return {"fieldSelector": self.selector} if self.selector else {}

    def _list(self, known: dict[str, T]) -> str:
        found: dict[str, T] = {}
        token = ""
        while True:
            more = {"continue": token} if token else {}
            answer = self.client.get(self.path, limit=_PAGE, **self._query(), **more)
            if not answer.ok:
                return ""
            page = msgspec.json.decode(answer.body, type=Page)
            for raw in page.items or ():
                each = msgspec.json.decode(raw, type=self.shape)
                found[self.uid(each)] = each
                self.seen(each)
            token = page.metadata.continue_
            if not token:
                break
        for uid in known.keys() - found.keys():
            self.gone(known[uid])
        known.clear()
        known.update(found)
        return page.metadata.resource_version

    def _watch(self, known: dict[str, T], version: str) -> str:
        """The version to go on from; empty when only a new list helps."""
        asked = {"resourceVersion": version, "allowWatchBookmarks": "true"} | self._query()
        for line in self.client.watch(self.path, query=asked):
            event = msgspec.json.decode(line, type=WatchEvent)
            if event.type == "ERROR":
                return ""
            version = msgspec.json.decode(event.object, type=_Versioned).metadata.resource_version
            if event.type == "BOOKMARK":
                continue
            each = msgspec.json.decode(event.object, type=self.shape)
            if event.type == "DELETED":
                known.pop(self.uid(each), None)
                self.gone(each)
                continue
            known[self.uid(each)] = each
            self.seen(each)
        return version


class _Version(msgspec.Struct, rename="camel"):
    resource_version: str


class _Versioned(msgspec.Struct):
    metadata: _Version
