"""What an object of each kind needs besides its name, so that an API server takes it.

Where a kind is not named here its name is enough, or nobody knows: then no valid one is to be had.
Nothing of it works: no pod finds a node, no policy, webhook or quota matches anything.
"""

from base64 import b64encode
from collections.abc import Mapping

from holdfast.conformance.acts import SPECS, Raw
from holdfast.grants.names import RBAC

LABELS = {"app": "specimen"}
NOBODY = "holdfast.dev/conformance"
_DRIVER = "conformance.holdfast.dev"
_NO_PODS = {"app": "nobody"}  # whoever selects pods adopts what it selects
_TEMPLATE: Raw = SPECS["Deployment"]["template"] | {"metadata": {"labels": _NO_PODS}}
_POLICY: Raw = {
    "matchConstraints": {
        "resourceRules": [
            {
                "apiGroups": ["conformance.holdfast.dev"],
                "apiVersions": ["*"],
                "operations": ["CREATE"],
                "resources": ["nothing"],
            }
        ]
    }
}
_ONCE: Raw = {"accessModes": ["ReadWriteOnce"]}
_VIEW: Raw = {"apiGroup": RBAC, "kind": "ClusterRole", "name": "view"}
_REVIEW: Raw = {"user": "nobody", "resourceAttributes": {"verb": "get", "resource": "pods"}}
# By `openssl req -new -newkey ed25519 -nodes -subj /CN=conformance`; its key was thrown away.
_ASKED_FOR = b"""-----BEGIN CERTIFICATE REQUEST-----
MIGVMEkCAQAwFjEUMBIGA1UEAwwLY29uZm9ybWFuY2UwKjAFBgMrZXADIQDW45BZ
pORFSxJp9mlWd7E4hhjjF64sEfo4iu/41UWwxaAAMAUGAytlcANBAB9jdwQwz67B
CuWoRj70ys+ZCkbCu+n9YtG2WuRI5M715t/UxZPuAsm4yTlsu/c8ojwSYU4fsQ3o
AgA8OVu7Bw8=
-----END CERTIFICATE REQUEST-----
"""
_SPECS: Mapping[str, Raw] = {
    **SPECS,
    "APIService": {
        "group": "conformance.holdfast.dev",
        "version": "v1",
        "groupPriorityMinimum": 1000,
        "versionPriority": 10,
    },
    "CSIDriver": {"attachRequired": False},
    "CSINode": {"drivers": []},
    "CertificateSigningRequest": {
        "request": b64encode(_ASKED_FOR).decode(),
        "signerName": NOBODY,
        "usages": ["client auth"],
    },
    "Challenge": {
        "authorizationURL": "https://nobody.invalid/a",
        "dnsName": "nobody.invalid",
        "issuerRef": {"name": "nobody"},
        "key": "x",
        "solver": {},
        "token": "x",
        "type": "HTTP-01",
        "url": "https://nobody.invalid",
    },
    "ClusterIssuer": {"selfSigned": {}},
    "CronJob": {"schedule": "0 0 1 1 *", "suspend": True, "jobTemplate": {"spec": SPECS["Job"]}},
    "CustomResourceDefinition": {
        "group": "conformance.holdfast.dev",
        "scope": "Namespaced",
        "names": {"plural": "specimens", "singular": "specimen", "kind": "Specimen"},
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "schema": {"openAPIV3Schema": {"type": "object"}},
            }
        ],
    },
    "DeviceClass": {},
    "FlowSchema": {"priorityLevelConfiguration": {"name": "catch-all"}},
    "HorizontalPodAutoscaler": {
        "maxReplicas": 1,
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "nobody"},
    },
    "IPAddress": {"parentRef": {"resource": "services", "namespace": "default", "name": "nobody"}},
    "Ingress": {"defaultBackend": {"service": {"name": "nobody", "port": {"number": 80}}}},
    "IngressClass": {"controller": NOBODY},
    "Issuer": {"selfSigned": {}},
    "LocalSubjectAccessReview": _REVIEW,
    "MutatingAdmissionPolicy": {
        **_POLICY,
        "reinvocationPolicy": "Never",
        "mutations": [
            {"patchType": "ApplyConfiguration", "applyConfiguration": {"expression": "Object{}"}}
        ],
    },
    "MutatingAdmissionPolicyBinding": {"policyName": "nobodys"},
    "PersistentVolume": {
        **_ONCE,
        "storageClassName": "nobodys",  # or the claim here would be bound to it
        "capacity": {"storage": "1Gi"},
        "nfs": {"server": "nobody.invalid", "path": "/"},
    },
    "PersistentVolumeClaim": {
        **_ONCE,
        "storageClassName": "nothing",
        "resources": {"requests": {"storage": "1Gi"}},
    },
    "PodDisruptionBudget": {"minAvailable": 0},
    "PriorityLevelConfiguration": {
        "type": "Limited",
        "limited": {"nominalConcurrencyShares": 0, "limitResponse": {"type": "Reject"}},
    },
    "ReplicaSet": {
        "replicas": 0,
        "selector": {"matchLabels": _NO_PODS},
        "template": _TEMPLATE,
    },
    "ReplicationController": {"replicas": 0, "selector": _NO_PODS, "template": _TEMPLATE},
    "ResourceClaimTemplate": {"spec": {}},
    "ResourceSlice": {
        "driver": _DRIVER,
        "pool": {"name": "nothing", "resourceSliceCount": 1},
        "allNodes": True,
    },
    "Service": {"ports": [{"port": 80}]},
    "ServiceCIDR": {"cidrs": ["192.0.2.0/24"]},
    "SubjectAccessReview": _REVIEW,
    "TokenRequest": {"expirationSeconds": 600},
    "TokenReview": {"token": "nobodys"},
    "ValidatingAdmissionPolicy": {**_POLICY, "validations": [{"expression": "true"}]},
    "ValidatingAdmissionPolicyBinding": {"policyName": "nobodys", "validationActions": ["Audit"]},
    "VolumeAttachment": {
        "attacher": _DRIVER,
        "nodeName": "nobody",
        "source": {"persistentVolumeName": "nobody"},
    },
}
_WHOLE: Mapping[str, Raw] = {
    "CSIStorageCapacity": {"storageClassName": "nobodys"},
    "ClusterRoleBinding": {"roleRef": _VIEW, "subjects": []},
    "ControllerRevision": {"revision": 1, "data": {}},
    "EndpointSlice": {"addressType": "IPv4", "endpoints": []},
    "PodTemplate": {"template": _TEMPLATE},
    "PriorityClass": {"value": 0},
    "RoleBinding": {"roleRef": _VIEW, "subjects": []},
    "RuntimeClass": {"handler": "nobody"},
    "StorageClass": {"provisioner": NOBODY},
    "VolumeAttributesClass": {"driverName": _DRIVER, "parameters": {"a": "b"}},
}
NAMES: Mapping[str, str] = {
    "APIService": "v1.conformance.holdfast.dev",
    "CustomResourceDefinition": "specimens.conformance.holdfast.dev",
    "IPAddress": "192.0.2.1",
}
"""The one name that such an object can have."""
UNNAMED = frozenset({"LocalSubjectAccessReview", "SubjectAccessReview", "TokenReview"})
"""What is a question, and has no name."""
UNMADE = UNNAMED | {"APIService", "CustomResourceDefinition", "IPAddress", "ServiceCIDR"}
"""What is not there after it was made, or changes what the cluster serves, or its network."""


def valid_body(version: str, kind: str, namespace: str, name: str) -> Raw:
    """One of that kind, there, with that name where it can have one."""
    metadata: Raw = {"namespace": namespace} if namespace else {}
    if kind not in UNNAMED:
        metadata |= {"name": NAMES.get(kind, name), "labels": LABELS}
    known = {"apiVersion": version, "kind": kind} if version else {}  # else the path says it
    head = {**known, "metadata": metadata}
    match kind:
        case "Event":
            return {**head, **_event(namespace)}
        case "Binding":
            return {**head, "target": {"apiVersion": "v1", "kind": "Node", "name": "nobody"}}
        case "LocalSubjectAccessReview":
            within = {**_REVIEW["resourceAttributes"], "namespace": namespace}
            return {**head, "spec": {**_REVIEW, "resourceAttributes": within}}
        case _ if kind in _SPECS:
            return {**head, "spec": _SPECS[kind]}
        case _:
            return {**head, **_WHOLE.get(kind, {})}


def _event(namespace: str) -> Raw:
    """In the words of both groups that know events: each ignores those of the other."""
    about = {"kind": "Namespace", "namespace": namespace, "name": namespace}
    return {
        "involvedObject": about,
        "regarding": about,
        "eventTime": "2026-01-01T00:00:00.000000Z",
        "type": "Normal",
        "reason": "Specimen",
        "action": "Nothing",
        "reportingComponent": NOBODY,
        "reportingController": NOBODY,
        "reportingInstance": "nobody",
    }
