"""Flux cannot fetch what it delivers: changes in Git, a bucket or a registry do not arrive."""

from collections.abc import Iterator
from datetime import timedelta

from holdfast.model.kinds import (
    Bucket,
    Event,
    GitRepository,
    HelmChart,
    HelmRepository,
    OciRepository,
)
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.topology.conditions import all_unwell

SOURCES: tuple[type[GitRepository | OciRepository | Bucket | HelmRepository | HelmChart], ...] = (
    GitRepository,
    OciRepository,
    Bucket,
    HelmRepository,
    HelmChart,
)


@fact(
    code="HF-DLV-010",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=5),  # hosts have short troubles, and most sources ask every minute
    reads=(*SOURCES, Event),
    next_step="Read why it cannot be fetched: kubectl describe KIND {name} -n {namespace}",
    explains=("HF-DLV-010", "HF-DLV-011", "HF-DLV-012"),
)
def flux_source_failing(cluster: Snapshot) -> Iterator[Found]:
    """A GitRepository, OCIRepository, Bucket, HelmRepository or HelmChart is Stalled or not Ready,
    said of the source as it stands. A reason that ends in `Failed` is critical. A suspended source
    is left alone, and one that is at work is so only if it has not failed since it last went well.
    """
    for told in all_unwell(cluster, SOURCES, ("Ready",)):
        yield told.found(severity=told.severity, look="Read why it cannot be fetched")
