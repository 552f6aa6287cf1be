"""Snapshots as cases write them: the moment, the objects, and what was not seen.

now: the moment of the snapshot
given: the objects; a uid is made up where none is given (`<kind>-<namespace>-<name>`)
blind: {plural: state} of kinds that were not seen; kinds that nobody mentions were seen, empty
cluster: {version: the API server's}, where a rule asks
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from holdfast.model.kinds import KINDS
from holdfast.model.objects import Object
from holdfast.model.snapshot import Capture, Identity, Snapshot, State


def _object(given: dict[str, Any]) -> Object:
    kind = next(
        k for k in KINDS if k.api.kind == given["kind"] and given["apiVersion"] in k.api.versioned
    )
    given["metadata"].setdefault("uid", _uid(given))
    return msgspec.convert(given, kind)


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
