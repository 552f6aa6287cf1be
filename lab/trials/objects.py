"""Objects of any kind, by the notation of the trials: found, applied, patched, told about, removed.

Plain requests of the lab's own client: what is written here does not pass through the code that
is judged.
"""

import itertools
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec

from holdfast.testing.documents import Json, rfc3339
from holdfast.testing.trials.pattern import Pattern
from holdfast.testing.trials.trial import Told
from lab.client import APPLY, MERGE, STRATEGIC, Answer, Client
from lab.errors import LabError

MANAGER = "trial"
CLEANUP = "customresourcecleanup.apiextensions.k8s.io"  # a definition waits for its objects


class Refused(LabError):
    """The API server did not do what a trial asks for."""


class Served(msgspec.Struct, frozen=True, kw_only=True):
    """Where a kind is served."""

    version: str  # as in apiVersion
    plural: str
    namespaced: bool

    def path(self, namespace: str, name: str = "") -> str:
        root = f"/apis/{self.version}" if "/" in self.version else f"/api/{self.version}"
        where = f"/namespaces/{namespace}" if self.namespaced and namespace else ""
        return f"{root}{where}/{self.plural}" + (f"/{name}" if name else "")


class Objects:
    """The cluster as the trials write to it. One instance serves many threads."""

    def __init__(self, client: Client, *, manager: str = MANAGER) -> None:
        self._client = client
        self._manager = manager  # the name by which it writes
        self._served: dict[tuple[str, str], Served] = {}  # by group and kind
        self._lock = threading.Lock()
        self._count = itertools.count(1)

    def found(self, pattern: Pattern, own: str) -> list[Json]:
        """The objects that are meant, of every group that has the kind; nobody serves it: none."""
        found: list[Json] = []
        for served in self._known(pattern.group, pattern.kind):
            path = served.path(pattern.namespace or own, "" if pattern.open else pattern.name)
            answer = self._client.get(path)
            if answer.code == 404:
                continue
            told: Json = self._told(answer, f"get {pattern}")
            kind = {"apiVersion": served.version, "kind": pattern.kind}
            each_one = told["items"] if pattern.open else [told]
            found += [kind | each for each in each_one if pattern.names(each["metadata"]["name"])]
        return found

    def uid(self, pattern: Pattern, own: str) -> str:
        """Of the one object that is meant."""
        metadata: dict[str, str] = self._some(pattern, own)[0]["metadata"]
        return metadata["uid"]

    def apply(self, document: Json, own: str) -> Json:
        """Server-side apply, in the trial's own namespace where none is named."""
        served = self._of_document(document)
        metadata = dict(document["metadata"])
        if served.namespaced:
            metadata.setdefault("namespace", own)
        path = served.path(metadata.get("namespace", ""), metadata["name"])
        what = f"apply {document['kind']}/{metadata['name']}"
        body = {**document, "metadata": metadata}
        forced: dict[str, str | int] = {"fieldManager": self._manager, "force": "true"}
        answer = self._client.send("PATCH", path, body=body, kind=APPLY, query=forced)
        applied: Json = self._told(answer, what)
        return applied

    def patch(self, pattern: Pattern, own: str, change: Json, *, part: str = "") -> None:
        """A patch of every object that is meant, or of a subresource; there must be one."""
        for document in self._some(pattern, own):
            path = self._place(document) + (f"/{part}" if part else "")
            answer = self._send_patch(path, change, MERGE if part else STRATEGIC)
            if answer.code == 415:  # custom kinds know no strategy
                answer = self._send_patch(path, change, MERGE)
            self._told(answer, f"patch {pattern}")

    def _send_patch(self, path: str, change: Json, kind: str) -> Answer:
        query: dict[str, str | int] = {"fieldManager": self._manager}
        return self._client.send("PATCH", path, body=change, kind=kind, query=query)

    def delete(self, pattern: Pattern, own: str) -> None:
        """Every object that is meant; there must be one."""
        for document in self._some(pattern, own):
            self._told(self._client.send("DELETE", self._place(document)), f"delete {pattern}")

    def remove(self, document: Json) -> None:
        """An object and whatever holds it back; one that is gone already is no error."""
        path = self._place(document)
        answer = self._client.send("DELETE", path, query={"propagationPolicy": "Background"})
        left = self._client.get(path) if answer.code != 404 else answer
        held = left.json()["metadata"].get("finalizers", []) if left.ok else []
        if held and CLEANUP not in held:
            self._client.send("PATCH", path, body={"metadata": {"finalizers": None}}, kind=MERGE)

    def tell(self, told: Told, own: str) -> list[Json]:
        """An event about every object that is meant, as that component would write it."""
        made = []
        for document in self._some(Pattern.of(told.of), own):
            metadata = document["metadata"]
            now = rfc3339(datetime.now(UTC))
            event = {
                "apiVersion": "v1",
                "kind": "Event",
                "metadata": {
                    "name": f"{metadata['name']}.{MANAGER}{next(self._count)}",
                    "namespace": metadata.get("namespace", "default"),
                },
                "involvedObject": {
                    "apiVersion": document["apiVersion"],
                    "kind": document["kind"],
                    "name": metadata["name"],
                    "namespace": metadata.get("namespace", ""),
                    "uid": metadata["uid"],
                    "resourceVersion": metadata["resourceVersion"],
                },
                "type": told.type,
                "reason": told.reason,
                "message": told.message,
                "source": {"component": told.from_},
                "reportingComponent": told.from_,
                "count": told.count,
                "firstTimestamp": now,
                "lastTimestamp": now,
            }
            path = f"/api/v1/namespaces/{event['metadata']['namespace']}/events"  # type: ignore[index]
            answer = self._client.send("POST", path, body=event)
            made.append(self._told(answer, f"tell about {told.of}"))
        return made

    def _some(self, pattern: Pattern, own: str) -> list[Json]:
        found = self.found(pattern, own)
        if not found:
            raise Refused(f"there is no {pattern}")
        return found

    def _place(self, document: Json) -> str:
        metadata = document["metadata"]
        return self._of_document(document).path(metadata.get("namespace", ""), metadata["name"])

    def _of_document(self, document: Json) -> Served:
        version, kind = document["apiVersion"], document["kind"]
        known = self._known(_group(version), kind)
        if not known:
            raise Refused(f"nobody serves {version} {kind}")
        return msgspec.structs.replace(known[0], version=version)

    def _known(self, group: str | None, kind: str) -> list[Served]:
        """From what was discovered; a stranger is looked for once more, it may be new."""
        with self._lock:
            for fresh in (False, True):
                if fresh:
                    self._served = dict(self._discovered())
                fitting = [
                    served
                    for (g, k), served in self._served.items()
                    if k == kind and group in (None, g)
                ]
                if fitting:
                    return fitting
        return []

    def _discovered(self) -> Iterator[tuple[tuple[str, str], Served]]:
        groups = self._told(self._client.get("/apis"), "discover")["groups"]
        versions = ["v1", *(g["preferredVersion"]["groupVersion"] for g in groups)]
        others = [v["groupVersion"] for g in groups for v in g["versions"]]
        seen = set[tuple[str, str]]()
        for version in dict.fromkeys([*versions, *others]):
            root = f"/apis/{version}" if "/" in version else f"/api/{version}"
            answer = self._client.get(root)
            if not answer.ok:
                continue  # an aggregated API whose server is away, on purpose perhaps
            for each in answer.json()["resources"]:
                key = (_group(version), each["kind"])
                if "/" in each["name"] or key in seen:
                    continue
                seen.add(key)
                yield (
                    key,
                    Served(version=version, plural=each["name"], namespaced=each["namespaced"]),
                )

    def _told(self, answer: Answer, what: str) -> Any:
        if answer.ok:
            return answer.json()
        said = answer.json() if answer.body.startswith(b"{") else {}
        raise Refused(f"{what}: {said.get('message') or answer.code}")


def _group(version: str) -> str:
    return version.rpartition("/")[0]
