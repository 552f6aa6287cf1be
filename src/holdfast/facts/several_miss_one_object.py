"""Several workloads need one object that does not exist, or one that lacks a key of theirs."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta

from holdfast.model.names import few
from holdfast.model.objects import Ref
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.topology.missing import nearly
from holdfast.topology.unmet import READ, Unmet, unmet
from holdfast.topology.workloads import OWNERS

KNOWN = frozenset(kind.api.kind for kind in OWNERS)


@fact(
    code="HF-CFG-003",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=5),  # as long as what each of the workloads says of it alone
    reads=READ,
    next_step="Make it as all of them need it, once: "
    "kubectl get configmaps,secrets,serviceaccounts -n {namespace}",
    explains=("HF-CFG-001", "HF-WRK-012", "HF-WRK-017", "HF-WRK-031", "HF-WRK-056"),
)
def several_miss_one_object(cluster: Snapshot) -> Iterator[Found]:
    """Two workloads or more need the same ConfigMap, Secret or service account, and it does not
    exist or lacks a key: one cause, which each of them and its pods tell from their side. A
    pull secret counts where the registry refuses the image without it.
    """
    needs: dict[Ref, list[Unmet]] = {}
    for each in unmet(cluster):
        of = each.missing.ref(each.workload.metadata.namespace)
        if of is not None:
            needs.setdefault(of, []).append(each)
    for wanted, several in needs.items():
        whose = _whose(several)
        if len(whose) < 2:
            continue  # the workload tells it alone
        missing = several[0].missing
        there = cluster.find(missing.kind, wanted.namespace, wanted.name)
        keys = sorted({each.missing.key for each in several})
        near = "" if keys[0] else nearly(cluster, wanted.namespace, missing)
        lacks = f"lacks {few(keys)}" if keys[0] else "does not exist"
        yield Found(
            about=wanted if there is None else there.ref,
            since=min(each.since for each in several),
            says=f"{lacks}, and {len(whose)} workloads need it"
            + (f"; there is {near}" if near else ""),
            seen={"needed by": few(sorted(whose.values())), **({"nearly": near} if near else {})},
        )


def _whose(several: Sequence[Unmet]) -> Mapping[str, str]:
    """The workloads by their uid, each once however many of its pods say so.

    Whose owner is of a kind that we do not know is that owner's; whose owner was only not seen may
    be the same workload as another.
    """
    whose: dict[str, str] = {}
    for each in several:
        above = each.workload.controller
        if above is None:
            whose[each.workload.metadata.uid] = str(each.workload.ref)
        elif above.kind not in KNOWN:
            whose[above.uid] = f"{above.kind} {each.workload.metadata.namespace}/{above.name}"
    return whose
