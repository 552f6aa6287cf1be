"""Proposals as the keeper would keep them, for whoever shows them."""

from datetime import timedelta
from typing import Any

import msgspec

from holdfast.actions.delete_pod import DeletePod
from holdfast.actions.rollout_restart import STAMP, RolloutRestart
from holdfast.actions.scale_workload import REPLICAS, ScaleWorkload
from holdfast.actions.uncordon import UNSCHEDULABLE, Uncordon
from holdfast.execution.states import State
from holdfast.model.asks import Needs, What
from holdfast.model.canonical import canonical
from holdfast.model.cases import Card, Case
from holdfast.model.objects import Ref
from holdfast.model.paths import Difference
from holdfast.model.plans import planned
from holdfast.model.proposals import Proposal
from holdfast.model.repairs import Risk
from holdfast.model.steps import Evict, Patch, Set
from holdfast.surfaces.cli.repairs.dossier import Dossier
from holdfast.testing.clock import NOON

CLUSTER = "7e8d3c52-0000-4000-8000-000000000001"
HOUR = timedelta(hours=1)
UID = "7b1c0f9e-0d5c-4f0e-9d55-3a1b7f6f2c10"
WEB = Ref(api_version="apps/v1", kind="Deployment", namespace="shop", name="web", uid=UID)
POD = Ref(api_version="v1", kind="Pod", namespace="shop", name="web-7d9f-x2x", uid=UID)
NODE = Ref(api_version="v1", kind="Node", namespace="", name="node-1", uid=UID)
STAMPED = "2026-01-01T12:00:00Z"
ID = "prp_01kdx6v80000000000000000a1"

RESTART = Proposal(
    id=ID,
    cluster=CLUSTER,
    trouble="trb_2f6c1a9b0d3e4f5a6b7c",
    code="HF-WRK-020",
    action=RolloutRestart(stamp=STAMPED),
    target=WEB,
    read_hash="5" * 64,
    steps=(Patch(target=WEB, sets=(Set(path=STAMP, value=STAMPED, was=None),)),),
    undo=(),
    effect=(Difference(path=STAMP, before=None, after=STAMPED),),
    risk=Risk.LOW,
    policy="starter-1",
    requester="cli:sam",
    proposed=NOON,
    open_until=NOON + 4 * HOUR,
)
SCALE = msgspec.structs.replace(
    RESTART,
    code="HF-WRK-090",
    action=ScaleWorkload(replicas=3, now=2),
    steps=(Patch(target=WEB, sets=(Set(path=REPLICAS, value=3, was=2),), subresource="scale"),),
    undo=(Patch(target=WEB, sets=(Set(path=REPLICAS, value=2, was=3),), subresource="scale"),),
    effect=(Difference(path=REPLICAS, before=2, after=3),),
    risk=Risk.HIGH,
)
EVICTION = msgspec.structs.replace(
    RESTART, action=DeletePod(), target=POD, steps=(Evict(target=POD),), effect=()
)
UNCORDON = msgspec.structs.replace(
    RESTART,
    code="HF-NOD-005",
    action=Uncordon(),
    target=NODE,
    steps=(Patch(target=NODE, sets=(Set(path=UNSCHEDULABLE, value=None, was=True),)),),
    undo=(Patch(target=NODE, sets=(Set(path=UNSCHEDULABLE, value=True, was=None),)),),
    effect=(Difference(path=UNSCHEDULABLE, before=True, after=None),),
    risk=Risk.HIGH,
)
CARD = Card(
    summary="Restart Deployment shop/web: its containers crash again and again.",
    risk=("what is replaced is replaced by the same", "3 pods serve customers (Ingress shop/web)"),
    blast=("Service shop/web", "unknown: who calls it from outside the cluster"),
    unchanged=("image, replicas and settings of Deployment shop/web", "every other object"),
    checks="the new pods are ready for 60 s, and HF-WRK-020 is gone, within 10 min",
    undo="cannot be taken back: removing the stamp would restart it again",
    approvers="one person of oncall, with a signature",
    needs=(Needs(by="signed_approval", what=What.APPROVAL, because="nobody has approved it"),),
)
SCALE_CARD = Card(
    summary=(
        "Deployment shop/web: Scale a workload to a number of replicas, from the number that it "
        "had when that was decided. Now: 2 of 2 pods healthy, and none may be evicted."
    ),
    risk=(
        "ScaleWorkload is of medium risk at its best",
        "what it answers is found elsewhere, and laid to this by the graph",
    ),
    blast=(
        "Nothing is seen to need it.",
        "Unknown: who calls it by an address, or through something outside this cluster.",
    ),
    unchanged=(
        "Nothing of Deployment shop/web but spec.replicas; no other object is written.",
        "The cluster refuses anything else to the identity that does it.",
    ),
    checks=(
        "As many pods as were asked for are available. And HF-WRK-090 is not found any more. "
        "Both for 1 min, within 10 min."
    ),
    undo=(
        "It is taken back by itself, if it has not helped. The number that it had, unless that was "
        "none."
    ),
    approvers="Two of them, by their word: ana, ben.",
    needs=(
        Needs(
            by="signed_approval",
            what=What.APPROVAL,
            because="nothing is done that nobody approved",
        ),
        Needs(by="two_people", what=What.SECOND_PERSON, because="its risk is high"),
    ),
)
"""The keeper's own words of that, and not of a made-up one: a test has it make them."""


def a_case(proposal: Proposal = RESTART, card: Card = CARD, **changed: Any) -> Case:
    """The row of it."""
    case = Case(
        id=proposal.id,
        state=State.PROPOSED,
        digest=proposal.digest,
        namespace=proposal.target.namespace,
        target=proposal.target.uid,
        of_class=proposal.action.kind.of_class,
        content=canonical(proposal.content()).decode(),
        card=msgspec.json.encode(card).decode(),
        course="",
        proposed=proposal.proposed,
        changed=proposal.proposed,
        open_until=proposal.open_until,
    )
    return msgspec.structs.replace(case, **changed)


def a_dossier(proposal: Proposal = RESTART, card: Card = CARD, **changed: Any) -> Dossier:
    """It, as it is shown."""
    return Dossier(case=a_case(proposal, card, **changed), plan=planned([proposal]), card=card)
