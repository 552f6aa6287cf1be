"""Whether a connection can be used at all, judged in one place before anything is asked.

What stands in a kubeconfig reaches the network library, OpenSSL and the kernel; each of them fails
in its own way on what it cannot take. Here it becomes one clause that says which value it is.
No value is quoted, because it may be a secret.
"""

from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx2

from holdfast.adapters.kubernetes.connection import (
    Connection,
    Impersonation,
    Pem,
    Plugin,
    Token,
    TokenFile,
)

LONGEST_NAME = 253  # characters of a name in DNS
PROXIES = ("http", "https", "socks5", "socks5h")


def fault_of(connection: Connection) -> str:
    """The first reason why it cannot be used; empty when there is none."""
    return next(_faults(connection), "")


def fault_of_address(address: str, schemes: tuple[str, ...] = ("http", "https")) -> str:
    """Why an address cannot be asked; a user and a password in it are the caller's question."""
    try:
        parts = urlsplit(address)
        port, host = parts.port, parts.hostname or ""
        httpx2.URL(address)
    except (ValueError, httpx2.InvalidURL):
        return "is no http(s) address"
    if not _plain(address) or " " in address or parts.scheme not in schemes:
        return "is no http(s) address of the form https://host:port"
    if port == 0 or not _is_host(host):
        return "is no http(s) address: its host or its port cannot exist"
    return ""


def fault_of_token(token: str) -> str:
    """Why a token cannot be sent."""
    if all("!" <= letter <= "~" for letter in token):
        return ""
    return "holds a space, a line break or another character that no token has"


def without_newline(token: str) -> str:
    """A token as its writer meant it, when an editor or `echo` ended its line."""
    return token.removesuffix("\n").removesuffix("\r")


def _faults(connection: Connection) -> Iterator[str]:
    yield from _address_faults(connection)
    yield from _credential_faults(connection)
    for pem in _files(connection):
        if "\0" in str(pem.path):
            yield "one of its certificates or keys is not at a path"
    if connection.impersonation is not None and not _can_be_sent(connection.impersonation):
        yield f"whom the user {connection.user!r} impersonates cannot be sent in a header"


def _address_faults(connection: Connection) -> Iterator[str]:
    parts = f"server of its context {connection.name!r}"
    if wrong := fault_of_address(connection.server):
        yield f"the {parts} {wrong}"
    split = urlsplit(connection.server)
    if "@" in split.netloc:
        yield f"the {parts} holds a user or a password, which belong into the user's entry"
    if split.query or split.fragment:
        yield f"the {parts} has a query or a fragment, which no API server has"
    if connection.proxy and (wrong := fault_of_address(connection.proxy, PROXIES)):
        yield f"the proxy before the {parts} {wrong}"
    name = connection.trust.server_name
    if name and not _is_host(name):
        yield "its tls-server-name is not a name that a certificate can carry"


def _credential_faults(connection: Connection) -> Iterator[str]:
    whose = f"of its user {connection.user!r}"
    match connection.showing:
        case Token(value=value):
            if wrong := fault_of_token(value):
                yield f"the token {whose} {wrong}"
        case TokenFile(path=path):
            if "\0" in str(path):
                yield f"the tokenFile {whose} is not a path"
        case Plugin():
            yield from (f"{wrong} {whose}" for wrong in _plugin_faults(connection.showing))


def _plugin_faults(plugin: Plugin) -> Iterator[str]:
    if "\0" in plugin.command or any("\0" in argument for argument in plugin.arguments):
        yield "a NUL is in the command or the arguments of the exec plugin"
    for name, value in plugin.environment.items():
        if not name or "=" in name or "\0" in name + value:
            yield "a variable cannot stand in the environment of the exec plugin"


def _files(connection: Connection) -> Iterator[Pem]:
    if connection.trust.authority is not None:
        yield connection.trust.authority
    if connection.certificate is not None:
        yield from (connection.certificate.chain, connection.certificate.key)


def _can_be_sent(who: Impersonation) -> bool:
    extra = [text for key, values in who.extra for text in (key, *values)]
    sent = (who.user, who.uid, *who.groups, *extra)
    return all(_plain(text) and text == text.strip() for text in sent)


def _plain(text: str) -> bool:
    return text.isascii() and text.isprintable()


def _is_host(name: str) -> bool:
    """Whether the resolver and OpenSSL take it without complaint."""
    try:
        encoded = name.encode("idna")
    except UnicodeError:
        return False
    host = encoded.decode()
    if not host or host.startswith(".") or len(host) > LONGEST_NAME:
        return False
    return all(letter.isalnum() or letter in "-._:%*" for letter in host)
