"""Who may knock at the lab's API server, and with which kubeconfig.

RBAC is on, so nobody but the admin and the lab's own parts may do anything until a test binds
them. Tokens are random and live as long as the lab.
"""

import secrets
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from lab.certificates import Pair


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """A user of the static token file."""

    name: str
    groups: tuple[str, ...] = ()


PEOPLE = (
    Identity(name="admin", groups=("system:masters",)),
    Identity(name="reader"),
    Identity(name="nobody"),
    Identity(name="approver", groups=("holdfast:approvers",)),
    Identity(name="controller"),
    Identity(name="keeper"),
    Identity(name="serve"),
)
# The control plane's parts have names of their own, so that the audit log tells who did what.
# The first two bring the roles that every cluster gives them.
MACHINERY = (
    Identity(name="system:kube-controller-manager"),
    Identity(name="system:kube-scheduler"),
    Identity(name="lab:probe", groups=("system:masters",)),
    Identity(name="lab:kwok", groups=("system:masters",)),
    Identity(name="lab:kubelet", groups=("system:masters",)),
)


def make_tokens() -> dict[str, str]:
    return {identity.name: secrets.token_hex(16) for identity in (*PEOPLE, *MACHINERY)}


def write_token_file(path: Path, tokens: Mapping[str, str]) -> None:
    """Token, user, uid, and the groups in one quoted column."""
    lines = [
        f'{tokens[each.name]},{each.name},{each.name},"{",".join(each.groups)}"\n'
        for each in (*PEOPLE, *MACHINERY)
    ]
    path.touch(mode=0o600)
    path.write_text("".join(lines))


def write_kubeconfig(path: Path, *, url: str, ca: Path, user: str, who: str | Pair) -> Path:
    """For a token or for a client certificate; appears in one rename."""
    credentials: dict[str, str] = (
        {"token": who}
        if isinstance(who, str)
        else {"client-certificate": str(who.certificate), "client-key": str(who.key)}
    )
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "lab",
        "clusters": [{"name": "lab", "cluster": {"server": url, "certificate-authority": str(ca)}}],
        "users": [{"name": user, "user": credentials}],
        "contexts": [{"name": "lab", "context": {"cluster": "lab", "user": user}}],
    }
    # A name of its own: several threads may ask for the same one at once.
    handle, unfinished = tempfile.mkstemp(dir=path.parent, prefix=f"{path.name}.")
    with open(handle, "w") as out:  # noqa: PTH123 - it is open already, and nobody else's to read
        out.write(yaml.safe_dump(config, sort_keys=False))
    return Path(unfinished).replace(path)
