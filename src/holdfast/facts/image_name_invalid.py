"""An image whose name cannot be read: nothing is even asked for."""

from collections.abc import Iterator
from datetime import timedelta

from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.topology.waiting import READS, Wait, waiting


@fact(
    code="HF-WRK-016",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=1),  # such a rollout is often undone at once
    reads=READS,
    next_step="Correct the image's name: "
    "kubectl get pod {name} -n {namespace} -o jsonpath='{{.spec.containers[*].image}}'",
)
def image_name_invalid(cluster: Snapshot) -> Iterator[Found]:
    """A container waits because the name of its image is malformed: upper case in the
    repository, a space, an empty tag.
    """
    for each in waiting(cluster, Wait.NAME_INVALID):
        yield each.found(f"waits for {each.image}, which is no name of an image")
