"""Objects of a custom kind may still be stored in an old version, which so cannot be removed."""

from collections.abc import Iterator
from datetime import timedelta

from holdfast.model.kinds import Definition
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot


@fact(
    code="HF-CTL-008",
    channel=Channel.POSTURE,
    severity=Severity.INFO,
    grace=timedelta(hours=24),  # an upgrade migrates what is stored in its own time
    reads=(Definition,),
    next_step="Write every object once again, then take the old versions out of its status: "
    "kubectl get crd {name} -o jsonpath='{{.status.storedVersions}}'",
)
def definition_stores_old_versions(cluster: Snapshot) -> Iterator[Found]:
    """A definition's stored versions name others than the one that is stored now."""
    for each in cluster.all(Definition):
        now = next((v.name for v in each.spec.versions if v.storage), "")
        old = [v for v in each.status.stored_versions if v != now]
        if not now or not old or each.leaving:
            continue  # healthy: everything is stored in today's version
        yield Found(
            about=each.ref,
            since=each.asked_since,
            says=f"stores {now}, and objects may still be stored as {', '.join(old)}",
            seen={"status.storedVersions": ", ".join(each.status.stored_versions)},
        )
