"""Kinds of cert-manager: certificates, who issues them, and how far an issue has come."""

from datetime import datetime
from typing import ClassVar

import msgspec

from holdfast.model.kinds.conditioned import Conditioned, ConditionedStatus
from holdfast.model.objects import Api, Condition, Object, Part, Time

GROUP = "cert-manager.io"
ACME_GROUP = "acme.cert-manager.io"
# Reasons of a request's Ready condition with which it has come to its end.
_FAILED = frozenset({"Failed", "Denied"})


class IssuerRef(Part, frozen=True, kw_only=True):
    """Who is to issue; an Issuer of the same namespace, unless it says otherwise."""

    group: str = ""
    kind: str = ""
    name: str = ""


class CertificateSpec(Part, frozen=True, kw_only=True):
    """What was asked of a certificate."""

    secret_name: str = ""
    dns_names: tuple[str, ...] = ()
    issuer_ref: IssuerRef = IssuerRef()


class CertificateStatus(ConditionedStatus, frozen=True, kw_only=True):
    """What became of a certificate."""

    not_before: Time | None = None
    not_after: Time | None = None
    renewal_time: Time | None = None
    last_failure_time: Time | None = None
    failed_issuance_attempts: int = 0


class Certificate(Conditioned, frozen=True, kw_only=True):
    """A certificate that cert-manager keeps in a Secret."""

    api: ClassVar[Api] = Api(group=GROUP, kind="Certificate", plural="certificates")

    spec: CertificateSpec = CertificateSpec()
    status: CertificateStatus = CertificateStatus()

    def expired(self, now: datetime) -> bool:
        """Whether the certificate that was issued last is no longer valid."""
        return self.status.not_after is not None and self.status.not_after <= now


class CertificateRequestStatus(ConditionedStatus, frozen=True, kw_only=True):
    """What became of one request for a certificate."""

    failure_time: Time | None = None


class CertificateRequest(Conditioned, frozen=True, kw_only=True):
    """One request for a certificate."""

    api: ClassVar[Api] = Api(group=GROUP, kind="CertificateRequest", plural="certificaterequests")

    status: CertificateRequestStatus = CertificateRequestStatus()

    @property
    def ended(self) -> Condition | None:
        """The condition with which it has failed or was denied."""
        said = self.condition("Ready")
        if said is not None and said.reason in _FAILED:
            return said
        for type_ in ("Denied", "InvalidRequest"):
            refused = self.condition(type_)
            if refused is not None and refused.status == "True":
                return refused
        return None


class Issuer(Conditioned, frozen=True, kw_only=True):
    """Who issues certificates in one namespace."""

    api: ClassVar[Api] = Api(group=GROUP, kind="Issuer", plural="issuers")


class ClusterIssuer(Conditioned, frozen=True, kw_only=True):
    """Who issues certificates everywhere."""

    api: ClassVar[Api] = Api(
        group=GROUP, kind="ClusterIssuer", plural="clusterissuers", namespaced=False
    )


class OrderStatus(Part, frozen=True, kw_only=True):
    """How far an ACME order has come."""

    state: str = ""
    reason: str = ""
    failure_time: Time | None = None


class Order(Object, frozen=True, kw_only=True):
    """An order at an ACME server."""

    api: ClassVar[Api] = Api(group=ACME_GROUP, kind="Order", plural="orders")

    status: OrderStatus = OrderStatus()


class ChallengeSpec(Part, frozen=True, kw_only=True):
    """What an ACME server wants proved, and how."""

    dns_name: str = msgspec.field(name="dnsName", default="")
    type: str = ""


class ChallengeStatus(Part, frozen=True, kw_only=True):
    """How far a proof has come."""

    state: str = ""
    reason: str = ""


class Challenge(Object, frozen=True, kw_only=True):
    """A challenge of an ACME server: prove that the name is yours."""

    api: ClassVar[Api] = Api(group=ACME_GROUP, kind="Challenge", plural="challenges")

    spec: ChallengeSpec = ChallengeSpec()
    status: ChallengeStatus = ChallengeStatus()
