"""Kinds of Argo CD: what Git says a cluster should be, and how far it is."""

from typing import ClassVar

from holdfast.model.objects import Api, Condition, KeptMetadata, Object, Part, Time


class Automated(Part, frozen=True, kw_only=True):
    """Applied without being asked; a switch of its own can turn it off again."""

    enabled: bool = True


class SyncPolicy(Part, frozen=True, kw_only=True):
    """Who applies what Git says."""

    automated: Automated | None = None


class Destination(Part, frozen=True, kw_only=True):
    """The cluster that an application is applied to."""

    server: str = ""
    name: str = ""

    @property
    def here(self) -> bool:
        """Whether that is the cluster in which Argo CD runs."""
        return self.server == "https://kubernetes.default.svc" or self.name == "in-cluster"


class ApplicationSpec(Part, frozen=True, kw_only=True):
    """What was asked of an application."""

    destination: Destination = Destination()
    sync_policy: SyncPolicy | None = None


class Compared(Part, frozen=True, kw_only=True):
    """Git against the cluster."""

    status: str = ""
    revision: str = ""


class Health(Part, frozen=True, kw_only=True):
    """How what was applied does."""

    status: str = ""
    last_transition_time: Time | None = None


class Tracked(Part, frozen=True, kw_only=True):
    """An object of an application, and how it is."""

    group: str = ""
    kind: str = ""
    namespace: str = ""
    name: str = ""
    status: str = ""
    health: Health | None = None


class Synced(Part, frozen=True, kw_only=True):
    """What became of one object, or of one hook, in a sync."""

    kind: str = ""
    name: str = ""
    status: str = ""
    message: str = ""
    hook_type: str = ""
    hook_phase: str = ""


class SyncResult(Part, frozen=True, kw_only=True):
    """What became of a sync."""

    resources: tuple[Synced, ...] = ()
    revision: str = ""


class Operation(Part, frozen=True, kw_only=True):
    """The last sync, or the one that runs."""

    phase: str = ""
    message: str = ""
    started_at: Time | None = None
    finished_at: Time | None = None
    sync_result: SyncResult | None = None


class Deployed(Part, frozen=True, kw_only=True):
    """A sync that succeeded."""

    deployed_at: Time | None = None


class ApplicationStatus(Part, frozen=True, kw_only=True):
    """What became of an application."""

    sync: Compared = Compared()
    health: Health = Health()
    conditions: tuple[Condition, ...] = ()
    operation_state: Operation | None = None
    history: tuple[Deployed, ...] = ()
    resources: tuple[Tracked, ...] = ()


class Application(Object, frozen=True, kw_only=True):
    """An Argo CD Application."""

    api: ClassVar[Api] = Api(
        group="argoproj.io", versions=("v1alpha1",), kind="Application", plural="applications"
    )

    metadata: KeptMetadata = KeptMetadata()
    spec: ApplicationSpec = ApplicationSpec()
    status: ApplicationStatus = ApplicationStatus()

    @property
    def automated(self) -> bool:
        """Whether Argo CD applies what Git says without being asked."""
        policy = self.spec.sync_policy
        return policy is not None and policy.automated is not None and policy.automated.enabled
