from datetime import timedelta

from holdfast.facts import judge
from holdfast.model.kinds import KINDS, Claim, Deployment, Pod, ReplicaSet
from holdfast.model.rules import Channel
from holdfast.model.snapshot import State
from holdfast.testing.builders import (
    a_claim,
    a_deployment,
    a_namespace,
    a_pod,
    a_replica_set,
    a_secret,
    a_snapshot,
    a_storage_class,
    ago,
    ended,
    waiting,
)
from holdfast.testing.clock import NOON


def test_what_nobody_broke_is_healthy() -> None:
    deployment = a_deployment()
    replica_set = a_replica_set(owner=deployment)
    whole = a_snapshot(
        a_namespace(),
        a_secret(),
        a_storage_class(),
        a_claim(),
        deployment,
        replica_set,
        a_pod(owner=replica_set, mounts=["data"]),
    )
    judged = judge(whole)
    incidents = [f for f in (*judged.findings, *judged.young) if f.channel is Channel.INCIDENT]
    assert ([], ()) == (incidents, judged.blind)


def test_a_snapshot_has_seen_every_kind_that_it_was_not_told_to_miss() -> None:
    assert {State.CAPTURED} == {a_snapshot().capture(kind).state for kind in KINDS}


def test_a_snapshot_is_blind_where_it_is_told_to_be() -> None:
    seen = a_snapshot(blind=[Pod], states={Claim: State.ABSENT})
    states = [seen.capture(kind).state for kind in (Pod, Claim, Deployment)]
    assert [State.FORBIDDEN, State.ABSENT, State.CAPTURED] == states


def test_a_claim_that_waited_is_as_old_as_its_wait() -> None:
    claim = a_claim(waited=timedelta(minutes=9))
    assert ("Pending", ago(timedelta(minutes=9))) == (claim.status.phase, claim.born)


def test_a_claim_that_did_not_wait_is_bound() -> None:
    assert ("Bound", "pv-data") == (a_claim().status.phase, a_claim().spec.volume_name)


def test_owners_are_known_by_uid() -> None:
    deployment = a_deployment()
    replica_set = a_replica_set(owner=deployment)
    snapshot = a_snapshot(deployment, replica_set)
    assert [replica_set] == list(snapshot.owned_by(ReplicaSet, deployment))


def test_a_pod_mounts_the_claims_that_it_is_told() -> None:
    assert ("data", "logs") == a_pod(mounts=["data", "logs"]).claims


def test_the_phase_of_a_pod_follows_from_its_containers() -> None:
    pods = [a_pod(), a_pod("b", waiting()), a_pod("c", ended())]
    assert ["Running", "Pending", "Running"] == [pod.status.phase for pod in pods]


def test_a_pod_that_waits_is_not_ready() -> None:
    ready = a_pod("web", waiting()).condition("Ready")
    assert ready is not None
    assert "False" == ready.status


def test_the_same_place_has_the_same_uid_and_another_place_another() -> None:
    here, there = a_claim(), a_claim(namespace="other")
    assert a_claim().metadata.uid == here.metadata.uid
    assert here.metadata.uid != there.metadata.uid


def test_now_is_noon_unless_told_otherwise() -> None:
    later = NOON + timedelta(hours=1)
    assert (NOON, later) == (a_snapshot().now, a_snapshot(now=later).now)


def test_a_deployment_that_is_short_says_so_in_its_conditions() -> None:
    short = a_deployment(replicas=3, available=1, short_for=timedelta(minutes=7))
    available = short.condition("Available")
    assert available is not None
    told = (available.status, available.last_transition_time)
    assert ("False", ago(timedelta(minutes=7))) == told
