"""What happened between two views, in the words that a watch prints."""

from datetime import timedelta

import msgspec

from holdfast.model.kinds import Pod
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
    a_pod,
    a_storage_class,
    waiting,
)
from holdfast.workflow.vigil import View
from tests.surfaces.cli.watched import Watched

MINUTE = timedelta(minutes=1)
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


def test_kinds_that_fall_silent_or_dark_are_told_together_and_so_is_their_return() -> None:
    watched = Watched(CLASS)
    before = watched.view()
    watched.falls_silent()
    silent = watched.view(timedelta(seconds=40))
    watched.holds(CLASS)
    heard = watched.view()
    watched.shuts(Pod)
    dark = watched.view()

    def said(was: View, now: View) -> list[str]:
        return [as_text(line).partition("Z ")[2] for line in happened(was, now, ())]

    assert said(before, silent) == ["lost   -        everything: cut"]
    assert said(silent, heard) == ["heard  -        everything"]
    assert said(heard, dark) == ["blind  -        pods: forbidden, you may not"]
    assert said(dark, heard) == ["sees   -        pods"]


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


def test_a_watch_that_saw_nothing_or_nothing_new_for_long_has_no_answer() -> None:
    course, watched = Course(Wanted()), Watched(CLASS)
    assert course.code(FAIL_ON_WARNING) == 2
    assert "nothing can be said" in course.summary()
    watched.falls_silent()
    course.take(watched.view(MINUTE))
    assert course.code(FAIL_ON_WARNING) == 2
    assert "may be old" in course.summary()
