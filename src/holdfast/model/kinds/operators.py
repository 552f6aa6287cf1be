"""Kinds of operators: databases, backups, scalers, and others that speak in conditions."""

from typing import ClassVar

from holdfast.model.kinds.conditioned import Conditioned, ConditionedStatus
from holdfast.model.objects import Api, KeptMetadata, Object, Part, Time


class Scaled(Conditioned, frozen=True, kw_only=True):
    """What KEDA scales by events."""

    @property
    def held(self) -> bool:
        """Paused: as KEDA says, or as it was asked to be, whether KEDA has looked or not."""
        said, asked = self.condition("Paused"), self.metadata.annotations
        if said is not None and said.status == "True":
            return True
        return bool(asked.keda_paused_at) or asked.keda_paused.lower() == "true"


class ScaledTarget(Part, frozen=True, kw_only=True):
    """The workload that KEDA scales: a Deployment, unless it says otherwise."""

    api_version: str = "apps/v1"
    kind: str = "Deployment"
    name: str = ""


class ScaledObjectSpec(Part, frozen=True, kw_only=True):
    """What was asked of a ScaledObject."""

    scale_target_ref: ScaledTarget = ScaledTarget()


class ScaledObject(Scaled, frozen=True, kw_only=True):
    """A ScaledObject: a workload that KEDA scales."""

    spec: ScaledObjectSpec = ScaledObjectSpec()

    api: ClassVar[Api] = Api(
        group="keda.sh", versions=("v1alpha1",), kind="ScaledObject", plural="scaledobjects"
    )


class ScaledJob(Scaled, frozen=True, kw_only=True):
    """A ScaledJob: Jobs that KEDA makes."""

    api: ClassVar[Api] = Api(
        group="keda.sh", versions=("v1alpha1",), kind="ScaledJob", plural="scaledjobs"
    )


class Pausable(Part, frozen=True, kw_only=True):
    """Whether an operator is told to leave it alone."""

    paused: bool = False


class Monitor(Conditioned, frozen=True, kw_only=True):
    """What the Prometheus operator runs."""

    spec: Pausable = Pausable()

    @property
    def held(self) -> bool:
        """Paused."""
        return self.spec.paused


class Prometheus(Monitor, frozen=True, kw_only=True):
    """A Prometheus of the Prometheus operator."""

    api: ClassVar[Api] = Api(
        group="monitoring.coreos.com", kind="Prometheus", plural="prometheuses"
    )


class Alertmanager(Monitor, frozen=True, kw_only=True):
    """An Alertmanager of the Prometheus operator."""

    api: ClassVar[Api] = Api(
        group="monitoring.coreos.com", kind="Alertmanager", plural="alertmanagers"
    )


class Kafka(Conditioned, frozen=True, kw_only=True):
    """A Kafka of Strimzi."""

    api: ClassVar[Api] = Api(
        group="kafka.strimzi.io", versions=("v1", "v1beta2"), kind="Kafka", plural="kafkas"
    )

    @property
    def held(self) -> bool:
        """Its reconciliation is paused."""
        paused = self.condition("ReconciliationPaused")
        return paused is not None and paused.status == "True"


class NodePool(Conditioned, frozen=True, kw_only=True):
    """A NodePool of Karpenter: where nodes come from."""

    api: ClassVar[Api] = Api(
        group="karpenter.sh", kind="NodePool", plural="nodepools", namespaced=False
    )


class Provider(Conditioned, frozen=True, kw_only=True):
    """A Provider of Crossplane."""

    api: ClassVar[Api] = Api(
        group="pkg.crossplane.io", kind="Provider", plural="providers", namespaced=False
    )


class PostgresStatus(ConditionedStatus, frozen=True, kw_only=True):
    """What became of a cluster of PostgreSQL servers."""

    phase: str = ""
    phase_reason: str = ""
    instances: int = 0
    ready_instances: int = 0
    current_primary: str = ""
    target_primary: str = ""
    target_primary_timestamp: Time | None = None
    current_primary_failing_since_timestamp: Time | None = None


class PostgresCluster(Conditioned, frozen=True, kw_only=True):
    """A Cluster of CloudNativePG."""

    api: ClassVar[Api] = Api(group="postgresql.cnpg.io", kind="Cluster", plural="clusters")

    status: PostgresStatus = PostgresStatus()

    @property
    def held(self) -> bool:
        """Hibernated."""
        asleep = self.condition("cnpg.io/hibernation")
        return asleep is not None and asleep.status == "True"


class BackupTemplate(Part, frozen=True, kw_only=True):
    """What the backups of a schedule are like."""

    storage_location: str = ""


class BackupScheduleSpec(Part, frozen=True, kw_only=True):
    """When backups are made."""

    template: BackupTemplate = BackupTemplate()
    schedule: str = ""
    paused: bool = False


class BackupScheduleStatus(Part, frozen=True, kw_only=True):
    """What became of a schedule."""

    phase: str = ""
    last_backup: Time | None = None
    last_skipped: Time | None = None
    validation_errors: tuple[str, ...] = ()


class BackupSchedule(Object, frozen=True, kw_only=True):
    """A Schedule of Velero."""

    api: ClassVar[Api] = Api(group="velero.io", kind="Schedule", plural="schedules")

    metadata: KeptMetadata = KeptMetadata()
    spec: BackupScheduleSpec = BackupScheduleSpec()
    status: BackupScheduleStatus = BackupScheduleStatus()


class BackupStatus(Part, frozen=True, kw_only=True):
    """What became of a backup."""

    phase: str = ""
    failure_reason: str = ""
    errors: int = 0
    start_timestamp: Time | None = None
    completion_timestamp: Time | None = None


class Backup(Object, frozen=True, kw_only=True):
    """A Backup of Velero."""

    api: ClassVar[Api] = Api(group="velero.io", kind="Backup", plural="backups")

    metadata: KeptMetadata = KeptMetadata()
    status: BackupStatus = BackupStatus()


class BackupLocationSpec(Part, frozen=True, kw_only=True):
    """Where backups go."""

    default: bool = False


class BackupLocationStatus(Part, frozen=True, kw_only=True):
    """Whether they can."""

    phase: str = ""
    message: str = ""
    last_synced_time: Time | None = None


class BackupLocation(Object, frozen=True, kw_only=True):
    """A BackupStorageLocation of Velero."""

    api: ClassVar[Api] = Api(
        group="velero.io", kind="BackupStorageLocation", plural="backupstoragelocations"
    )

    metadata: KeptMetadata = KeptMetadata()
    spec: BackupLocationSpec = BackupLocationSpec()
    status: BackupLocationStatus = BackupLocationStatus()
