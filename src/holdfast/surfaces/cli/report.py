"""A scan as JSON: the schema that other programs rely on, versioned in its first field."""

from typing import Final, Literal

import msgspec

from holdfast.facts import Judgement
from holdfast.model.rules import Finding
from holdfast.model.snapshot import Blind, Snapshot
from holdfast.model.times import stamp

SCHEMA: Final = "holdfast.dev/scan/v1alpha1"


class About(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The object that a finding is about. Cluster-scoped objects have an empty namespace."""

    api_version: str
    kind: str
    namespace: str
    name: str
    uid: str


class FindingOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One finding. `id` is the same in every scan of the same fault on the same object."""

    id: str
    code: str
    name: str
    channel: Literal["incident", "posture", "context"]
    severity: Literal["info", "warning", "critical"]
    about: About
    part: str
    says: str
    since: str
    seen: dict[str, str]
    next: str


class BlindOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A kind that was not seen whole. `namespaces` is null when all were asked for."""

    api_version: str
    kind: str
    plural: str
    state: Literal["captured", "partial", "forbidden", "absent", "not_captured"]
    namespaces: list[str] | None
    why: str


class ClusterOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The cluster, and the moment by its own clock. `uid` is that of its kube-system."""

    name: str
    uid: str
    server: str
    version: str
    now: str


class ScanOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One scan. `young` holds what is still within its grace, and only when asked for."""

    schema: Literal["holdfast.dev/scan/v1alpha1"]
    cluster: ClusterOut
    findings: list[FindingOut]
    blind: list[BlindOut]
    young: list[FindingOut]


def as_json(snapshot: Snapshot, judgement: Judgement, *, young: bool) -> bytes:
    """The scan as indented JSON."""
    cluster = snapshot.cluster
    out = ScanOut(
        schema=SCHEMA,
        cluster=ClusterOut(
            name=cluster.name,
            uid=cluster.uid,
            server=cluster.server,
            version=cluster.version,
            now=stamp(snapshot.now),
        ),
        findings=[_finding(each) for each in judgement.findings],
        blind=[_blind(each) for each in judgement.blind],
        young=[_finding(each) for each in judgement.young] if young else [],
    )
    return msgspec.json.format(msgspec.json.encode(out), indent=2)


def _finding(finding: Finding) -> FindingOut:
    about = finding.about
    return FindingOut(
        id=finding.id,
        code=finding.code,
        name=finding.name,
        channel=finding.channel.value,
        severity=finding.severity.word,
        about=About(
            api_version=about.api_version,
            kind=about.kind,
            namespace=about.namespace,
            name=about.name,
            uid=about.uid,
        ),
        part=finding.part,
        says=finding.says,
        since=stamp(finding.since),
        seen=dict(finding.seen),
        next=finding.next,
    )


def _blind(blind: Blind) -> BlindOut:
    return BlindOut(
        api_version=blind.api_version,
        kind=blind.kind,
        plural=blind.plural,
        state=blind.state.value,
        namespaces=None if blind.namespaces is None else list(blind.namespaces),
        why=blind.why,
    )
