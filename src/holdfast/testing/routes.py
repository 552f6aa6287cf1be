"""From an HTTP request to a request of the API: path, verb, body, who asks, in which form."""

import json
from collections.abc import Mapping
from urllib.parse import parse_qsl, unquote, urlsplit

import msgspec

from holdfast.testing.documents import Json
from holdfast.testing.rbac import ANONYMOUS, Ask, User, a_user
from holdfast.testing.requests import Request
from holdfast.testing.status import StatusError, bad_request, unauthorized, unsupported_media

_VERBS = {
    "GET": "get",
    "HEAD": "get",
    "POST": "create",
    "PUT": "update",
    "PATCH": "patch",
    "DELETE": "delete",
}
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
    """The request of the API, or a StatusError that says why it is none."""
    split = urlsplit(heard.target)
    query = dict(parse_qsl(split.query, keep_blank_values=True))
    parts = [unquote(p) for p in split.path.split("/") if p]
    named = _resource(parts)
    if named is None:
        verb = heard.method.lower()
        return Request(who=who, ask=Ask(verb=verb, path=split.path), query=query)
    group, version, rest = named
    ask = _ask(heard.method, group, rest, query)
    return Request(
        who=who,
        ask=ask,
        version=version,
        query=query,
        body=_body(heard, ask),
        patch=_media_type(heard.header("content-type")),
        metadata_only=_partial(heard.header("accept"), ask),
    )


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
        watched = query.get("watch") in ("true", "1")
        lists = "watch" if watched else "list"
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
    if not heard.body:
        if ask.verb in ("create", "update", "patch"):
            raise bad_request("the request has no body")
        return None
    declared = _media_type(heard.header("content-type"))
    if ask.verb != "patch" and declared not in ("", "application/json"):
        raise unsupported_media("application/json")
    try:
        body = json.loads(heard.body)
    except ValueError as wrong:
        raise bad_request(f"json parse error: {wrong}") from wrong
    if not isinstance(body, dict):
        raise bad_request("json parse error: the body is not an object")
    return body


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
        form = dict(p.partition("=")[::2] for p in parameters).get("as", "")
        lists = ask.verb == "list"
        match form:
            case "":
                return False
            case "PartialObjectMetadataList" if lists:
                return True
            case "PartialObjectMetadata" if not lists:
                return True
            case _:
                continue
    raise StatusError(
        406,
        "NotAcceptable",
        "only the following media types are accepted: application/json, "
        "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1",
    )


def credential(heard: Heard, tokens: Mapping[str, User]) -> User:
    """Whom the credential belongs to: nobody in particular without one, 401 for an unknown one."""
    given = heard.header("authorization")
    if not given:
        return ANONYMOUS
    scheme, _, token = given.partition(" ")
    user = tokens.get(token.strip())
    if scheme.lower() != "bearer" or user is None:
        raise unauthorized()
    return user


class Impersonation(msgspec.Struct, frozen=True, kw_only=True):
    """As whom somebody wants to be taken, and what they must be allowed for that."""

    user: User
    asks: tuple[Ask, ...]


def impersonation(heard: Heard) -> Impersonation | None:
    """What the impersonation headers ask for."""
    name = heard.header("impersonate-user")
    groups = heard.every("impersonate-group")
    if not name:
        if groups or heard.header("impersonate-uid"):
            raise bad_request(
                f"requested {[*groups]} without impersonating a user: Impersonate-User is missing"
            )
        return None
    asks = [
        _impersonate(name),
        *(Ask(verb="impersonate", resource="groups", name=g) for g in groups),
    ]
    if heard.header("impersonate-uid"):
        uid = heard.header("impersonate-uid")
        asks.append(
            Ask(verb="impersonate", group="authentication.k8s.io", resource="uids", name=uid)
        )
    user = User(name=name, groups=a_user("", *groups).groups) if groups else a_user(name)
    return Impersonation(user=user, asks=tuple(asks))


def _impersonate(name: str) -> Ask:
    parts = name.split(":")
    if parts[:2] == ["system", "serviceaccount"] and len(parts) == 4:
        return Ask(
            verb="impersonate", resource="serviceaccounts", namespace=parts[2], name=parts[3]
        )
    return Ask(verb="impersonate", resource="users", name=name)
