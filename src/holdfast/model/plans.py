"""A plan: up to five proposals in their order, shown, judged and signed as one, by one digest.

A proposal that stands alone is a plan of one, and is written as it always was: what is signed of it
has the digest of its own content. Of several, each is signed by the digest of all.
"""

import hashlib
from collections.abc import Iterator, Sequence

import msgspec

from holdfast.errors import BadRecord, NotCanonical
from holdfast.model.canonical import Plain, canonical
from holdfast.model.proposals import Built, Place, Proposal, no_proposal
from holdfast.model.proposals import read as read_one

MOST = 5  # steps: what people can still read before they sign
SEVERAL = '"plan":['
"""What stands in the content of each that has several steps."""
_SHARED = ("id", "cluster", "policy", "requester", "proposed", "open_until")
"""What is the same in every step of a plan: it was asked for once, by one, under one policy."""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What is done one after the other. Made by `planned` alone, so that each knows its place."""

    steps: tuple[Proposal, ...]

    @property
    def first(self) -> Proposal:
        """The first step: of a plan of one, all of it."""
        return self.steps[0]

    @property
    def id(self) -> str:
        """What it is called, and each of its steps."""
        return self.first.id

    @property
    def digest(self) -> str:
        """The hash of its content: what each step is signed by."""
        return self.first.digest

    def at(self, step: int) -> Proposal:
        """That step of it. Raises `BadRecord` if it has none such."""
        if not 1 <= step <= len(self.steps):
            raise BadRecord(
                f"{self.id[:60]} has no step {step}.",
                remedy="See who can write into the database; nothing more is done for it.",
            )
        return self.steps[step - 1]

    def content(self) -> Plain:
        """All that an approval of each of its steps approves."""
        return _content(self.steps)


def planned(steps: Sequence[Proposal]) -> Plan:
    """Those, one after the other, as one. Raises `ValueError` for what can be no plan."""
    if odd := "; ".join(_odd(steps)):
        raise ValueError(odd)
    alone = tuple(msgspec.structs.replace(each, place=Place()) for each in steps)
    if len(alone) == 1:
        return Plan(steps=alone)
    digest, last = hashlib.sha256(canonical(_content(alone))).hexdigest(), len(alone)
    return Plan(
        steps=tuple(
            msgspec.structs.replace(each, place=Place(step=number, last=last, digest=digest))
            for number, each in enumerate(alone, 1)
        )
    )


def _content(steps: Sequence[Proposal]) -> Plain:
    if len(steps) == 1:
        return steps[0].content()
    return {"v": 2, "plan": [each.content() for each in steps]}


def _odd(steps: Sequence[Proposal]) -> Iterator[str]:
    if not 1 <= len(steps) <= MOST:
        yield f"a plan has one to {MOST} steps, and not {len(steps)}"
        return
    for name in _SHARED:
        if len({getattr(each, name) for each in steps}) > 1:
            yield f"its steps differ in {name}"
    if len({each.target.uid for each in steps}) < len(steps):
        yield "two of its steps are about one object"


class _Form(msgspec.Struct, frozen=True, kw_only=True):
    """As far as is looked at to tell a plan from what stands alone."""

    plan: tuple[msgspec.Raw, ...] | None = None


def read(content: str, built: Built) -> Plan:
    """The plan of that content. Raises `BadRecord` for what we would not have written so."""
    try:
        told = msgspec.json.decode(content, type=_Form).plan
        if told is None:
            return Plan(steps=(read_one(content, built),))
        plan = planned([read_one(bytes(each).decode(), built) for each in told])
        if canonical(plan.content()) == content.encode():
            return plan
    except (msgspec.MsgspecError, NotCanonical, ValueError, RecursionError):
        pass
    raise no_proposal()
