"""A node's kubelet and the API server are too many versions apart."""

from collections.abc import Iterator
from datetime import timedelta

from holdfast.model.kinds import Node
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.model.versions import minor

OLDER = 3  # how many minors a kubelet may be behind
OLDER_BEFORE = (1, 28)  # until then it was one less


@fact(
    code="HF-NOD-008",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=5),  # an upgraded control plane answers in two versions for minutes
    reads=(Node,),
    next_step="Bring the node's kubelet to the API server's version: kubectl get nodes -o wide",
)
def node_version_skew(cluster: Snapshot) -> Iterator[Found]:
    """A kubelet is newer than the API server, or more than three minor versions older (two before
    1.28): Kubernetes promises nothing about such a pair.
    """
    server = minor(cluster.cluster.version)
    if server is None:
        return
    allowed = OLDER if server >= OLDER_BEFORE else OLDER - 1
    for node in cluster.all(Node):
        version = node.status.node_info.kubelet_version
        kubelet = minor(version)
        if kubelet is None or kubelet[0] != server[0] or node.leaving:
            continue
        behind = server[1] - kubelet[1]
        if 0 <= behind <= allowed:
            continue  # healthy: a skew that is supported
        how = f"{behind} minor versions older" if behind > 0 else "newer"
        yield Found(
            about=node.ref,
            since=node.born,  # nothing tells when either was upgraded
            says=f"its kubelet is {how} than the API server",
            seen={"kubelet": version, "API server": cluster.cluster.version},
        )
