"""Objects for tests: each builder takes only what the test is about, the rest is healthy.

Ages are told as spans before `NOON`, the moment of every snapshot that is not told another one.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from uuid import UUID, uuid5

from holdfast.model.kinds import (
    KINDS,
    Claim,
    Deployment,
    Namespace,
    Pod,
    ReplicaSet,
    Secret,
    StorageClass,
)
from holdfast.model.kinds.apps import DeploymentSpec, DeploymentStatus, ReplicaSetStatus
from holdfast.model.kinds.core import ClaimSpec, ClaimStatus
from holdfast.model.kinds.pods import (
    ClaimSource,
    ContainerState,
    ContainerStatus,
    PodSpec,
    PodStatus,
    Running,
    Terminated,
    Volume,
    Waiting,
)
from holdfast.model.objects import Condition, KeptMetadata, Object, Owner
from holdfast.model.snapshot import Capture, Identity, Snapshot, State
from holdfast.testing.clock import NOON

HOUR = timedelta(hours=1)
_BUILT = UUID("2b8ef1a1-60a7-5f6f-8f7e-54f1f0a3c9d2")


def ago(span: timedelta) -> datetime:
    """The moment that far before the snapshot."""
    return NOON - span


def a_snapshot(
    *objects: Object,
    now: datetime = NOON,
    blind: Iterable[type[Object]] = (),
    states: Mapping[type[Object], State] | None = None,
) -> Snapshot:
    """A snapshot of these objects; every other kind was captured and is empty, unless blind."""
    told = {**dict.fromkeys(blind, State.FORBIDDEN), **(states or {})}
    kinds = dict.fromkeys((*KINDS, *(type(o) for o in objects)))
    return Snapshot(
        now=now,
        captures=[
            Capture(
                kind=kind,
                state=told.get(kind, State.CAPTURED),
                objects=tuple(o for o in objects if type(o) is kind),
                why=f"{told[kind]} in this test" if kind in told else "",
            )
            for kind in kinds
        ],
        cluster=Identity(name="test", uid="00000000-0000-0000-0000-000000000000"),
    )


def some_metadata(
    kind: type[Object],
    name: str,
    *,
    namespace: str = "shop",
    age: timedelta = HOUR,
    owner: Object | None = None,
    labels: Mapping[str, str] | None = None,
) -> KeptMetadata:
    """Metadata whose uid follows from kind, namespace and name, as the object's place does."""
    where = namespace if kind.api.namespaced else ""
    return KeptMetadata(
        name=name,
        namespace=where,
        uid=str(uuid5(_BUILT, f"{kind.api.resource}/{where}/{name}")),
        resource_version="1",
        generation=1,
        creation_timestamp=ago(age),
        labels=dict(labels or {}),
        owner_references=() if owner is None else (owned_by(owner),),
    )


def owned_by(owner: Object) -> Owner:
    """A reference to the controller of an object."""
    return Owner(
        api_version=owner.api.api_version,
        kind=owner.api.kind,
        name=owner.metadata.name,
        uid=owner.metadata.uid,
        controller=True,
    )


def a_namespace(name: str = "shop") -> Namespace:
    """A namespace."""
    return Namespace(metadata=some_metadata(Namespace, name))


def a_secret(name: str = "credentials") -> Secret:
    """A Secret, of which there is only metadata to see."""
    return Secret(metadata=some_metadata(Secret, name))


def a_storage_class(
    name: str = "standard", *, binds_late: bool = False, provisioner: str = "disks.example.com"
) -> StorageClass:
    """A storage class that binds at once, or when the first pod comes."""
    return StorageClass(
        metadata=some_metadata(StorageClass, name),
        provisioner=provisioner,
        volume_binding_mode="WaitForFirstConsumer" if binds_late else "Immediate",
    )


def a_claim(
    name: str = "data",
    *,
    waited: timedelta | None = None,
    phase: str = "",
    storage_class: str | None = "standard",
    namespace: str = "shop",
) -> Claim:
    """A claim: bound, or Pending for as long as it has waited."""
    pending = waited is not None
    return Claim(
        metadata=some_metadata(Claim, name, namespace=namespace, age=waited or HOUR),
        spec=ClaimSpec(
            storage_class_name=storage_class, volume_name="" if pending else f"pv-{name}"
        ),
        status=ClaimStatus(phase=phase or ("Pending" if pending else "Bound")),
    )


def running(name: str = "app") -> ContainerStatus:
    """A container that runs and is ready."""
    return ContainerStatus(
        name=name,
        image=f"registry.example.com/{name}:1",
        ready=True,
        state=ContainerState(running=Running(started_at=ago(HOUR))),
    )


def waiting(
    reason: str = "ImagePullBackOff",
    *,
    message: str = "",
    name: str = "app",
    restarts: int = 0,
    last: Terminated | None = None,
) -> ContainerStatus:
    """A container that waits, with the kubelet's reason."""
    return ContainerStatus(
        name=name,
        image=f"registry.example.com/{name}:1",
        restart_count=restarts,
        state=ContainerState(waiting=Waiting(reason=reason, message=message)),
        last_state=ContainerState(terminated=last),
    )


def ended(reason: str = "Error", *, code: int = 1, name: str = "app") -> ContainerStatus:
    """A container that has ended."""
    return ContainerStatus(
        name=name,
        image=f"registry.example.com/{name}:1",
        state=ContainerState(terminated=an_end(reason, code=code)),
    )


def an_end(
    reason: str = "Error", *, code: int = 1, past: timedelta = timedelta(minutes=1)
) -> Terminated:
    """How a container ended, and how long ago."""
    return Terminated(
        exit_code=code,
        reason=reason,
        started_at=ago(past + timedelta(seconds=10)),
        finished_at=ago(past),
    )


def a_condition(
    kind: str,
    status: str = "True",
    *,
    reason: str = "",
    message: str = "",
    past: timedelta = HOUR,
) -> Condition:
    """A condition and how long it has been so."""
    return Condition(
        type=kind, status=status, reason=reason, message=message, last_transition_time=ago(past)
    )


def a_pod(  # noqa: PLR0913  # each test names the one that it is about
    name: str = "web-0",
    *containers: ContainerStatus,
    init: Iterable[ContainerStatus] = (),
    mounts: Iterable[str] = (),
    phase: str = "",
    age: timedelta = HOUR,
    owner: Object | None = None,
    namespace: str = "shop",
    conditions: Iterable[Condition] | None = None,
    node: str = "node-1",
) -> Pod:
    """A pod: running and ready, unless one of its containers says otherwise."""
    told = containers or (running(),)
    inits = tuple(init)
    ready = all(c.ready for c in told)
    if conditions is None:
        conditions = (
            a_condition("PodScheduled", past=age),
            a_condition("Initialized", past=age),
            a_condition("ContainersReady", str(ready), past=age),
            a_condition("Ready", str(ready), past=age),
        )
    started = any(c.state.running or c.state.terminated for c in told)
    return Pod(
        metadata=some_metadata(Pod, name, namespace=namespace, age=age, owner=owner),
        spec=PodSpec(
            node_name=node,
            volumes=tuple(
                Volume(name=claim, persistent_volume_claim=ClaimSource(claim_name=claim))
                for claim in mounts
            ),
        ),
        status=PodStatus(
            phase=phase or ("Running" if started else "Pending"),
            conditions=tuple(conditions),
            init_container_statuses=inits,
            container_statuses=told,
        ),
    )


def a_deployment(  # noqa: PLR0913  # each test names the one that it is about
    name: str = "web",
    *,
    replicas: int = 3,
    available: int | None = None,
    updated: int | None = None,
    short_for: timedelta = HOUR,
    progressing: Condition | None = None,
    age: timedelta = HOUR,
    namespace: str = "shop",
) -> Deployment:
    """A Deployment: whole, or short of replicas for a while."""
    there = replicas if available is None else available
    whole = there >= replicas
    reason = "MinimumReplicasAvailable" if whole else "MinimumReplicasUnavailable"
    rolled_out = a_condition("Progressing", reason="NewReplicaSetAvailable", past=age)
    return Deployment(
        metadata=some_metadata(Deployment, name, namespace=namespace, age=age),
        spec=DeploymentSpec(replicas=replicas),
        status=DeploymentStatus(
            observed_generation=1,
            replicas=replicas,
            updated_replicas=replicas if updated is None else updated,
            available_replicas=there,
            conditions=(
                a_condition("Available", str(whole), reason=reason, past=short_for),
                progressing or rolled_out,
            ),
        ),
    )


def a_replica_set(name: str = "web-6d4cf56db6", *, owner: Deployment | None = None) -> ReplicaSet:
    """A ReplicaSet, of a Deployment or of nobody."""
    return ReplicaSet(
        metadata=some_metadata(ReplicaSet, name, owner=owner),
        status=ReplicaSetStatus(observed_generation=1),
    )
