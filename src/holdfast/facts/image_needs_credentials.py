"""An image that the registry does not give to this pod: credentials are missing or wrong."""

from collections.abc import Iterator
from datetime import timedelta

import msgspec

from holdfast.model.kinds import Secret
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.topology.waiting import READS, Wait, pull_secrets_missing, waiting

MAKE = (
    "Make the pull secret that it names, or correct the name: "
    "kubectl get pod {name} -n {namespace} -o jsonpath='{{.spec.imagePullSecrets}}'; "
    "kubectl get secrets -n {namespace}"
)


@fact(
    code="HF-WRK-012",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=1),  # a failed pull is tried again after 10 and after 20 s
    reads=READS,
    hints=(Secret,),  # for a pull secret that does not exist
    next_step="Give the pod a pull secret that its registry accepts: "
    "kubectl get pod {name} -n {namespace} -o jsonpath='{{.spec.imagePullSecrets}}'",
)
def image_needs_credentials(cluster: Snapshot) -> Iterator[Found]:
    """A container, init container or sidecar waits for an image that the registry refuses to
    give without other credentials. Registries that hide what is private answer the same for a
    repository that does not exist. A pull secret that is named and does not exist is said, where
    the kubelet has told so or Secrets were seen.
    """
    for each in waiting(cluster.narrowed(READS), Wait.CREDENTIALS):
        secrets = ", ".join(named.name for named in each.pod.spec.image_pull_secrets)
        says = f"waits for {each.image}, for which the registry wants credentials"
        missing = pull_secrets_missing(cluster, each.pod)
        if missing:
            says += f"; its pull secret {', '.join(missing)} does not exist"
        found = each.found(says, **{"spec.imagePullSecrets": secrets or "none"})
        yield msgspec.structs.replace(found, next_step=MAKE if missing else None)
