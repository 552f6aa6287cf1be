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
    metadata: msgspec.Raw = msgspec.Raw(b"null")
    items: list[msgspec.Raw] | None = None


class _Rest(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What the metadata of a list says of objects that are not in it."""

    continue_: str | None = msgspec.field(name="continue", default=None)
    remaining_item_count: int | None = None


class Who(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What any object says of itself."""

    api_version: str = ""
    kind: str = ""
    metadata: msgspec.Raw = msgspec.Raw(b"null")

    @property
    def named(self) -> decode.Name:
        """Its name, as far as it says so properly."""
        try:
            return _name.decode(self.metadata)
        except decode.UNREADABLE:
            return decode.Name()


_list = msgspec.json.Decoder(_List)
_array = msgspec.json.Decoder(list[msgspec.Raw])
_name = msgspec.json.Decoder(decode.Name)
_rest = msgspec.json.Decoder(_Rest | None)
_who = msgspec.json.Decoder(Who)

NO_OBJECT = "it does not say what it is: no object of a kind"


def listed(body: bytes) -> _List:
    """A list; raises what the decoder raises."""
    return _list.decode(body)


def cut(whole: _List) -> str:
    """Why there is more than a list holds; empty when it holds all."""
    try:
        rest = _rest.decode(whole.metadata) or _Rest()
    except decode.UNREADABLE:
        return "the list does not properly say whether it is whole"
    if rest.remaining_item_count and rest.remaining_item_count > 0:
        return f"only a page of the list was saved, and {rest.remaining_item_count} more follow"
    return "only a page of the list was saved, and more follow" if rest.continue_ else ""


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
        who = {got.metadata.uid, (got.metadata.namespace, got.metadata.name)} - {""}
        if known.isdisjoint(who):
            objects.append(got)
        known |= who
    return tuple(objects), tuple(unreadable)


class Piles:
    """The objects of all files of a folder, by kind."""

    def __init__(self, folder: Path) -> None:
        self.written = 0.0  # when the last of its files was
        self.unread: list[Path] = []  # that hold JSON, and no object of Kubernetes
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
            state=State.PARTIAL if pile.missing else State.CAPTURED,
            objects=objects,
            namespaces=None if pile.wide or not kind.api.namespaced else tuple(sorted(vouched)),
            why=pile.missing,
            unreadable=(*unreadable, *pile.odd),
        )

    def _sort(self, path: Path, body: bytes) -> bool:
        """Put the objects of one file on the piles of their kinds; false if it has none of ours."""
        try:
            whole = _whole(body)
        except msgspec.ValidationError:
            self.unread.append(path)  # JSON, but not a Kubernetes object
            return False
        except decode.UNREADABLE as broken:
            wrong = f"{shown(path)} is cut short or no JSON: {shown(broken)}."
            raise BadSnapshot(wrong, remedy=OUT) from None
        if whole.items is None:
            return self._sort_single(path, body)
        listed = whole.kind.removesuffix("List")
        there: dict[type[Object], list[msgspec.Raw]] = {}
        odd: list[Unreadable] = []
        namespaces: set[str] = set()
        for item in whole.items:
            who = _identify(item)
            says = who.kind or listed
            kind = _kind_of(who.api_version or whole.api_version, says)
            if kind is not None:
                there.setdefault(kind, []).append(item)
                namespaces.add(who.named.namespace)
            elif not says:
                odd.append(Unreadable(name=who.named.name, why=NO_OBJECT))
        known = _kind_of(whole.api_version, listed) or _kind_named(path.stem)
        if known is not None and not there:
            there[known] = []
        if odd and not there:
            self.unread.append(path)
            return False
        namespaces.discard("")
        self._namespaces |= namespaces
        folder_of = "" if path.parent == self._folder else path.parent.name
        missing = cut(whole)
        for kind, raw in there.items():
            pile = self._piles.setdefault(kind, _Pile())
            pile.items.extend(raw)
            pile.missing = pile.missing or (missing and f"{shown(path.name)}: {missing}")
            pile.wide |= len(namespaces) > 1
            if folder_of and namespaces <= {folder_of}:
                pile.namespaces.add(folder_of)
            else:
                pile.loose = True
        if odd:  # of which kind they were nobody knows: told with the one that the file is of
            self._piles[known if known in there else next(iter(there))].odd.extend(odd)
        return bool(there)

    def _sort_single(self, path: Path, body: bytes) -> bool:
        who = _identify(body)
        kind = _kind_of(who.api_version, who.kind)
        if kind is None:
            if not who.kind:
                self.unread.append(path)
            return False
        self._namespaces |= {who.named.namespace} - {""}
        pile = self._piles.setdefault(kind, _Pile())
        pile.items.append(msgspec.Raw(body))
        pile.missing = pile.missing or "single objects were saved, and no list"
        pile.loose = True
        return True


class _Pile:
    """What the files of a folder held of one kind."""

    def __init__(self) -> None:
        self.items: list[msgspec.Raw] = []
        self.namespaces: set[str] = set()  # that a folder of their own vouches for
        self.wide = False  # of all namespaces
        self.loose = False  # of nobody knows which
        self.missing = ""  # why there may be more than what was saved
        self.odd: list[Unreadable] = []  # what was in its lists, and is no object


def _whole(body: bytes) -> _List:
    """A list, be it a bare array; raises what the decoder raises."""
    try:
        return _list.decode(body)
    except msgspec.ValidationError:
        return _List(items=_array.decode(body))


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
