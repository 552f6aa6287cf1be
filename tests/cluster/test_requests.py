"""What a scan asks of a real API server, by the server's own audit log."""

import asyncio
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from holdfast.adapters.clock import SystemClock
from holdfast.adapters.kubernetes.kubeconfig import connect_to
from holdfast.adapters.kubernetes.reader import Reader
from holdfast.facts import kinds_read
from holdfast.grants.reader import reader_role
from holdfast.model.kinds import Secret
from lab.audit import AuditEvent
from lab.control_plane import Lab
from tests.tally import Count, Tally

WHO = "serve"  # one of the lab's accounts that no other test gives rights to
CANARY = "canary-d00dfeed"
NAMESPACES = tuple(f"requests-{n}" for n in range(8))


@pytest.fixture(scope="module")
def eight(lab: Lab) -> Iterator[Lab]:
    """Eight namespaces with pods in them, and an account with exactly the generated role."""
    documents: list[object] = []
    for name in NAMESPACES:
        documents.append({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
        template = {
            "metadata": {"labels": {"app": "web"}},
            "spec": {"containers": [{"name": "web", "image": "web:1"}]},
        }
        documents.append(
            {
                "apiVersion": "apps/v1",
                "kind": "Deployment",
                "metadata": {"name": "web", "namespace": name},
                "spec": {
                    "replicas": 3,
                    "selector": {"matchLabels": {"app": "web"}},
                    "template": template,
                },
            }
        )
    role = reader_role(name="requests-reader")
    documents += [
        role,
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "ClusterRoleBinding",
            "metadata": {"name": "requests-reader"},
            "roleRef": {
                "apiGroup": "rbac.authorization.k8s.io",
                "kind": "ClusterRole",
                "name": "requests-reader",
            },
            "subjects": [{"kind": "User", "name": WHO}],
        },
    ]
    lab.kubectl("apply", "-f", "-", stdin=yaml.safe_dump_all(documents))
    for name in NAMESPACES:
        lab.kubectl("-n", name, "rollout", "status", "deployment/web", "--timeout=60s")
    yield lab
    lab.kubectl("delete", "clusterrolebinding/requests-reader", "clusterrole/requests-reader")
    lab.kubectl("delete", "namespace", "--wait=false", *NAMESPACES)


def asked(lab: Lab, mark: int, user: str) -> list[AuditEvent]:
    return [event for event in lab.audit_events(since=mark) if event.user == user]


def scanned(lab: Lab, *options: str) -> str:
    kubeconfig = str(lab.kubeconfig(WHO))
    done = subprocess.run(
        [sys.executable, "-m", "holdfast", "scan", "--kubeconfig", kubeconfig, *options],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_scan_asks_for_kinds_and_never_for_objects(eight: Lab, tally: Tally) -> None:
    mark = eight.audit_mark()

    said = scanned(eight, "-o", "json", "--fail-on", "never")

    unseen = {b["plural"] for b in json.loads(said)["blind"] if b["state"] != "absent"}
    assert unseen <= {"secrets"}
    events = asked(eight, mark, WHO)
    lists = Counter(event.resource for event in events if event.verb == "list")
    assert lists.keys() <= {kind.api.plural for kind in kinds_read()}
    assert set(lists.values()) == {1}
    gets = {event.name for event in events if event.verb == "get" and event.resource}
    assert gets <= {"kube-system"}
    assert {event.verb for event in events} <= {"get", "list"}
    tally(Count("cluster: requests of a scan of 8 namespaces", n=len(events)))
    assert len(events) <= 3 * len(kinds_read())


def test_a_scan_of_named_namespaces_asks_once_for_each_kind_in_each(eight: Lab) -> None:
    mark = eight.audit_mark()
    named = [word for name in NAMESPACES[:2] for word in ("-n", name)]

    scanned(eight, "--fail-on", "never", *named)

    lists = Counter(e.resource for e in asked(eight, mark, WHO) if e.verb == "list")
    expected = {k.api.plural: 2 if k.api.namespaced else 1 for k in kinds_read()}
    assert lists.items() <= expected.items()
    assert lists["pods"] == 2


def test_secrets_are_answered_as_metadata_and_nothing_of_their_data_leaves_the_reader(
    lab: Lab, tmp_path: Path, tally: Tally
) -> None:
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "requests-secret", "namespace": "default"},
        "stringData": {"password": CANARY},
    }
    lab.kubectl("apply", "-f", "-", stdin=yaml.safe_dump(secret))
    kept = lab.get("secret", "requests-secret")
    assert (
        CANARY
        in kept["metadata"]["annotations"]["kubectl.kubernetes.io/last-applied-configuration"]
    )
    mark = lab.audit_mark()

    async def read() -> tuple[str, list[bytes]]:
        connection = connect_to(environ={}, kubeconfig=lab.kubeconfig(), home=tmp_path)
        async with Reader(connection, clock=SystemClock()) as reader:
            listed = repr(await reader.list(Secret))
            got = repr(await reader.get(Secret, "default", "requests-secret"))
            raw = [p async for p in reader.raw_pages(Secret) if isinstance(p, bytes)]
            return listed + got, raw

    told, raw = asyncio.run(read())

    answers = [
        event.raw["responseObject"]["kind"]
        for event in asked(lab, mark, "admin")
        if event.resource == "secrets" and event.agent.startswith("holdfast/")
    ]
    tally(Count("cluster: requests for Secrets, answered as metadata", n=len(answers)))
    assert len(answers) >= 3
    assert set(answers) == {"PartialObjectMetadataList", "PartialObjectMetadata"}
    assert "requests-secret" in told
    everything = told + b"".join(raw).decode()
    assert CANARY not in everything
    assert "last-applied" not in everything.replace("f:kubectl.kubernetes.io/last-applied", "")
