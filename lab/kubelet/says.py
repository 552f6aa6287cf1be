"""What a pod's spec says that its containers will do. The conventions of the lab, all of them.

A container does well unless its spec, or an annotation of ours, says otherwise. The table for
people is in lab/README.md; this module is what it describes.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from lab.kubelet.quantities import in_bytes
from lab.kubelet.shapes import Container, Pod

PREFIX = "lab.holdfast.dev/"
FAULT = f"{PREFIX}fault"
# The fault meant for one container; without it, for the first (init-fails: the first init one).
CONTAINER = f"{PREFIX}container"
EXIT_CODE = f"{PREFIX}exit-code"
SIGNAL = f"{PREFIX}signal"
AFTER = f"{PREFIX}after"
SLOW_START = f"{PREFIX}slow-start"
MESSAGE = f"{PREFIX}message"

# Signals as the shell names them; a runtime reports 128 and the number as the exit code, and a
# kubelet leaves the status field `signal` empty (convertToAPIContainerStatuses, 1.36).
SIGNALS = {"HUP": 1, "INT": 2, "QUIT": 3, "ILL": 4, "ABRT": 6, "BUS": 7, "FPE": 8, "KILL": 9,
           "USR1": 10, "SEGV": 11, "USR2": 12, "PIPE": 13, "ALRM": 14, "TERM": 15}  # fmt: skip

_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|)")
_SECONDS = {"ms": 0.001, "s": 1.0, "": 1.0, "m": 60.0, "h": 3600.0}
_EXIT = re.compile(r"\bexit\s+(\d+)")
_KILL = re.compile(r"\bkill\s+-(?:s\s+)?(?:SIG)?([A-Z]+[0-9]?|\d+)\s+\$\$")
_SLEEP = re.compile(r"\bsleep\s+(\d+(?:\.\d+)?)(ms|s|m|h)?\b")
_TRAP = re.compile(r"""\btrap\s+('[^']*'|"[^"]*")""")  # what happens later is not said now
_LOOP = re.compile(r"\bwhile\b|\buntil\b|\btail\s+-[fF]")
_MUST_HAVE = re.compile(r"\$\{(\w+):\?([^}]*)\}")
_USES_MEMORY = re.compile(r"(?:--uses-memory[= ]|-Xmx)(\S+)")
_WRITES = re.compile(r"--writes[= ](\S+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ends:
    """How a container's process ends by itself, and what it last wrote."""

    after: float  # nominal seconds
    code: int
    reason: str  # as containerd reports it: Completed, Error, OOMKilled
    log: str = ""


def duration(text: str, default: float) -> float:
    """Nominal seconds of `30s`, `1m`, `500ms`, `2`."""
    found = _DURATION.fullmatch(text.strip())
    return float(found[1]) * _SECONDS[found[2]] if found else default


def fault_of(pod: Pod, container: Container) -> str | None:
    """The annotated fault, if it is this container's."""
    annotations = pod.metadata.annotations
    fault = annotations.get(FAULT)
    if fault is None:
        return None
    among = pod.spec.init_containers if fault == "init-fails" else pod.spec.containers
    meant = annotations.get(CONTAINER) or (among[0].name if among else None)
    return fault if container.name == meant else None


def slow_start_of(pod: Pod) -> float:
    """Nominal seconds until a container's process answers (or its image is there: see `life`)."""
    return duration(pod.metadata.annotations.get(SLOW_START, ""), 0.0)


def missing_variables(container: Container, set_: frozenset[str]) -> Iterator[tuple[str, str]]:
    """`${NAME:?why}` in a command ends the shell when NAME is not set."""
    for name, why in _MUST_HAVE.findall(_command_line(container)):
        if name not in set_:
            yield name, why


def how_it_ends(pod: Pod, container: Container, set_: frozenset[str]) -> Ends | None:
    """None for a process that runs until it is stopped; `set_` are its environment's names."""
    after = duration(pod.metadata.annotations.get(AFTER, ""), 1.0)
    match fault_of(pod, container):
        case "crash-loop" | "init-fails":
            return _annotated_crash(pod, after)
        case "oom":
            return Ends(after=after, code=137, reason="OOMKilled")
    line = _TRAP.sub("", _command_line(container))
    loops = _LOOP.search(line) is not None
    slept = None if loops else _SLEEP.search(line)
    ran = duration("".join(part or "" for part in slept.groups()), 0.0) if slept else 0.5
    for name, why in missing_variables(container, set_):
        said = why or "parameter not set"
        return Ends(after=ran, code=2, reason="Error", log=f"sh: 1: {name}: {said}")
    if _exceeds(_USES_MEMORY, line, container.resources.limits.get("memory")):
        return Ends(after=max(ran, 2.0), code=137, reason="OOMKilled")
    code = _exit_code(line)
    if code is None and (slept or (not loops and _finishes_by_itself(pod, container))):
        return _ended(ran if slept else after, 0)
    return None if code is None else _ended(ran, code)


def _exit_code(line: str) -> int | None:
    if killed := _KILL.search(line):
        number = SIGNALS.get(killed[1]) or (int(killed[1]) if killed[1].isdigit() else 15)
        return 128 + number
    if exited := _EXIT.search(line):
        return int(exited[1])
    return {"false": 1, "true": 0}.get(line.split(" ", 1)[0].removeprefix("/bin/"))


def why_evicted(pod: Pod) -> tuple[str, bool] | None:
    """The message, and whether it was the node that ran short (else the pod broke a limit).

    Messages of pkg/kubelet/eviction/helpers.go, Kubernetes 1.36; each ends with a space there.
    """
    if pod.metadata.annotations.get(FAULT) == "evicted":
        name = pod.spec.containers[0].name
        default = (
            "The node was low on resource: memory. Threshold quantity: 100Mi, available: 88Mi. "
            f"Container {name} was using 412Mi, request is 0, has larger consumption of memory. "
        )
        return pod.metadata.annotations.get(MESSAGE, default), True
    for container in pod.spec.containers:
        line = _command_line(container)
        limit = container.resources.limits.get("ephemeral-storage")
        if _exceeds(_WRITES, line, limit):
            name = container.name
            return f'Container {name} exceeded its local ephemeral storage limit "{limit}". ', False
        mounted = {mount.name for mount in container.volume_mounts}
        for volume in pod.spec.volumes:
            size = volume.empty_dir.size_limit if volume.empty_dir else None
            if volume.name in mounted and _exceeds(_WRITES, line, size):
                name = volume.name
                return f'Usage of EmptyDir volume "{name}" exceeds the limit "{size}". ', False
    return None


def _annotated_crash(pod: Pod, after: float) -> Ends:
    annotations = pod.metadata.annotations
    if name := annotations.get(SIGNAL):
        return _ended(after, 128 + SIGNALS.get(name.removeprefix("SIG"), 15))
    code = annotations.get(EXIT_CODE, "1")
    return _ended(after, int(code) if code.isdigit() else 1)


def _ended(after: float, code: int) -> Ends:
    return Ends(after=after, code=code, reason="Error" if code else "Completed")


def _finishes_by_itself(pod: Pod, container: Container) -> bool:
    """A Job's container has work to finish, and so has an init container that is no sidecar."""
    if container in pod.spec.init_containers:
        return not container.is_sidecar
    return any(owner.kind == "Job" for owner in pod.metadata.owner_references)


def _exceeds(pattern: re.Pattern[str], line: str, limit: str | None) -> bool:
    found = pattern.search(line)
    used = in_bytes(found[1]) if found else None
    allowed = in_bytes(limit) if limit else None
    return used is not None and allowed is not None and used > allowed


def _command_line(container: Container) -> str:
    return " ".join((*container.command, *container.args))
