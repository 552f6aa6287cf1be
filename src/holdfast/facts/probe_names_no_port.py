"""A probe of a port that its container does not have: it cannot succeed."""

import re
from collections.abc import Iterator
from datetime import timedelta

from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.topology.probes import Asked, Failing, failing, port_of
from holdfast.topology.waiting import READS, container_of

_NUMBER = re.compile(r"[0-9]{1,5}")


@fact(
    code="HF-WRK-024",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=5),  # a program that starts slowly looks the same for two minutes
    reads=READS,
    next_step="Correct the probe's port or the container's: "
    "kubectl get pod {name} -n {namespace} -o yaml",
    explains=("HF-WRK-020", "HF-WRK-021", "HF-WRK-023", "HF-WRK-025"),
)
def probe_names_no_port(cluster: Snapshot) -> Iterator[Found]:
    """A probe fails now, and it asks a named port that its container does not declare, or a number
    that no container of the pod declares although its own declares others. A port that answers
    without being declared is not looked at: its probe does not fail.
    """
    for each in failing(cluster, *Asked):
        wrong = _wrong_port(each)
        if wrong is None:
            continue  # healthy in this respect: something else makes it fail
        yield Found(
            about=each.pod.ref,
            part=f"{each.status.name}/{each.asked.value}",
            since=each.since,
            says=f"the {each.asked.value} probe of container {each.status.name} asks port {wrong}, "
            f"which is not there; declared: {_declared(each)}",
            seen={"ports": _declared(each), **each.seen},
        )


def _wrong_port(each: Failing) -> int | str | None:
    container = container_of(each.pod, each.status.name)
    port = port_of(each.probe) if each.probe is not None else None
    if container is None or port is None:
        return None
    if isinstance(port, str) and not _NUMBER.fullmatch(port):
        return None if any(p.name == port for p in container.ports) else port
    spec = each.pod.spec
    # Containers of a pod share their ports: a mesh's sidecar may be the one that answers.
    known = {p.container_port for c in (*spec.init_containers, *spec.containers) for p in c.ports}
    return None if not container.ports or int(port) in known else port


def _declared(each: Failing) -> str:
    container = container_of(each.pod, each.status.name)
    ports = container.ports if container else ()
    words = (f"{p.container_port} ({p.name})" if p.name else str(p.container_port) for p in ports)
    return ", ".join(words) or "none"
