"""What stands between us and an answer is told in one sentence, with what to do about it."""

import asyncio
import socket
import ssl
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from holdfast.adapters.kubernetes.connection import Connection
from holdfast.adapters.kubernetes.pace import Chance, Pace
from holdfast.adapters.kubernetes.reader import Reader
from holdfast.errors import CouldNotLook, Unanswered, Unauthorized, Unreachable
from holdfast.testing.clock import FrozenClock
from tests.adapters.kubernetes.certs import Authority
from tests.adapters.kubernetes.kubeconfigs import a_kubeconfig, connect
from tests.adapters.kubernetes.tiny_proxy import TinyProxy
from tests.adapters.kubernetes.tiny_server import Reply, TinyServer, said

LONG = Pace()
BRIEF = Pace(connect=0.2, read=0.2)


def welcome(_: object) -> Reply:
    return said({"gitVersion": "v1", "metadata": {"name": "a", "uid": "u"}})


async def looked(connection: Connection, chance: Chance, pace: Pace = LONG) -> CouldNotLook:
    """The error of a look that cannot succeed: one line, no traceback material."""
    async with Reader(connection, clock=FrozenClock(), chance=chance, pace=pace) as reader:
        with pytest.raises(CouldNotLook) as raised:
            await reader.identity()
    error = raised.value
    assert "\n" not in str(error)
    assert error.wrong.endswith(".")
    assert error.remedy.endswith(".")
    assert error.__suppress_context__ or error.__context__ is None
    return error


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


async def test_nothing_listens(tmp_path: Path, chance: Chance, waits: list[float]) -> None:
    url = f"https://127.0.0.1:{free_port()}"
    error = await looked(connect(a_kubeconfig(tmp_path, server=url)), chance)
    assert isinstance(error, Unreachable)
    assert error.wrong == f"{url} refuses connections: nothing listens there."
    assert len(waits) == LONG.tries - 1


async def test_a_name_that_nobody_knows(tmp_path: Path, chance: Chance) -> None:
    url = "https://no-such-host.invalid:6443"
    error = await looked(connect(a_kubeconfig(tmp_path, server=url)), chance)
    assert isinstance(error, Unreachable)
    assert "no-such-host.invalid" in error.wrong
    assert "cannot be resolved" in error.wrong


async def test_a_server_that_takes_the_question_and_falls_silent(
    chance: Chance, waits: list[float]
) -> None:
    async def silence(_: object) -> Reply:
        await asyncio.Event().wait()
        raise AssertionError

    async with TinyServer(silence) as server:
        error = await looked(Connection(name="x", server=server.url), chance, BRIEF)
    assert isinstance(error, Unreachable)
    assert error.wrong == f"{server.url} took our question and fell silent."
    assert len(waits) == 1  # each silence costs a whole timeout: asked twice, no more


async def test_a_port_that_takes_connections_and_never_speaks_tls(
    tmp_path: Path, chance: Chance
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as quiet:  # the kernel accepts, and nobody speaks
        url = f"https://127.0.0.1:{quiet.getsockname()[1]}"
        error = await looked(connect(a_kubeconfig(tmp_path, server=url)), chance, BRIEF)
    assert isinstance(error, Unreachable)
    assert error.wrong == f"{url} takes connections and does not answer: TLS never began."
    assert "VPN" not in error.remedy


async def test_an_authority_that_is_not_the_servers(
    authority: Authority, tmp_path: Path, chance: Chance, waits: list[float]
) -> None:
    async with TinyServer(welcome, identity=authority.server("127.0.0.1")) as server:
        path = a_kubeconfig(tmp_path, server=server.url, authority=Authority("another"))
        error = await looked(connect(path), chance)
    assert isinstance(error, Unreachable)
    assert "not signed by an authority that we trust" in error.wrong
    assert waits == []  # asking again cannot help


async def test_the_systems_authorities_when_the_kubeconfig_names_none(
    authority: Authority, tmp_path: Path, chance: Chance
) -> None:
    async with TinyServer(welcome, identity=authority.server("127.0.0.1")) as server:
        error = await looked(connect(a_kubeconfig(tmp_path, server=server.url)), chance)
    assert "not signed by an authority that we trust" in error.wrong
    assert "certificate-authority-data" in error.remedy


async def test_a_certificate_for_another_name(
    authority: Authority, tmp_path: Path, chance: Chance
) -> None:
    async with TinyServer(welcome, identity=authority.server("api.example")) as server:
        path = a_kubeconfig(tmp_path, server=server.url, authority=authority)
        error = await looked(connect(path), chance)
        named = a_kubeconfig(
            tmp_path,
            server=server.url,
            authority=authority,
            cluster={"tls-server-name": "other.example"},
        )
        other = await looked(connect(named), chance)
    assert isinstance(error, Unreachable)
    assert "not made out to 127.0.0.1" in error.wrong
    assert "not made out to other.example" in other.wrong
    assert "tls-server-name" in error.remedy


async def test_a_server_whose_certificate_has_expired(
    authority: Authority, tmp_path: Path, chance: Chance
) -> None:
    expired = authority.server("127.0.0.1", end=datetime(2021, 1, 1, tzinfo=UTC))
    async with TinyServer(welcome, identity=expired) as server:
        path = a_kubeconfig(tmp_path, server=server.url, authority=authority)
        error = await looked(connect(path), chance)
    assert isinstance(error, Unreachable)
    assert error.wrong == f"The certificate of {server.url} has expired."


async def test_plain_http_where_tls_was_expected(tmp_path: Path, chance: Chance) -> None:
    async def as_http_servers_do(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")
        await writer.drain()
        await reader.read()
        writer.close()

    plain = await asyncio.start_server(as_http_servers_do, "127.0.0.1", 0)
    url = f"https://127.0.0.1:{plain.sockets[0].getsockname()[1]}"
    error = await looked(connect(a_kubeconfig(tmp_path, server=url)), chance)
    plain.close()
    await plain.wait_closed()
    assert isinstance(error, Unreachable)
    assert "does not speak TLS" in error.wrong


async def test_tls_where_plain_http_was_expected(chance: Chance) -> None:
    def as_go_says(_: object) -> Reply:
        return Reply(status=400, body=b"Client sent an HTTP request to an HTTPS server.\n")

    async with TinyServer(as_go_says) as server:
        error = await looked(Connection(name="x", server=server.url), chance)
    assert isinstance(error, Unreachable)
    assert "speaks only TLS" in error.wrong


async def test_a_client_certificate_that_the_server_does_not_know(
    authority: Authority, tmp_path: Path, chance: Chance
) -> None:
    """A blocking server, because asyncio's hangs up without saying why."""
    Authority("stranger").person("eve").files(tmp_path, "me")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*authority.server("127.0.0.1").files(tmp_path, "server"))
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(cadata=authority.pem.decode())
    listening = socket.create_server(("127.0.0.1", 0))

    def judge_one() -> None:
        with listening:
            tls = context.wrap_socket(
                listening.accept()[0], server_side=True, do_handshake_on_connect=False
            )
        with pytest.raises(ssl.SSLError):
            tls.do_handshake()
        with socket.socket(fileno=tls.detach()) as plain:
            plain.shutdown(socket.SHUT_WR)
            while plain.recv(4096):
                pass  # until the client has read the alert: closing earlier would destroy it

    judging = asyncio.create_task(asyncio.to_thread(judge_one))
    user = {"client-certificate": "me.crt", "client-key": "me.key"}
    url = f"https://127.0.0.1:{listening.getsockname()[1]}"
    path = a_kubeconfig(tmp_path, server=url, authority=authority, user=user)
    error = await looked(connect(path), chance)
    await judging
    assert isinstance(error, Unauthorized)
    assert "refuses our certificate (unknown ca)" in error.wrong


async def test_a_proxy_that_is_down(tmp_path: Path, chance: Chance) -> None:
    proxy = f"http://me:hunter2@127.0.0.1:{free_port()}"
    path = a_kubeconfig(tmp_path, cluster={"proxy-url": proxy})
    error = await looked(connect(path), chance)
    assert isinstance(error, Unreachable)
    assert "the proxy before https://127.0.0.1:6443, refuses connections" in error.wrong
    assert "hunter2" not in str(error)


async def test_a_proxy_that_does_not_let_us_through(tmp_path: Path, chance: Chance) -> None:
    async with TinyProxy(refuse_with="407 Proxy Authentication Required") as proxy:
        cluster = {"proxy-url": f"http://me:hunter2@127.0.0.1:{proxy.port}"}
        error = await looked(connect(a_kubeconfig(tmp_path, cluster=cluster)), chance)
    assert isinstance(error, Unreachable)
    assert "407 Proxy Authentication Required" in error.wrong
    assert "hunter2" not in str(error)


async def test_a_proxy_that_is_no_address(tmp_path: Path, chance: Chance) -> None:
    path = a_kubeconfig(tmp_path, cluster={"proxy-url": "socks5://x"})
    error = await looked(connect(path), chance)
    assert "not one that Holdfast can use" in error.wrong


async def test_a_redirect_is_not_followed(chance: Chance) -> None:
    def elsewhere(_: object) -> Reply:
        return Reply(status=302, headers={"Location": "https://login.example"})

    async with TinyServer(elsewhere) as server:
        error = await looked(Connection(name="x", server=server.url), chance)
    assert isinstance(error, Unanswered)
    assert "a redirect" in error.wrong
    assert len(server.requests) == 1


async def test_a_login_page_instead_of_an_answer(chance: Chance) -> None:
    page = Reply(body=b"<html>hunter2</html>", headers={"Content-Type": "text/html"})
    async with TinyServer(lambda _: page) as server:
        error = await looked(Connection(name="x", server=server.url), chance)
    assert isinstance(error, Unanswered)
    assert "is not an API server" in error.wrong
    assert "hunter2" not in str(error)


async def test_a_body_that_cannot_be_decompressed(chance: Chance) -> None:
    broken = Reply(body=b"not gzip", headers={"Content-Encoding": "gzip"})
    async with TinyServer(lambda _: broken) as server:
        error = await looked(Connection(name="x", server=server.url), chance)
    assert isinstance(error, Unanswered)
    assert "cannot be decompressed" in error.wrong


@pytest.mark.parametrize("claim", [4096])
async def test_an_answer_that_is_cut_short_every_time(chance: Chance, claim: int) -> None:
    async with TinyServer(lambda _: Reply(body=b"{", claim=claim)) as server:
        error = await looked(Connection(name="x", server=server.url), chance)
    assert isinstance(error, Unreachable)
    assert "broke the connection off" in error.wrong
    assert len(server.requests) == LONG.tries


@pytest.mark.parametrize(
    ("code", "complaint"), [(429, "too busy"), (500, "500: the reason"), (503, "503: the reason")]
)
async def test_a_server_in_trouble_is_asked_again_and_then_quoted(
    chance: Chance, code: int, complaint: str
) -> None:
    tree: dict[str, Any] = {"kind": "Status", "message": "the reason"}
    async with TinyServer(lambda _: said(tree, code)) as server:
        error = await looked(Connection(name="x", server=server.url), chance)
    assert isinstance(error, Unanswered)
    assert complaint in error.wrong
    assert len(server.requests) == LONG.tries
