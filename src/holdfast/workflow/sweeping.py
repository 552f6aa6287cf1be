"""What the dead leave behind: leases on the cluster, and cases that nobody works at any more.

- The end of a lease whose run has ended, or that no run of ours ever had, is ordered; of a living
  one never. A name is allotted once, so what is dead does not come to life meanwhile.
- What has no name of a lease, and stands where leases do, is told, and left alone.
- So is that of one which a case still holds, also where nothing of it stands any more: only then
  can nothing come of it, and what is unknown be known.
- An approved case whose run ended before it began is ordered again, or ends and says why
  (`beginning`).
- A case that waits for a look which nobody will have is given another one; one that nobody has
  looked at yet, or that was done and is at no end, however old it is.
- So is one that is waited for longer than any look is: when that comes, rows say.
- A case of which nobody can read the row is closed, told once, and looked at no more.
- What never recovered, or stays unknown, stays so: of these there are more and more. Those that
  changed lately are seen in each sweep, and the others in turn, so that none hides what is new.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import timedelta

from holdfast.errors import BadRecord, CouldNotLook
from holdfast.execution.courses import Course
from holdfast.execution.courses import read as course_of
from holdfast.execution.lease_names import is_lease, parsed
from holdfast.execution.states import Event, State
from holdfast.model.asks import Refusal
from holdfast.model.canonical import Plain
from holdfast.model.cases import Case
from holdfast.model.names import few
from holdfast.model.ordered import SWEEP, VERIFY, CaseOrder, RevokeOrder, SweepOrder
from holdfast.model.runs import Schedule
from holdfast.model.times import FIRST, moved
from holdfast.ports import Tx
from holdfast.ports.casework import Changed
from holdfast.ports.engine import Attempt, Phase, phase
from holdfast.workflow.beginning import begun_again
from holdfast.workflow.casebook import plan_of
from holdfast.workflow.expiring import DAMAGED
from holdfast.workflow.leash import Held, Leash
from holdfast.workflow.lending import lives
from holdfast.workflow.looks import AHEAD, look_again, look_unless_due
from holdfast.workflow.moving import moved as move
from holdfast.workflow.revoking import order_revoke
from holdfast.workflow.submitting import record
from holdfast.workflow.taking_back import OUTCOME, being_undone
from holdfast.workflow.verifying import abandoned

EVERY = timedelta(seconds=30)
OTHERS = "what others bound"  # how the log calls it
MOST = 500  # leases in one sweep, and cases that are read at once
STILL = 10  # sweeps: no look is as long in coming, and none takes as long
GOING_ON = (State.LEASED, State.APPLIED, State.UNDOING)
LEFT = (State.UNKNOWN, State.NOT_RECOVERED)
"""In these a case may stay for ever."""
BEGINNING: Changed = (FIRST, "")
LATELY = timedelta(hours=1)  # beside the time in which it may still heal late

type Stood = Mapping[str, tuple[int, int]]
"""The look that each case waits for, and in how many sweeps it was that one."""

SWEEPING = Schedule(name=SWEEP, phase=SWEEP, argument=SweepOrder(), every=EVERY)


def sweep_phase(held: Held) -> Phase:
    """The phase that sweeps up."""

    turn = BEGINNING  # of what is left, as far as this process has seen it in its turn
    stood: Stood = {}

    @phase(SWEEP, queue=VERIFY, takes=SweepOrder)
    async def sweep(attempt: Attempt, order: SweepOrder) -> int:
        nonlocal turn
        del order
        leash, since, before = held(), turn, stood  # a try that comes to nothing changes none
        left = await _left(leash)
        await attempt.commit("swept", lambda tx: _swept(leash, tx, left, _turn(tx, since)))

        def taken_up(tx: Tx) -> int:
            nonlocal turn, stood
            in_turn = _turn(tx, since)
            turn = _following(in_turn)
            closed = _closed(leash, tx, in_turn)
            taken, stood = _taken_up(leash, tx, in_turn, before)
            return closed + _begun_again(leash, tx) + taken

        return await attempt.commit("taken up", taken_up)

    return sweep


async def _left(leash: Leash) -> Mapping[str, tuple[str, ...]]:
    """What stands of leases: where each is bound."""
    try:
        left = await leash.leases.left()
    except CouldNotLook as nobody:
        leash.log.trouble("sweep", nobody)
        return {}
    leash.log.goes_on("sweep")
    ours = [each for each in left if is_lease(each.account)]
    _tell_of_others(leash, sorted({each.account for each in left} - {e.account for e in ours}))
    found: defaultdict[str, tuple[str, ...]] = defaultdict(tuple)
    for each in ours[:MOST]:
        found[each.account] += (each.namespace,)
    return found


def _tell_of_others(leash: Leash, names: Sequence[str]) -> None:
    """What has a role or a value as leases have it, and is none by its name, is not ours to end."""
    if not names:
        leash.log.goes_on(OTHERS)
        return
    none = BadRecord(
        f"{few(names)} stands where leases stand, and has no name of a lease: it is left alone.",
        remedy="See who made it: kubectl get rolebindings,clusterrolebindings -A",
    )
    leash.log.trouble(OTHERS, none)


def _swept(
    leash: Leash, tx: Tx, left: Mapping[str, tuple[str, ...]], in_turn: Sequence[Case]
) -> None:
    """Have the end of the dead seen to, where nobody does yet."""
    for account, namespaces in left.items():
        if not lives(tx, leash.engine, account):
            order_revoke(leash, tx, RevokeOrder(account=account, namespaces=namespaces))
    for held in _held(leash, tx, in_turn):
        if held.account not in left and not lives(tx, leash.engine, held.account):
            order_revoke(leash, tx, held)


def _held(leash: Leash, tx: Tx, in_turn: Sequence[Case]) -> Iterator[RevokeOrder]:
    """The leases of which cases do not know that nothing is left."""
    for case, course in _open(leash, tx, in_turn):
        for each in (*course.earlier, course):
            for sending in (each.act, each.undo):
                if parsed(sending.lease) is not None:
                    yield RevokeOrder(
                        account=sending.lease,
                        namespaces=tuple(_namespace(leash, case, each.step)),
                        proposal=case.id,
                        step=each.step,
                    )


def _namespace(leash: Leash, case: Case, step: int) -> Iterator[str]:
    """Where that step does what it does; nowhere that anybody knows of if the row does not tell."""
    try:
        yield plan_of(case).at(step).target.namespace
    except BadRecord as odd:
        leash.log.trouble("sweep", odd)
        yield case.namespace


def _begun_again(leash: Leash, tx: Tx) -> int:
    """How many are begun again, or have come to their end, that nobody would have begun."""
    now, taken = tx.now(), 0
    for case in _all(tx, (State.APPROVED,), BEGINNING):
        if case.damaged:
            continue  # it expires
        try:
            taken += begun_again(leash, tx, case, now)
        except BadRecord as odd:
            leash.log.trouble("sweep", odd)
    return taken


def _taken_up(leash: Leash, tx: Tx, in_turn: Sequence[Case], stood: Stood) -> tuple[int, Stood]:
    """Of how many cases somebody looks again, and what the others wait for."""
    taken = 0
    standing: dict[str, tuple[int, int]] = {}
    for case, course in _waiting(leash, tx, in_turn):
        order = CaseOrder(proposal=case.id, step=course.step, generation=course.generation)
        first = course.looks + 1
        number = look_unless_due(leash, tx, order, first)
        if number is None:
            look, sweeps = stood.get(case.id, (first, 0))
            sweeps = sweeps + 1 if look == first else 1
            if sweeps < STILL:
                standing[case.id] = (first, sweeps)
                continue
            leash.log.complain("a look does not come", proposal=case.id)
            look_again(leash, tx, order, first)
        taken += 1
        if number is not None and number >= first + AHEAD:
            leash.log.complain("looks fail", proposal=order.proposal, so_many=number - first)
    return taken, standing


def _waiting(leash: Leash, tx: Tx, in_turn: Sequence[Case]) -> Iterator[tuple[Case, Course]]:
    for case, course in _open(leash, tx, in_turn):
        if _concerns(leash, tx, case, course) and _is_read(leash, case):
            yield case, course


def _is_read(leash: Leash, case: Case) -> bool:
    """Whether whoever looks would know what to look at."""
    try:
        plan_of(case)
    except BadRecord as odd:
        leash.log.trouble("sweep", odd)
        return False
    return True


def _open(leash: Leash, tx: Tx, in_turn: Sequence[Case]) -> Iterator[tuple[Case, Course]]:
    """What is at no end, and can be read."""
    for case in _left_open(leash, tx, in_turn):
        if case.damaged:
            continue  # it is closed
        try:
            yield case, course_of(case.course)
        except BadRecord as odd:
            leash.log.trouble("sweep", odd)


def _left_open(leash: Leash, tx: Tx, in_turn: Sequence[Case]) -> Iterator[Case]:
    """What is at no end; of what was left long ago, those that have their turn."""
    timing = leash.timing
    lately = moved(leash.clock.now(), -(timing.deadline + timing.late + LATELY))
    yield from _all(tx, GOING_ON, BEGINNING)
    yield from _all(tx, LEFT, (lately, ""))
    yield from (each for each in in_turn if (each.changed, each.id) <= (lately, ""))


def _closed(leash: Leash, tx: Tx, in_turn: Sequence[Case]) -> int:
    """How many are closed of which nobody can read the row: told once, and looked at no more."""
    now, closed = tx.now(), 0
    for case in [each for each in _left_open(leash, tx, in_turn) if each.damaged]:
        event = _CLOSES.get(State(case.state))
        if case.state == State.UNKNOWN.value and case.changed > now:
            event = Event.HALTED  # since when it is unknown is damaged too: it would hold others
        if event is None or isinstance(after := move(tx, case, event, now), Refusal):
            continue
        leash.log.complain("row damaged", proposal=case.id, was=case.state)
        told: dict[str, Plain] = {"event": event.value, "says": DAMAGED, "state": after.state}
        record(leash, tx, OUTCOME, (case.id,), told)
        closed += 1
    return closed


_CLOSES = {
    State.LEASED: Event.LOST,
    State.APPLIED: Event.DEADLINE,
    State.UNDOING: Event.UNDO_FAILED,
}
"""What happens to one that nobody can read: what became of it, nobody will be able to tell."""


def _all(tx: Tx, states: Collection[State], after: Changed) -> Iterator[Case]:
    while page := _page(tx, states, after):
        yield from page
        after = page[-1].changed, page[-1].id


def _page(tx: Tx, states: Collection[State], after: Changed) -> Sequence[Case]:
    return tx.cases.in_states([each.value for each in states], MOST, after)


def _turn(tx: Tx, since: Changed) -> Sequence[Case]:
    """Those of what was left that have their turn in this sweep."""
    return _page(tx, LEFT, since)


def _following(in_turn: Sequence[Case]) -> Changed:
    """Whose turn it is in the next sweep: when all had theirs, it is the first one's again."""
    return (in_turn[-1].changed, in_turn[-1].id) if len(in_turn) == MOST else BEGINNING


def _concerns(leash: Leash, tx: Tx, case: Case, course: Course) -> bool:
    """Whether there is anything to be seen of it yet, and nobody is at it."""
    match State(case.state):
        case State.LEASED | State.UNDOING:
            return abandoned(leash, tx, case, course)
        case State.NOT_RECOVERED:
            if course.halted or being_undone(leash, tx, case.id, course.step):
                return False
        case State.APPLIED:
            return True
        case _ if not course.looks:
            return True
        case _:
            pass
    since = course.act.sent.at if course.act.sent is not None else case.proposed
    return leash.clock.now() < moved(since, leash.timing.deadline + leash.timing.late)
