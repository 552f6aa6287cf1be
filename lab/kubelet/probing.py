"""What a probe of a played container finds, by what the spec says.

Outputs as pkg/probe of Kubernetes 1.36 gives them. A probe fails when

- nothing listens: its port is not among the ports that the container declares (a container that
  declares none could listen on any);
- its path is one that no application would serve: `/does-not-exist` answers 404, `/broken` 500,
  `/hangs` not in time;
- its command says `exit N`, or is `false`, or reads a file that is called `does-not-exist`;
- an annotated fault says so: `readiness`, `liveness`, `startup`;
- the process does not answer yet: a slow start.
"""

import re
from enum import StrEnum

from lab.kubelet.says import fault_of
from lab.kubelet.shapes import Container, Pod, Probe


class Kind(StrEnum):
    STARTUP = "Startup"
    LIVENESS = "Liveness"
    READINESS = "Readiness"


_PATHS = {"/does-not-exist": 404, "/broken": 500}
_FAILING = re.compile(r"\bexit\s+[1-9]|\bfalse\b")


def probe_of(container: Container, kind: Kind) -> Probe | None:
    match kind:
        case Kind.STARTUP:
            return container.startup_probe
        case Kind.LIVENESS:
            return container.liveness_probe
        case Kind.READINESS:
            return container.readiness_probe


def why_failing(
    pod: Pod, container: Container, kind: Kind, *, ip: str, answers: bool
) -> str | None:
    """The whole message of the event, or None for a probe that succeeds."""
    probe = probe_of(container, kind)
    if probe is None:
        return None
    annotated = fault_of(pod, container) == kind.lower()
    if probe.exec is not None:
        output = _exec_output(probe.exec.command, failing=annotated or not answers)
        return None if output is None else f"{kind} probe failed: {output}"
    wanted = probe.http_get or probe.tcp_socket or probe.grpc
    if wanted is None:
        return None
    port = _resolve(container, wanted.port)
    if port is None:
        return (
            f"{kind} probe errored and resulted in unknown state: "
            f'strconv.Atoi: parsing "{wanted.port}": invalid syntax'
        )
    listens = answers and _listens(container, port)
    output = _network_output(probe, ip, port, listens=listens, annotated=annotated)
    return None if output is None else f"{kind} probe failed: {output}"


def _network_output(
    probe: Probe, ip: str, port: int, *, listens: bool, annotated: bool
) -> str | None:
    refused = f"dial tcp {ip}:{port}: connect: connection refused"
    if probe.grpc is not None:
        if listens and not annotated:
            return None
        waited = "within 1s: context deadline exceeded"
        return f'timeout: failed to connect service "{ip}:{port}" {waited}'
    if probe.http_get is None:
        return None if listens and not annotated else refused
    path = probe.http_get.path
    url = f"{probe.http_get.scheme.lower()}://{ip}:{port}{path}"
    if not listens:
        return f'Get "{url}": {refused}'
    if path == "/hangs":
        return (
            f'Get "{url}": context deadline exceeded '
            "(Client.Timeout exceeded while awaiting headers)"
        )
    status = _PATHS.get(path) or (503 if annotated else None)
    return None if status is None else f"HTTP probe failed with statuscode: {status}"


def _exec_output(command: tuple[str, ...], *, failing: bool) -> str | None:
    line = " ".join(command)
    if "does-not-exist" in line:
        name = next(word for word in line.split() if "does-not-exist" in word)
        return f"cat: {name}: No such file or directory\n"
    return "" if failing or _FAILING.search(line) else None


def _resolve(container: Container, port: int | str) -> int | None:
    if isinstance(port, int):
        return port
    if port.isdigit():
        return int(port)
    return next((each.container_port for each in container.ports if each.name == port), None)


def _listens(container: Container, port: int) -> bool:
    return not container.ports or any(each.container_port == port for each in container.ports)
