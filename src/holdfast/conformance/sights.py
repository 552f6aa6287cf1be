"""For each kind of action: a target that may be repaired, and the same where it may not."""

from holdfast.actions.delete_acme_order import DeleteACMEOrder
from holdfast.actions.delete_certificate_request import DeleteCertificateRequest
from holdfast.actions.delete_job import DeleteJob
from holdfast.actions.delete_pod import DeletePod
from holdfast.actions.delete_resource_quota import DeleteResourceQuota
from holdfast.actions.rollout_restart import RolloutRestart
from holdfast.actions.rollout_undo import RolloutUndo
from holdfast.actions.scale_workload import ScaleWorkload
from holdfast.actions.uncordon import Uncordon
from holdfast.conformance.certificates import AROUND, a_part, a_request, an_order
from holdfast.conformance.probes import PATCH, probed
from holdfast.conformance.scenes import (
    BROKEN,
    GOOD,
    QUOTA,
    Raw,
    a_deployment,
    a_node,
    a_pod,
    changed_by,
    owned,
    raw,
    sight,
    surroundings,
)
from holdfast.model.repairs import Action, Sight
from holdfast.model.snapshot import State

_CRON = raw("batch/v1", "CronJob", "report")
_FAILED: Raw = {"conditions": [{"type": "Failed", "status": "True"}]}
_MAKER = raw("apps/v1", "ReplicaSet", "web-1", spec={"replicas": 2})


class Smuggled(RolloutRestart, frozen=True, kw_only=True):
    """A kind that nobody declared, under the name of one that somebody did."""


ACTIONS: dict[str, Action] = {
    "RolloutRestart": RolloutRestart(stamp="2026-01-01T12:00:00Z"),
    "DeletePod": DeletePod(),
    "DeleteJob": DeleteJob(),
    "DeleteResourceQuota": DeleteResourceQuota(),
    "RolloutUndo": RolloutUndo(replica_set="web-good", uid="replicaset-web-good"),
    "ScaleWorkload": ScaleWorkload(replicas=4, now=2),
    "PatchProbe": PATCH,
    "DeleteCertificateRequest": DeleteCertificateRequest(),
    "DeleteACMEOrder": DeleteACMEOrder(),
    "Uncordon": Uncordon(),
}

# For each kind: a target that may be repaired, and the same where it may not.
SIGHTS: dict[str, tuple[Sight, Sight]] = {
    "RolloutRestart": (sight(a_deployment()), sight(a_deployment(spec={"paused": True}))),
    "DeletePod": (
        sight(a_pod("web-1-a", _MAKER, ready=False), _MAKER),
        sight(a_pod("web-1-a", _MAKER), _MAKER),
    ),
    "DeleteJob": (
        sight(raw("batch/v1", "Job", "report-1", metadata=owned(_CRON), status=_FAILED), _CRON),
        sight(raw("batch/v1", "Job", "report-1", status=_FAILED)),
    ),
    "DeleteResourceQuota": (
        sight(QUOTA),
        sight(changed_by(QUOTA, {"status": {"used": {"pods": "0"}}})),
    ),
    "RolloutUndo": (
        sight(BROKEN, GOOD, a_pod("web-good-1", GOOD), beside=[GOOD]),
        sight(BROKEN, GOOD, beside=[GOOD]),
    ),
    "ScaleWorkload": (sight(a_deployment()), sight(a_deployment(spec={"replicas": 3}))),
    "PatchProbe": (sight(probed()), sight(probed(timeoutSeconds=5))),
    "DeleteCertificateRequest": (
        sight(a_request(), *AROUND),
        sight(a_request(), *AROUND[:2], a_part(available=0)),
    ),
    "DeleteACMEOrder": (
        sight(an_order(), a_request(reason="Pending"), *AROUND),
        sight(an_order("pending"), a_request(reason="Pending"), *AROUND),
    ),
    "Uncordon": (sight(a_node()), sight(a_node(by="karpenter"))),
}
NOBODY_SEES = surroundings([], State.FORBIDDEN)
