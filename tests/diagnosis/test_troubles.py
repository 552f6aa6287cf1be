"""Findings fold along the topology: one cause, its symptoms in order, and nothing else with it."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from holdfast.diagnosis.troubles import fold
from holdfast.model.kinds import (
    Autoscaler,
    Deployment,
    ExternalSecret,
    Ingress,
    Node,
    Pod,
    ReplicaSet,
    ResourceQuota,
    SecretStore,
    Service,
)
from holdfast.model.kinds.apps import DeploymentSpec
from holdfast.model.kinds.core import ServiceSpec
from holdfast.model.kinds.external_secrets import ExternalSecretSpec, StoreRef
from holdfast.model.kinds.network import (
    Backend,
    IngressHttp,
    IngressPath,
    IngressRule,
    IngressSpec,
    ServiceBackend,
)
from holdfast.model.kinds.pods import (
    Container,
    KeyOf,
    PodSpec,
    PodTemplate,
    TemplateMetadata,
    ValueFrom,
    Variable,
)
from holdfast.model.kinds.scaling import AutoscalerSpec, ScaleTarget
from holdfast.model.objects import Object
from holdfast.model.relations import Relation
from holdfast.model.rules import Bearing, Channel, Finding, Severity, finding_id
from holdfast.model.snapshot import Capture, Snapshot
from holdfast.model.troubles import Trouble
from holdfast.testing.builders import some_metadata
from holdfast.topology.edges import topology
from holdfast.topology.graph import place

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
LABELS = {"app": "web"}
FOLLOWS = {
    "short": (Relation.OWNS,),
    "endpoints": (Relation.SELECTS,),
    "ingress": (Relation.ROUTES,),
}

QUOTA = ResourceQuota(metadata=some_metadata(ResourceQuota, "team"))
DEPLOYMENT = Deployment(
    metadata=some_metadata(Deployment, "web"),
    spec=DeploymentSpec(template=PodTemplate(metadata=TemplateMetadata(labels=LABELS))),
)
REPLICA_SET = ReplicaSet(metadata=some_metadata(ReplicaSet, "web-1", owner=DEPLOYMENT))
SERVICE = Service(metadata=some_metadata(Service, "web"), spec=ServiceSpec(selector=LABELS))
INGRESS = Ingress(
    metadata=some_metadata(Ingress, "web"),
    spec=IngressSpec(
        rules=(
            IngressRule(
                http=IngressHttp(
                    paths=(IngressPath(backend=Backend(service=ServiceBackend(name="web"))),)
                )
            ),
        )
    ),
)
NODE = Node(metadata=some_metadata(Node, "node-1"))


def a_pod(name: str, owner: Object = REPLICA_SET) -> Pod:
    return Pod(
        metadata=some_metadata(Pod, name, owner=owner, labels=LABELS),
        spec=PodSpec(node_name="node-1"),
    )


def found(
    on: Object,
    code: str,
    *,
    ago: int = 10,
    severity: Severity = Severity.WARNING,
    channel: Channel = Channel.INCIDENT,
    through: Object | None = None,
) -> Finding:
    return Finding(
        id=finding_id(on.ref, code, ""),
        code=code,
        name=code,
        channel=channel,
        severity=severity,
        about=on.ref,
        part="",
        says=code,
        since=NOW - timedelta(minutes=ago),
        seen={},
        next="",
        through=through.ref if through is not None else None,
    )


def folded(
    findings: Sequence[Finding],
    *objects: Object,
    explains: dict[str, Sequence[str]] | None = None,
    quiet: Sequence[str] = (),
    young: Sequence[Finding] = (),
) -> tuple[Trouble, ...]:
    kinds = {type(each) for each in objects}
    captures = [
        Capture(kind=kind, objects=tuple(o for o in objects if type(o) is kind)) for kind in kinds
    ]
    snapshot = Snapshot(now=NOW, captures=captures)
    there = {place(each): each for each in objects}
    bearings = {
        finding.code: Bearing(
            explains=tuple((explains or {}).get(finding.code, ())),
            follows=FOLLOWS.get(finding.code, ()),
            spreads=finding.code not in quiet,
        )
        for finding in (*findings, *young)
    }
    return fold(findings, topology(snapshot), bearings, there.get, young=young)


def shape(trouble: Trouble) -> list[str]:
    return [finding.about.kind for finding in trouble.findings]


ALL = (QUOTA, DEPLOYMENT, REPLICA_SET, SERVICE, INGRESS)


def test_a_quota_is_one_trouble_up_to_the_ingress_in_that_order() -> None:
    findings = [
        found(INGRESS, "ingress"),
        found(DEPLOYMENT, "short"),
        found(QUOTA, "quota"),
        found(SERVICE, "endpoints"),
        found(REPLICA_SET, "blocked"),
    ]

    (trouble,) = folded(findings, *ALL, explains={"quota": ["blocked"]})

    assert shape(trouble) == ["ResourceQuota", "ReplicaSet", "Deployment", "Service", "Ingress"]
    assert trouble.code == "quota"
    assert [link.relation for link in trouble.symptoms] == ["held by", "owns", "selects", "routes"]


def test_a_full_quota_explains_only_what_it_says_it_explains() -> None:
    findings = [found(QUOTA, "quota"), found(REPLICA_SET, "pod security")]

    assert len(folded(findings, *ALL, explains={"quota": ["blocked"]})) == 2


def test_findings_without_anything_between_them_are_skipped_over() -> None:
    pod = a_pod("web-1-a")

    (trouble,) = folded([found(SERVICE, "endpoints"), found(pod, "crash")], *ALL, pod)

    assert shape(trouble) == ["Pod", "Service"]


def test_the_same_cause_on_siblings_is_one_trouble() -> None:
    pods = [a_pod(f"web-1-{letter}") for letter in "abc"]
    findings = [
        *(found(pod, "image", ago=n) for n, pod in enumerate(pods)),
        found(DEPLOYMENT, "short"),
    ]

    (trouble,) = folded(findings, *ALL, *pods)

    assert trouble.cause.about.name == "web-1-c"
    assert [f.about.name for f in trouble.alike] == ["web-1-b", "web-1-a"]
    assert [link.finding.about.kind for link in trouble.symptoms] == ["Deployment"]


def test_a_trouble_keeps_its_id_while_the_workload_lives_and_its_pods_come_and_go() -> None:
    one = folded([found(a_pod("web-1-a"), "image")], *ALL, a_pod("web-1-a"))
    other = folded([found(a_pod("web-1-b"), "image")], *ALL, a_pod("web-1-b"))

    assert one[0].id == other[0].id
    assert one[0].cause.id != other[0].cause.id


def test_a_fact_explains_another_on_the_same_object() -> None:
    pod = a_pod("web-1-a")
    findings = [found(pod, "crash"), found(pod, "oom")]

    (trouble,) = folded(findings, *ALL, pod, explains={"oom": ["crash"]})

    assert trouble.code == "oom"
    assert trouble.symptoms[0].relation == "same object"


def test_facts_that_explain_each_other_are_one_trouble_of_the_older() -> None:
    pod = a_pod("web-1-a")
    findings = [found(pod, "a", ago=1), found(pod, "b", ago=9)]

    (trouble,) = folded(findings, *ALL, pod, explains={"a": ["b"], "b": ["a"]})

    assert trouble.code == "b"


def test_a_cordoned_node_is_not_why_its_pods_crash() -> None:
    pod = a_pod("web-1-a")
    findings = [found(NODE, "cordoned", severity=Severity.INFO), found(pod, "crash")]

    assert len(folded(findings, *ALL, NODE, pod)) == 2


def test_a_silent_node_is_why_its_pods_are_not_ready() -> None:
    pod = a_pod("web-1-a")
    findings = [found(NODE, "silent"), found(pod, "unready"), found(SERVICE, "endpoints")]

    (trouble,) = folded(findings, *ALL, NODE, pod, explains={"silent": ["unready", "endpoints"]})

    assert shape(trouble) == ["Node", "Pod", "Service"]


def test_names_that_look_alike_prove_nothing() -> None:
    stranger = ReplicaSet(metadata=some_metadata(ReplicaSet, "web-1-x"))
    pod = a_pod("web-1-x-a", owner=stranger)

    assert len(folded([found(DEPLOYMENT, "short"), found(pod, "crash")], *ALL, pod)) == 2


def test_posture_and_context_are_no_trouble() -> None:
    findings = [
        found(DEPLOYMENT, "a", channel=Channel.POSTURE),
        found(SERVICE, "b", channel=Channel.CONTEXT),
    ]

    assert folded(findings, *ALL) == ()


def test_troubles_come_worst_first_and_then_oldest_first() -> None:
    nodes = [Node(metadata=some_metadata(Node, f"node-{n}")) for n in range(3)]
    findings = [
        found(nodes[0], "young", ago=1),
        found(nodes[1], "old", ago=50),
        found(nodes[2], "worst", ago=1, severity=Severity.CRITICAL),
    ]

    assert [t.code for t in folded(findings, *nodes)] == ["worst", "old", "young"]


def test_every_finding_is_in_exactly_one_trouble() -> None:
    pods = [a_pod(f"web-1-{letter}") for letter in "abc"]
    findings = [
        found(pods[0], "crash"),
        found(pods[1], "image"),
        found(pods[2], "crash"),
        *(found(each, f"code of {each.api.kind}") for each in ALL),
    ]

    troubles = folded(findings, *ALL, *pods)

    held = sorted(finding.id for trouble in troubles for finding in trouble.findings)
    assert held == sorted(finding.id for finding in findings)


def test_a_secret_that_is_not_copied_explains_who_waits_for_it_and_its_store_explains_both() -> (
    None
):
    needs = Variable(name="A", value_from=ValueFrom(secret_key_ref=KeyOf(name="db", key="a")))
    pod = Pod(
        metadata=some_metadata(Pod, "web-1"),
        spec=PodSpec(containers=(Container(name="web", env=(needs,)),)),
    )
    external = ExternalSecret(
        metadata=some_metadata(ExternalSecret, "db"),
        spec=ExternalSecretSpec(secret_store_ref=StoreRef(name="vault")),
    )
    store = SecretStore(metadata=some_metadata(SecretStore, "vault"))
    findings = [found(pod, "waits"), found(external, "not copied"), found(store, "unusable")]
    explains: dict[str, Sequence[str]] = {"not copied": ["waits"], "unusable": ["not copied"]}

    (trouble,) = folded(findings, pod, external, store, explains=explains)

    assert shape(trouble) == ["SecretStore", "ExternalSecret", "Pod"]


def test_two_autoscalers_of_one_workload_are_one_trouble() -> None:
    target = ScaleTarget(api_version="apps/v1", kind="Deployment", name="web")
    pair = [
        Autoscaler(
            metadata=some_metadata(Autoscaler, name), spec=AutoscalerSpec(scale_target_ref=target)
        )
        for name in ("one", "other")
    ]

    (trouble,) = folded([found(each, "shared") for each in pair], DEPLOYMENT, *pair)

    assert len(trouble.alike) == 1


def test_two_causes_of_one_deployment_are_two_troubles() -> None:
    pod = a_pod("web-1-a")
    findings = [
        found(pod, "unschedulable"),
        found(DEPLOYMENT, "missing"),
        found(DEPLOYMENT, "short"),
    ]

    troubles = folded(findings, *ALL, pod)

    assert sorted(t.code for t in troubles) == ["missing", "unschedulable"]
    (short,) = [link for trouble in troubles for link in trouble.symptoms]
    assert short.because == findings[0].id


def test_a_service_is_not_silent_for_what_spreads_to_nobody() -> None:
    findings = [found(DEPLOYMENT, "next pod"), found(SERVICE, "endpoints")]

    assert len(folded(findings, *ALL, quiet=["next pod"])) == 2


def test_an_ingress_is_not_unanswered_for_something_that_it_owns() -> None:
    certificate = Pod(metadata=some_metadata(Pod, "owned", owner=INGRESS))

    assert len(folded([found(certificate, "x"), found(INGRESS, "ingress")], *ALL, certificate)) == 2


def test_what_is_about_one_need_follows_from_no_other() -> None:
    other = ResourceQuota(metadata=some_metadata(ResourceQuota, "other"))
    findings = [
        found(QUOTA, "quota", ago=60),
        found(other, "quota"),
        found(REPLICA_SET, "blocked", through=other),
    ]

    troubles = folded(findings, *ALL, other, explains={"quota": ["blocked"]})

    assert [["team"], ["other", "web-1"]] == [[f.about.name for f in t.findings] for t in troubles]


def test_who_misses_two_things_has_two_troubles() -> None:
    other = ResourceQuota(metadata=some_metadata(ResourceQuota, "other"))
    findings = [found(REPLICA_SET, "blocked", through=each) for each in (QUOTA, other)]
    findings[1] = msgspec.structs.replace(findings[1], id="another")

    troubles = folded(findings, *ALL, other)

    assert 2 == len({trouble.id for trouble in troubles})


SILENT: dict[str, Sequence[str]] = {"silent": ["endpoints", "short", "crash"]}


def test_a_cause_that_is_still_young_stands_above_all_that_follows_from_it() -> None:
    findings = [found(SERVICE, "endpoints", ago=3), found(DEPLOYMENT, "short", ago=3)]
    young = [found(NODE, "silent", ago=3)]

    (trouble,) = folded(findings, *ALL, a_pod("a"), NODE, explains=SILENT, young=young)

    assert shape(trouble) == ["Node", "Deployment", "Service"]


def test_what_is_past_its_grace_is_the_cause_before_what_is_young() -> None:
    pod = a_pod("a")
    findings = [found(SERVICE, "endpoints"), found(NODE, "silent")]
    young = [found(pod, "crash")]

    (trouble,) = folded(findings, *ALL, pod, NODE, explains=SILENT, young=young)

    assert shape(trouble) == ["Node", "Service"]


def test_what_is_young_follows_in_its_turn_from_what_is_past_its_grace() -> None:
    pod = a_pod("a")
    findings = [found(SERVICE, "endpoints"), found(NODE, "silent")]
    young = [found(pod, "crash")]

    (trouble,) = folded(findings, *ALL, pod, NODE, explains={"silent": ["crash"]}, young=young)

    assert shape(trouble) == ["Node", "Pod", "Service"]


@pytest.mark.parametrize(("later", "told"), [(5, ["crash"]), (6, ["endpoints"])])
def test_what_is_young_is_no_cause_of_what_was_so_long_before_it(
    later: int, told: list[str]
) -> None:
    pod = a_pod("web-1-a")

    troubles = folded(
        [found(SERVICE, "endpoints", ago=10)],
        *ALL,
        pod,
        young=[found(pod, "crash", ago=10 - later)],
    )

    assert told == [trouble.code for trouble in troubles]


def test_what_is_young_and_causes_nothing_is_no_trouble() -> None:
    assert folded([found(QUOTA, "quota")], *ALL, young=[found(DEPLOYMENT, "short")])[1:] == ()
    assert folded([], *ALL, young=[found(DEPLOYMENT, "short")]) == ()
