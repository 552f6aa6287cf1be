"""How long an attempt asks a database that says no."""

import pytest

from holdfast.adapters.engine.attempts import AGAIN, answered
from holdfast.errors import AlreadyKept, StoreFailed, StoreRefused, StoreUnreachable, WorkFailed

FULL = StoreRefused("The database is on a full disk.", remedy="Make room on it.")


class Asked:
    """What a database says, one answer after the other; then that it is done."""

    def __init__(self, *says: StoreFailed) -> None:
        self._says = iter(says)
        self.times = 0

    def __call__(self) -> str:
        self.times += 1
        if (no := next(self._says, None)) is not None:
            raise no
        return "done"


@pytest.mark.parametrize("no", [FULL, StoreUnreachable("Nobody answers.", remedy="Wait.")])
async def test_a_no_of_a_moment_is_waited_out(no: StoreFailed) -> None:
    ask = Asked(no)
    assert ("done", 2) == (await answered(ask), ask.times)


async def test_a_no_that_lasts_ends_the_run_and_says_what_the_database_said() -> None:
    ask = Asked(FULL, FULL, FULL)
    with pytest.raises(WorkFailed, match=r"is on a full disk\. Make room on it\."):
        await answered(ask, refusals=2 * AGAIN)
    assert 2 == ask.times


async def test_what_is_kept_already_is_said_at_once() -> None:
    ask = Asked(AlreadyKept("It is there.", remedy="Look."))
    with pytest.raises(AlreadyKept):
        await answered(ask)
    assert 1 == ask.times
