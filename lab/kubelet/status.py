"""The status that a kubelet of Kubernetes 1.36 would write for the record of a pod's life.

Conditions as in pkg/kubelet/status/generate.go, the phase as in getPhase of kubelet_pods.go,
container statuses as in convertToAPIContainerStatuses there.
"""

from collections.abc import Iterator
from datetime import UTC, datetime

from lab.kubelet.box import Box, Ended, Running, Waiting
from lab.kubelet.images import image_id
from lab.kubelet.life import Life
from lab.kubelet.shapes import Json


def render(life: Life, *, host_ip: str, now: float) -> Json:
    """For a strategic merge patch; None removes a field."""
    phase = phase_of(life)
    host = life.pod.spec.host_network
    status: Json = {
        "observedGeneration": life.pod.metadata.generation,
        "phase": phase,
        "conditions": list(_conditions(life, phase, now)),
        "startTime": timestamp(life.began),
        "containerStatuses": [_container(box) for box in _by_name(life.boxes)],
        "reason": "Evicted" if life.evicted else None,
        "message": life.evicted,
    }
    if life.inits:
        status["initContainerStatuses"] = [_container(box) for box in life.inits]
    if host_ip:  # a Node that a person wrote may have none, and the API server takes no empty one
        status |= {"hostIP": host_ip, "hostIPs": [{"ip": host_ip}]}
    ip = host_ip if host else life.ip
    if life.mounted and ip:
        status |= {"podIP": ip, "podIPs": [{"ip": ip}]}
    return status


def phase_of(life: Life) -> str:
    if life.evicted:
        return "Failed"
    if not life.initialized:
        hopeless = life.over and any(
            isinstance(box.state, Ended) and box.state.code for box in life.inits
        )
        return "Failed" if hopeless else "Pending"
    states = [box.state for box in life.boxes]
    if any(isinstance(box.state, Waiting) and box.last is None for box in life.boxes):
        return "Pending"
    if any(isinstance(state, Running) for state in states):
        return "Running"
    if life.over:
        failed = any(isinstance(state, Ended) and state.code for state in states)
        return "Failed" if failed else "Succeeded"
    return "Running"  # all have ended, and some will start again


def timestamp(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _conditions(life: Life, phase: str, now: float) -> Iterator[Json]:
    ready = _containers_ready(life, phase)
    alive = "True" if life.mounted and phase in {"Pending", "Running"} else "False"
    if life.evicted and life.disrupted:
        yield _condition(
            life, "DisruptionTarget", ("True", "TerminationByKubelet", life.evicted), now
        )
    yield _condition(life, "PodReadyToStartContainers", (alive, "", ""), now)
    yield _condition(life, "Initialized", _initialized(life, phase), now)
    yield _condition(life, "Ready", _gated(life, ready), now)
    yield _condition(life, "ContainersReady", ready, now)
    yield _condition(life, "PodScheduled", ("True", "", ""), now)


def _initialized(life: Life, phase: str) -> tuple[str, str, str]:
    if phase == "Succeeded":
        return "True", "PodCompleted", ""
    waiting = [box.spec.name for box in life.inits if not box.initialized]
    if not waiting or any(box.restarts >= 0 for box in life.boxes):
        return "True", "", ""
    message = f"containers with incomplete status: [{' '.join(waiting)}]"
    return "False", "ContainersNotInitialized", message


def _containers_ready(life: Life, phase: str) -> tuple[str, str, str]:
    if phase == "Succeeded":
        return "False", "PodCompleted", ""
    if phase == "Failed":
        return "False", "PodFailed", ""
    sidecars = [box for box in life.inits if box.is_sidecar]
    unready = [box.spec.name for box in (*sidecars, *life.boxes) if not box.ready]
    if not unready:
        return "True", "", ""
    return "False", "ContainersNotReady", f"containers with unready status: [{' '.join(unready)}]"


def _gated(life: Life, ready: tuple[str, str, str]) -> tuple[str, str, str]:
    if ready[0] != "True":
        return ready
    missing = []
    for gate in life.pod.spec.readiness_gates:
        says = life.pod.status.says(gate.condition_type)
        if not says:
            missing.append(
                f'corresponding condition of pod readiness gate "{gate.condition_type}" '
                "does not exist."
            )
        elif says != "True":
            missing.append(
                f'the status of pod readiness gate "{gate.condition_type}" is not "True", '
                f"but {says}"
            )
    return ("False", "ReadinessGatesNotReady", ", ".join(missing)) if missing else ready


def _condition(life: Life, kind: str, says: tuple[str, str, str], now: float) -> Json:
    status, reason, message = says
    shown = life.shown.get(kind)
    # The scheduler set this one before the kubelet ever saw the pod; its time is not ours to tell.
    since = life.began if kind == "PodScheduled" else now
    if shown is None or shown[0] != status:
        life.shown[kind] = shown = (status, since)
    return {
        "type": kind,
        "status": status,
        "reason": reason or None,
        "message": message or None,
        "observedGeneration": life.pod.metadata.generation,
        "lastProbeTime": None,
        "lastTransitionTime": timestamp(shown[1]),
    }


def _container(box: Box) -> Json:
    ran = box.restarts >= 0
    status: Json = {
        "name": box.spec.name,
        "image": box.spec.image,
        "imageID": image_id(box.spec.image) if ran else "",
        "restartCount": max(box.restarts, 0),
        "ready": box.ready or (box.is_init and not box.is_sidecar and box.initialized),
        "started": box.started,
        "state": _state(box.state),
        "lastState": _state(box.last) if box.last is not None else {},
        "volumeMounts": [
            {
                "name": mount.name,
                "mountPath": mount.mount_path,
                **({"readOnly": True, "recursiveReadOnly": "Disabled"} if mount.read_only else {}),
            }
            for mount in box.spec.volume_mounts
        ],
    }
    if ran:
        status["containerID"] = box.container_id
        status["user"] = {"linux": {"uid": 0, "gid": 0, "supplementalGroups": [0]}}
        requests, limits = box.spec.resources.requests, box.spec.resources.limits
        status["allocatedResources"] = requests or None
        status["resources"] = {"requests": requests or None, "limits": limits or None}
    return status


def _state(state: Waiting | Running | Ended) -> Json:
    match state:
        case Waiting():
            said = {"reason": state.reason}
            return {"waiting": said | ({"message": state.message} if state.message else {})}
        case Running():
            return {"running": {"startedAt": timestamp(state.since)}}
        case Ended():
            ended: Json = {
                "exitCode": state.code,
                "reason": state.reason,
                "startedAt": timestamp(state.started),
                "finishedAt": timestamp(state.finished),
                "containerID": state.container_id,
            }
            return {"terminated": ended | ({"message": state.message} if state.message else {})}


def _by_name(boxes: list[Box]) -> list[Box]:
    return sorted(boxes, key=lambda box: box.spec.name)
