"""Puts the fences up on a cluster, and takes them down: as an administrator, by order of one.

- What stands as it was made is not touched; what was altered is put right where it stands. (A
  policy with parameters that is taken away and made again is not followed any more.)
- What the policies protect can only be changed while the one that protects it is lifted: it comes
  back at the end, and until then the keeper, which compares, does nothing.
- Taken away is whatever refuses first, then every lease, then the rest in the opposite order.
- The values of leases are the keeper's: they are never overwritten.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from functools import partial

import msgspec

from holdfast.adapters.kubernetes.asking import Asker
from holdfast.adapters.kubernetes.besides import Plan, besides_of, lease_bindings
from holdfast.adapters.kubernetes.connection import Connection
from holdfast.adapters.kubernetes.fences import MISSING, amiss, standing
from holdfast.adapters.kubernetes.lease_requests import (
    new_token,
    posted,
    token_in,
    whole_message,
)
from holdfast.adapters.kubernetes.left_over import listed
from holdfast.adapters.kubernetes.manifests import (
    POLICY,
    POLICY_BINDING,
    Manifest,
    as_made,
    beside,
    named,
    text,
    where,
)
from holdfast.adapters.kubernetes.pace import Backoff, Chance, Pace
from holdfast.adapters.kubernetes.passes import kubeconfig_for
from holdfast.adapters.kubernetes.transport import Answer, Question, Wire
from holdfast.adapters.kubernetes.wired import Wired
from holdfast.errors import NotReady
from holdfast.model.access import Process
from holdfast.model.canonical import Plain
from holdfast.ports import Clock
from holdfast.ports.leases import Pass

OLDEST = (1, 30)
PASS_SECONDS = 30 * 24 * 3600
_DONE = (200, 201, 202)
_VERSION = re.compile(rb'"gitVersion":\s*"v(\d{1,4})\.(\d{1,4})')
_SOMEBODY = "See who else changes it, and try again."


class KubernetesInstaller(Wired):
    """One cluster's; use it as an async context manager."""

    def __init__(
        self,
        connection: Connection,
        plan: Plan,
        *,
        clock: Clock,
        pace: Pace | None = None,
        patience: float = 180,  # seconds: a namespace goes when all in it has gone
    ) -> None:
        self._connection = connection
        self._plan = plan
        self._pace = pace or Pace()
        self._patience = patience
        self._wire = Wire(connection, clock=clock, pace=self._pace, compress=False)
        self._asker = Asker(self._wire, pace=self._pace, chance=Chance())

    async def amiss(self) -> Sequence[str]:
        """What is missing, altered, or there besides."""
        if old := await self._too_old():
            return [old]
        wrong = [f"{named(each)} {what}." for each, what in await self._wrong()]
        besides = await besides_of(self._asker, self._plan)
        return [*wrong, *(each.says for each in besides)]

    async def apply(self) -> Sequence[str]:
        """Make and put right; returns when the policies are in force."""
        await self._refuse_too_old()
        told = []
        wrong = await self._wrong()
        if any(not of_admission(each) for each, _ in wrong):
            wrong += await self._lifted([each for each, _ in wrong])
        for each, what in wrong:
            await self._put(each)
            told.append(f"{named(each)} {'made' if what == MISSING else 'put right'}.")
        for each, what in await self._wrong():
            raise NotReady(f"{named(each)} {what}, just after it was put right.", remedy=_SOMEBODY)
        await self._until(self._in_force, "The policies are not in force yet.")
        return told

    async def remove(self) -> Sequence[str]:
        """Take everything away; returns when it is gone."""
        await self._refuse_too_old()
        await self._refuse_while_used()
        backwards = [*reversed(self._plan.manifests)]
        besides = [each for each in await besides_of(self._asker, self._plan) if each.ours]
        leases = await lease_bindings(self._asker, self._plan.marks)
        paths = [
            *(where(each) for each in backwards if of_admission(each)),
            *leases,
            *(each.path for each in besides),
            *(where(each) for each in backwards if not of_admission(each)),
        ]
        there = [path for path in paths if await self._deleted(path)]
        for path in paths:
            await self._until(
                partial(self._is_gone, path), f"{path} is being deleted and is not gone yet."
            )
        return [f"{path} removed." for path in there]

    async def passes(self) -> Sequence[Pass]:
        """What the two processes show for the next days."""
        return [await self._pass(process) for process in self._plan.accounts]

    async def _pass(self, process: Process) -> Pass:
        account = self._plan.accounts[process]
        answer = await self._asker.ask(new_token(self._plan.ours, account, PASS_SECONDS))
        if answer.status == 404:
            raise NotReady(
                f"There is no account {account} to make a kubeconfig for.",
                remedy="Put the fences up first: holdfast rbac install --apply",
            )
        token, until = token_in(answer)
        if not token:
            raise self._asker.refused(answer, f"a token of {account}")
        kubeconfig = kubeconfig_for(self._connection, account, token)
        return Pass(process=process, kubeconfig=kubeconfig, until=until)

    async def _refuse_too_old(self) -> None:
        if old := await self._too_old():
            raise NotReady(old, remedy="Upgrade the cluster; scanning works from 1.27 on.")

    async def _too_old(self) -> str:
        answer = await self._asker.ask(Question(path="/version"))
        found = _VERSION.search(answer.body)
        if answer.status != 200 or found is None:
            raise self._asker.refused(answer, "its version")
        version = (int(found[1]), int(found[2]))
        if version >= OLDEST:
            return ""
        return f"This cluster is Kubernetes {version[0]}.{version[1]}: fences need 1.30 or newer."

    async def _wrong(self) -> list[tuple[Manifest, str]]:
        seen = [(each, await standing(self._asker, each)) for each in self._plan.manifests]
        return [(each, what) for each, there in seen if (what := amiss(each, there))]

    async def _lifted(self, wrong: Sequence[Manifest]) -> list[tuple[Manifest, str]]:
        """Take away the binding of what protects the rest; it is made again last."""
        binding = self._plan.protects
        if binding in wrong or not await self._deleted(where(binding)):
            return []
        return [(binding, "was lifted")]

    async def _put(self, manifest: Manifest) -> None:
        """Make it, or put right what stands there; while it is still protected, again."""

        async def put() -> bool:
            there = await standing(self._asker, manifest)
            if there is not None and text(there, "metadata", "deletionTimestamp"):
                return False
            if there is not None and there.get("roleRef") != manifest.get("roleRef"):
                await self._deleted(where(manifest))  # a binding cannot be turned to another role
                return False
            return self._went(await self._written(manifest, there), manifest)

        await self._until(put, f"{named(manifest)} could not be made in time.")

    async def _written(self, manifest: Manifest, there: Manifest | None) -> Answer:
        if there is None:
            return await self._asker.ask(posted(beside(manifest), manifest))
        body = msgspec.json.encode(as_made(manifest, there))
        return await self._asker.ask(Question(method="PUT", path=where(manifest), body=body))

    def _went(self, answer: Answer, manifest: Manifest) -> bool:
        """Whether it is done; False for what may be asked again, an error for what may not."""
        if answer.status in _DONE:
            return True
        if answer.status == 409 or self._protected(answer):
            return False  # somebody was quicker, or a policy is heeded a moment after it is gone
        raise _refusal(f"{named(manifest)} cannot be made", answer)

    def _protected(self, answer: Answer) -> bool:
        return answer.status == 403 and self._plan.marks.refuses in whole_message(answer)

    async def _deleted(self, path: str) -> bool:
        """Have it go; whether it was there."""
        was_there = True

        async def delete() -> bool:
            nonlocal was_there
            answer = await self._asker.ask(Question(method="DELETE", path=path))
            if answer.status == 404:
                was_there = False
            elif answer.status not in (*_DONE, 409) and not self._protected(answer):
                raise _refusal(f"{path} cannot be deleted", answer)
            # Somebody may be deleting it already, which a namespace answers with a conflict.
            return not self._protected(answer)

        await self._until(delete, f"{path} is still protected.")
        return was_there

    async def _is_gone(self, path: str) -> bool:
        return (await self._asker.ask(Question(path=path))).status == 404

    async def _in_force(self) -> bool:
        """The policy that protects the others comes last: it is asked for one refusal."""
        marks = self._plan.marks
        secret: dict[str, Plain] = {"metadata": {"name": "canary"}}
        asked = posted(f"/api/v1/namespaces/{marks.namespace}/secrets", secret)
        answer = await self._asker.ask(replace(asked, parameters={"dryRun": "All"}))
        return self._protected(answer)

    async def _refuse_while_used(self) -> None:
        """With its namespace, whatever runs there would go."""
        pods = await listed(self._asker, f"/api/v1/namespaces/{self._plan.ours}/pods")
        if pods:
            raise NotReady(
                f"Pods run in the namespace {self._plan.ours}, which would be deleted with them.",
                remedy="Take away first what runs there, Holdfast itself included.",
            )

    async def _until(self, is_so: Callable[[], Awaitable[bool]], otherwise: str) -> None:
        clock = asyncio.get_running_loop().time
        until = clock() + self._patience
        backoff = Backoff(replace(self._pace, first_delay=0.05, longest_delay=1), Chance())
        while not await is_so():
            if clock() >= until:
                raise NotReady(otherwise, remedy=_SOMEBODY)
            await backoff.wait()


def of_admission(manifest: Manifest) -> bool:
    """Whether it refuses, and so goes first."""
    return manifest["kind"] in (POLICY, POLICY_BINDING)


def _refusal(what: str, answer: Answer) -> NotReady:
    return NotReady(
        f"{what} ({answer.status}: {answer.message}).",
        remedy="Use a kubeconfig of an administrator of the cluster.",
    )
