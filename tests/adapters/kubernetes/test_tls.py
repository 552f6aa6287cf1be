"""Whom we believe is read when somebody is to be believed."""

from holdfast.adapters.kubernetes.connection import Connection
from holdfast.adapters.kubernetes.tls import context_for
from holdfast.testing.clock import NOON


def test_no_authority_is_read_for_a_server_without_tls() -> None:
    context = context_for(Connection(name="plain", server="http://127.0.0.1:1"), None, NOON)

    assert [] == context.get_ca_certs()
