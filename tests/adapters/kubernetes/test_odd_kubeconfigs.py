"""Kubeconfigs that hold what no one can use: one sentence each, without a value in it."""

import asyncio
import os
import threading
from pathlib import Path
from typing import Any

import pytest

from holdfast.adapters.kubernetes.connection import Token
from holdfast.adapters.kubernetes.kubeconfig import connect_to
from holdfast.adapters.kubernetes.reader import Reader
from holdfast.errors import BadCredential, BadKubeconfig
from holdfast.testing.clock import FrozenClock
from tests.adapters.kubernetes.certs import Authority
from tests.adapters.kubernetes.conftest import PluginWriter
from tests.adapters.kubernetes.kubeconfigs import a_kubeconfig, connect, in_place
from tests.adapters.kubernetes.tiny_server import TinyServer
from tests.adapters.kubernetes.tiny_server import said as said_json

EXEC = {
    "apiVersion": "client.authentication.k8s.io/v1",
    "interactiveMode": "Never",
    "command": "plugin",
}


@pytest.mark.parametrize(
    "server",
    [
        "https://hunter2:99999",
        "https://hunter2:-1",
        "https://hunter2:x",
        "https://hunter2:0",
        "https://[hunter2",
        "https://hunter2\nx",
        "https://hunter2\0",
        "https://hunter2 x",
        "https://hunter2..x",
        "https://" + "hunter2" * 20,
        "https://hunter2/?a=b",
        "https://hunter2/#a",
        "https://ann:hunter2@host",
        "https://hunter2@host",
        "ann:hunter2@host",
        "ftp://hunter2",
        "https://",
    ],
)
def test_a_server_that_is_no_address_is_refused_and_not_shown(server: str, tmp_path: Path) -> None:
    with pytest.raises(BadKubeconfig, match="the server of its context 'shop'") as refused:
        connect(a_kubeconfig(tmp_path, server=server))
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    "user",
    [
        {"token": "hunter2\x07"},
        {"token": "hunter2\n\n"},
        {"token": "hunter2\nX: y"},
        {"token": "hunter2é"},
        {"tokenFile": "hunter2\0"},
        {"as": "hunter2\n"},
        {"as": "hunter2é"},
        {"as": "ann", "as-uid": "hunter2\0"},
        {"as": "ann", "as-groups": ["hunter2\r\nX: y"]},
        {"as": "ann", "as-user-extra": {"a": ["hunter2\n"]}},
        {"as": "ann", "as-user-extra": {"hunter2é": ["a"]}},
        {"client-certificate": "hunter2\0", "client-key": "k"},
        {"exec": EXEC | {"command": "hunter2\0"}},
        {"exec": EXEC | {"args": ["hunter2\0"]}},
        {"exec": EXEC | {"env": [{"name": "A=hunter2", "value": "c"}]}},
        {"exec": EXEC | {"env": [{"name": "", "value": "c"}]}},
        {"exec": EXEC | {"env": [{"name": "A", "value": "hunter2\0"}]}},
    ],
)
def test_what_cannot_be_sent_or_started_is_refused(user: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(BadKubeconfig, match="cannot be used") as refused:
        connect(a_kubeconfig(tmp_path, user=user))
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize("name", [".", ".a", "a..b", "a\0", "a b", "x" * 64, "a." * 200, "\u2024"])
def test_a_tls_server_name_that_no_certificate_carries(name: str, tmp_path: Path) -> None:
    with pytest.raises(BadKubeconfig, match="tls-server-name"):
        connect(a_kubeconfig(tmp_path, cluster={"tls-server-name": name}))


@pytest.mark.parametrize(
    "proxy", ["http://proxy:99999", "ftp://proxy", "http://", "http://a\n", "http://[a"]
)
def test_a_proxy_that_is_no_address(proxy: str, tmp_path: Path) -> None:
    with pytest.raises(BadKubeconfig, match="the proxy before"):
        connect(a_kubeconfig(tmp_path, cluster={"proxy-url": proxy}))
    environ = {"HTTPS_PROXY": proxy}
    with pytest.raises(BadKubeconfig, match="the proxy before"):
        connect(a_kubeconfig(tmp_path, server="https://api.example"), environ=environ)


def test_one_newline_after_a_token_is_its_writers_slip(tmp_path: Path) -> None:
    assert connect(a_kubeconfig(tmp_path, user={"token": "t\n"})).showing == Token(value="t")


@pytest.mark.parametrize("token", ["hunter2\x07", "hunter2é", "hunter2\nx"])
async def test_a_token_file_with_what_is_no_token(token: str, tmp_path: Path) -> None:
    (tmp_path / "token").write_text(token)
    path = a_kubeconfig(tmp_path, server="http://127.0.0.1:1", user={"tokenFile": "token"})
    async with Reader(connect(path), clock=FrozenClock()) as reader:
        with pytest.raises(BadCredential, match="another character that no token has") as refused:
            await reader.identity()
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize("token", ["hunter2\\u0007", "hunter2\\u00e9", "hunter2\\nX: y"])
async def test_a_plugin_that_prints_what_is_no_token(
    token: str, a_plugin: PluginWriter, tmp_path: Path
) -> None:
    said = f'{{"apiVersion":"{EXEC["apiVersion"]}","kind":"ExecCredential"'
    a_plugin(f"""cat <<'.'\n{said},"status":{{"token":"{token}"}}}}\n.""")
    user = {"exec": EXEC | {"command": "./plugin"}}
    path = a_kubeconfig(tmp_path, server="http://127.0.0.1:1", user=user)
    async with Reader(connect(path), clock=FrozenClock()) as reader:
        with pytest.raises(BadCredential, match="printed a token that holds") as refused:
            await reader.identity()
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize("said", ["head -c 200000 /dev/zero | tr '\\0' '['", "printf '\"\\377\"'"])
async def test_a_plugin_that_prints_rubbish(
    said: str, a_plugin: PluginWriter, tmp_path: Path
) -> None:
    a_plugin(said)
    user = {"exec": EXEC | {"command": "./plugin"}}
    path = a_kubeconfig(tmp_path, server="http://127.0.0.1:1", user=user)
    environ = {"PATH": os.environ["PATH"]}
    async with Reader(connect(path, environ=environ), clock=FrozenClock()) as reader:
        with pytest.raises(BadCredential, match="printed no ExecCredential"):
            await reader.identity()


async def test_an_empty_authority_file(tmp_path: Path) -> None:
    (tmp_path / "ca").write_text("")
    path = a_kubeconfig(tmp_path, cluster={"certificate-authority": "ca"})
    async with Reader(connect(path), clock=FrozenClock()) as reader:
        with pytest.raises(BadKubeconfig, match="is not a PEM certificate"):
            await reader.identity()


async def test_a_client_certificate_without_a_temporary_folder(
    authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    issued = authority.server("127.0.0.1")
    user = {
        "client-certificate-data": in_place(issued.chain),
        "client-key-data": in_place(issued.key),
    }
    path = a_kubeconfig(tmp_path, user=user)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "missing"))
    async with Reader(connect(path), clock=FrozenClock()) as reader:
        with pytest.raises(BadCredential, match="needs a temporary file") as refused:
            await reader.identity()
    assert "TMPDIR" in refused.value.remedy


@pytest.mark.parametrize(
    "value",
    ["!!int abc", "!!float x", "!!bool abc", "!!timestamp x", "!!binary é", "!!set {a}", "!x y"],
)
def test_tags_that_a_kubeconfig_has_no_use_for(value: str, tmp_path: Path) -> None:
    path = tmp_path / "config"
    path.write_text(f"current-context: {value}\n")
    with pytest.raises(BadKubeconfig, match="is not valid YAML"):
        connect(path)


def aliases() -> str:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    return "\n".join([*lines, "users: *a11"])


def merges() -> str:
    lines = ["a0: &a0 {x: y}"]
    lines += [f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 9)}]}}" for n in range(1, 12)]
    return "\n".join(lines)


@pytest.mark.parametrize(
    "text",
    [
        aliases(),
        merges(),
        "a: &a [*a]",
        "a: &a {<<: *a}",
        "[" * 200_000,
        "[" * 100 + "]" * 100,
        "{a: " * 100 + "}" * 100,
        "".join("  " * n + "a:\n" for n in range(100)),
        "- " * 100_000,
        "#" * (1 << 20) + "\n",
    ],
    ids=[
        "aliases",
        "merges",
        "self",
        "merged self",
        "lists",
        "100",
        "maps",
        "deep",
        "dashes",
        "1M",
    ],
)
def test_what_would_not_fit_into_memory_or_the_stack(text: str, tmp_path: Path) -> None:
    path = tmp_path / "config"
    path.write_text(text)
    with pytest.raises(BadKubeconfig, match="too large or too deeply nested"):
        connect(path)


def test_a_few_aliases_are_fine(tmp_path: Path) -> None:
    path = tmp_path / "config"
    path.write_text(
        "x: &c {server: 'https://a', <<: {tls-server-name: n}}\n"
        "clusters: [{name: a, cluster: *c}]\n"
        "contexts: [{name: a, context: {cluster: a}}]\ncurrent-context: a\n"
    )
    assert connect(path).trust.server_name == "n"


def test_a_folder_is_not_a_kubeconfig(tmp_path: Path) -> None:
    with pytest.raises(BadKubeconfig, match=r"cannot be read \(Is a directory\)"):
        connect(tmp_path)


def test_a_loop_of_links_is_told(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(BadKubeconfig, match="cannot be read"):
        connect(tmp_path / "loop")


def test_a_kubeconfig_may_come_through_a_pipe(tmp_path: Path) -> None:
    text = a_kubeconfig(tmp_path).read_bytes()
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(text,))
    writer.start()
    assert connect(pipe).name == "shop"
    writer.join()


def test_a_pods_own_account_serves_when_the_home_of_its_image_holds_nothing(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("t")
    environ = {"KUBERNETES_SERVICE_HOST": "a b", "KUBERNETES_SERVICE_PORT": "443"}
    with pytest.raises(BadKubeconfig, match="service account cannot be used"):
        connect_to(environ=environ, home=tmp_path, service_account=tmp_path)


@pytest.mark.parametrize("where", ["1", "2"])
async def test_a_plugin_that_prints_without_end(
    where: str, a_plugin: PluginWriter, tmp_path: Path
) -> None:
    a_plugin(f"cat /dev/zero >&{where}")
    user = {"exec": EXEC | {"command": "./plugin"}}
    path = a_kubeconfig(tmp_path, server="http://127.0.0.1:1", user=user)
    environ = {"PATH": os.environ["PATH"]}
    async with Reader(connect(path, environ=environ), clock=FrozenClock()) as reader:
        with pytest.raises(BadCredential, match="printed more than 1048576 bytes"):
            await reader.identity()


async def test_a_plugin_that_leaves_a_daemon_behind_is_not_waited_for(
    a_plugin: PluginWriter, tmp_path: Path
) -> None:
    said = f'{{"apiVersion":"{EXEC["apiVersion"]}","kind":"ExecCredential"'
    a_plugin(f"""sleep 60 & cat <<'.'\n{said},"status":{{"token":"t"}}}}\n.""")
    user = {"exec": EXEC | {"command": "./plugin"}}
    async with TinyServer(lambda _: said_json({"gitVersion": "v1", "metadata": {}})) as server:
        path = a_kubeconfig(tmp_path, server=server.url, user=user)
        environ = {"PATH": os.environ["PATH"]}
        async with Reader(connect(path, environ=environ), clock=FrozenClock()) as reader:
            async with asyncio.timeout(20):
                assert (await reader.identity()).version == "v1"
        assert server.requests[0].header("Authorization") == "Bearer t"
