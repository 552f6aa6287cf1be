"""Events by the object that they are about: by its uid, never by its name.

An event is a memory. Whether it still counts, the object's own state says.
"""

from collections.abc import Mapping, Sequence

from holdfast.model.kinds import Event
from holdfast.model.objects import Object
from holdfast.model.snapshot import Snapshot


def events_about(cluster: Snapshot, subject: Object) -> Sequence[Event]:
    """What was said of that very object, oldest first."""
    cluster.capture(Event)  # a rule that did not declare events gets none
    return cluster.narrowed((Event,)).once(_by_subject).get(subject.metadata.uid, ())


def events_of_container(cluster: Snapshot, pod: Object, container: str) -> Sequence[Event]:
    """What was said of one container of a pod, init containers and sidecars included."""
    paths = (f"spec.containers{{{container}}}", f"spec.initContainers{{{container}}}")
    return [e for e in events_about(cluster, pod) if e.involved_object.field_path in paths]


def _by_subject(cluster: Snapshot) -> Mapping[str, Sequence[Event]]:
    about: dict[str, list[Event]] = {}
    for event in sorted(cluster.all(Event), key=lambda e: e.last_seen):
        if event.involved_object.uid:
            about.setdefault(event.involved_object.uid, []).append(event)
    return about
