"""A pod waits for a claim of devices that nobody can make: no scheduler looks at it before."""

from collections.abc import Iterator
from datetime import timedelta

from holdfast.model.events import events_about
from holdfast.model.kinds import Event, Pod
from holdfast.model.kinds.pods import DeviceClaim
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot

FAILED, NOT_FOUND = "FailedResourceClaimCreation", " not found"


@fact(
    code="HF-WRK-033",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=1),  # what is applied together arrives in any order
    reads=(Pod,),
    hints=(Event,),  # for why
    next_step="Make the ResourceClaimTemplate that it names, or correct the name: "
    "kubectl get resourceclaimtemplates -n {namespace}; kubectl describe pod {name} -n {namespace}",
)
def device_claim_not_made(cluster: Snapshot) -> Iterator[Found]:
    """A pod is to have a ResourceClaim of its own made from a ResourceClaimTemplate, and none has
    been made: mostly because there is no such template. Where events were seen, they say why. A
    claim that the pod names itself is not meant.
    """
    for pod in cluster.all(Pod):
        if pod.over or pod.spec.node_name:
            continue  # healthy, or it needs none any more
        for claim in pod.unmade:
            why = _why(cluster, pod, claim)
            says = f"no claim {claim.name} has been made from template {claim.template}"
            if f'resource claim template "{claim.template}": ' in why and why.endswith(NOT_FOUND):
                says = f"its claim {claim.name} needs the template {claim.template}: there is none"
            elif why:
                says += f": {why}"
            yield Found(
                about=pod.ref,
                part=claim.name,
                since=pod.born,
                says=says,
                seen={"template": claim.template, **({"event": why} if why else {})},
            )


def _why(cluster: Snapshot, pod: Pod, claim: DeviceClaim) -> str:
    """What was said last of that claim; empty when nothing was."""
    opening = f"PodResourceClaim {claim.name}: "
    said = [
        event.message.removeprefix(opening)
        for event in events_about(cluster, pod)
        if event.reason == FAILED and event.message.startswith(opening)
    ]
    return said[-1] if said else ""
