"""Kinds of the core group: pods, claims, namespaces, and Secrets as metadata only."""

from datetime import datetime
from typing import ClassVar

from holdfast.model.objects import Api, Condition, Object, Part, Time, condition


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
    ready: bool = False
    restart_count: int = 0
    state: ContainerState = ContainerState()
    last_state: ContainerState = ContainerState()


class ClaimSource(Part, frozen=True, kw_only=True):
    """A volume that comes from a claim."""

    claim_name: str = ""


class Volume(Part, frozen=True, kw_only=True):
    """A volume of a pod; only its claim is read."""

    name: str = ""
    persistent_volume_claim: ClaimSource | None = None
    ephemeral: Part | None = None  # a claim of the pod's own; only its presence is read


class PodSpec(Part, frozen=True, kw_only=True):
    """What was asked of a pod."""

    node_name: str = ""
    volumes: tuple[Volume, ...] = ()


class PodStatus(Part, frozen=True, kw_only=True):
    """What became of a pod."""

    phase: str = ""
    reason: str = ""
    message: str = ""
    conditions: tuple[Condition, ...] = ()
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
    def unready_since(self) -> datetime | None:
        """Since when it has not been ready; None while it is."""
        ready = self.condition("Ready")
        if ready is None:
            return self.born  # no kubelet has spoken of it yet
        return None if ready.status == "True" else ready.last_transition_time or self.born

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


class ClaimSpec(Part, frozen=True, kw_only=True):
    """What was asked of a volume claim."""

    storage_class_name: str | None = None
    volume_name: str = ""


class ClaimStatus(Part, frozen=True, kw_only=True):
    """What became of a volume claim."""

    phase: str = ""


class Claim(Object, frozen=True, kw_only=True):
    """A PersistentVolumeClaim."""

    api: ClassVar[Api] = Api(kind="PersistentVolumeClaim", plural="persistentvolumeclaims")

    spec: ClaimSpec = ClaimSpec()
    status: ClaimStatus = ClaimStatus()


class Namespace(Object, frozen=True, kw_only=True):
    """A namespace; the uid of kube-system is the cluster's."""

    api: ClassVar[Api] = Api(kind="Namespace", plural="namespaces", namespaced=False)


class Secret(Object, frozen=True, kw_only=True):
    """A Secret as PartialObjectMetadata: its data never reaches us, nor do its annotations."""

    api: ClassVar[Api] = Api(kind="Secret", plural="secrets", metadata_only=True)
