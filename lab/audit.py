"""What the API server wrote about who asked it for what: the oracle of many tests.

Mutations and everything about Secrets are kept with their bodies, other reads with their full
address. Each request is written once, when its answer is complete.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

_KEEP = "RequestResponse"
_MUTATIONS = ["create", "update", "patch", "delete", "deletecollection"]
# Leases and events are most of the traffic and none of the interest.
_NOISE = [
    {"group": "coordination.k8s.io", "resources": ["leases"]},
    {"group": "", "resources": ["events"]},
    {"group": "events.k8s.io", "resources": ["events"]},
]
POLICY = {
    "apiVersion": "audit.k8s.io/v1",
    "kind": "Policy",
    "omitStages": ["RequestReceived"],
    "rules": [
        {
            "level": "Metadata",
            "users": [
                "system:apiserver",
                "system:kube-controller-manager",
                "system:kube-scheduler",
                "lab:kwok",
                "lab:kubelet",
            ],
            "resources": _NOISE,
        },
        {"level": _KEEP, "resources": [{"group": "", "resources": ["secrets"]}]},
        {"level": _KEEP, "verbs": _MUTATIONS},
        {"level": "Metadata"},
    ],
}


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEvent:
    """One request and its answer; `raw` holds the bodies where the policy keeps them."""

    user: str  # who authenticated
    impersonating: str  # whom they asked to be taken for, or ""
    groups: tuple[str, ...]
    verb: str
    uri: str
    stage: str
    code: int
    agent: str
    at: str  # RFC 3339 with microseconds, as the server wrote it
    resource: str  # "pods", "pods/status", or "" for what is no resource
    namespace: str
    name: str
    raw: dict[str, Any]


def write_policy(path: Path) -> Path:
    path.write_text(yaml.safe_dump(POLICY, sort_keys=False))
    return path


def read_events(path: Path, offset: int = 0) -> Iterator[AuditEvent]:
    """Every complete line that begins at the offset or after it; a line that is being written is
    left for later. The server writes a long one in pieces, and an offset may be amid them.
    """
    with path.open("rb") as log:
        if offset:
            log.seek(offset - 1)
            log.readline()
        for line in log:
            if line.endswith(b"\n"):
                yield _parse(json.loads(line))


def _parse(raw: dict[str, Any]) -> AuditEvent:
    about = raw.get("objectRef") or {}
    resource = about.get("resource", "")
    if about.get("subresource"):
        resource += f"/{about['subresource']}"
    return AuditEvent(
        user=raw["user"].get("username", ""),
        impersonating=(raw.get("impersonatedUser") or {}).get("username", ""),
        groups=tuple(raw["user"].get("groups", ())),
        verb=raw["verb"],
        uri=raw["requestURI"],
        stage=raw["stage"],
        code=(raw.get("responseStatus") or {}).get("code", 0),
        agent=raw.get("userAgent", ""),
        at=raw["requestReceivedTimestamp"],
        resource=resource,
        namespace=about.get("namespace", ""),
        name=about.get("name", ""),
        raw=raw,
    )
