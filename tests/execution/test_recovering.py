from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from holdfast.execution.recovering import Outcome, Timing, Watched, seen
from holdfast.model.repairs import Recovery, State
from holdfast.model.rules import Verdict

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
TIMING = Timing()
START = Watched(applied=NOON)

type Look = tuple[timedelta, State, Verdict]


def life(*looks: Look, start: Watched = START) -> list[Outcome]:
    """What each look comes to, one after the other."""
    watched, outcomes = start, []
    for after, state, cause in looks:
        recovery = Recovery(state=state, says="as it says")
        watched, outcome = seen(watched, NOON + after, recovery, cause, TIMING)
        outcomes.append(outcome)
    return outcomes


def well(after: timedelta) -> Look:
    return after, State.WELL, Verdict.ABSENT


def waiting(after: timedelta) -> Look:
    return after, State.WAITING, Verdict.ABSENT


W, R, N, L = Outcome.WAITING, Outcome.RECOVERED, Outcome.NOT_RECOVERED, Outcome.RECOVERED_LATE


@pytest.mark.parametrize(
    ("looks", "outcomes"),
    [
        ([well(SECOND)], [W]),  # the first good look is none
        ([well(SECOND), well(60 * SECOND), well(61 * SECOND)], [W, W, R]),
        ([well(SECOND), waiting(30 * SECOND), well(61 * SECOND), well(121 * SECOND)], [W, W, W, R]),
        ([waiting(10 * MINUTE - SECOND), waiting(10 * MINUTE)], [W, N]),
        # who became well in its time is let soak to its end
        ([well(10 * MINUTE - SECOND), well(10 * MINUTE + 59 * SECOND)], [W, R]),
        ([well(10 * MINUTE - SECOND), waiting(10 * MINUTE + SECOND)], [W, N]),
        ([(SECOND, State.ILL, Verdict.ABSENT)], [N]),
        ([(SECOND, State.WELL, Verdict.FOUND), (70 * SECOND, State.WELL, Verdict.FOUND)], [W, W]),
        (
            [(SECOND, State.WELL, Verdict.UNKNOWN), (70 * SECOND, State.WELL, Verdict.UNKNOWN)],
            [W, W],
        ),
        ([(SECOND, State.WELL, Verdict.FOUND), (10 * MINUTE, State.WELL, Verdict.FOUND)], [W, N]),
    ],
)
def test_recovers_by_a_soak_in_its_time(looks: list[Look], outcomes: list[Outcome]) -> None:
    assert outcomes == life(*looks)


@pytest.mark.parametrize(
    ("looks", "outcomes"),
    [
        ([well(20 * MINUTE), well(21 * MINUTE)], [W, L]),
        ([well(20 * MINUTE), waiting(21 * MINUTE)], [W, W]),
        ([waiting(40 * MINUTE - SECOND), waiting(40 * MINUTE)], [W, Outcome.STAYED_ILL]),
    ],
)
def test_heals_late_in_its_time(looks: list[Look], outcomes: list[Outcome]) -> None:
    start = msgspec.structs.replace(START, given_up=True)
    assert outcomes == life(*looks, start=start)


def test_says_what_is_still_in_the_way() -> None:
    recovery = Recovery(state=State.WELL, says="2 of 2 available")
    for cause, word in (
        (Verdict.FOUND, "is still found"),
        (Verdict.UNKNOWN, "nobody can tell"),
        (Verdict.ABSENT, "2 of 2 available"),
    ):
        assert word in seen(START, NOON, recovery, cause, TIMING)[0].says
