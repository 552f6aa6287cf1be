"""Namespaces of a suite's own on a cluster that one may break, with targets and leases in them."""

import asyncio
import random
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import Enum
from typing import Any

from holdfast.conformance.acts import SPECS, Act, dry
from holdfast.conformance.claims import Claims
from holdfast.errors import NotReady
from holdfast.execution.lease_names import lease_name, parsed
from holdfast.grants.names import KINDS, LEASES, REFUSES, role_of
from holdfast.model.leases import Left, Loan
from holdfast.model.objects import Object
from holdfast.model.repairs import Kind
from holdfast.ports.leases import NotLent
from holdfast.ports.probing import Bench, Door, Said, Try

type Raw = dict[str, Any]

NAMESPACES = "/api/v1/namespaces"
_ACCOUNTS = f"{NAMESPACES}/{LEASES}/serviceaccounts"
PACE = 0.2
PATIENCE = 120  # seconds


def by_fence(said: Said) -> bool:
    """Refused by one of our policies, in its own words."""
    return said.code == 403 and REFUSES in said.message


def by_rbac(said: Said) -> bool:
    """Refused since nobody has given that right."""
    words = said.message
    cannot = "is forbidden: User" in words and "cannot" in words
    return said.code == 403 and (cannot or "is attempting to grant RBAC permissions" in words)


UNASKED = Said(code=0, message="", value={})
"""The answer to what no administrator was asked."""


class How(Enum):
    """What a refusal says of the leash."""

    PROVEN = "refused for our reasons, and not to an administrator"
    BY_FENCE_TO_ALL = "refused for our reasons, and by our fence to an administrator too"
    BY_RBAC_ALONE = "refused by RBAC, and for another reason to an administrator too"
    TO_ALL = "refused to everybody, for another reason"
    NOT = "not refused for our reasons"


def judged(said: Said, theirs: Said) -> How:
    """What was answered to one request, and to an administrator's identical dry run or read."""
    ours = by_fence(said) or by_rbac(said)
    if ours and theirs.ok:
        return How.PROVEN
    if ours and by_fence(theirs):
        return How.BY_FENCE_TO_ALL
    if by_rbac(said):
        return How.BY_RBAC_ALONE
    if by_fence(said) or (not said.ok and said.code == theirs.code):
        return How.TO_ALL
    return How.NOT


@dataclass(frozen=True, kw_only=True)
class Refused:
    """What came of a request that was to be refused."""

    how: How
    says: str  # what was asked and answered

    @classmethod
    def of(cls, request: Try, said: Said, theirs: Said) -> "Refused":
        """From both answers."""
        says = f"{request.method} {request.path}: {said.code} {said.message[:200]}"
        return cls(how=judged(said, theirs), says=says)


class Ground:
    """Two namespaces, what is made in them, and what is lent."""

    def __init__(self, bench: Bench, dice: random.Random) -> None:
        self.bench = bench
        self.dice = dice
        mark = f"holdfast-conformance-{dice.randrange(16**8):08x}"
        self.here, self.elsewhere = f"{mark}-a", f"{mark}-b"
        self._lent: dict[str, Left] = {}
        self._wide: list[str] = []  # what goes with no namespace
        self._placed: dict[str, str] = {}  # the namespace of each target, by its uid

    @classmethod
    @asynccontextmanager
    async def broken_in(cls, bench: Bench, dice: random.Random) -> AsyncIterator["Ground"]:
        """Made now, and gone after, also when somebody interrupts."""
        ground = cls(bench, dice)
        try:
            for name in (ground.here, ground.elsewhere):
                await ground.made(NAMESPACES, {"metadata": {"name": name}})
            yield ground
        finally:
            await ground._leave()

    async def made(self, path: str, body: Raw) -> Raw:
        """Have the administrator make it; a namespace is a moment old before it takes pods."""
        async with asyncio.timeout(PATIENCE):
            while not (said := await self.bench.admin.ask(_posted(path, body))).ok:
                if said.code not in (403, 409, 500):
                    raise NotReady(
                        f"{path} took no object ({said.code}: {said.message}).",
                        remedy="Use a kubeconfig of an administrator of a cluster for trials.",
                    )
                await asyncio.sleep(PACE)
        return said.value

    async def gone(self, path: str) -> None:
        """Have it deleted, and wait until it is."""
        await self.bench.admin.ask(Try(method="DELETE", path=path))
        async with asyncio.timeout(PATIENCE):
            while (await self.bench.admin.ask(Try(method="GET", path=path))).code != 404:
                await asyncio.sleep(PACE)

    async def target(
        self, of: type[Object], namespace: str, name: str = "", spec: Raw | None = None
    ) -> tuple[Raw, str]:
        """A fresh one of that sort, and where it is: in that namespace, if it lies in one."""
        api = of.api
        where = f"namespaces/{namespace}/" if api.namespaced else ""
        path = f"{root_of(of)}/{where}{api.plural}"
        name = name or f"{api.plural}-{self.dice.randrange(16**6):06x}"
        metadata = {"name": name, "labels": {"app": "conformance"}}
        if api.namespaced:
            metadata["namespace"] = namespace
        else:
            self.clears(f"{path}/{name}")
        head = {"apiVersion": api.api_version, "kind": api.kind, "metadata": metadata}
        there = await self.made(path, {**head, "spec": spec or SPECS[api.kind]})
        self._placed[there["metadata"]["uid"]] = namespace if api.namespaced else ""
        return there, f"{path}/{name}"

    async def served(self) -> list[tuple[Kind, type[Object]]]:
        """Each kind of action with each sort of target that this cluster has."""
        return [
            (kind, of)
            for kind in KINDS
            for of in kind.targets
            if (await self.bench.admin.ask(Try(method="GET", path=root_of(of)))).ok
        ]

    async def lend(self, act: Act) -> Door | str:
        """A lease for that act; why there is none."""
        name = lease_name(act.purpose, act.kind.name, act.uid, self.dice.randrange(10**8))
        loan = Loan(
            account=str(name),
            role=role_of(act.kind),
            namespace=act.namespace,
            rights=act.kind.rights(),
            steps=(act.step,),
            value=act.value,
        )
        self._lent[loan.account] = Left(account=loan.account, namespace=loan.namespace)
        told = await self.bench.lend(loan, act.fresh)
        return told.why if isinstance(told, NotLent) else told

    def accounts(self) -> Iterator[str]:
        """Whatever was lent, the latest last."""
        yield from self._lent

    async def take_back(self, claims: Claims) -> None:
        """Every lease that was lent here."""
        left, self._lent = list(self._lent.values()), {}
        for why in await asyncio.gather(*(self.bench.take_back(each) for each in left)):
            claims.add("leases taken back", why or None)

    async def left(self) -> Sequence[Left]:
        """What stands of leases on these targets, whoever has lent them."""
        found = [(name, parsed(name)) for name in await names(self.bench.admin, _ACCOUNTS)]
        return [
            Left(account=name, namespace=self._placed[lease.uid])
            for name, lease in found
            if lease is not None and lease.uid in self._placed
        ]

    async def refused(self, door: Door, request: Try, *, really: bool = False) -> Refused:
        """Have it asked, and by the administrator too, as a dry run.

        What is really meant is an act on objects of the suite's own.
        """
        said = await door.ask(request if really else dry(request))
        return Refused.of(request, said, await self.bench.admin.ask(dry(request)))

    def clears(self, path: str) -> None:
        """What goes with no namespace, in the end."""
        self._wide.append(path)

    async def _leave(self) -> None:
        left = [*self._lent.values(), *await self.left()]
        await asyncio.gather(*(self.bench.take_back(each) for each in left))
        await asyncio.gather(*(self.gone(path) for path in dict.fromkeys(self._wide)))
        for name in (self.here, self.elsewhere):
            await self.gone(f"{NAMESPACES}/{name}")


def root_of(kind: type[Object]) -> str:
    """Where the API of that kind begins."""
    version = kind.api.api_version
    return f"/apis/{version}" if kind.api.group else f"/api/{version}"


async def read(admin: Door, path: str) -> Raw | None:
    """What is there now; None if nothing is."""
    said = await admin.ask(Try(method="GET", path=path))
    return said.value if said.ok else None


async def names(admin: Door, every: str) -> list[str]:
    """Of all that is listed there."""
    listed: Any = (await read(admin, every) or {}).get("items")
    return [each["metadata"]["name"] for each in listed or ()]


def _posted(path: str, body: Raw) -> Try:
    return Try(method="POST", path=path, body=body)
