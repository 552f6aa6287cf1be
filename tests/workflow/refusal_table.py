"""The table of refusals, line by line and on both sides of each boundary: what is tried, and who
answers. The clock is the server's; tests set it.
"""

import itertools
from collections.abc import Awaitable, Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from holdfast.approvals.statements import Decision
from holdfast.execution.states import State
from holdfast.model import switches
from holdfast.model.asks import Rules
from holdfast.model.letters import Letter
from holdfast.model.people import Identities
from holdfast.model.proposals import Proposal
from holdfast.model.repairs import ActionClass
from holdfast.model.switches import Acted, Failures, Frozen
from holdfast.testing.clock import NOON
from holdfast.testing.memory import StoreInMemory
from holdfast.workflow.expiring import expired
from tests.approvals.keygen import public
from tests.audit.chains import CLUSTER
from tests.model.test_proposals import CHANGED
from tests.workflow.court import MINUTE, QUOTA, SECOND, Court

PEOPLE = ("ana", "anas second key", "ben", "mallory")
HOUR = 60 * MINUTE
REMOVALS = ActionClass.REMOVE
QUOTAS_ON = Rules(switched_on=frozenset({"DeleteResourceQuota"}))
SPELLINGS = (
    "ana",
    "Ana ",
    "ａｎａ",
    "cli:ANA",
    "Ana@Example.com",
    "cli: u012ab3cd",
    "ANA LOVELACE",
)
YES, MORE = "approved", "counted"


class Wound:
    """A server's clock, which somebody may set back."""

    def __init__(self) -> None:
        self.at = NOON

    def now(self) -> datetime:
        return self.at


def peopled(court: Court, keys: dict[str, Path]) -> None:
    """Have ana, ben and a key that nobody knows there."""
    names = Identities(kubernetes=("ana@example.com",), slack=("U012AB3CD",))
    ssh = tuple(public(keys[each]) for each in ("ana", "anas second key"))
    court.person("ana", key=keys["ana"], name="Ana Lovelace")
    court.changed("ana", identities=msgspec.structs.replace(names, ssh=ssh))
    court.person("ben", key=keys["ben"])
    court.keys |= {each: keys[each] for each in ("anas second key", "mallory")}


class Case(Court):
    """One line of the table: a court of its own, with ana, ben and a key that nobody knows."""

    def __init__(self, keys: dict[str, Path]) -> None:
        self.wound = Wound()
        super().__init__(StoreInMemory(CLUSTER, self.wound), self.wound, Path())
        peopled(self, keys)

    async def heard(self, letter: Letter) -> tuple[str, str]:
        """What becomes of it; that is sealed at once."""
        told = await super().heard(letter)
        self.seal()
        return told

    def later(self, span: timedelta) -> None:
        self.wound.at += span

    def ruled(self, **rules: Any) -> None:
        self.rules = msgspec.structs.replace(self.rules, **rules)

    def a_quota(self) -> Proposal:
        """What takes two people."""
        self.ruled(switched_on=QUOTAS_ON.switched_on)
        return self.propose(action=QUOTA)

    def switched(
        self, name: str, switch: switches.Frozen | switches.Failures | switches.Acted
    ) -> None:
        with self.store.transaction() as tx:
            tx.switches.on(name, switches.told(switch), self.wound.at)

    def tidy(self) -> None:
        with self.store.transaction() as tx:
            expired(tx, self.leash())


class Line(NamedTuple):
    """What is tried, and who answers: a layer that refuses, or that it counts."""

    name: str
    tried: Callable[[Case], Awaitable[tuple[str, str]]]
    by: str


def word(name: str, by: str, person: str = "ana", **said: Any) -> Line:
    """One word about something that is open."""

    async def tried(case: Case) -> tuple[str, str]:
        return await case.said(person, case.propose(), **said)

    return Line(name, tried, by)


def once(name: str, by: str, change: Callable[[Case, Proposal], object], **said: Any) -> Line:
    """A word about what was open, after something has changed."""

    async def tried(case: Case) -> tuple[str, str]:
        about = case.propose()
        change(case, about)
        return await case.said("ana", about, **said)

    return Line(name, tried, by)


def around(
    name: str, span: timedelta, change: Callable[[Case, timedelta], object]
) -> Iterator[Line]:
    """What holds until a moment: one second before it, at it, and after it."""
    for away, by in ((-SECOND, YES), (timedelta(0), "no"), (SECOND, "no")):

        async def tried(case: Case, away: timedelta = away) -> tuple[str, str]:
            about = case.propose()
            letter = case.say("ana", about)
            change(case, span + away)
            by, because = await case.heard(letter)
            return (by if by == YES else "no"), because

        yield Line(f"{name}: {away.total_seconds():+.0f} s", tried, by)


def of_words() -> Iterator[Line]:
    """What was said of something else, or is no word of anybody."""
    yield word("a word", YES)
    yield word("with the second key", YES, "anas second key")
    yield word("of somebody else", YES, "ben")
    yield word("of a key that nobody has", "approvals", "mallory")
    for step in (0, 2, -1):
        yield word(f"of step {step}", "approvals", step=step)
    yield word("of another cluster", "approvals", cluster="c-2")
    yield word("of another proposal", "deciding", proposal="prp_other")
    for namespace in ("file", "git", "holdfast-thaw", "holdfast-Approval", "holdfast-approval "):
        yield word(f"in the namespace {namespace!r}", "approvals", namespace=namespace)
    yield word("of another version", "approvals", v=2)
    yield word("a no without a reason", "approvals", decision=Decision.REJECT)
    yield word("a no with spaces for a reason", "approvals", decision=Decision.REJECT, reason=" ")
    yield word("a no", "rejected", decision=Decision.REJECT, reason="no")
    yield word("an undo of what was not done", "states", decision=Decision.UNDO, reason="x")
    yield Line("a yes for one of two that are alike", _for_the_other, "approvals")
    yield Line("a signature over another word", _swapped, "approvals")
    yield Line("a signature twice as long", _twice, "approvals")


async def _for_the_other(case: Case) -> tuple[str, str]:
    one, other = case.propose(), case.propose()
    return await case.said("ana", one, digest=other.digest)


async def _swapped(case: Case) -> tuple[str, str]:
    about = case.propose()
    one, other = case.say("ana", about), case.say("ana", about, reason="other")
    body = {**one.body, "signature": other.body["signature"]}
    return await case.heard(case.letter("word", body))


async def _twice(case: Case) -> tuple[str, str]:
    one = case.say("ana", case.propose())
    body = {**one.body, "signature": f"{one.body['signature']}{one.body['signature']}"}
    return await case.heard(case.letter("word", body))


def of_digests() -> Iterator[Line]:
    """A yes to the same proposal with one field changed."""
    for name, values in CHANGED.items():
        for number, value in enumerate(values):

            async def tried(case: Case, name: str = name, value: Any = value) -> tuple[str, str]:
                about = case.propose()
                other = msgspec.structs.replace(about, **{name: value})
                return await case.said("ana", about, digest=other.digest)

            yield Line(f"with another {name} ({number})", tried, "approvals")


def of_times() -> Iterator[Line]:
    """Each clock, on both sides of its moment."""
    yield from around("open until", 4 * HOUR, lambda case, span: case.later(span))
    yield from around("open for, as the rules say now", HOUR, _shortened)
    yield from around("revoked since", timedelta(0), _revoked)
    yield from _held_until()
    yield from _apart()
    yield from _cooling()
    yield from _refilled()


def _shortened(case: Case, span: timedelta) -> None:
    case.ruled(open_for=HOUR)
    case.later(span)


def _revoked(case: Case, span: timedelta) -> None:
    case.changed("ana", revoked=case.wound.at - span)


def _held_until() -> Iterator[Line]:
    for away, by in ((-SECOND, "approvals"), (timedelta(0), YES), (SECOND, "approvals")):

        async def tried(case: Case, away: timedelta = away) -> tuple[str, str]:
            about = case.propose()
            return await case.heard(case.say("ana", about, until=about.open_until + away))

        name = f"a word that holds as long as it is open: {away.total_seconds():+.0f} s"
        yield Line(name, tried, by)


def _apart() -> Iterator[Line]:
    spans = {
        "29:59": (30 * MINUTE - SECOND, "two_people"),
        "29:59.999": (30 * MINUTE - timedelta(milliseconds=1), "two_people"),
        "30:00": (30 * MINUTE, YES),
        "30:01": (30 * MINUTE + SECOND, YES),
        "the clock set back": (-HOUR, "signed_approval"),
    }
    for name, (span, by) in spans.items():

        async def tried(case: Case, span: timedelta = span) -> tuple[str, str]:
            about = case.a_quota()
            case.later(2 * HOUR)
            case.ruled(distance={REMOVALS: 30 * MINUTE})
            assert (await case.said("ana", about))[0] == MORE
            case.later(span)
            return await case.said("ben", about)

        yield Line(f"two approvals apart: {name}", tried, by)


def _cooling() -> Iterator[Line]:
    for away, by in ((-SECOND, "cooldown"), (timedelta(0), YES), (SECOND, YES)):

        async def tried(case: Case, away: timedelta = away) -> tuple[str, str]:
            about = case.propose()
            acted = Acted(until=case.wound.at + 10 * MINUTE)
            case.switched(switches.acted(about.target.uid), acted)
            case.later(10 * MINUTE + away)
            return await case.said("ana", about)

        yield Line(f"a target that was acted on: {away.total_seconds():+.0f} s", tried, by)


def _refilled() -> Iterator[Line]:
    spans = {"at once": 0, "after 5:59": 359, "after 6:00": 360, "after 6:01": 361}
    for name, seconds in spans.items():

        async def tried(case: Case, seconds: int = seconds) -> tuple[str, str]:
            for _ in range(10):
                assert (await case.said("ana", case.propose()))[0] == YES
            case.later(seconds * SECOND)
            return await case.said("ana", case.propose())

        yield Line(f"the eleventh in an hour, {name}", tried, YES if seconds >= 360 else "budget")


def of_people() -> Iterator[Line]:
    """Who may, and who has."""
    for spelling in SPELLINGS:

        async def tried(case: Case, spelling: str = spelling) -> tuple[str, str]:
            return await case.said("ana", case.propose(requester=spelling))

        yield Line(f"of whoever asked for it, as {spelling!r}", tried, "signed_approval")
    groups = {"platform": "signed_approval", "oncall": YES}
    for group, by in groups.items():
        approvers = {ActionClass.RESTART: frozenset({group})}

        def rule(case: Case, _: Proposal, approvers: Any = approvers) -> None:
            case.ruled(approvers=approvers)

        yield once(f"{group} approves", by, rule)
    elsewhere = {REMOVALS: frozenset({"platform"})}
    yield once("of another class", YES, lambda c, _: c.ruled(approvers=elsewhere))
    yield once("out of the group", "signed_approval", _left_the_group)
    yield once("whose key was taken away", "approvals", _lost_the_key)
    yield once("who is not in the file", "approvals", _gone)
    yield once("with nothing to spend", "budget", lambda c, _: c.ruled(per_hour=_NONE))
    for second, by in (("ana", "approvals"), ("anas second key", "approvals"), ("ben", YES)):

        async def twice(case: Case, second: str = second) -> tuple[str, str]:
            about = case.a_quota()
            assert (await case.said("ana", about))[0] == MORE
            return await case.said(second, about)

        yield Line(f"ana, then {second}", twice, by)
    yield once("signed as the rules ask", YES, lambda c, _: c.ruled(signed=_RESTARTS))
    yield once("two people, as the rules ask now", MORE, lambda c, _: c.ruled(two_people=_RESTARTS))


_NONE = {ActionClass.RESTART: 0}
_RESTARTS = frozenset({ActionClass.RESTART})


def _left_the_group(case: Case, _: Proposal) -> None:
    case.ruled(approvers={ActionClass.RESTART: frozenset({"oncall"})})
    case.changed("ana", groups=("leavers",))


def _lost_the_key(case: Case, _: Proposal) -> None:
    case.changed("ana", identities=Identities())


def _gone(case: Case, _: Proposal) -> None:
    case.people = msgspec.structs.replace(case.people, people=case.people.people[1:])


def of_states() -> Iterator[Line]:
    """What has ended, or is under way, is not approved or rejected any more."""
    for state in State:
        for decision in (Decision.APPROVE, Decision.REJECT):
            open_by = YES if decision is Decision.APPROVE else "rejected"
            by = open_by if state is State.PROPOSED else "states"

            def put(case: Case, about: Proposal, state: State = state) -> None:
                case.in_state(about, state)

            name = f"{decision.value} of what is {state.value}"
            yield once(name, by, put, decision=decision, reason="x")


def of_orders() -> Iterator[Line]:
    """Whichever comes first ends it: all orders of yes, no and its time, and of two of them."""
    for order in itertools.permutations(("yes", "no", "time")):

        async def tried(case: Case, order: tuple[str, ...] = order) -> tuple[str, str]:
            about = case.propose()
            yes = case.say("ana", about)
            no = case.say("ben", about, decision=Decision.REJECT, reason="no")
            told = [await _come(case, each, {"yes": yes, "no": no}) for each in order]
            says = [each for each in told if each != "nothing"]
            assert says[0] in (YES, "rejected") or order[0] == "time"
            assert set(says[1:]) <= {"states", "approvals"}
            return case.state(about), ""

        won = {"yes": State.APPROVED, "no": State.REJECTED, "time": State.EXPIRED}[order[0]]
        # What was approved and does not begin in its time expires as well.
        late = order[0] == "yes" and "time" in order
        yield Line(" then ".join(order), tried, State.EXPIRED if late else won)


async def _come(case: Case, what: str, letters: dict[str, Any]) -> str:
    if what == "time":
        case.later(4 * HOUR)
        case.tidy()
        return "nothing"
    return (await case.heard(letters[what]))[0]


def of_policies() -> Iterator[Line]:
    """What has changed since it was proposed, so that a layer refuses now."""
    yield once("protected now", "protected_namespaces", lambda c, _: c.ruled(protected=_SHOP))
    yield once(
        "another is protected now", YES, lambda c, _: c.ruled(protected=frozenset({"shop2"}))
    )
    yield once("forbidden by the operator now", "operator_policy", _forbidden)
    yield once("kept by Argo CD now", "kept_elsewhere", _delivered)
    yield once("kept by Argo CD, and restarts allowed", YES, _delivered_and_allowed)
    yield once("changed in what it was judged by", "time_of_use", _scaled)
    yield once("changed in its status alone", YES, _moved)
    yield once("gone", "sight", _deleted)
    yield once("frozen", "freeze", lambda case, _: freeze(case))
    for count, by in ((2, YES), (3, "breaker"), (4, "breaker")):

        def failed(case: Case, _: Proposal, count: int = count) -> None:
            fail(case, count)

        yield once(f"{count} that did not help", by, failed)
    yield Line("switched off again", _switched_off, "closed_set")


_SHOP, _OTHER = frozenset({"shop"}), frozenset({"shop2", "Shop", "shop "})
_PLACE: dict[str, Any] = {"namespace": "shop"}
DELIVERED = {"argocd.argoproj.io/tracking-id": "web:apps/Deployment:shop/web"}
"""What Argo CD writes on what it keeps."""


def _forbidden(case: Case, _: Proposal) -> None:
    case.operator.because = "not in the night"


def _delivered(case: Case, _: Proposal) -> None:
    patch = {"metadata": {"annotations": DELIVERED}}
    case.cluster.patch("deployments.apps", "web", patch, **_PLACE)


def _delivered_and_allowed(case: Case, about: Proposal) -> None:
    _delivered(case, about)
    case.ruled(restarts_of_managed=True)


def _scaled(case: Case, _: Proposal) -> None:
    case.cluster.patch("deployments.apps", "web", {"spec": {"replicas": 3}}, **_PLACE)


def _moved(case: Case, _: Proposal) -> None:
    there = case.cluster.fetch("deployments.apps", "web", **_PLACE)
    case.cluster.update_status({**there, "status": {"replicas": 1}}, **_PLACE)


def _deleted(case: Case, _: Proposal) -> None:
    case.cluster.delete("deployments.apps", "web", **_PLACE)


def freeze(case: Case) -> None:
    """Somebody has switched everything off."""
    frozen = Frozen(by="cli:ben", reason="release night", at=case.wound.at)
    case.switched(switches.FREEZE, frozen)


def fail(case: Case, count: int) -> None:
    """So many restarts did not help."""
    failures = Failures(count=count, since=case.wound.at)
    case.switched(switches.breaker("restart"), failures)


async def _switched_off(case: Case) -> tuple[str, str]:
    about = case.a_quota()
    case.ruled(switched_on=frozenset())
    return await case.said("ana", about)


LINES = [
    *of_words(),
    *of_digests(),
    *of_times(),
    *of_people(),
    *of_states(),
    *of_orders(),
    *of_policies(),
]
