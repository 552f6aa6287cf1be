"""What keeps pods running: the apps group, and what came before it."""

from typing import ClassVar

from holdfast.model.kinds.pods import PodTemplate
from holdfast.model.objects import (
    Api,
    Condition,
    KeptMetadata,
    Object,
    Part,
    Selector,
    condition,
)


class DeploymentSpec(Part, frozen=True, kw_only=True):
    """What was asked of a Deployment."""

    replicas: int = 1
    paused: bool = False
    min_ready_seconds: int = 0
    progress_deadline_seconds: int = 600
    selector: Selector = Selector()
    template: PodTemplate = PodTemplate()


class DeploymentStatus(Part, frozen=True, kw_only=True):
    """What became of a Deployment."""

    observed_generation: int = 0
    replicas: int = 0
    updated_replicas: int = 0
    available_replicas: int = 0
    conditions: tuple[Condition, ...] = ()


class Deployment(Object, frozen=True, kw_only=True):
    """A Deployment."""

    api: ClassVar[Api] = Api(group="apps", kind="Deployment", plural="deployments")

    metadata: KeptMetadata = KeptMetadata()
    spec: DeploymentSpec = DeploymentSpec()
    status: DeploymentStatus = DeploymentStatus()

    def condition(self, type_: str) -> Condition | None:
        """The Deployment's condition of that type."""
        return condition(self.status.conditions, type_)


class ReplicaSetSpec(Part, frozen=True, kw_only=True):
    """What was asked of a ReplicaSet."""

    replicas: int = 1
    selector: Selector = Selector()
    template: PodTemplate = PodTemplate()


class ReplicaSetStatus(Part, frozen=True, kw_only=True):
    """What became of a ReplicaSet."""

    observed_generation: int = 0
    replicas: int = 0
    ready_replicas: int = 0
    available_replicas: int = 0
    conditions: tuple[Condition, ...] = ()


class ReplicaSet(Object, frozen=True, kw_only=True):
    """A ReplicaSet: one revision of a Deployment, and the link to its pods."""

    api: ClassVar[Api] = Api(group="apps", kind="ReplicaSet", plural="replicasets")

    metadata: KeptMetadata = KeptMetadata()
    spec: ReplicaSetSpec = ReplicaSetSpec()
    status: ReplicaSetStatus = ReplicaSetStatus()


class ReplicationControllerSpec(Part, frozen=True, kw_only=True):
    """What was asked of a ReplicationController."""

    replicas: int = 1
    template: PodTemplate = PodTemplate()


class ReplicationController(Object, frozen=True, kw_only=True):
    """A ReplicationController: what ReplicaSets were before, kept by the same controller."""

    api: ClassVar[Api] = Api(kind="ReplicationController", plural="replicationcontrollers")

    metadata: KeptMetadata = KeptMetadata()
    spec: ReplicationControllerSpec = ReplicationControllerSpec()
    status: ReplicaSetStatus = ReplicaSetStatus()


class Ordinals(Part, frozen=True, kw_only=True):
    """Where the numbers of a StatefulSet begin."""

    start: int = 0


class UpdateStrategy(Part, frozen=True, kw_only=True):
    """How pods are replaced."""

    type: str = "RollingUpdate"


class StatefulSetSpec(Part, frozen=True, kw_only=True):
    """What was asked of a StatefulSet."""

    replicas: int = 1
    service_name: str = ""
    ordinals: Ordinals = Ordinals()
    pod_management_policy: str = "OrderedReady"
    update_strategy: UpdateStrategy = UpdateStrategy()
    selector: Selector = Selector()
    template: PodTemplate = PodTemplate()


class StatefulSetStatus(Part, frozen=True, kw_only=True):
    """What became of a StatefulSet."""

    observed_generation: int = 0
    replicas: int = 0
    ready_replicas: int = 0
    available_replicas: int = 0
    updated_replicas: int = 0
    current_revision: str = ""
    update_revision: str = ""


class StatefulSet(Object, frozen=True, kw_only=True):
    """A StatefulSet."""

    api: ClassVar[Api] = Api(group="apps", kind="StatefulSet", plural="statefulsets")

    metadata: KeptMetadata = KeptMetadata()
    spec: StatefulSetSpec = StatefulSetSpec()
    status: StatefulSetStatus = StatefulSetStatus()


class DaemonSetSpec(Part, frozen=True, kw_only=True):
    """What was asked of a DaemonSet."""

    update_strategy: UpdateStrategy = UpdateStrategy()
    selector: Selector = Selector()
    template: PodTemplate = PodTemplate()


class DaemonSetStatus(Part, frozen=True, kw_only=True):
    """What became of a DaemonSet."""

    observed_generation: int = 0
    desired_number_scheduled: int = 0
    current_number_scheduled: int = 0
    number_ready: int = 0
    number_available: int = 0
    number_misscheduled: int = 0
    updated_number_scheduled: int = 0


class DaemonSet(Object, frozen=True, kw_only=True):
    """A DaemonSet."""

    api: ClassVar[Api] = Api(group="apps", kind="DaemonSet", plural="daemonsets")

    metadata: KeptMetadata = KeptMetadata()
    spec: DaemonSetSpec = DaemonSetSpec()
    status: DaemonSetStatus = DaemonSetStatus()


class RevisionSpec(Part, frozen=True, kw_only=True):
    """The part of a workload's spec that a revision keeps."""

    template: PodTemplate = PodTemplate()


class RevisionData(Part, frozen=True, kw_only=True):
    """What a revision keeps."""

    spec: RevisionSpec = RevisionSpec()


class ControllerRevision(Object, frozen=True, kw_only=True):
    """One revision of a StatefulSet or DaemonSet."""

    api: ClassVar[Api] = Api(group="apps", kind="ControllerRevision", plural="controllerrevisions")

    revision: int = 0
    data: RevisionData = RevisionData()
