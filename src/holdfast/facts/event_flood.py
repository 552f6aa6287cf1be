"""One component says the same thing about so many objects that other events drown."""

from collections.abc import Iterator
from datetime import timedelta

from holdfast.model.kinds import Event, Namespace, Pod
from holdfast.model.objects import Ref
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot

MANY = 100  # more than anybody reads through
LATELY = timedelta(minutes=15)  # what goes on is told every five minutes at least


@fact(
    code="HF-CTL-012",
    channel=Channel.INCIDENT,
    severity=Severity.INFO,
    grace=timedelta(minutes=5),  # a burst ends by itself
    reads=(Event, Namespace),
    next_step="See what they are about: kubectl get events -n {name} --field-selector "
    "type=Warning --sort-by=.lastTimestamp",
    spreads=False,
)
def event_flood(cluster: Snapshot) -> Iterator[Found]:
    """A component has said the same warning about 100 objects of a namespace or more in the last
    quarter of an hour. Counted from the first of those that are still said. Of pods nothing is said
    here: what they suffer is told of them, and a big workload whose image is bad is one trouble.
    """
    said: dict[tuple[str, str, str], list[Event]] = {}
    for event in cluster.all(Event):
        if event.type != "Warning" or cluster.now - event.last_seen > LATELY:
            continue  # healthy: told in the normal course of things, or a memory
        if event.involved_object.kind == Pod.api.kind:
            continue  # told of the pods
        key = (event.metadata.namespace, event.by, event.reason)
        said.setdefault(key, []).append(event)
    for (name, component, reason), events in said.items():
        objects = {event.involved_object.uid or event.involved_object.name for event in events}
        if len(objects) < MANY:
            continue
        namespace = cluster.find(Namespace, "", name)
        about = Ref(api_version="v1", kind="Namespace", name=name)
        yield Found(
            about=namespace.ref if namespace is not None else about,
            part=f"{component}/{reason}",
            since=min(event.first_seen for event in events),
            says=f"{component} says {reason} about {len(objects)} objects",
            seen={"the last": max(events, key=lambda event: event.last_seen).message},
        )
