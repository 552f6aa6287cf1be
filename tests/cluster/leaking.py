"""A namespace that is full of secrets, the command line as people use it, and what came of both."""

import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from holdfast.model.documents import Document
from lab.client import MERGE
from tests.canaries import Mint, annotated, coded, filled, pull_secret
from tests.cluster.leash import Installation
from tests.cluster.mendable import workload
from tests.surfaces.processes.running import environment

type Raw = dict[str, Any]

NAMESPACE = "secrets"
GRACE = {"grace_scale": "0.000001"}
_KEPT = {
    ("hf_cases", "content"): "what is signed",
    ("hf_cases", "course"): "what was there before, and last words",
}
"""The columns of the database that are there to hold what an object holds, and why."""


class Shell:
    """The command line, as people use it, and everything that it ever said."""

    def __init__(self, installed: Installation) -> None:
        self._settings = {**installed.settings, **GRACE}
        self._cluster = ("--kubeconfig", str(installed.lab.kubeconfig()))
        self._store = installed.store
        self.said: dict[str, str] = {}

    def __call__(self, *words: str, code: int = 0, cluster: bool = False) -> str:
        """What it prints."""
        words = (*words, *self._cluster) if cluster else words
        done = subprocess.run(
            [sys.executable, "-m", "holdfast", *words],
            env=environment(self._settings),
            capture_output=True,
            text=True,
            check=False,
        )
        self.said[" ".join(words)] = done.stdout + done.stderr
        assert done.returncode == code, (words, done.returncode, done.stdout, done.stderr)
        return done.stdout + done.stderr

    def propose(self, trouble: str, action: str, code: int = 0) -> str:
        """The id of what was proposed."""
        words = ("propose", trouble, "--action", action, "-n", NAMESPACE)
        self(*words, code=code, cluster=True)
        with self._store.reading() as tx:
            ours = [each.id for each in tx.cases.newest(9) if each.namespace == NAMESPACE]
        return ours[0]


def furnish(installed: Installation, mint: Mint) -> None:
    """A release that does not start, and all that it was given, as `kubectl apply` does it."""
    lab = installed.lab
    first, then = (_web(mint, image) for image in ("web:1", "registry.example/web:private"))
    objects = [*_data(mint), _quota(mint)]
    lab.kubectl("create", "namespace", NAMESPACE)
    for each in (*objects, first):
        lab.kubectl("apply", "-n", NAMESPACE, "-f", "-", stdin=yaml.safe_dump(each))
    lab.kubectl("rollout", "status", "deployment/web", "-n", NAMESPACE, "--timeout=120s")
    lab.kubectl("apply", "-n", NAMESPACE, "-f", "-", stdin=yaml.safe_dump(then))
    tell_of(installed, NAMESPACE, mint)


def _web(mint: Mint, image: str) -> Raw:
    web = workload("Deployment")
    template = filled(web["spec"]["template"], mint)
    template["metadata"]["annotations"]["lab.holdfast.dev/log"] = f"token={mint('log')} refused"
    template["spec"]["containers"][0]["image"] = image
    web["metadata"]["annotations"] = annotated(mint)
    web["spec"]["template"] = template
    return web


def _data(mint: Mint) -> Iterator[Raw]:
    for n in range(10):
        data, plain = {"k": coded(mint("Secret data"))}, {"s": mint("Secret stringData")}
        head: Raw = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": f"db-{n}"}}
        yield {**head, "data": data, "stringData": plain}
        values = {f"k{k}": mint("ConfigMap") for k in range(3)}
        head = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": f"c-{n}"}}
        yield {**head, "data": values}
        head = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": f"pull-{n}"}}
        kind = "kubernetes.io/dockerconfigjson"
        yield {**head, "type": kind, "data": {".dockerconfigjson": pull_secret(mint)}}


def _quota(mint: Mint) -> Raw:
    metadata = {"name": "wide", "annotations": annotated(mint)}
    spec = {"hard": {"pods": "100"}}
    return {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": metadata, "spec": spec}


_TOLD_OF = {
    ("v1", "Pod"): "/api/v1/namespaces/{}/pods",
    ("v1", "ResourceQuota"): "/api/v1/namespaces/{}/resourcequotas",
    ("apps/v1", "Deployment"): "/apis/apps/v1/namespaces/{}/deployments",
    ("apps/v1", "StatefulSet"): "/apis/apps/v1/namespaces/{}/statefulsets",
    ("apps/v1", "DaemonSet"): "/apis/apps/v1/namespaces/{}/daemonsets",
    ("batch/v1", "Job"): "/apis/batch/v1/namespaces/{}/jobs",
}


def tell_of(installed: Installation, namespace: str, mint: Mint) -> None:
    """Notes on everything there, what pods said last, conditions, and events about it."""
    admin = installed.admin
    for (version, kind), root in _TOLD_OF.items():
        path = root.format(namespace)
        for each in admin.get(path).json()["items"]:
            notes = annotated(mint)
            if kind == "Pod":
                notes["lab.holdfast.dev/log"] = f"login with password={mint('log')} failed"
            whole = f"{path}/{each['metadata']['name']}"
            admin.send("PATCH", whole, body={"metadata": {"annotations": notes}}, kind=MERGE)
            if kind == "Deployment":
                _condition(installed, whole, mint)
            _event(installed, {"apiVersion": version, "kind": kind, **each}, mint)


def _condition(installed: Installation, path: str, mint: Mint) -> None:
    says = f"the store said: Authorization: Bearer {mint('status')}"
    now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    told = {"type": "StoreReached", "status": "False", "reason": "Refused", "message": says}
    there = installed.admin.get(path).json()["status"].get("conditions", [])
    patch = {"status": {"conditions": [*there, {**told, "lastTransitionTime": now}]}}
    installed.admin.send("PATCH", f"{path}/status", body=patch, kind=MERGE)


def _event(installed: Installation, about: Raw, mint: Mint) -> None:
    ref = Document(value=about).ref
    now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    body = {
        "metadata": {"generateName": "told-", "namespace": ref.namespace},
        "involvedObject": {
            "apiVersion": ref.api_version,
            "kind": ref.kind,
            "namespace": ref.namespace,
            "name": ref.name,
            "uid": ref.uid,
        },
        "type": "Warning",
        "reason": "Refused",
        "message": f"probe failed: password={mint('event')} was refused",
        "count": 3,
        "firstTimestamp": now,
        "lastTimestamp": now,
    }
    done = installed.admin.send("POST", f"/api/v1/namespaces/{ref.namespace}/events", body=body)
    assert done.ok, done.body


def written_by(shell: Shell, folder: Path, database: Path) -> Iterator[tuple[str, str]]:
    """Everything that anybody wrote, by where; of the database, every cell but those that may."""
    yield from shell.said.items()
    for path in sorted(each for each in folder.rglob("*") if each.is_file()):
        if not path.name.startswith(database.name):
            yield str(path.relative_to(folder)), path.read_bytes().decode(errors="replace")
    for (table, column), text in cells(database):
        if (table, column) not in _KEPT:
            yield f"{table}.{column}", text


def kept_by(database: Path) -> Mapping[str, str]:
    """What stands in the columns that are there to hold it."""
    told: dict[str, str] = dict.fromkeys(_KEPT.values(), "")
    for place, text in cells(database):
        if place in _KEPT:
            told[_KEPT[place]] += text
    return told


def cells(database: Path) -> Iterator[tuple[tuple[str, str], str]]:
    """Every cell of every table, as text."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as opened:
        tables = opened.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        for (table,) in tables:
            rows = opened.execute(f'SELECT * FROM "{table}"')  # noqa: S608 - its own names
            names = [each[0] for each in rows.description]
            for row in rows:
                for name, value in zip(names, row, strict=True):
                    told = (
                        value.decode(errors="replace") if isinstance(value, bytes) else str(value)
                    )
                    yield (table, name), told
