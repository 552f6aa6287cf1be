"""The last operation on a Helm release failed: what runs may be half of it."""

from collections.abc import Iterator
from datetime import timedelta

from holdfast.model.kinds import Secret
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.topology.releases import newest_releases


@fact(
    code="HF-DLV-021",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=1),  # an upgrade that rolls itself back begins with that at once
    reads=(Secret,),
    next_step="Read why it failed: helm history {part} -n {namespace}",
)
def helm_release_failed(cluster: Snapshot) -> Iterator[Found]:
    """The newest version of a release, by the labels of Helm's Secrets, is `failed`, counted from
    when Helm wrote so. Older versions that failed are history. What is inside of Secrets is not
    read.
    """
    for release in newest_releases(cluster):
        if release.status != "failed":
            continue  # healthy, or still at it
        yield Found(
            about=release.secret.ref,
            part=release.name,
            since=release.written,
            says=f"release {release.name}, version {release.version}, failed "
            f"{cluster.elapsed(release.written)} ago",
            seen=release.seen,
        )
