"""A played pod does what a kubelet's pod does; here by a clock of our own, without a cluster."""

from itertools import pairwise
from typing import Any

import pytest

from lab.kubelet import status
from tests.lab.stage import FakeWorld, a_container, a_pod, play, shell

FULL = "web-1_shop(0c3f)"


def test_runs_and_is_ready_at_once_when_the_spec_says_nothing() -> None:
    shown = play(a_pod()).until(0)

    assert shown.reasons() == ["Pulling", "Pulled", "Created", "Started"]
    assert shown.status["phase"] == "Running"
    assert shown.condition("Ready")["status"] == "True"
    assert shown.container()["state"] == {"running": {"startedAt": "1970-01-01T00:00:00Z"}}


def test_says_that_the_image_is_there_when_the_node_has_it() -> None:
    world = FakeWorld(images={"registry.example/app:1"})

    assert play(a_pod(), world).until(0).message("Pulled") == (
        'Container image "registry.example/app:1" already present on machine and can be accessed '
        "by the pod"
    )


def test_backs_off_as_a_kubelet_does() -> None:
    """It runs a second each time, starts again at once, and then 10, 20, 40 s after each end."""
    shown = play(a_pod(shell("sleep 1; exit 3"))).until(1600)
    starts = shown.times("Started")
    gaps = [round(later - earlier - 1) for earlier, later in pairwise(starts)]

    assert gaps[:8] == [1, 10, 20, 40, 80, 160, 300, 300]


def test_a_crash_loop_looks_as_a_kubelet_writes_it() -> None:
    shown = play(a_pod(shell("sleep 1; exit 3"))).until(5)
    container = shown.container()

    assert container["state"]["waiting"] == {
        "reason": "CrashLoopBackOff",
        "message": f"back-off 10s restarting failed container=app pod={FULL}",
    }
    assert container["restartCount"] == 1
    assert not container["ready"]
    assert container["lastState"]["terminated"]["exitCode"] == 3
    assert container["lastState"]["terminated"]["reason"] == "Error"
    assert "signal" not in container["lastState"]["terminated"]
    assert shown.status["phase"] == "Running"
    assert shown.message("BackOff") == f"Back-off restarting failed container app in pod {FULL}"
    assert shown.condition("Ready")["message"] == "containers with unready status: [app]"


@pytest.mark.parametrize(
    ("script", "code"),
    [("kill -SEGV $$", 139), ("kill -9 $$", 137), ("exit 42", 42), ("kill -s ABRT $$", 134)],
)
def test_ends_with_the_code_or_signal_that_its_command_says(script: str, code: int) -> None:
    shown = play(a_pod(shell(script))).until(3)

    assert shown.container()["lastState"]["terminated"]["exitCode"] == code


@pytest.mark.parametrize(
    "script",
    [
        "sleep infinity",
        "while true; do date; sleep 5; done",
        "trap 'exit 0' TERM; tail -f /dev/null",
    ],
)
def test_a_process_that_goes_on_for_ever_keeps_running(script: str) -> None:
    assert play(a_pod(shell(script))).until(900).container()["ready"]


def test_dies_of_a_variable_that_is_not_set_and_lives_with_it() -> None:
    script = "exec app --db ${DATABASE_URL:?no database}"
    set_ = [{"name": "DATABASE_URL", "value": "postgres://db"}]

    dead = play(a_pod(shell(script))).until(2)
    alive = play(a_pod(shell(script, env=set_))).until(60)

    assert dead.container()["lastState"]["terminated"]["exitCode"] == 2
    assert alive.container()["ready"]


@pytest.mark.parametrize(("limit", "killed"), [("256Mi", True), ("300Mi", False), (None, False)])
def test_is_killed_for_memory_when_it_says_that_it_uses_more_than_its_limit(
    limit: str | None, killed: bool
) -> None:
    limits = {"limits": {"memory": limit}} if limit else {}
    shown = play(a_pod(a_container(args=["--uses-memory=300Mi"], resources=limits))).until(8)
    last = shown.container()["lastState"].get("terminated", {})

    assert (last.get("reason") == "OOMKilled") is killed
    assert (last.get("exitCode") == 137) is killed


def test_a_pull_that_fails_goes_from_error_to_back_off_and_tries_again() -> None:
    shown = play(a_pod(a_container(image="registry.example/app:does-not-exist"))).until(0)
    reference = "registry.example/app:does-not-exist"
    error = (
        "rpc error: code = NotFound desc = failed to pull and unpack image "
        f'"{reference}": failed to resolve reference "{reference}": {reference}: not found'
    )
    assert shown.container()["state"]["waiting"] == {"reason": "ErrImagePull", "message": error}
    assert shown.status["phase"] == "Pending"
    assert list(shown.messages()) == [
        f'Pulling image "{reference}"',
        f'Failed to pull image "{reference}": {error}',
        "Error: ErrImagePull",
    ]

    shown.until(6)
    assert shown.container()["state"]["waiting"] == {
        "reason": "ImagePullBackOff",
        "message": f'Back-off pulling image "{reference}": ErrImagePull: {error}',
    }
    assert shown.until(800).times("Pulling") == [0, 10, 30, 70, 150, 310, 610]


@pytest.mark.parametrize(
    ("image", "says"),
    [
        ("registry.example/app:private", "insufficient_scope: authorization failed"),
        ("app:rate-limited", "429 Too Many Requests\ntoomanyrequests: You have reached"),
        ("registry.invalid/app:1", "dial tcp: lookup registry.invalid on"),
    ],
)
def test_the_image_says_why_it_cannot_be_had(image: str, says: str) -> None:
    shown = play(a_pod(a_container(image=image))).until(0)

    assert says in shown.container()["state"]["waiting"]["message"]


def test_a_private_image_is_pulled_once_a_secret_is_named_that_exists() -> None:
    pod = a_pod(a_container(image="app:private"), imagePullSecrets=[{"name": "registry"}])
    world = FakeWorld()
    shown = play(pod, world).until(20)
    assert shown.status["phase"] == "Pending"

    world.objects["Secret", "registry"] = frozenset({".dockerconfigjson"})
    assert shown.until(60).status["phase"] == "Running"


def test_an_image_that_no_registry_could_have() -> None:
    shown = play(a_pod(a_container(image="registry.example/My/App:1"))).until(0)

    assert shown.container()["state"]["waiting"] == {
        "reason": "InvalidImageName",
        "message": 'Failed to apply default image tag "registry.example/My/App:1": couldn\'t parse '
        'image name "registry.example/My/App:1": invalid reference format: repository name '
        "(registry.example/My/App) must be lowercase",
    }


def test_changing_the_image_in_place_heals_at_once() -> None:
    shown = play(a_pod(a_container(image="app:does-not-exist"))).until(400)
    shown.change(a_pod()).until(400)

    assert shown.status["phase"] == "Running"
    assert shown.container()["restartCount"] == 0


def test_changing_the_image_of_a_running_container_restarts_it() -> None:
    shown = play(a_pod()).until(30)
    shown.change(a_pod(a_container(image="registry.example/app:2"))).until(31)

    assert shown.message("Killing") == "Container app definition changed, will be restarted"
    assert shown.container()["restartCount"] == 1
    assert shown.container()["image"] == "registry.example/app:2"


FROM_MAP = [{"name": "A", "valueFrom": {"configMapKeyRef": {"name": "settings", "key": "a"}}}]
FROM_SECRET = [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "keys", "key": "a"}}}]


@pytest.mark.parametrize(
    ("more", "objects", "message"),
    [
        ({"env": FROM_MAP}, {}, 'configmap "settings" not found'),
        (
            {"env": FROM_MAP},
            {("ConfigMap", "settings"): frozenset("b")},
            "couldn't find key a in ConfigMap shop/settings",
        ),
        ({"env": FROM_SECRET}, {}, 'secret "keys" not found'),
        (
            {"env": FROM_SECRET},
            {("Secret", "keys"): frozenset("b")},
            "couldn't find key a in Secret shop/keys",
        ),
        ({"envFrom": [{"configMapRef": {"name": "all"}}]}, {}, 'configmap "all" not found'),
    ],
)
def test_what_its_environment_refers_to_is_missing(
    more: dict[str, Any], objects: dict[tuple[str, str], frozenset[str]], message: str
) -> None:
    shown = play(a_pod(a_container(**more)), FakeWorld(objects=objects)).until(0)

    assert shown.container()["state"]["waiting"] == {
        "reason": "CreateContainerConfigError",
        "message": message,
    }
    assert shown.reasons() == ["Pulling", "Pulled", "Failed"]
    assert shown.message("Failed") == f"Error: {message}"


def test_starts_once_the_missing_key_appears() -> None:
    world = FakeWorld()
    shown = play(a_pod(a_container(env=FROM_MAP)), world).until(20)
    world.objects["ConfigMap", "settings"] = frozenset("a")

    assert shown.until(40).container()["ready"]


def test_an_optional_reference_may_lead_nowhere() -> None:
    optional = {"configMapKeyRef": {"name": "settings", "key": "a", "optional": True}}
    shown = play(a_pod(a_container(env=[{"name": "A", "valueFrom": optional}]))).until(0)

    assert shown.container()["ready"]


@pytest.mark.parametrize(
    ("source", "objects", "why"),
    [
        ({"configMap": {"name": "site"}}, {}, 'configmap "site" not found'),
        ({"secret": {"secretName": "tls"}}, {}, 'secret "tls" not found'),
        (
            {"configMap": {"name": "site", "items": [{"key": "index"}]}},
            {("ConfigMap", "site"): frozenset({"other"})},
            "configmap references non-existent config key: index",
        ),
        (
            {"projected": {"sources": [{"secret": {"name": "tls"}}]}},
            {},
            'secret "tls" not found',
        ),
    ],
)
def test_a_volume_that_cannot_be_set_up(
    source: dict[str, object], objects: dict[tuple[str, str], frozenset[str]], why: str
) -> None:
    world = FakeWorld(objects=objects)
    shown = play(a_pod(volumes=[{"name": "files", **source}]), world).until(0)

    assert shown.message("FailedMount") == f'MountVolume.SetUp failed for volume "files" : {why}'
    assert shown.container()["state"] == {"waiting": {"reason": "ContainerCreating"}}
    assert shown.condition("PodReadyToStartContainers")["status"] == "False"


def test_init_containers_run_one_after_another_and_then_the_others() -> None:
    pod = a_pod(initContainers=[a_container("first"), a_container("second")])
    shown = play(pod).until(0)
    assert shown.container()["state"] == {"waiting": {"reason": "PodInitializing"}}
    assert shown.condition("Initialized")["message"] == (
        "containers with incomplete status: [first second]"
    )

    shown.until(10)
    assert shown.container("second")["state"]["terminated"]["reason"] == "Completed"
    assert shown.container()["ready"]
    assert shown.condition("Initialized")["status"] == "True"


def test_an_init_container_that_fails_holds_everything_up() -> None:
    init = a_container("migrate", command=["sh", "-c", "exit 1"])
    shown = play(a_pod(initContainers=[init])).until(8)

    assert shown.status["phase"] == "Pending"
    assert shown.container("migrate")["state"]["waiting"]["reason"] == "CrashLoopBackOff"
    assert shown.container("migrate")["lastState"]["terminated"]["exitCode"] == 1
    assert shown.condition("Initialized")["reason"] == "ContainersNotInitialized"


def test_a_sidecar_keeps_running_beside_the_others() -> None:
    init = a_container("proxy", restartPolicy="Always")
    shown = play(a_pod(initContainers=[init])).until(60)

    assert shown.container("proxy")["state"].keys() == {"running"}
    assert shown.container()["ready"]


def test_a_job_s_pod_completes() -> None:
    shown = play(a_pod(owner="Job", restartPolicy="Never")).until(5)

    assert shown.status["phase"] == "Succeeded"
    assert shown.condition("Ready")["reason"] == "PodCompleted"


def test_a_job_s_pod_that_loops_runs_on() -> None:
    loop = shell("while true; do sleep 10; done")
    shown = play(a_pod(loop, owner="Job", restartPolicy="Never")).until(600)

    assert shown.container()["state"].keys() == {"running"}


def test_an_init_container_that_loops_holds_the_pod_up() -> None:
    init = a_container("wait", command=["sh", "-c", "until nc -z db 5432; do sleep 2; done"])
    shown = play(a_pod(initContainers=[init])).until(600)

    assert shown.container("wait")["state"].keys() == {"running"}
    assert shown.status["phase"] == "Pending"


@pytest.mark.parametrize(
    ("policy", "phase", "restarts"), [("Never", "Failed", 0), ("OnFailure", "Running", 1)]
)
def test_a_job_s_pod_that_fails(policy: str, phase: str, restarts: int) -> None:
    shown = play(a_pod(shell("exit 1"), owner="Job", restartPolicy=policy)).until(4)

    assert shown.status["phase"] == phase
    assert shown.container()["restartCount"] == restarts


@pytest.mark.parametrize(
    ("container", "volumes", "message"),
    [
        (
            a_container(args=["--writes=2Gi"], resources={"limits": {"ephemeral-storage": "1Gi"}}),
            [],
            'Container app exceeded its local ephemeral storage limit "1Gi". ',
        ),
        (
            a_container(
                args=["--writes=2Gi"], volumeMounts=[{"name": "scratch", "mountPath": "/tmp"}]
            ),
            [{"name": "scratch", "emptyDir": {"sizeLimit": "1Gi"}}],
            'Usage of EmptyDir volume "scratch" exceeds the limit "1Gi". ',
        ),
    ],
)
def test_is_evicted_for_writing_more_than_it_may(
    container: dict[str, object], volumes: list[object], message: str
) -> None:
    shown = play(a_pod(container, volumes=volumes)).until(5)

    assert shown.status["phase"] == "Failed"
    assert shown.status["reason"] == "Evicted"
    assert shown.status["message"] == message
    assert shown.message("Evicted") == message
    assert shown.condition("Ready")["reason"] == "PodFailed"
    assert "DisruptionTarget" not in {each["type"] for each in shown.status["conditions"]}


FAULTS = {
    "crash-loop": "CrashLoopBackOff",
    "oom": "CrashLoopBackOff",
    "image-not-found": "ImagePullBackOff",
    "image-auth": "ImagePullBackOff",
    "image-rate-limit": "ImagePullBackOff",
    "image-network": "ImagePullBackOff",
    "config-error": "CreateContainerConfigError",
}


@pytest.mark.parametrize("fault", FAULTS)
def test_an_annotation_brings_a_fault_and_its_removal_heals(fault: str) -> None:
    shown = play(a_pod(annotations={"lab.holdfast.dev/fault": fault})).until(8)
    assert shown.container()["state"]["waiting"]["reason"] == FAULTS[fault]

    assert shown.change(a_pod()).until(9).container()["ready"]


def test_an_annotation_evicts_for_the_node_s_sake() -> None:
    shown = play(a_pod(annotations={"lab.holdfast.dev/fault": "evicted"})).until(5)

    assert shown.status["message"].startswith("The node was low on resource: memory. ")
    assert shown.condition("DisruptionTarget")["reason"] == "TerminationByKubelet"


def test_the_pace_shortens_waits_and_not_what_is_said() -> None:
    shown = play(a_pod(shell("sleep 1; exit 3")), pace=0.1).until(0.6)

    assert shown.container()["restartCount"] == 1
    assert "back-off 10s" in shown.container()["state"]["waiting"]["message"]


def test_the_last_words_become_the_termination_message_where_the_spec_wants_it() -> None:
    policy = {"terminationMessagePolicy": "FallbackToLogsOnError"}
    log = {"lab.holdfast.dev/log": "one\ntwo: no such host"}
    shown = play(a_pod(shell("exit 1", **policy), annotations=log)).until(3)

    assert shown.container()["lastState"]["terminated"]["message"] == "one\ntwo: no such host"


def test_on_a_node_without_an_address_no_empty_one_is_told() -> None:
    told = status.render(play(a_pod(hostNetwork=True)).until(60).life, host_ip="", now=60.0)
    assert set() == {"hostIP", "hostIPs", "podIP", "podIPs"} & {*told}
