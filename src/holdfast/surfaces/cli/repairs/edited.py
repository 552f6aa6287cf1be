"""Which field of a proposal somebody has edited, as far as its row and the record tell.

The row repeats some of its content, and the sealed entry holds most of the rest. What is sent, what
takes it back and the values of the effect are in no entry, for they may be anybody's secrets: where
all that is recorded is as it was, the edit is in one of them.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import cast

import msgspec

from holdfast.errors import NotCanonical
from holdfast.model.canonical import Plain, canonical
from holdfast.model.cases import Case
from holdfast.model.entries import Entry
from holdfast.model.paths import Item, written
from holdfast.model.proposals import FIELDS
from holdfast.model.times import stamp
from holdfast.surfaces.cli.text import clean

type Object = Mapping[str, object]
type Compared = tuple[str, object, object]
"""The name of a field, and what two say that it is."""

_AS_RECORDED = (
    "trouble",
    "code",
    "finding",
    "foundOn",
    "readHash",
    "risk",
    "policy",
    "requester",
    "proposed",
    "openUntil",
)
"""What an entry says as the content does. Older entries say less."""


def edited(case: Case, cluster: str, sealed: Sequence[Entry]) -> str:
    """How a row contradicts its content or what is sealed of it; empty if it does neither."""
    first = next(iter(_steps(case)), {})
    odd = [name for name, row, content in _twice(case, cluster, first) if row != content]
    told = [f"{', '.join(odd)} of its content {_are(odd)} not the row's"] if odd else []
    told += [where for entry in sealed if (where := beside(case, entry))]
    digest = _digest(case.content.encode())
    if not told and digest != case.digest:
        return f"its content has the digest {digest}"
    return "; ".join(told)


def beside(case: Case, entry: Entry) -> str:
    """How a row contradicts an entry that says what was proposed; empty if it does not."""
    sealed, where = entry.details, f"entry {entry.seq} of the record"
    steps, step = _steps(case), sealed.get("step", 1)
    if not isinstance(step, int) or not 1 <= step <= len(steps) == sealed.get("steps", 1):
        return f"it has other steps than in {where}"
    content = steps[step - 1]
    same: list[str] = []
    odd: list[str] = []
    for name, said, recorded in _recorded(content, entry):
        (same if said == recorded else odd).append(name)
    if odd:
        names = clean(", ".join(odd)) + (f" of step {step}" if len(steps) > 1 else "")
        return f"{names} {_are(odd)} another than in {where}"
    if case.digest == sealed.get("digest") == _digest(case.content.encode()):
        return ""
    return _elsewhere(case, entry, same, content)


def _elsewhere(case: Case, entry: Entry, same: Sequence[str], content: Object) -> str:
    """Where the edit is, if everything that is recorded is as it was."""
    where, digest = f"entry {entry.seq} of the record", entry.details.get("digest")
    if _digest(case.content.encode()) == digest:
        return f"its digest is another than in {where}, and its content is not"
    if _digest(_as_we_write_it(case)) == digest:
        return f"its content is written in another way than in {where}, and says the same"
    unrecorded = [name for name in _AS_RECORDED if name not in entry.details]
    unrecorded.append("steps")
    unrecorded += ["undo"] if content.get("undo") else []
    unrecorded += ["the values of effect"] if content.get("effect") else []
    rest = f"{', '.join(unrecorded[:-1])} or {unrecorded[-1]}" if unrecorded[1:] else unrecorded[0]
    return f"{', '.join(same)} are as in {where}, so what is another is {rest}"


def _recorded(content: Object, entry: Entry) -> Iterator[Compared]:
    """What stands in the entry as well as in the content: field by field."""
    sealed = entry.details
    yield "v", content.get("v"), 1
    yield "id", content.get("id"), sealed.get("proposal")
    yield "cluster", content.get("cluster"), entry.cluster
    action, meant = _object(content.get("action")), _object(sealed.get("action"))
    yield "action.kind", action.get("kind"), meant.get("kind")
    yield "action.params", action.get("params"), meant.get("params")
    target = _object(content.get("target"))
    for name, value in {**_object(sealed.get("target")), "uid": sealed.get("uid")}.items():
        yield f"target.{name}", target.get(name), value
    yield from (
        (name, content.get(name, ""), sealed[name]) for name in _AS_RECORDED if name in sealed
    )
    yield "effect", _places(content.get("effect")), sealed.get("effect")
    yield "undo", bool(content.get("undo")), sealed.get("undo")
    yield from ((name, content[name], None) for name in sorted(set(content) - FIELDS))


def _places(effect: object) -> Sequence[str]:
    changes = effect if isinstance(effect, list) else []
    return [_place(_object(each).get("path")) for each in changes]


def _place(path: object) -> str:
    segments = path if isinstance(path, list) else []
    return written(tuple(each if isinstance(each, str) else _item(each) for each in segments))


def _item(told: object) -> Item:
    item = _object(told)
    return Item(by=str(item.get("by")), value=str(item.get("value")))


def _twice(case: Case, cluster: str, content: Object) -> Iterator[Compared]:
    """What stands in the row as well as in the content: field by field."""
    target = _object(content.get("target"))
    yield "id", case.id, content.get("id")
    yield "cluster", cluster, content.get("cluster")
    yield "target.uid", case.target, target.get("uid")
    yield "target.namespace", case.namespace, target.get("namespace")
    yield "proposed", stamp(case.proposed), content.get("proposed")
    yield "openUntil", stamp(case.open_until), content.get("openUntil")


def _steps(case: Case) -> Sequence[Object]:
    """The content of each step, as far as it can be read."""
    content = _decoded(case.content)
    plan = content.get("plan")
    return [_object(each) for each in plan] if isinstance(plan, list) else [content]


def _as_we_write_it(case: Case) -> bytes:
    try:
        return canonical(cast(Plain, _decoded(case.content)))
    except NotCanonical:
        return b""


def _decoded(text: str) -> Object:
    try:
        return msgspec.json.decode(text, type=dict[str, object])
    except (msgspec.MsgspecError, RecursionError):
        return {}


def _object(value: object) -> Object:
    return value if isinstance(value, Mapping) else {}


def _are(names: Sequence[str]) -> str:
    return "is" if len(names) == 1 else "are"


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
