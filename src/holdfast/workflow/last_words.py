"""What people will miss of an object that is about to go: its last lines, and the events about it.

That some of it cannot be had keeps nobody from repairing: it is told what is missing. Nor does it
keep anybody waiting: all of it is asked for side by side, within one time.
"""

import asyncio
from collections.abc import Container, Iterator, Sequence

from holdfast.errors import CouldNotLook
from holdfast.execution.courses import LastWords
from holdfast.model.kinds import Event, Job, Pod
from holdfast.model.kinds.pods import ContainerStatus
from holdfast.model.repairs import Sight
from holdfast.model.times import stamp
from holdfast.workflow.leash import Leash
from holdfast.workflow.look import listed

MOST = 8  # containers
LONGEST = 64_000  # bytes of each
EVENTS = 50
WITHIN = 10.0  # seconds, for all of it


async def last_words(leash: Leash, seen: Sight, within: float = WITHIN) -> LastWords:
    """The last lines of its containers, and the events about it and about its pods."""
    logs: dict[str, str] = {}
    unseen: list[str] = []
    pods = _pods(seen)

    async def read(pod: Pod, status: ContainerStatus) -> None:
        name = f"{pod.metadata.name}/{status.name}"
        try:
            async with asyncio.timeout(within):
                text = await _lines(leash, pod, status)
        except CouldNotLook as nobody:
            unseen.append(f"the log of {name}: {nobody.wrong}")
        except TimeoutError:
            unseen.append(f"the log of {name}: {_late(within)}")
        else:
            logs[name] = text

    about = {seen.document.ref.uid, *(pod.metadata.uid for pod in pods)}
    containers = [(each, said) for each in pods for said in each.statuses][:MOST]
    logs_read = asyncio.gather(*(read(*each) for each in containers))
    (events, why), _ = await asyncio.gather(_events(leash, seen, about, within), logs_read)
    return LastWords(
        logs={name: logs[name] for name in sorted(logs) if logs[name]},
        events=events,
        unseen=(*sorted(unseen), *why),
    )


async def _events(
    leash: Leash, seen: Sight, about: Container[str], within: float
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What was told of those, and why some of it may be missing."""
    try:
        async with asyncio.timeout(within):
            there = await listed(leash.cluster, Event, seen.document.ref.namespace)
    except TimeoutError:
        return (), (f"events: {_late(within)}",)
    events = sorted(
        (each for each in there.objects if each.involved_object.uid in about),
        key=lambda each: each.last_seen,
    )
    why = () if there.whole else (f"events: {there.why}",)
    return tuple(map(_told, events[-EVENTS:])), why


def _late(within: float) -> str:
    return f"nobody answered within {within:g} s"


async def _lines(leash: Leash, pod: Pod, status: ContainerStatus) -> str:
    if leash.lines is None:
        return ""
    previous = status.state.running is None
    text = await leash.lines.log(pod, status.name, previous=previous)
    return text[-LONGEST:].decode(errors="replace")


def _pods(seen: Sight) -> Sequence[Pod]:
    return [*_own(seen)]


def _own(seen: Sight) -> Iterator[Pod]:
    """The target itself, or those that go with it."""
    pod, job = seen.target(Pod), seen.target(Job)
    if pod is not None:
        yield pod
    if job is not None:
        yield from seen.around.owned_by(Pod, job)


def _told(event: Event) -> str:
    return f"{stamp(event.last_seen)} {event.reason}: {event.message}"
