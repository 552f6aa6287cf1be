"""What people will miss of an object that is about to go: its last lines, and the events about it.

That some of it cannot be had keeps nobody from repairing: it is told what is missing.
"""

from collections.abc import Iterator, Sequence

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


async def last_words(leash: Leash, seen: Sight) -> LastWords:
    """The last lines of its containers, and the events about it and about its pods."""
    logs: dict[str, str] = {}
    unseen: list[str] = []
    pods = _pods(seen)
    for pod, status in [(each, said) for each in pods for said in each.statuses][:MOST]:
        name = f"{pod.metadata.name}/{status.name}"
        try:
            text = await _lines(leash, pod, status)
        except CouldNotLook as nobody:
            unseen.append(f"the log of {name}: {nobody.wrong}")
            continue
        if text:
            logs[name] = text[-LONGEST:].decode(errors="replace")
    about = {seen.document.ref.uid, *(pod.metadata.uid for pod in pods)}
    there = await listed(leash.cluster, Event, seen.document.ref.namespace)
    if not there.whole:
        unseen.append(f"events: {there.why}")
    events = sorted(
        (each for each in there.objects if each.involved_object.uid in about),
        key=lambda each: each.last_seen,
    )
    return LastWords(logs=logs, events=tuple(map(_told, events[-EVENTS:])), unseen=tuple(unseen))


async def _lines(leash: Leash, pod: Pod, status: ContainerStatus) -> bytes:
    if leash.lines is None:
        return b""
    previous = status.state.running is None
    return await leash.lines.log(pod, status.name, previous=previous)


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
