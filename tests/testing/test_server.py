"""The wire: what is asked for badly, by the wrong person, or not to the end."""

import asyncio
import json
import ssl
import stat
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest

from holdfast.adapters.kubernetes.kubeconfig import connect_to
from holdfast.adapters.kubernetes.reader import Reader
from holdfast.model.kinds import Pod
from holdfast.testing.server import SimulatedServer
from holdfast.testing.shop import a_shop
from holdfast.testing.simulated import SimulatedCluster
from lab.build import find_binaries
from lab.certificates import Authority

CONFIGS = "/api/v1/namespaces/default/configmaps"


@pytest.fixture
async def server() -> AsyncIterator[SimulatedServer]:
    async with SimulatedServer(SimulatedCluster()) as running:
        yield running


@pytest.fixture
async def client(server: SimulatedServer) -> AsyncIterator[httpx2.AsyncClient]:
    async with a_client(server) as admin:
        yield admin


def a_client(server: SimulatedServer, user: str = "admin", **headers: str) -> httpx2.AsyncClient:
    headers = {"Authorization": f"Bearer {server.admit(user)}", **headers}
    return httpx2.AsyncClient(base_url=server.url, headers=headers, trust_env=False, verify=False)


def told(response: httpx2.Response) -> tuple[int, str]:
    return response.status_code, response.json().get("reason", "")


async def raw(server: SimulatedServer, *lines: str, body: bytes = b"") -> bytes:
    """What comes back for bytes that no client library would send, until the server has said it."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write("\r\n".join([*lines, "", ""]).encode() + body)
    await writer.drain()
    async with asyncio.timeout(5):
        answer = await reader.read(65536)
    writer.close()
    await writer.wait_closed()
    return answer


@pytest.mark.parametrize("path", ["/nope", "/apis/nope", "/apis/nope/v1", "/apis/nope/v1/things"])
async def test_a_path_outside_every_group_is_not_found_in_plain_words(
    client: httpx2.AsyncClient, path: str
) -> None:
    response = await client.get(path)
    assert (404, "404 page not found\n") == (response.status_code, response.text)


@pytest.mark.parametrize(
    "path",
    ["/api/v1/nope", "/api/v1/nope/x", "/api/v2", "/apis/apps/v9", "/apis/apps/v9/deployments"],
)
async def test_a_resource_that_nobody_serves_is_not_found_with_a_status(
    client: httpx2.AsyncClient, path: str
) -> None:
    response = await client.get(path)
    assert (404, "NotFound") == told(response)
    assert "Status" == response.json()["kind"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/version"),
        ("PUT", CONFIGS),
        ("POST", f"{CONFIGS}/x"),
        ("PATCH", CONFIGS),
        ("OPTIONS", "/api/v1/pods"),
        ("BREW", "/api/v1/pods"),
        ("POST", "/api/v1/pods"),
    ],
)
async def test_a_method_that_does_not_fit_is_not_allowed(
    client: httpx2.AsyncClient, method: str, path: str
) -> None:
    response = await client.request(method, path, json={})
    assert (405, "MethodNotAllowed") == told(response)


@pytest.mark.parametrize("path", ["/version", CONFIGS])
async def test_a_head_request_is_not_allowed_and_gets_no_body(
    client: httpx2.AsyncClient, path: str
) -> None:
    first, second = await client.head(path), await client.get(path)
    assert (405, b"", 200) == (first.status_code, first.content, second.status_code)


@pytest.mark.parametrize("body", [b"", b"{not json", b"[]", b'"x"', b"\xff\xfe"])
async def test_a_body_that_is_no_object_is_a_bad_request(
    client: httpx2.AsyncClient, body: bytes
) -> None:
    headers = {"Content-Type": "application/json"}
    response = await client.post(CONFIGS, content=body, headers=headers)
    assert (400, "BadRequest") == told(response)


async def test_who_may_not_write_is_told_so_whatever_the_body(server: SimulatedServer) -> None:
    async with a_client(server, "nobody") as nobody:
        response = await nobody.post(CONFIGS, content=b"{not json")
    assert (403, "Forbidden") == told(response)


@pytest.mark.parametrize("labels", [{"a": 1}, {"a": ["b"]}, "a=b"])
async def test_metadata_of_the_wrong_type_is_a_bad_request(
    client: httpx2.AsyncClient, labels: Any
) -> None:
    body = {"metadata": {"name": "x", "labels": labels}}
    response = await client.post(CONFIGS, json=body)
    assert (400, "BadRequest") == told(response)
    assert "cannot be handled as a ConfigMap" in response.json()["message"]


async def test_a_body_of_another_format_is_refused(client: httpx2.AsyncClient) -> None:
    headers = {"Content-Type": "application/yaml"}
    response = await client.post(CONFIGS, content=b"metadata: {name: x}", headers=headers)
    assert (415, "UnsupportedMediaType") == told(response)


async def test_a_body_beyond_the_limit_is_refused(client: httpx2.AsyncClient) -> None:
    data = {"metadata": {"name": "x"}, "data": {"a": "x" * (3 * 1024 * 1024)}}
    response = await client.post(CONFIGS, json=data)
    assert (413, "RequestEntityTooLarge") == told(response)


@pytest.mark.parametrize(
    "query",
    [
        "limit=x",
        "continue=x",
        "resourceVersion=x",
        "labelSelector=a%20in%20b",
        "labelSelector=%3D",
        "labelSelector=a%3D%C3%BC",
        "fieldSelector=a",
        "fieldSelector=a.b%3Dc",
        "timeoutSeconds=x&watch=1",
    ],
)
async def test_a_query_that_makes_no_sense_is_a_bad_request(
    client: httpx2.AsyncClient, query: str
) -> None:
    assert (400, "BadRequest") == told(await client.get(f"/api/v1/pods?{query}"))


@pytest.mark.parametrize(
    "query", ["resourceVersionMatch=Exact", "resourceVersionMatch=Nope&resourceVersion=1"]
)
async def test_a_version_match_that_makes_no_sense_is_invalid(
    client: httpx2.AsyncClient, query: str
) -> None:
    assert (422, "Invalid") == told(await client.get(f"/api/v1/pods?{query}"))


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
async def test_a_dry_run_of_another_kind_than_all_is_invalid(
    client: httpx2.AsyncClient, method: str
) -> None:
    await client.post(CONFIGS, json={"metadata": {"name": "x"}})
    path = CONFIGS if method == "POST" else f"{CONFIGS}/x"
    body = None if method == "DELETE" else {"metadata": {"name": "x"}}
    form = "application/merge-patch+json" if method == "PATCH" else "application/json"
    response = await client.request(
        method,
        f"{path}?dryRun=some",
        content=b"" if body is None else json.dumps(body).encode(),
        headers={"Content-Type": form},
    )
    assert (422, "Invalid") == told(response)
    assert "dryRun" in response.json()["message"]


async def test_deletion_in_the_foreground_is_refused_rather_than_done_otherwise(
    client: httpx2.AsyncClient,
) -> None:
    await client.post(CONFIGS, json={"metadata": {"name": "x"}})
    response = await client.delete(f"{CONFIGS}/x?propagationPolicy=Foreground")
    assert (422, "Invalid") == told(response)
    assert "the simulated cluster cannot do that" in response.json()["message"]


async def test_bytes_that_are_no_http_are_answered_and_the_connection_is_closed(
    server: SimulatedServer,
) -> None:
    answer = await raw(server, "this is not HTTP")
    assert answer.startswith(b"HTTP/1.1 400 ")


async def test_a_request_that_breaks_off_leaves_nothing_behind(server: SimulatedServer) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(b"POST /api/v1/namespaces HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
    await writer.drain()
    writer.write_eof()
    async with asyncio.timeout(5):
        await reader.read()
    writer.close()
    await writer.wait_closed()
    names = [key[2] for key, _ in server.cluster.server.store.listing("namespaces")]
    assert ["default", "kube-node-lease", "kube-public", "kube-system"] == names


async def test_a_client_that_waits_to_be_asked_for_the_body_is_asked(
    server: SimulatedServer,
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    body = b'{"metadata":{"name":"x"}}'
    head = (
        f"POST {CONFIGS} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer admin-token\r\n"
        f"Content-Length: {len(body)}\r\nExpect: 100-continue\r\n\r\n"
    )
    writer.write(head.encode())
    async with asyncio.timeout(5):
        asked = await reader.readuntil(b"\r\n\r\n")
        writer.write(body)
        answered = await reader.readuntil(b"\r\n\r\n")
    writer.close()
    await writer.wait_closed()
    assert asked.startswith(b"HTTP/1.1 100 ")
    assert answered.startswith(b"HTTP/1.1 201 ")


async def test_two_requests_sent_at_once_are_answered_one_after_the_other(
    server: SimulatedServer,
) -> None:
    one = "GET /version HTTP/1.1\r\nHost: x\r\n\r\n"
    other = "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write((one + other).encode())
    async with asyncio.timeout(5):
        answers = await reader.read()
    writer.close()
    await writer.wait_closed()
    assert 2 == answers.count(b"HTTP/1.1 200 ")
    assert answers.endswith(b"ok")


async def test_a_token_that_nobody_has_is_not_let_in(server: SimulatedServer) -> None:
    async with httpx2.AsyncClient(base_url=server.url, trust_env=False, verify=False) as client:
        response = await client.get("/version", headers={"Authorization": "Bearer wrong"})
    assert (401, "Unauthorized") == told(response)


@pytest.mark.parametrize("credential", [{}, {"Authorization": "Basic eDp5"}])
async def test_without_a_token_one_is_nobody_and_sees_the_version(
    server: SimulatedServer, credential: dict[str, str]
) -> None:
    async with httpx2.AsyncClient(base_url=server.url, trust_env=False, verify=False) as client:
        version = await client.get("/version", headers=credential)
        pods = await client.get("/api/v1/pods", headers=credential)
        discovery = await client.get("/api", headers=credential)
    assert 200 == version.status_code
    assert (403, 403) == (pods.status_code, discovery.status_code)
    assert 'User "system:anonymous" cannot list resource "pods"' in pods.json()["message"]


async def test_impersonation_needs_the_right_to_it(server: SimulatedServer) -> None:
    async with a_client(server, "nobody", **{"Impersonate-User": "jane"}) as nobody:
        response = await nobody.get("/api/v1/pods")
    assert (403, "Forbidden") == told(response)
    assert response.json()["message"] == (
        'pods is forbidden: User "nobody" cannot impersonate-on:user-info:list resource "pods" in '
        'API group "" at the cluster scope'
    )


async def test_whoever_may_impersonate_is_taken_for_somebody_else(
    server: SimulatedServer,
) -> None:
    headers = {"Impersonate-User": "jane", "Impersonate-Group": "devs"}
    server.cluster.grant(a_role("users groups", "impersonate"), user="helper")
    server.cluster.grant({**a_role("pods", "list"), "metadata": {"name": "devs"}}, group="devs")
    async with a_client(server, "helper", **headers) as helper:
        seen = await helper.get("/api/v1/pods")
        own = await helper.get("/api/v1/pods", headers={"Impersonate-Group": "others"})
    assert 200 == seen.status_code
    assert 'User "jane" cannot list' in own.json()["message"]
    assert "jane" == server.cluster.audit[-2].user


def a_role(resources: str, verb: str) -> dict[str, Any]:
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": {"name": resources.replace(" ", "-")},
        "rules": [{"apiGroups": [""], "resources": resources.split(), "verbs": [verb]}],
    }


@pytest.mark.parametrize(
    "headers",
    [
        {"Impersonate-User": "jane", "Impersonate-Group": "devs"},
        {"Impersonate-User": "jane", "Impersonate-Uid": "u-1"},
        {"Impersonate-User": "jane", "Impersonate-Extra-Scopes": "all"},
        {"Impersonate-User": "system:serviceaccount:shop:reader"},
    ],
    ids=["group", "uid", "extra", "service account"],
)
async def test_a_right_to_impersonate_users_is_none_to(
    server: SimulatedServer, headers: dict[str, str]
) -> None:
    server.cluster.grant(a_role("users", "impersonate"), user="helper")
    async with a_client(server, "helper", **headers) as helper:
        response = await helper.get("/version")
    assert 403 == response.status_code


async def test_a_group_without_a_user_is_a_bad_request(server: SimulatedServer) -> None:
    async with a_client(server, **{"Impersonate-Group": "devs"}) as admin:
        response = await admin.get("/api/v1/pods")
    assert (400, "BadRequest") == told(response)


async def test_the_date_is_the_clusters(
    server: SimulatedServer, client: httpx2.AsyncClient
) -> None:
    server.cluster.clock.advance(timedelta(seconds=7))
    response = await client.get("/version")
    assert "Mon, 02 Mar 2026 12:00:07 GMT" == response.headers["date"]


async def test_whoever_asks_too_early_is_told_when_to_come_back(
    client: httpx2.AsyncClient,
) -> None:
    response = await client.get("/api/v1/pods?resourceVersion=999999")
    assert (504, "1") == (response.status_code, response.headers["retry-after"])


@pytest.mark.parametrize(
    ("path", "accept"),
    [
        ("/api/v1/pods", "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"),
        (
            "/api/v1/namespaces/default",
            "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1",
        ),
        (
            "/api/v1/namespaces/default",
            "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v2",
        ),
        ("/api/v1/pods", "text/html"),
    ],
)
async def test_a_form_that_cannot_be_had_is_not_acceptable(
    client: httpx2.AsyncClient, path: str, accept: str
) -> None:
    assert (406, "NotAcceptable") == told(await client.get(path, headers={"Accept": accept}))


async def test_the_first_form_that_can_be_had_is_given(client: httpx2.AsyncClient) -> None:
    accept = "application/json;as=Table;g=meta.k8s.io;v=v1,application/json"
    response = await client.get("/api/v1/pods", headers={"Accept": accept})
    assert "PodList" == response.json()["kind"]


async def test_discovery_names_every_group_and_what_is_in_it(client: httpx2.AsyncClient) -> None:
    groups = (await client.get("/apis")).json()["groups"]
    names = {group["name"] for group in groups}
    assert {"apps", "batch", "storage.k8s.io", "rbac.authorization.k8s.io"} <= names
    listed = (await client.get("/apis/apps/v1")).json()["resources"]
    deployments = next(each for each in listed if each["name"] == "deployments")
    told = (deployments["kind"], deployments["namespaced"], deployments["shortNames"])
    assert ("Deployment", True, ["deploy"]) == told
    assert "deployments/status" in {each["name"] for each in listed}


@pytest.mark.parametrize("path", ["/healthz", "/livez", "/readyz"])
async def test_says_that_it_is_well(client: httpx2.AsyncClient, path: str) -> None:
    assert "ok" == (await client.get(path)).text


async def test_a_restart_cuts_every_connection_and_keeps_port_and_state(
    server: SimulatedServer, client: httpx2.AsyncClient
) -> None:
    port = server.port
    await client.post(CONFIGS, json={"metadata": {"name": "kept"}})
    async with client.stream("GET", f"{CONFIGS}?watch=1") as watch:
        lines = watch.aiter_lines()
        await anext(lines)
        await server.restart()
        with pytest.raises(httpx2.TransportError):
            async for _ in lines:
                pass
    kept = await client.get(f"{CONFIGS}/kept")
    assert (port, 200) == (server.port, kept.status_code)


async def test_a_watch_that_nobody_listens_to_is_given_up(
    server: SimulatedServer, client: httpx2.AsyncClient
) -> None:
    async with a_client(server) as other, other.stream("GET", f"{CONFIGS}?watch=1") as watch:
        assert 200 == watch.status_code
        assert 1 == server.connections
    async with asyncio.timeout(5):
        while server.connections:
            await asyncio.sleep(0)


@pytest.mark.slow
async def test_a_watch_ends_when_its_time_is_over_and_the_connection_stays(
    server: SimulatedServer, client: httpx2.AsyncClient
) -> None:
    async with client.stream("GET", f"{CONFIGS}?watch=1&timeoutSeconds=1") as watch:
        async with asyncio.timeout(5):
            assert b"" == await watch.aread()
    await client.get("/version")
    assert 1 == server.connections


@pytest.mark.parametrize(("value", "watches"), [("1", True), ("yes", True), ("false", False)])
async def test_every_word_but_no_means_watch(
    client: httpx2.AsyncClient, value: str, watches: bool
) -> None:
    path = f"{CONFIGS}?watch={value}&timeoutSeconds=1"
    async with client.stream("GET", path) as answer:
        chunked = "transfer-encoding" in answer.headers
    assert watches is chunked


async def test_our_reader_follows_its_kubeconfig_there(tmp_path: Path) -> None:
    async with SimulatedServer(a_shop()) as server:
        server.cluster.grant(a_role("pods", "list"), user="reader")
        path = server.write_kubeconfig(tmp_path / "config", user="reader")
        connection = connect_to(environ={}, kubeconfig=path, home=tmp_path)
        async with Reader(connection, clock=server.cluster.clock) as reader:
            seen = await reader.list(Pod)
    assert 16 == len(seen.objects)
    assert 0o600 == stat.S_IMODE(path.stat().st_mode)


def tls_for(authority: Authority) -> ssl.SSLContext:
    pair = authority.server()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(pair.certificate, pair.key)
    return context


async def test_speaks_tls_where_it_is_given_a_certificate(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    trust = ssl.create_default_context(cafile=authority.pair.certificate)
    async with (
        SimulatedServer(SimulatedCluster(), tls=tls_for(authority)) as server,
        httpx2.AsyncClient(base_url=server.url, verify=trust, trust_env=False) as client,
    ):
        response = await client.get("/version")
    assert ("https", 200) == (response.url.scheme, response.status_code)


async def test_kubectl_reads_the_shop(lab_built: None, tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    async with SimulatedServer(a_shop(), tls=tls_for(authority)) as server:
        config = server.write_kubeconfig(tmp_path / "config", ca_file=authority.pair.certificate)

        async def kubectl(*words: str) -> str:
            process = await asyncio.create_subprocess_exec(
                find_binaries()["kubectl"],
                "--kubeconfig",
                config,
                *words,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
                env={"HOME": str(tmp_path)},
            )
            async with asyncio.timeout(60):
                said, _ = await process.communicate()
            assert 0 == process.returncode, said.decode()
            return said.decode()

        pods = await kubectl("get", "pods", "-n", "shop", "-o", "name")
        claim = await kubectl("describe", "pvc", "reports-data", "-n", "shop")
    assert 16 == len(pods.split())
    assert "external provisioner 'block.csi.example.com'" in claim


ACCOUNTS = "/api/v1/namespaces/default/serviceaccounts"


async def a_token(client: httpx2.AsyncClient, seconds: int = 600) -> httpx2.Response:
    """A token of a new account."""
    await client.post(ACCOUNTS, json={"metadata": {"name": "robot"}})
    return await client.post(
        f"{ACCOUNTS}/robot/token", json={"spec": {"expirationSeconds": seconds}}
    )


async def code_with(server: SimulatedServer, token: str) -> int:
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx2.AsyncClient(headers=headers, trust_env=False) as robot:
        return (await robot.get(f"{server.url}/version")).status_code


async def test_an_account_has_tokens_until_they_expire(
    server: SimulatedServer, client: httpx2.AsyncClient
) -> None:
    made = await a_token(client)
    token = made.json()["status"]["token"]
    for passed, code in ((599, 200), (1, 401)):
        server.cluster.clock.advance(timedelta(seconds=passed))
        assert code == await code_with(server, token)


async def test_a_token_ends_with_its_account_and_fits_no_later_one(
    server: SimulatedServer, client: httpx2.AsyncClient
) -> None:
    token = (await a_token(client)).json()["status"]["token"]
    await client.delete(f"{ACCOUNTS}/robot")
    assert 401 == await code_with(server, token)
    await a_token(client)
    assert 401 == await code_with(server, token)


async def test_no_token_is_shorter_than_ten_minutes(client: httpx2.AsyncClient) -> None:
    assert (422, "Invalid") == told(await a_token(client, 599))


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
async def test_a_token_can_only_be_asked_for(client: httpx2.AsyncClient, method: str) -> None:
    await a_token(client)
    answer = await client.request(method, f"{ACCOUNTS}/robot/token")
    assert 405 == answer.status_code
