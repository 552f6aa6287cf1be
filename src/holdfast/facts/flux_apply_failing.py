"""Flux cannot apply manifests, or what it applied does not become healthy."""

from collections.abc import Iterator
from datetime import timedelta

from holdfast.model.kinds import Event, Kustomization
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.topology.conditions import all_unwell


@fact(
    code="HF-DLV-011",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=5),  # what it depends on comes first, and it asks every half minute
    reads=(Kustomization, Event),
    next_step="Read what cannot be applied: "
    "kubectl describe kustomizations.kustomize.toolkit.fluxcd.io {name} -n {namespace}",
    explains=("HF-DLV-011",),
)
def flux_apply_failing(cluster: Snapshot) -> Iterator[Found]:
    """A Kustomization is Stalled or not Ready, said of it as it stands. A reason that ends in
    `Failed` is critical; one that waits for a dependency is not. A suspended one is left alone, and
    one that is at work is so only if it has not failed since it last went well.
    """
    for told in all_unwell(cluster, (Kustomization,), ("Ready",)):
        yield told.found(severity=told.severity)
