"""The TLS that we speak: whom we believe, and the certificate that we show.

A context is built by hand and not by `ssl.create_default_context`, which since Python 3.13 refuses
the authorities that many clusters were made with (no key identifiers), and like kubectl it takes
any certificate that the kubeconfig names as an anchor, also one that is no root.
"""

import ssl
import tempfile
from datetime import datetime

from holdfast.adapters.kubernetes.connection import Connection, Pem
from holdfast.errors import BadCredential, BadKubeconfig
from holdfast.model import x509

type Pair = tuple[bytes, bytes]
"""A certificate chain and its key, in PEM."""


def context_for(connection: Connection, pair: Pair | None, now: datetime) -> ssl.SSLContext:
    """The context for one connection; an expired certificate of ours is found here."""
    trust = connection.trust
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if trust.insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    elif trust.authority is None:
        if not connection.server.startswith("http://"):  # reading them takes 25 ms
            context.load_default_certs()
    else:
        _believe(context, trust.authority, connection)
    if pair is not None:
        _show(context, pair, connection, now)
    return context


def read(pem: Pem, what: str) -> bytes:
    """The PEM text, from where it is."""
    if pem.path is None:
        return pem.data
    try:
        return pem.path.read_bytes()
    except OSError as refused:
        raise BadCredential(
            f"The {what} {pem.path} cannot be read ({refused.strerror}).",
            remedy="Check the path in the kubeconfig and who may read the file.",
        ) from None


def _believe(context: ssl.SSLContext, authority: Pem, connection: Connection) -> None:
    what = "certificate authority"
    text = read(authority, what)
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    try:
        context.load_verify_locations(cadata=text.decode("ascii"))
    except (ssl.SSLError, ValueError):  # which an empty one and one that is no text are
        raise BadKubeconfig(
            f"The {what} of context {connection.name!r} is not a PEM certificate.",
            remedy="Fetch the cluster's CA again and put it into the kubeconfig.",
        ) from None


def _show(context: ssl.SSLContext, pair: Pair, connection: Connection, now: datetime) -> None:
    chain, key = pair
    whose = f"client certificate of user {connection.user!r}"
    remedy = "Log in again or renew it, so that the kubeconfig holds a valid one."
    try:
        begins, ends = x509.validity(chain)
    except ValueError:
        raise BadCredential(f"The {whose} is not a PEM certificate.", remedy=remedy) from None
    if now >= ends:
        raise BadCredential(f"The {whose} expired on {ends.date()}.", remedy=remedy)
    if now < begins:
        raise BadCredential(
            f"The {whose} is not valid before {begins:%Y-%m-%d %H:%M} UTC.",
            remedy="Check this machine's clock.",
        )
    # OpenSSL reads keys from files alone. This one is ours to read only, and gone a moment later.
    try:
        with tempfile.NamedTemporaryFile(prefix="holdfast-") as file:
            file.write(chain.rstrip() + b"\n" + key)
            file.flush()
            context.load_cert_chain(file.name, password=_no_password)
    except (ssl.SSLError, ValueError):
        raise BadCredential(
            f"The {whose} and its key do not fit together, or the key has a password.",
            remedy=remedy,
        ) from None
    except OSError as refused:
        raise BadCredential(
            f"The {whose} needs a temporary file for a moment, and none can be written "
            f"({refused.strerror}).",
            remedy="Set TMPDIR to a folder that can be written.",
        ) from None


def _no_password() -> str:
    """Instead of a prompt on the terminal, which is what OpenSSL would do."""
    return ""
