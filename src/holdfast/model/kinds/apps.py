"""Kinds of the apps group: what keeps pods running."""

from typing import ClassVar

from holdfast.model.objects import Api, Condition, Object, Part, condition


class DeploymentSpec(Part, frozen=True, kw_only=True):
    """What was asked of a Deployment."""

    replicas: int = 1
    paused: bool = False
    progress_deadline_seconds: int = 600


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

    spec: DeploymentSpec = DeploymentSpec()
    status: DeploymentStatus = DeploymentStatus()

    def condition(self, type_: str) -> Condition | None:
        """The Deployment's condition of that type."""
        return condition(self.status.conditions, type_)


class ReplicaSet(Object, frozen=True, kw_only=True):
    """A ReplicaSet: the link between a Deployment and its pods."""

    api: ClassVar[Api] = Api(group="apps", kind="ReplicaSet", plural="replicasets")
