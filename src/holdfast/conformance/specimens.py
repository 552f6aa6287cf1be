"""A request of each sort that a cluster serves, such that an administrator's succeeds.

- It is about an object that is there: one that is made for it, or where none can be, another of its
  resource. What is made is named for the suite, and goes with its namespaces or after them.
- A change comes to nothing, and what is created is valid. The administrator is asked first, for an
  identical dry run or the identical read: once for each, however many leases try it then.
- Nobody is asked to connect to a pod, a service or a node: no dry run keeps that from happening.
"""

import asyncio
from collections import defaultdict
from dataclasses import dataclass, replace

from holdfast.conformance.acts import dry
from holdfast.conformance.discovered import Sort
from holdfast.conformance.ground import UNASKED, Ground, Raw, names, read
from holdfast.conformance.valid_bodies import LABELS, UNMADE, valid_body
from holdfast.ports.probing import Said, Try

CONNECTS = frozenset({"attach", "exec", "portforward", "proxy"})
_MADE_OF = {"binding": "Binding", "eviction": "Eviction", "token": "TokenRequest"}
_AGAIN = 3  # times


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A request, and what the administrator was answered."""

    request: Try
    theirs: Said


class Specimens:
    """Looked for when they are first wanted, by whoever wants them first."""

    def __init__(self, ground: Ground) -> None:
        self.ground = ground
        self._names: dict[str, str] = {}
        self._asked: dict[tuple[Sort, str], Asked] = {}
        self._looking: defaultdict[object, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def of(self, sort: Sort, namespace: str) -> Asked:
        """About an object there, or in no namespace, that is nobody's target."""
        async with self._looking[sort, namespace]:
            if (sort, namespace) not in self._asked:
                name = await self._name(sort, namespace)
                self._asked[sort, namespace] = await self.about(sort, namespace, name)
        return self._asked[sort, namespace]

    async def about(self, sort: Sort, namespace: str, name: str) -> Asked:
        """About that object; anew where somebody has written to it in between."""
        for _ in range(_AGAIN):
            request = await self._request(sort, namespace, name)
            if sort.subresource in CONNECTS:
                return Asked(request=request, theirs=UNASKED)
            theirs = await self.ground.bench.admin.ask(dry(request))
            if theirs.code != 409:
                break
        return Asked(request=request, theirs=theirs)

    async def _request(self, sort: Sort, namespace: str, name: str) -> Try:
        path = sort.path(namespace, name)
        match sort.verb:
            case "watch":
                parts: Raw = {"query": {"watch": "1", "timeoutSeconds": "1"}}
            case "deletecollection":
                parts = {"query": {"labelSelector": f"app={LABELS['app']}"}}
            case "patch":
                parts = {"body": {}, "content": "application/merge-patch+json"}
            case "update":
                whole = f"{sort.every(namespace)}/{name}"
                admin = self.ground.bench.admin
                there = await read(admin, path) or await read(admin, whole)
                parts = {"body": there or {}}
            case "create" if sort.subresource or sort.kind == "Binding":
                kind = _MADE_OF.get(sort.subresource, sort.kind)
                parts = {"body": valid_body("", kind, namespace, name)}
            case "create":
                parts = {"body": valid_body(sort.version, sort.kind, namespace, f"{name}-new")}
            case _:
                parts = {}
        return Try(method=sort.method, path=path, **parts)

    async def _name(self, sort: Sort, namespace: str) -> str:
        """Of an object of that resource: the suite's own, or of one that stands there."""
        if sort.kind == "Namespace":
            return self.ground.elsewhere
        if sort.kind == "Binding":  # it is about a pod
            sort = replace(sort, resource="pods", kind="Pod")
        every = sort.every(namespace)
        async with self._looking[every]:
            if every not in self._names:
                made = await self._made(sort, every, namespace)
                self._names[every] = made or await self._any(every)
        return self._names[every]

    async def _made(self, sort: Sort, every: str, namespace: str) -> str:
        if sort.kind in UNMADE:
            return ""
        name = self.ground.here
        body = valid_body(sort.version, sort.kind, namespace, name)
        said = await self.ground.bench.admin.ask(Try(method="POST", path=every, body=body))
        if not said.ok and said.code != 409:  # of another version it is there already
            return ""
        if not sort.namespaced:
            self.ground.clears(f"{every}/{name}")
        return name

    async def _any(self, every: str) -> str:
        found = await names(self.ground.bench.admin, every)
        return next((each for each in found if not each.startswith("holdfast")), "nobody")
