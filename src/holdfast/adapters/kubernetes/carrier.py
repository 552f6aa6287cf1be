"""Carries the HTTP library's requests over connections of our own choice.

The library is two layers, and only the lower one lets its connections be chosen. This stands where
the library's own transport would: it hands requests down, answers up, and tells what breaks below
in the words of the layer above.
"""

import ssl
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator
from contextlib import contextmanager
from typing import Final

import httpcore2
import httpx2

from holdfast.adapters.kubernetes.streams import SocketOption, Streams

IDLE = 60.0  # seconds that a connection is kept for the next request

TOLD: Final[dict[type[Exception], type[httpx2.TransportError]]] = {
    httpcore2.ConnectTimeout: httpx2.ConnectTimeout,
    httpcore2.ReadTimeout: httpx2.ReadTimeout,
    httpcore2.WriteTimeout: httpx2.WriteTimeout,
    httpcore2.PoolTimeout: httpx2.PoolTimeout,
    httpcore2.TimeoutException: httpx2.TimeoutException,
    httpcore2.ConnectError: httpx2.ConnectError,
    httpcore2.ReadError: httpx2.ReadError,
    httpcore2.WriteError: httpx2.WriteError,
    httpcore2.NetworkError: httpx2.NetworkError,
    httpcore2.ProxyError: httpx2.ProxyError,
    httpcore2.UnsupportedProtocol: httpx2.UnsupportedProtocol,
    httpcore2.LocalProtocolError: httpx2.LocalProtocolError,
    httpcore2.RemoteProtocolError: httpx2.RemoteProtocolError,
    httpcore2.ProtocolError: httpx2.ProtocolError,
}
"""The library's words for what the layer below raises."""


class Carrier(httpx2.AsyncBaseTransport):
    """A pool of connections that hand over much at once."""

    def __init__(
        self,
        tls: ssl.SSLContext,
        *,
        proxy: httpx2.Proxy | None = None,
        socket_options: Iterable[SocketOption] = (),
    ) -> None:
        self._pool = httpcore2.AsyncConnectionPool(
            ssl_context=tls,
            proxy=None if proxy is None else _below(proxy),
            max_connections=None,  # each watch has one of its own
            keepalive_expiry=IDLE,
            network_backend=Streams(),
            socket_options=socket_options,
        )

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send a request; the answer's body is still to come."""
        asked = httpcore2.Request(
            method=request.method,
            url=_address(request.url),
            headers=request.headers.raw,
            content=request.stream,
            extensions=request.extensions,
        )
        with _in_its_words():
            answer = await self._pool.handle_async_request(asked)
        return httpx2.Response(
            status_code=answer.status,
            headers=answer.headers,
            stream=_Body(answer),
            extensions=answer.extensions,
        )

    async def aclose(self) -> None:
        """Close every connection."""
        with _in_its_words():
            await self._pool.aclose()


class _Body(httpx2.AsyncByteStream):
    """An answer's body, as it comes."""

    def __init__(self, answer: httpcore2.Response) -> None:
        self._answer = answer

    async def __aiter__(self) -> AsyncIterator[bytes]:
        stream = self._answer.stream
        if not isinstance(stream, AsyncIterable):
            raise TypeError("a pool of asynchronous connections answered with a body that is not")
        with _in_its_words():
            async for part in stream:
                yield part

    async def aclose(self) -> None:
        """Give the connection back, or up."""
        await self._answer.aclose()


def _below(proxy: httpx2.Proxy) -> httpcore2.Proxy:
    """The same proxy for the layer below; raises ValueError where it speaks no HTTP."""
    if proxy.url.scheme not in ("http", "https"):
        raise ValueError(f"a proxy that speaks {proxy.url.scheme}")
    return httpcore2.Proxy(
        url=_address(proxy.url),
        auth=proxy.raw_auth,
        headers=proxy.headers.raw,
        ssl_context=proxy.ssl_context,
    )


def _address(url: httpx2.URL) -> httpcore2.URL:
    return httpcore2.URL(
        scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
    )


@contextmanager
def _in_its_words() -> Iterator[None]:
    try:
        yield
    except tuple(TOLD) as error:
        word = next(TOLD[kind] for kind in type(error).__mro__ if kind in TOLD)
        raise word(str(error)) from error
