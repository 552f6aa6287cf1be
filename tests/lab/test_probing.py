"""What probes find in a played container, by a clock of our own, without a cluster."""

import pytest

from tests.lab.stage import a_container, a_pod, play

HTTP = {"httpGet": {"path": "/healthz", "port": 8080}, "periodSeconds": 10, "failureThreshold": 3}
REFUSED = (
    'Get "http://10.128.0.2:8080/healthz": dial tcp 10.128.0.2:8080: connect: connection refused'
)
OTHER_PORT = [{"containerPort": 80}]


def test_a_readiness_probe_fails_where_nothing_listens() -> None:
    shown = play(a_pod(a_container(readinessProbe=HTTP, ports=OTHER_PORT))).until(35)

    assert shown.times("Unhealthy") == [0, 10, 20, 30]
    assert shown.message("Unhealthy") == f"Readiness probe failed: {REFUSED}"
    assert shown.container()["started"]
    assert not shown.container()["ready"]
    assert shown.container()["restartCount"] == 0


def test_a_liveness_probe_kills_and_leads_to_a_crash_loop() -> None:
    shown = play(a_pod(a_container(livenessProbe=HTTP, ports=OTHER_PORT))).until(65)

    assert shown.message("Unhealthy") == f"Liveness probe failed: {REFUSED}"
    assert shown.message("Killing") == "Container app failed liveness probe, will be restarted"
    assert shown.times("Killing") == [20, 41, 71][:2]
    assert shown.container()["restartCount"] >= 1


def test_a_startup_probe_kills_what_does_not_start() -> None:
    shown = play(a_pod(a_container(startupProbe=HTTP, ports=OTHER_PORT))).until(21)

    assert shown.message("Unhealthy") == f"Startup probe failed: {REFUSED}"
    assert shown.message("Killing") == "Container app failed startup probe, will be restarted"
    assert not shown.container()["started"]


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("/does-not-exist", "HTTP probe failed with statuscode: 404"),
        ("/broken", "HTTP probe failed with statuscode: 500"),
        ("/hangs", "(Client.Timeout exceeded while awaiting headers)"),
    ],
)
def test_a_probe_of_a_path_that_is_not_served(path: str, says: str) -> None:
    probe = {"httpGet": {"path": path, "port": 8080}}
    shown = play(a_pod(a_container(readinessProbe=probe))).until(0)

    assert shown.message("Unhealthy").endswith(says)


def test_a_slow_start_is_seen_by_the_probes() -> None:
    slow = {"lab.holdfast.dev/slow-start": "45s"}
    pod = a_pod(a_container(readinessProbe=HTTP), annotations=slow)
    shown = play(pod).until(44)
    assert shown.status["phase"] == "Running"
    assert not shown.container()["ready"]

    assert shown.until(51).container()["ready"]


def test_a_slow_start_without_probes_is_a_slow_pull() -> None:
    pod = a_pod(annotations={"lab.holdfast.dev/slow-start": "45s"})
    shown = play(pod).until(44)
    assert shown.container()["state"] == {"waiting": {"reason": "ContainerCreating"}}

    assert shown.until(46).container()["ready"]


def test_a_slow_start_meets_an_impatient_liveness_probe() -> None:
    slow = {"lab.holdfast.dev/slow-start": "60s"}
    impatient = play(a_pod(a_container(livenessProbe=HTTP), annotations=slow)).until(100)
    patient = a_container(livenessProbe=HTTP, startupProbe=HTTP | {"failureThreshold": 10})

    assert impatient.container()["restartCount"] > 0
    assert play(a_pod(patient, annotations=slow)).until(100).container()["restartCount"] == 0


@pytest.mark.parametrize("probe", ["readiness", "liveness", "startup"])
def test_an_annotation_makes_a_probe_fail(probe: str) -> None:
    pod = a_pod(
        a_container() | {f"{probe}Probe": HTTP}, annotations={"lab.holdfast.dev/fault": probe}
    )
    shown = play(pod).until(0)

    assert shown.message("Unhealthy") == (
        f"{probe.title()} probe failed: HTTP probe failed with statuscode: 503"
    )


def test_a_condition_keeps_its_time_while_its_status_stays() -> None:
    shown = play(a_pod(a_container(readinessProbe=HTTP, ports=OTHER_PORT))).until(0)
    first = shown.condition("Ready")["lastTransitionTime"]

    assert shown.until(600).condition("Ready")["lastTransitionTime"] == first
