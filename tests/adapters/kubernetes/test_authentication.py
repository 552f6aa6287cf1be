"""Every form of authentication, each against a TLS server that judges what it is shown."""

import asyncio
import base64
import json
from collections.abc import AsyncGenerator, AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from holdfast.adapters.kubernetes.kubeconfig import Connection, connect_to
from holdfast.adapters.kubernetes.pace import Chance, Pace
from holdfast.adapters.kubernetes.reader import Reader
from holdfast.errors import BadCredential, Unauthorized
from holdfast.model.kinds import Namespace
from holdfast.model.snapshot import State
from holdfast.ports import Put, Relisted
from holdfast.testing.clock import NOON, FrozenClock
from tests.adapters.kubernetes.certs import Authority, Issued
from tests.adapters.kubernetes.conftest import PluginWriter
from tests.adapters.kubernetes.kubeconfigs import a_kubeconfig, connect, in_place
from tests.adapters.kubernetes.tiny_proxy import TinyProxy
from tests.adapters.kubernetes.tiny_server import Reply, Seen, TinyServer, said, status

V1 = "client.authentication.k8s.io/v1"
V1BETA1 = "client.authentication.k8s.io/v1beta1"


@pytest.fixture
async def server(authority: Authority) -> AsyncIterator[TinyServer]:
    """An API server that lets in whoever shows the right thing."""
    async with TinyServer(welcome, identity=authority.server("127.0.0.1")) as running:
        yield running


def welcome(seen: Seen) -> Reply:
    """Let `Bearer good…` and `Basic` ann:pw in."""
    shown = seen.header("Authorization")
    if shown.startswith("Bearer good") or shown == f"Basic {in_place(b'ann:pw')}":
        return said({"gitVersion": "v1.36.3", "metadata": {"name": "a", "uid": "u"}})
    return status(401, "Unauthorized")


async def version(connection: Connection, clock: FrozenClock | None = None) -> str:
    async with Reader(connection, clock=clock or FrozenClock()) as reader:
        return (await reader.identity()).version


async def test_a_token(server: TinyServer, authority: Authority, tmp_path: Path) -> None:
    path = a_kubeconfig(tmp_path, server=server.url, authority=authority, user={"token": "good"})
    assert await version(connect(path)) == "v1.36.3"


async def test_a_user_name_and_a_password(
    server: TinyServer, authority: Authority, tmp_path: Path
) -> None:
    user = {"username": "ann", "password": "pw"}
    path = a_kubeconfig(tmp_path, server=server.url, authority=authority, user=user)
    assert await version(connect(path)) == "v1.36.3"


async def test_an_authority_in_a_file(
    server: TinyServer, authority: Authority, tmp_path: Path
) -> None:
    (tmp_path / "ca.crt").write_bytes(authority.pem)
    path = a_kubeconfig(
        tmp_path,
        server=server.url,
        cluster={"certificate-authority": "ca.crt"},
        user={"token": "good"},
    )
    assert await version(connect(path)) == "v1.36.3"


async def test_a_servers_own_certificate_as_its_authority(tmp_path: Path) -> None:
    identity = Authority("somebody").server("127.0.0.1")
    async with TinyServer(welcome, identity=identity) as server:
        cluster = {"certificate-authority-data": in_place(identity.chain)}
        path = a_kubeconfig(tmp_path, server=server.url, cluster=cluster, user={"token": "good"})
        assert await version(connect(path)) == "v1.36.3"


async def test_no_verification_when_that_was_asked_for(server: TinyServer, tmp_path: Path) -> None:
    path = a_kubeconfig(
        tmp_path,
        server=server.url,
        cluster={"insecure-skip-tls-verify": True},
        user={"token": "good"},
    )
    assert await version(connect(path)) == "v1.36.3"


@pytest.fixture
async def strict_server(authority: Authority) -> AsyncIterator[TinyServer]:
    """An API server that knows people by their certificates alone."""

    def by_certificate(seen: Seen) -> Reply:
        return said({"gitVersion": seen.common_name, "metadata": {"name": "a", "uid": "u"}})

    async with TinyServer(
        by_certificate, identity=authority.server("127.0.0.1"), clients=authority
    ) as running:
        yield running


async def test_a_client_certificate_in_place(
    strict_server: TinyServer, authority: Authority, tmp_path: Path
) -> None:
    mine = authority.person("ann", group="ops")
    user = {
        "client-certificate-data": in_place(mine.chain),
        "client-key-data": in_place(mine.key),
    }
    path = a_kubeconfig(tmp_path, server=strict_server.url, authority=authority, user=user)
    assert await version(connect(path)) == "ann"


async def test_a_client_certificate_in_files(
    strict_server: TinyServer, authority: Authority, tmp_path: Path
) -> None:
    authority.person("ann").files(tmp_path, "me")
    user = {"client-certificate": "me.crt", "client-key": "me.key"}
    path = a_kubeconfig(tmp_path, server=strict_server.url, authority=authority, user=user)
    assert await version(connect(path)) == "ann"


async def test_no_certificate_material_is_left_on_disk(
    strict_server: TinyServer,
    authority: Authority,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    mine = authority.person("ann")
    user = {
        "client-certificate-data": in_place(mine.chain),
        "client-key-data": in_place(mine.key),
    }
    path = a_kubeconfig(tmp_path, server=strict_server.url, authority=authority, user=user)
    before = scratch.stat().st_mtime_ns
    assert await version(connect(path)) == "ann"
    assert scratch.stat().st_mtime_ns > before  # something was there for a moment
    assert list(scratch.iterdir()) == []


async def test_a_token_file(server: TinyServer, authority: Authority, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("good\n")
    path = a_kubeconfig(
        tmp_path, server=server.url, authority=authority, user={"tokenFile": "token"}
    )
    assert await version(connect(path)) == "v1.36.3"


async def test_a_token_file_is_read_again_after_ten_seconds(
    server: TinyServer, authority: Authority, tmp_path: Path
) -> None:
    token = tmp_path / "token"
    token.write_text("good-1")
    user = {"tokenFile": "token"}
    path = a_kubeconfig(tmp_path, server=server.url, authority=authority, user=user)
    clock = FrozenClock()
    async with Reader(connect(path), clock=clock) as reader:
        await reader.get(Namespace, "", "a")
        token.write_text("good-2")
        clock.advance(timedelta(seconds=9))
        await reader.get(Namespace, "", "a")
        clock.advance(timedelta(seconds=1))
        await reader.get(Namespace, "", "a")
    shown = [seen.header("Authorization") for seen in server.requests]
    assert shown == ["Bearer good-1", "Bearer good-1", "Bearer good-2"]


async def test_a_token_that_was_refused_is_read_again_at_once(
    server: TinyServer, authority: Authority, tmp_path: Path
) -> None:
    token = tmp_path / "token"
    token.write_text("stale")
    user = {"tokenFile": "token"}
    path = a_kubeconfig(tmp_path, server=server.url, authority=authority, user=user)
    async with Reader(connect(path), clock=FrozenClock()) as reader:
        with pytest.raises(Unauthorized):
            await reader.identity()
        token.write_text("good")
        assert (await reader.identity()).version == "v1.36.3"


async def test_a_token_file_that_rotates_during_a_watch(
    authority: Authority, tmp_path: Path, chance: Chance
) -> None:
    """The running watch goes on; the server then ends it, and the next shows the new token."""
    token = tmp_path / "token"
    token.write_text("old")
    valid = {"Bearer old"}
    rotated = asyncio.Event()

    async def first() -> AsyncGenerator[bytes]:
        yield event("ADDED", "b", "2")
        await rotated.wait()
        yield event("ADDED", "c", "3")

    async def second() -> AsyncGenerator[bytes]:
        yield event("ADDED", "d", "4")
        await asyncio.Event().wait()

    streams = [first(), second()]

    def handler(seen: Seen) -> Reply:
        if seen.header("Authorization") not in valid:
            return status(401, "expired")
        if "watch" in seen.query:
            return Reply(stream=streams.pop(0))
        return said(
            {
                "kind": "NamespaceList",
                "metadata": {"resourceVersion": "1"},
                "items": [named("a", "1")],
            }
        )

    async with TinyServer(handler, identity=authority.server("127.0.0.1")) as server:
        user = {"tokenFile": "token"}
        path = a_kubeconfig(tmp_path, server=server.url, authority=authority, user=user)
        async with Reader(connect(path), clock=FrozenClock(), chance=chance) as reader:
            heard = []
            following = reader.follow(Namespace)
            async for news in following:
                match news:
                    case Relisted(capture=capture):
                        heard += [o.metadata.name for o in capture.objects]
                    case Put(object=one):
                        heard.append(one.metadata.name)
                if heard[-1] == "b":
                    token.write_text("new")
                    valid.clear()
                    valid.add("Bearer new")
                    rotated.set()
                if heard[-1] == "d":
                    break
            await following.aclose()  # type: ignore[attr-defined]  # it is a generator
    assert heard == ["a", "b", "c", "d"]
    shown = [seen.header("Authorization") for seen in server.requests]
    assert shown == ["Bearer old", "Bearer old", "Bearer old", "Bearer new"]


def named(name: str, version_: str) -> dict[str, Any]:
    return {"metadata": {"name": name, "resourceVersion": version_}}


def event(kind: str, name: str, version_: str) -> bytes:
    return json.dumps({"type": kind, "object": named(name, version_)}).encode() + b"\n"


def executed(plugin: Path, api_version: str, **more: Any) -> dict[str, Any]:
    spec = {"apiVersion": api_version, "command": str(plugin), "interactiveMode": "Never"}
    return {"exec": spec | more}


def credential(api_version: str, **state: Any) -> str:
    return json.dumps({"apiVersion": api_version, "kind": "ExecCredential", "status": state})


def runs(folder: Path) -> int:
    return len((folder / "runs").read_text().splitlines())


@pytest.mark.parametrize("api_version", [V1, V1BETA1])
async def test_an_exec_plugin_is_run_once_while_its_credential_holds(
    server: TinyServer,
    authority: Authority,
    tmp_path: Path,
    a_plugin: PluginWriter,
    api_version: str,
) -> None:
    plugin = a_plugin(f"echo '{credential(api_version, token='good')}'")
    user = executed(plugin, api_version)
    path = a_kubeconfig(tmp_path, server=server.url, authority=authority, user=user)
    async with Reader(connect(path), clock=FrozenClock()) as reader:
        await asyncio.gather(*(reader.get(Namespace, "", name) for name in "abcdef"))
    assert runs(tmp_path) == 1


@pytest.mark.parametrize("api_version", [V1, V1BETA1])
async def test_an_exec_plugin_is_run_again_when_its_credential_expires(
    server: TinyServer,
    authority: Authority,
    tmp_path: Path,
    a_plugin: PluginWriter,
    api_version: str,
) -> None:
    expires = (NOON + timedelta(minutes=5)).isoformat()
    made = credential(api_version, token="good-$(wc -l < RUNS)", expirationTimestamp=expires)
    script = "cat <<END\n" + made.replace("RUNS", f"{tmp_path}/runs") + "\nEND"
    user = executed(a_plugin(script), api_version)
    path = a_kubeconfig(tmp_path, server=server.url, authority=authority, user=user)
    clock = FrozenClock()
    async with Reader(connect(path), clock=clock) as reader:
        await reader.get(Namespace, "", "a")
        clock.advance(timedelta(minutes=4, seconds=59))
        await reader.get(Namespace, "", "a")
        clock.advance(timedelta(seconds=1))
        await reader.get(Namespace, "", "a")
    shown = [seen.header("Authorization") for seen in server.requests]
    assert shown == ["Bearer good-1", "Bearer good-1", "Bearer good-2"]


async def test_an_exec_plugin_is_run_again_once_when_its_credential_is_refused(
    server: TinyServer, authority: Authority, tmp_path: Path, a_plugin: PluginWriter
) -> None:
    plugin = a_plugin(f"echo '{credential(V1, token='bad')}'")
    user = executed(plugin, V1)
    path = a_kubeconfig(tmp_path, server=server.url, authority=authority, user=user)
    with pytest.raises(Unauthorized):
        await version(connect(path))
    assert runs(tmp_path) == 2
    assert len(server.requests) == 1  # it printed the same again, and that was refused already


async def test_a_refused_credential_is_renewed_and_asked_with_once(
    server: TinyServer, authority: Authority, tmp_path: Path, a_plugin: PluginWriter
) -> None:
    made = credential(V1, token="bad-$(wc -l < RUNS)").replace("RUNS", f"{tmp_path}/runs")
    user = executed(a_plugin(f"cat <<END\n{made}\nEND"), V1)
    path = a_kubeconfig(tmp_path, server=server.url, authority=authority, user=user)
    with pytest.raises(Unauthorized):
        await version(connect(path))
    shown = [seen.header("Authorization") for seen in server.requests]
    assert shown == ["Bearer bad-1", "Bearer bad-2"]


async def test_an_exec_plugin_that_yields_a_certificate(
    strict_server: TinyServer, authority: Authority, tmp_path: Path, a_plugin: PluginWriter
) -> None:
    """And another one when the first has expired: the new connection shows the new one."""
    for name, minutes in (("ann-1", 5), ("ann-2", 10)):
        mine = authority.person(name)
        (tmp_path / f"{name}.json").write_text(certified(mine, NOON + timedelta(minutes=minutes)))
    plugin = a_plugin(f'cat "{tmp_path}/ann-$(wc -l < "{tmp_path}/runs").json"')
    path = a_kubeconfig(
        tmp_path, server=strict_server.url, authority=authority, user=executed(plugin, V1)
    )
    clock = FrozenClock()
    async with Reader(connect(path), clock=clock) as reader:
        assert (await reader.identity()).version == "ann-1"
        clock.advance(timedelta(minutes=5))
        assert (await reader.identity()).version == "ann-2"


def certified(mine: Issued, until: datetime) -> str:
    return credential(
        V1,
        clientCertificateData=mine.chain.decode(),
        clientKeyData=mine.key.decode(),
        expirationTimestamp=until.isoformat(),
    )


async def test_a_proxy_is_tunnelled_through(
    server: TinyServer, authority: Authority, tmp_path: Path
) -> None:
    async with TinyProxy() as proxy:
        path = a_kubeconfig(
            tmp_path,
            server=server.url,
            authority=authority,
            cluster={"proxy-url": f"http://me:pw@127.0.0.1:{proxy.port}"},
            user={"token": "good"},
        )
        assert await version(connect(path)) == "v1.36.3"
    assert proxy.tunnels == [f"127.0.0.1:{server.port}"]
    assert proxy.shown == [f"Basic {in_place(b'me:pw')}"]


@pytest.mark.parametrize("through_a_proxy", [False, True])
async def test_the_name_that_the_certificate_must_carry(
    authority: Authority, tmp_path: Path, through_a_proxy: bool
) -> None:
    identity = authority.server("api.shop.example")
    async with TinyServer(welcome, identity=identity) as server, TinyProxy() as proxy:
        cluster = {"tls-server-name": "api.shop.example"}
        if through_a_proxy:
            cluster["proxy-url"] = f"http://127.0.0.1:{proxy.port}"
        path = a_kubeconfig(
            tmp_path,
            server=server.url,
            authority=authority,
            cluster=cluster,
            user={"token": "good"},
        )
        assert await version(connect(path)) == "v1.36.3"
    assert len(proxy.tunnels) == through_a_proxy


async def test_impersonation(server: TinyServer, authority: Authority, tmp_path: Path) -> None:
    user = {
        "token": "good",
        "as": "bob",
        "as-uid": "42",
        "as-groups": ["ops", "shop"],
        "as-user-extra": {"Example.com/Scope of": ["a", "b"]},
    }
    path = a_kubeconfig(tmp_path, server=server.url, authority=authority, user=user)
    await version(connect(path))
    seen = server.requests[0]
    assert seen.header("Impersonate-User") == "bob"
    assert seen.header("Impersonate-Uid") == "42"
    assert seen.all("Impersonate-Group") == ["ops", "shop"]
    assert seen.all("Impersonate-Extra-example.com%2Fscope%20of") == ["a", "b"]


async def test_inside_a_pod(server: TinyServer, authority: Authority, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("good")
    (tmp_path / "ca.crt").write_bytes(authority.pem)
    environ = {
        "KUBERNETES_SERVICE_HOST": "127.0.0.1",
        "KUBERNETES_SERVICE_PORT": str(server.port),
    }
    connection = connect_to(environ=environ, home=tmp_path, service_account=tmp_path)
    assert await version(connection) == "v1.36.3"


async def test_a_token_that_is_refused_is_not_shown_twice(
    server: TinyServer, authority: Authority, tmp_path: Path
) -> None:
    path = a_kubeconfig(tmp_path, server=server.url, authority=authority, user={"token": "hunter2"})
    with pytest.raises(Unauthorized, match="does not accept the credential of user 'ann'") as said_:
        await version(connect(path))
    assert "Log in again" in said_.value.remedy
    assert "hunter2" not in str(said_.value)
    assert len(server.requests) == 1


async def test_a_forbidden_question_is_never_asked_twice(
    authority: Authority, tmp_path: Path
) -> None:
    async with TinyServer(
        lambda _: status(403, "no way"), identity=authority.server("127.0.0.1")
    ) as server:
        path = a_kubeconfig(tmp_path, server=server.url, authority=authority)
        async with Reader(connect(path), clock=FrozenClock()) as reader:
            capture = await reader.list(Namespace)
    assert (capture.state, capture.why) == (State.FORBIDDEN, "no way")
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("script", "complaint"),
    [
        ("echo {", "printed no ExecCredential"),
        ("echo hunter2", "printed no ExecCredential"),
        ("true", "printed no ExecCredential"),
        (f"echo '{credential(V1)}'", "neither token nor certificate"),
        (f"echo '{credential(V1BETA1, token='hunter2')}'", "another kind or version"),
        (f"echo '{credential(V1, clientKeyData='hunter2')}'", "half a certificate"),
        ("echo hunter2; echo no network >&2; exit 7", "exit code 7: no network"),
    ],
)
async def test_an_exec_plugin_that_yields_nothing_good_is_named(
    tmp_path: Path, a_plugin: PluginWriter, script: str, complaint: str
) -> None:
    path = a_kubeconfig(tmp_path, user=executed(a_plugin(script), V1))
    with pytest.raises(BadCredential, match=complaint) as raised:
        await version(connect(path))
    assert "hunter2" not in str(raised.value)
    assert "'ann'" in raised.value.wrong


async def test_an_exec_plugin_that_is_not_installed_brings_its_own_hint(tmp_path: Path) -> None:
    user = executed(Path("no-such-plugin"), V1, installHint="Get it with: brew install it")
    with pytest.raises(BadCredential, match=r"'no-such-plugin' .* is not installed") as raised:
        await version(connect(a_kubeconfig(tmp_path, user=user)))
    assert raised.value.remedy == "Get it with: brew install it"


async def test_an_exec_plugin_that_may_not_be_run_is_named(tmp_path: Path) -> None:
    (tmp_path / "plugin").write_text("#!/bin/sh\n")
    user = executed(tmp_path / "plugin", V1)
    with pytest.raises(BadCredential, match=r"cannot be started .Permission denied"):
        await version(connect(a_kubeconfig(tmp_path, user=user)))


@pytest.mark.slow
async def test_an_exec_plugin_that_hangs_is_ended_with_all_that_it_started(
    tmp_path: Path, a_plugin: PluginWriter
) -> None:
    plugin = a_plugin(f'sleep 3600 & echo $! > "{tmp_path}/child"; sleep 3600')
    path = a_kubeconfig(tmp_path, user=executed(plugin, V1))
    async with Reader(connect(path), clock=FrozenClock(), pace=Pace(plugin=1)) as reader:
        with pytest.raises(BadCredential, match=r"did not end within 1 seconds"):
            await reader.identity()
    process = Path("/proc") / (tmp_path / "child").read_text().strip() / "stat"
    async with asyncio.timeout(5):  # the kernel ends it in its own time
        while is_alive(process):
            await asyncio.sleep(0)


def is_alive(stat: Path) -> bool:
    try:
        return not stat.read_text().rpartition(") ")[2].startswith("Z")
    except (FileNotFoundError, ProcessLookupError):
        return False


async def test_an_exec_plugin_that_needs_a_person_says_so_where_there_is_none(
    tmp_path: Path, a_plugin: PluginWriter
) -> None:
    user = executed(a_plugin("true"), V1, interactiveMode="Always")
    with pytest.raises(BadCredential, match="there is no terminal"):
        await version(connect(a_kubeconfig(tmp_path, user=user)))


@pytest.mark.parametrize(
    ("mode", "terminal"),
    [("Always", True), ("IfAvailable", True), ("IfAvailable", False), ("Never", True)],
)
async def test_an_exec_plugin_may_ask_somebody_when_somebody_is_there(
    server: TinyServer,
    authority: Authority,
    tmp_path: Path,
    a_plugin: PluginWriter,
    mode: str,
    terminal: bool,
) -> None:
    plugin = a_plugin(
        f'echo "$KUBERNETES_EXEC_INFO" > "{tmp_path}/told"\necho Type the code >&2\n'
        f"echo '{credential(V1, token='good')}'"
    )
    user = executed(plugin, V1, interactiveMode=mode)
    path = a_kubeconfig(tmp_path, server=server.url, authority=authority, user=user)
    assert await version(connect(path, terminal=terminal)) == "v1.36.3"
    told = json.loads((tmp_path / "told").read_text())
    alone = (mode, terminal) in {("IfAvailable", False), ("Never", True)}
    assert told["spec"] == {"interactive": not alone}


async def test_an_exec_plugin_that_fails_before_somebody_has_told_them_why(
    tmp_path: Path, a_plugin: PluginWriter
) -> None:
    user = executed(a_plugin("echo wrong code >&2; exit 3"), V1, interactiveMode="Always")
    with pytest.raises(BadCredential, match=r"failed with exit code 3\."):
        await version(connect(a_kubeconfig(tmp_path, user=user), terminal=True))


async def test_an_exec_plugin_gets_its_arguments_environment_and_the_cluster(
    server: TinyServer, authority: Authority, tmp_path: Path, a_plugin: PluginWriter
) -> None:
    told = tmp_path / "told"
    plugin = a_plugin(
        f'echo "$1 $OWN $INHERITED" > "{told}"; echo "$KUBERNETES_EXEC_INFO" >> "{told}"\n'
        f"echo '{credential(V1, token='good')}'"
    )
    user = executed(
        plugin,
        V1,
        args=["first"],
        env=[{"name": "OWN", "value": "second"}],
        provideClusterInfo=True,
    )
    cluster = {
        "extensions": [
            {"name": "client.authentication.k8s.io/exec", "extension": {"audience": "shop"}}
        ]
    }
    path = a_kubeconfig(
        tmp_path, server=server.url, authority=authority, user=user, cluster=cluster
    )
    environ = {"INHERITED": "third", "PATH": "/usr/bin:/bin"}
    assert await version(connect(path, environ=environ)) == "v1.36.3"
    arguments, info = told.read_text().splitlines()
    assert arguments == "first second third"
    assert json.loads(info) == {
        "apiVersion": V1,
        "kind": "ExecCredential",
        "spec": {
            "interactive": False,
            "cluster": {
                "server": server.url,
                "certificate-authority-data": base64.b64encode(authority.pem).decode(),
                "config": {"audience": "shop"},
            },
        },
    }


@pytest.mark.parametrize(
    ("begin", "end", "complaint"),
    [
        (datetime(2020, 1, 1, tzinfo=UTC), NOON - timedelta(days=3), "expired on 2026-02-27"),
        (NOON + timedelta(days=1), NOON + timedelta(days=9), "not valid before 2026-03-03 12:00"),
    ],
)
async def test_a_client_certificate_out_of_its_time_is_found_before_anybody_is_asked(
    server: TinyServer,
    authority: Authority,
    tmp_path: Path,
    begin: datetime,
    end: datetime,
    complaint: str,
) -> None:
    authority.person("ann", begin=begin, end=end).files(tmp_path, "me")
    user = {"client-certificate": "me.crt", "client-key": "me.key"}
    path = a_kubeconfig(tmp_path, server=server.url, authority=authority, user=user)
    with pytest.raises(BadCredential, match=f"'ann' (is )?{complaint}"):
        await version(connect(path))
    assert server.requests == []


@pytest.mark.parametrize(
    ("key", "complaint"),
    [("other.key", "do not fit together"), ("gone.key", "gone.key cannot be read")],
)
async def test_a_key_that_does_not_fit_or_is_missing_is_named(
    authority: Authority, tmp_path: Path, key: str, complaint: str
) -> None:
    authority.person("ann").files(tmp_path, "me")
    authority.person("bob").files(tmp_path, "other")
    user = {"client-certificate": "me.crt", "client-key": key}
    with pytest.raises(BadCredential, match=complaint):
        await version(connect(a_kubeconfig(tmp_path, authority=authority, user=user)))


async def test_a_certificate_that_is_none_is_named(authority: Authority, tmp_path: Path) -> None:
    user = {"client-certificate-data": in_place(b"x"), "client-key-data": in_place(b"y")}
    with pytest.raises(BadCredential, match="is not a PEM certificate"):
        await version(connect(a_kubeconfig(tmp_path, authority=authority, user=user)))


@pytest.mark.parametrize(("text", "complaint"), [(None, "cannot be read"), ("\n", "is empty")])
async def test_a_token_file_without_a_token_is_named(
    tmp_path: Path, text: str | None, complaint: str
) -> None:
    if text is not None:
        (tmp_path / "token").write_text(text)
    path = a_kubeconfig(tmp_path, user={"tokenFile": "token"})
    with pytest.raises(BadCredential, match=complaint):
        await version(connect(path))
