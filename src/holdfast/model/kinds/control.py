"""Kinds of the control plane itself: who may do what, who is asked before, what is served."""

from datetime import datetime, timedelta
from typing import ClassVar

import msgspec

from holdfast.model.objects import Api, Condition, KeptMetadata, Object, Part, Selector, Time


class ServiceReference(Part, frozen=True, kw_only=True):
    """A service that the API server calls."""

    namespace: str = ""
    name: str = ""
    port: int = 443


class WebhookClient(Part, frozen=True, kw_only=True):
    """Where a webhook is."""

    service: ServiceReference | None = None
    url: str = ""
    ca_bundle: str = ""


class WebhookScope(Part, frozen=True, kw_only=True):
    """What a webhook wants to be asked about."""

    operations: tuple[str, ...] = ()
    api_groups: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()


class Webhook(Part, frozen=True, kw_only=True):
    """One webhook of a configuration."""

    name: str = ""
    client_config: WebhookClient = WebhookClient()
    rules: tuple[WebhookScope, ...] = ()
    failure_policy: str = "Fail"
    timeout_seconds: int = 10
    namespace_selector: Selector | None = None
    object_selector: Selector | None = None
    match_conditions: tuple[Part, ...] = ()  # only their presence is read


class ValidatingWebhooks(Object, frozen=True, kw_only=True):
    """A ValidatingWebhookConfiguration."""

    api: ClassVar[Api] = Api(
        group="admissionregistration.k8s.io",
        kind="ValidatingWebhookConfiguration",
        plural="validatingwebhookconfigurations",
        namespaced=False,
    )

    metadata: KeptMetadata = KeptMetadata()
    webhooks: tuple[Webhook, ...] = ()


class MutatingWebhooks(Object, frozen=True, kw_only=True):
    """A MutatingWebhookConfiguration."""

    api: ClassVar[Api] = Api(
        group="admissionregistration.k8s.io",
        kind="MutatingWebhookConfiguration",
        plural="mutatingwebhookconfigurations",
        namespaced=False,
    )

    metadata: KeptMetadata = KeptMetadata()
    webhooks: tuple[Webhook, ...] = ()


class AdmissionPolicy(Object, frozen=True, kw_only=True):
    """A ValidatingAdmissionPolicy: the API server decides by it, and asks nobody."""

    api: ClassVar[Api] = Api(
        group="admissionregistration.k8s.io",
        kind="ValidatingAdmissionPolicy",
        plural="validatingadmissionpolicies",
        namespaced=False,
    )

    metadata: KeptMetadata = KeptMetadata()


class PolicyBindingSpec(Part, frozen=True, kw_only=True):
    """Which policy it puts in force."""

    policy_name: str = ""


class AdmissionPolicyBinding(Object, frozen=True, kw_only=True):
    """A ValidatingAdmissionPolicyBinding: without one, a policy refuses nothing."""

    api: ClassVar[Api] = Api(
        group="admissionregistration.k8s.io",
        kind="ValidatingAdmissionPolicyBinding",
        plural="validatingadmissionpolicybindings",
        namespaced=False,
    )

    metadata: KeptMetadata = KeptMetadata()
    spec: PolicyBindingSpec = PolicyBindingSpec()


class DefinitionNames(Part, frozen=True, kw_only=True):
    """What a custom kind is called."""

    kind: str = ""
    plural: str = ""


class ConversionWebhook(Part, frozen=True, kw_only=True):
    """Who converts between versions."""

    client_config: WebhookClient = WebhookClient()


class Conversion(Part, frozen=True, kw_only=True):
    """How versions are converted."""

    strategy: str = "None"
    webhook: ConversionWebhook | None = None


class DefinitionVersion(Part, frozen=True, kw_only=True):
    """A version of a custom kind."""

    name: str = ""
    served: bool = False
    storage: bool = False
    deprecated: bool = False
    deprecation_warning: str = ""


class DefinitionSpec(Part, frozen=True, kw_only=True):
    """What was asked of a custom kind."""

    group: str = ""
    scope: str = ""
    names: DefinitionNames = DefinitionNames()
    versions: tuple[DefinitionVersion, ...] = ()
    conversion: Conversion = Conversion()


class DefinitionStatus(Part, frozen=True, kw_only=True):
    """What became of a custom kind."""

    conditions: tuple[Condition, ...] = ()
    stored_versions: tuple[str, ...] = ()


class Definition(Object, frozen=True, kw_only=True):
    """A CustomResourceDefinition."""

    api: ClassVar[Api] = Api(
        group="apiextensions.k8s.io",
        kind="CustomResourceDefinition",
        plural="customresourcedefinitions",
        namespaced=False,
    )

    metadata: KeptMetadata = KeptMetadata()
    spec: DefinitionSpec = DefinitionSpec()
    status: DefinitionStatus = DefinitionStatus()

    @property
    def resource(self) -> str:
        """What it defines, as RBAC and kubectl name it."""
        return f"{self.spec.names.plural}.{self.spec.group}"


class ApiServiceSpec(Part, frozen=True, kw_only=True):
    """Who serves a group and version."""

    service: ServiceReference | None = None
    group: str = ""
    version: str = ""
    ca_bundle: str = ""


class ApiServiceStatus(Part, frozen=True, kw_only=True):
    """Whether it does."""

    conditions: tuple[Condition, ...] = ()


class ApiService(Object, frozen=True, kw_only=True):
    """An APIService."""

    api: ClassVar[Api] = Api(
        group="apiregistration.k8s.io", kind="APIService", plural="apiservices", namespaced=False
    )

    spec: ApiServiceSpec = ApiServiceSpec()
    status: ApiServiceStatus = ApiServiceStatus()


class SigningRequestSpec(Part, frozen=True, kw_only=True):
    """Who asks for a certificate, and of whom."""

    signer_name: str = ""
    username: str = ""


class SigningRequestCondition(Part, frozen=True, kw_only=True):
    """What was decided."""

    type: str = ""
    reason: str = ""
    message: str = ""
    last_update_time: Time | None = None
    last_transition_time: Time | None = None


class SigningRequestStatus(Part, frozen=True, kw_only=True):
    """What became of it; the certificate itself is not read, only whether there is one."""

    conditions: tuple[SigningRequestCondition, ...] = ()
    certificate: str = ""


class SigningRequest(Object, frozen=True, kw_only=True):
    """A CertificateSigningRequest."""

    api: ClassVar[Api] = Api(
        group="certificates.k8s.io",
        kind="CertificateSigningRequest",
        plural="certificatesigningrequests",
        namespaced=False,
    )

    spec: SigningRequestSpec = SigningRequestSpec()
    status: SigningRequestStatus = SigningRequestStatus()


class LeaseSpec(Part, frozen=True, kw_only=True):
    """Who holds it, and until when."""

    holder_identity: str = ""
    lease_duration_seconds: int = 0
    renew_time: Time | None = None


class Lease(Object, frozen=True, kw_only=True):
    """A lease: a node's heartbeat, or a leader's."""

    api: ClassVar[Api] = Api(group="coordination.k8s.io", kind="Lease", plural="leases")

    spec: LeaseSpec = LeaseSpec()

    @property
    def runs_out(self) -> datetime | None:
        """Until when it holds; None when nobody has held it, or it holds beyond all time."""
        if self.spec.renew_time is None:
            return None
        try:
            return self.spec.renew_time + timedelta(seconds=self.spec.lease_duration_seconds)
        except OverflowError:
            return None


class PolicyRule(Part, frozen=True, kw_only=True):
    """Verbs on resources."""

    verbs: tuple[str, ...] = ()
    api_groups: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    resource_names: tuple[str, ...] = ()
    non_resource_urls: tuple[str, ...] = msgspec.field(name="nonResourceURLs", default=())


class Role(Object, frozen=True, kw_only=True):
    """A role of one namespace."""

    api: ClassVar[Api] = Api(group="rbac.authorization.k8s.io", kind="Role", plural="roles")

    metadata: KeptMetadata = KeptMetadata()
    rules: tuple[PolicyRule, ...] = ()


class ClusterRole(Object, frozen=True, kw_only=True):
    """A role of the whole cluster."""

    api: ClassVar[Api] = Api(
        group="rbac.authorization.k8s.io",
        kind="ClusterRole",
        plural="clusterroles",
        namespaced=False,
    )

    metadata: KeptMetadata = KeptMetadata()
    aggregation_rule: Part | None = None  # its rules are summed up of others'
    rules: tuple[PolicyRule, ...] = ()


class RoleRef(Part, frozen=True, kw_only=True):
    """The role that a binding gives."""

    kind: str = ""
    name: str = ""


class RoleSubject(Part, frozen=True, kw_only=True):
    """Who gets it."""

    kind: str = ""
    namespace: str = ""
    name: str = ""


class RoleBinding(Object, frozen=True, kw_only=True):
    """Somebody has a role in one namespace."""

    api: ClassVar[Api] = Api(
        group="rbac.authorization.k8s.io", kind="RoleBinding", plural="rolebindings"
    )

    metadata: KeptMetadata = KeptMetadata()
    role_ref: RoleRef = RoleRef()
    subjects: tuple[RoleSubject, ...] = ()


class ClusterRoleBinding(Object, frozen=True, kw_only=True):
    """Somebody has a role everywhere."""

    api: ClassVar[Api] = Api(
        group="rbac.authorization.k8s.io",
        kind="ClusterRoleBinding",
        plural="clusterrolebindings",
        namespaced=False,
    )

    metadata: KeptMetadata = KeptMetadata()
    role_ref: RoleRef = RoleRef()
    subjects: tuple[RoleSubject, ...] = ()
