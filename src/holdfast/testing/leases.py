"""The `Leases` and `Fences` ports over a simulated server: accounts, bindings and values are made
in its cluster, and hands show a token of the account over HTTP.

Rights and fences are those of the simulated cluster (`rbac`, `fence`), which shows what a scenario
does with a refusal. It is no evidence about RBAC or admission: claims about those rest on the lab.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

from holdfast.execution.lease_names import is_lease
from holdfast.grants.fences import fences
from holdfast.grants.minter_policies import TOKEN_SECONDS
from holdfast.grants.names import KEEPER_USER, LEASE_USERS, LEASES, RBAC, VALUES, WIDE
from holdfast.model.documents import Document
from holdfast.model.leases import Left, Loan, misnamed, misplaced
from holdfast.model.repairs import Right
from holdfast.ports import Hands
from holdfast.ports.leases import Lent, NotLent
from holdfast.testing import account_tokens, rbac
from holdfast.testing.documents import Json
from holdfast.testing.fence import LEASE, PARAMETERS, PREVIEW, VALUE, Fence
from holdfast.testing.rbac import Ask, User, a_user
from holdfast.testing.server import SimulatedServer
from holdfast.testing.simulated import SimulatedCluster
from holdfast.testing.status import StatusError

type HandsOf = Callable[[str], AbstractAsyncContextManager[Hands]]
"""The hands of whoever holds that token."""

_KEEPER = User(name=KEEPER_USER, groups=("system:masters",))


def fenced(cluster: SimulatedCluster) -> SimulatedCluster:
    """The same cluster with the fences up: what is installed on a real one, and its restatement."""
    cluster.apply_manifest(dict(each) for each in fences())
    cluster.server.fences.append(Fence(cluster.server.store))
    return cluster


class SimulatedFences:
    """`Fences`: tests damage what stands in the cluster, and this tells."""

    def __init__(self, cluster: SimulatedCluster) -> None:
        self._api = cluster.server

    async def amiss(self) -> Sequence[str]:
        """What is missing or altered."""
        return [*self._amiss()]

    def _amiss(self) -> Iterator[str]:
        for wanted in fences():
            kind, metadata = str(wanted["kind"]), _metadata(wanted)
            resource = self._api.resources.of(dict(wanted))
            key = (resource.qualified, str(metadata.get("namespace", "")), str(metadata["name"]))
            there = self._api.store.get(key)
            if there is None:
                yield f"{kind} {metadata['name']} is missing."
            elif any(there.get(name) != wanted[name] for name in wanted.keys() - _UNCOMPARED):
                yield f"{kind} {metadata['name']} was altered."


_UNCOMPARED = {"apiVersion", "kind", "metadata"}


class SimulatedLeases:
    """`Leases`. Before the next ones are lent or ended, tests may put other answers there."""

    def __init__(self, server: SimulatedServer, hands: HandsOf) -> None:
        self._hands = hands
        self._keeper = SimulatedCluster(user=_KEEPER, server=server.cluster.server)
        self._fence = Fence(server.cluster.server.store)
        self.not_lent: list[NotLent] = []  # what the next ones get instead of a lease
        self.not_cut_off: list[str] = []  # why the next ones cannot be cut off; empty: they are
        self.not_over: list[str] = []  # why nobody can tell that the next ones are over

    async def lend(self, loan: Loan, fresh: Document | None) -> Lent | NotLent:  # noqa: ARG002
        """An account with the role's rights in that namespace, and its hands.

        There is no canary: whether the policies stand is looked up.
        """
        if self.not_lent:
            return self.not_lent.pop(0)
        if (loan.role in WIDE) is bool(loan.namespace):
            return NotLent(why=misplaced(loan))
        try:
            account = self._made(loan)
        except StatusError as no:
            return NotLent(why=no.message, taken=no.code == 409)
        user = a_user(f"{LEASE_USERS}{loan.account}")
        if lacks := [right for right in loan.rights if not self._may(user, loan, right)]:
            return NotLent(why=f"it may not {lacks[0].verb} {lacks[0].resource}")
        if not all(self._fence.stands(policy) for policy in (LEASE, PREVIEW, VALUE)):
            return NotLent(why="a forbidden change is not refused by our policy", alarm=True)
        asked = {"spec": {"expirationSeconds": TOKEN_SECONDS}}
        issued = account_tokens.issued(account, asked, self._keeper.clock.now())
        return Lent(hands=self._hands(str(issued["status"]["token"])))

    def _made(self, loan: Loan) -> Json:
        """An account that is there already is none of ours, and its making a conflict."""
        account, metadata = loan.account, {"name": loan.account, "namespace": LEASES}
        made = self._keeper.create(
            {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata}
        )
        if loan.value:
            self._set_down(account, loan.value)
        subject = {"kind": "ServiceAccount", "name": account, "namespace": LEASES}
        binding = {
            "apiVersion": f"{RBAC}/v1",
            "kind": "RoleBinding" if loan.namespace else "ClusterRoleBinding",
            "metadata": {"name": account},
            "roleRef": {"apiGroup": RBAC, "kind": "ClusterRole", "name": loan.role},
            "subjects": [subject],
        }
        self._keeper.create(binding, namespace=loan.namespace or None)
        return made

    def _may(self, user: User, loan: Loan, right: Right) -> bool:
        plural, _, part = right.resource.partition("/")
        ask = Ask(
            verb=right.verb,
            group=right.group,
            resource=plural,
            subresource=part,
            namespace=loan.namespace,
        )
        return rbac.allowed(self._keeper.server.store, user, ask)

    def _set_down(self, account: str, value: str | None) -> None:
        change = {"data": {account: value}}
        self._keeper.patch("configmaps", VALUES, change, namespace=LEASES)

    async def cut_off(self, left: Left) -> str:
        """Binding, account and value; why it could not, or nothing."""
        if why := misnamed(left, is_lease):
            return why
        if self.not_cut_off and (why := self.not_cut_off.pop(0)):
            return why
        bindings = "rolebindings" if left.namespace else "clusterrolebindings"
        for plural, where in ((bindings, left.namespace), ("serviceaccounts", LEASES)):
            try:
                self._keeper.delete(plural, left.account, namespace=where)
            except StatusError as no:
                if no.code != 404:  # it may be gone already
                    return no.message
        if left.account in self._values():
            self._set_down(left.account, None)
        return ""

    async def over(self, account: str) -> str:  # noqa: ARG002
        """At once: this server looks a token's account up each time."""
        return self.not_over.pop(0) if self.not_over else ""

    async def left(self) -> Sequence[Left]:
        """Every binding of a lease account; accounts and values that have none."""
        bound = {*self._bound()}
        stored = self._keeper.server.store.listing("serviceaccounts")
        made = {key[2] for key, _ in stored if key[1] == LEASES}
        unbound = {*filter(is_lease, made), *self._values()} - {left.account for left in bound}
        return sorted({*bound, *(Left(account=each, namespace="") for each in unbound)})

    def _bound(self) -> Iterator[Left]:
        store = self._keeper.server.store
        for plural in ("rolebindings", "clusterrolebindings"):
            for key, binding in store.listing(f"{plural}.{RBAC}"):
                for subject in binding.get("subjects") or ():
                    if subject.get("namespace") == LEASES:
                        yield Left(account=str(subject["name"]), namespace=key[1])

    def _values(self) -> Json:
        held: Json = (self._keeper.server.store.get(PARAMETERS) or {}).get("data") or {}
        return held


def _metadata(manifest: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Mapping[str, Any] = manifest["metadata"]
    return found
