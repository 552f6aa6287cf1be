"""What `holdfast snapshot` says while it writes, and in the end why that is not whole."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from holdfast.errors import CouldNotLook
from holdfast.model.snapshot import Recorded, State
from holdfast.surfaces.cli.snapshot import write

FOLDER = Path("incident")


async def recorded(*kinds: Recorded, fails: bool = False) -> AsyncIterator[Recorded]:
    for kind in kinds:
        yield kind
    if fails:
        raise CouldNotLook("Nothing may be read here.", remedy="Ask for the role.")


def forbidden(plural: str) -> Recorded:
    return Recorded(plural=plural, state=State.FORBIDDEN, count=0, why="no right")


async def test_where_nothing_may_be_read_the_error_says_it_once(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(CouldNotLook):
        await write(recorded(forbidden("nodes"), forbidden("pods"), fails=True), FOLDER)

    assert "" == capsys.readouterr().out


async def test_what_is_forbidden_is_said_where_something_is_seen(
    capsys: pytest.CaptureFixture[str],
) -> None:
    pods = Recorded(plural="pods", state=State.CAPTURED, count=3)

    assert 0 == await write(recorded(forbidden("nodes"), pods, forbidden("events")), FOLDER)

    told = capsys.readouterr().out.splitlines()
    assert ["nodes: forbidden, no right", "pods: 3", "events: forbidden, no right"] == told[:3]


async def test_a_list_that_broke_off_ends_with_the_reason(
    capsys: pytest.CaptureFixture[str],
) -> None:
    pods = Recorded(plural="pods", state=State.PARTIAL, count=3, why="The connection was cut.")

    assert 2 == await write(recorded(pods), FOLDER)

    last = capsys.readouterr().out.splitlines()[-1]
    assert "No answer, and so exit code 2: not seen whole: pods (The connection was cut)." == last
