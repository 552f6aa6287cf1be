"""Whom an autoscaler asks for its metrics, and that it got none."""

import re
from collections.abc import Iterator, Mapping

from holdfast.model.kinds import ApiService, Autoscaler
from holdfast.model.objects import Condition
from holdfast.model.relations import Relation
from holdfast.model.snapshot import Snapshot
from holdfast.topology.conditions import saying
from holdfast.topology.graph import Edge, place

RESOURCE, CUSTOM, EXTERNAL = (f"{of}metrics.k8s.io" for of in ("", "custom.", "external."))

ASKED: Mapping[str, str] = {
    "FailedGetResourceMetric": RESOURCE,
    "FailedGetContainerResourceMetric": RESOURCE,
    "FailedGetPodsMetric": CUSTOM,
    "FailedGetObjectMetric": CUSTOM,
    "FailedGetExternalMetric": EXTERNAL,
    "InvalidMetricSourceType": "",
}
"""Why an autoscaler has no metrics, with the group that was asked for them."""

UNASKED = "missing request for "

_NAMED = re.compile(r"\bfrom (resource|custom|external) metrics API\b")
_GROUPS = {"resource": RESOURCE, "custom": CUSTOM, "external": EXTERNAL}


def without_metrics(cluster: Snapshot) -> Iterator[tuple[Autoscaler, Condition]]:
    """Autoscalers that say so, with the condition in which they do."""
    for autoscaler, active in saying(cluster.all(Autoscaler), "ScalingActive", "False"):
        if active.reason in ASKED:
            yield autoscaler, active  # else there is nothing to scale


def group_asked(active: Condition) -> str:
    """The group of the API that gave none; empty where no API is to blame."""
    if UNASKED in active.message:
        return ""
    named = _NAMED.search(active.message)
    return _GROUPS[named[1]] if named else ASKED[active.reason]


def asking(snapshot: Snapshot) -> Iterator[Edge]:
    """An autoscaler needs the API that gives it no metrics."""
    serving: dict[str, list[ApiService]] = {}
    for each in snapshot.all(ApiService):
        serving.setdefault(each.spec.group, []).append(each)
    for autoscaler, active in without_metrics(snapshot):
        for served in serving.get(group_asked(active), ()):
            yield Edge(
                relation=Relation.REFERENCES,
                source=place(autoscaler),
                target=place(served),
                read="status.conditions",
            )
