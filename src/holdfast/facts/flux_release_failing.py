"""Flux cannot install or upgrade a chart."""

from collections.abc import Iterator
from datetime import timedelta

from holdfast.model.kinds import Event, HelmRelease
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.topology.conditions import all_unwell


@fact(
    code="HF-DLV-012",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=5),  # its chart is fetched first, and a retry often goes well
    reads=(HelmRelease, Event),
    next_step="Read why the release fails: "
    "kubectl describe helmreleases.helm.toolkit.fluxcd.io {name} -n {namespace}",
    explains=("HF-DLV-012",),
)
def flux_release_failing(cluster: Snapshot) -> Iterator[Found]:
    """A HelmRelease is Stalled or not Ready, said of it as it stands. A reason that ends in
    `Failed` is critical; one that waits for its source or a dependency is not. A suspended one is
    left alone, and one that is at work is so only if it has not failed since it last went well.
    """
    for told in all_unwell(cluster, (HelmRelease,), ("Ready",)):
        yield told.found(severity=told.severity)
