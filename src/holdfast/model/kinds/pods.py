"""Pods, and the template of one in everything that makes pods."""

from datetime import datetime
from typing import ClassVar

import msgspec

from holdfast.model.objects import (
    Api,
    Condition,
    NodeSelector,
    Object,
    Part,
    Quantities,
    Time,
    condition,
)


class Waiting(Part, frozen=True, kw_only=True):
    """A container that has not started, and the kubelet's reason."""

    reason: str = ""
    message: str = ""


class Terminated(Part, frozen=True, kw_only=True):
    """A container that has ended, and how."""

    exit_code: int = 0
    signal: int = 0
    reason: str = ""
    message: str = ""
    started_at: Time | None = None
    finished_at: Time | None = None


class Running(Part, frozen=True, kw_only=True):
    """A container that runs."""

    started_at: Time | None = None


class ContainerState(Part, frozen=True, kw_only=True):
    """One of waiting, running, terminated."""

    waiting: Waiting | None = None
    running: Running | None = None
    terminated: Terminated | None = None


class ContainerStatus(Part, frozen=True, kw_only=True):
    """What the kubelet says of one container."""

    name: str = ""
    image: str = ""
    image_id: str = msgspec.field(name="imageID", default="")
    ready: bool = False
    started: bool | None = None
    restart_count: int = 0
    state: ContainerState = ContainerState()
    last_state: ContainerState = ContainerState()


class KeyOf(Part, frozen=True, kw_only=True):
    """A key of a ConfigMap or Secret that a container wants."""

    name: str = ""
    key: str = ""
    optional: bool = False


class ValueFrom(Part, frozen=True, kw_only=True):
    """Where the value of a variable comes from."""

    config_map_key_ref: KeyOf | None = None
    secret_key_ref: KeyOf | None = None


class Variable(Part, frozen=True, kw_only=True):
    """A variable of a container: its name and source, never its value."""

    name: str = ""
    value_from: ValueFrom | None = None


class WholeOf(Part, frozen=True, kw_only=True):
    """A whole ConfigMap or Secret that a container wants."""

    name: str = ""
    optional: bool = False


class VariablesFrom(Part, frozen=True, kw_only=True):
    """Variables that come from a whole ConfigMap or Secret."""

    config_map_ref: WholeOf | None = None
    secret_ref: WholeOf | None = None


class ContainerPort(Part, frozen=True, kw_only=True):
    """A port that a container says it listens on."""

    name: str = ""
    container_port: int = 0
    host_port: int = 0
    host_ip: str = msgspec.field(name="hostIP", default="")
    protocol: str = "TCP"


class PortAction(Part, frozen=True, kw_only=True):
    """A probe over a port."""

    port: int | str = 0
    path: str = ""
    host: str = ""  # asked for elsewhere than at the pod


class Probe(Part, frozen=True, kw_only=True):
    """How the kubelet asks a container how it is."""

    http_get: PortAction | None = None
    tcp_socket: PortAction | None = None
    grpc: PortAction | None = None
    initial_delay_seconds: int = 0
    period_seconds: int = 10
    timeout_seconds: int = 1
    failure_threshold: int = 3


class Resources(Part, frozen=True, kw_only=True):
    """What a container asks for, and may have."""

    requests: Quantities = {}
    limits: Quantities = {}


class ContainerSecurity(Part, frozen=True, kw_only=True):
    """What a container may do on its node."""

    privileged: bool = False
    run_as_non_root: bool | None = None
    run_as_user: int | None = None
    allow_privilege_escalation: bool | None = None


class Container(Part, frozen=True, kw_only=True):
    """What was asked of one container."""

    name: str = ""
    image: str = ""
    env: tuple[Variable, ...] = ()
    env_from: tuple[VariablesFrom, ...] = ()
    ports: tuple[ContainerPort, ...] = ()
    resources: Resources = Resources()
    liveness_probe: Probe | None = None
    readiness_probe: Probe | None = None
    startup_probe: Probe | None = None
    restart_policy: str = ""  # Always: an init container that is a sidecar
    security_context: ContainerSecurity | None = None


class ClaimSource(Part, frozen=True, kw_only=True):
    """A volume that comes from a claim."""

    claim_name: str = ""


class Item(Part, frozen=True, kw_only=True):
    """A key that becomes a file."""

    key: str = ""


class ConfigMapSource(Part, frozen=True, kw_only=True):
    """A volume that comes from a ConfigMap."""

    name: str = ""
    items: tuple[Item, ...] = ()
    optional: bool = False


class SecretSource(Part, frozen=True, kw_only=True):
    """A volume that comes from a Secret."""

    secret_name: str = ""
    items: tuple[Item, ...] = ()
    optional: bool = False


class ProjectedSource(Part, frozen=True, kw_only=True):
    """A piece of a projected volume."""

    config_map: ConfigMapSource | None = None
    secret: ConfigMapSource | None = None  # projected Secrets are named by `name`


class Projected(Part, frozen=True, kw_only=True):
    """A volume put together from pieces."""

    sources: tuple[ProjectedSource, ...] = ()


class HostPath(Part, frozen=True, kw_only=True):
    """A volume that is a path of the node."""

    path: str = ""


class Volume(Part, frozen=True, kw_only=True):
    """A volume of a pod."""

    name: str = ""
    persistent_volume_claim: ClaimSource | None = None
    ephemeral: Part | None = None  # a claim of the pod's own; only its presence is read
    config_map: ConfigMapSource | None = None
    secret: SecretSource | None = None
    projected: Projected | None = None
    host_path: HostPath | None = None


class Named(Part, frozen=True, kw_only=True):
    """Something that is named and no more."""

    name: str = ""


class ReadinessGate(Part, frozen=True, kw_only=True):
    """A condition that somebody else must set before a pod counts as ready."""

    condition_type: str = ""


class DeviceSource(Part, frozen=True, kw_only=True):
    """Where a claim of devices comes from, as API servers before 1.31 write it."""

    resource_claim_name: str = ""
    resource_claim_template_name: str = ""


class DeviceClaim(Part, frozen=True, kw_only=True):
    """A claim of devices that a pod needs: one that is there, or one to be made from a template."""

    name: str = ""
    resource_claim_name: str = ""
    resource_claim_template_name: str = ""
    source: DeviceSource = DeviceSource()

    @property
    def named(self) -> str:
        """The claim that somebody else makes."""
        return self.resource_claim_name or self.source.resource_claim_name

    @property
    def template(self) -> str:
        """What it is to be made from."""
        return self.resource_claim_template_name or self.source.resource_claim_template_name


class Toleration(Part, frozen=True, kw_only=True):
    """A taint that a pod accepts."""

    key: str = ""
    operator: str = "Equal"
    value: str = ""
    effect: str = ""


class PodSecurity(Part, frozen=True, kw_only=True):
    """What a pod's containers may do on their node, unless they say otherwise."""

    run_as_non_root: bool | None = None
    run_as_user: int | None = None


class NodeAffinity(Part, frozen=True, kw_only=True):
    """Which nodes a pod insists on."""

    required: NodeSelector | None = msgspec.field(
        name="requiredDuringSchedulingIgnoredDuringExecution", default=None
    )


class PodTerm(Part, frozen=True, kw_only=True):
    """Near which pods a pod insists to be; read is by what nearness is told."""

    topology_key: str = ""


class PodAffinity(Part, frozen=True, kw_only=True):
    """What pods a pod insists on."""

    required: tuple[PodTerm, ...] = msgspec.field(
        name="requiredDuringSchedulingIgnoredDuringExecution", default=()
    )


class Affinity(Part, frozen=True, kw_only=True):
    """Where a pod wants to be."""

    node_affinity: NodeAffinity = NodeAffinity()
    pod_affinity: PodAffinity = PodAffinity()


class Spread(Part, frozen=True, kw_only=True):
    """Over what a pod and its likes are to be spread."""

    topology_key: str = ""
    when_unsatisfiable: str = ""


class PodSpec(Part, frozen=True, kw_only=True):
    """What was asked of a pod."""

    node_name: str = ""
    service_account_name: str = ""
    priority_class_name: str = ""
    restart_policy: str = "Always"
    init_containers: tuple[Container, ...] = ()
    containers: tuple[Container, ...] = ()
    volumes: tuple[Volume, ...] = ()
    image_pull_secrets: tuple[Named, ...] = ()
    scheduler_name: str = "default-scheduler"
    node_selector: dict[str, str] = {}
    affinity: Affinity = Affinity()
    topology_spread_constraints: tuple[Spread, ...] = ()
    overhead: Quantities = {}
    resources: Resources = Resources()  # of the pod as a whole, if it says so
    termination_grace_period_seconds: int = 30
    tolerations: tuple[Toleration, ...] = ()
    scheduling_gates: tuple[Named, ...] = ()
    readiness_gates: tuple[ReadinessGate, ...] = ()
    resource_claims: tuple[DeviceClaim, ...] = ()
    host_network: bool = False
    host_pid: bool = msgspec.field(name="hostPID", default=False)
    host_ipc: bool = msgspec.field(name="hostIPC", default=False)
    host_users: bool | None = None  # False: root in it is nobody on the node
    security_context: PodSecurity | None = None


class PodStatus(Part, frozen=True, kw_only=True):
    """What became of a pod."""

    phase: str = ""
    reason: str = ""
    message: str = ""
    start_time: Time | None = None
    conditions: tuple[Condition, ...] = ()
    resource_claim_statuses: tuple[Named, ...] = ()  # of claims that were made from templates
    init_container_statuses: tuple[ContainerStatus, ...] = ()
    container_statuses: tuple[ContainerStatus, ...] = ()


class Pod(Object, frozen=True, kw_only=True):
    """A pod."""

    api: ClassVar[Api] = Api(kind="Pod", plural="pods")

    spec: PodSpec = PodSpec()
    status: PodStatus = PodStatus()

    def condition(self, type_: str) -> Condition | None:
        """The pod's condition of that type."""
        return condition(self.status.conditions, type_)

    @property
    def over(self) -> bool:
        """It has ended or is going away: what it waits for hurts nobody."""
        return (
            self.status.phase in ("Succeeded", "Failed")
            or self.metadata.deletion_timestamp is not None
        )

    @property
    def ready(self) -> bool:
        """It takes traffic."""
        ready = self.condition("Ready")
        return ready is not None and ready.status == "True"

    @property
    def unready_since(self) -> datetime | None:
        """Since when it has not been ready; None while it is."""
        ready = self.condition("Ready")
        if ready is None:
            return self.born  # no kubelet has spoken of it yet
        return None if ready.status == "True" else ready.last_transition_time or self.born

    @property
    def statuses(self) -> tuple[ContainerStatus, ...]:
        """What is said of every container, init containers and sidecars first."""
        status = self.status
        if not status.init_container_statuses:
            return status.container_statuses
        return (*status.init_container_statuses, *status.container_statuses)

    @property
    def claims(self) -> tuple[str, ...]:
        """The names of the claims that it mounts, generic ephemeral volumes included."""
        named = [
            v.persistent_volume_claim.claim_name
            for v in self.spec.volumes
            if v.persistent_volume_claim is not None
        ]
        generic = [
            f"{self.metadata.name}-{v.name}" for v in self.spec.volumes if v.ephemeral is not None
        ]
        return (*named, *generic)

    @property
    def unmade(self) -> tuple[DeviceClaim, ...]:
        """The claims of devices that are to be made for it from templates, and were not."""
        if not self.spec.resource_claims:
            return ()
        made = {each.name for each in self.status.resource_claim_statuses}
        return tuple(c for c in self.spec.resource_claims if c.template and c.name not in made)


class TemplateAnnotations(Part, frozen=True, kw_only=True):
    """The annotations of a template that are read."""

    restarted_at: str = msgspec.field(name="kubectl.kubernetes.io/restartedAt", default="")


class TemplateMetadata(Part, frozen=True, kw_only=True):
    """The metadata that pods of a template get."""

    labels: dict[str, str] = {}
    annotations: TemplateAnnotations = TemplateAnnotations()


class PodTemplate(Part, frozen=True, kw_only=True):
    """What pods are made from."""

    metadata: TemplateMetadata = TemplateMetadata()
    spec: PodSpec = PodSpec()
