"""Take the snapshot that a command is about: of a live cluster, or out of a folder."""

import asyncio
from collections.abc import Iterable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from holdfast.errors import BadInput, CouldNotLook
from holdfast.model.kinds import KINDS, Definition
from holdfast.model.kinds.custom import named as custom_api
from holdfast.model.narrowing import narrow
from holdfast.model.objects import Object
from holdfast.model.snapshot import Snapshot
from holdfast.model.times import to_the_second
from holdfast.ports import Cluster
from holdfast.surfaces.cli.consoles import Plain
from holdfast.surfaces.cli.doors import Doors, Target
from holdfast.surfaces.cli.garbage import undisturbed
from holdfast.surfaces.cli.progress import Progress
from holdfast.workflow.look import look

AHEAD = timedelta(minutes=1)  # two clocks may differ as much


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where to look, as it was said on the command line."""

    target: Target
    namespaces: tuple[str, ...] | None = None
    snapshot: Path | None = None
    at: datetime | None = None
    named: tuple[str, ...] = ()  # custom kinds that we do not know


def names(kinds: Iterable[str]) -> tuple[str, ...]:
    """Custom kinds as they were named, without those that we know anyway."""
    known = {kind.api.resource for kind in KINDS}
    wanted = dict.fromkeys(kind.lower() for kind in kinds)
    for kind in wanted:
        custom_api(kind)
    return tuple(kind for kind in wanted if kind not in known)


def take(doors: Doors, source: Source, kinds: Iterable[type[Object]]) -> Snapshot:
    """The snapshot of those kinds."""
    if source.snapshot is None:
        if source.at is not None:
            raise BadInput("--at goes with --snapshot.", remedy="Leave it out.")
        return asyncio.run(
            look_at(doors.live(source.target), kinds, source.namespaces, source.named)
        )
    if source.named:
        raise BadInput(
            "A snapshot holds no other custom kinds than those that we know.",
            remedy="Leave --kind out, or look at the cluster itself.",
        )
    if source.target.kubeconfig or source.target.context:
        raise BadInput(
            "--snapshot reads a folder, and --kubeconfig and --context name a cluster.",
            remedy="Give one or the other.",
        )
    at = source.at
    if at is not None and at.tzinfo is None:
        at = at.replace(tzinfo=UTC)
    if at is not None and at > doors.now() + AHEAD:
        raise BadInput(
            f"{to_the_second(at)} is still to come, and nothing was taken then.",
            remedy="Say with --at when it was taken; check this machine's clock if that is so.",
        )
    seen = doors.read_folder(source.snapshot, kinds, at)
    return seen if source.namespaces is None else narrow(seen, source.namespaces)


async def look_at(
    door: AbstractAsyncContextManager[Cluster],
    kinds: Iterable[type[Object]],
    namespaces: tuple[str, ...] | None,
    named: tuple[str, ...] = (),
) -> Snapshot:
    """Take the snapshot, with a word on progress where somebody watches."""
    console = Plain(stderr=True)
    kinds = tuple(kinds)
    with undisturbed(), console.moving("Looking ...") as say:
        far = Progress(len(kinds) + len(named), say)
        async with door as cluster:
            return await look(
                cluster,
                kinds=kinds,
                namespaces=namespaces,
                named=named,
                seen=far.seen,
                arriving=far.arriving,
            )


async def custom_kinds(
    door: AbstractAsyncContextManager[Cluster], *, namespaced: bool
) -> tuple[str, ...]:
    """Every custom kind that a cluster defines; only those of namespaces, if that is asked."""
    async with door as cluster:
        defined = await cluster.list(Definition)
    if not defined.whole:
        raise CouldNotLook(
            f"Which custom kinds there are cannot be seen: {defined.why}.",
            remedy="Name them with --kind, or ask with an account that may list them.",
        )
    return tuple(
        each.resource
        for each in defined.objects
        if not namespaced or each.spec.scope == "Namespaced"
    )
