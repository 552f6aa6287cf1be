"""Kinds of the Gateway API: traffic that comes in by gateways and routes."""

from typing import ClassVar

import msgspec

from holdfast.model.objects import Api, Condition, KeptMetadata, Object, Part, condition

GROUP = "gateway.networking.k8s.io"


class GatewayClassSpec(Part, frozen=True, kw_only=True):
    """Who serves gateways of a class."""

    controller_name: str = ""


class Conditions(Part, frozen=True, kw_only=True):
    """A status that consists of conditions."""

    conditions: tuple[Condition, ...] = ()


class GatewayClass(Object, frozen=True, kw_only=True):
    """A class of gateways."""

    api: ClassVar[Api] = Api(
        group=GROUP,
        versions=("v1", "v1beta1"),
        kind="GatewayClass",
        plural="gatewayclasses",
        namespaced=False,
    )

    metadata: KeptMetadata = KeptMetadata()
    spec: GatewayClassSpec = GatewayClassSpec()
    status: Conditions = Conditions()

    def condition(self, type_: str) -> Condition | None:
        """The class's condition of that type."""
        return condition(self.status.conditions, type_)


class ListenerStatus(Part, frozen=True, kw_only=True):
    """What became of a listener."""

    name: str = ""
    attached_routes: int = 0
    conditions: tuple[Condition, ...] = ()


class GatewaySpec(Part, frozen=True, kw_only=True):
    """What was asked of a gateway."""

    gateway_class_name: str = ""


class GatewayStatus(Part, frozen=True, kw_only=True):
    """What became of a gateway."""

    conditions: tuple[Condition, ...] = ()
    listeners: tuple[ListenerStatus, ...] = ()


class Gateway(Object, frozen=True, kw_only=True):
    """A gateway."""

    api: ClassVar[Api] = Api(
        group=GROUP, versions=("v1", "v1beta1"), kind="Gateway", plural="gateways"
    )

    metadata: KeptMetadata = KeptMetadata()
    spec: GatewaySpec = GatewaySpec()
    status: GatewayStatus = GatewayStatus()

    def condition(self, type_: str) -> Condition | None:
        """The gateway's condition of that type."""
        return condition(self.status.conditions, type_)


class ParentRef(Part, frozen=True, kw_only=True):
    """What a route attaches to: a gateway or one listener of it, unless it says otherwise."""

    group: str = GROUP
    kind: str = "Gateway"
    namespace: str | None = None
    name: str = ""
    section_name: str | None = None
    port: int | None = None


class BackendRef(Part, frozen=True, kw_only=True):
    """Where a route leads: a service, unless it says otherwise."""

    group: str = ""
    kind: str = "Service"
    namespace: str | None = None
    name: str = ""
    port: int | None = None
    weight: int | None = None  # its share of the traffic; 1 where nothing is said


class RouteRule(Part, frozen=True, kw_only=True):
    """Some of a route's traffic."""

    backend_refs: tuple[BackendRef, ...] = ()


class RouteSpec(Part, frozen=True, kw_only=True):
    """What was asked of a route."""

    parent_refs: tuple[ParentRef, ...] = ()
    rules: tuple[RouteRule, ...] = ()


class RouteParent(Part, frozen=True, kw_only=True):
    """What a controller made of a route at one of its parents."""

    parent_ref: ParentRef = ParentRef()
    controller_name: str = ""
    conditions: tuple[Condition, ...] = ()


class RouteStatus(Part, frozen=True, kw_only=True):
    """What became of a route."""

    parents: tuple[RouteParent, ...] = ()


class HttpRoute(Object, frozen=True, kw_only=True):
    """An HTTPRoute."""

    api: ClassVar[Api] = Api(
        group=GROUP, versions=("v1", "v1beta1"), kind="HTTPRoute", plural="httproutes"
    )

    metadata: KeptMetadata = KeptMetadata()
    spec: RouteSpec = RouteSpec()
    status: RouteStatus = RouteStatus()


class GrpcRoute(Object, frozen=True, kw_only=True):
    """A GRPCRoute."""

    api: ClassVar[Api] = Api(group=GROUP, kind="GRPCRoute", plural="grpcroutes")

    metadata: KeptMetadata = KeptMetadata()
    spec: RouteSpec = RouteSpec()
    status: RouteStatus = RouteStatus()


class GrantFrom(Part, frozen=True, kw_only=True):
    """Who may refer to objects of the grant's namespace."""

    group: str = ""
    kind: str = ""
    namespace: str = ""


class GrantTo(Part, frozen=True, kw_only=True):
    """To which of them; no name means all of that kind."""

    group: str = ""
    kind: str = ""
    name: str | None = None


class GrantSpec(Part, frozen=True, kw_only=True):
    """What a grant allows."""

    from_: tuple[GrantFrom, ...] = msgspec.field(name="from", default=())
    to: tuple[GrantTo, ...] = ()


class ReferenceGrant(Object, frozen=True, kw_only=True):
    """A grant to objects of other namespaces."""

    api: ClassVar[Api] = Api(
        group=GROUP, versions=("v1", "v1beta1"), kind="ReferenceGrant", plural="referencegrants"
    )

    spec: GrantSpec = GrantSpec()
