"""What the simulated cluster serves: the built-in resources, and those that a test registers."""

from collections.abc import Iterable, Iterator
from enum import StrEnum

import msgspec

from holdfast.testing.documents import Json
from holdfast.testing.status import not_served, qualified

VERBS = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")


class Names(StrEnum):
    """Which names a resource accepts."""

    SUBDOMAIN = "subdomain"  # most resources: RFC 1123, dots allowed, 253 characters
    LABEL = "label"  # namespaces, services: RFC 1123 without dots, 63 characters
    PATH = "path"  # RBAC: anything that can stand in a path


class Resource(msgspec.Struct, frozen=True, kw_only=True):
    """One resource in one version."""

    group: str = ""
    version: str = "v1"
    kind: str
    plural: str
    namespaced: bool = True
    short: tuple[str, ...] = ()
    status: bool = False  # has a status subresource, so that a plain write leaves status alone
    generation: bool = False  # counts its spec's changes
    names: Names = Names.SUBDOMAIN
    creates_on_update: bool = False
    custom: bool = False
    answers_only: bool = False  # a review: created, answered and never stored
    scale: bool = False  # how many it wants is an object of its own

    @property
    def parts(self) -> tuple[str, ...]:
        """Its subresources."""
        served = {
            "status": self.status,
            "scale": self.scale,
            "eviction": self.qualified == "pods",
            "token": self.qualified == "serviceaccounts",
        }
        return tuple(name for name, serves in served.items() if serves)

    @property
    def api_version(self) -> str:
        """As it stands in an object."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def qualified(self) -> str:
        """As messages and kubectl name it."""
        return qualified(self.group, self.plural)

    @property
    def singular(self) -> str:
        """As discovery says it."""
        return self.kind.lower()


def _core() -> Iterator[Resource]:
    yield Resource(kind="ConfigMap", plural="configmaps", short=("cm",))
    yield Resource(kind="Endpoints", plural="endpoints", short=("ep",), creates_on_update=True)
    yield Resource(kind="Event", plural="events", short=("ev",), creates_on_update=True)
    yield Resource(
        kind="LimitRange", plural="limitranges", short=("limits",), creates_on_update=True
    )
    yield Resource(
        kind="Namespace",
        plural="namespaces",
        short=("ns",),
        namespaced=False,
        status=True,
        names=Names.LABEL,
    )
    yield Resource(kind="Node", plural="nodes", short=("no",), namespaced=False, status=True)
    yield Resource(
        kind="PersistentVolumeClaim", plural="persistentvolumeclaims", short=("pvc",), status=True
    )
    yield Resource(
        kind="PersistentVolume",
        plural="persistentvolumes",
        short=("pv",),
        namespaced=False,
        status=True,
    )
    yield Resource(kind="Pod", plural="pods", short=("po",), status=True, generation=True)
    yield Resource(kind="PodTemplate", plural="podtemplates", generation=True)
    yield Resource(
        kind="ReplicationController",
        plural="replicationcontrollers",
        short=("rc",),
        status=True,
        generation=True,
    )
    yield Resource(kind="ResourceQuota", plural="resourcequotas", short=("quota",), status=True)
    yield Resource(kind="Secret", plural="secrets")
    yield Resource(kind="ServiceAccount", plural="serviceaccounts", short=("sa",))
    yield Resource(
        kind="Service", plural="services", short=("svc",), status=True, names=Names.LABEL
    )


def _workloads() -> Iterator[Resource]:
    for kind, plural, short in (
        ("DaemonSet", "daemonsets", "ds"),
        ("Deployment", "deployments", "deploy"),
        ("ReplicaSet", "replicasets", "rs"),
        ("StatefulSet", "statefulsets", "sts"),
    ):
        yield Resource(
            group="apps",
            kind=kind,
            plural=plural,
            short=(short,),
            status=True,
            generation=True,
            scale=kind != "DaemonSet",
        )
    yield Resource(group="apps", kind="ControllerRevision", plural="controllerrevisions")
    yield Resource(
        group="batch",
        kind="CronJob",
        plural="cronjobs",
        short=("cj",),
        status=True,
        generation=True,
    )
    yield Resource(group="batch", kind="Job", plural="jobs", status=True, generation=True)
    yield Resource(
        group="autoscaling",
        version="v2",
        kind="HorizontalPodAutoscaler",
        plural="horizontalpodautoscalers",
        short=("hpa",),
        status=True,
    )
    yield Resource(
        group="policy",
        kind="PodDisruptionBudget",
        plural="poddisruptionbudgets",
        short=("pdb",),
        status=True,
        generation=True,
    )
    yield Resource(
        group="scheduling.k8s.io",
        kind="PriorityClass",
        plural="priorityclasses",
        short=("pc",),
        namespaced=False,
    )


def _networking() -> Iterator[Resource]:
    group = "networking.k8s.io"
    yield Resource(
        group=group,
        kind="Ingress",
        plural="ingresses",
        short=("ing",),
        status=True,
        generation=True,
    )
    yield Resource(
        group=group,
        kind="IngressClass",
        plural="ingressclasses",
        namespaced=False,
        generation=True,
    )
    yield Resource(
        group=group,
        kind="NetworkPolicy",
        plural="networkpolicies",
        short=("netpol",),
        generation=True,
    )
    yield Resource(group="discovery.k8s.io", kind="EndpointSlice", plural="endpointslices")


def _storage() -> Iterator[Resource]:
    group = "storage.k8s.io"
    for kind, plural, short in (
        ("CSIDriver", "csidrivers", ()),
        ("CSINode", "csinodes", ()),
        ("StorageClass", "storageclasses", ("sc",)),
    ):
        yield Resource(group=group, kind=kind, plural=plural, short=short, namespaced=False)
    yield Resource(group=group, kind="CSIStorageCapacity", plural="csistoragecapacities")
    yield Resource(
        group=group,
        kind="VolumeAttachment",
        plural="volumeattachments",
        namespaced=False,
        status=True,
    )


def _rights() -> Iterator[Resource]:
    for kind, plural, namespaced in (
        ("ClusterRole", "clusterroles", False),
        ("ClusterRoleBinding", "clusterrolebindings", False),
        ("Role", "roles", True),
        ("RoleBinding", "rolebindings", True),
    ):
        yield Resource(
            group="rbac.authorization.k8s.io",
            kind=kind,
            plural=plural,
            namespaced=namespaced,
            names=Names.PATH,
            creates_on_update=True,
        )
    yield Resource(
        group="authorization.k8s.io",
        kind="SelfSubjectAccessReview",
        plural="selfsubjectaccessreviews",
        namespaced=False,
        answers_only=True,
    )


def _control() -> Iterator[Resource]:
    group = "admissionregistration.k8s.io"
    for kind in (
        "MutatingWebhookConfiguration",
        "ValidatingAdmissionPolicyBinding",
        "ValidatingWebhookConfiguration",
    ):
        yield Resource(
            group=group, kind=kind, plural=f"{kind.lower()}s", namespaced=False, generation=True
        )
    yield Resource(
        group=group,
        kind="ValidatingAdmissionPolicy",
        plural="validatingadmissionpolicies",
        namespaced=False,
        status=True,
        generation=True,
    )
    yield Resource(
        group="apiextensions.k8s.io",
        kind="CustomResourceDefinition",
        plural="customresourcedefinitions",
        short=("crd", "crds"),
        namespaced=False,
        status=True,
        generation=True,
    )
    yield Resource(
        group="apiregistration.k8s.io",
        kind="APIService",
        plural="apiservices",
        namespaced=False,
        status=True,
    )
    yield Resource(
        group="certificates.k8s.io",
        kind="CertificateSigningRequest",
        plural="certificatesigningrequests",
        short=("csr",),
        namespaced=False,
        status=True,
    )
    yield Resource(
        group="coordination.k8s.io", kind="Lease", plural="leases", creates_on_update=True
    )


BUILT_IN: tuple[Resource, ...] = (
    *_core(),
    *_workloads(),
    *_networking(),
    *_storage(),
    *_rights(),
    *_control(),
)


class Resources:
    """Everything that is served right now."""

    def __init__(self, served: Iterable[Resource] = BUILT_IN) -> None:
        self._served = list(served)

    def __iter__(self) -> Iterator[Resource]:
        return iter(self._served)

    def register(self, resource: Resource) -> None:
        """Serve one more; the same group, version and plural name replaces what was there."""
        self.forget(resource.group, resource.plural, version=resource.version)
        self._served.append(resource)

    def forget(self, group: str, plural: str, *, version: str | None = None) -> None:
        """Stop serving it."""
        self._served = [
            r
            for r in self._served
            if (r.group, r.plural) != (group, plural) or version not in (None, r.version)
        ]

    def find(self, group: str, plural: str, version: str | None = None) -> Resource:
        """The resource of that name, in that version or in the first that is served."""
        for each in self._served:
            if (each.group, each.plural) == (group, plural) and version in (None, each.version):
                return each
        raise not_served()

    def named(self, name: str) -> Resource:
        """The resource that kubectl would find: `pods`, `deployments.apps`, `deployment`, `po`."""
        for each in self._served:
            if name in (each.qualified, each.plural, each.kind, each.singular, *each.short):
                return each
        raise not_served()

    def of(self, document: Json) -> Resource:
        """The resource that a manifest belongs to."""
        version = str(document.get("apiVersion", ""))
        for each in self._served:
            if each.api_version == version and each.kind == document.get("kind"):
                return each
        raise not_served()

    def versions(self) -> dict[str, list[str]]:
        """Groups with their versions, in the order in which they were registered."""
        groups: dict[str, list[str]] = {}
        for each in self._served:
            versions = groups.setdefault(each.group, [])
            if each.version not in versions:
                versions.append(each.version)
        return groups


def resources_of_definition(definition: Json) -> tuple[Resource, ...]:
    """What a CustomResourceDefinition makes the server serve."""
    spec = definition["spec"]
    names = spec["names"]
    return tuple(
        Resource(
            group=spec["group"],
            version=version["name"],
            kind=names["kind"],
            plural=names["plural"],
            namespaced=spec["scope"] == "Namespaced",
            short=tuple(names.get("shortNames", ())),
            status="status" in version.get("subresources", {}),
            generation=True,
            custom=True,
        )
        for version in spec["versions"]
        if version.get("served")
    )
