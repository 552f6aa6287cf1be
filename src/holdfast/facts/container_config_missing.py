"""A container whose configuration is not there: a ConfigMap, a Secret, or a key of one."""

from collections.abc import Iterator
from datetime import timedelta

import msgspec

from holdfast.model.kinds import ConfigMap, Secret
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.topology.missing import missing_object, nearly
from holdfast.topology.waiting import READS, Wait, waiting


@fact(
    code="HF-WRK-017",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=1),  # what is applied together arrives in any order
    reads=READS,
    hints=(ConfigMap, Secret),  # for a name that is nearly the missing one
    next_step="Create what is missing, or correct the reference to it: "
    "kubectl describe pod {name} -n {namespace}",
)
def container_config_missing(cluster: Snapshot) -> Iterator[Found]:
    """A container waits with CreateContainerConfigError, and the kubelet names the ConfigMap,
    Secret or key that it misses. Where such objects were seen, a name that is nearly that is
    shown; values are never read.
    """
    for each in waiting(cluster, Wait.CONFIGURATION):
        missing = missing_object(each.message)
        if missing is None:
            continue  # it is sorted by this very message
        here = each.pod.metadata.namespace
        near = nearly(cluster, here, missing)
        hint = {"nearly": near} if near else {}
        found = each.found(
            f"waits for {missing}, which does not exist{f'; there is {near}' if near else ''}",
            **hint,
        )
        yield msgspec.structs.replace(found, through=missing.ref(here))
