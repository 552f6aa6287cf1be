"""Which proxy the environment puts before a server."""

import pytest

from holdfast.adapters.kubernetes.proxies import proxy_for

PROXY = {"HTTPS_PROXY": "http://proxy:3128"}


def test_takes_the_proxy_of_the_servers_scheme() -> None:
    environ = PROXY | {"HTTP_PROXY": "http://plain:1"}
    assert proxy_for("https://api.example:6443", environ) == "http://proxy:3128"
    assert proxy_for("http://api.example:8080", environ) == "http://plain:1"


def test_reads_the_name_in_small_letters_too() -> None:
    assert proxy_for("https://api.example", {"https_proxy": "proxy:1"}) == "http://proxy:1"


def test_no_proxy_without_the_variable() -> None:
    assert proxy_for("https://api.example", {}) == ""


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.9.9.9", "[::1]"])
def test_the_loopback_is_always_reached_directly(host: str) -> None:
    assert proxy_for(f"https://{host}:6443", PROXY) == ""


@pytest.mark.parametrize(
    ("rule", "host", "direct"),
    [
        ("*", "api.example", True),
        ("api.example", "api.example", True),
        ("example", "api.example", True),
        (".example", "api.example", True),
        ("*.example", "api.example", True),
        ("other, api.example", "api.example", True),
        ("API.EXAMPLE", "api.example", True),
        ("api.example:6443", "api.example", True),
        ("api.example:443", "api.example", False),
        ("ample", "api.example", False),
        (".api.example", "api.example", False),
        ("", "api.example", False),
        ("10.0.0.0/8", "10.1.2.3", True),
        ("10.0.0.0/8", "11.1.2.3", False),
        ("10.0.0.0/8", "api.example", False),
        ("10.0.0.0/999", "10.1.2.3", False),
        ("10.1.2.3", "10.1.2.3", True),
        ("fd00::1", "[fd00::1]", True),
        ("[fd00::1]", "[fd00::1]", True),
    ],
)
def test_exempts_what_no_proxy_names(rule: str, host: str, direct: bool) -> None:
    proxy = proxy_for(f"https://{host}:6443", PROXY | {"NO_PROXY": rule})
    assert proxy == ("" if direct else "http://proxy:3128")
