"""A custom kind is stored in a version that its maker has deprecated: an upgrade may remove it."""

from collections.abc import Iterator
from datetime import timedelta

from holdfast.model.kinds import Definition
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot


@fact(
    code="HF-CTL-009",
    channel=Channel.POSTURE,
    severity=Severity.INFO,
    grace=timedelta(hours=24),  # it is news for the next upgrade, not for today
    reads=(Definition,),
    next_step="Read its maker's notes before the next upgrade, and move your manifests: "
    "kubectl get crd {name} -o yaml",
)
def deprecated_version_stored(cluster: Snapshot) -> Iterator[Found]:
    """A definition marks a version as deprecated and still stores objects in it. Whether anybody
    merely asks for a deprecated version is known to the API server's metrics alone.
    """
    for each in cluster.all(Definition):
        stored = {*each.status.stored_versions}
        for version in each.spec.versions:
            if not version.deprecated or not (version.storage or version.name in stored):
                continue  # healthy: current, or nothing is stored in it
            yield Found(
                about=each.ref,
                part=version.name,
                since=each.asked_since,
                says=f"version {version.name} is deprecated, and objects are stored in it",
                seen={"warning": version.deprecation_warning or "none of its own"},
            )
