"""Kinds of the core group, less pods: what pods mount, use, and run on."""

from typing import ClassVar

import msgspec

from holdfast.model.objects import (
    Api,
    Condition,
    KeptMetadata,
    NodeSelector,
    Object,
    Part,
    Quantities,
    Time,
    condition,
)

ENFORCE = "pod-security.kubernetes.io/enforce"
"""The label of a namespace that says how safe its pods must be."""


class ClaimResources(Part, frozen=True, kw_only=True):
    """How much a claim asks for."""

    requests: Quantities = {}


class ClaimSpec(Part, frozen=True, kw_only=True):
    """What was asked of a volume claim."""

    access_modes: tuple[str, ...] = ()
    storage_class_name: str | None = None
    volume_mode: str = "Filesystem"
    volume_name: str = ""
    resources: ClaimResources = ClaimResources()


class ClaimCondition(Part, frozen=True, kw_only=True):
    """A condition of a claim: resizing, and why it does not."""

    type: str = ""
    status: str = ""
    reason: str = ""
    message: str = ""
    last_transition_time: Time | None = None


class ClaimStatus(Part, frozen=True, kw_only=True):
    """What became of a volume claim."""

    phase: str = ""
    capacity: Quantities = {}
    conditions: tuple[ClaimCondition, ...] = ()


class Claim(Object, frozen=True, kw_only=True):
    """A PersistentVolumeClaim."""

    api: ClassVar[Api] = Api(kind="PersistentVolumeClaim", plural="persistentvolumeclaims")

    metadata: KeptMetadata = KeptMetadata()
    spec: ClaimSpec = ClaimSpec()
    status: ClaimStatus = ClaimStatus()


class VolumeAffinity(Part, frozen=True, kw_only=True):
    """From which nodes a volume can be reached."""

    required: NodeSelector | None = None


class ClaimRef(Part, frozen=True, kw_only=True):
    """The claim that a volume belongs to."""

    namespace: str = ""
    name: str = ""
    uid: str = ""


class VolumeSpec(Part, frozen=True, kw_only=True):
    """What a volume is."""

    access_modes: tuple[str, ...] = ()
    capacity: Quantities = {}
    claim_ref: ClaimRef | None = None
    storage_class_name: str = ""
    volume_mode: str = "Filesystem"
    persistent_volume_reclaim_policy: str = ""
    node_affinity: VolumeAffinity = VolumeAffinity()


class VolumeStatus(Part, frozen=True, kw_only=True):
    """What became of a volume."""

    phase: str = ""
    reason: str = ""
    message: str = ""
    last_phase_transition_time: Time | None = None


class PersistentVolume(Object, frozen=True, kw_only=True):
    """A volume, whoever claims it."""

    api: ClassVar[Api] = Api(kind="PersistentVolume", plural="persistentvolumes", namespaced=False)

    spec: VolumeSpec = VolumeSpec()
    status: VolumeStatus = VolumeStatus()


class NamespaceStatus(Part, frozen=True, kw_only=True):
    """What became of a namespace."""

    phase: str = ""
    conditions: tuple[Condition, ...] = ()


class Namespace(Object, frozen=True, kw_only=True):
    """A namespace; the uid of kube-system is the cluster's."""

    api: ClassVar[Api] = Api(kind="Namespace", plural="namespaces", namespaced=False)

    metadata: KeptMetadata = KeptMetadata()
    status: NamespaceStatus = NamespaceStatus()


class Taint(Part, frozen=True, kw_only=True):
    """Why a node does not take everybody."""

    key: str = ""
    value: str = ""
    effect: str = ""
    time_added: Time | None = None


class NodeSpec(Part, frozen=True, kw_only=True):
    """What was asked of a node."""

    unschedulable: bool = False
    taints: tuple[Taint, ...] = ()


class NodeInfo(Part, frozen=True, kw_only=True):
    """What a node runs."""

    kubelet_version: str = ""


class NodeStatus(Part, frozen=True, kw_only=True):
    """What a node says of itself."""

    conditions: tuple[Condition, ...] = ()
    allocatable: Quantities = {}
    capacity: Quantities = {}
    node_info: NodeInfo = NodeInfo()


class Node(Object, frozen=True, kw_only=True):
    """A node."""

    api: ClassVar[Api] = Api(kind="Node", plural="nodes", namespaced=False)

    metadata: KeptMetadata = KeptMetadata()
    spec: NodeSpec = NodeSpec()
    status: NodeStatus = NodeStatus()

    def condition(self, type_: str) -> Condition | None:
        """The node's condition of that type."""
        return condition(self.status.conditions, type_)


class Subject(Part, frozen=True, kw_only=True):
    """The object that an event is about."""

    api_version: str = ""
    kind: str = ""
    namespace: str = ""
    name: str = ""
    uid: str = ""
    field_path: str = ""


class Series(Part, frozen=True, kw_only=True):
    """An event that keeps happening."""

    count: int = 0
    last_observed_time: Time | None = None


class Source(Part, frozen=True, kw_only=True):
    """Who saw it."""

    component: str = ""
    host: str = ""


class Event(Object, frozen=True, kw_only=True):
    """Something that a component says has happened. It counts only while its object is unwell."""

    api: ClassVar[Api] = Api(kind="Event", plural="events")

    involved_object: Subject = Subject()
    type: str = ""
    reason: str = ""
    message: str = ""
    count: int = 0
    first_timestamp: Time | None = None
    last_timestamp: Time | None = None
    event_time: Time | None = None
    series: Series | None = None
    source: Source = Source()
    reporting_component: str = ""

    @property
    def last_seen(self) -> Time:
        """When it last happened."""
        series = self.series.last_observed_time if self.series else None
        return series or self.last_timestamp or self.event_time or self.born

    @property
    def first_seen(self) -> Time:
        """When it first happened."""
        return self.first_timestamp or self.event_time or self.born

    @property
    def by(self) -> str:
        """The component that says so."""
        return self.reporting_component or self.source.component


class ServicePort(Part, frozen=True, kw_only=True):
    """A port of a service, and where it leads."""

    name: str = ""
    port: int = 0
    target_port: int | str | None = None
    protocol: str = "TCP"


class ServiceSpec(Part, frozen=True, kw_only=True):
    """What was asked of a service."""

    type: str = "ClusterIP"
    selector: dict[str, str] = {}
    ports: tuple[ServicePort, ...] = ()
    external_name: str = ""
    cluster_ip: str = msgspec.field(name="clusterIP", default="")
    load_balancer_class: str = ""


class LoadBalancerIngress(Part, frozen=True, kw_only=True):
    """Where a load balancer listens."""

    ip: str = ""
    hostname: str = ""


class LoadBalancer(Part, frozen=True, kw_only=True):
    """What became of a load balancer."""

    ingress: tuple[LoadBalancerIngress, ...] = ()


class ServiceStatus(Part, frozen=True, kw_only=True):
    """What became of a service."""

    load_balancer: LoadBalancer = LoadBalancer()


class Service(Object, frozen=True, kw_only=True):
    """A service."""

    api: ClassVar[Api] = Api(kind="Service", plural="services")

    metadata: KeptMetadata = KeptMetadata()
    spec: ServiceSpec = ServiceSpec()
    status: ServiceStatus = ServiceStatus()

    @property
    def headless(self) -> bool:
        """It has no address of its own: its name stands for its pods."""
        return self.spec.cluster_ip == "None"

    @property
    def selects(self) -> bool:
        """Its endpoints are the pods that it selects; nobody else keeps them."""
        return bool(self.spec.selector) and self.spec.type != "ExternalName"


class ServiceAccount(Object, frozen=True, kw_only=True):
    """An account that pods run as."""

    api: ClassVar[Api] = Api(kind="ServiceAccount", plural="serviceaccounts")

    metadata: KeptMetadata = KeptMetadata()


class ConfigMap(Object, frozen=True, kw_only=True):
    """A ConfigMap as metadata only; the names of its keys are in its managed fields."""

    api: ClassVar[Api] = Api(kind="ConfigMap", plural="configmaps", metadata_only=True)

    metadata: KeptMetadata = KeptMetadata()


class Secret(Object, frozen=True, kw_only=True):
    """A Secret as metadata only: its data never reaches us, nor do annotations that repeat it."""

    api: ClassVar[Api] = Api(kind="Secret", plural="secrets", metadata_only=True, sensitive=True)

    metadata: KeptMetadata = KeptMetadata()


class QuotaSpec(Part, frozen=True, kw_only=True):
    """What a quota allows."""

    hard: Quantities = {}


class QuotaStatus(Part, frozen=True, kw_only=True):
    """What of it is used."""

    hard: Quantities = {}
    used: Quantities = {}


class ResourceQuota(Object, frozen=True, kw_only=True):
    """A quota of a namespace."""

    api: ClassVar[Api] = Api(kind="ResourceQuota", plural="resourcequotas")

    metadata: KeptMetadata = KeptMetadata()
    spec: QuotaSpec = QuotaSpec()
    status: QuotaStatus = QuotaStatus()


class Limit(Part, frozen=True, kw_only=True):
    """What one object of a type may ask for."""

    type: str = ""
    max: Quantities = {}
    min: Quantities = {}


class LimitRangeSpec(Part, frozen=True, kw_only=True):
    """What a limit range allows."""

    limits: tuple[Limit, ...] = ()


class LimitRange(Object, frozen=True, kw_only=True):
    """A limit range of a namespace."""

    api: ClassVar[Api] = Api(kind="LimitRange", plural="limitranges")

    metadata: KeptMetadata = KeptMetadata()
    spec: LimitRangeSpec = LimitRangeSpec()
