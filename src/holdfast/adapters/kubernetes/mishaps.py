"""Why nothing came back, told from what the HTTP library saw, in one sentence with a remedy."""

import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx2

from holdfast.adapters.kubernetes.connection import Connection
from holdfast.adapters.kubernetes.streams import SilentHandshake
from holdfast.errors import CouldNotLook, Unauthorized, Unreachable

EXPIRED, NOT_YET = 10, 9
OTHER_NAME = (62, 64)  # X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH
NOT_TLS = ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST", "PACKET_LENGTH_TOO_LONG")
CHECK_ADDRESS = "Check the address in the kubeconfig, the network and the VPN."


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What to tell people, and whether asking again can help."""

    tell: CouldNotLook
    passing: bool
    silent: bool = False


class Mishap(Exception):
    """A question that got no answer; never leaves this package."""

    def __init__(self, judgement: Judgement) -> None:
        super().__init__(judgement.tell.wrong)
        self.judgement = judgement


def judge(error: httpx2.TransportError | OSError, connection: Connection) -> Judgement:
    """What lies behind a transport error."""
    where = connection.server
    causes = tuple(_behind(error))
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return _lasting(_distrusted(cause, connection))
        if isinstance(cause, ssl.SSLError) and (told := _tls(cause, where)) is not None:
            return _lasting(told)
    if isinstance(error, httpx2.ProxyError):
        return _lasting(
            Unreachable(
                f"The proxy {_proxy(connection)} does not let us through to {where} ({error}).",
                remedy="Check proxy-url in the kubeconfig or HTTPS_PROXY and NO_PROXY.",
            )
        )
    if isinstance(error, httpx2.TimeoutException):
        return _timeout(error, causes, connection)
    return _passing(_cut_off(error, causes, connection))


def never_ending(connection: Connection, seconds: float) -> Judgement:
    """An answer that goes on and on, so that no silence ends it."""
    return _lasting(
        Unreachable(
            f"{connection.server} began to answer and had not ended after {seconds:g} seconds.",
            remedy="Try again; if it stays so, look at the network and at what is before the API "
            "server.",
        )
    )


def refused_tls(connection: Connection) -> Unreachable:
    """An API server that was asked in plain HTTP and wants TLS."""
    return Unreachable(
        f"{connection.server} was asked in plain HTTP and speaks only TLS.",
        remedy="Write https:// before the server's address in the kubeconfig.",
    )


def _timeout(
    error: httpx2.TimeoutException, causes: tuple[BaseException, ...], connection: Connection
) -> Judgement:
    if any(isinstance(cause, SilentHandshake) for cause in causes):
        told = Unreachable(
            f"{_towards(connection)} takes connections and does not answer: TLS never began.",
            remedy="Look at the API server itself, or at the load balancer before it: it hangs. "
            "If it never answered, check that its port speaks TLS.",
        )
    elif isinstance(error, httpx2.ConnectTimeout):
        told = Unreachable(
            f"{_towards(connection)} does not answer: no connection came about in time.",
            remedy=CHECK_ADDRESS,
        )
    else:
        told = Unreachable(
            f"{connection.server} took our question and fell silent.",
            remedy="Try again; if it stays so, look at the load balancer before the API server.",
        )
    return Judgement(tell=told, passing=True, silent=True)


def _cut_off(
    error: Exception, causes: tuple[BaseException, ...], connection: Connection
) -> Unreachable:
    if any(isinstance(cause, socket.gaierror) for cause in causes):
        host = urlsplit(connection.proxy or connection.server).hostname
        return Unreachable(
            f"The name {host} of {_towards(connection)} cannot be resolved.", remedy=CHECK_ADDRESS
        )
    if any(isinstance(cause, ConnectionRefusedError) for cause in causes):
        return Unreachable(
            f"{_towards(connection)} refuses connections: nothing listens there.",
            remedy="Check that the cluster runs, and the address in the kubeconfig.",
        )
    if isinstance(error, httpx2.ConnectError):
        return Unreachable(f"{_towards(connection)} cannot be reached.", remedy=CHECK_ADDRESS)
    return Unreachable(
        f"{connection.server} broke the connection off before it had answered.",
        remedy="Try again; if it stays so, look at the load balancer before the API server.",
    )


def _distrusted(error: ssl.SSLCertVerificationError, connection: Connection) -> Unreachable:
    where = connection.server
    if error.verify_code == EXPIRED:
        return Unreachable(
            f"The certificate of {where} has expired.",
            remedy="Renew the API server's certificate, or check this machine's clock.",
        )
    if error.verify_code == NOT_YET:
        return Unreachable(
            f"The certificate of {where} is not valid yet.", remedy="Check this machine's clock."
        )
    if error.verify_code in OTHER_NAME:
        wanted = connection.trust.server_name or urlsplit(where).hostname
        return Unreachable(
            f"The certificate of {where} is not made out to {wanted}.",
            remedy="Use an address that it names, or set tls-server-name in the kubeconfig.",
        )
    return Unreachable(
        f"The certificate of {where} is not signed by an authority that we trust.",
        remedy="Put the cluster's CA into certificate-authority-data of the kubeconfig; another "
        "cluster may have taken this address.",
    )


def _tls(error: ssl.SSLError, where: str) -> CouldNotLook | None:
    reason = error.reason or ""
    if reason in NOT_TLS:
        return Unreachable(
            f"{where} does not speak TLS; it may be a plain HTTP port.",
            remedy="Check the port and the scheme of the server in the kubeconfig.",
        )
    if "ALERT" in reason:
        said = reason.partition("ALERT_")[2].replace("_", " ").lower()
        return Unauthorized(
            f"{where} refuses our certificate ({said}).",
            remedy="Log in again, so that the kubeconfig holds a client certificate it knows.",
        )
    return None


def _towards(connection: Connection) -> str:
    if connection.proxy:
        return f"{_proxy(connection)}, the proxy before {connection.server},"
    return connection.server


def _proxy(connection: Connection) -> str:
    """The proxy without its password."""
    parts = urlsplit(connection.proxy)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def _behind(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        if isinstance(error, BaseExceptionGroup):
            for one in error.exceptions:
                yield from _behind(one)
        error = error.__cause__ or error.__context__


def _lasting(tell: CouldNotLook) -> Judgement:
    return Judgement(tell=tell, passing=False)


def _passing(tell: CouldNotLook) -> Judgement:
    return Judgement(tell=tell, passing=True)
