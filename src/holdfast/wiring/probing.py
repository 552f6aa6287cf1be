"""A cluster that one may break, for suites: an administrator, the keeper, its leases."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from holdfast.errors import NotReady
from holdfast.ports.leases import NotLent, taken_back
from holdfast.ports.probing import Bench, Door, Try

if TYPE_CHECKING:
    from holdfast.adapters.kubernetes.connection import Connection
    from holdfast.adapters.kubernetes.hands import KubernetesHands
    from holdfast.model.documents import Document
    from holdfast.model.leases import Left, Loan
    from holdfast.ports import Clock

_SECONDS = 4 * 3600  # of the keeper's token


@asynccontextmanager
async def bench(connection: Connection, clock: Clock) -> AsyncIterator[Bench]:
    """With the administrator's credential, and one of the keeper's that he has made."""
    from holdfast.adapters.kubernetes.doors import KubernetesDoor
    from holdfast.wiring.fencing import fences

    async with AsyncExitStack() as stack:
        admin = await stack.enter_async_context(KubernetesDoor(connection, clock=clock))
        async with fences(connection, clock) as standing:
            if wrong := await standing.amiss():
                raise NotReady(
                    f"The fences do not stand on this cluster: {wrong[0]}",
                    remedy="Put them up first: holdfast rbac install --apply",
                )
        keeper = await _keeper(connection, admin)
        made = _Bench(stack, admin, keeper, clock)
        await made.open()
        yield made


async def _keeper(connection: Connection, admin: Door) -> Connection:
    from holdfast.adapters.kubernetes.connection import Token
    from holdfast.grants.names import KEEPER, OURS

    path = f"/api/v1/namespaces/{OURS}/serviceaccounts/{KEEPER}/token"
    body = {"spec": {"expirationSeconds": _SECONDS}}
    status = (await admin.ask(Try(method="POST", path=path, body=body))).value.get("status")
    token = status.get("token") if isinstance(status, dict) else None
    if not isinstance(token, str):
        raise NotReady(
            "The API server makes no token of the keeper for you.",
            remedy="Use a kubeconfig of an administrator of the cluster.",
        )
    return replace(
        connection,
        user="keeper",
        showing=Token(value=token),
        certificate=None,
        impersonation=None,
    )


class _Bench:
    """The product's own leases, in the hands of a suite."""

    def __init__(
        self, stack: AsyncExitStack, admin: Door, keeper: Connection, clock: Clock
    ) -> None:
        from holdfast.adapters.kubernetes.doors import KubernetesDoor
        from holdfast.adapters.kubernetes.leases import KubernetesLeases
        from holdfast.wiring.fencing import marks

        self._stack = stack
        self._clock = clock
        self._lent: dict[str, Connection] = {}
        self._keeper = KubernetesDoor(keeper, clock=clock)
        self._leases = KubernetesLeases(keeper, marks(), hands=self._handed, clock=clock)
        self.admin = admin
        self.keeper: Door = self._keeper

    async def open(self) -> None:
        """Open what it works with."""
        await self._stack.enter_async_context(self._keeper)
        await self._stack.enter_async_context(self._leases)

    def _handed(self, lent: Connection) -> KubernetesHands:
        from holdfast.adapters.kubernetes.hands import KubernetesHands

        self._lent[lent.user] = lent
        return KubernetesHands(lent, clock=self._clock)

    async def lend(self, loan: Loan, fresh: Document | None) -> Door | NotLent:
        """Lent as the keeper lends it; then its token does whatever the suite wants."""
        from holdfast.adapters.kubernetes.doors import KubernetesDoor

        told = await self._leases.lend(loan, fresh)
        if isinstance(told, NotLent):
            return told
        door = KubernetesDoor(self._lent[loan.account], clock=self._clock)
        return await self._stack.enter_async_context(door)

    async def take_back(self, left: Left) -> str:
        """As the keeper takes it back."""
        return await taken_back(self._leases, left)
