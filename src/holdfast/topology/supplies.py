"""Who is supplied by whom: manifests and charts by sources, backups by where they are kept."""

from collections.abc import Iterator

from holdfast.model.kinds import (
    Application,
    BackupLocation,
    BackupSchedule,
    HelmChart,
    HelmRelease,
    Kustomization,
)
from holdfast.model.kinds.flux import SOURCES, Flux, SourceRef
from holdfast.model.relations import Relation
from holdfast.model.snapshot import Snapshot
from holdfast.topology.graph import Edge, Place, place, place_of

FED: tuple[type[Kustomization | HelmRelease | HelmChart], ...] = (
    Kustomization,
    HelmRelease,
    HelmChart,
)


def supplied(snapshot: Snapshot) -> Iterator[Edge]:
    """Every edge of that sort."""
    for kind in FED:
        for each in snapshot.all(kind):
            yield from _of_flux(each)
    for application in snapshot.all(Application):
        yield from _of_application(application)
    for schedule in snapshot.all(BackupSchedule):
        yield from _of_schedule(snapshot, schedule)


def _of_flux(each: Flux) -> Iterator[Edge]:
    here, namespace = place(each), each.metadata.namespace
    for ref, read in ((each.spec.source_ref, "sourceRef"), (each.spec.chart_ref, "chartRef")):
        if ref is not None:
            yield _needs(here, _source(ref, namespace), f"spec.{read}")
    for other in each.spec.depends_on:
        yield _needs(
            here, place_of(type(each), other.namespace or namespace, other.name), "spec.dependsOn"
        )
    if isinstance(each, HelmRelease) and "/" in each.status.helm_chart:
        where, _, name = each.status.helm_chart.partition("/")
        yield _needs(here, place_of(HelmChart, where, name), "status.helmChart")


def _of_application(application: Application) -> Iterator[Edge]:
    """What does badly in this cluster makes its application do badly."""
    if not application.spec.destination.here:
        return
    for each in application.status.resources:
        if each.health is not None and each.health.status == "Degraded":
            kind = f"{each.kind}.{each.group}" if each.group else each.kind
            yield _needs(place(application), (kind, each.namespace, each.name), "status.resources")


def _of_schedule(snapshot: Snapshot, schedule: BackupSchedule) -> Iterator[Edge]:
    """Without a word it keeps its backups where they are kept by default."""
    named, namespace = schedule.spec.template.storage_location, schedule.metadata.namespace
    for location in snapshot.within(BackupLocation, namespace):
        if location.metadata.name == named or (not named and location.spec.default):
            yield _needs(place(schedule), place(location), "spec.template.storageLocation")


def _source(ref: SourceRef, namespace: str) -> Place:
    return (f"{ref.kind}.{SOURCES}", ref.namespace or namespace, ref.name)


def _needs(source: Place, target: Place, read: str) -> Edge:
    return Edge(relation=Relation.REFERENCES, source=source, target=target, read=read)
