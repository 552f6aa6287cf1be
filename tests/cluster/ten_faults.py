"""Ten faults of ten areas in namespaces of their own, made as people make them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import yaml

from holdfast.model.objects import Ref
from lab.control_plane import Lab
from tests.cluster.shapes import Manifest, claim, namespace, plain, service, workload

PLACE = "quiet-faults"
NODE = "node-5"
GUARD = "quiet-guard"


def set_apart(lab: Lab) -> None:
    """Nothing but faults stands on the node that will break: it would take what is well along."""
    lab.kubectl("taint", "node", NODE, "quiet.example/spare=:NoSchedule")


def is_about_a_fault(about: Ref) -> bool:
    """Whether that is one of our faults, or what follows from one."""
    return about.namespace.startswith(PLACE) or about.name in (NODE, GUARD)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What is there and well before, how it is broken, and what must be said of it."""

    area: str
    code: str
    name: str  # of the object that the finding is about
    before: tuple[Manifest, ...] = ()
    break_it: Callable[[Lab], object]


def _kubectl(*words: str) -> Callable[[Lab], object]:
    return lambda lab: lab.kubectl("-n", PLACE, *words)


def _apply(*objects: Manifest) -> Callable[[Lab], object]:
    return lambda lab: lab.kubectl("apply", "-f", "-", stdin=yaml.safe_dump_all(objects))


def _patched(kind: str, name: str, patch: Manifest, *words: str) -> Callable[[Lab], object]:
    told = ("--type=merge", "--patch", yaml.safe_dump(patch))
    return _kubectl("patch", kind, name, *words, *told)


def _not_fetched(lab: Lab) -> None:
    """What Flux's source controller writes; it does not run here."""
    moment = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    ready = {
        "type": "Ready",
        "status": "False",
        "reason": "GitOperationFailed",
        "message": "failed to checkout and determine revision: authentication required",
        "lastTransitionTime": moment,
        "observedGeneration": 1,
    }
    status: Manifest = {"status": {"observedGeneration": 1, "conditions": [ready]}}
    _patched(
        "gitrepositories.source.toolkit.fluxcd.io", "platform", status, "--subresource=status"
    )(lab)


# Asked about nothing that exists, so that it hurts nobody here; its service has no pods.
_WEBHOOK = plain(
    "admissionregistration.k8s.io/v1",
    "ValidatingWebhookConfiguration",
    GUARD,
    webhooks=[
        {
            "name": "guard.quiet.example",
            "clientConfig": {"service": {"name": "guard", "namespace": PLACE, "path": "/"}},
            "rules": [
                {
                    "apiGroups": ["quiet.example"],
                    "apiVersions": ["v1"],
                    "resources": ["things"],
                    "operations": ["CREATE"],
                }
            ],
            "sideEffects": "None",
            "admissionReviewVersions": ["v1"],
            "failurePolicy": "Fail",
        }
    ],
)

_READS_SETTINGS = {
    "containers": [
        {"name": "app", "image": "mailer:1", "envFrom": [{"configMapRef": {"name": "mailer"}}]}
    ]
}
_TIGHT = plain("v1", "ResourceQuota", "tight", f"{PLACE}-tight", spec={"hard": {"count/pods": "3"}})

FAULTS = (
    Fault(
        area="workloads",
        code="HF-WRK-013",
        name="image-*",
        before=(workload("Deployment", "image", PLACE, replicas=2),),
        break_it=_kubectl("set", "image", "deployment/image", "app=image:does-not-exist"),
    ),
    Fault(
        area="configuration",
        code="HF-CFG-001",
        name="mailer",
        before=(
            plain("v1", "ConfigMap", "mailer", PLACE, data={"host": "mail"}),
            workload("Deployment", "mailer", PLACE, pod=_READS_SETTINGS, replicas=1),
        ),
        break_it=_kubectl("delete", "configmap", "mailer"),
    ),
    Fault(
        area="storage",
        code="HF-STO-001",
        name="stuck",
        break_it=_apply(claim("stuck", PLACE, "lab-nobody")),
    ),
    Fault(
        area="network",
        code="HF-NET-001",
        name="front",
        before=(
            workload("Deployment", "front", PLACE, replicas=2),
            service("front", PLACE, "front"),
        ),
        break_it=_patched("service", "front", {"spec": {"selector": {"app": "frnot"}}}),
    ),
    Fault(
        area="nodes",
        code="HF-NOD-001",
        name=NODE,
        break_it=_kubectl("annotate", "node", NODE, "lab.holdfast.dev/node=not-ready"),
    ),
    Fault(
        area="capacity",
        code="HF-WRK-052",
        name="grows*",
        before=(
            namespace(f"{PLACE}-tight"),
            _TIGHT,
            workload("Deployment", "grows", f"{PLACE}-tight", replicas=2),
        ),
        break_it=lambda lab: lab.kubectl(
            "-n", f"{PLACE}-tight", "scale", "deployment/grows", "--replicas=5"
        ),
    ),
    Fault(
        area="security",
        code="HF-WRK-057",
        name="agent*",
        before=(
            namespace(f"{PLACE}-strict"),
            workload("DaemonSet", "agent", f"{PLACE}-strict", pod={"hostNetwork": True}),
        ),
        break_it=lambda lab: (
            lab.kubectl(
                "label",
                "namespace",
                f"{PLACE}-strict",
                "pod-security.kubernetes.io/enforce=restricted",
            ),
            lab.kubectl("-n", f"{PLACE}-strict", "delete", "pods", "--all", "--wait=false"),
        ),
    ),
    Fault(
        area="control plane",
        code="HF-CTL-004",
        name=GUARD,
        break_it=_apply(_WEBHOOK),
    ),
    Fault(
        area="delivery",
        code="HF-DLV-010",
        name="platform",
        before=(
            plain(
                "source.toolkit.fluxcd.io/v1",
                "GitRepository",
                "platform",
                PLACE,
                spec={"interval": "1m", "url": "https://git.example/platform"},
            ),
        ),
        break_it=_not_fetched,
    ),
    Fault(
        area="operators",
        code="HF-OPR-004",
        name="offsite",
        before=(
            plain(
                "velero.io/v1",
                "BackupStorageLocation",
                "offsite",
                PLACE,
                spec={"provider": "aws", "objectStorage": {"bucket": "backups"}},
            ),
        ),
        break_it=_patched(
            "backupstoragelocations.velero.io",
            "offsite",
            {"status": {"phase": "Unavailable", "message": "403 Forbidden"}},
        ),
    ),
)
