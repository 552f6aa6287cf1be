"""What a letter `propose` asks for, and what is there of it. Nothing that it says is believed.

- The action is built by the one strict door. Names are compared byte by byte: what is no name that
  Kubernetes allows is refused before, and nothing is normalised.
- The target is read again by its uid, on the cluster that the record is of; what is to be answered
  must be found there now.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from holdfast import actions
from holdfast.errors import BadInput
from holdfast.model.asks import Refusal
from holdfast.model.handed import PLAN, PROPOSE, Propose, ProposePlan
from holdfast.model.letters import Letter
from holdfast.model.objects import Ref
from holdfast.model.repairs import Action, Sight
from holdfast.workflow.evidence import Evidence, evidence, looked_for
from holdfast.workflow.journal import sighted
from holdfast.workflow.leash import Leash
from holdfast.workflow.planning import of_step
from holdfast.workflow.sighting import surroundings

# DNS-1123, which the names of Kubernetes follow.
_NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_LONGEST_NAME = 253


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a letter asks for, in our words."""

    asked: Propose
    action: Action
    target: Ref


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What is there: the target, and what speaks for doing it."""

    seen: Sight
    evidence: Evidence


def understood(letter: Letter) -> Wanted | Refusal:
    """What a letter asks for. Nothing of it is trusted yet."""
    try:
        asked = msgspec.convert(letter.body, Propose)
    except msgspec.ValidationError as unfit:
        return Refusal(by=PROPOSE, because=f"it has not the form of one: {unfit}"[:300])
    return meant(asked)


def all_understood(letter: Letter) -> Sequence[Wanted] | Refusal:
    """The same, of a letter that asks for a plan."""
    try:
        asked = msgspec.convert(letter.body, ProposePlan)
    except msgspec.ValidationError as unfit:
        return Refusal(by=PLAN, because=f"it has not the form of one: {unfit}"[:300])
    if len({each.requester for each in asked.steps}) > 1:
        return Refusal(by=PLAN, because="its steps are asked for by different names")
    return all_meant(asked.steps)


def all_meant(asked: Sequence[Propose]) -> Sequence[Wanted] | Refusal:
    """The steps of a plan, in our words; one that cannot be is a no to all."""
    wanted: list[Wanted] = []
    for number, each in enumerate(asked, 1):
        step = meant(each)
        if isinstance(step, Refusal):
            return step if len(asked) == 1 else of_step(step, number)
        wanted.append(step)
    return wanted


def meant(asked: Propose) -> Wanted | Refusal:
    """The action and its target, in our words."""
    try:
        action = actions.built(asked.action, asked.params)
    except BadInput as unknown:
        return Refusal(by="closed_set", because=unknown.wrong)
    target = Ref(**{name: getattr(asked.target, name) for name in Ref.__struct_fields__})
    for name in (target.name, target.namespace or target.name):
        if _NAME.fullmatch(name) is None or len(name) > _LONGEST_NAME:
            return Refusal(by=PROPOSE, because=f"{name[:60]!r} is no name that Kubernetes allows")
    return Wanted(asked=asked, action=action, target=target)


async def look_at(leash: Leash, wanted: Wanted) -> Looked | Refusal:
    """What is there now: each kind is listed once. Raises `CouldNotLook` where nobody answers."""
    action, target, code = wanted.action, wanted.target, wanted.asked.code
    kinds = looked_for(code, action, target)
    if isinstance(kinds, Refusal):
        seen = await sighted(leash, action, target)
        return seen if isinstance(seen, Refusal) else kinds
    everywhere = type(action).kind.everywhere
    around = await surroundings(leash.cluster, kinds, target.namespace, everywhere)
    seen = await sighted(leash, action, target, around)
    if isinstance(seen, Refusal):
        return seen
    if seen.around.cluster.uid != leash.store.cluster:
        return Refusal(by="cluster", because="this is another cluster than the record is of")
    found = evidence(around, code, action, target)
    return found if isinstance(found, Refusal) else Looked(seen=seen, evidence=found)
