"""Everything that a cluster serves, by discovery."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
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


@dataclass(frozen=True, kw_only=True)
class Sort:
    """One verb on one resource or subresource."""

    verb: str
    root: str  # where its API begins
    resource: str
    subresource: str = ""
    kind: str  # of the resource itself
    namespaced: bool

    @property
    def method(self) -> str:
        """How it is asked."""
        return METHODS[self.verb]

    @property
    def version(self) -> str:
        """As objects name it."""
        return self.root.removeprefix("/apis/").removeprefix("/api/")

    @property
    def of_many(self) -> bool:
        """Whether it names no object."""
        return self.verb in _OF_MANY and not self.subresource

    def every(self, namespace: str) -> str:
        """Where all objects of that resource are."""
        where = f"/namespaces/{namespace}" if self.namespaced else ""
        return f"{self.root}{where}/{self.resource}"

    def path(self, namespace: str, name: str) -> str:
        """Where it is asked, about that object."""
        if self.of_many:
            return self.every(namespace)
        sub = f"/{self.subresource}" if self.subresource else ""
        return f"{self.every(namespace)}/{name}{sub}"


async def served(admin: Door) -> AsyncIterator[Sort]:
    """Every verb on every resource and subresource."""
    roots = ["/api/v1"]
    for group in (await _read(admin, "/apis"))["groups"]:
        roots += [f"/apis/{version['groupVersion']}" for version in group["versions"]]
    for root in roots:
        resources = (await _read(admin, root))["resources"]
        kinds = {each["name"]: each["kind"] for each in resources}
        for each in resources:
            if each["name"] in FREE:
                continue
            resource, _, subresource = each["name"].partition("/")
            for verb in each["verbs"]:
                yield Sort(
                    verb=verb,
                    root=root,
                    resource=resource,
                    subresource=subresource,
                    kind=kinds.get(resource, each["kind"]),
                    namespaced=each["namespaced"],
                )


async def _read(admin: Door, path: str) -> dict[str, Any]:
    return (await admin.ask(Try(method="GET", path=path))).value
