from copy import deepcopy
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from holdfast.actions import CLOSED_SET
from holdfast.conformance.scenes import NOW, a_deployment, a_pod, raw, sight
from holdfast.errors import BadRecord
from holdfast.execution.courses import (
    Course,
    Picture,
    Pile,
    Sending,
    pictured,
    read,
    read_progress,
    sight_of,
    written,
)
from holdfast.execution.observing import Asked
from holdfast.execution.recovering import Watched
from holdfast.facts import named
from holdfast.model.kinds import Pod
from holdfast.model.repairs import Sight
from holdfast.model.snapshot import Capture, Snapshot, State, Unreadable
from tests.cases import case, snapshot_of

FACTS = Path(__file__).parents[1] / "facts"
ANSWERED = sorted({named(code).name for each in CLOSED_SET for code in each.kind.answers})
NAMES = some.text(alphabet="abcdef-0123456789", min_size=1, max_size=12)
TEXTS = some.text(some.characters(exclude_categories=["Cs"]), max_size=12)


def through(seen: Sight) -> Sight:
    """The same after it was written down and read again."""
    picture = read(written(Course(before=pictured(seen)))).before
    assert picture is not None
    return sight_of(picture)


def same(one: Sight, other: Sight) -> bool:
    """Snapshots are not compared by themselves."""
    around = (one.around.now, one.around.cluster, one.around.captures())
    return msgspec.structs.replace(one, around=other.around) == other and around == (
        other.around.now,
        other.around.cluster,
        other.around.captures(),
    )


@some.composite
def sights(draw: some.DrawFn) -> Sight:
    """A Deployment, and pods that could be seen, in part or not."""
    target = a_deployment(spec={"replicas": draw(some.integers(0, 2**31))})
    target["metadata"]["labels"] = draw(some.dictionaries(NAMES, TEXTS, max_size=3))
    name, image = draw(NAMES), draw(TEXTS)
    maker = raw("apps/v1", "ReplicaSet", name, spec={"replicas": 2})
    pod = a_pod(f"{name}-1", maker, ready=draw(some.booleans()))
    pod["spec"]["containers"][0]["image"] = image
    healthy = draw(some.frozensets(NAMES, max_size=2))
    seen = sight(target, maker, pod, beside=[maker], healthy_before=healthy)
    if draw(some.booleans()):
        return seen
    odd = (Unreadable(name=name, why=image),)
    half = Capture(kind=Pod, state=draw(some.sampled_from(State)), why=image, unreadable=odd)
    captures = (*(c for c in seen.around.captures() if c.kind is not Pod), half)
    around = Snapshot(now=NOW, captures=captures, cluster=seen.around.cluster)
    return msgspec.structs.replace(seen, around=around)


@pytest.mark.slow
@settings(deadline=None, max_examples=25)
@given(seen=sights())
def test_a_sight_is_the_same_after_it_was_written_down(seen: Sight) -> None:
    assert same(seen, through(seen))


@pytest.mark.slow
@pytest.mark.parametrize("rule", ANSWERED)
def test_all_that_the_cases_of_a_rule_show_can_be_written_down(rule: str) -> None:
    for path in sorted((FACTS / rule).glob("found_*.yaml")):
        shown = Sight(
            document=sight(a_deployment()).document, around=snapshot_of(deepcopy(dict(case(path))))
        )
        assert same(shown, through(shown)), path.name


def test_a_course_is_the_same_after_it_was_written_down() -> None:
    noon = datetime(2026, 1, 1, 12, tzinfo=UTC)
    course = Course(
        act=Sending(
            run="run-1",
            lease="act.scaleworkload.u-1.1",
            rounds=1,
            sent=Asked(at=noon, version="7", generation=1),
        ),
        before=pictured(sight(a_deployment())),
        watched=Watched(applied=noon, says="well"),
    )
    assert course == read(written(course))


def test_nothing_kept_is_an_empty_course() -> None:
    assert Course() == read("")


@pytest.mark.parametrize(
    "text", ["{", '{"v":2}', '{"unheard":1}', '{"act":{"sent":{"at":"noon"}}}', "[]", "\ud800"]
)
def test_what_was_not_written_by_us_is_not_read(text: str) -> None:
    with pytest.raises(BadRecord, match="not written by this version"):
        read(text)


@pytest.mark.parametrize(
    ("moment", "there"), [("2026-03-02T12:00:00Z", True), ("2026-03-02T12:00:00", False)]
)
def test_of_what_people_are_shown_a_time_without_a_zone_is_none_of_ours(
    moment: str, there: bool
) -> None:
    progress = read_progress(f'{{"recalled":"{moment}"}}')

    assert there == (progress.recalled is not None)


@pytest.mark.parametrize(("kind", "body"), [("Gadget", b"{}"), ("Pod", b'{"metadata":{"name":7}}')])
def test_what_nobody_could_have_seen_is_not_shown(kind: str, body: bytes) -> None:
    picture = pictured(sight(a_deployment()))
    pile = Pile(
        api_version="v1",
        kind=kind,
        state=State.CAPTURED,
        objects=(msgspec.Raw(body),),
        namespaces=None,
        unseen=(),
        why="",
        resource_version="",
        unreadable=(),
    )
    odd: Picture = msgspec.structs.replace(picture, around=(pile,))
    with pytest.raises(BadRecord, match="not written by this version"):
        sight_of(odd)
