"""An image that the registry does not give to this pod: credentials are missing or wrong."""

from collections.abc import Iterator
from datetime import timedelta

from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.topology.waiting import READS, Wait, waiting


@fact(
    code="HF-WRK-012",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=1),  # a failed pull is tried again after 10 and after 20 s
    reads=READS,
    next_step="Give the pod a pull secret that its registry accepts: "
    "kubectl get pod {name} -n {namespace} -o jsonpath='{{.spec.imagePullSecrets}}'",
)
def image_needs_credentials(cluster: Snapshot) -> Iterator[Found]:
    """A container, init container or sidecar waits for an image that the registry refuses to
    give without other credentials. Registries that hide what is private answer the same for a
    repository that does not exist.
    """
    for each in waiting(cluster, Wait.CREDENTIALS):
        secrets = ", ".join(named.name for named in each.pod.spec.image_pull_secrets)
        yield each.found(
            f"waits for {each.image}, for which the registry wants credentials",
            **{"spec.imagePullSecrets": secrets or "none"},
        )
