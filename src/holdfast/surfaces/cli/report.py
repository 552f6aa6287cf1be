"""A scan as JSON or YAML: the schema that other programs rely on, versioned in its first field."""

from typing import Final, Literal

import msgspec

from holdfast.diagnosis.survey import Survey
from holdfast.model.changes import Change
from holdfast.model.coverage import Coverage
from holdfast.model.last_scan import Remembered, Standing
from holdfast.model.objects import Ref
from holdfast.model.rules import Finding
from holdfast.model.snapshot import Blind, Snapshot
from holdfast.model.times import stamp
from holdfast.model.troubles import Trouble
from holdfast.surfaces.cli.headline import no_answer, total

SCHEMA: Final = "holdfast.dev/scan/v1alpha1"


type SeverityName = Literal["info", "warning", "critical"]
type StateName = Literal["captured", "partial", "forbidden", "absent", "not_captured"]

UNREADABLE_NAMED = 100  # unreadable objects that are named; more help nobody


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
    severity: SeverityName
    about: About
    part: str
    says: str
    since: str
    seen: dict[str, str]
    next: str


class BlindOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A kind that was not seen whole. `namespaces` is null when all were asked for.

    It is *partial* when its list broke off, and *captured* when only some of its objects could not
    be understood, which `coverage` names.
    """

    api_version: str
    kind: str
    plural: str
    state: StateName
    namespaces: list[str] | None
    why: str


class KindReadOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A kind of which something was seen: whole when its state is captured."""

    resource: str
    count: int
    state: StateName


class UnreadObjectOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An object that could not be understood, and so was not judged."""

    kind: str
    namespace: str
    name: str
    why: str


class WantOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A kind that a rule reads and that was not seen whole."""

    resource: str
    state: StateName


class UnjudgedOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A rule that could not judge everything; `sawNothing` when it saw nothing that it reads."""

    code: str
    name: str
    wants: list[WantOut]
    saw_nothing: bool


class OffOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A rule that is switched off. The reason is empty when the command line did it."""

    code: str
    name: str
    reason: str


class CoverageOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How far the scan could see, beside `blind`. Of unreadable objects, the first 100 are named.

    `unjudged` are the rules that could not judge everything: their silence means nothing.
    `notAsked` are custom kinds that the cluster defines and that nobody named. `misnamed` are
    objects whose annotation `holdfast.dev/ignore` names no rule, with the words that mean nothing.
    """

    read: list[KindReadOut]
    unreadable: list[UnreadObjectOut]
    unreadable_count: int
    unjudged: list[UnjudgedOut]
    off: list[OffOut]
    not_asked: list[str]
    misnamed: list[str]


class ClusterOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The cluster, and the moment by its own clock. `uid` is that of its kube-system."""

    name: str
    uid: str
    server: str
    version: str
    now: str


class SymptomOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A finding that follows from another: `because` is the id of the one beneath it."""

    finding: str
    because: str
    relation: str


class ChangeOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A change before a trouble began. `who` is the field manager, empty when nobody says."""

    about: About
    what: str
    who: str
    when: str
    seconds_before: int


class TroubleOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One cause and what follows from it, by the ids of the findings; nearest to the cause first.

    `alike` is the same cause on siblings, such as other pods of the same workload. `standing` is
    null where there was no scan before; `was` is its severity then, where that was less.
    """

    id: str
    code: str
    name: str
    severity: SeverityName
    since: str
    cause: str
    alike: list[str]
    symptoms: list[SymptomOut]
    changed: list[ChangeOut]
    standing: Literal["new", "still"] | None
    was: SeverityName | None


class RememberedOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A trouble of the last scan that is not in this one; `about` is its cause's object."""

    id: str
    code: str
    severity: SeverityName
    about: About
    since: str
    seen: str


class LostOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A trouble that may be there still: nobody could see it, because ..."""

    trouble: RememberedOut
    because: str


class SinceOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The scan that this one is compared with, by its moment, and what is not there any more."""

    when: str
    gone: list[RememberedOut]
    unknown: list[LostOut]


class ScanOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One scan. `young` and `posture` are filled only when they were asked for.

    `headline` is the scan in one sentence, what is left out with it. `noAnswer` says why the exit
    code is 2 whatever was found, and is empty when it is not. `namespaces` is null when it looked
    everywhere, `since` when there was no scan before.
    """

    schema: Literal["holdfast.dev/scan/v1alpha1"]
    headline: str
    no_answer: str
    cluster: ClusterOut
    troubles: list[TroubleOut]
    findings: list[FindingOut]
    blind: list[BlindOut]
    young: list[FindingOut]
    posture: list[FindingOut]
    accepted: list[FindingOut]
    ignored: list[FindingOut]
    coverage: CoverageOut
    namespaces: list[str] | None
    since: SinceOut | None


def as_value(
    snapshot: Snapshot,
    survey: Survey,
    *,
    young: bool = False,
    posture: bool = False,
    namespaces: tuple[str, ...] | None = None,
) -> ScanOut:
    """The scan as the schema has it."""
    return ScanOut(
        schema=SCHEMA,
        headline=total(survey, young=young),
        no_answer=no_answer(survey),
        cluster=cluster_out(snapshot),
        troubles=[trouble_out(each, survey) for each in survey.troubles],
        findings=[finding_out(each) for each in survey.findings],
        blind=[_blind(each) for each in survey.blind],
        young=[finding_out(each) for each in survey.young] if young else [],
        posture=[finding_out(each) for each in survey.posture] if posture else [],
        accepted=[finding_out(each) for each in survey.accepted],
        ignored=[finding_out(each) for each in survey.ignored],
        coverage=_coverage(survey.coverage),
        namespaces=None if namespaces is None else list(namespaces),
        since=None if survey.standing is None else _since(survey.standing),
    )


def cluster_out(snapshot: Snapshot) -> ClusterOut:
    """A cluster and its moment as the schema has them."""
    cluster = snapshot.cluster
    return ClusterOut(
        name=cluster.name,
        uid=cluster.uid,
        server=cluster.server,
        version=cluster.version,
        now=stamp(snapshot.now),
    )


def trouble_out(trouble: Trouble, survey: Survey) -> TroubleOut:
    """A trouble as the schema has it."""
    standing = survey.standing
    was = standing.worse.get(trouble.id) if standing is not None else None
    return TroubleOut(
        id=trouble.id,
        code=trouble.code,
        name=trouble.cause.name,
        severity=trouble.severity.word,
        since=stamp(trouble.since),
        cause=trouble.cause.id,
        alike=[each.id for each in trouble.alike],
        symptoms=[
            SymptomOut(finding=link.finding.id, because=link.because, relation=link.relation)
            for link in trouble.symptoms
        ],
        changed=[_change(each, trouble) for each in survey.changed.get(trouble.id, ())],
        standing=_word(trouble, standing),
        was=was.word if was is not None else None,
    )


def _word(trouble: Trouble, standing: Standing | None) -> Literal["new", "still"] | None:
    if standing is None:
        return None
    return "new" if trouble.id in standing.new else "still"


def _change(change: Change, trouble: Trouble) -> ChangeOut:
    return ChangeOut(
        about=about_out(change.about),
        what=change.what,
        who=change.who,
        when=stamp(change.when),
        seconds_before=int((trouble.since - change.when).total_seconds()),
    )


def _since(standing: Standing) -> SinceOut:
    return SinceOut(
        when=stamp(standing.when),
        gone=[_remembered(each) for each in standing.gone],
        unknown=[
            LostOut(trouble=_remembered(each.trouble), because=each.because)
            for each in standing.unknown
        ],
    )


def _remembered(each: Remembered) -> RememberedOut:
    return RememberedOut(
        id=each.id,
        code=each.code,
        severity=each.severity.word,
        about=about_out(each.about),
        since=stamp(each.since),
        seen=stamp(each.seen),
    )


def about_out(about: Ref) -> About:
    """An object as the schema has it."""
    return About(
        api_version=about.api_version,
        kind=about.kind,
        namespace=about.namespace,
        name=about.name,
        uid=about.uid,
    )


def finding_out(finding: Finding) -> FindingOut:
    """A finding as the schema has it."""
    return FindingOut(
        id=finding.id,
        code=finding.code,
        name=finding.name,
        channel=finding.channel.value,
        severity=finding.severity.word,
        about=about_out(finding.about),
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


def _coverage(coverage: Coverage) -> CoverageOut:
    return CoverageOut(
        read=[
            KindReadOut(resource=each.resource, count=each.count, state=each.state.value)
            for each in coverage.read
        ],
        unreadable=[
            UnreadObjectOut(kind=each.kind, namespace=each.namespace, name=each.name, why=each.why)
            for each in coverage.unreadable[:UNREADABLE_NAMED]
        ],
        unreadable_count=len(coverage.unreadable),
        unjudged=[
            UnjudgedOut(
                code=each.code,
                name=each.name,
                wants=[WantOut(resource=w.resource, state=w.state.value) for w in each.wants],
                saw_nothing=each.saw_nothing,
            )
            for each in coverage.unjudged
        ],
        off=[OffOut(code=each.code, name=each.name, reason=each.reason) for each in coverage.off],
        not_asked=list(coverage.not_asked),
        misnamed=list(coverage.misnamed),
    )
