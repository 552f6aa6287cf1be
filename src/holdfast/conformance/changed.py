"""The time-of-use suite through a keeper: what changes after the last approval and before the act.

In one namespace a keeper does one thing after the other. So it is given proposals to try out before
people say their last word, and what they approved waits while the world changes. That it did wait
is seen by the last of those; where the keeper was quicker, all is played again with more of them.
"""

from collections.abc import Awaitable, Callable, Mapping

from holdfast.conformance.claims import Claims
from holdfast.conformance.ground import Ground, Raw
from holdfast.conformance.office import ANA, CLEO, COUNTED, ENDED, Asked, Office
from holdfast.model.handed import proposal_named
from holdfast.workflow.approving import APPROVED as YES

type Change = Callable[[Office, Asked], Awaitable[Raw]]
"""Something happens to a target; what it is like then."""

BUSY = (5, 15, 45)
MARK = {
    "kustomize.toolkit.fluxcd.io/name": "conformance",
    "kustomize.toolkit.fluxcd.io/namespace": "flux-system",
}


async def _field(office: Office, asked: Asked) -> Raw:
    more = {"hard": {COUNTED: "1", "count/controllerrevisions.apps": "1000"}}
    return await office.changed(asked.path, {"spec": more})


async def _mark(office: Office, asked: Asked) -> Raw:
    return await office.changed(asked.path, {"metadata": {"labels": MARK}})


async def _again(office: Office, asked: Asked) -> Raw:
    await office.ground.gone(asked.path)
    there, _ = await office.quota(asked.about.target.name)
    return there


async def _status(office: Office, asked: Asked) -> Raw:
    used = {COUNTED: "1", "count/controllerrevisions.apps": "0"}
    return await office.changed(f"{asked.path}/status", {"status": {"used": used}})


CHANGES: Mapping[str, tuple[Change, tuple[str, ...]]] = {
    "another field": (_field, ("time_of_use",)),
    # Labels are among what a quota is judged by.
    "a mark of GitOps": (_mark, ("kept_elsewhere", "time_of_use")),
    "made again": (_again, ("sight",)),
}
"""What stops an act, and who may say so first."""
APPROVED = "approved by two people"
STATUS = "approved, then a status alone"


async def changed(ground: Ground, claims: Claims) -> None:
    """Whoever works on the same cluster."""
    async with Office.opened(ground, claims) as office:
        office.open_for_long()
        for busy in BUSY:
            if await _played(office, busy, claims):
                break
        else:
            claims.add(STATUS, "the keeper was quicker each time: nothing was seen")
        claims.add(ENDED, ", ".join(await office.leases_left()))


async def _played(office: Office, busy: int, claims: Claims) -> bool:
    """Whether it changed in time."""
    every = {name: await office.asked() for name in CHANGES}
    status = await office.asked()
    for each in (*every.values(), status):
        await office.hand_in(office.yes(each.about, ANA))
    before = [office.propose((await office.quota())[0]) for _ in range(busy)]
    waits = [proposal_named(await office.answer(letter)) for letter in before]
    for each in (*every.values(), status):
        said = await office.hand_in(office.yes(each.about, CLEO))
        claims.add(APPROVED, "" if said[0].startswith(YES) else f"{each.path}: {said[0]}")

    def began() -> bool:
        return office.kept(waits[-1]) is not None

    now = {}
    for name, (change, _) in CHANGES.items():
        if began():
            return False
        now[name] = await change(office, every[name])
    await _status(office, status)
    if began():
        return False
    # It is the last in its turn: when it is done, the others had theirs.
    left = await office.still_there([status])
    claims.add(STATUS, f"{status.path} is still there" if left else "")
    for name, (_, by) in CHANGES.items():
        asked = every[name]
        who = office.refused_by(asked.about)
        why = "" if who[:1] and who[0] in by else f"refused by {who or 'nobody'}"
        touched = await office.touched(now[name], asked.path)
        claims.add(f"approved, then {name}", touched or why)
    return True
