"""A proposal: one action on one target, with everything that people are asked about, by one digest.

What people see rendered, what they sign and what is recomputed before the act is the same content.
It is read back in its one form: what would be written otherwise is no proposal.
"""

import hashlib
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import cast

import msgspec

from holdfast.errors import BadInput, BadRecord, NotCanonical
from holdfast.model.canonical import Plain, canonical
from holdfast.model.objects import Ref
from holdfast.model.paths import Difference, Entry, Item, Path, Segment
from holdfast.model.repairs import Action, Risk, plain_of
from holdfast.model.steps import Create, Delete, Evict, Patch, Set, Step
from holdfast.model.times import stamp


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where in a plan a proposal stands: told by the plan, and no part of the content."""

    step: int = 1
    last: int = 1  # how many there are
    digest: str = ""  # of the whole plan; empty: it stands alone


class Proposal(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody wants done. Every field but its place is part of the digest."""

    id: str
    cluster: str  # its uid
    trouble: str  # the finding or incident that it answers, as whoever asks for it calls it
    code: str  # the fact that must be absent afterwards
    finding: str = ""  # the id of what was found of that code; of older ones nobody kept it
    found_on: str = ""  # the uid of the object on which it was found; nor this
    action: Action
    target: Ref
    read_hash: str  # of the fields that the action declares
    steps: tuple[Step, ...]
    undo: tuple[Step, ...]
    effect: tuple[Difference, ...]  # as the API server computed it
    risk: Risk
    policy: str  # the version that judged it
    requester: str
    proposed: datetime
    open_until: datetime
    place: Place = Place()

    @property
    def step(self) -> int:
        """Which step of its plan it is; 1 for what stands alone."""
        return self.place.step

    @property
    def ends_the_plan(self) -> bool:
        """Whether nothing is to be done after it."""
        return self.place.step == self.place.last

    def content(self) -> Plain:
        """All that is done by it, and why: what an approval of it approves."""
        return {
            "v": 1,
            "id": self.id,
            "cluster": self.cluster,
            "trouble": self.trouble,
            "code": self.code,
            # Where nobody kept it, as it always was.
            **({"finding": self.finding} if self.finding else {}),
            **({"foundOn": self.found_on} if self.found_on else {}),
            "action": plain_of(self.action),
            "target": _ref(self.target),
            "readHash": self.read_hash,
            "steps": [_step(each) for each in self.steps],
            "undo": [_step(each) for each in self.undo],
            "effect": [
                {"path": _path(each.path), "before": each.before, "after": each.after}
                for each in self.effect
            ],
            "risk": self.risk.name.lower(),
            "policy": self.policy,
            "requester": self.requester,
            "proposed": stamp(self.proposed),
            "openUntil": stamp(self.open_until),
        }

    @property
    def digest(self) -> str:
        """What is signed of it: the hash of its content, or of the content of its whole plan."""
        return self.place.digest or hashlib.sha256(canonical(self.content())).hexdigest()


def _ref(ref: Ref) -> Plain:
    return {
        "apiVersion": ref.api_version,
        "kind": ref.kind,
        "namespace": ref.namespace,
        "name": ref.name,
        "uid": ref.uid,
    }


def _path(path: Path) -> Plain:
    """Segment by segment: a text could be split in two ways."""
    told: list[Plain] = []
    for segment in path:
        match segment:
            case str():
                told.append(segment)
            case Entry(key=key):
                told.append(key)  # as in what was found: a name in a map is a name
            case Item(by=by, value=value):
                told.append({"by": by, "value": value})
    return told


def _step(step: Step) -> Plain:
    match step:
        case Patch():
            sets: list[Plain] = [
                {"path": _path(each.path), "value": each.value, "was": each.was}
                for each in step.sets
            ]
            target = _ref(step.target)
            return {"do": "patch", "target": target, "sets": sets, "sub": step.subresource}
        case Evict():
            return {"do": "evict", "target": _ref(step.target)}
        case Delete():
            return {"do": "delete", "target": _ref(step.target)}
        case Create():
            return {"do": "create", "manifest": step.manifest}


type Built = Callable[[str, Mapping[str, object]], Action]
"""The one door from a kind's name and its parameters to an action: `actions.built`."""


class _Told(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """A part of the content as it is written."""


class _Ref(_Told, frozen=True, kw_only=True):
    api_version: str
    kind: str
    namespace: str
    name: str
    uid: str

    def ref(self) -> Ref:
        return Ref(**{name: getattr(self, name) for name in _Ref.__struct_fields__})


class _Item(_Told, frozen=True, kw_only=True):
    by: str
    value: str


type _Places = tuple[str | _Item, ...]


class _Set(_Told, frozen=True, kw_only=True):
    path: _Places
    value: object
    was: object


class _Difference(_Told, frozen=True, kw_only=True):
    path: _Places
    before: object
    after: object


class _Patch(_Told, frozen=True, kw_only=True, tag_field="do", tag="patch"):
    target: _Ref
    sets: tuple[_Set, ...]
    sub: str


class _Evict(_Told, frozen=True, kw_only=True, tag_field="do", tag="evict"):
    target: _Ref


class _Delete(_Told, frozen=True, kw_only=True, tag_field="do", tag="delete"):
    target: _Ref


class _Create(_Told, frozen=True, kw_only=True, tag_field="do", tag="create"):
    manifest: dict[str, object]


type _Step = _Patch | _Evict | _Delete | _Create


class _Action(_Told, frozen=True, kw_only=True):
    kind: str
    params: dict[str, object]


class _Content(_Told, frozen=True, kw_only=True):
    v: int
    id: str
    cluster: str
    trouble: str
    code: str
    finding: str = ""
    found_on: str = ""
    action: _Action
    target: _Ref
    read_hash: str
    steps: tuple[_Step, ...]
    undo: tuple[_Step, ...]
    effect: tuple[_Difference, ...]
    risk: str
    policy: str
    requester: str
    proposed: datetime
    open_until: datetime


FIELDS = frozenset(_Content.__struct_encode_fields__)
"""What a content is made of, by the names that are written."""


def read(content: str, built: Built) -> Proposal:
    """The proposal of that content. Raises `BadRecord` for what we would not have written so."""
    try:
        told = msgspec.json.decode(content, type=_Content, strict=True)
        proposal = _proposal(told, built)
        if canonical(proposal.content()) == content.encode():
            return proposal
    except (msgspec.MsgspecError, NotCanonical, BadInput, KeyError, RecursionError, UnicodeError):
        pass
    raise no_proposal()


def no_proposal() -> BadRecord:
    """What to raise for a content that nobody of us has written."""
    return BadRecord(
        "What is kept here is no proposal, or is not written as we write it.",
        remedy="Have it proposed again, and see who can write into the database.",
    )


def _proposal(told: _Content, built: Built) -> Proposal:
    return Proposal(
        id=told.id,
        cluster=told.cluster,
        trouble=told.trouble,
        code=told.code,
        finding=told.finding,
        found_on=told.found_on,
        action=built(told.action.kind, told.action.params),
        target=told.target.ref(),
        read_hash=told.read_hash,
        steps=tuple(_step_of(each) for each in told.steps),
        undo=tuple(_step_of(each) for each in told.undo),
        effect=tuple(
            Difference(
                path=_segments(each.path), before=_as_told(each.before), after=_as_told(each.after)
            )
            for each in told.effect
        ),
        risk=Risk[told.risk.upper()],
        policy=told.policy,
        requester=told.requester,
        proposed=told.proposed,
        open_until=told.open_until,
    )


def _segments(path: _Places) -> Path:
    """A name in a map comes back as a name, whether it was a field or an entry."""
    return tuple(map(_segment, path))


def _segment(told: str | _Item) -> Segment:
    return told if isinstance(told, str) else Item(by=told.by, value=told.value)


def _as_told(value: object) -> Plain:
    return cast(Plain, value)  # out of JSON; whether it has one form is seen when it is compared


def _step_of(told: _Step) -> Step:
    match told:
        case _Patch():
            sets = tuple(
                Set(path=_segments(e.path), value=_as_told(e.value), was=_as_told(e.was))
                for e in told.sets
            )
            return Patch(target=told.target.ref(), sets=sets, subresource=told.sub)
        case _Evict():
            return Evict(target=told.target.ref())
        case _Delete():
            return Delete(target=told.target.ref())
        case _Create():
            return Create(manifest=cast(dict[str, Plain], told.manifest))
