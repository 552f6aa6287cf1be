"""The course of an execution, as data: all that another process must know to go on with it.

It is kept beside the case and is no part of what people approve. What was seen before the act is in
it whole, and what a deletion takes with it (last logs, last events): so it is kept where the
database is kept, and goes into no record, log or card.
"""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from holdfast.errors import BadRecord
from holdfast.execution.observing import Asked
from holdfast.execution.recovering import Watched
from holdfast.model.documents import Document
from holdfast.model.kinds import KINDS
from holdfast.model.objects import Object, Time
from holdfast.model.repairs import Sight
from holdfast.model.snapshot import Capture, Identity, Snapshot, State, Unreadable


class Pile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What was seen of one kind, written down."""

    api_version: str
    kind: str
    state: State
    objects: tuple[msgspec.Raw, ...]
    namespaces: tuple[str, ...] | None
    unseen: tuple[str, ...]
    why: str
    resource_version: str
    unreadable: tuple[Unreadable, ...]


class Picture(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A `Sight`, written down."""

    document: msgspec.Raw
    beside: tuple[msgspec.Raw, ...]
    healthy_before: tuple[str, ...]
    now: datetime
    cluster: Identity
    around: tuple[Pile, ...]


class LastWords(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What people will miss of an object that is to go."""

    logs: Mapping[str, str]  # by container
    events: tuple[str, ...]
    unseen: tuple[str, ...]  # what could not be read, and why


class Sending(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """How far one request has come: the act, or the undo."""

    run: str = ""  # who has claimed it
    lease: str = ""  # the account that may stand on the cluster; empty once nothing of it is left
    rounds: int = 0  # how often it was about to be sent
    sent: Asked | None = None  # set before it is sent: from then on it may have been done
    entry: str = ""  # the one that says so in the chain


class Course(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """How far an execution has come: the step that it is at, and those before it as they ended."""

    v: int = 1
    step: int = 1
    since: Time | None = None  # when the step before was verified
    earlier: tuple["Course", ...] = ()  # in their order; none of these holds any itself
    halted: int = 0  # the step at which the plan went no further
    restored: bool = False  # since a backup was: nothing follows by itself
    generation: int = 1
    act: Sending = Sending()
    before: Picture | None = None  # what was there before the act
    last_words: LastWords | None = None
    watched: Watched | None = None
    recalled: Time | None = None  # when a person wanted it taken back; None once that is done
    looks: int = 0
    undo: Sending = Sending()
    says: str = ""  # the last that is to be said of it, for people

    def at(self, step: int) -> "Course | None":
        """The course of that step, if it was come to."""
        return next((each for each in (*self.earlier, self) if each.step == step), None)


def onward(course: Course, at: datetime) -> Course:
    """The course of the step after one that was verified then."""
    done = msgspec.structs.replace(course, earlier=())
    return Course(step=course.step + 1, since=at, earlier=(*course.earlier, done))


def back(course: Course, says: str) -> Course:
    """The course of the step before, from where the plan goes no further."""
    *earlier, before = course.earlier
    halted = course.halted or course.step
    return msgspec.structs.replace(
        before, earlier=tuple(earlier), halted=halted, restored=course.restored, says=says
    )


class Progress(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """What people may be shown of a course: nothing of what was seen before the act."""

    watched: Watched | None = None
    recalled: Time | None = None
    says: str = ""
    step: int = 1
    halted: int = 0


def progress_of(course: Course) -> str:
    """It as it is kept."""
    told = Progress(
        watched=course.watched,
        recalled=course.recalled,
        says=course.says,
        step=course.step,
        halted=course.halted,
    )
    return msgspec.json.encode(told).decode()


def read_progress(text: str) -> Progress:
    """It as it was kept; an empty one, if none was, or if somebody has written on it."""
    try:
        return msgspec.json.decode(text, type=Progress) if text else Progress()
    except (msgspec.MsgspecError, UnicodeError):
        return Progress()


def written(course: Course) -> str:
    """The course as it is kept."""
    return msgspec.json.encode(course).decode()


def read(text: str) -> Course:
    """The course that was kept; an empty one, if none was. Raises `BadRecord`."""
    if not text:
        return Course()
    try:
        course = msgspec.json.decode(text, type=Course)
    except (msgspec.MsgspecError, UnicodeError) as unfit:
        raise _unreadable(str(unfit)) from None
    if course.v != 1:
        raise _unreadable(f"it is of version {course.v}")
    return course


def pictured(seen: Sight) -> Picture:
    """What was seen, as it can be written down."""
    return Picture(
        document=_raw(seen.document),
        beside=tuple(_raw(each) for each in seen.beside),
        healthy_before=tuple(sorted(seen.healthy_before)),
        now=seen.around.now,
        cluster=seen.around.cluster,
        around=tuple(_pile(each) for each in seen.around.captures()),
    )


def sight_of(picture: Picture) -> Sight:
    """What was seen. Raises `BadRecord` for what nobody could have seen."""
    return Sight(
        document=_document(picture.document),
        beside=tuple(_document(each) for each in picture.beside),
        healthy_before=frozenset(picture.healthy_before),
        around=Snapshot(
            now=picture.now,
            cluster=picture.cluster,
            captures=[_capture(each) for each in picture.around],
        ),
    )


def _raw(document: Document) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(document.value))


def _document(raw: msgspec.Raw) -> Document:
    try:
        return Document(value=msgspec.json.decode(raw, type=dict))
    except msgspec.MsgspecError as unfit:
        raise _unreadable(str(unfit)) from None


def _pile(capture: Capture[Object]) -> Pile:
    api = capture.kind.api
    return Pile(
        api_version=api.api_version,
        kind=api.kind,
        state=capture.state,
        objects=tuple(msgspec.Raw(msgspec.json.encode(each)) for each in capture.objects),
        namespaces=capture.namespaces,
        unseen=capture.unseen,
        why=capture.why,
        resource_version=capture.resource_version,
        unreadable=capture.unreadable,
    )


def _capture(pile: Pile) -> Capture[Object]:
    kind = _KINDS.get((pile.api_version, pile.kind))
    if kind is None:
        raise _unreadable(f"nobody knows a {pile.kind} of {pile.api_version}")
    try:
        objects = tuple(msgspec.json.decode(each, type=kind) for each in pile.objects)
    except msgspec.MsgspecError as unfit:
        raise _unreadable(str(unfit)) from None
    return Capture(
        kind=kind,
        state=pile.state,
        objects=objects,
        namespaces=pile.namespaces,
        unseen=pile.unseen,
        why=pile.why,
        resource_version=pile.resource_version,
        unreadable=pile.unreadable,
    )


def _unreadable(why: str) -> BadRecord:
    return BadRecord(
        f"What is kept of an execution was not written by this version of Holdfast: {why}.",
        remedy="See who can write into the database; nothing more is done for it.",
    )


_KINDS: Mapping[tuple[str, str], type[Object]] = {
    (kind.api.api_version, kind.api.kind): kind for kind in KINDS
}
