"""Everything that a cluster serves, by discovery."""

from collections.abc import AsyncIterator
from typing import Any

from holdfast.ports.probing import Door, Try

FREE = frozenset({"selfsubjectaccessreviews", "selfsubjectrulesreviews", "selfsubjectreviews"})
"""What every account may ask."""
METHODS = {
    "create": "POST",
    "update": "PUT",
    "patch": "PATCH",
    "delete": "DELETE",
    "deletecollection": "DELETE",
    "get": "GET",
    "list": "GET",
    "watch": "GET",
}
_OF_MANY = frozenset({"create", "deletecollection", "list", "watch"})


async def served(admin: Door) -> AsyncIterator[tuple[str, str, str]]:
    """Every verb on every resource and subresource: the verb, its method, and its path."""
    roots = ["/api/v1"]
    for group in (await _read(admin, "/apis"))["groups"]:
        roots += [f"/apis/{version['groupVersion']}" for version in group["versions"]]
    for root in roots:
        for each in (await _read(admin, root))["resources"]:
            if each["name"] in FREE:
                continue
            resource, slash, subresource = each["name"].partition("/")
            all_of = f"{root}{'/namespaces/{namespace}' if each['namespaced'] else ''}/{resource}"
            for verb in each["verbs"]:
                many = verb in _OF_MANY and not slash
                path = all_of if many else f"{all_of}/{{name}}{slash}{subresource}"
                yield verb, METHODS[verb], path


async def _read(admin: Door, path: str) -> dict[str, Any]:
    return (await admin.ask(Try(method="GET", path=path))).value
