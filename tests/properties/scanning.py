"""A scan of objects as they are written, through all of the product but the network."""

import signal
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from io import StringIO
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple

import msgspec
from rich.console import Console

from holdfast.adapters.kubernetes import decode
from holdfast.adapters.kubernetes.sharing import Sharer
from holdfast.diagnosis.survey import Survey, survey
from holdfast.model.kinds import KINDS
from holdfast.model.objects import Object
from holdfast.model.snapshot import Capture, Identity, Snapshot, State
from holdfast.surfaces.cli import forms, markdown, report, screen
from tests import cases
from tests.properties.mutations import Json, as_written

CASES = sorted((Path(__file__).parents[1] / "facts").glob("*/*.yaml"))
_KINDS = {(kind.api.kind, version): kind for kind in KINDS for version in kind.api.versioned}
UNSEEN = "as the dice fell"
_CPU_SECONDS = 5.0  # a round takes some milliseconds; a loop without an end takes all it gets


class Case(NamedTuple):
    """A given/expect case, as far as it is fed to rules here."""

    name: str
    now: datetime
    given: list[Json]
    cluster: Mapping[str, str]


@cache
def case(path: Path) -> Case:
    """The case in a file."""
    told = cases.case(path)
    name = f"{path.parent.name}/{path.stem}"
    given = [_with_uid(each) for each in told["given"]]
    return Case(name, told["now"], given, told.get("cluster", {}))


def _with_uid(given: Json) -> Json:
    metadata = given["metadata"]
    uid = f"{given['kind']}-{metadata.get('namespace', '')}-{metadata['name']}".lower()
    return given | {"metadata": {"uid": uid} | metadata}


def kind_of(given: Json) -> type[Object]:
    """The kind that an object of a case is of."""
    return _KINDS[given["kind"], given["apiVersion"]]


def snapshot_of(
    stored: Iterable[tuple[type[Object], Any]],
    now: datetime,
    *,
    version: str = "",
    states: Mapping[type[Object], State] | None = None,
) -> Snapshot:
    """What a scan sees where those are stored, whatever they have become."""
    there: dict[type[Object], list[Any]] = {}
    for kind, each in stored:
        there.setdefault(kind, []).append(each)
    states = states or {}
    captures = [
        _capture(kind, there.get(kind, []), states.get(kind, State.CAPTURED)) for kind in KINDS
    ]
    return Snapshot(now=now, captures=captures, cluster=Identity(name="odd", version=version))


def _capture(kind: type[Object], stored: list[Any], state: State) -> Capture[Object]:
    if not stored:
        return Capture(kind=kind, state=state, why="" if state is State.CAPTURED else UNSEEN)
    form = "PartialObjectMetadata" if kind.api.metadata_only else kind.api.kind
    listed = decode.page(kind, as_written(stored, form), Sharer())
    assert len(stored) == len(listed.objects) + len(listed.unreadable), kind
    return Capture(
        kind=kind,
        state=state,
        objects=tuple(listed.objects),
        unreadable=listed.unreadable,
        why="" if state is State.CAPTURED else UNSEEN,
    )


def scanned(snapshot: Snapshot) -> Survey:
    """Judged by every rule and folded."""
    return survey(snapshot)


def told(snapshot: Snapshot, judged: Survey) -> Iterator[str]:
    """The scan in every form for people: text on two widths, and Markdown."""
    everything = screen.Wanted(young=True, posture=True)
    for width, wanted in ((None, everything), (80, everything), (80, screen.Wanted(flat=True))):
        out = StringIO()
        terminal = width is not None
        console = Console(file=out, width=width, force_terminal=terminal, color_system=None)
        screen.show(console, snapshot, judged, wanted)
        yield out.getvalue()
    yield markdown.as_markdown(_value(snapshot, judged))


def encoded(snapshot: Snapshot, judged: Survey, form: str) -> report.ScanOut:
    """The scan as JSON or YAML, read again as whoever relies on the schema reads it."""
    value = _value(snapshot, judged)
    if form == "json":
        return msgspec.json.decode(forms.as_json(value), type=report.ScanOut)
    return msgspec.yaml.decode(forms.as_yaml(value), type=report.ScanOut)


def _value(snapshot: Snapshot, judged: Survey) -> report.ScanOut:
    return report.as_value(snapshot, judged, young=True, posture=True)


class TookForever(BaseException):
    """No `except` of anybody's may swallow it."""


@contextmanager
def bounded(seconds: float = _CPU_SECONDS) -> Iterator[None]:
    """Break whatever takes longer, in time of this process: a busy machine breaks nothing."""

    def late(_signal: int, _frame: FrameType | None) -> None:
        raise TookForever(f"no end after {seconds} s")

    before = signal.signal(signal.SIGVTALRM, late)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
