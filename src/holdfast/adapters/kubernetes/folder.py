"""A folder on disk, read as the moment of a cluster that it was written at.

Three forms are understood, told apart by what is in the folder:
- our own: `manifest.json` says what was captured, forbidden or absent; nothing else is looked at;
- lists as `kubectl get -o json` prints them, in any files `*.json`;
- `kubectl cluster-info dump --output-directory`: the same, a folder for each namespace.

In the last two nobody says what was not asked for, so a kind without a list is not captured.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from holdfast.adapters.kubernetes import decode
from holdfast.errors import BadSnapshot
from holdfast.model.kinds import KINDS
from holdfast.model.objects import Object, Time
from holdfast.model.snapshot import Capture, Identity, Snapshot, State, Unreadable

MANIFEST = "manifest.json"
API_VERSION = "holdfast.dev/v1alpha1"
AGAIN = "Take it again with: holdfast snapshot DIR"


class KindEntry(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """What the manifest says of one kind."""

    state: State
    api_version: str = ""
    kind: str = ""
    namespaces: tuple[str, ...] | None = None
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


class _List(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    api_version: str = ""
    kind: str = ""
    items: list[msgspec.Raw] | None = None


class _Who(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    api_version: str = ""
    kind: str = ""
    metadata: decode.Name = decode.Name()


_list = msgspec.json.Decoder(_List)
_who = msgspec.json.Decoder(_Who)
_manifest = msgspec.json.Decoder(Manifest)


def read(folder: Path, kinds: Iterable[type[Object]], *, at: datetime | None = None) -> Snapshot:
    """The snapshot in a folder; "now" is when it was taken."""
    if not folder.is_dir():
        what = "is a file" if folder.exists() else "does not exist"
        raise BadSnapshot(f"The snapshot folder {folder} {what}.", remedy="Name a folder.")
    if (folder / MANIFEST).is_file():
        return _read_ours(folder, tuple(kinds), at)
    return _read_lists(folder, tuple(kinds), at)


def _read_ours(folder: Path, kinds: tuple[type[Object], ...], at: datetime | None) -> Snapshot:
    path = folder / MANIFEST
    try:
        said = _who.decode(path.read_bytes())
        if said.kind != "Snapshot" or said.api_version != API_VERSION:
            raise BadSnapshot(
                f"{path} is of kind {said.kind or 'unknown'} ({said.api_version or 'no version'}), "
                f"and not a Snapshot of {API_VERSION}.",
                remedy="Name the folder of a snapshot, or update Holdfast if it is newer.",
            )
        manifest = _manifest.decode(path.read_bytes())
    except (msgspec.DecodeError, UnicodeDecodeError) as broken:
        raise BadSnapshot(f"{path} cannot be read: {broken}.", remedy=AGAIN) from None
    captures = [_capture(folder, kind, _entry(manifest, kind)) for kind in kinds]
    identity = msgspec.structs.replace(
        manifest.cluster,
        version=manifest.server or manifest.cluster.version,
        name=manifest.cluster.name or folder.name,
    )
    return Snapshot(now=at or manifest.now, captures=captures, cluster=identity)


def _entry(manifest: Manifest, kind: type[Object]) -> KindEntry:
    for name in (kind.api.plural, kind.api.resource):
        entry = manifest.kinds.get(name)
        if entry is not None and _group(entry.api_version) == kind.api.group:
            return entry
    return KindEntry(state=State.NOT_CAPTURED, why="not in this snapshot")


def _capture(folder: Path, kind: type[Object], entry: KindEntry) -> Capture[Object]:
    objects: list[Object] = []
    unreadable: list[Unreadable] = []
    if entry.file is not None:
        path = folder / entry.file
        if not path.resolve().is_relative_to(folder.resolve()):
            raise BadSnapshot(f"{entry.file} lies outside of {folder}.", remedy=AGAIN)
        items = _items(path)
        if entry.count is not None and entry.count != len(items):
            raise BadSnapshot(
                f"{path} was cut short: it holds {len(items)} of {entry.count} {kind.api.plural}.",
                remedy=AGAIN,
            )
        for item in items:
            _sort_in(decode.one(kind, item), objects, unreadable)
    elif entry.state in (State.CAPTURED, State.PARTIAL):
        raise BadSnapshot(
            f"{folder / MANIFEST} says that {kind.api.plural} are {entry.state.value} and names no "
            f"file for them.",
            remedy=AGAIN,
        )
    return Capture(
        kind=kind,
        state=entry.state,
        objects=tuple(objects),
        namespaces=entry.namespaces,
        why=entry.why,
        unreadable=tuple(unreadable),
    )


def _items(path: Path) -> list[msgspec.Raw]:
    try:
        return _list.decode(path.read_bytes()).items or []
    except FileNotFoundError:
        raise BadSnapshot(f"{path} is missing.", remedy=AGAIN) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as broken:
        raise BadSnapshot(f"{path} is cut short or no JSON: {broken}.", remedy=AGAIN) from None


def _sort_in(got: Object | Unreadable, objects: list[Object], unreadable: list[Unreadable]) -> None:
    if isinstance(got, Unreadable):
        unreadable.append(got)
    else:
        objects.append(got)


class _Pile:
    """What the files of a folder held of one kind."""

    def __init__(self) -> None:
        self.items: list[msgspec.Raw] = []
        self.namespaces: set[str] | None = set()
        self.single = False

    def add(self, items: Iterable[msgspec.Raw], namespace: str | None) -> None:
        self.items.extend(items)
        if namespace is None:
            self.namespaces = None
        elif self.namespaces is not None:
            self.namespaces.add(namespace)


def _read_lists(folder: Path, kinds: tuple[type[Object], ...], at: datetime | None) -> Snapshot:
    piles: dict[type[Object], _Pile] = {}
    written = 0.0
    for path in sorted(folder.rglob("*.json")):
        if _sort_file(path, folder, piles):
            written = max(written, path.stat().st_mtime)
    if not piles:
        raise BadSnapshot(
            f"There is no list of objects that a scan reads in {folder}.",
            remedy="Fill it with `holdfast snapshot DIR`, or with files that "
            "`kubectl get -A -o json` or `kubectl cluster-info dump` wrote.",
        )
    return Snapshot(
        now=at or datetime.fromtimestamp(written, UTC),
        captures=[_from_pile(kind, piles.get(kind)) for kind in kinds],
        cluster=Identity(name=folder.name),
    )


def _sort_file(path: Path, folder: Path, piles: dict[type[Object], _Pile]) -> bool:
    """Put the objects of one file on the piles of their kinds; false if it is none of ours."""
    body = path.read_bytes()
    try:
        whole = _list.decode(body)
    except msgspec.ValidationError:
        return False  # JSON, but not a Kubernetes object
    except (msgspec.DecodeError, UnicodeDecodeError) as broken:
        raise BadSnapshot(
            f"{path} is cut short or no JSON: {broken}.",
            remedy="Write it again, or take it out of the folder.",
        ) from None
    if whole.items is None:
        return _sort_single(body, piles)
    listed = whole.kind.removesuffix("List")
    there: dict[type[Object], list[msgspec.Raw]] = {}
    namespaces: dict[type[Object], set[str]] = {}
    for item in whole.items:
        who = _identify(item)
        kind = _kind_of(who.api_version or whole.api_version, who.kind or listed)
        if kind is not None:
            there.setdefault(kind, []).append(item)
            namespaces.setdefault(kind, set()).add(who.metadata.namespace)
    if not there:
        empty = _kind_of(whole.api_version, listed) or _kind_named(path.stem)
        if empty is not None:
            there[empty] = []
    folder_of = None if path.parent == folder else path.parent.name
    for kind, items in there.items():
        alone = folder_of is not None and namespaces.get(kind, set()) <= {folder_of}
        piles.setdefault(kind, _Pile()).add(items, folder_of if alone else None)
    return bool(there)


def _sort_single(body: bytes, piles: dict[type[Object], _Pile]) -> bool:
    who = _identify(body)
    kind = _kind_of(who.api_version, who.kind)
    if kind is None:
        return False
    pile = piles.setdefault(kind, _Pile())
    pile.add([msgspec.Raw(body)], None)
    pile.single = True
    return True


def _from_pile(kind: type[Object], pile: _Pile | None) -> Capture[Object]:
    if pile is None:
        return Capture(kind=kind, state=State.NOT_CAPTURED, why="no list of them in this folder")
    objects: list[Object] = []
    unreadable: list[Unreadable] = []
    for item in pile.items:
        _sort_in(decode.one(kind, item), objects, unreadable)
    return Capture(
        kind=kind,
        state=State.PARTIAL if pile.single else State.CAPTURED,
        objects=tuple(objects),
        namespaces=tuple(sorted(pile.namespaces)) if pile.namespaces else None,
        why="single objects were saved, and no list" if pile.single else "",
        unreadable=tuple(unreadable),
    )


def _identify(body: bytes | msgspec.Raw) -> _Who:
    try:
        return _who.decode(body)
    except msgspec.DecodeError:
        return _Who()


def _group(api_version: str) -> str:
    return api_version.rpartition("/")[0]


_BY_KIND: Mapping[tuple[str, str], type[Object]] = {(k.api.group, k.api.kind): k for k in KINDS}


def _kind_of(api_version: str, kind: str) -> type[Object] | None:
    return _BY_KIND.get((_group(api_version), kind))


def _kind_named(stem: str) -> type[Object] | None:
    return next((k for k in KINDS if stem in (k.api.plural, k.api.resource)), None)
