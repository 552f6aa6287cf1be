"""Somebody has changed by hand what Git or a chart keeps: the next delivery may undo it."""

import re
from collections.abc import Iterator
from datetime import timedelta

from holdfast.model.delivered import delivers, kept_by
from holdfast.model.kinds import ConfigMap, CronJob, DaemonSet, Deployment, Ingress, StatefulSet
from holdfast.model.objects import KeptMetadata, ManagedFields, Object
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot

READ: tuple[type[Object], ...] = (
    ConfigMap,
    CronJob,
    DaemonSet,
    Deployment,
    Ingress,
    StatefulSet,
)
# What people type, and the consoles that they click in; kubectl-rollout, which restarts, is none.
HANDS = re.compile(r"kubectl(?!-rollout)(?:-[a-z-]+)?|k9s|lens|openlens|freelens|dashboard")


@fact(
    code="HF-DLV-030",
    channel=Channel.POSTURE,
    severity=Severity.WARNING,
    grace=timedelta(minutes=15),  # Flux puts things back every ten minutes, if it is asked to
    reads=READ,
    next_step="Bring the change to where it is kept, or undo it: "
    "kubectl get KIND {name} -n {namespace} -o yaml --show-managed-fields",
)
def changed_by_hand(cluster: Snapshot) -> Iterator[Found]:
    """An object that Argo CD, Flux or Helm delivered was written by hand (kubectl, a console) after
    the last delivery: what is asked of it, or the keys of a ConfigMap. Scaling and restarts are not
    meant, nor what controllers write.
    """
    for kind in READ:
        for each in cluster.all(kind):
            keeper = kept_by(each)
            if not keeper or each.leaving:
                continue  # healthy: nobody delivers it
            hand = _latest_hand(each)
            if hand is None or hand.time is None:
                continue  # healthy: as it was delivered
            yield Found(
                about=each.ref,
                part=hand.manager,
                since=hand.time,
                says=f"changed with {hand.manager} after {keeper} delivered it",
                seen={"fields": ", ".join(_fields(hand)), "kept by": keeper},
                next_step="Bring the change to where it is kept, or undo it: "
                f"kubectl get {each.api.resource} {{name}} -n {{namespace}} -o yaml "
                "--show-managed-fields",
            )


def _latest_hand(each: Object) -> ManagedFields | None:
    """The last write by hand, if nothing was delivered since, and something was before."""
    metadata = each.metadata
    if not isinstance(metadata, KeptMetadata):
        return None
    written = [f for f in metadata.managed_fields if f.time is not None and not f.subresource]
    delivered = [f.time for f in written if f.time and delivers(f.manager)]
    by_hand = [
        f for f in written if f.time and HANDS.fullmatch(f.manager.lower()) and any(_fields(f))
    ]
    if not delivered or not by_hand:
        return None
    latest = max(by_hand, key=lambda f: (f.time, f.manager))
    return latest if latest.time and latest.time > max(delivered) else None


def _fields(by: ManagedFields) -> list[str]:
    owned = by.fields_v1
    spec = [f"spec.{name.removeprefix('f:')}" for name in owned.spec if name.startswith("f:")]
    data = [f"data.{name.removeprefix('f:')}" for name in owned.data if name.startswith("f:")]
    return sorted(spec + data)
