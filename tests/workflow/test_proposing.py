"""From a letter to a proposal that people can approve, or to why there is none."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from holdfast.actions.rollout_restart import STAMP as PLACE
from holdfast.actions.rollout_restart import RolloutRestart
from holdfast.errors import CouldNotLook
from holdfast.execution.lease_names import Purpose, parsed
from holdfast.execution.states import State
from holdfast.grants.names import LEASES
from holdfast.model.asks import What
from holdfast.model.canonical import Plain
from holdfast.model.cases import Case
from holdfast.model.documents import Document
from holdfast.model.handed import Meant, Propose, proposal_named
from holdfast.model.objects import Ref
from holdfast.model.ordered import PREVIEW, PreviewOrder
from holdfast.model.paths import Item, written
from holdfast.model.people import Identities, Person
from holdfast.model.repairs import ActionClass, Risk, Sight
from holdfast.model.runs import Order, RunState
from holdfast.model.steps import Evict, Patch, Set
from holdfast.model.switches import FREEZE, Frozen
from holdfast.model.switches import told as switch_told
from holdfast.ports import Denied, Unclear
from holdfast.ports.leases import NotLent
from holdfast.testing.admission import Webhook
from holdfast.testing.documents import Json
from holdfast.testing.manifests import manifest, owner, pod_of
from holdfast.testing.resources import Resource
from holdfast.testing.simulated import SimulatedCluster
from holdfast.testing.status import StatusError
from holdfast.workflow.lending import allot
from holdfast.workflow.rehearsing import why_not, without_values
from holdfast.workflow.sighting import sight
from holdfast.workflow.wanting import Looked, Wanted, look_at, meant
from tests.workflow.leashes import ANA, BEN, Operator, people
from tests.workflow.stage import (
    ASKED,
    BAD,
    RULES,
    STAMP,
    WEB,
    Stage,
    a_shop,
    a_stage,
    a_webhook_without_dry_runs,
    card_of,
    proposal,
)
from tools.proposals import SCALE, SCALE_CARD

RESTART, UNDO, EVICT = "RolloutRestart", "RolloutUndo", "DeletePod"
SIDECAR = "spec.template.spec.containers[name=sidecar]"
EVICTION = Evict(
    target=Ref(api_version="v1", kind="Pod", namespace="shop", name="web-2-a", uid="u-1")
)


def refusals(case: Case) -> dict[str, str]:
    return {each.by: each.because for each in card_of(case).refusals}


def made_leases(stage: Stage) -> tuple[str, ...]:
    """What was asked of the accounts of leases."""
    return tuple(
        f"{each.verb} {each.name}"
        for each in stage.cluster.audit
        if each.resource == "serviceaccounts" and each.namespace == LEASES
    )


def refused(case: Case, by: str) -> str:
    """Why that one refused; the case was refused by nobody else."""
    assert State.REFUSED == case.state
    assert [by] == list(refusals(case)), refusals(case)
    return refusals(case)[by]


@pytest.mark.parametrize("kind", sorted(ASKED))
async def test_each_kind_is_proposed_where_it_answers_what_is_found(kind: str) -> None:
    async with a_stage() as stage:
        case = await stage.proposed(kind)

        assert State.PROPOSED == case.state, refusals(case)
        about = proposal(case)
        assert (kind, "cli:sam") == (type(about.action).kind.name, about.requester)
        seen = await sight(stage.cluster, stage.hands, about.action, about.target)
        assert isinstance(seen, Sight)
        again = msgspec.structs.replace(about, steps=about.action.steps(seen))
        assert about.digest == again.digest
        assert bool(about.undo) is type(about.action).kind.reversible
        assert about.read_hash
        assert [] == stage.writes()
        assert () == tuple(await stage.leases.left())


async def test_each_look_lists_each_kind_once() -> None:
    async with a_stage() as stage:
        wanted = meant(msgspec.convert(stage.body(RESTART), Propose))
        assert isinstance(wanted, Wanted)
        before = len(stage.cluster.audit)
        assert isinstance(await look_at(stage.leash(), wanted), Looked)
        lists = [each.resource for each in [*stage.cluster.audit][before:] if each.verb == "list"]
    assert "deployments.apps" in lists or "deployments" in lists
    assert sorted(set(lists)) == sorted(lists)


@pytest.mark.slow
async def test_the_effect_is_what_the_server_computed() -> None:
    async with a_stage() as stage:
        restart, undo, scale, evict = [
            proposal(await stage.proposed(kind)) for kind in (RESTART, UNDO, "ScaleWorkload", EVICT)
        ]
        (stamped,) = restart.effect
        assert (written(PLACE).replace("[", ".").rstrip("]"), None, STAMP) == (
            written(stamped.path),
            stamped.before,
            stamped.after,
        )
        assert [("web:2", "web:1")] == [(each.before, each.after) for each in undo.effect]
        assert [("spec.replicas", 2, 3)] == [
            (written(each.path), each.before, each.after) for each in scale.effect
        ]
        assert () == evict.effect  # it goes; no field of it changes


async def test_what_is_recorded_names_places_and_no_values() -> None:
    async with a_stage() as stage:
        case = await stage.proposed(UNDO)
        (told,), (verdict,) = stage.drafts("proposal"), stage.drafts("verdict")
        assert case.digest == told.details["digest"] == verdict.details["digest"]
        assert "web:1" not in str(told.details) + str(verdict.details)
        assert ["spec.template.spec.containers[name=web].image"] == told.details["effect"]
        assert (State.PROPOSED.value, []) == (
            verdict.details["state"],
            verdict.details["refusals"],
        )


async def test_a_case_is_open_for_as_long_as_the_rules_say() -> None:
    rules = msgspec.structs.replace(RULES, open_for=timedelta(minutes=7))
    async with a_stage(rules=rules) as stage:
        case = await stage.proposed(RESTART)
        assert timedelta(minutes=7) == case.open_until - case.proposed


async def test_the_card_says_what_people_ask_first() -> None:
    async with a_stage() as stage:
        card = card_of(await stage.proposed(UNDO))
        assert "1 of 2" in card_of(await stage.proposed(RESTART)).summary
        assert card.summary.startswith("Deployment shop/web: Roll a Deployment back")
        assert any("risk at its best" in line for line in card.risk)
        assert card.blast[-1].startswith("Unknown:")
        assert "spec.template" in card.unchanged[0]
        assert "HF-WRK-010 is not found any more" in card.checks
        assert card.undo.startswith("It is taken back by itself")
        assert card.approvers.endswith("ana, ben.")
        assert [What.APPROVAL] == [each.what for each in card.needs]


async def test_the_card_that_the_documentation_shows_is_one_that_the_keeper_makes() -> None:
    async with a_stage() as stage:
        case = await stage.proposed("ScaleWorkload")
    told = proposal(case)
    assert SCALE_CARD == card_of(case)
    assert (SCALE.code, SCALE.action, SCALE.risk) == (told.code, told.action, told.risk)
    assert SCALE.effect == told.effect
    aimed = [
        msgspec.structs.replace(each, target=told.target) for each in (*SCALE.steps, *SCALE.undo)
    ]
    assert aimed == [*told.steps, *told.undo]


async def test_the_card_of_what_is_removed_says_what_goes_along_and_what_nobody_can_tell() -> None:
    async with a_stage() as stage:
        job = stage.cluster.fetch("jobs.batch", "nightly-1", namespace="shop")
        stage.cluster.create(pod_of(job, "nightly-1-a", "job:1"))
        case = await stage.proposed("DeleteJob")
        assert State.PROPOSED == case.state
        goes, unknown, *_ = card_of(case).blast
        assert "With it goes what it owns: Pod shop/nightly-1-a." == goes
        assert unknown.startswith("Unknown: what it owns of kinds that nobody looks at, Secrets")


async def test_a_job_that_owns_more_than_pods_is_not_proposed() -> None:
    async with a_stage() as stage:
        job = stage.cluster.fetch("jobs.batch", "nightly-1", namespace="shop")
        metadata = {"ownerReferences": [owner(job)]}
        stage.cluster.create(manifest("v1", "PersistentVolumeClaim", "data", metadata=metadata))
        case = await stage.proposed("DeleteJob")
        assert State.REFUSED == case.state
        (no,) = card_of(case).refusals
        because = "what it owns would go with it: PersistentVolumeClaim shop/data"
        assert ("target_scope", because) == (no.by, no.because)


async def test_what_is_high_in_risk_wants_two_people_and_says_so() -> None:
    async with a_stage() as stage:
        case = await stage.proposed("DeleteResourceQuota")
        assert Risk.HIGH is proposal(case).risk
        assert card_of(case).approvers.startswith("Two of them")


async def test_where_two_are_wanted_and_only_one_may_nobody_can_complete_it() -> None:
    async with a_stage() as stage:
        case = await stage.proposed("DeleteResourceQuota", requester="ana")
        assert card_of(case).approvers == (
            "Two people must approve it, by their word, and only ben may: as the "
            "people file stands, nobody can complete it."
        )


async def test_what_is_refused_before_it_was_worked_out_says_nothing_of_its_way_back() -> None:
    async with a_stage() as stage:
        _freeze(stage)
        case = await stage.proposed(RESTART)
        assert State.REFUSED == case.state
        assert card_of(case).undo == "Not worked out: it was refused before that."


@pytest.mark.parametrize(
    ("keys", "requester", "expected"),
    [
        (("ana", "ben"), "cli:zoe", "Two of them, with a signature of their own: ana, ben."),
        (
            ("ben",),
            "cli:zoe",
            "Two people must approve it, with a signature of their own, and only",
        ),
        ((), "cli:zoe", "It wants a signature, and none of ana, ben has a key: nobody can approve"),
        ((), "cli:ana", "It wants a signature, and none of ben has a key: nobody can approve it."),
    ],
)
async def test_where_it_is_to_be_signed_those_who_have_keys_count(
    keys: tuple[str, ...], requester: str, expected: str
) -> None:
    rules = msgspec.structs.replace(RULES, signed=frozenset(ActionClass))
    changed: dict[str, object] = {"people": lambda: people(*(keyed(each, keys) for each in BOTH))}
    async with a_stage(rules=rules, changed=changed) as stage:
        case = await stage.proposed("DeleteResourceQuota", requester=requester)
        assert card_of(case).approvers.startswith(expected)


BOTH = (ANA, BEN)


def keyed(person: Person, keys: tuple[str, ...]) -> Person:
    ssh = ("ssh-ed25519 AAAA",) if person.id in keys else ()
    return msgspec.structs.replace(person, identities=Identities(ssh=ssh))


async def test_whoever_asked_under_another_spelling_is_no_approver() -> None:
    async with a_stage() as stage:
        case = await stage.proposed(RESTART, requester=" Ana ")
        assert card_of(case).approvers == "One of them, by their word: ben."


# What is no proposal at all: the letter is refused, and nothing is ordered.


@pytest.mark.parametrize(
    ("changed", "because"),
    [
        ({"action": "rolloutrestart"}, "nothing that we ever do"),
        ({"action": "DrainNode"}, "nothing that we ever do"),
        ({"params": {"stamp": STAMP, "approved": True}}, "unknown field"),
        ({"params": {"stamp": 1}}, "Expected `str`"),
        ({"params": {"stamp": [STAMP]}}, "has not the form"),
        ({"params": {"stamp": None}}, "has not the form"),
        ({"risk": "low"}, "has not the form"),
        ({"approved": True}, "has not the form"),
        ({"steps": []}, "has not the form"),
        ({"code": "HF-WRK-070"}, "answers no HF-WRK-070"),
        ({"code": "hf-wrk-010"}, "answers no hf-wrk-010"),
        ({"code": "deployment_short"}, "answers no deployment_short"),
        ({"code": "HF-WRK-065"}, "is not found"),
        ({"target": {"uid": "forged"}}, "another object stands in its place"),
        ({"target": {"name": "gone"}}, "not there any more"),
        ({"target": {"name": "Web"}}, "no name that Kubernetes allows"),
        ({"target": {"name": "web\n"}}, "no name that Kubernetes allows"),
        ({"target": {"name": "wеb"}}, "no name that Kubernetes allows"),  # a Cyrillic e
        ({"target": {"name": "../web"}}, "no name that Kubernetes allows"),
        ({"target": {"name": "web?dryRun=All"}}, "no name that Kubernetes allows"),
        ({"target": {"namespace": "shop/../kube-system"}}, "no name that Kubernetes allows"),
        ({"target": {"namespace": ""}}, ""),
        ({"target": {"kind": "Secret", "api_version": "v1"}}, "is done to no Secret"),
        ({"target": {"kind": "deployment"}}, "is done to no deployment"),
        ({"target": {"api_version": "apps/v1beta1"}}, "is done to no Deployment"),
    ],
)
async def test_a_letter_that_does_not_fit_is_refused(changed: dict[str, Any], because: str) -> None:
    async with a_stage() as stage:
        outcome = await stage.asked(stage.body(RESTART, **changed))
        assert outcome.startswith("refused: ent_")
        assert because in stage.why()
        assert () == tuple(stage.cases())
        assert "" == proposal_named(outcome)


async def test_what_is_well_is_not_repaired() -> None:
    cluster = a_shop()
    web = cluster.fetch("deployments.apps", "web", namespace="shop")
    cluster.update_status({**web, "status": {**web["status"], "availableReplicas": 2}})
    async with a_stage(cluster) as stage:
        assert (await stage.asked(stage.body(RESTART))).startswith("refused")
        assert "HF-WRK-010 is not found for Deployment shop/web now" == stage.why()


async def test_a_fault_of_another_workload_is_no_reason() -> None:
    cluster = a_shop()
    other = cluster.fetch("deployments.apps", "web", namespace="shop")
    spec = {"replicas": 1, **{k: v for k, v in other["spec"].items() if k != "replicas"}}
    metadata = {"name": "api", "namespace": "shop"}
    made = cluster.create(
        {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec}
    )
    async with a_stage(cluster) as stage:
        target = {"name": "api", "uid": made["metadata"]["uid"]}
        assert (await stage.asked(stage.body(RESTART, target=target))).startswith("refused")
        assert "is not found for Deployment shop/api" in stage.why()


async def test_what_nobody_can_see_is_told_apart_from_what_is_not_there() -> None:
    cluster = a_shop()
    keeper = cluster.as_user("keeper")
    rules = [
        {"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["get", "list"]},
        {"apiGroups": [""], "resources": ["namespaces"], "verbs": ["get"]},
    ]
    role = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": {"name": "few"},
        "rules": rules,
    }
    cluster.grant(role, user="keeper")
    async with a_stage(keeper) as stage:
        body = stage_body(cluster, stage)
        assert (await stage.asked(body)).startswith("refused")
        assert "nobody can tell whether HF-WRK-010 is so" in stage.why()


def stage_body(cluster: SimulatedCluster, stage: Stage) -> dict[str, Any]:
    """The body that the administrator would write."""
    keeper, stage.cluster = stage.cluster, cluster
    body = stage.body(RESTART)
    stage.cluster = keeper
    return body


async def test_another_cluster_than_the_record_s_is_left_alone() -> None:
    async with a_stage(record_of="another") as stage:
        assert (await stage.asked(stage.body(RESTART))).startswith("refused")
        assert "another cluster" in stage.why()


# What is refused after it was asked for: the case says by whom, and nothing was tried.


def _label(stage: Stage) -> None:
    change = {"metadata": {"labels": {"kustomize.toolkit.fluxcd.io/name": "shop"}}}
    stage.cluster.patch("deployments.apps", "web", change, namespace="shop")


def _rules(stage: Stage, **changed: Any) -> None:
    stage.rules = msgspec.structs.replace(stage.rules, **changed)


def _freeze(stage: Stage) -> None:
    at = stage.cluster.clock.now()
    with stage.store.transaction() as tx:
        tx.switches.on(FREEZE, switch_told(Frozen(by="ana", reason="x", at=at)), at)


def _nothing_to_go_back_to(stage: Stage) -> None:
    stage.cluster.delete("pods", "web-1-a", namespace="shop", grace_seconds=0)


@pytest.mark.parametrize(
    ("change", "by"),
    [
        (_label, "kept_elsewhere"),
        (lambda stage: _rules(stage, switched_on=frozenset()), "closed_set"),
        (lambda stage: _rules(stage, protected=frozenset({"shop"})), "protected_namespaces"),
        (_freeze, "freeze"),
        (lambda stage: stage.changed.update(operator=Operator(lambda _: False)), "operator_policy"),
        (lambda stage: stage.changed.update(people=people), "operator_policy"),
        (_nothing_to_go_back_to, "target_scope"),
    ],
)
async def test_a_layer_that_refuses_ends_it_before_a_lease_is_made(
    change: Callable[[Stage], None], by: str
) -> None:
    async with a_stage() as stage:
        id_ = proposal_named(await stage.asked(stage.body(UNDO)))
        change(stage)
        case = await stage.previewed(id_)
        assert refused(case, by)
        assert () == made_leases(stage)
        (verdict,) = stage.drafts("verdict")
        assert by in str(verdict.details["refusals"])


async def test_a_target_that_changed_hands_since_it_was_asked_for_is_refused() -> None:
    async with a_stage() as stage:
        id_ = proposal_named(await stage.asked(stage.body(EVICT)))
        pod = stage.cluster.fetch("pods", BAD.split()[1], namespace="shop")
        stage.cluster.delete("pods", pod["metadata"]["name"], namespace="shop", grace_seconds=0)
        metadata = {k: pod["metadata"][k] for k in ("name", "namespace", "ownerReferences")}
        stage.cluster.create({**pod, "metadata": metadata})
        assert "another object" in refused(await stage.previewed(id_), "sight")


async def test_a_target_on_which_something_is_under_way_gets_no_second_proposal() -> None:
    async with a_stage() as stage:
        first = await stage.proposed(RESTART)
        approved = msgspec.structs.replace(first, state=State.APPLIED.value)
        with stage.store.transaction() as tx:
            assert tx.cases.move(first, approved)
        assert first.id in refused(await stage.proposed(RESTART), "cases")
        assert State.PROPOSED == (await stage.proposed("DeleteJob")).state  # on another target


# What the preview shows.


async def test_a_webhook_that_supports_no_dry_run_is_named() -> None:
    async with a_stage() as stage:
        a_webhook_without_dry_runs(stage.cluster, "sidecars.example.com")
        because = refused(await stage.proposed(RESTART), "preview")
        assert "the webhook sidecars.example.com supports no dry run" in because
        assert () == tuple(await stage.leases.left())


async def test_whoever_changes_it_on_its_way_is_named_where_the_fence_refuses_that() -> None:
    scope = {
        "operations": ["UPDATE"],
        "apiGroups": ["apps"],
        "apiVersions": ["v1"],
        "resources": ["*/scale", "deployments"],
    }
    async with a_stage() as stage:
        for name, rule in (
            ("sidecars", scope),
            ("pods", scope | {"apiGroups": [""], "resources": ["pods"]}),
        ):
            made = manifest(
                "admissionregistration.k8s.io/v1",
                "MutatingWebhookConfiguration",
                name,
                namespace=None,
                webhooks=[{"name": f"{name}.example.com", "rules": [rule]}],
            )
            stage.cluster.create(made)
        stage.leases.not_lent.append(NotLent(why="It would change more.", refused=True))
        because = refused(await stage.proposed(RESTART), "preview")
    assert because == ("It would change more. Asked about deployments.apps: sidecars.example.com.")


def _sidecar(resource: Resource, document: Json) -> Json:
    """As a mesh does it."""
    if resource.kind != "Deployment":
        return document
    env = [{"name": "MESH", "value": "canary-bird"}]
    more = {"name": "sidecar", "image": "registry.example/sidecar:1", "env": env}
    spec = document["spec"]
    pod = spec["template"]["spec"]
    pod = {**pod, "containers": [*pod["containers"], more]}
    return {**document, "spec": {**spec, "template": {**spec["template"], "spec": pod}}}


def _seven(resource: Resource, document: Json) -> Json:
    """As somebody's own autoscaler does it."""
    many = {"spec": {**document["spec"], "replicas": 7}} if resource.kind == "Deployment" else {}
    return {**document, **many}


@pytest.mark.parametrize(
    ("kind", "webhook", "place", "by"),
    [
        (RESTART, _sidecar, SIDECAR, ["target_scope", "preview"]),
        (RESTART, _seven, "spec.replicas", ["target_scope", "preview"]),
        (UNDO, _sidecar, SIDECAR, ["preview"]),  # it lies in what the action may change
        (UNDO, _seven, "spec.replicas", ["target_scope", "preview"]),
        ("ScaleWorkload", _seven, "spec.replicas", ["preview"]),
    ],
)
async def test_what_a_webhook_adds_is_shown_and_refused(
    kind: str, webhook: Webhook, place: str, by: list[str]
) -> None:
    async with a_stage() as stage:
        stage.cluster.server.webhooks.append(webhook)
        case = await stage.proposed(kind)
        assert State.REFUSED == case.state
        said = refusals(case)
        assert by == list(said)
        assert place in said["preview"]
        assert "otherwise than it was asked for" in said["preview"]
        (found,) = [each for each in proposal(case).effect if place == written(each.path)]
        told = json.dumps(found.after)
        assert "registry.example/sidecar:1" in told if webhook is _sidecar else "7" == told
        (recorded,) = stage.drafts("proposal")
        assert place in str(recorded.details["effect"])
        assert "canary-bird" not in str(stage.drafts("verdict")) + case.card + str(recorded)
        assert [] == stage.writes()


async def test_a_fence_that_does_not_stand_ends_it_and_alarms() -> None:
    async with a_stage() as stage:
        stage.leases.not_lent.append(NotLent(why="nobody refused it", alarm=True))
        assert "nobody refused it" == refused(await stage.proposed(RESTART), "leases")
        assert "a fence does not hold" in stage.log.events


async def test_fences_that_were_altered_end_it_before_a_lease_is_made() -> None:
    async with a_stage() as stage:
        stage.cluster.delete("validatingadmissionpolicies", "holdfast-lease")
        assert "holdfast-lease" in refused(await stage.proposed(RESTART), "fences")
        assert () == made_leases(stage)


@pytest.mark.slow
async def test_a_lease_that_cannot_be_cut_off_is_told_of_and_ended_later() -> None:
    async with a_stage() as stage:
        stage.leases.not_cut_off += ["it hangs"] * 99
        case = await stage.proposed(RESTART)
        assert State.PROPOSED == case.state
        assert "lease left over" in stage.log.events
        stage.leases.not_cut_off.clear()
        await stage.revoked(case.id)
        assert [] == [*await stage.leases.left()]


async def test_the_end_of_its_lease_stands_in_the_record() -> None:
    async with a_stage() as stage:
        case = await stage.proposed(RESTART)
        await stage.revoked(case.id)
        account = f"preview.rolloutrestart.{stage.document(WEB).ref.uid}.1"
        for kind in ("lease", "cut_off", "revoke"):
            (told,) = stage.drafts(kind)
            assert (case.id,) == told.subjects
            assert {"account": account} == told.details


async def test_leases_of_attempts_that_died_are_ended_with_the_one_that_lives() -> None:
    async with a_stage() as stage:
        outcome = await stage.asked(stage.body(RESTART))
        id_ = proposal_named(outcome)
        uid = stage.document(WEB).ref.uid
        with stage.store.transaction() as tx:
            allot(
                tx,
                Purpose.PREVIEW,
                RolloutRestart.kind,
                uid,
                run=f"preview/{id_}",
                at=stage.cluster.clock.now(),
            )
        await stage.previewed(id_)
        await stage.revoked(id_, 2)
        names = [f"preview.rolloutrestart.{uid}.{number}" for number in (1, 2)]
        assert names == sorted(str(each.details["account"]) for each in stage.drafts("revoke"))


async def test_no_two_previews_share_a_lease() -> None:
    async with a_stage() as stage:
        for _ in range(2):
            await stage.proposed(RESTART)
        made = [e for e in stage.cluster.audit if e.resource == "serviceaccounts"]
        leases = [parsed(each.name) for each in made if each.verb == "delete"]
        assert {1, 2} == {each.generation for each in leases if each is not None}
        assert {Purpose.PREVIEW} == {each.purpose for each in leases if each is not None}


async def test_an_object_whose_status_moves_is_tried_again_and_one_whose_spec_moves_is_not() -> (
    None
):
    for plural, change, state in (
        ("status", {"status": {"readyReplicas": 0}}, State.PROPOSED),
        ("spec", {"spec": {"replicas": 5}}, State.REFUSED),
    ):
        async with a_stage() as stage:
            moving = _Moving(stage, change, status=plural == "status")
            stage.cluster.server.fences.insert(0, moving)
            case = await stage.proposed(RESTART)
            assert state == case.state, refusals(case)
            assert moving.moved


class _Moving:
    """Somebody changes the object at the moment at which it is first tried."""

    def __init__(self, stage: Stage, change: dict[str, Any], *, status: bool) -> None:
        self.stage, self.change, self.status, self.moved = stage, change, status, False

    def __call__(self, change: Any) -> str:
        if change.dry and not self.moved:
            self.moved = True
            sub = "status" if self.status else ""
            self.stage.cluster.patch(
                "deployments.apps", "web", self.change, namespace="shop", subresource=sub
            )
            raise StatusError(409, "Conflict", "the object has been modified")
        return ""


async def test_a_cluster_that_does_not_answer_refuses_what_was_asked_for() -> None:
    async with a_stage() as stage:
        id_ = proposal_named(await stage.asked(stage.body(RESTART)))
        stage.changed["cluster"] = _Silent(stage.cluster)
        assert "nobody answers" in refused(await stage.previewed(id_), "cluster")


class _Silent:
    """A cluster that nobody reaches any more."""

    def __init__(self, cluster: SimulatedCluster) -> None:
        self.cluster = cluster

    async def identity(self) -> Any:
        raise CouldNotLook("nobody answers", remedy="x")

    def __getattr__(self, name: str) -> Any:
        return getattr(self.cluster, name)


async def test_an_attempt_after_the_case_was_kept_keeps_no_second() -> None:
    async with a_stage() as stage:
        first = await stage.proposed(RESTART)
        body = stage.body(RESTART)
        asked = msgspec.convert(body, Propose)
        argument = PreviewOrder(proposal=first.id, letter="ltr_9", asked=asked)
        order = Order(id="again", phase=PREVIEW, argument=argument, partition="shop")
        with stage.store.transaction() as tx:
            stage.engine.enqueue(tx, order)
        async with stage.engine.running():
            await stage.until(lambda: stage._ended("again"))
        with stage.store.reading() as tx:
            status = stage.engine.status(tx, "again")
        assert status is not None
        assert (RunState.DONE, first.id) == (status.state, status.result)
        assert [first] == list(stage.cases())
        assert 1 == len(stage.drafts("proposal"))


def test_a_name_of_several_parts_is_a_name_and_a_long_one_is_none() -> None:
    def asked(name: str) -> object:
        target = Meant(
            api_version="apps/v1", kind="Deployment", namespace="shop", name=name, uid="u-1"
        )
        return meant(
            Propose(
                trouble="t",
                code="c",
                target=target,
                action=RESTART,
                params={"stamp": STAMP},
                requester="",
            )
        )

    assert isinstance(asked("a.b-c.d"), Wanted)
    assert isinstance(asked("a" * 253), Wanted)
    assert not isinstance(asked("a" * 254), Wanted)


def test_a_server_s_words_are_told_without_the_values_that_it_quotes() -> None:
    said = 'spec.env[0].value: Invalid value: "hunter2 \\" still": must be shorter'
    assert "hunter2" not in without_values(said, EVICTION, None)
    assert "must be shorter" in without_values(said, EVICTION, None)
    assert 500 == len(without_values("x" * 9999, EVICTION, None))


def test_a_webhook_s_words_are_told_without_what_stood_or_was_to_stand_in_the_object() -> None:
    env: list[Plain] = [{"name": "DB", "value": "horse battery"}]
    sets = (Set(path=("spec", "containers", Item(by="name", value="a"), "env"), value=env, was=()),)
    there = Document(value={"metadata": {"annotations": {"example.com/note": "staple"}}})
    said = without_values(
        "no horse battery, no staple", Patch(target=EVICTION.target, sets=sets), there
    )
    assert said.startswith("no (hidden, sha256 ")
    assert not {"horse", "staple"} & {*said.replace(",", "").split()}


def test_what_came_of_nothing_is_said_in_words() -> None:
    assert "(403)" in why_not(Denied(code=403, reason="Forbidden", says="no"), EVICTION, None)
    assert "supports no dry run" not in why_not(
        Denied(code=403, reason="x", says='admission webhook "a" does not support dry run'),
        EVICTION,
        None,
    )
    assert why_not(Unclear(why="it hung up"), EVICTION, None).startswith("nobody answers")
