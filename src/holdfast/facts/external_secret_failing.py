"""A Secret that is kept elsewhere is not copied: it is missing, or stays as it was."""

from collections.abc import Iterator
from datetime import timedelta

from holdfast.model.kinds import Event, ExternalSecret
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.topology.external_secrets import failing


@fact(
    code="HF-CFG-020",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=5),  # a provider that is away for a moment is asked again
    reads=(ExternalSecret, Event),
    next_step="Mend what the provider says (the key, the rights, the store): "
    "kubectl describe externalsecret {name} -n {namespace}",
    explains=("HF-CFG-001", "HF-CFG-003", "HF-NET-010", "HF-WRK-017", "HF-WRK-031", "HF-DLV-002"),
)
def external_secret_failing(cluster: Snapshot) -> Iterator[Found]:
    """An ExternalSecret has Ready=False. Why, the provider says in its events; without these, its
    condition does.
    """
    for failed in failing(cluster, cluster.all(ExternalSecret)):
        store = failed.of.spec.secret_store_ref
        yield Found(
            about=failed.of.ref,
            since=failed.since,
            says=f"Secret {failed.of.makes} is not copied: {failed.briefly}",
            seen={**failed.seen, "store": f"{store.kind or 'SecretStore'} {store.name}"},
        )
