"""The settings: the only reader of the environment, and the only place that names a variable."""

import difflib
import os
import pwd
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import msgspec

from holdfast.errors import BadInput

PREFIX = "HOLDFAST_"
OURS_IN_DEVELOPMENT = ("HOLDFAST_LAB", "HOLDFAST_PROVE", "HOLDFAST_TEST")
"""Variables of the project's own tools begin like this; the product leaves them alone."""


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Every setting, with its default. `HOLDFAST_GRACE_SCALE=0.1` sets `grace_scale`."""

    grace_scale: Annotated[float, msgspec.Meta(gt=0, le=100)] = 1
    page_size: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = 500
    exec_timeout: Annotated[float, msgspec.Meta(gt=0, le=600)] = 60
    traceback: bool = False
    state_dir: str = ""
    database: str = ""
    keys_dir: str = ""
    keys_mounted: str = ""
    passphrase_file: str = ""
    signer: str = ""
    signer_timeout: Annotated[float, msgspec.Meta(gt=0, le=600)] = 10
    anchors: str = ""


MEANINGS = {
    "grace_scale": "multiplies every grace alike; for tests and demos, leave it at 1 otherwise",
    "page_size": "how many objects one page of a list holds",
    "state_dir": "where the last scan, the database and the keys are kept; when empty, `holdfast` "
    "in $XDG_STATE_HOME, or in ~/.local/state",
    "database": "where everything is kept: `sqlite:////path` or `postgresql://user@host/name`; "
    "when empty, `holdfast.db` in the state folder",
    "keys_dir": "the folder of our keys, with `private` and `public` in it; when empty, `keys` in "
    "the state folder",
    "keys_mounted": "a folder of private keys that is mounted from a Secret: read from there, and "
    "neither made nor removed",
    "passphrase_file": "a file that holds the passphrase of our private keys",
    "signer": "a command that signs for the audit record instead of a key here",
    "signer_timeout": "how many seconds that command may take for one signature",
    "anchors": "the folder where checkpoints of the audit record are kept, away from the database; "
    "when empty, `anchors` in the state folder",
    "traceback": "whether an error that we did not foresee prints where it happened",
    "exec_timeout": "how many seconds a kubeconfig's exec plugin may take, where no person answers",
}
"""What each setting is for, in the words of the reference page."""


def read() -> Settings:
    """The settings from the environment of this process."""
    return parse(os.environ)


def environment() -> Mapping[str, str]:
    """The environment itself, for what lives by it: KUBECONFIG, in-cluster, exec plugins."""
    return os.environ


def home() -> Path:
    """Where people keep their files."""
    return Path(os.environ.get("HOME") or Path.home())


def state_dir() -> Path:
    """Where we keep what one run leaves to the next."""
    if named := read().state_dir:
        return Path(named)
    shared = os.environ.get("XDG_STATE_HOME", "")
    # The specification of these folders: a relative path is to be ignored.
    base = Path(shared) if Path(shared).is_absolute() else home() / ".local" / "state"
    return base / "holdfast"


def login() -> str:
    """Who runs this, as the system knows him. It is told in records, and decides nothing."""
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:  # a container's user need not have a name
        return str(os.geteuid())


def parse(environ: Mapping[str, str]) -> Settings:
    """Settings from variables; an unknown or unfitting one is an error that names it."""
    known = {f"{PREFIX}{field.upper()}": field for field in Settings.__struct_fields__}
    given: dict[str, str] = {}
    for name, value in sorted(environ.items()):
        if not name.startswith(PREFIX) or name.startswith(OURS_IN_DEVELOPMENT):
            continue
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            meant = f"Did you mean {near[0]}?" if near else f"Known: {', '.join(known)}."
            raise BadInput(f"{name} is no setting of Holdfast.", remedy=meant)
        given[known[name]] = value
    try:
        return msgspec.convert(given, Settings, strict=False)
    except msgspec.ValidationError as unfit:
        raise BadInput(
            f"A setting does not fit: {unfit}.",
            remedy=f"Correct or unset it; the settings are {', '.join(known)}.",
        ) from None
