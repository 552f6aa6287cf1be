"""What a watch knows: the news applied, judged no more than needed, and honest about silence."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from holdfast.diagnosis.survey import survey
from holdfast.facts import CATALOGUE, named
from holdfast.model.kinds import Claim, Deployment, Lease, Node, Pod, Secret, StorageClass
from holdfast.model.kinds.control import LeaseSpec
from holdfast.model.kinds.core import NodeStatus
from holdfast.model.objects import Object
from holdfast.model.rules import Channel, Found, Rule, Severity, fact
from holdfast.model.snapshot import Capture, Identity, Snapshot, State
from holdfast.ports import Lost, Put, Relisted, Removed, Resumed
from holdfast.testing.builders import (
    a_claim,
    a_condition,
    a_pod,
    a_snapshot,
    some_metadata,
)
from holdfast.testing.clock import NOON
from holdfast.testing.shop import a_shop
from holdfast.workflow.hearing import Outage
from holdfast.workflow.look import look
from holdfast.workflow.vigil import Terms, View, Vigil

SECOND = timedelta(seconds=1)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
GRACE = timedelta(minutes=5)


class Asked:
    """A rule that finds every claim, and counts how often it is asked."""

    def __init__(
        self,
        *reads: type[Object],
        hints: tuple[type[Object], ...] = (),
        code: str = "HF-STO-999",
    ) -> None:
        self.times = 0

        @fact(
            code=code,
            channel=Channel.INCIDENT,
            severity=Severity.WARNING,
            grace=GRACE,
            reads=(Claim, *reads),
            hints=hints,
            next_step="Look at it: kubectl describe pvc {name} -n {namespace}",
        )
        def claim_there(cluster: Snapshot) -> Iterator[Found]:
            """A claim."""
            self.times += 1
            for claim in cluster.all(Claim):
                yield Found(about=claim.ref, since=claim.born, says="it is there")

        self.rule: Rule = claim_there


def told(vigil: Vigil, snapshot: Snapshot) -> None:
    """Every kind says its first word."""
    for scope in vigil.scopes:
        vigil.hear(scope, Relisted(capture=snapshot.capture(scope[0])), snapshot.now)


def a_vigil(*rules: Rule, snapshot: Snapshot, namespaces: tuple[str, ...] | None = None) -> Vigil:
    vigil = Vigil(Identity(name="lab"), Terms(rules=rules, namespaces=namespaces))
    told(vigil, snapshot)
    return vigil


def born(claim: Claim, at: datetime) -> Claim:
    """The same claim, made at that moment."""
    metadata = msgspec.structs.replace(claim.metadata, creation_timestamp=at)
    return msgspec.structs.replace(claim, metadata=metadata)


def codes(view: View) -> list[str]:
    return [finding.code for finding in view.survey.findings]


async def test_a_view_says_what_a_scan_of_the_same_moment_says() -> None:
    shop = a_shop()
    vigil = Vigil(await shop.identity(), Terms(rules=CATALOGUE))
    snapshot = await look(shop, kinds=vigil.kinds)

    told(vigil, snapshot)

    first, second = vigil.view(snapshot.now), vigil.view(snapshot.now)

    assert first.survey == survey(snapshot)
    assert second.survey is first.survey


def test_until_it_has_spoken_each_kind_is_waited_for() -> None:
    vigil = Vigil(Identity(), Terms(rules=(Asked(Pod).rule,)))
    assert vigil.unheard == 2
    vigil.hear((Pod, None), Relisted(capture=Capture(kind=Pod)), NOON)
    vigil.hear((Pod, None), Relisted(capture=Capture(kind=Pod)), NOON)
    assert vigil.unheard == 1


def test_a_rule_is_asked_again_only_when_something_that_it_reads_was_heard_of() -> None:
    ours, theirs = Asked(), Asked(Pod)
    vigil = a_vigil(ours.rule, snapshot=a_snapshot())
    both = Vigil(Identity(), Terms(rules=(theirs.rule,)))
    told(both, a_snapshot())
    vigil.view(NOON), both.view(NOON)

    for each in (vigil, both):
        each.view(NOON + SECOND)
    both.hear((Pod, None), Relisted(capture=Capture(kind=Pod)), NOON)
    both.view(NOON + SECOND)

    assert (ours.times, theirs.times) == (1, 2)


def test_afresh_asks_every_rule() -> None:
    asked = Asked()
    vigil = a_vigil(asked.rule, snapshot=a_snapshot())
    vigil.view(NOON)
    vigil.view(NOON, afresh=True)
    assert asked.times == 2


def test_a_new_object_is_seen_and_a_removed_one_is_gone() -> None:
    old = a_claim(waited=2 * GRACE)
    vigil = a_vigil(Asked().rule, snapshot=a_snapshot())
    assert codes(vigil.view(NOON)) == []

    vigil.hear((Claim, None), Put(object=old), NOON)
    assert codes(vigil.view(NOON)) == ["HF-STO-999"]

    vigil.hear((Claim, None), Removed(object=old), NOON)
    assert codes(vigil.view(NOON)) == []


def test_a_grace_passes_without_anybody_being_asked() -> None:
    asked = Asked()
    vigil = a_vigil(asked.rule, snapshot=a_snapshot(a_claim(waited=GRACE - 7 * SECOND)))

    assert codes(vigil.view(NOON)) == []
    assert vigil.due(NOON) == 7 * SECOND
    assert codes(vigil.view(NOON + 7 * SECOND - SECOND)) == []
    assert codes(vigil.view(NOON + 7 * SECOND)) == ["HF-STO-999"]
    assert asked.times == 1


def test_the_next_grace_that_passes_is_the_one_to_wait_for() -> None:
    young = [a_claim("a", waited=SECOND), a_claim("b", waited=3 * SECOND)]
    vigil = a_vigil(Asked().rule, snapshot=a_snapshot(*young, a_claim("c", waited=2 * GRACE)))
    vigil.view(NOON)
    assert vigil.due(NOON) == GRACE - 3 * SECOND


def test_graces_are_scaled_for_ripening_as_for_judging() -> None:
    terms = Terms(rules=(Asked().rule,), grace_scale=0.1)
    vigil = Vigil(Identity(), terms)
    told(vigil, a_snapshot(a_claim(waited=SECOND)))
    vigil.view(NOON)
    assert vigil.due(NOON) == 29 * SECOND
    assert codes(vigil.view(NOON + 29 * SECOND)) == ["HF-STO-999"]


def test_what_says_that_it_began_beyond_all_calendars_keeps_nobody_waiting() -> None:
    claim = born(a_claim(), datetime.max.replace(tzinfo=UTC))
    vigil = a_vigil(Asked().rule, snapshot=a_snapshot(claim))
    assert codes(vigil.view(NOON)) == ["HF-STO-999"]
    assert vigil.due(NOON) is None


def test_a_beginning_that_is_ahead_of_a_kind_that_is_lost_is_in_no_year_to_come() -> None:
    vigil = a_vigil(Asked(Pod).rule, snapshot=a_snapshot(a_claim("old", waited=2 * GRACE)))
    vigil.view(NOON)
    vigil.hear((Pod, None), lost(), NOON)
    later = NOON + 2 * HOUR
    vigil.hear((Claim, None), Put(object=born(a_claim("new"), later)), later)
    assert len(codes(vigil.view(later))) == 1


def test_with_nothing_young_and_nobody_silent_there_is_nothing_to_wait_for() -> None:
    vigil = a_vigil(Asked().rule, snapshot=a_snapshot(a_claim(waited=2 * GRACE)))
    vigil.view(NOON)
    assert vigil.due(NOON) is None


def lost(silent: timedelta = timedelta()) -> Lost:
    return Lost(why="nobody answers", silent=silent)


def test_while_a_kind_is_lost_the_last_good_state_stands_and_says_since_when() -> None:
    vigil = a_vigil(Asked().rule, snapshot=a_snapshot(a_claim(waited=2 * GRACE)))
    vigil.hear((Claim, None), lost(40 * SECOND), NOON)

    view = vigil.view(NOON + 3 * SECOND)

    assert codes(view) == ["HF-STO-999"]
    assert view.outage == Outage(
        since=NOON - 40 * SECOND, why="nobody answers", kinds=("persistentvolumeclaims",)
    )
    assert view.survey.blind == ()


def test_a_short_silence_is_told_when_it_has_lasted() -> None:
    vigil = a_vigil(Asked().rule, snapshot=a_snapshot())
    vigil.hear((Claim, None), lost(40 * SECOND), NOON)
    assert vigil.view(NOON + 2 * SECOND).outage is None
    assert vigil.due(NOON + 2 * SECOND) == SECOND
    assert vigil.view(NOON + 3 * SECOND).outage is not None


@pytest.mark.parametrize("word", [Resumed(), Relisted(capture=Capture(kind=Claim))])
def test_a_silence_ends_when_somebody_answers(word: Resumed | Relisted[Claim]) -> None:
    vigil = a_vigil(Asked().rule, snapshot=a_snapshot())
    vigil.hear((Claim, None), lost(40 * SECOND), NOON)
    vigil.hear((Claim, None), word, NOON)
    assert vigil.view(NOON).outage is None
    assert vigil.due(NOON) is None


READY = Node(
    metadata=some_metadata(Node, "n"),
    status=NodeStatus(conditions=(a_condition("Ready", past=DAY),)),
)


def a_heartbeat(spec: LeaseSpec) -> Lease:
    return Lease(metadata=some_metadata(Lease, "n", namespace="kube-node-lease"), spec=spec)


def test_while_the_cluster_does_not_answer_nothing_ripens_and_no_lease_runs_out() -> None:
    alive = a_heartbeat(LeaseSpec(renew_time=NOON, lease_duration_seconds=40))
    seen = a_snapshot(READY, alive, a_claim(waited=GRACE - 7 * SECOND))
    vigil = a_vigil(Asked().rule, named("node_lease_stale"), snapshot=seen)
    vigil.view(NOON)

    vigil.hearing.unanswered("no answer", NOON + 2 * SECOND)
    mute = vigil.view(NOON + GRACE, afresh=True)
    assert (codes(mute), [f.code for f in mute.survey.young]) == ([], ["HF-STO-999"])
    assert (mute.at, mute.snapshot.now) == (NOON + GRACE, NOON)
    assert mute.outage == Outage(since=NOON, why="no answer")

    vigil.hearing.answered(NOON + GRACE)
    for kind in (Claim, Lease, Node):
        vigil.hear((kind, None), Resumed(), NOON + GRACE)
    settled = NOON + GRACE + 20 * SECOND
    assert vigil.due(NOON + GRACE) == 20 * SECOND
    assert codes(vigil.view(settled - SECOND, afresh=True)) == []
    assert codes(vigil.view(settled, afresh=True)) == ["HF-STO-999", "HF-NOD-006"]


def test_heartbeats_that_come_late_because_the_cluster_was_away_are_no_fault() -> None:
    renewed = LeaseSpec(renew_time=NOON, lease_duration_seconds=40)
    vigil = a_vigil(named("node_lease_stale"), snapshot=a_snapshot(READY, a_heartbeat(renewed)))
    vigil.view(NOON)
    vigil.hearing.unanswered("no answer", NOON)
    vigil.view(NOON + GRACE, afresh=True)

    vigil.hearing.answered(NOON + GRACE)
    soon = vigil.view(NOON + GRACE + SECOND, afresh=True)
    late = msgspec.structs.replace(renewed, renew_time=NOON + GRACE + 9 * SECOND)
    vigil.hear((Lease, None), Put(object=a_heartbeat(late)), NOON + GRACE + 9 * SECOND)
    settled = vigil.view(NOON + GRACE + 20 * SECOND, afresh=True)
    assert (codes(soon), codes(settled)) == ([], [])


def test_a_rule_waits_for_a_kind_that_is_lost_and_the_others_do_not() -> None:
    ours, theirs = Asked(Pod, code="HF-STO-998"), Asked()
    seen = a_snapshot(a_claim(waited=GRACE - 7 * SECOND))
    vigil = a_vigil(ours.rule, theirs.rule, snapshot=seen)
    vigil.view(NOON)
    vigil.hear((Pod, None), lost(), NOON)

    assert codes(vigil.view(NOON + GRACE, afresh=True)) == ["HF-STO-999"]
    vigil.hear((Pod, None), Resumed(), NOON + GRACE)
    assert set(codes(vigil.view(NOON + GRACE))) == {"HF-STO-998", "HF-STO-999"}


def test_a_kind_that_only_gives_hints_keeps_nobody_waiting() -> None:
    seen = a_snapshot(a_claim(waited=GRACE - 7 * SECOND))
    vigil = a_vigil(Asked(hints=(Pod,)).rule, snapshot=seen)
    vigil.hear((Pod, None), lost(), NOON)
    assert codes(vigil.view(NOON + 7 * SECOND)) == ["HF-STO-999"]


def test_what_was_judged_while_it_was_heard_stays_when_it_turns_out_to_be_the_last_word() -> None:
    vigil = a_vigil(Asked().rule, snapshot=a_snapshot(a_claim(waited=GRACE - 7 * SECOND)))
    assert codes(vigil.view(NOON + 7 * SECOND)) == ["HF-STO-999"]
    vigil.hear((Claim, None), lost(60 * SECOND), NOON + 8 * SECOND)
    assert codes(vigil.view(NOON + 8 * SECOND)) == ["HF-STO-999"]


@pytest.mark.parametrize("state", [State.FORBIDDEN, State.ABSENT])
def test_of_a_kind_that_was_never_shown_no_silence_is_told_and_nothing_waits_for_it(
    state: State,
) -> None:
    seen = a_snapshot(a_claim(waited=GRACE - 7 * SECOND), states={Pod: state})
    vigil = a_vigil(Asked(Pod).rule, snapshot=seen)
    vigil.hear((Pod, None), lost(), NOON)
    view = vigil.view(NOON + 7 * SECOND)
    assert (view.outage, codes(view)) == (None, ["HF-STO-999"])


def test_after_an_outage_nobody_waits_for_a_kind_that_was_never_shown() -> None:
    young = a_claim(waited=GRACE - 7 * SECOND)
    vigil = a_vigil(Asked(Pod).rule, snapshot=a_snapshot(young, states={Pod: State.ABSENT}))
    vigil.view(NOON)
    vigil.hearing.unanswered("no answer", NOON)
    mute = vigil.view(NOON + 10 * SECOND)
    vigil.hear((Claim, None), Resumed(), NOON + 10 * SECOND)

    assert (codes(mute), mute.snapshot.now) == ([], NOON)
    assert codes(vigil.view(NOON + 30 * SECOND)) == ["HF-STO-999"]


def test_a_cluster_that_answers_again_gives_its_kinds_some_time_to_be_heard() -> None:
    vigil = a_vigil(Asked(Pod).rule, snapshot=a_snapshot())
    for kind in (Claim, Pod):
        vigil.hear((kind, None), lost(), NOON)
    vigil.hearing.unanswered("no answer", NOON)
    vigil.hear((Claim, None), Resumed(), NOON + 10 * SECOND)

    soon, late = vigil.view(NOON + 84 * SECOND).outage, vigil.view(NOON + 85 * SECOND).outage
    assert soon == Outage(since=NOON, why="nobody answers", kinds=("pods",), returning=True)
    assert late == Outage(since=NOON, why="nobody answers", kinds=("pods",))
    vigil.hear((Pod, None), Resumed(), NOON + 86 * SECOND)
    assert vigil.view(NOON + 86 * SECOND).outage is None


def test_a_kind_that_is_quiet_since_the_cluster_answers_again_may_be_on_a_dead_connection() -> None:
    vigil = a_vigil(Asked().rule, snapshot=a_snapshot(a_claim(waited=GRACE - 7 * SECOND)))
    vigil.view(NOON)
    vigil.hearing.unanswered("no answer", NOON)
    vigil.hearing.answered(NOON + GRACE)
    soon, late = (vigil.view(NOON + GRACE + after * SECOND) for after in (74, 75))
    assert (codes(soon), codes(late)) == ([], ["HF-STO-999"])
    assert (soon.outage is None, late.outage is None) == (False, True)


def test_a_cluster_that_answers_again_is_settled_when_everything_was_heard_for_a_while() -> None:
    vigil = a_vigil(Asked().rule, snapshot=a_snapshot())
    vigil.hearing.unanswered("no answer", NOON)
    vigil.hear((Claim, None), Resumed(), NOON + 10 * SECOND)

    soon, late = vigil.view(NOON + 29 * SECOND), vigil.view(NOON + 30 * SECOND)
    assert soon.outage == Outage(since=NOON, why="no answer", returning=True)
    assert (late.outage, late.snapshot.now) == (None, late.at)


@pytest.mark.parametrize(("moment", "since"), [(5, 0), (25, 10 + 25)])
def test_when_it_answers_for_a_moment_only_it_is_silent_since_before(
    moment: int, since: int
) -> None:
    vigil = a_vigil(Asked().rule, snapshot=a_snapshot())
    vigil.view(NOON)
    vigil.hearing.unanswered("no answer", NOON)
    vigil.hear((Claim, None), Resumed(), NOON + 10 * SECOND)
    vigil.hear((Claim, None), Resumed(), NOON + (10 + moment) * SECOND)
    vigil.hearing.unanswered("no answer", NOON + (10 + moment + 1) * SECOND)
    outage = vigil.view(NOON + GRACE).outage
    assert (outage is not None and outage.since) == NOON + since * SECOND


def test_a_clock_that_has_not_run_since_one_outage_stands_through_the_next() -> None:
    seen = a_snapshot(a_claim(waited=GRACE - 7 * SECOND))
    vigil = a_vigil(Asked(Pod).rule, snapshot=seen)
    vigil.view(NOON)
    vigil.hearing.unanswered("no answer", NOON)
    vigil.hear((Claim, None), Resumed(), NOON + 10 * SECOND)
    vigil.view(NOON + 40 * SECOND)
    vigil.hear((Claim, None), Resumed(), NOON + 50 * SECOND)
    vigil.hearing.unanswered("no answer", NOON + 60 * SECOND)
    vigil.hearing.answered(NOON + 70 * SECOND)
    vigil.hear((Claim, None), Resumed(), NOON + 70 * SECOND)

    assert codes(vigil.view(NOON + 144 * SECOND)) == []
    assert codes(vigil.view(NOON + 145 * SECOND)) == ["HF-STO-999"]


def test_somebody_who_was_heard_while_another_was_asked_is_there() -> None:
    vigil = a_vigil(Asked().rule, snapshot=a_snapshot())
    vigil.hear((Claim, None), Put(object=a_claim()), NOON + 2 * SECOND)
    vigil.hearing.unanswered("no answer", NOON)
    assert vigil.view(NOON + 5 * SECOND).outage is None


def test_a_kind_that_was_never_heard_of_is_no_healthy_one() -> None:
    vigil = Vigil(Identity(), Terms(rules=(Asked().rule,)))
    vigil.hear((Claim, None), lost(), NOON)

    blind = vigil.view(NOON).survey.blind

    assert vigil.unheard == 0
    assert [(b.plural, b.state, b.why) for b in blind] == [
        ("persistentvolumeclaims", State.PARTIAL, "nobody answers")
    ]


def test_how_a_view_stands_to_the_one_before_is_told_as_between_two_scans() -> None:
    vigil = a_vigil(Asked().rule, snapshot=a_snapshot())
    assert vigil.view(NOON).survey.standing is None

    vigil.hear((Claim, None), Put(object=a_claim(waited=2 * GRACE)), NOON)
    came = vigil.view(NOON).survey.standing
    vigil.hear((Claim, None), Removed(object=a_claim(waited=2 * GRACE)), NOON)
    went = vigil.view(NOON).survey.standing

    assert came is not None
    assert went is not None
    assert (len(came.new), came.gone) == (1, ())
    assert [each.code for each in went.gone] == ["HF-STO-999"]


def test_what_went_out_of_sight_is_not_said_to_be_gone() -> None:
    vigil = a_vigil(Asked(Secret).rule, snapshot=a_snapshot(a_claim(waited=2 * GRACE)))
    vigil.view(NOON)
    shut = Capture(kind=Claim, state=State.FORBIDDEN, why="no")
    vigil.hear((Claim, None), Relisted(capture=shut), NOON)

    standing = vigil.view(NOON).survey.standing

    assert standing is not None
    assert (standing.gone, len(standing.unknown)) == ((), 1)


def test_news_that_change_nothing_that_is_found_fold_nothing_again() -> None:
    vigil = a_vigil(Asked(Pod).rule, snapshot=a_snapshot(a_claim(waited=2 * GRACE)))
    before = vigil.view(NOON).survey

    vigil.hear((Pod, None), Put(object=a_pod()), NOON)
    assert vigil.view(NOON + SECOND).survey is before

    vigil.hear((Claim, None), Put(object=a_claim(waited=3 * GRACE)), NOON)
    assert vigil.view(NOON + SECOND).survey is not before


def test_what_is_young_is_shown_without_folding_what_is_not() -> None:
    vigil = a_vigil(Asked().rule, snapshot=a_snapshot(a_claim("old", waited=2 * GRACE)))
    vigil.view(NOON)
    vigil.hear((Claim, None), Removed(object=a_claim("old")), NOON)
    gone = vigil.view(NOON).survey

    vigil.hear((Claim, None), Put(object=a_claim("young", waited=SECOND)), NOON)
    young = vigil.view(NOON).survey

    assert gone.standing is not None
    assert young.standing is not None
    assert ([f.about.name for f in young.young], young.troubles) == (["young"], gone.troubles)
    assert (len(gone.standing.gone), young.standing.gone) == (1, ())


@fact(
    code="HF-STO-998",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=GRACE,
    reads=(Claim, Pod),
    next_step="Look at it: kubectl describe pvc {name} -n {namespace}",
    explains=("HF-STO-999",),
)
def claim_used(cluster: Snapshot) -> Iterator[Found]:
    """A claim, while there are pods."""
    for claim in cluster.all(Claim) if any(cluster.all(Pod)) else ():
        yield Found(about=claim.ref, since=NOON - GRACE + SECOND, says="it is used")


def test_what_is_young_is_folded_once_it_may_be_the_cause_of_what_hurts() -> None:
    rules = (Asked().rule, claim_used)
    vigil = a_vigil(
        *rules, snapshot=a_snapshot(a_claim(waited=GRACE), states={Pod: State.CAPTURED})
    )
    assert [t.code for t in vigil.view(NOON).survey.troubles] == ["HF-STO-999"]

    vigil.hear((Pod, None), Put(object=a_pod()), NOON)
    now = vigil.view(NOON).survey

    assert [(t.code, len(t.findings)) for t in now.troubles] == [("HF-STO-998", 2)]
    assert now.young == ()
    assert {f.code for f in now.findings} == {"HF-STO-998", "HF-STO-999"}


def test_several_namespaces_are_put_together_and_kinds_of_none_are_asked_for_once() -> None:
    rule = Asked(StorageClass, Deployment).rule
    vigil = Vigil(Identity(), Terms(rules=(rule,), namespaces=("shop", "bank")))

    def word(kind: type[Object], namespace: str | None, objects: Iterable[Object] = ()) -> None:
        capture = Capture(kind=kind, objects=tuple(objects), namespaces=(namespace or "",))
        vigil.hear((kind, namespace), Relisted(capture=capture), NOON)

    assert len(vigil.scopes) == 5
    for kind in (Claim, Deployment):
        word(kind, "bank")
    word(Claim, "shop", [a_claim(waited=2 * GRACE)])
    forbidden = Capture(kind=Deployment, state=State.FORBIDDEN, why="no", namespaces=("shop",))
    vigil.hear((Deployment, "shop"), Relisted(capture=forbidden), NOON)
    vigil.hear((StorageClass, None), Relisted(capture=Capture(kind=StorageClass)), NOON)

    view = vigil.view(NOON)

    assert codes(view) == ["HF-STO-999"]
    assert [(b.plural, b.namespaces) for b in view.survey.blind if b.why == "no"] == [
        ("deployments", ("shop",))
    ]
