"""Whoever hears no answer to a COMMIT cannot tell if it was kept: to ask again does no harm."""

from pathlib import Path

import pytest

from holdfast.adapters.stores import upkeep
from holdfast.adapters.stores.database import open_engine, parse_url
from holdfast.errors import StoreUnreachable
from tests.adapters.stores import approving
from tests.adapters.stores.wire import Wire
from tests.audit.chains import CLUSTER

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("postgres")]


@pytest.mark.parametrize(
    ("point", "expected"),
    [(1, approving.BEFORE), (2, approving.AFTER)],
    ids=["the commit is lost", "its answer is lost"],
)
def test_the_caller_is_told_that_nobody_answers_and_all_is_kept_or_nothing(
    postgres_database: str, tmp_path: Path, point: int, expected: str
) -> None:
    engine = open_engine(parse_url(postgres_database))
    upkeep.upgrade(engine, CLUSTER)
    approving.propose(engine)

    with Wire(engine.url, point) as wire:
        broken = open_engine(wire.url)
        with pytest.raises(StoreUnreachable, match="does not answer"):
            approving.approve(broken, tmp_path)
        broken.dispose()

    assert approving.state_of(engine) == expected
    engine.dispose()


def test_what_was_kept_unheard_is_not_done_again(postgres_database: str, tmp_path: Path) -> None:
    engine = open_engine(parse_url(postgres_database))
    upkeep.upgrade(engine, CLUSTER)
    approving.propose(engine)
    with Wire(engine.url, 2) as wire:
        broken = open_engine(wire.url)
        with pytest.raises(StoreUnreachable):
            approving.approve(broken, tmp_path)
        broken.dispose()

    with pytest.raises(approving.Late):
        approving.approve(engine, tmp_path)

    assert approving.state_of(engine) == approving.AFTER
    engine.dispose()
