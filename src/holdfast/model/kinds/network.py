"""Kinds that lead traffic to pods, or keep it away."""

from typing import ClassVar

import msgspec

from holdfast.model.objects import Api, KeptMetadata, Object, Part, Selector


class EndpointConditions(Part, frozen=True, kw_only=True):
    """How an endpoint is; what is not said counts as ready."""

    ready: bool = True
    serving: bool = True
    terminating: bool = False


class EndpointTarget(Part, frozen=True, kw_only=True):
    """The pod behind an endpoint."""

    kind: str = ""
    namespace: str = ""
    name: str = ""
    uid: str = ""


class Endpoint(Part, frozen=True, kw_only=True):
    """An address that a service leads to."""

    conditions: EndpointConditions = EndpointConditions()
    target_ref: EndpointTarget | None = None


class EndpointPort(Part, frozen=True, kw_only=True):
    """A port that the endpoints of a slice listen on."""

    name: str = ""
    port: int | None = None


class EndpointSlice(Object, frozen=True, kw_only=True):
    """Some endpoints of a service; the label `kubernetes.io/service-name` says of which."""

    api: ClassVar[Api] = Api(
        group="discovery.k8s.io", kind="EndpointSlice", plural="endpointslices"
    )

    metadata: KeptMetadata = KeptMetadata()
    endpoints: tuple[Endpoint, ...] = ()
    ports: tuple[EndpointPort, ...] = ()

    @property
    def service(self) -> str:
        """The name of the service that it belongs to."""
        return self.metadata.labels.get("kubernetes.io/service-name", "")


class BackendPort(Part, frozen=True, kw_only=True):
    """A port of a service, by name or number."""

    name: str = ""
    number: int = 0


class ServiceBackend(Part, frozen=True, kw_only=True):
    """A service that an ingress leads to."""

    name: str = ""
    port: BackendPort = BackendPort()


class Backend(Part, frozen=True, kw_only=True):
    """Where an ingress leads to."""

    service: ServiceBackend | None = None


class IngressPath(Part, frozen=True, kw_only=True):
    """A path of a host."""

    path: str = ""
    path_type: str = ""
    backend: Backend = Backend()


class IngressHttp(Part, frozen=True, kw_only=True):
    """The paths of a host."""

    paths: tuple[IngressPath, ...] = ()


class IngressRule(Part, frozen=True, kw_only=True):
    """A host and its paths."""

    host: str = ""
    http: IngressHttp | None = None


class IngressTls(Part, frozen=True, kw_only=True):
    """Hosts and the Secret that holds their certificate."""

    hosts: tuple[str, ...] = ()
    secret_name: str = ""


class IngressSpec(Part, frozen=True, kw_only=True):
    """What was asked of an ingress."""

    ingress_class_name: str = ""
    default_backend: Backend | None = None
    rules: tuple[IngressRule, ...] = ()
    tls: tuple[IngressTls, ...] = ()


class IngressPoint(Part, frozen=True, kw_only=True):
    """Where an ingress is served."""

    ip: str = ""
    hostname: str = ""


class IngressPoints(Part, frozen=True, kw_only=True):
    """Every place where an ingress is served."""

    ingress: tuple[IngressPoint, ...] = ()


class IngressStatus(Part, frozen=True, kw_only=True):
    """What became of an ingress."""

    load_balancer: IngressPoints = IngressPoints()


class Ingress(Object, frozen=True, kw_only=True):
    """An ingress."""

    api: ClassVar[Api] = Api(group="networking.k8s.io", kind="Ingress", plural="ingresses")

    metadata: KeptMetadata = KeptMetadata()
    spec: IngressSpec = IngressSpec()
    status: IngressStatus = IngressStatus()

    @property
    def backends(self) -> tuple[Backend, ...]:
        """Every place where it leads, the default one first."""
        default = (self.spec.default_backend,) if self.spec.default_backend else ()
        ruled = (p.backend for r in self.spec.rules if r.http for p in r.http.paths)
        return (*default, *ruled)


class IngressClass(Object, frozen=True, kw_only=True):
    """A class of ingresses: who serves them."""

    api: ClassVar[Api] = Api(
        group="networking.k8s.io", kind="IngressClass", plural="ingressclasses", namespaced=False
    )

    metadata: KeptMetadata = KeptMetadata()


class Peer(Part, frozen=True, kw_only=True):
    """Who may talk."""

    pod_selector: Selector | None = None
    namespace_selector: Selector | None = None
    ip_block: Part | None = None  # only its presence is read


class PolicyPort(Part, frozen=True, kw_only=True):
    """On which port."""

    port: int | str | None = None
    end_port: int | None = None
    protocol: str = "TCP"


class IngressAllowed(Part, frozen=True, kw_only=True):
    """Traffic that may come in. No peers means everybody, no ports all of them."""

    from_: tuple[Peer, ...] = msgspec.field(name="from", default=())
    ports: tuple[PolicyPort, ...] = ()


class EgressAllowed(Part, frozen=True, kw_only=True):
    """Traffic that may go out. No peers means everybody, no ports all of them."""

    to: tuple[Peer, ...] = ()
    ports: tuple[PolicyPort, ...] = ()


class PolicySpec(Part, frozen=True, kw_only=True):
    """What a policy allows to the pods that it selects, and so denies the rest."""

    pod_selector: Selector = Selector()
    policy_types: tuple[str, ...] = ()
    ingress: tuple[IngressAllowed, ...] = ()
    egress: tuple[EgressAllowed, ...] = ()


class NetworkPolicy(Object, frozen=True, kw_only=True):
    """A network policy."""

    api: ClassVar[Api] = Api(
        group="networking.k8s.io", kind="NetworkPolicy", plural="networkpolicies"
    )

    metadata: KeptMetadata = KeptMetadata()
    spec: PolicySpec = PolicySpec()
