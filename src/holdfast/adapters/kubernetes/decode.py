"""Turn what the API server sends into partial kinds: fast, tolerant, and sparing of memory.

A page is decoded in one step by a decoder made once per kind. Only when that fails is it taken
apart: object by object, with `null` (which Kubernetes writes for empty) read as absent, so that
one broken object costs itself and not the page. Nothing here keeps a reference to the raw bytes.
"""

from functools import cache
from typing import Any

import msgspec

from holdfast.adapters.kubernetes.shallow import shallow
from holdfast.adapters.kubernetes.sharing import Sharer
from holdfast.errors import Unanswered
from holdfast.model.objects import Object
from holdfast.model.snapshot import Unreadable

METADATA_LIST = "PartialObjectMetadataList"
METADATA_ONE = "PartialObjectMetadata"


class ListMeta(msgspec.Struct, frozen=True, kw_only=True, rename="camel", gc=False):
    """The metadata of a list."""

    resource_version: str = ""
    continue_: str | None = msgspec.field(name="continue", default=None)


class Page[K](msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One page of a list; any other object of JSON is not one."""

    kind: str
    items: list[K] | None  # null when there are none, but never absent
    metadata: ListMeta = ListMeta()


class Shape(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """No more of an answer than what it calls itself."""

    kind: str = ""


class Name(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Who an object is, when the rest of it cannot be read."""

    name: str = ""
    namespace: str = ""


class Listed[K: Object](msgspec.Struct, frozen=True, kw_only=True):
    """What one page held."""

    resource_version: str
    continue_token: str
    objects: list[K]
    unreadable: tuple[Unreadable, ...] = ()


class StatusDetails(msgspec.Struct, frozen=True, kw_only=True, rename="camel", gc=False):
    """What an API error says beside its message."""

    retry_after_seconds: int | None = None


class Status(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An API error."""

    metadata: ListMeta | None = None
    message: str | None = None
    reason: str | None = None
    code: int | None = None
    details: StatusDetails | None = None


NAMELESS = Unreadable(name="", why="it has no name, which every stored object has")

UNREADABLE = (msgspec.DecodeError, RecursionError, UnicodeDecodeError)
"""What a decoder raises: no JSON or another form, nested too deeply, not UTF-8."""

_shape = msgspec.json.Decoder(Shape)
_raw_page = msgspec.json.Decoder(Page[msgspec.Raw])
_any = msgspec.json.Decoder(Any)
_status = msgspec.json.Decoder(Status)


def decoded[T](decoder: msgspec.json.Decoder[T], body: bytes | msgspec.Raw) -> T:
    """What the decoder makes of it; where that is nested too deeply, of all that is not."""
    try:
        return decoder.decode(body)
    except RecursionError:
        return decoder.decode(shallow(bytes(body)))


def page[K: Object](kind: type[K], body: bytes, share: Sharer) -> Listed[K]:
    """One page of a list of that kind."""
    if kind.api.metadata_only:
        expect_metadata(kind, body, METADATA_LIST)
    try:
        whole = decoded(_page_decoder(kind), body)
    except UNREADABLE:
        return _piece_by_piece(kind, body, share)
    _expect_list(kind.api.plural, whole.kind)
    objects = whole.items or []
    nameless = sum(1 for each in objects if not each.metadata.name)
    if nameless:
        objects = [each for each in objects if each.metadata.name]
    share.within(kind, objects)
    return Listed(
        resource_version=whole.metadata.resource_version,
        continue_token=whole.metadata.continue_ or "",
        objects=objects,
        unreadable=(NAMELESS,) * nameless,
    )


def one[K: Object](kind: type[K], body: bytes | msgspec.Raw) -> K | Unreadable:
    """One object of that kind; partial metadata is checked by the caller's `expect_metadata`."""
    try:
        whole: K = decoded(_decoder(kind), body)
    except UNREADABLE:
        return _tolerantly(kind, body)
    return whole if whole.metadata.name else NAMELESS


def expect_metadata(kind: type[Object], body: bytes | msgspec.Raw, expected: str) -> None:
    """Refuse any other form, before anything but its name is decoded."""
    try:
        got = decoded(_shape, body).kind
    except UNREADABLE:
        got = ""
    if got != expected:
        raise Unanswered(
            f"The API server answered a request for the metadata of {kind.api.plural} with "
            f"{got or 'something unreadable'} instead of {expected}, and Holdfast reads no more of "
            f"them than that.",
            remedy="Look for a proxy before the API server that rewrites the Accept header.",
        )


def error_status(body: bytes) -> Status:
    """What an API error says; an answer that is none says nothing."""
    try:
        return _status.decode(body)
    except UNREADABLE:
        return Status()


def list_metadata(body: bytes) -> ListMeta:
    """The metadata of a page, its items left alone."""
    return _raw("objects", body).metadata


def without_annotations(body: bytes) -> bytes:
    """A list of partial metadata without annotations: `last-applied` holds a Secret's data."""
    try:
        whole = decoded(_any, body)
    except UNREADABLE as broken:
        raise _not_a_list("metadata", str(broken)) from None
    for item in (whole.get("items") if isinstance(whole, dict) else None) or ():
        metadata = item.get("metadata") if isinstance(item, dict) else None
        if isinstance(metadata, dict):
            metadata.pop("annotations", None)
    return msgspec.json.encode(whole)


def _piece_by_piece[K: Object](kind: type[K], body: bytes, share: Sharer) -> Listed[K]:
    raw = _raw(kind.api.plural, body)
    objects: list[K] = []
    unreadable: list[Unreadable] = []
    for item in raw.items or ():
        got = one(kind, item)
        if isinstance(got, Unreadable):
            unreadable.append(got)
        else:
            objects.append(got)
    share.within(kind, objects)
    return Listed(
        resource_version=raw.metadata.resource_version,
        continue_token=raw.metadata.continue_ or "",
        objects=objects,
        unreadable=tuple(unreadable),
    )


def _raw(what: str, body: bytes) -> Page[msgspec.Raw]:
    try:
        raw = decoded(_raw_page, body)
    except UNREADABLE as broken:
        raise _not_a_list(what, str(broken)) from None
    _expect_list(what, raw.kind)
    return raw


def _expect_list(what: str, kind: str) -> None:
    if not kind.endswith("List"):
        raise _not_a_list(what, f"its kind is {kind[:60]!r}")


def _not_a_list(what: str, why: str) -> Unanswered:
    return Unanswered(
        f"What answered a request for a list of {what} is not an API server, or something before "
        f"it: this is no such list ({why}).",
        remedy="Check that the address is an API server's and not a login page or a proxy's.",
    )


def _tolerantly[K: Object](kind: type[K], body: bytes | msgspec.Raw) -> K | Unreadable:
    try:
        tree = _without_nulls(decoded(_any, body))
    except UNREADABLE as broken:
        return Unreadable(name="", why=str(broken))
    try:
        whole = msgspec.convert(tree, kind)
    except msgspec.ValidationError as misfit:
        who = _name_of(tree)
        return Unreadable(name=who.name, namespace=who.namespace, why=str(misfit))
    return whole if whole.metadata.name else NAMELESS


def _name_of(tree: object) -> Name:
    metadata = tree.get("metadata") if isinstance(tree, dict) else None
    try:
        return msgspec.convert(metadata, Name)
    except msgspec.ValidationError:
        return Name()


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _without_nulls(v) for k, v in value.items() if v is not None}
    if isinstance(value, list):
        return [_without_nulls(v) for v in value if v is not None]
    return value


@cache
def _page_decoder[K: Object](kind: type[K]) -> msgspec.json.Decoder[Page[K]]:
    return msgspec.json.Decoder(Page[kind])  # type: ignore[valid-type]  # a type at run time


@cache
def _decoder[K: Object](kind: type[K]) -> msgspec.json.Decoder[K]:
    return msgspec.json.Decoder(kind)
