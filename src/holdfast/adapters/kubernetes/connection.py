"""Where an API server is, whom we trust there, and what we show it: values, no I/O.

No secret appears in a repr. Files are named here and read where they are used, so that a
certificate or a token that is replaced on disk is taken up.
"""

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A bearer token."""

    value: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenFile:
    """A file with a bearer token that somebody else replaces from time to time."""

    path: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Basic:
    """A user name and a password."""

    username: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plugin:
    """A command that yields credentials (client.authentication.k8s.io)."""

    api_version: str
    command: str
    arguments: tuple[str, ...] = field(default=(), repr=False)
    environment: dict[str, str] = field(default_factory=dict, repr=False)
    install_hint: str = ""
    wants_cluster: bool = False
    cluster_config: object = field(default=None, repr=False)
    wants_terminal: bool = False  # it cannot work without one (interactiveMode: Always)
    may_ask: bool = False  # a person sits at a terminal, and the plugin may use it


type Showing = Token | TokenFile | Basic | Plugin


@dataclass(frozen=True, slots=True, kw_only=True)
class Pem:
    """PEM text, given in place or as a file."""

    data: bytes = field(default=b"", repr=False)
    path: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """A client certificate and its key."""

    chain: Pem
    key: Pem


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """Which certificates of the server are believed."""

    authority: Pem | None = None  # None: the system's authorities
    insecure: bool = False
    server_name: str = ""  # the name that the server's certificate must carry, if not the host's


@dataclass(frozen=True, slots=True, kw_only=True)
class Impersonation:
    """As whom to ask, instead of as ourselves."""

    user: str
    uid: str = ""
    groups: tuple[str, ...] = ()
    extra: tuple[tuple[str, tuple[str, ...]], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """Everything that it takes to talk to one API server as one user."""

    name: str  # what people call it: the context's name
    server: str
    user: str = ""
    namespace: str = "default"
    trust: Trust = Trust()
    showing: Showing | None = None
    certificate: Certificate | None = None
    impersonation: Impersonation | None = None
    proxy: str = field(default="", repr=False)  # may carry a password
    environment: dict[str, str] = field(default_factory=dict, repr=False)  # what plugins inherit

    @property
    def anonymous(self) -> bool:
        """Whether there is nothing that we could show."""
        return self.showing is None and self.certificate is None
