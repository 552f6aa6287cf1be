"""The suites that need a cluster: what leases and the keeper try that they must not.

- A refusal counts for a claim if it is in the words of RBAC or of our fence, and an administrator's
  identical dry run (of a read: the identical read) succeeds.
- Where an administrator is refused too it stands on a line of its own: what our fence refuses to
  everybody, and what RBAC refuses and no valid request is to be had for.
- What leases try is a dry run; what the suite's own keeper does is done. Both go for objects of the
  suite's own where there can be any.
"""

import asyncio
import random
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import assert_never

from holdfast.conformance import fields, minting
from holdfast.conformance.acts import Act, acts, again, dry, patched, showing
from holdfast.conformance.approved import approval
from holdfast.conformance.changed import changed
from holdfast.conformance.claims import Claims
from holdfast.conformance.discovered import served
from holdfast.conformance.ground import Ground, How, Raw, Refused, root_of
from holdfast.conformance.heeding import guarded, heeded
from holdfast.conformance.lasting import Lasting
from holdfast.conformance.specimens import Specimens
from holdfast.conformance.verbs import other_verbs
from holdfast.execution.lease_names import Purpose
from holdfast.model.counted import Counted
from holdfast.model.objects import Object
from holdfast.model.repairs import Kind
from holdfast.model.steps import Create
from holdfast.ports.probing import Bench, Door, Try

AT_ONCE = 8


RBAC_ALONE = "by RBAC alone"
FENCE_TO_ALL = "by our fence, administrators too"


def _count(claims: Claims, claim: str, refused: Refused, named: str = "") -> bool:
    """On the line where it belongs; whether it says anything."""
    match refused.how:
        case How.PROVEN:
            claims.add(claim, "")
        case How.BY_RBAC_ALONE:
            claims.add(RBAC_ALONE, "")
        case How.BY_FENCE_TO_ALL:
            claims.add(FENCE_TO_ALL, "")
        case How.TO_ALL:
            return False
        case How.NOT:
            claims.add(claim, f"{named}: {refused.says}" if named else refused.says)
        case _:
            assert_never(refused.how)
    return True


type Suite = Callable[[Ground, int, Claims], Awaitable[None]]


async def fenced(
    bench: Bench, seed: int, number: int, wanted: Sequence[str], say: Callable[[str], None]
) -> AsyncGenerator[Counted]:
    """Those suites, with so many tries of each sort by each lease; whoever waits says so."""
    dice = random.Random(seed)  # noqa: S311 - it repeats itself, on purpose
    async with Ground.broken_in(bench, dice) as ground:
        await heeded(guarded(ground, await _restart(ground)), say)
        for name in wanted:
            claims = Claims()
            await SUITES[name](ground, number, claims)
            await ground.take_back(claims)
            for line in claims.lines(name, seed):
                yield line


async def _escape(ground: Ground, _: int, claims: Claims) -> None:
    """Whoever has the keeper's token."""
    act = await _restart(ground)
    if isinstance(lent := await ground.lend(act), str):
        claims.add("leases lent", lent)
        return
    await ground.made(*minting.somebodys(ground.here))
    claims.add("leases lent", "")
    account = [*ground.accounts()][-1]
    for each in minting.tries(account, act.whole, ground.here):
        refused = await ground.refused(ground.bench.keeper, each)
        _count(claims, "a keeper's other requests", refused, f"{each.body}")


async def _restart(ground: Ground) -> Act:
    """A restart of a workload of the suite's own."""
    kind, of = next(each for each in await ground.served() if each[0].name == "RolloutRestart")
    return next(acts(kind, *await ground.target(of, ground.here)))


async def _least_privilege(ground: Ground, number: int, claims: Claims) -> None:
    """Whoever has a lease."""
    every = [each async for each in _each_act(ground)]
    twins = [each async for each in _each_act(ground)]
    far = [each async for each in _each_act(ground, elsewhere=True)]
    known = [each async for each in served(ground.bench.admin)]
    specimens = Specimens(ground)
    gate = asyncio.Semaphore(AT_ONCE)

    async def of(act: Act, others: Sequence[Act]) -> None:
        async with gate:
            lease = await ground.lend(act)
            claims.add("leases lent", lease if isinstance(lease, str) else "")
            if not isinstance(lease, str):
                hands = Lasting(ground, act, lease)
                misuse = _Misuse(ground=ground, lease=hands, act=act, number=number, claims=claims)
                await _misused(misuse, others)
                async for claim, refused in other_verbs(act, hands, specimens, known, number):
                    _count(claims, claim, refused, act.named)

    await asyncio.gather(*(of(act, others) for act, *others in zip(every, twins, far, strict=True)))


async def _each_act(ground: Ground, *, elsewhere: bool = False) -> AsyncIterator[Act]:
    """Each kind on a fresh object of each sort, and what is made again after it is gone."""
    namespace = ground.elsewhere if elsewhere else ground.here
    for kind, of in await ground.served():
        for act in acts(kind, *await ground.target(of, namespace)):
            yield act
        if Create in kind.undoes:
            there, whole = await ground.target(of, namespace)
            await ground.gone(whole)
            yield again(kind, there, whole)


@dataclass(frozen=True, kw_only=True)
class _Misuse:
    """Somebody with a lease, who tries."""

    ground: Ground
    lease: Door
    act: Act
    number: int
    claims: Claims

    async def tries(self, claim: str, request: Try, what: str = "") -> bool:
        """One request that is to be refused; whether it said anything."""
        refused = await self.ground.refused(self.lease, request)
        return _count(self.claims, claim, refused, f"{self.act.named}{what}")


async def _misused(misuse: _Misuse, others: Sequence[Act]) -> None:
    act, claims = misuse.act, misuse.claims
    own = await misuse.lease.ask(dry(act.request))
    claims.add("its own act goes through", "" if own.ok else f"{act.named}: {own.message}")
    for each in act.wrong:
        await misuse.tries("other values and options", each)
        await misuse.tries("other values and options", showing(each))
    for other in others:
        if _another(act, other):
            await misuse.tries("other objects", other.request)
    if act.request.method == "PATCH":
        await _other_fields(misuse)


def _another(act: Act, other: Act) -> bool:
    """What is made again is told by its value: in its own namespace, that is tried above."""
    return act.purpose is not Purpose.UNDO or act.namespace != other.namespace


async def _other_fields(misuse: _Misuse) -> None:
    act, admin = misuse.act, misuse.ground.bench.admin
    there = (await admin.ask(Try(method="GET", path=act.request.path))).value
    root = root_of(act.kind.targets[0])
    schemas: Raw = (await admin.ask(Try(method="GET", path=f"/openapi/v3{root}"))).value
    operations = [*fields.changed(there), *fields.added(schemas["components"]["schemas"], there)]
    misuse.ground.dice.shuffle(operations)
    alike = [fields.kept(there), fields.kept((await admin.ask(dry(act.request))).value)]
    said = 0
    for operation in operations:
        request = patched(act, operation)
        theirs = await admin.ask(dry(request))
        if not theirs.ok or fields.kept(theirs.value) in alike:
            continue  # refused to everybody, or it comes to the act, or to nothing
        said += await misuse.tries("other fields", request, f" {operation}")
        if said == misuse.number:
            return


async def _time_of_use(ground: Ground, _: int, claims: Claims) -> None:
    """What was right when it was lent, and is not any more."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def of(story: Story, kind: Kind, target: type[Object]) -> None:
        async with gate:
            await story(ground, kind, target, claims)

    served_here = await ground.served()
    stories: tuple[Story, ...] = (_meant, _made_again)
    await asyncio.gather(*(of(story, *each) for each in served_here for story in stories))
    await changed(ground, claims)


type Story = Callable[[Ground, Kind, type[Object], Claims], Awaitable[None]]


async def _meant(ground: Ground, kind: Kind, of: type[Object], claims: Claims) -> None:
    """A lease for a dry run, used for more."""
    for act in acts(kind, *await ground.target(of, ground.here)):
        preview = replace(act, purpose=Purpose.PREVIEW)
        lease = await ground.lend(preview)
        claims.add("leases lent", lease if isinstance(lease, str) else "")
        if not isinstance(lease, str):
            for asked in (act.request, *map(showing, (act.request, *act.wrong))):
                refused = await ground.refused(lease, asked, really=True)
                _count(claims, "previews that are meant", refused, preview.named)


async def _made_again(ground: Ground, kind: Kind, of: type[Object], claims: Claims) -> None:
    """Its target was deleted, and is there again under the same name."""
    there, whole = await ground.target(of, ground.here)
    for act in acts(kind, there, whole):
        lease = await ground.lend(act)
        claims.add("leases lent", lease if isinstance(lease, str) else "")
        if not isinstance(lease, str):
            await ground.gone(whole)
            new, _ = await ground.target(of, ground.here, name=there["metadata"]["name"])
            for other in acts(kind, new, whole):
                refused = await ground.refused(lease, other.request)
                _count(claims, "targets made again", refused, act.named)


SUITES: dict[str, Suite] = {
    "escape": _escape,
    "least-privilege": _least_privilege,
    "approval": approval,
    "time-of-use": _time_of_use,
}
