"""Lists page by page and watches, over a store that can be compacted."""

import base64
import binascii
import json
from collections.abc import Callable, Iterable, Mapping

import msgspec

from holdfast.testing import selectors
from holdfast.testing.documents import Json, copied
from holdfast.testing.requests import Request, number, switched_on
from holdfast.testing.resources import Resource
from holdfast.testing.status import StatusError, bad_request, expired, invalid
from holdfast.testing.store import Change, Compacted, Happening, Key, Store, listed

_TOO_OLD = (
    "The provided continue parameter is too old to display a consistent list result. You can "
    "start a new list without the continue parameter, or use the continue token in this response "
    "to retrieve the remainder of the results. Continuing with the provided token results in an "
    "inconsistent list - objects that were created, modified, or deleted between the time the "
    "first chunk was returned and now may show up in the list."
)
_ENDLESS = 1800  # seconds that a watch lasts when nobody says how long
_NEWEST = -1  # a continue token that takes what is there now


class _Token(msgspec.Struct, frozen=True, kw_only=True):
    """Where the next page begins, and in which state of the world."""

    v: str = "meta.k8s.io/v1"
    rv: int
    start: str

    def __str__(self) -> str:
        return base64.urlsafe_b64encode(msgspec.json.encode(self)).decode().rstrip("=")

    @classmethod
    def read(cls, text: str) -> "_Token":
        """Parse what a client sends back."""
        try:
            raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
            return msgspec.json.decode(raw, type=cls)
        except (binascii.Error, ValueError, msgspec.DecodeError) as wrong:
            raise bad_request(
                f"invalid continue token: continue key is not valid: {wrong}"
            ) from wrong


def shown(resource: Resource, document: Json, *, metadata_only: bool) -> Json:
    """An object as it travels: with its apiVersion and kind, or its metadata alone."""
    if metadata_only:
        return {
            "kind": "PartialObjectMetadata",
            "apiVersion": "meta.k8s.io/v1",
            "metadata": copied(document["metadata"]),
        }
    return {"kind": resource.kind, "apiVersion": resource.api_version, **copied(document)}


def wanted(request: Request, resource: Resource) -> Callable[[Key, Json], bool]:
    """Which objects a list or watch is about: namespace, labels and fields."""
    by_label = selectors.labels(request.query.get("labelSelector", ""))
    by_field = selectors.fields(request.query.get("fieldSelector", ""), resource.qualified)
    namespace = request.ask.namespace

    def wants(key: Key, document: Json) -> bool:
        return namespace in ("", key[1]) and by_label(document) and by_field(document)

    return wants


def page(store: Store, resource: Resource, request: Request) -> Json:
    """One page of a list, consistent with the page before it."""
    wants = wanted(request, resource)
    limit = max(0, number(request.query.get("limit") or "0"))
    start, version = _from_where(store, request)
    told = None if version == store.version else version
    try:
        objects = store.listing(resource.qualified, told)
    except Compacted as gone:
        inconsistent = str(_Token(rv=_NEWEST, start=start))
        raise expired(_TOO_OLD, metadata={"continue": inconsistent}) from gone
    rest = [(k, d) for k, d in objects if listed(k) >= start and wants(k, d)]
    taken = rest[:limit] if limit else rest
    metadata: Json = {"resourceVersion": str(version)}
    if len(taken) < len(rest):
        last = listed(taken[-1][0])
        metadata["continue"] = str(_Token(rv=version, start=f"{last}\0"))
        if not request.query.get("labelSelector") and not request.query.get("fieldSelector"):
            metadata["remainingItemCount"] = len(rest) - len(taken)
    partial = request.metadata_only
    items = [shown(resource, document, metadata_only=partial) for _, document in taken]
    if not partial:
        for item in items:  # the list says it once for all
            del item["kind"], item["apiVersion"]
    return {
        "kind": "PartialObjectMetadataList" if partial else f"{resource.kind}List",
        "apiVersion": "meta.k8s.io/v1" if partial else resource.api_version,
        "metadata": metadata,
        "items": items,
    }


def _version(query: Mapping[str, str], *, watch: bool = False) -> int:
    text = query.get("resourceVersion") or "0"
    if text.isdecimal():
        return int(text)
    why = f'Invalid value: "{text}": strconv.ParseUint: parsing "{text}": invalid syntax'
    if watch:
        raise StatusError(500, "", f"resourceVersion: {why}")
    raise bad_request(f"invalid resource version: resourceVersion: {why}")


def _exactly(query: Mapping[str, str]) -> bool:
    """Whether a list must be of that very version and not just of no older one."""
    match query.get("resourceVersionMatch", ""):
        case "":
            return False
        case _ if not query.get("resourceVersion"):
            reason, message = (
                "FieldValueForbidden",
                "Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided",
            )
        case "Exact":
            return True
        case "NotOlderThan":
            return False
        case other:
            reason, message = (
                "FieldValueNotSupported",
                f'Unsupported value: "{other}": supported values: "Exact", "NotOlderThan", ""',
            )
    cause = ("resourceVersionMatch", reason, message)
    raise invalid("meta.k8s.io", "ListOptions", "", cause)


def _from_where(store: Store, request: Request) -> tuple[str, int]:
    asked = request.query.get("resourceVersion", "")
    if text := request.query.get("continue", ""):
        if asked not in ("", "0"):
            raise bad_request("specifying resource version is not allowed when using continue")
        token = _Token.read(text)
        return token.start, store.version if token.rv == _NEWEST else token.rv
    exactly = _exactly(request.query)
    version = _version(request.query)
    if version > store.version:
        raise StatusError(
            504,
            "Timeout",
            f"Timeout: Too large resource version: {version}, current: {store.version}",
            details={
                "causes": [
                    {
                        "reason": "ResourceVersionTooLarge",
                        "message": "Too large resource version",
                    }
                ],
                "retryAfterSeconds": 1,
            },
            retry_after=1,
        )
    if exactly:
        if version < store.oldest:
            raise expired(f"The resourceVersion for the provided list is too old: {version}")
        return "", version
    return "", store.version


class Watch:
    """One watch: what has happened since, as events of the wire."""

    def __init__(self, store: Store, resource: Resource, request: Request) -> None:
        self._store = store
        self._resource = resource
        self.namespace = request.ask.namespace
        self._partial = request.metadata_only
        self._wants = wanted(request, resource)
        self.bookmarks = switched_on(request.query, "allowWatchBookmarks")
        asked = _version(request.query, watch=True)
        self.seconds = number(request.query.get("timeoutSeconds") or "0") or _ENDLESS
        self.position = asked or store.version
        self.over = False
        self._first = [] if asked else store.listing(resource.qualified)

    def _event(self, what: str, document: Json) -> Json:
        return {
            "type": what,
            "object": shown(self._resource, document, metadata_only=self._partial),
        }

    def pending(self) -> Iterable[Json]:
        """Every event that has not been told yet; a watch that fell behind ends with a 410."""
        first, self._first = self._first, []
        for key, document in first:
            if self._wants(key, document):
                yield self._event(Happening.ADDED, document)
        try:
            changes = self._store.since(min(self.position, self._store.version))
        except Compacted:
            self.over = True
            too_old = expired(f"too old resource version: {self.position} ({self._store.oldest})")
            yield {"type": "ERROR", "object": too_old.status}
            return
        for change in changes:
            self.position = change.version
            event = self._told(change)
            if event is not None:
                yield event

    def _told(self, change: Change) -> Json | None:
        if change.key[0] != self._resource.qualified:
            return None
        before = change.before is not None and self._wants(change.key, change.before)
        now = change.what is not Happening.DELETED and self._wants(change.key, change.now)
        match before, now:
            case False, False:
                return None
            case False, True:
                return self._event(Happening.ADDED, change.now)
            case True, True:
                return self._event(Happening.MODIFIED, change.now)
            case _:
                return self._event(Happening.DELETED, _last_seen(change))

    def bookmark(self) -> Json:
        """Where the watch stands, so that a client can come back there."""
        metadata = {"resourceVersion": str(self.position), "creationTimestamp": None}
        kind, api_version = self._resource.kind, self._resource.api_version
        if self._partial:
            kind, api_version = "PartialObjectMetadata", "meta.k8s.io/v1"
        return {
            "type": "BOOKMARK",
            "object": {"kind": kind, "apiVersion": api_version, "metadata": metadata},
        }

    async def ready(self) -> None:
        """Wait until something happens, to whatever object."""
        await self._store.beyond(self.position)


def _last_seen(change: Change) -> Json:
    """An object that left the selection is told as it was, under the version of its leaving."""
    if change.what is Happening.DELETED or change.before is None:
        return change.now
    metadata = {**change.before["metadata"], "resourceVersion": str(change.version)}
    return {**change.before, "metadata": metadata}


def as_line(event: Json) -> bytes:
    """An event as the stream carries it."""
    return json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
