"""The settings: the only reader of the environment, and the only place that names a variable."""

import os
import pwd
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import inspect

from holdfast.errors import BadInput
from holdfast.model.names import nearly

PREFIX = "HOLDFAST_"
OURS_IN_DEVELOPMENT = ("HOLDFAST_LAB", "HOLDFAST_PROVE", "HOLDFAST_TEST")
"""Variables of the project's own tools begin like this; the product leaves them alone."""


_ADDRESS = re.compile(r"(?P<host>\[[0-9a-fA-F:.]+\]|[^\[\]:\s]+):(?P<port>\d{1,5})")


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
    anchors_on_cluster: bool = False
    anchor_every: Annotated[float, msgspec.Meta(ge=1, le=86_400)] = 300
    keeper_database: str = ""
    keeper_kubeconfig: str = ""
    soak: Annotated[float, msgspec.Meta(ge=0, le=3600)] = 60
    deadline: Annotated[float, msgspec.Meta(gt=0, le=86_400)] = 600
    late: Annotated[float, msgspec.Meta(ge=0, le=86_400)] = 1800
    settled: Annotated[float, msgspec.Meta(ge=0, le=3600)] = 65
    remembered: Annotated[float, msgspec.Meta(ge=0, le=600)] = 15
    listen: str = "127.0.0.1:8460"
    copies: str = ""
    policy: str = ""
    log_format: Literal["text", "json"] = "text"


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
    "anchors_on_cluster": "whether the keeper keeps checkpoints in a ConfigMap of the cluster too",
    "anchor_every": "how many seconds lie between two checkpoints that the keeper keeps there",
    "keeper_database": "the address of the same database for the keeper, with a role of its own; "
    "when empty, that of `HOLDFAST_DATABASE`",
    "keeper_kubeconfig": "the kubeconfig with which the keeper reads its cluster and lends leases "
    "there; when empty, the account of the pod that it runs in; without either it acts on nothing",
    "soak": "how many seconds a repaired target must stay well before it counts as recovered; "
    "shorter for demos and tests alone",
    "deadline": "how many seconds a repaired target has to recover, before that is taken back",
    "late": "how many seconds after that it may still heal, where nothing was taken back",
    "settled": "how many seconds an API server may still be at a request whose answer nobody "
    "heard; below a minute for tests alone",
    "remembered": "how many seconds an API server may go on taking a token whose account is gone, "
    "where nobody holds that token and could see it refused; below 10 for tests alone",
    "listen": "where `holdfast serve` answers /healthz, /readyz and /metrics",
    "copies": "files into which the keeper copies the audit record, with commas between them; `-` "
    "is standard output",
    "policy": "the folder of the leash, with `leash.yaml`, `people.yaml` and `policy.cedar`; when "
    "empty, `policy` in the state folder",
    "log_format": "how the processes log: `text` for people, `json` for machines",
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


def homely(folder: Path) -> Path | None:
    """The home that a folder lies in, which somebody else makes; None for one elsewhere."""
    return home() if folder.is_relative_to(home()) else None


def login() -> str:
    """Who runs this, as the system knows him. It is told in records, and decides nothing."""
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:  # a container's user need not have a name
        return str(os.geteuid())


def machine() -> str:
    """What this machine, or this pod, is called."""
    return os.uname().nodename


def listens(settings: Settings) -> tuple[str, int]:
    """The address and the port of `listen`."""
    fits = _ADDRESS.fullmatch(settings.listen)
    if fits is None or int(fits["port"]) > 65_535:
        raise BadInput(
            f"{PREFIX}LISTEN does not fit: it is {settings.listen!r} and must be an address with a "
            "port.",
            remedy="Write it as 127.0.0.1:8460, or [::1]:8460.",
        )
    return fits["host"].strip("[]"), int(fits["port"])


def parse(environ: Mapping[str, str]) -> Settings:
    """Settings from variables; an unknown or unfitting one is an error that names it."""
    known = {f"{PREFIX}{field.upper()}": field for field in Settings.__struct_fields__}
    given: dict[str, str] = {}
    for name, value in sorted(environ.items()):
        if not name.startswith(PREFIX) or name.startswith(OURS_IN_DEVELOPMENT):
            continue
        if name not in known:
            raise BadInput(f"{name} is no setting of Holdfast.", remedy=_meant(name))
        given[known[name]] = value
    try:
        settings = msgspec.convert(given, Settings, strict=False)
    except msgspec.ValidationError as unfit:
        field = str(unfit).rpartition("$.")[2].rstrip("`")
        raise BadInput(
            f"{PREFIX}{field.upper()} does not fit: it is {given[field]!r} and must be "
            f"{allowed()[field]}.",
            remedy="Correct or unset it.",
        ) from None
    listens(settings)
    return settings


def allowed() -> Mapping[str, str]:
    """What each setting may be, in words, by its name."""
    told: dict[str, str] = {}
    for field in msgspec.structs.fields(Settings):
        match inspect.type_info(field.type):
            case inspect.BoolType():
                told[field.name] = "true or false"
            case inspect.IntType() as number:
                told[field.name] = f"a whole number{_range(number)}"
            case inspect.FloatType() as number:
                told[field.name] = f"a number{_range(number)}"
            case inspect.LiteralType() as words:
                told[field.name] = " or ".join(map(str, words.values))
            case _:
                told[field.name] = "a text"
    return told


def _range(number: inspect.IntType | inspect.FloatType) -> str:
    ends = (("above", number.gt), ("from", number.ge), ("to", number.le))
    return "".join(f" {word} {end}" for word, end in ends if end is not None)


def _meant(name: str) -> str:
    """The setting that is nearest to a name that is none, by what follows the prefix of all."""
    ends = {field.upper(): f"{PREFIX}{field.upper()}" for field in Settings.__struct_fields__}
    near = nearly(name.removeprefix(PREFIX), ends)
    return f"Did you mean {ends[near[0]]}?" if near else f"Known: {', '.join(ends.values())}."
