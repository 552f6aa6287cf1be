"""What was seen of a cluster at one moment, and, as carefully, what was not.

A snapshot never lies by omission: each kind carries its state, and a kind that was not read
whole is *blind*, which is neither healthy nor "does not exist".
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from functools import cached_property

import msgspec

from holdfast.errors import UndeclaredRead
from holdfast.model.objects import Object, Ref
from holdfast.model.times import in_words


class State(StrEnum):
    """How much of a kind was seen."""

    CAPTURED = "captured"
    PARTIAL = "partial"  # the list broke off: what is there is true, what is missing is unknown
    FORBIDDEN = "forbidden"
    ABSENT = "absent"  # the API server does not serve the kind
    NOT_CAPTURED = "not_captured"  # nobody asked


class Unreadable(msgspec.Struct, frozen=True, kw_only=True):
    """An object that could not be understood: reported once, and the scan goes on."""

    name: str
    namespace: str = ""
    why: str


class Capture[K: Object](msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """All that was seen of one kind."""

    kind: type[K]
    state: State = State.CAPTURED
    objects: tuple[K, ...] = ()
    namespaces: tuple[str, ...] | None = None  # None: all of them
    unseen: tuple[str, ...] = ()  # namespaces that were asked for and could not be seen
    why: str = ""
    resource_version: str = ""
    unreadable: tuple[Unreadable, ...] = ()

    @property
    def whole(self) -> bool:
        """Everything that was asked for is here, and could be read."""
        return self.state is State.CAPTURED and not self.unreadable

    def covers(self, namespace: str) -> bool:
        """Whether that namespace was asked for ("" asks nothing)."""
        if self.namespaces is None or not self.kind.api.namespaced:
            return True
        return not namespace or namespace in self.namespaces

    @cached_property
    def by_name(self) -> Mapping[tuple[str, str], K]:
        """Objects by namespace and name."""
        return {(o.metadata.namespace, o.metadata.name): o for o in self.objects}

    @cached_property
    def by_owner(self) -> Mapping[str, Sequence[K]]:
        """Objects by the uid of each of their owners."""
        owned: dict[str, list[K]] = {}
        for each in self.objects:
            for owner in each.metadata.owner_references:
                owned.setdefault(owner.uid, []).append(each)
        return owned

    @cached_property
    def by_namespace(self) -> Mapping[str, Sequence[K]]:
        """Objects by namespace."""
        there: dict[str, list[K]] = {}
        for each in self.objects:
            there.setdefault(each.metadata.namespace, []).append(each)
        return there


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """Which cluster this is."""

    name: str = ""  # what people call it: the context's name
    uid: str = ""  # the uid of kube-system; empty when we may not read it
    server: str = ""
    version: str = ""


class Blind(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A kind that could not be judged whole, reported once.

    Its state is *captured* where the list is whole and some of its objects are not understood.
    """

    api_version: str
    kind: str
    plural: str
    state: State
    namespaces: tuple[str, ...] | None = None
    why: str

    @property
    def resource(self) -> str:
        """The name as RBAC and kubectl write it."""
        group, slash, _ = self.api_version.rpartition("/")
        return f"{self.plural}.{group}" if slash else self.plural

    @property
    def word(self) -> str:
        """Its state, for people."""
        if self.state is State.CAPTURED:
            return "not wholly understood"
        return self.state.value.replace("_", " ")


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one kind when a snapshot was written down."""

    plural: str
    state: State
    count: int
    why: str = ""


class Snapshot:
    """A cluster at one moment, as far as it was seen. Rules get it narrowed to what they read."""

    def __init__(
        self,
        *,
        now: datetime,
        captures: Iterable[Capture[Object]] = (),
        cluster: Identity | None = None,
        only: frozenset[type[Object]] | None = None,
    ) -> None:
        self.now = now
        self.cluster = cluster or Identity()
        self._captures: dict[type[Object], Capture[Object]] = {c.kind: c for c in captures}
        self._only = only
        self._made: dict[object, object] = {}

    def capture[K: Object](self, kind: type[K]) -> Capture[K]:
        """What was seen of that kind; a kind that nobody asked for is not captured."""
        if self._only is not None and kind not in self._only:
            raise _undeclared(kind)
        seen = self._captures.get(kind)
        if seen is None:
            return Capture(kind=kind, state=State.NOT_CAPTURED, why="nobody asked for it")
        return seen  # type: ignore[return-value]  # keyed by its own kind, two lines above

    def captures(self) -> tuple[Capture[Object], ...]:
        """Every capture, by plural name."""
        return tuple(sorted(self._captures.values(), key=lambda c: c.kind.api.plural))

    def family[K: Object](self, above: type[K]) -> tuple[type[K], ...]:
        """The kinds below that one of which something may be known here, by name."""
        kinds = self._captures if self._only is None else self._only
        below = (kind for kind in kinds if issubclass(kind, above))
        return tuple(sorted(below, key=lambda kind: kind.api.resource))

    def all[K: Object](self, kind: type[K]) -> Sequence[K]:
        """Every object of that kind that was seen."""
        return self.capture(kind).objects

    def find[K: Object](self, kind: type[K], namespace: str, name: str) -> K | None:
        """The object of that name, if it was seen."""
        return self.capture(kind).by_name.get((namespace, name))

    def owned_by[K: Object](self, kind: type[K], owner: Object) -> Sequence[K]:
        """Objects of that kind that name this owner, by uid."""
        return self.capture(kind).by_owner.get(owner.metadata.uid, ())

    def within[K: Object](self, kind: type[K], namespace: str) -> Sequence[K]:
        """Objects of that kind in one namespace."""
        return self.capture(kind).by_namespace.get(namespace, ())

    def narrowed(self, reads: Iterable[type[Object]]) -> "Snapshot":
        """The same moment, with sight of those kinds alone: never of more than before."""
        wanted = frozenset(reads)
        for kind in wanted - (wanted if self._only is None else self._only):
            raise _undeclared(kind)
        narrow = Snapshot(now=self.now, cluster=self.cluster, only=wanted)
        narrow._captures = self._captures  # shared, so that indices are built once
        narrow._made = self._made
        return narrow

    def at(self, moment: datetime) -> "Snapshot":
        """The same sight, judged at another moment."""
        if moment == self.now:
            return self
        other = Snapshot(now=moment, cluster=self.cluster, only=self._only)
        other._captures = self._captures
        return other

    def once[T](self, make: Callable[["Snapshot"], T]) -> T:
        """What that function makes of this sight, made once for all rules that read the same kinds.

        Kept by what may be read as well, so that nobody gets to see what another rule declared.
        """
        key = (make, self._only)
        if key not in self._made:
            self._made[key] = make(self)
        return self._made[key]  # type: ignore[return-value]  # made by the same function

    def within_namespaces(self, namespaces: tuple[str, ...]) -> "Snapshot":
        """The same moment, looked at in those namespaces alone; what was not seen stays unseen."""
        captures = (
            _within(c, namespaces) if c.kind.api.namespaced else c for c in self._captures.values()
        )
        return Snapshot(now=self.now, captures=captures, cluster=self.cluster, only=self._only)

    @cached_property
    def namespaces(self) -> frozenset[str] | None:
        """The namespaces that were asked for; None: all of them."""
        of_some = [c for c in self._captures.values() if c.kind.api.namespaced]
        asked = {name for c in of_some for name in (*(c.namespaces or ()), *c.unseen)}
        seen = (c for c in of_some if c.state in (State.CAPTURED, State.PARTIAL))
        everywhere = any(c.namespaces is None for c in seen)
        return frozenset(asked) if asked and not everywhere else None

    def concerns(self, about: Ref) -> bool:
        """Whether that is what was asked about.

        Where some namespaces were asked for, the others are known as well, because of what their
        labels mean to these; how they fare is another matter.
        """
        named = (about.api_version, about.kind) == ("v1", "Namespace")
        return not named or self.namespaces is None or about.name in self.namespaces

    def elapsed(self, since: datetime) -> str:
        """How long ago that was, in words for people."""
        return in_words(self.now - since)

    def sees(self, kind: type[Object]) -> bool:
        """Whether that kind was seen whole, so that what is not there does not exist."""
        return self.capture(kind).whole

    def blind(self, reads: Iterable[type[Object]], *, namespace: str = "") -> tuple[Blind, ...]:
        """Which of those kinds were not seen whole (in that namespace, if one is named)."""
        captures = (self.capture(kind) for kind in reads)
        return tuple(_blind(c) for c in captures if not c.whole or not c.covers(namespace))


def _undeclared(kind: type[Object]) -> UndeclaredRead:
    return UndeclaredRead(
        f"A rule read {kind.__name__}, which its declaration does not name.",
        remedy=f"Add {kind.__name__} to the rule's `reads`.",
    )


def _within(capture: Capture[Object], wanted: tuple[str, ...]) -> Capture[Object]:
    inside = frozenset(wanted)
    seen = tuple(n for n in wanted if capture.covers(n) and n not in capture.unseen)
    unseen = tuple(n for n in wanted if n not in seen)
    state, why = capture.state, capture.why
    if state is State.CAPTURED and unseen:
        state = State.PARTIAL if seen else State.NOT_CAPTURED
        why = f"{', '.join(unseen)}: not in this snapshot"
    elif capture.unseen and not unseen:  # what went wrong went wrong elsewhere
        state, why = State.CAPTURED, ""
    return msgspec.structs.replace(
        capture,
        state=state,
        namespaces=seen or wanted,
        unseen=unseen,
        why=why,
        objects=tuple(o for o in capture.objects if o.metadata.namespace in inside),
        # Of what does not say where it lies, nobody knows whether it is meant.
        unreadable=tuple(u for u in capture.unreadable if u.namespace in ("", *wanted)),
    )


def _blind(capture: Capture[Object]) -> Blind:
    api = capture.kind.api
    state, why = capture.state, capture.why
    if state is State.CAPTURED and capture.unreadable:
        first = capture.unreadable[0]
        name = first.name or "(no name)"
        why = f"{len(capture.unreadable)} unreadable, the first {name}: {first.why}"
    elif state is State.CAPTURED:
        state = State.PARTIAL
        why = f"only in {', '.join(capture.namespaces or ())}"
    return Blind(
        api_version=api.api_version,
        kind=api.kind,
        plural=api.plural,
        state=state,
        namespaces=capture.unseen or capture.namespaces,
        why=why,
    )
