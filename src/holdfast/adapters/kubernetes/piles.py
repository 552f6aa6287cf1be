"""Lists as `kubectl` prints them, sorted by kind; nobody says what was not asked for.

A list whose objects lie in several namespaces was taken of all of them. One whose objects lie in
one, or that is empty, may as well be of that namespace alone: it vouches for no namespace that
nothing in the folder lies in.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

from holdfast.adapters.kubernetes import decode
from holdfast.adapters.kubernetes.files import OUT, content, lists, shown
from holdfast.errors import BadSnapshot
from holdfast.model.kinds import KINDS
from holdfast.model.objects import Object
from holdfast.model.snapshot import Capture, State, Unreadable


class _List(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    api_version: str = ""
    kind: str = ""
    items: list[msgspec.Raw] | None = None


class Who(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What any object says of itself."""

    api_version: str = ""
    kind: str = ""
    metadata: decode.Name = decode.Name()


_list = msgspec.json.Decoder(_List)
_who = msgspec.json.Decoder(Who)


def items(body: bytes) -> list[msgspec.Raw]:
    """What a list holds; raises what the decoder raises."""
    return _list.decode(body).items or []


def identify(body: bytes | msgspec.Raw) -> Who:
    """What an object says of itself; raises what the decoder raises."""
    return _who.decode(body)


def objects_of[K: Object](
    kind: type[K], raw: Iterable[msgspec.Raw]
) -> tuple[tuple[K, ...], tuple[Unreadable, ...]]:
    """The objects, each counted once however often it is there, and those that cannot be read."""
    objects: list[K] = []
    unreadable: list[Unreadable] = []
    known: set[object] = set()
    for each in raw:
        got = decode.one(kind, each)
        if isinstance(got, Unreadable):
            unreadable.append(got)
            continue
        who = {got.metadata.uid, (got.metadata.namespace, got.metadata.name)} - {"", ("", "")}
        if known.isdisjoint(who):
            objects.append(got)
        known |= who
    return tuple(objects), tuple(unreadable)


class Piles:
    """The objects of all files of a folder, by kind."""

    def __init__(self, folder: Path) -> None:
        self.written = 0.0  # when the last of its files was
        self._folder = folder
        self._piles: dict[type[Object], _Pile] = {}
        self._namespaces: set[str] = set()  # that anything lies in
        for path in lists(folder):
            if self._sort(path, content(path, inside=folder)):
                self.written = max(self.written, path.stat().st_mtime)

    def __bool__(self) -> bool:
        return bool(self._piles)

    def capture(self, kind: type[Object]) -> Capture[Object]:
        """What the files say of one kind."""
        pile = self._piles.get(kind)
        if pile is None:
            why = "no list of them in this folder"
            return Capture(kind=kind, state=State.NOT_CAPTURED, why=why)
        objects, unreadable = objects_of(kind, pile.items)
        vouched = pile.namespaces | (self._namespaces if pile.loose else set())
        return Capture(
            kind=kind,
            state=State.PARTIAL if pile.single else State.CAPTURED,
            objects=objects,
            namespaces=None if pile.wide or not kind.api.namespaced else tuple(sorted(vouched)),
            why="single objects were saved, and no list" if pile.single else "",
            unreadable=unreadable,
        )

    def _sort(self, path: Path, body: bytes) -> bool:
        """Put the objects of one file on the piles of their kinds; false if it is none of ours."""
        try:
            whole = _list.decode(body)
        except msgspec.ValidationError:
            return False  # JSON, but not a Kubernetes object
        except decode.UNREADABLE as broken:
            wrong = f"{shown(path)} is cut short or no JSON: {shown(broken)}."
            raise BadSnapshot(wrong, remedy=OUT) from None
        if whole.items is None:
            return self._sort_single(body)
        listed = whole.kind.removesuffix("List")
        there: dict[type[Object], list[msgspec.Raw]] = {}
        namespaces: set[str] = set()
        for item in whole.items:
            who = _identify(item)
            kind = _kind_of(who.api_version or whole.api_version, who.kind or listed)
            if kind is not None:
                there.setdefault(kind, []).append(item)
                namespaces.add(who.metadata.namespace)
        if not there:
            empty = _kind_of(whole.api_version, listed) or _kind_named(path.stem)
            if empty is not None:
                there[empty] = []
        namespaces.discard("")
        self._namespaces |= namespaces
        folder_of = "" if path.parent == self._folder else path.parent.name
        for kind, raw in there.items():
            pile = self._piles.setdefault(kind, _Pile())
            pile.items.extend(raw)
            pile.wide |= len(namespaces) > 1
            if folder_of and namespaces <= {folder_of}:
                pile.namespaces.add(folder_of)
            else:
                pile.loose = True
        return bool(there)

    def _sort_single(self, body: bytes) -> bool:
        who = _identify(body)
        kind = _kind_of(who.api_version, who.kind)
        if kind is None:
            return False
        self._namespaces |= {who.metadata.namespace} - {""}
        pile = self._piles.setdefault(kind, _Pile())
        pile.items.append(msgspec.Raw(body))
        pile.loose = pile.single = True
        return True


class _Pile:
    """What the files of a folder held of one kind."""

    def __init__(self) -> None:
        self.items: list[msgspec.Raw] = []
        self.namespaces: set[str] = set()  # that a folder of their own vouches for
        self.wide = False  # of all namespaces
        self.loose = False  # of nobody knows which
        self.single = False  # not from a list at all


def _identify(body: bytes | msgspec.Raw) -> Who:
    try:
        return identify(body)
    except decode.UNREADABLE:
        return Who()


def group(api_version: str) -> str:
    """The API group of an apiVersion."""
    return api_version.rpartition("/")[0]


_BY_KIND: Mapping[tuple[str, str], type[Object]] = {(k.api.group, k.api.kind): k for k in KINDS}


def _kind_of(api_version: str, kind: str) -> type[Object] | None:
    return _BY_KIND.get((group(api_version), kind))


def _kind_named(stem: str) -> type[Object] | None:
    return next((k for k in KINDS if stem in (k.api.plural, k.api.resource)), None)
