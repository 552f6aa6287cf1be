"""From an HTTP request to a request of the API: path, verb, body, who asks, in which form."""

import json
from collections.abc import Callable, Mapping
from urllib.parse import parse_qsl, unquote, urlsplit

import msgspec

from holdfast.testing.documents import Json
from holdfast.testing.rbac import ANONYMOUS, Ask, User, a_user
from holdfast.testing.requests import PatchForm, Request, switched_on
from holdfast.testing.status import (
    StatusError,
    bad_request,
    not_allowed,
    unauthorized,
    unsupported_media,
)

_VERBS = {
    "GET": "get",
    "HEAD": "get",
    "POST": "create",
    "PUT": "update",
    "PATCH": "patch",
    "DELETE": "delete",
}
_NO_OBJECT = "the object provided is unrecognized: couldn't get version/kind; json parse error"
_UNREADABLE = {
    "patch": "error decoding patch",
    "delete": "couldn't get version/kind; json parse error",
    "deletecollection": "couldn't get version/kind; json parse error",
}
_EXTRA = "impersonate-extra-"
_FORMS = ("PartialObjectMetadata", "PartialObjectMetadataList")
_NAMESPACE_ITSELF = ("status", "finalize")  # the parts that belong to a namespace, not within it


class Heard(msgspec.Struct, frozen=True, kw_only=True):
    """An HTTP request, whole."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""

    def header(self, name: str) -> str:
        """The first header of that name."""
        return next((v for k, v in self.headers if k.lower() == name), "")

    def every(self, name: str) -> tuple[str, ...]:
        """All headers of that name."""
        return tuple(v for k, v in self.headers if k.lower() == name)


def understood(heard: Heard, who: User) -> Request:
    """The request of the API. What is wrong with its form travels in it, to be told later."""
    split = urlsplit(heard.target)
    query = dict(parse_qsl(split.query, keep_blank_values=True))
    parts = [unquote(p) for p in split.path.strip("/").split("/")]
    named = _resource(parts)
    if named is None:
        verb = heard.method.lower()
        return Request(who=who, ask=Ask(verb=verb, path=split.path), query=query)
    group, version, rest = named
    ask = _ask(heard.method, group, rest, query)
    asked = Request(
        who=who,
        ask=ask,
        version=version,
        query=query,
        patch=_media_type(heard.header("content-type")),
    )
    try:
        if heard.method == "HEAD":
            raise not_allowed()
        body, partial = _body(heard, ask), _partial(heard.header("accept"), ask)
    except StatusError as fault:
        return msgspec.structs.replace(asked, fault=fault)
    return msgspec.structs.replace(asked, body=body, metadata_only=partial)


def _resource(parts: list[str]) -> tuple[str, str, list[str]] | None:
    match parts:
        case ["api", version, *rest] if rest:
            return "", version, rest
        case ["apis", group, version, *rest] if rest:
            return group, version, rest
        case _:
            return None


def _ask(method: str, group: str, parts: list[str], query: Mapping[str, str]) -> Ask:
    namespace = ""
    if parts[0] == "namespaces" and len(parts) > 2 and parts[2] not in _NAMESPACE_ITSELF:
        namespace, parts = parts[1], parts[2:]
    resource, name, subresource = (*parts, "", "")[:3]
    verb = _VERBS.get(method, method.lower())
    if not name and verb in ("get", "delete"):
        lists = "watch" if switched_on(query, "watch") else "list"
        verb = lists if verb == "get" else "deletecollection"
    return Ask(
        verb=verb,
        group=group,
        resource=resource,
        subresource=subresource,
        namespace=namespace,
        name=name,
    )


def _body(heard: Heard, ask: Ask) -> Json | None:
    if ask.verb not in ("create", "update", "patch") and not heard.body:
        return None
    declared = _media_type(heard.header("content-type"))
    if ask.verb == "patch" and declared not in tuple(PatchForm):
        return None  # refused for its form, whatever it says
    if ask.verb != "patch" and declared not in ("", "application/json"):
        raise unsupported_media("application/json")
    try:
        body = json.loads(heard.body)
    except ValueError as wrong:
        raise bad_request(f"{_UNREADABLE.get(ask.verb, _NO_OBJECT)}: {wrong}") from wrong
    if not isinstance(body, dict | None):
        raise bad_request(f"{_UNREADABLE.get(ask.verb, _NO_OBJECT)}: it is not an object")
    return body or {}


def _media_type(header: str) -> str:
    return header.partition(";")[0].strip()


def _partial(accept: str, ask: Ask) -> bool:
    """Whether metadata alone is asked for: by the first form that can be served."""
    if not accept:
        return False
    for choice in accept.split(","):
        kind, *parameters = [p.strip() for p in choice.split(";")]
        if kind not in ("application/json", "*/*", "application/*"):
            continue
        told = dict(p.partition("=")[::2] for p in parameters)
        form = told.get("as", "")
        if not form:
            return False
        if form in _FORMS and (told.get("g"), told.get("v")) == ("meta.k8s.io", "v1"):
            if form.endswith("List") is not (ask.verb == "list"):
                what = "a list" if ask.verb == "list" else "not a list"
                raise not_acceptable(f"you requested {form}, but the requested object is {what}")
            return True
    raise not_acceptable("only the following media types are accepted: application/json")


def not_acceptable(message: str) -> StatusError:
    """406: a form that is not served."""
    return StatusError(406, "NotAcceptable", message)


def credential(heard: Heard, known: Callable[[str], User | None]) -> User:
    """Whom the credential belongs to: nobody in particular without one, 401 for an unknown one."""
    scheme, _, token = heard.header("authorization").partition(" ")
    if scheme.lower() != "bearer":
        return ANONYMOUS
    user = known(token.strip())
    if user is None:
        raise unauthorized()
    return user


class Impersonation(msgspec.Struct, frozen=True, kw_only=True):
    """As whom somebody wants to be taken, and what they must be allowed for that."""

    user: User
    asks: tuple[Ask, ...]
    told: Ask  # what a refusal names: since 1.36 the request itself, under a verb of its own


def impersonation(heard: Heard) -> Impersonation | None:
    """What the impersonation headers ask for."""
    name = heard.header("impersonate-user")
    groups = heard.every("impersonate-group")
    uid = heard.header("impersonate-uid")
    extras = sorted(k.lower() for k, _ in heard.headers if k.lower().startswith(_EXTRA))
    if not name:
        if groups or uid or extras:
            raise bad_request("requested impersonation without impersonating a user name")
        return None
    account = _account(name)
    asks = [account or Ask(verb="impersonate", resource="users", name=name)]
    asks += [Ask(verb="impersonate", resource="groups", name=g) for g in groups]
    authentication = "authentication.k8s.io"
    if uid:
        asks.append(Ask(verb="impersonate", group=authentication, resource="uids", name=uid))
    for extra in extras:
        asks.append(
            Ask(
                verb="impersonate",
                group=authentication,
                resource="userextras",
                subresource=extra.removeprefix(_EXTRA),
            )
        )
    target = understood(heard, ANONYMOUS).ask
    mode = "serviceaccount" if account else "user-info"
    told = msgspec.structs.replace(target, verb=f"impersonate-on:{mode}:{target.verb}")
    return Impersonation(user=a_user(name, *groups), asks=tuple(asks), told=told)


def _account(name: str) -> Ask | None:
    parts = name.split(":")
    if parts[:2] != ["system", "serviceaccount"] or len(parts) != 4:
        return None
    return Ask(verb="impersonate", resource="serviceaccounts", namespace=parts[2], name=parts[3])
