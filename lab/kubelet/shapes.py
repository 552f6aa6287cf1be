"""The parts of pods, nodes and claims that the lab's kubelet reads."""

from typing import Any

import msgspec


class Shape(msgspec.Struct, frozen=True, kw_only=True, rename="camel", gc=False):
    """Unknown fields are left out; absent ones have a default."""


class Owner(Shape, frozen=True):
    kind: str
    name: str


class Meta(Shape, frozen=True):
    name: str
    uid: str
    namespace: str = ""
    generation: int = 0
    resource_version: str = ""
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    finalizers: tuple[str, ...] = ()
    owner_references: tuple[Owner, ...] = ()
    deletion_timestamp: str | None = None
    deletion_grace_period_seconds: int | None = None


class KeyRef(Shape, frozen=True):
    """Of a ConfigMap or a Secret; `key` is empty where the whole is meant."""

    name: str = ""
    key: str = ""
    optional: bool = False


class ValueFrom(Shape, frozen=True):
    config_map_key_ref: KeyRef | None = None
    secret_key_ref: KeyRef | None = None


class EnvVar(Shape, frozen=True):
    name: str
    value: str = ""
    value_from: ValueFrom | None = None


class EnvFrom(Shape, frozen=True):
    prefix: str = ""
    config_map_ref: KeyRef | None = None
    secret_ref: KeyRef | None = None


class Port(Shape, frozen=True):
    container_port: int
    name: str = ""


class HttpGet(Shape, frozen=True):
    port: int | str
    path: str = "/"
    scheme: str = "HTTP"


class Socket(Shape, frozen=True):
    port: int | str


class Exec(Shape, frozen=True):
    command: tuple[str, ...] = ()


class Probe(Shape, frozen=True):
    http_get: HttpGet | None = None
    tcp_socket: Socket | None = None
    grpc: Socket | None = None
    exec: Exec | None = None
    initial_delay_seconds: int = 0
    period_seconds: int = 10
    failure_threshold: int = 3


class Resources(Shape, frozen=True):
    limits: dict[str, str] = {}
    requests: dict[str, str] = {}


class Mount(Shape, frozen=True):
    name: str
    mount_path: str
    read_only: bool = False


class Container(Shape, frozen=True):
    name: str
    image: str = ""
    image_pull_policy: str = "IfNotPresent"
    command: tuple[str, ...] = ()
    args: tuple[str, ...] = ()
    env: tuple[EnvVar, ...] = ()
    env_from: tuple[EnvFrom, ...] = ()
    ports: tuple[Port, ...] = ()
    resources: Resources = Resources()
    volume_mounts: tuple[Mount, ...] = ()
    liveness_probe: Probe | None = None
    readiness_probe: Probe | None = None
    startup_probe: Probe | None = None
    restart_policy: str | None = None
    termination_message_policy: str = "File"

    @property
    def is_sidecar(self) -> bool:
        """Meant for init containers: one that keeps running beside the others."""
        return self.restart_policy == "Always"


class Item(Shape, frozen=True):
    key: str


class ConfigMapSource(Shape, frozen=True):
    name: str = ""
    items: tuple[Item, ...] = ()
    optional: bool = False


class SecretSource(Shape, frozen=True):
    secret_name: str = ""
    name: str = ""  # in a projected volume
    items: tuple[Item, ...] = ()
    optional: bool = False


class ProjectedPart(Shape, frozen=True):
    config_map: ConfigMapSource | None = None
    secret: SecretSource | None = None


class Projected(Shape, frozen=True):
    sources: tuple[ProjectedPart, ...] = ()


class EmptyDir(Shape, frozen=True):
    size_limit: str | None = None


class Volume(Shape, frozen=True):
    name: str
    config_map: ConfigMapSource | None = None
    secret: SecretSource | None = None
    projected: Projected | None = None
    empty_dir: EmptyDir | None = None


class Named(Shape, frozen=True):
    name: str = ""


class Gate(Shape, frozen=True):
    condition_type: str


class PodSpec(Shape, frozen=True):
    node_name: str = ""
    host_network: bool = False
    restart_policy: str = "Always"
    containers: tuple[Container, ...] = ()
    init_containers: tuple[Container, ...] = ()
    volumes: tuple[Volume, ...] = ()
    image_pull_secrets: tuple[Named, ...] = ()
    readiness_gates: tuple[Gate, ...] = ()


class Condition(Shape, frozen=True):
    type: str
    status: str
    reason: str = ""


class Address(Shape, frozen=True):
    type: str
    address: str


class Status(Shape, frozen=True):
    phase: str = ""
    conditions: tuple[Condition, ...] = ()
    addresses: tuple[Address, ...] = ()

    def says(self, condition: str) -> str:
        return next((each.status for each in self.conditions if each.type == condition), "")


class Pod(Shape, frozen=True):
    metadata: Meta
    spec: PodSpec
    status: Status = Status()

    @property
    def full_name(self) -> str:
        """As a kubelet names a pod in its messages."""
        return f"{self.metadata.name}_{self.metadata.namespace}({self.metadata.uid})"


class Node(Shape, frozen=True):
    metadata: Meta
    status: Status = Status()

    @property
    def ip(self) -> str:
        found = (each.address for each in self.status.addresses if each.type == "InternalIP")
        return next(found, "")


class ClaimSpec(Shape, frozen=True):
    volume_name: str = ""
    storage_class_name: str | None = None
    access_modes: tuple[str, ...] = ()
    volume_mode: str = "Filesystem"
    resources: Resources = Resources()


class Claim(Shape, frozen=True):
    metadata: Meta
    spec: ClaimSpec
    status: Status = Status()


class Disk(Shape, frozen=True):
    """A PersistentVolume."""

    metadata: Meta
    status: Status = Status()


class WatchEvent(Shape, frozen=True):
    type: str
    object: msgspec.Raw


class ListMeta(Shape, frozen=True):
    resource_version: str = ""
    continue_: str = msgspec.field(name="continue", default="")


class Page(Shape, frozen=True):
    metadata: ListMeta
    items: list[msgspec.Raw] | None = None


Json = dict[str, Any]
