"""The installer before clusters that cannot have the fences, or that run us."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from holdfast.adapters.kubernetes.connection import Connection, Pem, Trust
from holdfast.adapters.kubernetes.install import KubernetesInstaller
from holdfast.adapters.kubernetes.kubeconfig import connect_to
from holdfast.adapters.kubernetes.passes import kubeconfig_for
from holdfast.errors import CouldNotLook, NotReady
from holdfast.testing.clock import FrozenClock
from holdfast.wiring.fencing import installer
from tests.adapters.kubernetes.certs import Authority
from tests.adapters.kubernetes.tiny_server import Handler, Reply, Seen, TinyServer, said, status


@asynccontextmanager
async def before(handler: Handler) -> AsyncIterator[tuple[KubernetesInstaller, TinyServer]]:
    async with TinyServer(handler) as server:
        connection = Connection(name="shop", server=server.url)
        async with installer(connection, FrozenClock()) as made:
            yield made, server


def of_version(version: str) -> Handler:
    def handler(seen: Seen) -> Reply:
        if seen.path == "/version":
            return said({"gitVersion": version})
        return said({"items": []}) if seen.method == "GET" else status(500, "not to be written")

    return handler


@pytest.mark.parametrize("version", ["v1.27.3", "v1.29.9-eks-1", "v0.99.0"])
async def test_an_older_cluster_is_named_and_nothing_is_made_there(version: str) -> None:
    async with before(of_version(version)) as (made, server):
        (told,) = await made.amiss()
        assert "need 1.30" in told
        for order in (made.apply, made.remove):
            with pytest.raises(NotReady, match=r"need 1\.30"):
                await order()
    assert {"GET"} == {each.method for each in server.requests}


async def test_a_version_that_nobody_can_read_is_no_version() -> None:
    async with before(of_version("unknown")) as (made, _):
        with pytest.raises(CouldNotLook):
            await made.amiss()


@pytest.mark.parametrize("version", ["v1.30.0", "v1.36.2+k3s1", "v2.0.0"])
async def test_the_first_version_with_such_policies_and_newer_ones_are_looked_at(
    version: str,
) -> None:
    def handler(seen: Seen) -> Reply:
        if seen.path == "/version":
            return said({"gitVersion": version})
        return said({"items": []}) if "limit" in seen.query else status(404)

    async with before(handler) as (made, _):
        assert all(each.endswith(" is missing.") for each in await made.amiss())


async def test_nothing_is_removed_while_pods_run_in_our_namespace() -> None:
    def handler(seen: Seen) -> Reply:
        if seen.path == "/version":
            return said({"gitVersion": "v1.36.0"})
        return said({"items": [{"metadata": {"name": "keeper"}}]})

    async with before(handler) as (made, s):
        with pytest.raises(NotReady, match="Pods run"):
            await made.remove()
    assert {"GET"} == {each.method for each in s.requests}


def test_a_kubeconfig_leads_to_the_same_cluster(tmp_path: Path) -> None:
    authority = Authority()
    trust = Trust(authority=Pem(data=authority.pem), server_name="kubernetes")
    there = Connection(
        name="shop", server="https://127.0.0.1:6443", trust=trust, proxy="http://proxy:3128"
    )
    path = tmp_path / "keeper.kubeconfig"
    path.write_bytes(kubeconfig_for(there, "holdfast-keeper", "a-token"))
    read = connect_to(environ={}, kubeconfig=path, home=tmp_path)
    assert (there.server, there.trust, there.proxy) == (read.server, read.trust, read.proxy)
    assert "holdfast-keeper" == read.user
