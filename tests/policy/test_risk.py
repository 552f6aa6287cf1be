"""Risk begins with the kind, and only rises."""

from datetime import timedelta

import msgspec
import pytest

from holdfast.actions.delete_pod import DeletePod
from holdfast.actions.delete_resource_quota import DeleteResourceQuota
from holdfast.actions.rollout_undo import RolloutUndo
from holdfast.model.repairs import Risk
from holdfast.model.snapshot import Blind, State
from holdfast.policy.risk import MANY, STALE, Stakes, risk_of
from holdfast.topology.blast import Blast

QUIET = Blast(services=(), doors=(), others=(), unseen=())
DOOR = ("Ingress.networking.k8s.io", "shop", "web")
BLIND = Blind(api_version="v1", kind="Service", plural="services", state=State.FORBIDDEN, why="no")
AT_ITS_BEST = Stakes(
    kind=DeletePod.kind,
    tiers=frozenset(),
    namespaced=True,
    blast=QUIET,
    age=STALE,
    certain=True,
    undone=False,
    requests=1,
)


def others(count: int) -> Blast:
    places = tuple(("Service", "shop", f"s-{number}") for number in range(count))
    return msgspec.structs.replace(QUIET, others=places)


def doors(*, unseen: tuple[Blind, ...] = ()) -> Blast:
    return msgspec.structs.replace(QUIET, doors=(DOOR,), unseen=unseen)


@pytest.mark.parametrize("kind", [DeletePod, RolloutUndo, DeleteResourceQuota])
def test_at_its_best_it_is_what_its_kind_says(kind: type[DeletePod]) -> None:
    risk, why = risk_of(msgspec.structs.replace(AT_ITS_BEST, kind=kind.kind))
    assert kind.kind.risk is risk
    assert 1 == len(why)


@pytest.mark.parametrize(
    ("changed", "risk"),
    [
        ({"tiers": frozenset({"production"})}, Risk.MEDIUM),
        ({"tiers": frozenset({"Production", "staging"})}, Risk.LOW),
        ({"tiers": frozenset({"read-only"})}, Risk.HIGH),
        ({"namespaced": False}, Risk.HIGH),
        ({"blast": doors()}, Risk.MEDIUM),
        ({"blast": doors(), "undone": True}, Risk.LOW),
        ({"blast": others(MANY - 1)}, Risk.LOW),
        ({"blast": others(MANY)}, Risk.MEDIUM),
        ({"blast": doors(unseen=(BLIND,))}, Risk.HIGH),
        ({"age": STALE * 2}, Risk.MEDIUM),
        ({"certain": False}, Risk.MEDIUM),
        ({"requests": 2}, Risk.MEDIUM),
        ({"worse": ("it opens the node",)}, Risk.HIGH),
        ({"requests": 2, "certain": False, "tiers": frozenset({"production"})}, Risk.HIGH),
    ],
)
def test_each_thing_that_is_at_stake_raises_it(changed: dict[str, object], risk: Risk) -> None:
    found, why = risk_of(msgspec.structs.replace(AT_ITS_BEST, **changed))
    assert risk is found
    assert (len(why) > 1) is (risk > Risk.LOW)


def test_many_is_five_and_stale_is_five_minutes() -> None:
    assert (5, timedelta(minutes=5)) == (MANY, STALE)


def test_nothing_that_is_added_makes_it_less() -> None:
    rising = {
        "age": STALE * 2,
        "certain": False,
        "requests": 3,
        "blast": doors(),
        "namespaced": False,
    }
    stakes, before = AT_ITS_BEST, risk_of(AT_ITS_BEST)[0]
    for name, value in rising.items():
        stakes = msgspec.structs.replace(stakes, **{name: value})
        after = risk_of(stakes)[0]
        assert after >= before
        before = after
