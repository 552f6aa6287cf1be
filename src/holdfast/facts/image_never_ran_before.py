"""A workload that wants an image which has never run here."""

from collections.abc import Iterator
from datetime import timedelta

from holdfast.model.kinds import Pod
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.topology.revisions import READ, revisions, rolling, wanted_since


@fact(
    code="HF-WRK-097",
    channel=Channel.CONTEXT,
    severity=Severity.INFO,
    grace=timedelta(minutes=1),  # every image is new until its first container has started
    reads=(*READ, Pod),
    next_step="Check the name and tag of the image, and that it starts at all: "
    "kubectl get pods -n {namespace} -o wide",
)
def image_never_ran_before(cluster: Snapshot) -> Iterator[Found]:
    """No container of any pod that is seen has ever started from an image that a workload wants
    now, and no older revision of the workload wanted it. Counted from when it was wanted.
    """
    pods = cluster.capture(Pod)
    if not pods.whole or pods.namespaces is not None:
        return  # where it may have run cannot be told
    ran = cluster.once(_images_that_ran)
    for workload in rolling(cluster):
        known = revisions(cluster, workload)
        since = wanted_since(workload, known)
        if since is None:
            continue
        older = {image for each in known[1:] for image in each.images.values()}
        for name, image in known[0].images.items():
            if not image or image in ran or image in older:
                continue
            yield Found(
                about=workload.ref,
                part=name,
                since=since,
                says=f"container {name} wants {image}, which has never started here",
                seen={"image": image, "revision": f"{known[0].number} ({known[0].name})"},
            )


def _images_that_ran(cluster: Snapshot) -> frozenset[str]:
    """Images, as templates write them, of containers that run or have run."""
    ran: set[str] = set()
    of_template: dict[int, frozenset[str]] = {}  # siblings mostly hold the very same containers
    for pod in cluster.all(Pod):
        spec = pod.spec
        if id(spec.containers) not in of_template:
            of_template[id(spec.containers)] = frozenset(c.image for c in spec.containers)
        if not spec.init_containers and of_template[id(spec.containers)] <= ran:
            continue
        started = {
            status.name
            for status in pod.statuses
            if status.state.running is not None
            or status.state.terminated is not None
            or status.last_state.terminated is not None
        }
        ran.update(
            container.image
            for container in (*spec.init_containers, *spec.containers)
            if container.name in started
        )
    return frozenset(ran)
