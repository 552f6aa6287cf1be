"""What Argo CD says of an application, and since when: its stamps and its own events."""

from datetime import datetime

from holdfast.model.events import events_about
from holdfast.model.kinds import Application
from holdfast.model.snapshot import Snapshot

AT_WORK = ("Running", "Terminating")
FAILED = ("Failed", "Error")


def last_synced(application: Application) -> datetime | None:
    """When it was last brought to what Git says, as far as its history tells."""
    times = (each.deployed_at for each in application.status.history)
    return max((time for time in times if time is not None), default=None)


def turned(cluster: Snapshot, application: Application, *words: str) -> datetime | None:
    """When Argo CD last said, in exactly one of these words, that its state turned."""
    told = (
        event.last_seen
        for event in reversed(events_about(cluster, application))
        if event.reason == "ResourceUpdated" and event.message in words
    )
    return next(told, None)


def failing_since(cluster: Snapshot, application: Application) -> datetime | None:
    """The first sync that is told to have failed after the last that succeeded."""
    good = last_synced(application)
    told = (
        event.first_seen
        for event in events_about(cluster, application)
        if event.type == "Warning" and event.reason == "OperationCompleted"
    )
    return min((time for time in told if good is None or time > good), default=None)
