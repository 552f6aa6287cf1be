"""A pod that asks for a node that there is not: none has the labels that it selects."""

from collections.abc import Iterator
from datetime import timedelta

from holdfast.model.kinds import Node
from holdfast.model.objects import NodeTerm, Requirement
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.topology.scheduler_words import Obstacle
from holdfast.topology.scheduling import READS, Stuck, Told, stuck

SHOWN = 5  # values of a label that nodes do have; more would not be read


@fact(
    code="HF-WRK-005",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=1),  # a node that joins gets some of its labels a moment later
    reads=READS,
    next_step="Correct the selector, or label a node: kubectl get nodes --show-labels",
)
def pod_selects_no_node(cluster: Snapshot) -> Iterator[Found]:
    """A pod has found no node because its node selector or required node affinity means none of
    those that could take it.
    """
    yield from stuck(
        cluster,
        lambda each: Told(says=_says(cluster, each), seen=_asks(each)),
        Obstacle.SELECTOR,
    )


def _says(cluster: Snapshot, each: Stuck) -> str:
    selector = each.pod.spec.node_selector
    if not cluster.sees(Node):
        return "no node that could take it has the labels that it asks for"
    for key, value in sorted(selector.items()):
        have = cluster.once(_values).get(key, [])
        if value not in have:
            known = f"nodes have {', '.join(have[:SHOWN])}" if have else "none has that label"
            return f"no node has {key}={value}; {known}"
    return "no node that could take it has all the labels that it asks for"


def _values(cluster: Snapshot) -> dict[str, list[str]]:
    """The values that nodes have of each label."""
    have: dict[str, set[str]] = {}
    for node in cluster.all(Node):
        for key, value in node.metadata.labels.items():
            have.setdefault(key, set()).add(value)
    return {key: sorted(values) for key, values in have.items()}


def _asks(each: Stuck) -> dict[str, str]:
    spec = each.pod.spec
    asks = {
        "nodeSelector": ", ".join(f"{k}={v}" for k, v in sorted(spec.node_selector.items())),
    }
    required = spec.affinity.node_affinity.required
    if required is not None:
        asks["nodeAffinity"] = " or ".join(_term(t) for t in required.node_selector_terms)
    return {key: value for key, value in asks.items() if value}


def _term(term: NodeTerm) -> str:
    return " and ".join(_written(r) for r in (*term.match_expressions, *term.match_fields))


def _written(requirement: Requirement) -> str:
    values = f" {', '.join(requirement.values)}" if requirement.values else ""
    return f"{requirement.key} {requirement.operator}{values}"
