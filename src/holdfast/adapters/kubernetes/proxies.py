"""Which proxy stands between us and a server, read from the environment as kubectl reads it."""

import ipaddress
from collections.abc import Mapping
from urllib.parse import urlsplit


def proxy_for(server: str, environ: Mapping[str, str]) -> str:
    """The proxy for that server; empty when it is reached directly."""
    parts = urlsplit(server)
    host, port = (parts.hostname or ""), parts.port
    name = f"{parts.scheme}_proxy"
    proxy = environ.get(name.upper()) or environ.get(name) or ""
    if not proxy or is_local(host):
        return ""
    exempt = environ.get("NO_PROXY") or environ.get("no_proxy") or ""
    if any(_matches(rule.strip().lower(), host, port) for rule in exempt.split(",")):
        return ""
    return proxy if "://" in proxy else f"http://{proxy}"


def is_local(host: str) -> bool:
    """Whether that is this very machine."""
    address = _address(host)
    return host == "localhost" or (address is not None and address.is_loopback)


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _matches(rule: str, host: str, port: int | None) -> bool:
    if rule in ("", "*"):
        return rule == "*"
    address = _address(host)
    if "/" in rule:
        return address is not None and _within(rule, address)
    if rule.count(":") == 1:
        rule, _, wanted = rule.partition(":")
        if wanted != str(port):
            return False
    if address is not None:
        return _address(rule.strip("[]")) == address
    domain = rule.removeprefix("*").removeprefix(".")
    return host.endswith(f".{domain}") or host == rule


def _within(network: str, address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    try:
        return address in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return False
