"""Images are named by a tag, which may mean another image tomorrow."""

from collections.abc import Iterator

from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.topology.samples import GRACE, READ, containers, samples

DIGEST = "@sha256:"


@fact(
    code="HF-SEC-013",
    channel=Channel.POSTURE,
    severity=Severity.INFO,
    grace=GRACE,
    reads=READ,
    next_step="Name them by the digests that run now: "
    "kubectl get pods -n {namespace} -o jsonpath='{{..imageID}}'",
)
def image_by_tag(cluster: Snapshot) -> Iterator[Found]:
    """The newest pod of a workload names an image without a digest, outside the control plane's
    own namespaces. Told once for all of its containers.
    """
    for workload, pod in samples(cluster):
        loose = [c for c in containers(pod) if c.image and DIGEST not in c.image]
        if not loose:
            continue  # healthy: what runs is what was meant
        several = "1 image" if len(loose) == 1 else f"{len(loose)} images"
        yield Found(
            about=workload.ref,
            since=workload.born,
            says=f"names {several} by tag, not by digest",
            seen={container.name: container.image for container in loose},
        )
