"""`--since FILE`: a scan that was saved as JSON, as what a later one is compared with."""

from pathlib import Path
from typing import Literal

import msgspec

from holdfast.errors import BadInput
from holdfast.facts import CATALOGUE
from holdfast.model.last_scan import LastScan, Remembered
from holdfast.model.objects import Ref, Time
from holdfast.model.rules import Severity
from holdfast.surfaces.cli.report import SCHEMA, StateName

MOST_BYTES = 256 << 20


class _Part(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A part of the schema, as far as it is read; scans of older versions have no more."""


class _Cluster(_Part, frozen=True, kw_only=True):
    uid: str
    now: Time


class _Trouble(_Part, frozen=True, kw_only=True):
    id: str
    code: str
    severity: Literal["info", "warning", "critical"]
    since: Time
    cause: str


class _About(_Part, frozen=True, kw_only=True):
    api_version: str
    kind: str
    namespace: str
    name: str
    uid: str


class _Finding(_Part, frozen=True, kw_only=True):
    id: str
    about: _About


class _Blind(_Part, frozen=True, kw_only=True):
    api_version: str
    plural: str
    state: StateName


class _Scan(_Part, frozen=True, kw_only=True):
    schema: str
    cluster: _Cluster
    troubles: list[_Trouble]
    findings: list[_Finding]
    blind: list[_Blind]
    namespaces: list[str] | None = None


def read(path: Path) -> LastScan:
    """The scan in a file that `holdfast scan -o json` wrote."""
    again = "Name a file that `holdfast scan -o json` wrote."
    try:
        if not path.is_file() and path.exists():
            raise BadInput(f"{path} is no regular file.", remedy=again)
        if path.stat().st_size > MOST_BYTES:
            raise BadInput(f"{path} is larger than 256 MiB.", remedy=again)
        scan = msgspec.json.decode(path.read_bytes(), type=_Scan)
    except OSError as failed:
        raise BadInput(f"{path} cannot be read: {failed.strerror}.", remedy=again) from None
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as odd:
        raise BadInput(f"{path} is no scan in JSON: {odd}.", remedy=again) from None
    if scan.schema != SCHEMA:
        raise BadInput(f"{path} has the schema {scan.schema!r}, not {SCHEMA!r}.", remedy=again)
    return LastScan(
        cluster=scan.cluster.uid,
        namespaces=None if scan.namespaces is None else tuple(sorted(scan.namespaces)),
        when=scan.cluster.now,
        troubles=tuple(_remembered(scan)),
    )


def _remembered(scan: _Scan) -> list[Remembered]:
    about = {finding.id: finding.about for finding in scan.findings}
    reads = {rule.code: {kind.api.resource for kind in rule.reads} for rule in CATALOGUE}
    blind = {_resource(each) for each in scan.blind}
    there = [trouble for trouble in scan.troubles if trouble.cause in about]
    return [
        Remembered(
            id=trouble.id,
            code=trouble.code,
            severity=Severity[trouble.severity.upper()],
            about=msgspec.convert(msgspec.structs.asdict(about[trouble.cause]), Ref),
            since=trouble.since,
            seen=scan.cluster.now,
            despite=tuple(sorted(blind & reads.get(trouble.code, set()))),
        )
        for trouble in there
    ]


def _resource(blind: _Blind) -> str:
    group, slash, _ = blind.api_version.rpartition("/")
    return f"{blind.plural}.{group}" if slash else blind.plural
