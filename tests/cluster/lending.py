"""Loans for each kind of action on a lab with fences, and a door to its API server that fails."""

import secrets
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from enum import StrEnum

import httpx2

from holdfast.actions.patch_probe import CONTAINERS
from holdfast.adapters.clock import SystemClock
from holdfast.adapters.kubernetes.connection import Connection, Pem, Token, Trust
from holdfast.adapters.kubernetes.hands import KubernetesHands
from holdfast.adapters.kubernetes.leases import KubernetesLeases, Limits
from holdfast.execution.lease_names import Purpose, lease_name
from holdfast.grants.names import KEEPER, OURS, role_of
from holdfast.model.documents import Document
from holdfast.model.leases import Left, Loan
from holdfast.model.paths import Item, Path, annotation
from holdfast.model.steps import Create, Delete, Evict, Patch, Set, Step
from holdfast.ports import Hands
from holdfast.wiring import fencing
from tests.adapters.kubernetes.tiny_server import Reply, Seen, TinyServer
from tests.cluster.fenced_acts import BY_NAME, Act
from tests.cluster.fencing import Fenced

POLLS = 2  # of the many that ask whether a token is refused yet, as many can be hit

_PLACES: dict[str, Path] = {
    "RolloutRestart": annotation("kubectl.kubernetes.io/restartedAt", "spec", "template"),
    "ScaleWorkload": ("spec", "replicas"),
    "RolloutUndo": ("spec", "template"),
    "Uncordon": ("spec", "unschedulable"),
    "PatchProbe": (*CONTAINERS, Item(by="name", value="web"), "livenessProbe", "timeoutSeconds"),
}


def as_somebody(fenced: Fenced, token: str, name: str) -> Connection:
    """The lab's API server, as whoever has that token."""
    return Connection(
        name=name,
        server=fenced.lab.url,
        showing=Token(value=token),
        trust=Trust(authority=Pem(path=fenced.lab.ca_file)),
    )


def as_keeper(fenced: Fenced) -> Connection:
    """The lab's API server, as the keeper."""
    path = f"/api/v1/namespaces/{OURS}/serviceaccounts/{KEEPER}/token"
    made = fenced.admin.send("POST", path, body={"spec": {"expirationSeconds": 3600}})
    assert made.ok, made.body
    return as_somebody(fenced, made.json()["status"]["token"], "keeper")


@asynccontextmanager
async def lender(connection: Connection) -> AsyncIterator[KubernetesLeases]:
    """What makes leases, as the keeper has it, and less patient."""
    clock = SystemClock()
    async with KubernetesLeases(
        connection,
        fencing.marks(),
        hands=lambda lent: KubernetesHands(lent, clock=clock),
        clock=clock,
        limits=Limits(heeded=5),
    ) as leases:
        yield leases


def fresh_of(fenced: Fenced, act: Act) -> Document | None:
    """The target as it is now; nothing where the act makes it."""
    there = fenced.admin.get(act.whole.removesuffix("/scale"))
    return Document(value=there.json()) if there.ok else None


def step_of(act: Act, fresh: Document | None) -> Step:
    """The same act as our hands send it."""
    if fresh is None:
        return Create(manifest=act.body)
    match act.action:
        case "DeletePod":
            return Evict(target=fresh.ref)
        case "DeleteJob" | "DeleteResourceQuota" | "DeleteCertificateRequest" | "DeleteACMEOrder":
            return Delete(target=fresh.ref)
    place = _PLACES[act.action]
    change = Set(path=place, value=act.body[0]["value"], was=fresh.at(*place))
    subresource = BY_NAME[act.action].subresource
    return Patch(target=fresh.ref, sets=(change,), subresource=subresource)


def loan_of(act: Act, step: Step, purpose: Purpose | None = None) -> Loan:
    """What is lent for it, under a name that nobody had before."""
    kind = BY_NAME[act.action]
    generation = secrets.randbelow(10**8)
    return Loan(
        account=str(lease_name(purpose or act.purpose, act.action, act.uid, generation)),
        role=role_of(kind),
        namespace=act.namespace,
        rights=kind.rights(),
        steps=(step,),
        value=act.value or "",
    )


def left_by(loan: Loan) -> Left:
    """What is to be taken back of it."""
    return Left(account=loan.account, namespace=loan.namespace)


def user_of(loan: Loan) -> str:
    """Who its lease is, to the API server."""
    return f"system:serviceaccount:holdfast-leases:{loan.account}"


@asynccontextmanager
async def hands_as(connection: Connection) -> AsyncIterator[Hands]:
    """Hands of somebody."""
    async with KubernetesHands(connection, clock=SystemClock()) as hands:
        yield hands


class Fault(StrEnum):
    """What befalls one request."""

    BEFORE = "the connection breaks before the server hears it"
    AFTER = "the server did it, and its answer is lost"
    ERROR = "the server did it, and says that it failed"
    KILLED = "whoever asked dies when the server has done it"


@dataclass(kw_only=True)
class Fate:
    """The request that is hit, counted from one; nought hits none."""

    at: int = 0
    fault: Fault = Fault.BEFORE
    count: int = 0
    hit: bool = False


class FailingDoor:
    """Passes requests on to the lab's API server, and lets one of them fail."""

    def __init__(self, fenced: Fenced, fate: Fate) -> None:
        self._fenced = fenced
        self.fate = fate
        self.died = False
        self._polls = 0

    @asynccontextmanager
    async def open(self, connection: Connection) -> AsyncIterator[Connection]:
        """The same connection through this door."""
        tls = ssl.create_default_context(cafile=self._fenced.lab.ca_file)
        async with (
            httpx2.AsyncClient(verify=tls, trust_env=False, timeout=60) as self._client,
            TinyServer(self._passed_on) as server,
        ):
            yield replace(connection, server=server.url, trust=Trust())

    async def _passed_on(self, seen: Seen) -> Reply:
        fate = self.fate
        self._polls += seen.path == "/version"
        counts = seen.path != "/version" or self._polls <= POLLS
        fate.count += counts
        mine = counts and fate.count == fate.at
        fate.hit = fate.hit or mine
        if self.died or (mine and fate.fault is Fault.BEFORE):
            raise ConnectionAbortedError
        headers = {k: v for k, v in seen.headers if k.lower() not in ("host", "connection")}
        answer = await self._client.request(
            seen.method,
            self._fenced.lab.url + seen.path,
            params=seen.query or None,
            headers=headers,
            content=seen.body or None,
        )
        if mine and fate.fault is Fault.KILLED:
            self.died = True
        if mine and fate.fault is Fault.ERROR:
            return Reply(status=500, body=b'{"kind":"Status","message":"it broke"}')
        if mine:
            raise ConnectionAbortedError
        return Reply(status=answer.status_code, body=answer.content)


def fates(last: int) -> Iterator[Fate]:
    """Each fault at each request up to that one."""
    for at in range(1, last + 1):
        for fault in Fault:
            yield Fate(at=at, fault=fault)
