"""Repairs: what an action declares of its kind, what it is shown, and what it answers.

An action keeps everything about its kind in one file under `actions/`. It is pure: the object as it
was read and what stands around it arrive as a `Sight`; requests, refusals and judgements go back as
values. Nothing but what is declared is shown, and nothing but what is declared may be changed.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum
from types import MappingProxyType
from typing import ClassVar

import msgspec

from holdfast.model.canonical import Plain
from holdfast.model.documents import Document
from holdfast.model.objects import Object, Ref
from holdfast.model.paths import Difference, Path
from holdfast.model.snapshot import Snapshot
from holdfast.model.steps import Create, Delete, Evict, Patch, Step

DEADLINE, LATE = timedelta(minutes=10), timedelta(minutes=30)
"""How long a target has to recover, and for how long after that it still counts as late: unless it
is set otherwise.
"""


class Risk(IntEnum):
    """What can go wrong by it at its best, before anything is known of the target."""

    LOW = 1  # what is replaced is replaced by the same
    MEDIUM = 2  # something runs differently afterwards
    HIGH = 3  # something is gone, or all of the cluster is concerned


class ActionClass(StrEnum):
    """What budgets, groups of approvers and the breaker count together."""

    RESTART = "restart"
    SCALE = "scale"
    ROLLBACK = "rollback"
    REMOVE = "remove"
    TUNE = "tune"
    REISSUE = "reissue"  # who issues certificates counts each attempt
    NODE = "node"  # of no namespace: pods of all of them are concerned


class Verb(StrEnum):
    """What the cluster is asked for, by the names of RBAC."""

    PATCH = "patch"
    CREATE = "create"
    DELETE = "delete"


class Right(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """One verb on one resource; a slash names a subresource."""

    group: str
    resource: str
    verb: str


class Along(msgspec.Struct, frozen=True, kw_only=True):
    """What goes with a target that is removed, since it names it as its owner; and so on."""

    seen: tuple[Ref, ...] = ()
    unseen: tuple[str, ...] = ()  # the resources of which nobody could tell


class Sight(msgspec.Struct, frozen=True, kw_only=True):
    """A target as it was read, and the kinds around it that the action declared."""

    document: Document
    around: Snapshot
    beside: tuple[Document, ...] = ()  # the other objects that the action asked for whole
    along: Along = Along()
    healthy_before: frozenset[str] = frozenset()  # uids of revisions that our journal saw do well

    def target[K: Object](self, kind: type[K]) -> K | None:
        """The target as rules know it, if it is of that kind and still the same object."""
        ref = self.document.ref
        found = self.around.find(kind, ref.namespace, ref.name)
        return found if found is not None and found.metadata.uid == ref.uid else None


class State(StrEnum):
    """How a target does after it was acted on."""

    WELL = "well"
    WAITING = "waiting"
    ILL = "ill"  # waiting will not help: it is gone, or was changed by somebody else


class Recovery(msgspec.Struct, frozen=True, kw_only=True):
    """How a target does, and what shows it."""

    state: State
    says: str


GONE = "it is not there any more"
LEAVING = "it is being deleted"
VANISHED = Recovery(state=State.ILL, says=GONE)
"""What every action says of a target that is another object by now, or none, or soon none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of action, as it declares itself."""

    name: str
    summary: str
    targets: tuple[type[Object], ...]
    sees: tuple[type[Object], ...]
    reads: tuple[Path, ...]
    touches: tuple[Path, ...]
    does: tuple[type[Step], ...]
    undoes: tuple[type[Step], ...]
    of_class: ActionClass
    risk: Risk
    answers: tuple[str, ...]
    on: bool
    subresource: str = ""
    example: Mapping[str, Plain] = MappingProxyType({})
    everywhere: tuple[type[Object], ...] = ()
    takes: tuple[type[Object], ...] = ()

    @property
    def removes(self) -> bool:
        """Whether the target goes, and with it what it owns."""
        return Delete in self.does or Evict in self.does

    @property
    def reversible(self) -> bool:
        """Whether there is a way back."""
        return bool(self.undoes)

    @property
    def cluster_scoped(self) -> bool:
        """Whether its targets lie in no namespace. All of them do, or none."""
        return not self.targets[0].api.namespaced

    def fits(self, target: Ref) -> type[Object] | None:
        """The kind of object that this is among those that it may be done to."""
        for each in self.targets:
            if (target.api_version, target.kind) == (each.api.api_version, each.api.kind):
                return each
        return None

    def rights(self) -> tuple[Right, ...]:
        """What its lease must be allowed, and nothing more."""
        return tuple(sorted(set(self._rights())))

    def _rights(self) -> Iterator[Right]:
        for step in (*self.does, *self.undoes):
            for target in self.targets:
                group, plural = target.api.group, target.api.plural
                if step is Patch and self.subresource:
                    yield Right(group=group, resource=f"{plural}/{self.subresource}", verb="patch")
                elif step is Patch:
                    yield Right(group=group, resource=plural, verb="patch")
                elif step is Evict:
                    yield Right(group=group, resource=f"{plural}/eviction", verb="create")
                elif step is Delete:
                    yield Right(group=group, resource=plural, verb="delete")
                elif step is Create:
                    yield Right(group=group, resource=plural, verb="create")


class Action(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One repair with its parameters: what people are asked about."""

    kind: ClassVar[Kind]

    @classmethod
    def suggested(
        cls,
        around: Snapshot,  # noqa: ARG003 - most need none of these
        target: Ref,  # noqa: ARG003
        code: str,  # noqa: ARG003
        now: datetime,  # noqa: ARG003
    ) -> Iterator["Action"]:
        """With which parameters it might answer that fact on that target, the best first.

        It only looks: whether one of them may be done is asked of it, and of the policy, after.
        """
        yield cls()

    @classmethod
    def that_changes(
        cls,
        changed: Sequence[Difference],  # noqa: ARG003 - most change no field
        seen: Sight,  # noqa: ARG003
    ) -> Iterator["Action"]:
        """Those of this kind that might change a target in just that way."""
        yield from ()

    @classmethod
    def as_kept(cls, each: Difference) -> Difference:
        """That difference as the API server would keep it: most is kept as it is written."""
        return each

    def wants(self, target: Ref) -> tuple[Ref, ...]:  # noqa: ARG002 - most want none
        """The objects beside the target that it must see whole."""
        return ()

    def refuses(self, seen: Sight) -> Iterator[str]:
        """Why it may not be done to this target as it stands; nothing if it may."""
        raise NotImplementedError

    def worsens(self, seen: Sight) -> Iterator[str]:  # noqa: ARG002 - most worsen nothing
        """What makes its risk high with these parameters, on this target."""
        yield from ()

    def steps(self, seen: Sight) -> tuple[Step, ...]:
        """The requests, in their order."""
        raise NotImplementedError

    def recovery(self, before: Sight, after: Sight) -> Recovery:
        """How the target does now that it was acted on."""
        raise NotImplementedError

    def undo(self, before: Sight) -> tuple[Step, ...]:  # noqa: ARG002 - some have no way back
        """The way back from what was there before; nothing if there is none."""
        return ()


def action[A: Action](  # noqa: PLR0913 - a declaration, each word of it named
    *,
    targets: tuple[type[Object], ...],
    reads: tuple[Path, ...],
    touches: tuple[Path, ...] = (),
    does: tuple[type[Step], ...],
    of_class: ActionClass,
    risk: Risk,
    answers: tuple[str, ...],
    undoes: tuple[type[Step], ...] = (),
    sees: tuple[type[Object], ...] = (),
    everywhere: tuple[type[Object], ...] = (),
    takes: tuple[type[Object], ...] = (),
    on: bool = False,
    subresource: str = "",
    example: Mapping[str, Plain] = MappingProxyType({}),
) -> Callable[[type[A]], type[A]]:
    """Declare a kind of action. The decorator registers nothing: the closed set names its members.

    `reads` are the fields of the target that it judges by, whose hash is held fixed between
    approval and act; `sees` the kinds around it, and `everywhere` those that count in whatever
    namespace they are; `touches` all that may differ in the target
    afterwards, and `takes` the kinds of which it owns what may go with it. `does` and `undoes` name
    the sorts of requests. `on`: allowed unless an operator
    says otherwise; other kinds must be switched on by name. `example`: parameters as they may be.
    """

    def declare(cls: type[A]) -> type[A]:
        cls.kind = Kind(
            name=cls.__name__,
            summary=(cls.__doc__ or "").partition("\n\n")[0].replace("\n", " ").strip(),
            targets=targets,
            sees=tuple(dict.fromkeys((*targets, *sees, *everywhere))),
            everywhere=everywhere,
            takes=takes,
            reads=reads,
            touches=touches,
            does=does,
            undoes=undoes,
            of_class=of_class,
            risk=risk,
            answers=answers,
            on=on,
            subresource=subresource,
            example=example,
        )
        return cls

    return declare


def plain_of(each: Action) -> dict[str, Plain]:
    """The action as it is signed and shown: its kind, then its parameters."""
    values: dict[str, Plain] = {name: getattr(each, name) for name in each.__struct_fields__}
    return {"kind": each.kind.name, "params": values}
