"""Big, cut off or tied in a knot: a scan takes time in proportion, and ends."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from holdfast.model.kinds import Event, Pod
from holdfast.model.snapshot import Snapshot, State
from tests.properties.mutations import Json
from tests.properties.scanning import bounded, encoded, kind_of, scanned, snapshot_of, told

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
BEFORE = "2026-01-01T11:00:00Z"
MOST_SECONDS = 30.0  # of this process alone; it takes a tenth


def _object(version: str, kind: str, name: str, owner: Json | None = None, **more: object) -> Json:
    metadata: Json = {
        "name": name,
        "namespace": "shop",
        "uid": f"{kind}-{name}",
        "creationTimestamp": BEFORE,
        "labels": {"app": name},
    }
    if owner is not None:
        metadata["ownerReferences"] = [
            {
                "kind": owner["kind"],
                "name": owner["metadata"]["name"],
                "uid": owner["metadata"]["uid"],
                "controller": True,
            }
        ]
    return {"apiVersion": version, "kind": kind, "metadata": metadata, **more}


def _broken(number: int) -> Iterator[Json]:
    """A workload whose pod misses its ConfigMap, behind a service, a policy and a budget."""
    name = f"web-{number}"
    labels = {"app": name}
    spec = {
        "containers": [
            {"name": "web", "image": "web:1", "envFrom": [{"configMapRef": {"name": name}}]}
        ]
    }
    template = {"metadata": {"labels": labels}, "spec": spec}
    wanted = {"replicas": 1, "selector": {"matchLabels": labels}, "template": template}
    deployment = _object("apps/v1", "Deployment", name, spec=wanted, status={"replicas": 1})
    replica_set = _object("apps/v1", "ReplicaSet", name, deployment, spec=wanted)
    waiting = {"reason": "CreateContainerConfigError", "message": f'configmap "{name}" not found'}
    status = {
        "phase": "Pending",
        "conditions": [{"type": "PodScheduled", "status": "True", "lastTransitionTime": BEFORE}],
        "containerStatuses": [{"name": "web", "state": {"waiting": waiting}}],
    }
    yield deployment
    yield replica_set
    yield _object("v1", "Pod", name, replica_set, spec=spec, status=status)
    yield _object("v1", "Service", name, spec={"selector": labels, "ports": [{"port": 80}]})
    chosen = {"matchLabels": labels}
    yield _object("networking.k8s.io/v1", "NetworkPolicy", name, spec={"podSelector": chosen})
    yield _object("policy/v1", "PodDisruptionBudget", name, spec={"selector": chosen})


def _event(number: int, of: str) -> Json:
    about = {"kind": "Pod", "namespace": "shop", "name": of, "uid": f"Pod-{of}"}
    return _object(
        "v1",
        "Event",
        f"{of}.{number}",
        involvedObject=about | {"fieldPath": "spec.containers{web}"},
        type="Warning",
        reason="Failed",
        message="Error: it failed",
        firstTimestamp=BEFORE,
        lastTimestamp="2026-01-01T11:59:30Z",
    )


def _snapshot(*objects: Json, states: dict[type, State] | None = None) -> Snapshot:
    return snapshot_of(((kind_of(each), each) for each in objects), NOON, states=states)


@pytest.mark.slow
def test_five_thousand_findings_in_one_namespace() -> None:
    snapshot = _snapshot(*(each for n in range(1_700) for each in _broken(n)))

    with bounded(MOST_SECONDS):
        judged = scanned(snapshot)
        encoded(snapshot, judged, "json")

    assert 5_000 < len(judged.findings)
    assert 1_700 <= len(judged.troubles)


@pytest.mark.slow
def test_twice_as_much_of_one_namespace_takes_twice_as_long() -> None:
    def seconds(size: int) -> float:
        snapshot = _snapshot(*(each for n in range(size) for each in _broken(n)))
        began = time.process_time()
        scanned(snapshot)
        return time.process_time() - began

    small = min(seconds(100) for _ in range(2))
    large = seconds(800)

    assert 8 * 4 > large / small  # what is quadratic takes 64 times as long


@pytest.mark.slow
def test_ten_thousand_events_of_one_pod() -> None:
    broken = tuple(_broken(0))
    snapshot = _snapshot(*broken, *(_event(n, "web-0") for n in range(10_000)))

    with bounded(MOST_SECONDS):
        judged = scanned(snapshot)
        for text in told(snapshot, judged):
            assert len(text) < 100_000

    assert "container_config_missing" in {finding.name for finding in judged.findings}


def test_a_list_cut_off_in_the_middle_says_nothing_of_what_is_missing() -> None:
    """The pods broke off before those of the second workload, the events altogether."""
    objects = [each for n in range(2) for each in _broken(n)]
    cut = [each for each in objects if each["kind"] != "Pod"]
    cut += [each for each in objects if each["kind"] == "Pod"][:1]
    states: dict[type, State] = {Pod: State.PARTIAL, Event: State.PARTIAL}

    judged = scanned(_snapshot(*cut, states=states))

    about = {finding.about.name for finding in judged.findings if finding.about.kind == "Service"}
    assert set() == about
    assert {"pods", "events"} <= {blind.plural for blind in judged.blind}


def test_owners_tied_in_a_knot() -> None:
    objects = [each for n in range(20) for each in _broken(n)]
    for each, owner in zip(objects, objects[1:] + objects[:1], strict=True):
        each["metadata"]["ownerReferences"] = [
            {
                "kind": owner["kind"],
                "name": owner["metadata"]["name"],
                "uid": owner["metadata"]["uid"],
                "controller": True,
            }
        ]
    snapshot = _snapshot(*objects)

    with bounded(MOST_SECONDS):
        judged = scanned(snapshot)

    assert 20 <= len(judged.findings)
