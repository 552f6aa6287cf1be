"""A cluster that one may break, for suites: an administrator, the keeper, its leases."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from holdfast.errors import NotReady
from holdfast.ports.leases import NotLent, taken_back
from holdfast.ports.probing import Bench, Door, Installation, Try
from holdfast.wiring.own_keeper import at_work, holdfast, set_to

if TYPE_CHECKING:
    from holdfast.adapters.kubernetes.connection import Connection
    from holdfast.adapters.kubernetes.hands import KubernetesHands
    from holdfast.model.documents import Document
    from holdfast.model.leases import Left, Loan
    from holdfast.model.leash import Leash
    from holdfast.model.people import People
    from holdfast.ports import Clock, Store

_SECONDS = 4 * 3600  # of the keeper's token
_PERMITS = b"permit(principal, action, resource);\n"


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
        made = _Bench(stack, admin, connection, await _token(admin), clock)
        await made.open()
        yield made


async def _token(admin: Door) -> str:
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
    return token


class _Bench:
    """The product's own leases, in the hands of a suite."""

    def __init__(
        self,
        stack: AsyncExitStack,
        admin: Door,
        connection: Connection,
        token: str,
        clock: Clock,
    ) -> None:
        from holdfast.adapters.kubernetes.connection import Token
        from holdfast.adapters.kubernetes.doors import KubernetesDoor
        from holdfast.adapters.kubernetes.leases import KubernetesLeases
        from holdfast.adapters.kubernetes.passes import kubeconfig_for
        from holdfast.wiring.fencing import marks

        keeper = replace(
            connection,
            user="keeper",
            showing=Token(value=token),
            certificate=None,
            impersonation=None,
        )
        self._stack = stack
        self._clock = clock
        self._pass = kubeconfig_for(keeper, keeper.user, token)
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

    @asynccontextmanager
    async def installed(self, leash: Leash, people: People) -> AsyncIterator[Installation]:
        """In a folder that is gone afterwards; no credential but the keeper's comes into it."""
        cluster = await _cluster(self.admin)
        with (
            tempfile.TemporaryDirectory(prefix="holdfast-conformance-") as folder,
            _installed(Path(folder), self._pass, cluster, (leash, people)) as made,
        ):
            yield made


async def _cluster(admin: Door) -> str:
    """The uid of it."""
    said = await admin.ask(Try(method="GET", path="/api/v1/namespaces/kube-system"))
    metadata = said.value.get("metadata")
    return str(metadata["uid"]) if isinstance(metadata, dict) else ""


@dataclass(frozen=True, kw_only=True)
class _Installed:
    """An installation in one folder."""

    folder: Path
    store: Store

    def ruled_by(self, leash: Leash, people: People) -> None:
        """Written as people write it; each file at once, so that nobody reads half of it."""
        import msgspec

        from holdfast.adapters.files.policy_folder import CEDAR, PEOPLE, RULES

        texts = {RULES: msgspec.json.encode(leash), PEOPLE: msgspec.json.encode(people)}
        for name, text in {**texts, CEDAR: _PERMITS}.items():
            new = self.folder / "policy" / f"{name}.new"
            new.write_bytes(text)
            new.replace(self.folder / "policy" / name)


@contextmanager
def _installed(
    folder: Path, pass_: bytes, cluster: str, rules: tuple[Leash, People]
) -> Iterator[Installation]:
    """Made as people make one, and its keeper."""
    import subprocess

    from holdfast.adapters.stores.database import open_engine, parse_url
    from holdfast.adapters.stores.store import SqlStore

    shown = folder / "kubeconfig"
    shown.touch(mode=0o600)
    shown.write_bytes(pass_)
    ours = {"STATE_DIR": folder, "KEEPER_KUBECONFIG": shown}
    environ = {**set_to(ours), "KUBECONFIG": str(shown)}
    for words in (["db", "upgrade", "--cluster", cluster], ["keys", "init"], ["policy", "init"]):
        done = subprocess.run(  # noqa: S603 - ourselves
            holdfast(words), env=environ, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise NotReady(f"`holdfast {' '.join(words)}` failed.", remedy=done.stderr.strip())
    engine = open_engine(parse_url(f"sqlite:///{folder}/holdfast.db"))
    made = _Installed(folder=folder, store=SqlStore(engine, cluster))
    made.ruled_by(*rules)
    try:
        with at_work(folder / "keeper.log", environ):
            yield made
    finally:
        engine.dispose()
