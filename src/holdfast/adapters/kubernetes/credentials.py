"""What we show to the API server, and how it is renewed.

A credential that was refused is renewed once; one that cannot be renewed is not tried again.
Secrets appear in no repr, no error and no log.
"""

import asyncio
import base64
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from holdfast.adapters.kubernetes import plugin
from holdfast.adapters.kubernetes.connection import (
    Basic,
    Certificate,
    Connection,
    Plugin,
    Token,
    TokenFile,
)
from holdfast.adapters.kubernetes.pace import Pace
from holdfast.adapters.kubernetes.tls import Pair, read
from holdfast.adapters.kubernetes.usable import fault_of_token
from holdfast.errors import BadCredential
from holdfast.ports import Clock

READ_AGAIN = timedelta(seconds=10)  # a kubelet replaces a token well before the old one expires


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What goes along with one request."""

    authorization: str = field(default="", repr=False)
    certificate: Pair | None = field(default=None, repr=False)


class Credentials(Protocol):
    """Where what we show comes from."""

    async def current(self) -> Shown:
        """What to show now."""
        ...

    async def renewed(self, refused: Shown, /) -> Shown:
        """What to show instead of what was refused; the same when there is nothing newer."""
        ...


def credentials_for(connection: Connection, clock: Clock, pace: Pace) -> Credentials:
    """The credentials of a connection."""
    match connection.showing:
        case Token(value=value):
            return Written(f"Bearer {value}", connection.certificate)
        case Basic(username=username, password=password):
            pair = base64.b64encode(f"{username}:{password}".encode()).decode()
            return Written(f"Basic {pair}", connection.certificate)
        case TokenFile():
            return Filed(connection.showing, connection.certificate, clock)
        case Plugin():
            return Plugged(connection, connection.showing, clock, pace)
        case None:
            return Written("", connection.certificate)


class Written:
    """A credential that stands in the kubeconfig; only certificate files can be newer."""

    def __init__(self, authorization: str, certificate: Certificate | None) -> None:
        self._authorization = authorization
        self._certificate = certificate
        self._shown: Shown | None = None

    async def current(self) -> Shown:
        """What the kubeconfig says."""
        if self._shown is None:
            self._shown = self._read()
        return self._shown

    async def renewed(self, _refused: Shown, /) -> Shown:
        """The certificate's files as they are now."""
        self._shown = self._read()
        return self._shown

    def _read(self) -> Shown:
        return Shown(authorization=self._authorization, certificate=read_pair(self._certificate))


class Filed:
    """A token in a file that rotates: read again after a while, and when it was refused."""

    def __init__(self, file: TokenFile, certificate: Certificate | None, clock: Clock) -> None:
        self._path = file.path
        self._pair = read_pair(certificate)
        self._clock = clock
        self._token = ""
        self._read_at: datetime | None = None

    async def current(self) -> Shown:
        """The token, at most ten seconds old."""
        now = self._clock.now()
        if self._read_at is None or not timedelta(0) <= now - self._read_at < READ_AGAIN:
            self._take(now)
        return self._shown()

    async def renewed(self, _refused: Shown, /) -> Shown:
        """The token as it is in the file now."""
        self._take(self._clock.now())
        return self._shown()

    def _take(self, now: datetime) -> None:
        remedy = "Check who writes the file; in a pod, that the service account token is mounted."
        try:
            token = self._path.read_text().strip()
        except (OSError, UnicodeDecodeError) as refused:
            if self._token:
                return  # in the middle of its rotation; the old one is good until it is refused
            why = refused.strerror if isinstance(refused, OSError) else "it is not text"
            raise BadCredential(
                f"The token file {self._path} cannot be read ({why}).", remedy=remedy
            ) from None
        if not token and not self._token:
            raise BadCredential(f"The token file {self._path} is empty.", remedy=remedy)
        if wrong := fault_of_token(token):
            raise BadCredential(f"The token file {self._path} {wrong}.", remedy=remedy)
        self._token = token or self._token
        self._read_at = now

    def _shown(self) -> Shown:
        return Shown(authorization=f"Bearer {self._token}", certificate=self._pair)


class Plugged:
    """What an exec plugin yields, kept until it expires or is refused."""

    def __init__(self, connection: Connection, spec: Plugin, clock: Clock, pace: Pace) -> None:
        self._connection = connection
        self._spec = spec
        self._clock = clock
        self._pace = pace
        self._yielded: plugin.Yielded | None = None
        self._one_at_a_time = asyncio.Lock()

    async def current(self) -> Shown:
        """What the plugin last yielded, if it still holds."""
        async with self._one_at_a_time:
            held = self._yielded
            if held is None or (held.expires is not None and held.expires <= self._clock.now()):
                held = await self._run()
            return self._shown(held)

    async def renewed(self, refused: Shown, /) -> Shown:
        """Run the plugin again, unless somebody has while we waited for our turn."""
        async with self._one_at_a_time:
            held = self._yielded
            if held is None or self._shown(held) == refused:
                held = await self._run()
            return self._shown(held)

    async def _run(self) -> plugin.Yielded:
        self._yielded = None
        self._yielded = await plugin.run(self._spec, self._connection, self._pace)
        return self._yielded

    def _shown(self, held: plugin.Yielded) -> Shown:
        return Shown(
            authorization=f"Bearer {held.token}" if held.token else "",
            certificate=held.certificate or read_pair(self._connection.certificate),
        )


def read_pair(certificate: Certificate | None) -> Pair | None:
    """A client certificate and its key, from where they are."""
    if certificate is None:
        return None
    return (
        read(certificate.chain, "client certificate"),
        read(certificate.key, "key of the client certificate"),
    )
