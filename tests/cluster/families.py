"""Custom resources as their operators leave them: some healthy, some broken, by family.

Each file of `families/` holds `healthy` and `broken` objects and what is `found` of the broken
ones: `code: [Kind name, ...]`. Moments are written `ago 10m` or `in 7d`. Objects lie in the
namespace of the test; owners are named by kind and name, and get the uid that they were given.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from holdfast.model.kinds import KINDS
from lab.client import MERGE, Client

type Document = dict[str, Any]

FILES = sorted((Path(__file__).parent / "families").glob("*.yaml"))
_MOMENT = re.compile(r"(ago|in) (\d+)([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_APIS = {(version, kind.api.kind): kind.api for kind in KINDS for version in kind.api.versioned}


def read(path: Path, now: datetime | None = None) -> Document:
    """A family, its moments counted from now."""
    family: Document = _told(yaml.safe_load(path.read_text()), now or datetime.now(UTC))
    return family


def _told(value: Any, now: datetime) -> Any:
    match value:
        case dict():
            return {key: _told(each, now) for key, each in value.items()}
        case list():
            return [_told(each, now) for each in value]
        case str() if found := _MOMENT.fullmatch(value):
            span = timedelta(**{_UNITS[found[3]]: int(found[2])})
            moment = now - span if found[1] == "ago" else now + span
            return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
    return value


class Made:
    """Objects on a server, each with its status; `unmake` removes those of no namespace."""

    def __init__(self, client: Client, namespace: str) -> None:
        self._client, self._namespace = client, namespace
        self._uids: dict[tuple[str, str], str] = {}
        self._apart: list[str] = []

    def make(self, documents: Iterable[Document]) -> None:
        """Create them in this order; a field that the server does not know is an error."""
        for document in documents:
            self._make(document)

    def unmake(self) -> None:
        for path in reversed(self._apart):
            self._send("DELETE", path, None)

    def _make(self, document: Document) -> None:
        api = _APIS[document["apiVersion"], document["kind"]]
        base = f"/apis/{document['apiVersion']}" if api.group else "/api/v1"
        within = f"/namespaces/{self._namespace}" if api.namespaced else ""
        name = document["metadata"]["name"]
        made = self._send("POST", f"{base}{within}/{api.plural}", self._owned(document))
        self._uids[api.kind, name] = made["metadata"]["uid"]
        path = f"{base}{within}/{api.plural}/{name}"
        if not api.namespaced:
            self._apart.append(path)
        status = document.get("status")
        if status is not None and made.get("status") != status:  # it is a subresource
            self._send("PATCH", f"{path}/status", {"status": status}, kind=MERGE)

    def _owned(self, document: Document) -> Document:
        owners = [
            {"apiVersion": "v1", **owner, "uid": self._uids[owner["kind"], owner["name"]]}
            for owner in document["metadata"].get("ownerReferences", ())
        ]
        if not owners:
            return document
        return {**document, "metadata": {**document["metadata"], "ownerReferences": owners}}

    def _send(
        self, verb: str, path: str, body: Document | None, *, kind: str = "application/json"
    ) -> Any:
        query: dict[str, str | int] = {"fieldValidation": "Strict"}
        done = self._client.send(verb, path, body=body, kind=kind, query=query)
        assert done.ok, f"{verb} {path}: {done.body.decode()}"
        return done.json()


def expected(family: Document) -> Iterator[tuple[str, str]]:
    """What is to be found: code, and kind and name."""
    for code, subjects in family["found"].items():
        for subject in subjects:
            yield code, subject
