"""What every Kubernetes object has, and how a kind says where it is served.

Kinds are partial: a field is declared when a rule reads it, everything else is skipped while
decoding. That is what makes twenty thousand pods affordable, and what keeps us from holding
values that nobody asked for.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, ClassVar

import msgspec

type Quantities = dict[str, str | int | float]
"""Amounts of resources, as they are written; `model.quantities` says what they are worth."""

Time = Annotated[datetime, msgspec.Meta(tz=True)]
"""A moment with its zone; a time without one is unreadable rather than guessed."""


LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
_REVISION = re.compile(r"[0-9]{1,18}")


class Ref(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One object, by uid; the name is for people."""

    api_version: str
    kind: str
    namespace: str = ""
    name: str
    uid: str = ""

    def __str__(self) -> str:
        where = f"{self.namespace}/" if self.namespace else ""
        return f"{self.kind} {where}{self.name}"


class Api(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Where a kind is served: group, the versions that we can read (best first), plural name."""

    group: str = ""
    versions: tuple[str, ...] = ("v1",)
    kind: str
    plural: str
    namespaced: bool = True
    metadata_only: bool = False  # asked for as PartialObjectMetadata, refused in any other form
    sensitive: bool = False  # Kubernetes cannot grant its metadata alone: no generated role has it

    @property
    def versioned(self) -> tuple[str, ...]:
        """Every apiVersion that we can read, best first."""
        return tuple(f"{self.group}/{v}" if self.group else v for v in self.versions)

    @property
    def api_version(self) -> str:
        """The apiVersion that we prefer."""
        return self.versioned[0]

    @property
    def resource(self) -> str:
        """The name as RBAC and kubectl write it: `deployments.apps`, `pods`."""
        return f"{self.plural}.{self.group}" if self.group else self.plural


class Part(msgspec.Struct, frozen=True, kw_only=True, rename="camel", gc=False):
    """A piece of a bigger object: camelCase on the wire, everything optional."""


class Owner(Part, frozen=True, kw_only=True):
    """An owner reference; attribution goes by its uid, never by a name's prefix."""

    api_version: str = ""
    kind: str = ""
    name: str = ""
    uid: str = ""
    controller: bool = False


class Metadata(Part, frozen=True, kw_only=True):
    """The part of metadata that rules read. Annotations are not: they carry other people's data."""

    name: str = ""
    namespace: str = ""
    uid: str = ""
    resource_version: str = ""
    generation: int = 0
    creation_timestamp: Time | None = None
    deletion_timestamp: Time | None = None
    labels: dict[str, str] = {}
    owner_references: tuple[Owner, ...] = ()
    finalizers: tuple[str, ...] = ()


class Annotations(Part, frozen=True, kw_only=True):
    """The annotations that rules read, each by its name. Others may hold anything: not decoded."""

    ignore: str = msgspec.field(name="holdfast.dev/ignore", default="")
    revision: str = msgspec.field(name="deployment.kubernetes.io/revision", default="")
    ingress_class: str = msgspec.field(name="kubernetes.io/ingress.class", default="")
    default_ingress_class: str = msgspec.field(
        name="ingressclass.kubernetes.io/is-default-class", default=""
    )
    default_storage_class: str = msgspec.field(
        name="storageclass.kubernetes.io/is-default-class", default=""
    )
    beta_default_storage_class: str = msgspec.field(
        name="storageclass.beta.kubernetes.io/is-default-class", default=""
    )
    second_backend: str = msgspec.field(name="nginx.ingress.kubernetes.io/canary", default="")
    helm_release: str = msgspec.field(name="meta.helm.sh/release-name", default="")
    helm_namespace: str = msgspec.field(name="meta.helm.sh/release-namespace", default="")
    argo_tracking: str = msgspec.field(name="argocd.argoproj.io/tracking-id", default="")
    keda_paused: str = msgspec.field(name="autoscaling.keda.sh/paused", default="")
    keda_paused_at: str = msgspec.field(name="autoscaling.keda.sh/paused-replicas", default="")

    @property
    def numbered(self) -> int:
        """The revision, as a Deployment counts them; 0 for none, and for what is no such number."""
        return int(self.revision) if _REVISION.fullmatch(self.revision) else 0


class OwnedMetadata(Part, frozen=True, kw_only=True):
    """The labels and annotations that a manager owns, by name."""

    labels: dict[str, Part] = msgspec.field(name="f:labels", default={})
    annotations: dict[str, Part] = msgspec.field(name="f:annotations", default={})


class OwnedFields(Part, frozen=True, kw_only=True):
    """The fields that a manager owns, as far as they are read: names, never values."""

    metadata: OwnedMetadata = msgspec.field(name="f:metadata", default=OwnedMetadata())
    data: dict[str, Part] = msgspec.field(name="f:data", default={})
    binary_data: dict[str, Part] = msgspec.field(name="f:binaryData", default={})
    string_data: dict[str, Part] = msgspec.field(name="f:stringData", default={})
    spec: dict[str, Part] = msgspec.field(name="f:spec", default={})
    status: Part | None = msgspec.field(name="f:status", default=None)


class ManagedFields(Part, frozen=True, kw_only=True):
    """Who wrote which fields, and when: it works on a cold start."""

    manager: str = ""
    operation: str = ""
    subresource: str = ""
    time: Time | None = None
    fields_v1: OwnedFields = msgspec.field(name="fieldsV1", default=OwnedFields())


class KeptMetadata(Metadata, frozen=True, kw_only=True):
    """Metadata of kinds whose annotations and managers are read as well."""

    annotations: Annotations = Annotations()
    managed_fields: tuple[ManagedFields, ...] = ()

    @property
    def spec_written(self) -> datetime | None:
        """When somebody last changed what is asked for; None when nobody says.

        Where status is no subresource, an operator that fills in a default owns parts of both at
        once, and its time is refreshed with each word in the status: it says nothing of the spec.
        """
        return max(
            (
                fields.time
                for fields in self.managed_fields
                if fields.time is not None
                and fields.fields_v1.spec
                and fields.fields_v1.status is None
            ),
            default=None,
        )

    @property
    def annotated(self) -> datetime | None:
        """When somebody last wrote an annotation, not beside its status; None when nobody says."""
        return max(
            (
                fields.time
                for fields in self.managed_fields
                if fields.time is not None
                and fields.fields_v1.metadata.annotations
                and fields.subresource != "status"
            ),
            default=None,
        )

    @property
    def last_written(self) -> datetime | None:
        """When anybody last changed anything of it; None when nobody says."""
        return max((f.time for f in self.managed_fields if f.time is not None), default=None)

    @property
    def status_written(self) -> datetime | None:
        """When its controller last had something new to say of it; None when nobody says."""
        return max(
            (
                fields.time
                for fields in self.managed_fields
                if fields.time is not None and fields.subresource == "status"
            ),
            default=None,
        )

    @property
    def keys(self) -> frozenset[str] | None:
        """The names of a ConfigMap's or Secret's keys; None when nobody says which."""
        if not self.managed_fields:
            return None
        return frozenset(
            name.removeprefix("f:")
            for fields in self.managed_fields
            for owned in (
                fields.fields_v1.data,
                fields.fields_v1.binary_data,
                fields.fields_v1.string_data,  # as applied: the API server keeps it as data
            )
            for name in owned
            if name.startswith("f:")
        )


class Requirement(Part, frozen=True, kw_only=True):
    """One expression of a selector."""

    key: str = ""
    operator: str = ""
    values: tuple[str, ...] = ()

    def met_by(self, labels: Mapping[str, str]) -> bool:
        """Whether those labels meet it; an operator that we do not know meets nothing."""
        match self.operator:
            case "In":
                return labels.get(self.key) in self.values
            case "NotIn":
                return labels.get(self.key) not in self.values
            case "Exists":
                return self.key in labels
            case "DoesNotExist":
                return self.key not in labels
            case "Gt" | "Lt":
                return self._compares(labels.get(self.key, ""))
            case _:
                return False

    def _compares(self, label: str) -> bool:
        """Gt and Lt compare whole numbers, on nodes alone."""
        written = (label, self.values[0] if len(self.values) == 1 else "")
        if not all(len(w) < 20 and w.removeprefix("-").isdecimal() for w in written):
            return False
        mine, theirs = (int(w) for w in written)
        return mine > theirs if self.operator == "Gt" else mine < theirs


class Selector(Part, frozen=True, kw_only=True):
    """Objects by their labels. One without a word selects everything."""

    match_labels: dict[str, str] = {}
    match_expressions: tuple[Requirement, ...] = ()

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether an object with those labels is selected."""
        return all(labels.get(k) == v for k, v in self.match_labels.items()) and all(
            requirement.met_by(labels) for requirement in self.match_expressions
        )


class NodeTerm(Part, frozen=True, kw_only=True):
    """Nodes by their labels and fields; a term without a word selects none."""

    match_expressions: tuple[Requirement, ...] = ()
    match_fields: tuple[Requirement, ...] = ()

    def matches(self, labels: Mapping[str, str], name: str) -> bool:
        """Whether a node of those labels and that name is meant."""
        if not self.match_expressions and not self.match_fields:
            return False
        fields = {"metadata.name": name}
        return all(r.met_by(labels) for r in self.match_expressions) and all(
            r.met_by(fields) for r in self.match_fields
        )


class NodeSelector(Part, frozen=True, kw_only=True):
    """Nodes that meet any of its terms."""

    node_selector_terms: tuple[NodeTerm, ...] = ()

    def matches(self, labels: Mapping[str, str], name: str) -> bool:
        """Whether a node of those labels and that name is meant."""
        return any(term.matches(labels, name) for term in self.node_selector_terms)


class Object(Part, frozen=True, kw_only=True):
    """A Kubernetes object of a known kind."""

    api: ClassVar[Api]

    metadata: Metadata = Metadata()

    @classmethod
    def at(cls, namespace: str, name: str) -> Ref:
        """Who is known by its place alone, be it there or not."""
        return Ref(
            api_version=cls.api.api_version, kind=cls.api.kind, namespace=namespace, name=name
        )

    @property
    def ref(self) -> Ref:
        """Who this is."""
        return Ref(
            api_version=self.api.api_version,
            kind=self.api.kind,
            namespace=self.metadata.namespace,
            name=self.metadata.name,
            uid=self.metadata.uid,
        )

    @property
    def born(self) -> datetime:
        """When it was created; an object that does not say so is as old as time."""
        return self.metadata.creation_timestamp or LONG_AGO

    @property
    def asked_since(self) -> datetime:
        """Since when it has been asked for as it stands: its birth, or its spec's last change."""
        written = self.metadata.spec_written if isinstance(self.metadata, KeptMetadata) else None
        return max(self.born, written) if written else self.born

    @property
    def leaving(self) -> bool:
        """Somebody has deleted it, and it is not gone yet."""
        return self.metadata.deletion_timestamp is not None

    @property
    def controller(self) -> Owner | None:
        """The owner that manages this object, if one does."""
        for owner in self.metadata.owner_references:
            if owner.controller:
                return owner
        return None


class Condition(Part, frozen=True, kw_only=True):
    """One condition of a status."""

    type: str = ""
    status: str = "Unknown"
    reason: str = ""
    message: str = ""
    last_transition_time: Time | None = None
    observed_generation: int = 0  # 0: its writer does not say

    def speaks_of(self, generation: int) -> bool:
        """Whether it is about that generation, as far as its writer says."""
        return not 0 < self.observed_generation < generation


def condition(conditions: tuple[Condition, ...], type_: str) -> Condition | None:
    """The condition of that type, by its type and never by its place in the list."""
    for each in conditions:
        if each.type == type_:
            return each
    return None
