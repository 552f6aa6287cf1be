"""A service account is refused something that it tried to do, and still has no right to it."""

import re
from collections.abc import Iterator
from datetime import timedelta

from holdfast.model.kinds import Event, ServiceAccount
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.topology.rights import READ as RIGHTS
from holdfast.topology.rights import Wish, may

# The API server's own words, which controllers repeat in their events.
_DENIED = re.compile(
    r'forbidden: User "system:serviceaccount:([a-z0-9-]{1,63}):([a-z0-9.-]{1,253})" cannot '
    r'([a-z]{1,32}) resource "([a-z0-9./-]{1,253})" in API group "([a-z0-9.-]{0,253})"'
    r'(?: in the namespace "([a-z0-9-]{1,63})")?'
)


@fact(
    code="HF-SEC-050",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=2),  # a chart may bring its bindings after its workloads
    reads=(Event, ServiceAccount, *RIGHTS),
    next_step="Bind a role to it that allows this and no more: kubectl auth can-i --list "
    "--as=system:serviceaccount:{namespace}:{name} -n {namespace}",
)
def account_denied(cluster: Snapshot) -> Iterator[Found]:
    """A warning that is still kept (for an hour) repeats that the API server refused a service
    account, and no binding of the cluster gives it that right by now. An account without bindings
    that nobody was refused with is as it should be. What a workload writes into its own log is not
    seen here, and other authorizers than RBAC are not asked.
    """
    told: dict[tuple[str, str, Wish], list[Event]] = {}
    for event in cluster.all(Event):
        denied = _DENIED.search(event.message) if event.type == "Warning" else None
        if denied is not None:
            namespace, name, verb, resource, group, where = denied.groups()
            wish = Wish(verb=verb, group=group, resource=resource, namespace=where or "")
            told.setdefault((namespace, name, wish), []).append(event)
    for (namespace, name, wish), events in told.items():
        account = cluster.find(ServiceAccount, namespace, name)
        if account is None or account.leaving or cluster.blind(RIGHTS, namespace=wish.namespace):
            continue  # another fact, or we cannot tell
        if may(cluster, account, wish):
            continue  # healthy: it has got the right since
        resource, slash, part = wish.resource.partition("/")
        what = f"{wish.verb} {wish.resource}" + (f".{wish.group}" if wish.group else "")
        where = f"in {wish.namespace}" if wish.namespace else "in the whole cluster"
        yield Found(
            about=account.ref,
            part=f"{what} {where}",
            since=min(event.first_seen for event in events),
            says=f"may not {what} {where}, and tried to",
            seen={"the last refusal": max(events, key=lambda e: e.last_seen).message},
            next_step="Bind a role to it that allows this and no more: kubectl auth can-i "
            "{verb} {resource} "
            + ("--subresource={subresource} " if slash else "")
            + "--as=system:serviceaccount:{namespace}:{name} "
            + ("-n {there}" if wish.namespace else "-A"),
            names={
                "verb": wish.verb,
                "resource": f"{resource}.{wish.group}" if wish.group else resource,
                "subresource": part,
                "there": wish.namespace,
            },
        )
