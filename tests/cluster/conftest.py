"""A lab that serves every custom resource that Holdfast knows."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from holdfast.model.kinds import Kafka, Provider
from holdfast.model.objects import Api
from lab import crds
from lab.control_plane import Lab
from lab.parts import Options
from lab.postgres import Postgres
from lab.sharing import Share
from tests.cluster.certificates import run_cert_manager
from tests.cluster.leash import Installation
from tests.cluster.mendable import LONELY
from tests.cluster.webhooks import Webhooks
from tests.cluster.webhooks import webhooks as running_webhooks


@pytest.fixture(scope="session")
def operators(lab_built: None, definitions: list[Any], share: Share) -> Lab:
    """A lab of its own: the tests of `lab` rely on a cluster without custom resources."""
    lab = share(Lab.start(Options(pace=0.1, audit=False)))
    crds.install(lab)
    client = lab.client()
    for kind in (Kafka, Provider):  # whose own definitions are not to be had
        path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
        assert client.send("POST", path, body=_without_schema(kind.api)).ok
    client.close()
    return lab


@pytest.fixture(scope="session")
def leash_lab(lab_built: None, share: Share) -> Lab:
    """A lab for those who install all of it there: fences, a keeper, webhooks."""
    return share(Lab.start(Options(pace=0.1)))


@pytest.fixture(scope="session")
def installed(
    leash_lab: Lab, tmp_path_factory: pytest.TempPathFactory, share: Share
) -> Installation:
    """One installation there; whoever asks for it starts a keeper, one at a time."""
    return share(Installation.on(leash_lab, tmp_path_factory.mktemp("leash")))


@pytest.fixture(scope="session")
def cert_manager(leash_lab: Lab) -> None:
    """Of that lab, for the rest of its time."""
    run_cert_manager(leash_lab)


@pytest.fixture
def on_postgresql(leash_lab: Lab, tmp_path: Path) -> Iterator[Installation]:
    """One on PostgreSQL."""
    with Postgres.started() as server, Installation.on(leash_lab, tmp_path, server) as made:
        yield made


@pytest.fixture
def lonely_nodes(leash_lab: Lab) -> Iterator[None]:
    """Nodes of the tests' own: everybody there sees them, so they go in the end."""
    yield
    client = leash_lab.client()
    (label,) = LONELY.items()
    assert client.send("DELETE", "/api/v1/nodes", query={"labelSelector": "=".join(label)}).ok
    client.close()


@pytest.fixture
def webhooks(leash_lab: Lab) -> Iterator[Webhooks]:
    """Webhooks there, which nobody is changed by yet."""
    with running_webhooks(leash_lab) as made:
        yield made


def _without_schema(api: Api) -> dict[str, Any]:
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = {
        "name": api.versions[0],
        "served": True,
        "storage": True,
        "subresources": {"status": {}},
        "schema": {"openAPIV3Schema": schema},
    }
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": api.resource},
        "spec": {
            "group": api.group,
            "scope": "Namespaced" if api.namespaced else "Cluster",
            "names": {"kind": api.kind, "plural": api.plural},
            "versions": [version],
        },
    }
