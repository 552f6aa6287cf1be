"""A node that is ready and takes no pods: what is to set it up has not lifted its taint."""

from collections.abc import Iterator
from datetime import timedelta

from holdfast.model.kinds import Node
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.topology.scheduler_words import of_a_start


@fact(
    code="HF-NOD-010",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=5),  # a new node is set up within two
    reads=(Node,),
    next_step="Find who is to lift the taint {part} (the cloud's controller, the network's or the "
    "driver's agent), and whether it runs: kubectl get pods -A -o wide",
    explains=("HF-WRK-011",),
)
def node_not_set_up(cluster: Snapshot) -> Iterator[Found]:
    """A node is ready, and still has the taint of a start: of its cloud, of the fleet that made
    it, or of an agent that has something to do there first. One that is not ready, or that is on
    its way out, is another fact.
    """
    for node in cluster.all(Node):
        ready = node.condition("Ready")
        if node.leaving or ready is None or ready.status != "True":
            continue
        for taint in node.spec.taints:
            if not of_a_start(taint.key) or taint.effect == "PreferNoSchedule":
                continue  # healthy: set up, or it says whom it is for
            since = taint.time_added or ready.last_transition_time or node.born
            yield Found(
                about=node.ref,
                part=taint.key,
                since=max(since, node.born),
                says=f"takes no pods: nobody has lifted its taint {taint.key}",
                seen={"taint": f"{taint.key}:{taint.effect}"},
            )
