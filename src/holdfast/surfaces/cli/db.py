"""`holdfast db`: what people do to the database, and servers never."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from holdfast.errors import BadInput, BadRecord, WrongStore
from holdfast.grants.database import database_grants
from holdfast.model.access import Process
from holdfast.model.entries import Checkpoint
from holdfast.model.standing import Manifest, Standing
from holdfast.model.times import in_words, stamp
from holdfast.ports import Cluster, Records
from holdfast.surfaces.cli.anchors import all_anchors, read_anchors
from holdfast.surfaces.cli.consoles import Plain
from holdfast.surfaces.cli.doors import Doors, Target
from holdfast.surfaces.cli.exits import FAULTS, NOTHING
from holdfast.surfaces.cli.ground import Ground
from holdfast.surfaces.cli.text import clean
from holdfast.workflow.judging import judge
from holdfast.workflow.orders import accept_restore, require_anchored, state


async def uid_of(doors: Doors, target: Target) -> str:
    """The uid of the cluster that the command line points at."""
    async with doors.live(target) as cluster:
        return await _uid(cluster)


async def _uid(cluster: Cluster) -> str:
    uid = (await cluster.identity()).uid
    if not uid:
        raise BadInput(
            "This role may not read the namespace kube-system, whose uid names the cluster.",
            remedy="Name it: holdfast db upgrade --cluster UID",
        )
    return uid


def upgrade(ground: Ground, uid: str, ask: Doors, target: Target) -> int:
    """Make or upgrade the tables; for which cluster is said once and then known."""
    with ground.upkeep() as upkeep:
        before = upkeep.standing()
        _refuse_to_begin_anew(ground, before)
        cluster = uid or before.cluster or asyncio.run(uid_of(ask, target))
        upkeep.upgrade(cluster)
        after = upkeep.standing()
    was = f"from revision {before.revision} " if before.revision else ""
    same = before.revision == after.revision
    said = "is already at" if same else f"was brought {was}to"
    Plain().print(clean(f"{after.name} {said} revision {after.revision}, for cluster {cluster}."))
    return NOTHING


def _refuse_to_begin_anew(ground: Ground, before: Standing) -> None:
    """Where a record was kept, an empty database is a mistake or a loss, and no beginning."""
    if before.revision is not None or before.missing:
        return
    known = max((each.size for each in read_anchors(ground)), default=0)
    if known:
        raise WrongStore(
            f"{before.name} is empty, and an anchor knows a record of {known} entries.",
            remedy="Name the database that holds it, put its file back, or restore a backup with "
            "`holdfast db restore`. To begin another record instead, move the anchors away first.",
        )


def check(ground: Ground) -> int:
    """Say how the database stands; what is wrong with it is an error with what to do."""
    with ground.upkeep() as upkeep:
        standing = upkeep.standing()
        upkeep.require_current(standing.cluster)
        upkeep.require_none_planted()
    with ground.store() as store, store.reading() as tx:
        anchors = all_anchors(ground, tx.records)
        require_anchored(tx.records, anchors)
        tip = tx.records.tip()
        waiting = len(tx.records.waiting(_MANY))
    for line in _told(standing, tip, anchors, waiting):
        Plain().print(clean(line))
    return NOTHING


def backup(ground: Ground, path: Path, keys: Sequence[Path], doors: Doors) -> int:
    """Write a backup, and say what is in it; faults if its record is not one to go on from."""
    if keys:
        ground.keys(keys)  # who names one that cannot be read is told before anything is written
    with ground.upkeep() as upkeep:
        manifest = upkeep.backup(path, stamp(doors.now()))
    console = Plain()
    console.print(clean(f"Written to {path}: {_holds(manifest)}. Keep an anchor elsewhere."))
    try:
        _require_sound(ground, keys)
    except (BadRecord, WrongStore) as unsound:
        console.print(
            clean(
                f"It is no backup to rely on: {unsound.wrong} Keep the last one that was, and see "
                "what is wrong with: holdfast audit verify"
            )
        )
        return FAULTS
    except BadInput as keyless:
        Plain(stderr=True).print(
            clean(
                f"Whether its record verifies is not known: {keyless.wrong} Name a public key with "
                "--key, or verify it where there is one."
            )
        )
    return NOTHING


def _require_sound(ground: Ground, keys: Sequence[Path]) -> None:
    """Raise for a record that does not verify, or is not as its anchors know it."""
    with ground.store() as store, store.reading() as tx:
        require_anchored(tx.records, read_anchors(ground))
        if tx.records.tip() is not None:
            judge(ground.keys(keys), ground.check)(tx.records)


def restore(ground: Ground, path: Path, keys: Sequence[Path], now: datetime) -> int:
    """Fill an empty database from a backup, if its record verifies; faults if it lost its end."""

    def judging(records: Records) -> None:
        if (
            records.tip() is not None
        ):  # without an entry there is nothing that a key could vouch for
            judge(ground.keys(keys), ground.check)(records)

    with ground.upkeep() as upkeep:
        manifest = upkeep.restore(path, judging)
    console = Plain()
    console.print(clean(f"Restored: {_holds(manifest)}. Its chain verifies."))
    with ground.store() as store, store.reading() as tx:
        anchors = all_anchors(ground, tx.records)
        console.print(clean(_known_since(manifest, anchors, now)))
        try:
            require_anchored(tx.records, anchors)
        except WrongStore as lost:
            console.print(clean(f"{lost.wrong}\n{lost.remedy}"))
            return FAULTS
    return NOTHING


def accept(ground: Ground, reason: str) -> int:
    """Give up what a restored backup has lost."""
    if not reason.strip():
        raise BadInput("A restore is accepted for a reason.", remedy="Say it with --reason '...'.")
    with ground.store() as store:
        with store.reading() as tx:
            anchors = all_anchors(ground, tx.records)
        sealer = ground.sealer(store, None)
        entry = asyncio.run(accept_restore(sealer, anchors, reason.strip(), ground.actor))
    Plain().print(
        f"Accepted as entry {entry.seq}, which begins epoch {entry.epoch}. What waited in the "
        "inbox is void, and so is what was proposed or approved. Budgets and switches are as they "
        "were when the backup was taken: freeze again what was frozen since.\n"
        "Keep a new anchor with: holdfast audit anchor"
    )
    return NOTHING


def grants(ground: Ground, roles: Mapping[Process, str], *, apply: bool) -> int:
    """Print what gives each process its rights, and no more; or give them."""
    with ground.upkeep() as upkeep:
        statements = database_grants(upkeep.access(), roles)
        if apply:
            upkeep.grant(statements)
    if apply:
        given = ", ".join(f"{role} has those of {process}" for process, role in roles.items())
        Plain().print(clean(f"Granted: {given}. Grant again after each upgrade."))
        return NOTHING
    print("-- Rights of the two processes; run as whoever upgrades the database, after an upgrade.")
    print("-- The roles must be there: CREATE ROLE ... LOGIN PASSWORD '...'")
    print("\n".join(["BEGIN;", *(f"{each};" for each in statements), "COMMIT;"]))
    return NOTHING


_MANY = 100_000


def _known_since(manifest: Manifest, anchors: Sequence[Checkpoint], now: datetime) -> str:
    """By what alone anybody can tell that something was spent after the backup."""
    newest = max(anchors, key=state, default=None)
    told = "no anchor is kept here"
    if newest is not None:
        age = in_words(now - datetime.fromisoformat(newest.time))
        told = f"the newest is of {newest.size} entries, and its last one is {age} old"
    return (
        f"What was spent after {manifest.at} (approvals, budgets) is not in it, and could be spent "
        f"again: only anchors know of it, and {told}. If Holdfast has acted since, and "
        "nothing says below that the end of the chain is lost, find the newest anchor before you "
        "start a keeper, or give up what was open: holdfast db accept-restore --reason '...'"
    )


def _holds(manifest: Manifest) -> str:
    rows = sum(manifest.tables.values())
    return (
        f"{rows} rows of {len(manifest.tables)} tables, {manifest.size} entries of the record, "
        f"cluster {manifest.cluster}, as of {manifest.at}"
    )


def _told(
    standing: Standing, tip: Checkpoint | None, anchors: Sequence[Checkpoint], waiting: int
) -> list[str]:
    size = f"{tip.size} entries, epoch {tip.epoch}, sealed until {tip.time}" if tip else "no entry"
    longest = max((anchor.size for anchor in anchors), default=0)
    kept = f"{len(anchors)}, the longest of {longest} entries" if anchors else "none"
    return [
        f"{standing.name} is as this version wants it.",
        f"revision  {standing.revision}",
        f"cluster   {standing.cluster}",
        f"record    {size}; {waiting} wait to be sealed",
        f"anchors   {kept}",
        "verified  not here, which would read all of it: holdfast audit verify",
    ]
