"""What comes of a lease before an API server that is not as it should be, word by word."""

import asyncio
import json
from collections.abc import Callable

import msgspec
import pytest

from holdfast.adapters.kubernetes.connection import Connection
from holdfast.adapters.kubernetes.hands import KubernetesHands
from holdfast.adapters.kubernetes.leases import KubernetesLeases, Limits
from holdfast.adapters.kubernetes.pace import Pace
from holdfast.grants.names import REFUSES, UNSET
from holdfast.model.documents import Document
from holdfast.model.leases import Left, Loan
from holdfast.model.repairs import Right
from holdfast.model.steps import Create, Delete, Evict, Patch, Set, Step
from holdfast.ports.leases import Lent, NotLent
from holdfast.testing.clock import FrozenClock
from holdfast.wiring.fencing import marks
from tests.adapters.kubernetes.tiny_server import Handler, Reply, Seen, TinyServer, said, status

HURRIED = Pace(connect=1, read=1, whole=1, tries=2, first_delay=0.01)
BRIEF = Limits(heeded=0.1, refused=0.1, remembered=0.1)
ACCOUNT = "act.rolloutrestart.u-1.1"
SECRET = "the-token-of-the-lease"
POD = Document(
    value={
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "web", "namespace": "shop", "uid": "u-1", "resourceVersion": "7"},
    }
)
PATCH = Patch(target=POD.ref, sets=(Set(path=("spec", "a"), value=1, was=None),))
LOAN = Loan(
    account=ACCOUNT,
    role="holdfast-action-rolloutrestart",
    namespace="shop",
    rights=(Right(group="", resource="pods", verb="patch"),),
    steps=(PATCH,),
)
type Turn = Callable[[Seen], Reply | None]


def refusal(_: Seen) -> Reply:
    return status(403, f"denied: {REFUSES} no")


def obliging(dry: Callable[[Seen], Reply] = refusal, turn: Turn = lambda _: None) -> Handler:
    """A server on which leases can be made, but for what is turned."""

    def handler(seen: Seen) -> Reply:
        turned = turn(seen)
        if turned is not None:
            return turned
        if seen.path.endswith("/token"):
            return said({"status": {"token": SECRET}}, 201)
        if seen.path.endswith("/selfsubjectaccessreviews"):
            return said({"status": {"allowed": True}}, 201)
        if seen.path == "/version":
            return status(401, "Unauthorized")
        if seen.query.get("dryRun"):
            return dry(seen)
        return said({}, 201)

    return handler


async def lent(handler: Handler, loan: Loan = LOAN) -> tuple[Lent | NotLent, list[Seen]]:
    async with TinyServer(handler) as server, _leases(server) as leases:
        return await leases.lend(loan, POD), server.requests


def _leases(server: TinyServer, limits: Limits = BRIEF) -> KubernetesLeases:
    clock = FrozenClock()
    return KubernetesLeases(
        Connection(name="shop", server=server.url),
        marks(),
        hands=lambda connection: KubernetesHands(connection, clock=clock),
        clock=clock,
        pace=HURRIED,
        limits=limits,
    )


async def test_is_lent_when_the_fence_refuses_what_is_forbidden() -> None:
    told, asked = await lent(obliging())
    assert isinstance(told, Lent)
    assert SECRET not in repr(told)
    assert ["serviceaccounts", "rolebindings", "token", "selfsubjectaccessreviews", "web"] == [
        each.path.rpartition("/")[2] for each in asked
    ]


@pytest.mark.parametrize(
    ("answer", "alarm"),
    [
        (said({}), True),
        (status(403, "pods is forbidden: User cannot patch"), True),
        (status(422, f"{REFUSES} an expression broke"), True),
        (status(400, "no dry run"), True),
        (status(404, "gone"), False),
        (status(409, "another by now"), False),
        (status(429, "later"), False),
        (status(500, "ill"), False),
    ],
)
async def test_alarms_where_the_fence_did_not_hold_and_not_where_nobody_can_tell(
    answer: Reply, alarm: bool
) -> None:
    told, _ = await lent(obliging(lambda _: answer))
    assert isinstance(told, NotLent)
    assert told.alarm is alarm
    assert "the fence was to refuse" in told.why


@pytest.mark.parametrize("says", ["denied the request: not today", "does not support dry run"])
async def test_a_webhook_that_lets_nobody_do_it_is_told_at_once_and_is_no_fence_that_fell(
    says: str,
) -> None:
    told, asked = await lent(obliging(lambda _: status(403, f'admission webhook "q.io" {says}')))
    assert isinstance(told, NotLent)
    assert (True, False) == (told.refused, told.alarm)
    assert "q.io" in told.why
    assert 1 == len([each for each in asked if each.query.get("dryRun")])


async def test_a_step_that_passes_before_its_value_is_there_alarms() -> None:
    valued = msgspec.structs.replace(LOAN, value="[[1]]")
    told, asked = await lent(obliging(lambda _: said({})), valued)
    assert isinstance(told, NotLent)
    assert told.alarm
    assert "PATCH" not in [each.method for each in asked if "configmaps" in each.path]


async def test_only_a_value_that_is_not_heeded_yet_is_waited_for() -> None:
    """Whatever else the fence says of the step is told at once: it would say so for ever."""
    said_of_it = [UNSET, UNSET, UNSET, "a lease changes what its kind declares, and no other field"]

    def fence(_: Seen) -> Reply:
        says = said_of_it.pop(0) if len(said_of_it) > 1 else said_of_it[0]
        return status(403, f"denied: {REFUSES} {says}")

    valued = msgspec.structs.replace(LOAN, value="[[1]]")
    patient = Limits(heeded=3600)
    async with (
        asyncio.timeout(20),
        TinyServer(obliging(fence)) as server,
        _leases(server, patient) as leases,
    ):
        told = await leases.lend(valued, POD)
    assert isinstance(told, NotLent)
    assert (True, False) == (told.refused, told.alarm)
    assert "no other field" in told.why


@pytest.mark.parametrize("step", [PATCH, Evict(target=POD.ref), Delete(target=POD.ref)])
async def test_a_canary_is_a_dry_run_wherever_the_server_may_look_and_of_any_version(
    step: Step,
) -> None:
    loan = msgspec.structs.replace(LOAN, steps=(step,))
    _, asked = await lent(obliging(), loan)
    (flown,) = [each for each in asked if each.query.get("dryRun")]
    assert "All" == flown.query["dryRun"]
    assert b"resourceVersion" not in flown.body
    assert b"u-1" in flown.body
    if not isinstance(step, Patch):
        assert b'"dryRun":["All"]' in flown.body


async def test_the_canary_of_a_creation_makes_nothing() -> None:
    made = Create(manifest=dict(POD.value))
    _, asked = await lent(obliging(), msgspec.structs.replace(LOAN, steps=(made,)))
    (flown,) = [each for each in asked if each.query.get("dryRun")]
    assert "canary-" == json.loads(flown.body)["metadata"]["generateName"]


@pytest.mark.parametrize("part", ["serviceaccounts", "rolebindings", "token"])
async def test_what_makes_a_lease_is_sent_once(part: str) -> None:
    def broken(seen: Seen) -> Reply | None:
        return status(503, "try again") if seen.path.endswith(part) else None

    told, asked = await lent(obliging(turn=broken))
    assert isinstance(told, NotLent)
    assert not told.alarm
    assert 1 == len([each for each in asked if each.path.endswith(part)])


async def test_rights_that_never_come_lend_nothing() -> None:
    def never(seen: Seen) -> Reply | None:
        denied = said({"status": {"allowed": False}}, 201)
        return denied if "selfsubject" in seen.path else None

    told, _ = await lent(obliging(turn=never))
    assert isinstance(told, NotLent)
    assert "patch pods in shop" in told.why


async def test_a_step_that_was_decided_on_something_else_makes_nothing() -> None:
    moved = Patch(target=POD.ref, sets=(Set(path=("spec", "a"), value=1, was=2),))
    told, asked = await lent(obliging(), msgspec.structs.replace(LOAN, steps=(moved,)))
    assert isinstance(told, NotLent)
    assert [] == asked


@pytest.mark.parametrize(
    ("place", "why"),
    [
        ({"namespace": ""}, "and not for the whole cluster"),
        ({"role": "holdfast-action-uncordon"}, "and in no namespace"),
    ],
    ids=["a namespaced kind everywhere", "a kind of no namespace in one"],
)
async def test_nothing_is_bound_where_its_target_cannot_lie(
    place: dict[str, str], why: str
) -> None:
    told, asked = await lent(obliging(), msgspec.structs.replace(LOAN, **place))
    assert isinstance(told, NotLent)
    assert told.why.endswith(why)
    assert [] == asked


async def test_a_target_of_no_namespace_is_bound_for_the_whole_cluster_and_unbound_there() -> None:
    node = msgspec.structs.replace(LOAN, role="holdfast-action-uncordon", namespace="")
    async with TinyServer(obliging()) as server, _leases(server) as leases:
        assert isinstance(await leases.lend(node, POD), Lent)
        await leases.cut_off(Left(account=ACCOUNT, namespace=""))
        asked = [
            (each.method, each.path, json.loads(each.body)["kind"] if each.body else "")
            for each in server.requests
            if "bindings" in each.path
        ]
    bindings = "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings"
    assert [
        ("POST", bindings, "ClusterRoleBinding"),
        ("DELETE", f"{bindings}/{ACCOUNT}", ""),
    ] == asked


LEFT = Left(account=ACCOUNT, namespace="shop")


def accepting(seen: Seen) -> Reply | None:
    """A server that still remembers its token."""
    return status(200) if seen.path == "/version" else None


async def test_cutting_off_goes_binding_first_and_asks_for_nothing_else() -> None:
    async with TinyServer(obliging()) as server, _leases(server) as leases:
        assert "" == await leases.cut_off(LEFT)
        asked = [(each.method, each.path.split("/")[-2]) for each in server.requests]
    wanted = [("DELETE", "rolebindings"), ("PATCH", "configmaps"), ("DELETE", "serviceaccounts")]
    assert wanted == asked


@pytest.mark.parametrize(
    ("account", "namespace", "why"),
    [
        ("team-admin", "shop", "is no name of a lease"),
        ("../../x", "kube-system", "is no name of a lease"),
        (f"{ACCOUNT}/..", "shop", "is no name of a lease"),
        (ACCOUNT.upper(), "shop", "is no name of a lease"),
        (ACCOUNT, "..", "is no name of a namespace"),
        (ACCOUNT, "shop/x", "is no name of a namespace"),
        (ACCOUNT, "shop\n", "is no name of a namespace"),
    ],
)
async def test_nothing_is_asked_for_what_can_be_no_lease(
    account: str, namespace: str, why: str
) -> None:
    async with TinyServer(obliging()) as server, _leases(server) as leases:
        assert why in await leases.cut_off(Left(account=account, namespace=namespace))
        assert [] == server.requests


async def test_what_stays_bound_is_not_cut_off_and_that_is_said() -> None:
    def stays(seen: Seen) -> Reply | None:
        return status(403, "you may not") if seen.method == "DELETE" else None

    async with TinyServer(obliging(turn=stays)) as server, _leases(server) as leases:
        assert "403: you may not" in await leases.cut_off(LEFT)
        assert ["DELETE"] == [each.method for each in server.requests]


async def test_a_lease_is_not_over_while_its_token_is_accepted() -> None:
    async with TinyServer(obliging(turn=accepting)) as server, _leases(server) as leases:
        assert isinstance(await leases.lend(LOAN, POD), Lent)
        assert "" == await leases.cut_off(LEFT)
        why = await leases.over(ACCOUNT)
        assert "is still accepted" in why
        assert SECRET not in why
        assert why == await leases.over(ACCOUNT)  # it is not forgotten


async def test_a_lease_is_over_when_its_own_token_is_refused() -> None:
    async with TinyServer(obliging()) as server, _leases(server) as leases:
        assert isinstance(await leases.lend(LOAN, POD), Lent)
        assert "" == await leases.over(ACCOUNT)
        last = server.requests[-1]
    assert "/version" == last.path
    assert f"Bearer {SECRET}" in dict(last.headers).values()


async def test_who_does_not_hold_its_token_asks_for_none_and_waits() -> None:
    async with TinyServer(obliging(turn=accepting)) as server, _leases(server) as leases:
        began = asyncio.get_running_loop().time()
        assert "" == await leases.over(ACCOUNT)
        assert BRIEF.remembered <= asyncio.get_running_loop().time() - began
        assert [] == server.requests
