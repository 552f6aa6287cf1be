"""Two autoscalers that scale the same pods, and each other's work."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from holdfast.model.kinds import Autoscaler
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot

type Key = tuple[str, str, str, str]


@fact(
    code="HF-WRK-085",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=5),  # one replaces the other
    reads=(Autoscaler,),
    next_step="Keep one of them: kubectl get hpa -n {namespace}",
    spreads=False,
)
def autoscalers_share_a_target(cluster: Snapshot) -> Iterator[Found]:
    """Another autoscaler names the same workload, or the controller found that two select the same
    pods (AmbiguousSelector), after which neither scales. Of several that name the same workload,
    the youngest is told of.
    """
    by_target = _by_target(cluster)
    for autoscaler in cluster.all(Autoscaler):
        if autoscaler.metadata.deletion_timestamp is not None:
            continue
        others = [a for a in by_target[_key(autoscaler)] if a is not autoscaler]
        active = autoscaler.condition("ScalingActive")
        ambiguous = active is not None and active.reason == "AmbiguousSelector"
        if not others and not ambiguous:
            continue  # healthy: alone
        if others and autoscaler is not max((autoscaler, *others), key=_age):
            continue  # told of the one that came to it
        since = max(each.born for each in (autoscaler, *others))
        if active is not None and ambiguous:
            since = active.last_transition_time or since
        names = ", ".join(sorted(other.metadata.name for other in others))
        named = autoscaler.spec.scale_target_ref
        yield Found(
            about=autoscaler.ref,
            since=since,
            says=f"{named.kind} {named.name} is scaled by {names} as well"
            if others
            else "its pods are scaled by another autoscaler as well",
            seen={
                "spec.scaleTargetRef": f"{named.kind} {named.name}",
                "others": names or "not said",
                **({"ScalingActive": f"{active.reason}: {active.message}"} if active else {}),
            },
        )


def _age(autoscaler: Autoscaler) -> tuple[datetime, str]:
    return autoscaler.born, autoscaler.metadata.name


def _key(autoscaler: Autoscaler) -> Key:
    named = autoscaler.spec.scale_target_ref
    group = named.api_version.rpartition("/")[0]
    return (autoscaler.metadata.namespace, group, named.kind, named.name)


def _by_target(cluster: Snapshot) -> Mapping[Key, Sequence[Autoscaler]]:
    found: dict[Key, list[Autoscaler]] = {}
    for autoscaler in cluster.all(Autoscaler):
        if autoscaler.metadata.deletion_timestamp is None:
            found.setdefault(_key(autoscaler), []).append(autoscaler)
    return found
