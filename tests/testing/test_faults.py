"""The fault proxy breaks what its plan says, and nothing else."""

import asyncio
import random
import ssl
from collections.abc import AsyncGenerator, AsyncIterator
from pathlib import Path

import httpx2
import pytest

from holdfast.testing.faults import (
    Asked,
    Cut,
    Delay,
    Drip,
    Fault,
    FaultProxy,
    Lie,
    Plan,
    Refusal,
    Silence,
    TcpFaultProxy,
    Truncation,
    now_and_then,
    script,
)
from tests.adapters.kubernetes.certs import Authority, Issued
from tests.adapters.kubernetes.tiny_server import Reply, Seen, TinyServer

pytestmark = pytest.mark.slow

BODY = b"0123456789" * 100


def ten_by_ten(seen: Seen) -> Reply:
    return Reply(body=seen.body or BODY, headers={"X-Path": seen.path})


@pytest.fixture
async def server() -> AsyncIterator[TinyServer]:
    async with TinyServer(ten_by_ten) as running:
        yield running


async def fetched(
    url: str, *, connect: float = 5, read: float = 5, verify: ssl.SSLContext | None = None
) -> httpx2.Response:
    tls = verify or ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    timeout = httpx2.Timeout(5, connect=connect, read=read)
    async with httpx2.AsyncClient(verify=tls, trust_env=False, timeout=timeout) as client:
        return await client.get(url)


async def test_passes_on_what_no_fault_was_planned_for(server: TinyServer) -> None:
    async with FaultProxy(upstream=server.url, plan=script()) as proxy:
        answer = await fetched(f"{proxy.url}/a/b?c=d")
        assert (answer.content, answer.headers["X-Path"]) == (BODY, "/a/b")
        async with httpx2.AsyncClient(trust_env=False, verify=False) as client:
            posted = await client.post(proxy.url, content=b"sent")
    assert posted.content == b"sent"
    assert server.requests[0].query == {"c": "d"}
    assert proxy.faults_seen == []


async def test_refuses_in_the_servers_place(server: TinyServer) -> None:
    plan = script(Refusal(status=429, retry_after=7), Refusal(status=410), Refusal(status=503))
    async with FaultProxy(upstream=server.url, plan=plan) as proxy:
        answers = [await fetched(proxy.url) for _ in range(4)]
    assert [each.status_code for each in answers] == [429, 410, 503, 200]
    assert answers[0].headers["Retry-After"] == "7"
    assert [each.json()["reason"] for each in answers[:3]] == [
        "TooManyRequests",
        "Expired",
        "InternalError",
    ]
    assert len(server.requests) == 1


async def test_lies_whether_the_server_was_asked_or_not(server: TinyServer) -> None:
    html = "text/html"
    plan = script(Lie(status=200, body=b"<p>", media_type=html), Lie(status=404, heard=True))
    async with FaultProxy(upstream=server.url, plan=plan) as proxy:
        first = await fetched(f"{proxy.url}/first")
        assert (first.status_code, first.content, first.headers["Content-Type"]) == (
            200,
            b"<p>",
            html,
        )
        second = await fetched(f"{proxy.url}/second")
    assert (second.status_code, second.content) == (404, b"")
    assert [each.path for each in server.requests] == ["/second"]


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Cut(), httpx2.ReadError),
        (Cut(after=200), httpx2.ReadError),
        (Truncation(), httpx2.RemoteProtocolError),
        (Truncation(after=200), httpx2.RemoteProtocolError),
        (Silence(), httpx2.ReadTimeout),
        (Silence(after=200), httpx2.ReadTimeout),
    ],
)
async def test_breaks_an_answer_off(
    server: TinyServer, fault: Fault, error: type[Exception]
) -> None:
    async with FaultProxy(upstream=server.url, plan=script(fault)) as proxy:
        with pytest.raises(error):
            await fetched(proxy.url, read=0.2 if isinstance(fault, Silence) else 5)
        assert (await fetched(proxy.url)).content == BODY
    assert proxy.faults_seen == [(Asked(number=0, method="GET", target="/"), fault)]


async def test_delays_and_drips_lose_nothing(server: TinyServer) -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    plan = script(Delay(seconds=3), Drip(size=500, pause=0.5))
    async with FaultProxy(upstream=server.url, plan=plan, sleep=sleep) as proxy:
        assert (await fetched(proxy.url)).content == BODY
        assert (await fetched(proxy.url)).content == BODY
    assert slept[0] == 3
    assert set(slept[1:]) == {0.5}
    assert len(slept) >= 3


async def test_knows_a_watch_from_a_list(server: TinyServer) -> None:
    def watches_alone(asked: Asked) -> Fault | None:
        return Refusal(status=503) if asked.watches else None

    async with FaultProxy(upstream=server.url, plan=watches_alone) as proxy:
        codes = [
            (await fetched(f"{proxy.url}/pods{query}")).status_code
            for query in ("", "?watch=true", "?a=b&watch=1")
        ]
    assert codes == [200, 503, 503]


async def test_lets_go_of_the_server_when_the_client_leaves() -> None:
    gone = asyncio.Event()

    async def for_ever() -> AsyncGenerator[bytes]:
        try:
            while True:
                yield b"x"
                await asyncio.sleep(0.01)
        finally:
            gone.set()

    async with (
        TinyServer(lambda _: Reply(stream=for_ever())) as server,
        FaultProxy(upstream=server.url, plan=script()) as proxy,
        httpx2.AsyncClient(trust_env=False, verify=False) as client,
    ):
        async with client.stream("GET", proxy.url) as response:
            assert await anext(response.aiter_raw())
        async with asyncio.timeout(5):
            await gone.wait()


async def test_cuts_every_open_connection_when_told_to(server: TinyServer) -> None:
    async with FaultProxy(upstream=server.url, plan=script(Silence(after=300))) as proxy:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        async with (
            httpx2.AsyncClient(verify=tls, trust_env=False) as client,
            client.stream("GET", proxy.url) as response,
        ):
            chunks = response.aiter_raw()
            assert await anext(chunks)
            proxy.cut()
            with pytest.raises(httpx2.ReadError):
                await anext(chunks)


async def test_what_the_server_said_can_be_overheard(server: TinyServer) -> None:
    heard: list[bytes] = []
    plan = script(Refusal(status=503))
    async with FaultProxy(upstream=server.url, plan=plan, overhear=heard.append) as proxy:
        await fetched(proxy.url)
        assert heard == []
        await fetched(proxy.url)
    assert b"".join(heard).startswith(b"HTTP/1.1 200")


async def test_a_server_that_is_down_looks_like_a_cut() -> None:
    async with TinyServer(ten_by_ten) as server:
        url = server.url
    async with FaultProxy(upstream=url, plan=script()) as proxy:
        with pytest.raises(httpx2.TransportError):
            await fetched(proxy.url)


def trusting(authority: Authority) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=authority.pem.decode())
    return context


def serving(identity: Issued, folder: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*identity.files(folder, "proxy"))
    return context


async def test_ends_the_clients_tls_and_begins_its_own(tmp_path: Path) -> None:
    authority = Authority()
    identity = authority.server("127.0.0.1")
    async with (
        TinyServer(ten_by_ten, identity=identity) as server,
        FaultProxy(
            upstream=server.url,
            plan=script(Refusal(status=503)),
            tls=serving(identity, tmp_path),
            upstream_tls=trusting(authority),
        ) as proxy,
    ):
        assert proxy.url.startswith("https://")
        assert (await fetched(proxy.url, verify=trusting(authority))).status_code == 503
        assert (await fetched(proxy.url, verify=trusting(authority))).content == BODY


async def test_over_tcp_it_needs_no_key(tmp_path: Path) -> None:
    authority = Authority()
    async with (
        TinyServer(ten_by_ten, identity=authority.server("127.0.0.1")) as server,
        TcpFaultProxy(upstream=server.url, plan=script(Cut(after=100), None, Silence())) as proxy,
    ):
        url = f"https://127.0.0.1:{proxy.port}"
        with pytest.raises(httpx2.ConnectError):
            await fetched(url, verify=trusting(authority))
        assert (await fetched(url, verify=trusting(authority))).content == BODY
        with pytest.raises(httpx2.ConnectTimeout):
            await fetched(url, verify=trusting(authority), connect=0.5)
    assert [asked.number for asked, _ in proxy.faults_seen] == [0, 2]


async def test_over_tcp_a_delayed_connection_still_works(server: TinyServer) -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    plan = script(Delay(seconds=2))
    async with TcpFaultProxy(upstream=server.url, plan=plan, sleep=sleep) as proxy:
        assert (await fetched(f"http://127.0.0.1:{proxy.port}")).content == BODY
    assert slept == [2]


def drawn(plan: Plan) -> list[Fault | None]:
    return [plan(Asked(number=n)) for n in range(200)]


def test_the_same_seed_gives_the_same_faults() -> None:
    faults = (Cut(), Refusal(status=503))
    first = drawn(now_and_then(random.Random(7), faults, one_in=4))
    again = drawn(now_and_then(random.Random(7), faults, one_in=4))
    other = drawn(now_and_then(random.Random(8), faults, one_in=4))
    assert first == again != other
    assert 25 <= sum(each is not None for each in first) <= 80
