"""A folder on disk, read as the moment of a cluster that it was written at.

Three forms are understood, told apart by what is in the folder:
- our own: `manifest.json` says what was captured, forbidden or absent; nothing else is looked at;
- lists as `kubectl get -o json` prints them, or bare arrays of objects, in any files `*.json`;
- `kubectl cluster-info dump --output-directory`: the same, a folder for each namespace.

In the last two nobody says what was not asked for, so a kind without a list is not captured; and a
file that cannot be read is refused, because it may hold what hurts.
"""

import os
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from holdfast.adapters.kubernetes import decode
from holdfast.adapters.kubernetes.files import content, others, shown, unreadable
from holdfast.adapters.kubernetes.piles import Piles, cut, group, identify, listed, objects_of
from holdfast.errors import BadInput, BadSnapshot
from holdfast.model.kinds import KINDS
from holdfast.model.names import few
from holdfast.model.objects import Object, Time
from holdfast.model.snapshot import Capture, Identity, Snapshot, State
from holdfast.model.times import to_the_second

MANIFEST = "manifest.json"
API_VERSION = "holdfast.dev/v1alpha1"
AGAIN = "Take it again with: holdfast snapshot DIR"
SEEN = (State.CAPTURED, State.PARTIAL)
SAY_WHEN = "Say when it was taken with --at, as 2026-01-31T12:00:00Z."
EARLIEST, LATEST = 1969, 9999


class KindEntry(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """What the manifest says of one kind."""

    state: State
    api_version: str = ""
    kind: str = ""
    namespaces: tuple[str, ...] | None = None
    unseen: tuple[str, ...] = ()  # namespaces that were asked for and could not be seen
    file: str | None = None
    count: int | None = None
    why: str = ""


class Manifest(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What a folder of ours says of itself."""

    api_version: str
    kind: str
    now: Time
    server: str = ""  # its version
    cluster: Identity = Identity()
    kinds: dict[str, KindEntry] = {}


_manifest = msgspec.json.Decoder(Manifest)


def read(folder: Path, kinds: Iterable[type[Object]], *, at: datetime | None = None) -> Snapshot:
    """The snapshot in a folder; "now" is when it was taken.

    `at` is somebody's word for that, and is believed only where nothing else says it.
    """
    try:
        if not folder.is_dir():
            what = "is a file" if folder.exists() else "does not exist"
            raise BadSnapshot(
                f"The snapshot folder {shown(folder)} {what}.", remedy="Name a folder."
            )
        if os.path.lexists(folder / MANIFEST):
            return _read_ours(folder, tuple(kinds), at)
        return _read_lists(folder, tuple(kinds), at)
    except OSError as broken:
        raise unreadable(folder, broken) from None


def _read_ours(folder: Path, kinds: tuple[type[Object], ...], at: datetime | None) -> Snapshot:
    path = folder / MANIFEST
    body = content(path, inside=folder, remedy=AGAIN)
    try:
        said = identify(body)
        if said.kind != "Snapshot" or said.api_version != API_VERSION:
            raise BadSnapshot(
                f"{shown(path)} is of kind {said.kind!r} ({said.api_version!r}), and not a "
                f"Snapshot of {API_VERSION}.",
                remedy="Name the folder of a snapshot, or update Holdfast if it is newer.",
            )
        manifest = _manifest.decode(body)
    except decode.UNREADABLE as broken:
        wrong = f"{shown(path)} cannot be read: {shown(broken)}."
        raise BadSnapshot(wrong, remedy=AGAIN) from None
    if not any(_says_something(_entry(manifest, kind)) for kind in KINDS):
        raise BadSnapshot(
            f"Nothing was captured in {shown(folder)}, so it says nothing of the cluster.",
            remedy="Take it again with the role that `holdfast rbac reader` prints.",
        )
    if at is not None:
        raise BadInput(
            f"--at does not go with {shown(folder)}, which says itself when it was taken: "
            f"{to_the_second(_sensible(manifest.now, AGAIN))}.",
            remedy="Leave it out; it is for plain kubectl output, which does not say.",
        )
    captures = [_capture(folder, kind, _entry(manifest, kind)) for kind in kinds]
    identity = msgspec.structs.replace(
        manifest.cluster,
        version=manifest.server or manifest.cluster.version,
        name=manifest.cluster.name or folder.name,
    )
    return Snapshot(now=_sensible(manifest.now, AGAIN), captures=captures, cluster=identity)


def _sensible(moment: datetime, remedy: str = SAY_WHEN) -> datetime:
    """In UTC; ages are reckoned from it, which the first and last years of the calendar break."""
    if not EARLIEST < moment.year < LATEST:
        raise BadSnapshot(
            f"A snapshot of the year {moment.year} is none of a Kubernetes cluster.",
            remedy=remedy,
        )
    return moment.astimezone(UTC)


def _entry(manifest: Manifest, kind: type[Object]) -> KindEntry:
    for name in (kind.api.plural, kind.api.resource):
        entry = manifest.kinds.get(name)
        if entry is not None and group(entry.api_version) == kind.api.group:
            return entry
    return KindEntry(state=State.NOT_CAPTURED, why="not in this snapshot")


def _says_something(entry: KindEntry) -> bool:
    return entry.state in SEEN or entry.file is not None


def _capture(folder: Path, kind: type[Object], entry: KindEntry) -> Capture[Object]:
    raw: list[msgspec.Raw] = []
    missing = ""
    if entry.file is not None:
        path = _inside(folder, entry.file)
        try:
            whole = listed(content(path, inside=folder, remedy=AGAIN))
            raw, missing = whole.items or [], cut(whole)
        except decode.UNREADABLE as broken:
            wrong = f"{shown(path)} is cut short or no JSON: {shown(broken)}."
            raise BadSnapshot(wrong, remedy=AGAIN) from None
        if entry.count is not None and entry.count != len(raw):
            raise BadSnapshot(
                f"{shown(path)} was cut short: it holds {len(raw)} of {entry.count} "
                f"{kind.api.plural}.",
                remedy=AGAIN,
            )
    elif entry.state in SEEN:
        raise BadSnapshot(
            f"{shown(folder / MANIFEST)} says that {kind.api.plural} are {entry.state.value} and "
            f"names no file for them.",
            remedy=AGAIN,
        )
    objects, broken_ones = objects_of(kind, raw)
    return Capture(
        kind=kind,
        state=State.PARTIAL if missing and entry.state is State.CAPTURED else entry.state,
        objects=objects,
        namespaces=entry.namespaces,
        unseen=entry.unseen,
        why=entry.why or missing,
        unreadable=broken_ones,
    )


def _inside(folder: Path, name: str) -> Path:
    if not name.strip(".") or "\0" in name:
        raise BadSnapshot(
            f"{shown(folder / MANIFEST)} names {name!r} as a file, which is no name of one.",
            remedy=AGAIN,
        )
    return folder / name


def _read_lists(folder: Path, kinds: tuple[type[Object], ...], at: datetime | None) -> Snapshot:
    piles = Piles(folder)
    unread = [*others(folder), *piles.unread]
    if unread:
        names = few(shown(path.relative_to(folder)) for path in unread)
        verb = "is" if len(unread) == 1 else "are"
        raise BadSnapshot(
            f"{names} in {shown(folder)} {verb} not read: only Kubernetes objects in JSON are, and "
            f"whatever else is there may hold what hurts.",
            remedy="Save it with `kubectl get -o json`, or take it out of the folder.",
        )
    if not piles:
        raise BadSnapshot(
            f"There is no list of objects that a scan reads in {shown(folder)}.",
            remedy="Fill it with `holdfast snapshot DIR`, or with files that "
            "`kubectl get -A -o json` or `kubectl cluster-info dump` wrote.",
        )
    now = _sensible(at or _moment(piles.written))
    captures = [piles.capture(kind) for kind in kinds]
    if at is not None:
        _refuse_too_early(at, captures, written=_moment(piles.written))
    return Snapshot(now=now, captures=captures, cluster=Identity(name=folder.name))


def _refuse_too_early(
    at: datetime, captures: Iterable[Capture[Object]], *, written: datetime
) -> None:
    """At a moment before the youngest object was made, faults would look younger than they are.

    One that says it was made after it had been written down is wrong, and proves nothing.
    """
    every = (each for capture in captures for each in capture.objects)
    objects = (each for each in every if each.born <= written)
    youngest = max(objects, key=lambda each: each.born, default=None)
    if youngest is not None and youngest.born > at:
        raise BadInput(
            f"This was not taken at {to_the_second(at)}: {shown(youngest.ref)} in it was created "
            f"at {to_the_second(youngest.born)}.",
            remedy="Say with --at when it was taken, which is no earlier than that.",
        )


def _moment(stamp: float) -> datetime:
    try:
        return datetime.fromtimestamp(stamp, UTC)
    except (OverflowError, ValueError):
        return datetime.max.replace(tzinfo=UTC)
