"""Snapshots as cases write them: the moment, the objects, and what was not seen.

now: the moment of the snapshot
given: the objects; a uid is made up where none is given (`<kind>-<namespace>-<name>`)
blind: {plural: state} of kinds that were not seen; kinds that nobody mentions were seen, empty
cluster: {version: the API server's}, where a rule asks
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import yaml

from holdfast.model.kinds import KINDS
from holdfast.model.objects import Object
from holdfast.model.snapshot import Capture, Identity, Snapshot, State

_KINDS = {(version, kind.api.kind): kind for kind in KINDS for version in kind.api.versioned}


@cache
def case(path: Path) -> Mapping[str, Any]:
    """What stands in the file of a case; many tests ask for the same."""
    with path.open() as file:  # so that what is no YAML is said with its file
        told: Mapping[str, Any] = yaml.load(file, Loader=yaml.CSafeLoader)
    return told


def _object(given: dict[str, Any]) -> Object:
    given["metadata"].setdefault("uid", _uid(given))
    return msgspec.convert(given, _KINDS[given["apiVersion"], given["kind"]])


def _uid(given: dict[str, Any]) -> str:
    metadata = given["metadata"]
    return f"{given['kind']}-{metadata.get('namespace', '')}-{metadata['name']}".lower()


def snapshot_of(case: Mapping[str, Any]) -> Snapshot:
    """The snapshot that a case is about."""
    objects = [_object(given) for given in case["given"]]
    blind = case.get("blind", {})
    captures = [
        Capture(
            kind=kind,
            state=State(blind.get(kind.api.plural, "captured")),
            objects=tuple(o for o in objects if isinstance(o, kind)),
            why="as the case says" if kind.api.plural in blind else "",
        )
        for kind in KINDS
    ]
    return Snapshot(now=case["now"], captures=captures, cluster=Identity(**case.get("cluster", {})))
