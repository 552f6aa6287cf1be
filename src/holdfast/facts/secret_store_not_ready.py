"""A store of Secrets cannot be used: nothing that is kept there can be copied."""

from collections.abc import Iterator
from datetime import timedelta

from holdfast.model.kinds import ClusterSecretStore, Event, SecretStore
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.topology.external_secrets import failing

WHY = "Read why (its credentials, its address, its rights): "


@fact(
    code="HF-CFG-021",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=5),  # a provider that is away for a moment is asked again
    reads=(SecretStore, ClusterSecretStore, Event),
    next_step=WHY + "kubectl describe secretstore {name} -n {namespace}",
    explains=("HF-CFG-020",),
)
def secret_store_not_ready(cluster: Snapshot) -> Iterator[Found]:
    """A SecretStore or ClusterSecretStore has Ready=False. Why, the provider says in its events;
    without these, its condition does.
    """
    every: tuple[SecretStore | ClusterSecretStore, ...] = (
        *cluster.all(SecretStore),
        *cluster.all(ClusterSecretStore),
    )
    for failed in failing(cluster, every):
        everywhere = isinstance(failed.of, ClusterSecretStore)
        yield Found(
            about=failed.of.ref,
            since=failed.since,
            says=f"cannot be used: {failed.briefly}",
            seen=failed.seen,
            next_step=WHY + "kubectl describe clustersecretstore {name}" if everywhere else None,
        )
