"""A workload with two containers that are probed, and other times for one of them."""

from typing import Any

from holdfast.actions.patch_probe import PatchProbe
from holdfast.conformance.scenes import Raw, a_deployment, template

ASKS = {"httpGet": {"path": "/", "port": 80}, "periodSeconds": 10, "failureThreshold": 3}
PATCH = PatchProbe(
    container="web",
    probe="liveness",
    period_seconds=10,
    timeout_seconds=5,
    failure_threshold=3,
    initial_delay_seconds=0,
)


def probed(**more: Any) -> Raw:
    """A Deployment of two containers, both of which are probed."""
    made = template()
    made["spec"]["containers"][0]["livenessProbe"] = {**ASKS, "timeoutSeconds": 1, **more}
    made["spec"]["containers"].append({"name": "log", "image": "log:1", "livenessProbe": ASKS})
    return a_deployment(spec={"template": made}, metadata={"generation": 2})
