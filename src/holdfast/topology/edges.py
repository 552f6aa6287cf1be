"""Read the edges of a snapshot: what many have to do with each other in one pass over its objects,
and what an object itself says that it needs when somebody asks.
"""

import re
from collections.abc import Iterable, Iterator

from holdfast.model.kinds import (
    ApiService,
    Autoscaler,
    Certificate,
    Claim,
    ClusterIssuer,
    ClusterSecretStore,
    CronJob,
    DaemonSet,
    Definition,
    Deployment,
    DisruptionBudget,
    ExternalSecret,
    Gateway,
    GatewayClass,
    Ingress,
    Issuer,
    Namespace,
    Node,
    PersistentVolume,
    Pod,
    ReplicationController,
    Secret,
    SecretStore,
    Service,
    StatefulSet,
    StorageClass,
    VolumeAttachment,
)
from holdfast.model.kinds.control import ServiceReference
from holdfast.model.kinds.pods import PodSpec
from holdfast.model.objects import Object
from holdfast.model.relations import Relation
from holdfast.model.snapshot import Snapshot
from holdfast.topology.admission import held
from holdfast.topology.graph import Edge, Place, Topology, found_at, place, place_of
from holdfast.topology.labels import pods
from holdfast.topology.metrics import asking
from holdfast.topology.placement import waits
from holdfast.topology.references import references
from holdfast.topology.routes import Route, is_gateway, routes
from holdfast.topology.supplies import supplied
from holdfast.topology.webhooks import configurations
from holdfast.topology.workloads import MAKERS, makers_by_labels

LASTING = (  # what lends a service its pods for good
    Deployment,
    StatefulSet,
    DaemonSet,
    ReplicationController,
)
SPEAKING = (Pod, *MAKERS, Service, DisruptionBudget)  # what there are many of in a cluster


def topology(snapshot: Snapshot, namespaces: frozenset[str] | None = None) -> Topology:
    """Who depends on whom, as far as the snapshot shows it; in those namespaces, if some are named.

    What lies between two troubles lies in their namespaces or in none, so that a few troubles in a
    big cluster cost a small graph.
    """
    waiting = waits(snapshot)  # of the whole, for it depends on what every pod of a node asks for
    there = snapshot
    if namespaces is not None:
        there = snapshot.within_namespaces(tuple(sorted(namespaces)))
    return Topology((*_edges(there), *waiting), _Said(there, snapshot))


class _Said:
    """What the objects of a snapshot say; what carries labels is looked up in the whole, where
    rules did so.
    """

    def __init__(self, snapshot: Snapshot, whole: Snapshot) -> None:
        self._snapshot = snapshot
        self._whole = whole

    def by(self, of: Place) -> Iterator[Edge]:
        match found_at(self._snapshot, of):
            case Pod() as pod:
                yield from _of_pod(pod)
            case maker if isinstance(maker, MAKERS):
                yield from _refers(of, maker.metadata.namespace, maker.spec.template.spec)
            case Service() as service:
                yield from _of_service(self._whole, service)
            case DisruptionBudget() as budget:
                yield from _of_budget(self._whole, budget)

    def places(self) -> Iterator[Place]:
        for kind in SPEAKING:
            for each in self._snapshot.all(kind):
                yield place(each)


def _edges(snapshot: Snapshot) -> Iterator[Edge]:
    """Those that are not read off one object when it is asked about."""
    for capture in snapshot.captures():
        for each in capture.objects:
            yield from _owned(each)
    for cron in snapshot.all(CronJob):
        template = cron.spec.job_template.spec.template
        yield from _refers(place(cron), cron.metadata.namespace, template.spec)
    yield from held(snapshot)
    for ingress in snapshot.all(Ingress):
        yield from _of_ingress(ingress)
    for autoscaler in snapshot.all(Autoscaler):
        yield from _of_autoscaler(autoscaler)
    yield from asking(snapshot)
    for claim in snapshot.all(Claim):
        yield from _of_claim(claim)
    for attachment in snapshot.all(VolumeAttachment):
        yield Edge(
            relation=Relation.REFERENCES,
            source=place_of(PersistentVolume, "", attachment.spec.source.persistent_volume_name),
            target=place(attachment),
            read="spec.source.persistentVolumeName",
        )
    yield from supplied(snapshot)
    yield from _of_secrets(snapshot)
    yield from _of_gateways(snapshot)
    yield from _of_the_control_plane(snapshot)
    yield from _of_namespaces(snapshot)


def _owned(each: Object) -> Iterator[Edge]:
    for owner in each.metadata.owner_references:
        group = owner.api_version.rpartition("/")[0]
        kind = f"{owner.kind}.{group}" if group else owner.kind
        namespace = "" if owner.kind == "Node" else each.metadata.namespace
        yield Edge(
            relation=Relation.OWNS,
            source=(kind, namespace, owner.name),
            target=place(each),
            read="metadata.ownerReferences",
        )


def _of_pod(pod: Pod) -> Iterator[Edge]:
    here = place(pod)
    if pod.spec.node_name:
        yield Edge(
            relation=Relation.RUNS_ON,
            source=here,
            target=place_of(Node, "", pod.spec.node_name),
            read="spec.nodeName",
        )
    yield from _refers(here, pod.metadata.namespace, pod.spec)
    for name in pod.claims:
        yield Edge(
            relation=Relation.MOUNTS,
            source=here,
            target=place_of(Claim, pod.metadata.namespace, name),
            read="spec.volumes",
        )


def _refers(source: Place, namespace: str, spec: PodSpec) -> Iterator[Edge]:
    for reference in references(spec):
        if reference.kind is not Claim:  # a pod's own edges say what it mounts
            yield Edge(
                relation=Relation.REFERENCES,
                source=source,
                target=place_of(reference.kind, namespace, reference.name),
                read=reference.read,
            )


def _of_service(snapshot: Snapshot, service: Service) -> Iterator[Edge]:
    """A service needs the pods that it selects, and whoever would make such pods."""
    wanted = service.spec.selector
    if not wanted:
        return
    namespace = service.metadata.namespace
    for pod in pods(snapshot).carrying(namespace, wanted):
        yield _selects(service, pod, "spec.selector")
    for maker in makers_by_labels(snapshot).carrying(namespace, wanted):
        if isinstance(maker, LASTING):
            yield _selects(service, maker, "spec.selector, the template's labels")


def _selects(source: Object, target: Object, read: str) -> Edge:
    return Edge(relation=Relation.SELECTS, source=place(source), target=place(target), read=read)


def _of_ingress(ingress: Ingress) -> Iterator[Edge]:
    namespace, spec = ingress.metadata.namespace, ingress.spec
    backends = [("spec.defaultBackend", spec.default_backend)]
    for rule in spec.rules:
        backends += [
            ("spec.rules", path.backend) for path in (rule.http.paths if rule.http else ())
        ]
    for read, backend in backends:
        if backend is not None and backend.service is not None:
            yield Edge(
                relation=Relation.ROUTES,
                source=place(ingress),
                target=place_of(Service, namespace, backend.service.name),
                read=read,
            )
    for tls in spec.tls:
        if tls.secret_name:
            yield Edge(
                relation=Relation.REFERENCES,
                source=place(ingress),
                target=place_of(Secret, namespace, tls.secret_name),
                read="spec.tls",
            )


def _of_autoscaler(autoscaler: Autoscaler) -> Iterator[Edge]:
    target = autoscaler.spec.scale_target_ref
    group = target.api_version.rpartition("/")[0]
    yield Edge(
        relation=Relation.SCALES,
        source=place(autoscaler),
        target=(
            f"{target.kind}.{group}" if group else target.kind,
            autoscaler.metadata.namespace,
            target.name,
        ),
        read="spec.scaleTargetRef",
    )


def _of_budget(snapshot: Snapshot, budget: DisruptionBudget) -> Iterator[Edge]:
    if budget.spec.selector is None:
        return
    for pod in pods(snapshot).chosen(budget.metadata.namespace, budget.spec.selector):
        yield Edge(
            relation=Relation.PROTECTS,
            source=place(budget),
            target=place(pod),
            read="spec.selector",
        )


def _of_claim(claim: Claim) -> Iterator[Edge]:
    targets: Iterable[tuple[Place, str]] = (
        (place_of(StorageClass, "", claim.spec.storage_class_name or ""), "spec.storageClassName"),
        (place_of(PersistentVolume, "", claim.spec.volume_name), "spec.volumeName"),
    )
    for target, read in targets:
        if target[2]:
            yield Edge(relation=Relation.REFERENCES, source=place(claim), target=target, read=read)


def _of_secrets(snapshot: Snapshot) -> Iterator[Edge]:
    """Who is to make a Secret, and whom these need for it."""
    for certificate in snapshot.all(Certificate):
        here, issuer = certificate.metadata.namespace, certificate.spec.issuer_ref
        yield _made(here, certificate.spec.secret_name, certificate, "spec.secretName")
        if issuer.group in ("", Issuer.api.group):
            kind = ClusterIssuer if issuer.kind == ClusterIssuer.api.kind else Issuer
            yield _referred(certificate, place_of(kind, here, issuer.name), "spec.issuerRef")
    for external in snapshot.all(ExternalSecret):
        here, store = external.metadata.namespace, external.spec.secret_store_ref
        yield _made(here, external.makes, external, "spec.target.name")
        if store.name:
            everywhere = store.kind == ClusterSecretStore.api.kind
            of = ClusterSecretStore if everywhere else SecretStore
            yield _referred(external, place_of(of, here, store.name), "spec.secretStoreRef")


def _made(namespace: str, name: str, by: Object, read: str) -> Edge:
    made = place_of(Secret, namespace, name)
    return Edge(relation=Relation.MADE_BY, source=made, target=place(by), read=read)


def _referred(source: Object, target: Place, read: str) -> Edge:
    return Edge(relation=Relation.REFERENCES, source=place(source), target=target, read=read)


def _of_gateways(snapshot: Snapshot) -> Iterator[Edge]:
    for gateway in snapshot.all(Gateway):
        yield Edge(
            relation=Relation.REFERENCES,
            source=place(gateway),
            target=place_of(GatewayClass, "", gateway.spec.gateway_class_name),
            read="spec.gatewayClassName",
        )
    for route in routes(snapshot):
        yield from _of_route(route)


def _of_route(route: Route) -> Iterator[Edge]:
    here = route.metadata.namespace
    for parent in route.spec.parent_refs:
        if is_gateway(parent):
            yield Edge(
                relation=Relation.REFERENCES,
                source=place(route),
                target=place_of(Gateway, parent.namespace or here, parent.name),
                read="spec.parentRefs",
            )
    for backend in (b for rule in route.spec.rules for b in rule.backend_refs):
        if (backend.group, backend.kind) == ("", "Service"):
            yield Edge(
                relation=Relation.ROUTES,
                source=place(route),
                target=place_of(Service, backend.namespace or here, backend.name),
                read="spec.rules.backendRefs",
            )


def _of_the_control_plane(snapshot: Snapshot) -> Iterator[Edge]:
    """Whom the API server asks."""
    for served in snapshot.all(ApiService):
        yield from _asks(served, served.spec.service, "spec.service")
    for definition in snapshot.all(Definition):
        webhook = definition.spec.conversion.webhook
        if webhook is not None:
            yield from _asks(definition, webhook.client_config.service, "spec.conversion.webhook")
    for configuration in configurations(snapshot):
        for each in configuration.webhooks:
            yield from _asks(configuration, each.client_config.service, "webhooks")


def _asks(asking: Object, service: ServiceReference | None, read: str) -> Iterator[Edge]:
    if service is not None:
        yield Edge(
            relation=Relation.ROUTES,
            source=place(asking),
            target=place_of(Service, service.namespace, service.name),
            read=read,
        )


def _of_namespaces(snapshot: Snapshot) -> Iterator[Edge]:
    """A namespace that is to go needs what is left in it to go, and every API to answer: which one
    does not, the namespace controller says. Another that does not answer is not why.
    """
    for namespace in snapshot.all(Namespace):
        if not namespace.leaving:
            continue
        name = namespace.metadata.name
        left = [
            each
            for capture in snapshot.captures()
            if capture.kind.api.namespaced
            for each in snapshot.within(capture.kind, name)
            if each.leaving and each.metadata.finalizers
        ]
        said = " ".join(c.message for c in namespace.status.conditions if c.status == "True")
        asked: tuple[ApiService | Definition, ...] = (
            *(each for each in snapshot.all(ApiService) if each.spec.service is not None),
            *snapshot.all(Definition),
        )
        silent = [
            each for each in asked if re.search(rf"(?<![\w.-]){re.escape(each.spec.group)}/", said)
        ]
        for each in (*left, *silent):
            yield Edge(
                relation=Relation.HELD_BY,
                source=place(namespace),
                target=place(each),
                read="metadata.deletionTimestamp",
            )
