"""What happened between two views, in the words that a watch prints."""

from datetime import timedelta

import msgspec
import pytest

from holdfast.model.kinds import Claim, Node, Pod
from holdfast.model.rules import Severity
from holdfast.surfaces.cli.course import Course
from holdfast.surfaces.cli.scan import FailOn
from holdfast.surfaces.cli.screen import Wanted
from holdfast.surfaces.cli.turns import turns
from holdfast.surfaces.cli.watch_lines import LineOut, as_json, as_text, happened
from holdfast.testing.builders import (
    a_claim,
    a_condition,
    a_deployment,
    a_namespace,
    a_pod,
    a_storage_class,
    waiting,
)
from holdfast.workflow.vigil import View
from tests.surfaces.cli.watched import Watched

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
CLASS = a_storage_class()
ILL = a_claim(waited=42 * MINUTE)
UNSCHEDULED = a_condition(
    "PodScheduled",
    "False",
    reason="Unschedulable",
    message="0/2 nodes are available: pod has unbound immediate PersistentVolumeClaims.",
    past=40 * MINUTE,
)
PENDING = a_pod(
    "data-0", waiting(), age=40 * MINUTE, mounts=["data"], conditions=[UNSCHEDULED], node=""
)
FAIL_ON_WARNING = FailOn(severity=Severity.WARNING)
FAIL_ON_NEW = FailOn(severity=Severity.WARNING, new=True)


def told(before: View | None, now: View, wanted: Wanted | None = None) -> list[tuple[str, str]]:
    return [
        (turned.turn.value, turned.subject.about.name)
        for turned in turns(before, now, wanted or Wanted())
    ]


def test_what_hurts_when_a_watch_begins_is_open() -> None:
    assert told(None, Watched(CLASS, ILL).view()) == [("open", "data")]


def test_what_comes_is_new_and_what_goes_is_gone_once() -> None:
    watched = Watched(CLASS)
    well = watched.view()
    watched.holds(CLASS, ILL)
    ill, still = watched.view(), watched.view(MINUTE)
    watched.holds(CLASS)
    over, quiet = watched.view(), watched.view()

    assert told(well, ill) == [("new", "data")]
    assert told(ill, still) == []
    assert told(still, over) == [("gone", "data")]
    assert told(over, quiet) == []


def test_what_nobody_can_see_any_more_is_not_said_to_be_gone() -> None:
    crashing = a_pod("web", waiting("CrashLoopBackOff"), age=42 * MINUTE)
    for wanted in (Wanted(), Wanted(flat=True)):
        watched = Watched(crashing)
        before = watched.view()
        watched.shuts(Pod)
        assert told(before, watched.view(), wanted) == [("unseen", "web")]


def test_a_trouble_that_turns_out_to_be_a_symptom_is_neither_gone_nor_new_when_it_comes_back() -> (
    None
):
    watched = Watched(CLASS, PENDING)
    before = watched.view()
    watched.holds(CLASS, PENDING, ILL)
    folded = watched.view()
    watched.holds(CLASS, PENDING)
    back = watched.view()

    assert ("open", "data-0") in told(None, before)
    assert told(before, folded) == [("new", "data")]
    assert told(folded, back) == [("gone", "data")]


def test_what_gets_worse_or_better_is_told_and_named_by_its_severity() -> None:
    watched = Watched(a_deployment("cart", replicas=4, available=3, short_for=42 * MINUTE))
    before = watched.view()
    watched.holds(a_deployment("cart", replicas=4, available=0, short_for=42 * MINUTE))
    worse = watched.view()
    watched.holds(a_deployment("cart", replicas=4, available=3, short_for=42 * MINUTE))
    better = watched.view()

    assert (told(before, worse), told(worse, better)) == ([("worse", "cart")], [("better", "cart")])


def test_what_is_young_becomes_new_when_its_grace_has_passed_and_is_not_said_to_be_gone() -> None:
    watched = Watched(CLASS, a_claim(waited=4 * MINUTE))
    young, ripe = watched.view(), watched.view(MINUTE)
    both = Wanted(young=True)

    assert told(None, young, both) == [("open", "data")]
    assert told(young, ripe, both) == [("new", "data")]


def test_with_flat_each_finding_stands_for_itself() -> None:
    watched = Watched(CLASS)
    before = watched.view()
    watched.holds(CLASS, ILL, PENDING)
    flat = [name for _, name in told(before, watched.view(), Wanted(flat=True))]
    assert set(flat) == {"data", "data-0"}


def test_a_line_has_its_time_first_and_a_whole_command_last() -> None:
    line = list(happened(None, view := Watched(CLASS, ILL).view(), turns(None, view, Wanted())))[-1]
    assert as_text(line).startswith("2026-03-02T12:00:00Z open   warning  shop/data ")
    assert as_text(line).endswith(": kubectl describe pvc data -n shop")
    assert "\n" not in as_text(line)


def test_a_line_of_json_fits_its_schema_and_names_who_is_concerned() -> None:
    view = Watched(CLASS, ILL).view()
    line = list(happened(None, view, turns(None, view, Wanted())))[-1]
    out = msgspec.json.decode(as_json(line), type=LineOut)
    assert out.subject is not None
    assert out.trouble is not None
    assert (out.what, out.subject.id, out.findings[0].id) == (
        "open",
        out.trouble.id,
        out.trouble.cause,
    )


def said(was: View, now: View) -> list[str]:
    return [as_text(line).partition("Z ")[2] for line in happened(was, now, ())]


def test_a_cluster_that_does_not_answer_is_one_line_and_so_is_its_return() -> None:
    watched = Watched(CLASS)
    before = watched.view()
    watched.falls_silent()
    silent, still = watched.view(40 * SECOND), watched.view(40 * SECOND)
    watched.answers()
    answers = watched.view()
    watched.holds(CLASS)
    heard, settled = watched.view(), watched.view(20 * SECOND)

    since = "the cluster does not answer since 12:00:00Z: cut"
    assert said(before, silent) == [f"lost   -        {since}"]
    assert said(silent, still) == []
    assert said(still, answers) == ["heard  -        the cluster answers again"]
    assert (said(answers, heard), said(heard, settled)) == ([], [])
    assert (heard.outage is None, settled.outage is None) == (False, True)


def test_kinds_that_stay_lost_when_the_cluster_answers_again_are_named() -> None:
    watched = Watched(CLASS)
    watched.falls_silent()
    silent = watched.view(40 * SECOND)
    watched.holds(CLASS)
    watched.loses(Pod)
    answers = watched.view()
    assert said(silent, answers) == ["heard  -        the cluster answers again"]
    assert said(answers, watched.view(75 * SECOND)) == [
        "lost   -        pods: not heard since 12:00:40Z: cut"
    ]


def test_an_outage_of_some_kinds_names_them_in_one_line() -> None:
    watched = Watched(CLASS)
    before = watched.view()
    watched.loses(Pod, why="500: pods")
    watched.loses(Node, why="500: nodes")
    some = watched.view(40 * SECOND)
    watched.loses(Claim)
    more = watched.view(40 * SECOND)
    watched.holds(CLASS)
    heard = watched.view()

    assert said(before, some) == [
        "lost   -        nodes, pods: not heard since 12:00:00Z: 500: pods"
    ]
    assert [line.partition(":")[0] for line in said(some, more)] == [
        "lost   -        persistentvolumeclaims"
    ]
    assert said(more, heard) == ["heard  -        nodes, persistentvolumeclaims, pods"]


def test_kinds_that_fall_dark_are_told_together_and_so_is_their_return() -> None:
    watched = Watched(CLASS)
    seen = watched.view()
    watched.shuts(Pod)
    dark = watched.view()
    assert said(seen, dark) == ["blind  -        pods: forbidden, you may not"]
    assert said(dark, seen) == ["sees   -        pods"]


def test_a_line_of_json_says_since_when_nobody_answers() -> None:
    watched = Watched(CLASS)
    before = watched.view()
    watched.falls_silent()
    (lost,) = happened(before, watched.view(40 * SECOND), ())
    out = msgspec.json.decode(as_json(lost), type=LineOut)
    assert (out.what, out.kinds, out.why) == ("lost", [], "cut")
    assert (out.since, out.cluster.now) == ("2026-03-02T12:00:00.000Z", "2026-03-02T12:00:40.000Z")


def test_a_namespace_that_is_gone_is_told_and_so_is_its_return() -> None:
    watched = Watched(CLASS, a_namespace("shop"), namespaces=("shop",))
    there = watched.view()
    watched.holds(CLASS)
    gone = watched.view()
    told = "There is no namespace 'shop' in this cluster."
    assert said(there, gone) == [f"blind  -        {told}"]
    assert said(gone, there) == ["sees   -        what was asked for is seen again"]


@pytest.mark.parametrize("fail_on", [FAIL_ON_WARNING, FAIL_ON_NEW, None])
def test_a_watch_of_a_namespace_that_is_gone_ends_without_an_answer(fail_on: FailOn | None) -> None:
    course, watched = Course(Wanted()), Watched(a_namespace("shop"), namespaces=("shop",))
    course.take(watched.view())
    watched.holds()
    course.take(watched.view(MINUTE))
    assert course.code(fail_on) == 2
    assert course.summary() == (
        "Watched for 1 min: nothing happened. There is no namespace 'shop' in this cluster. "
        "No answer: what is known shows no trouble."
    )


def test_the_summary_counts_what_happened_and_the_code_is_that_of_a_scan_now() -> None:
    course, watched = Course(Wanted()), Watched(CLASS, ILL)
    course.take(watched.view())
    assert (course.code(FAIL_ON_WARNING), course.code(None)) == (1, 0)
    watched.holds(CLASS)
    course.take(watched.view(12 * MINUTE))
    assert course.code(FAIL_ON_WARNING) == 0
    assert course.summary() == (
        "Watched for 12 min: 1 gone. Nothing hurts, as far as could be seen."
    )


def test_new_means_new_since_the_watch_began() -> None:
    course, watched = Course(Wanted()), Watched(CLASS, ILL)
    course.take(watched.view())
    assert course.code(FAIL_ON_NEW) == 0
    watched.holds(CLASS, ILL, a_claim("other", waited=42 * MINUTE))
    course.take(watched.view())
    assert course.code(FAIL_ON_NEW) == 1


def test_a_watch_that_saw_nothing_or_is_not_answered_at_its_end_has_no_answer() -> None:
    course, watched = Course(Wanted()), Watched(CLASS)
    assert course.code(FAIL_ON_WARNING) == 2
    assert "nothing can be said" in course.summary()
    course.take(watched.view())
    watched.falls_silent()
    course.take(watched.view(MINUTE))
    assert course.code(FAIL_ON_WARNING) == 2
    assert course.summary() == (
        "Watched for 1 min: nothing happened. The cluster does not answer since 12:00:00Z: cut. "
        "No answer: what is known shows no trouble."
    )


def test_what_is_old_is_summed_up_as_old() -> None:
    course, watched = Course(Wanted()), Watched(CLASS, ILL)
    course.take(watched.view())
    watched.loses(Pod)
    course.take(watched.view(MINUTE))
    assert course.code(None) == 2
    assert course.summary() == (
        "Watched for 1 min: nothing happened. Pods: not heard since 12:00:00Z: cut. "
        "No answer; what is known: 1 trouble: 1 warning (1 finding in all)."
    )
