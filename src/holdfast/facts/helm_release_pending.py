"""A Helm release was left in the middle of an operation, and Helm refuses the next one."""

from collections.abc import Iterator
from datetime import timedelta

from holdfast.model.kinds import Secret
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.topology.releases import newest_releases

PENDING = ("pending-install", "pending-upgrade", "pending-rollback")


@fact(
    code="HF-DLV-020",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    # Longer than five minutes, since Helm waits five by default for each of what it waits for.
    grace=timedelta(minutes=10),  # a Helm that waits gives up after five minutes by default
    reads=(Secret,),
    next_step="If nobody is at it any more (`helm history` says when it began), go back to the "
    "version that was deployed before: helm rollback {part} -n {namespace}",
)
def helm_release_pending(cluster: Snapshot) -> Iterator[Found]:
    """The newest version of a release, by the labels of Helm's Secrets, is pending-install,
    pending-upgrade or pending-rollback. Each operation makes a Secret of its own, whose creation
    is its beginning. What is inside of Secrets is not read.
    """
    for release in newest_releases(cluster):
        if release.status not in PENDING:
            continue  # healthy, or failed: another fact
        began = release.secret.born
        yield Found(
            about=release.secret.ref,
            part=release.name,
            since=began,
            says=f"release {release.name}, version {release.version}, "
            f"is {release.status} for {cluster.elapsed(began)}",
            seen=release.seen,
        )
