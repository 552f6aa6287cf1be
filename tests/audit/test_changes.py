"""What the entries that change how a record is judged say, one by one."""

from typing import Any

import msgspec
import pytest

from holdfast.audit.changes import GivenUp, Restore, false_epoch, given_up, restore
from holdfast.model.entries import Entry, Head
from tests.audit.chains import a_chain, a_chain_of, a_draft, checkpoints

HEAD = Head(chain="chn_test", cluster="c-1", hash="0" * 64, seq=6, epoch=2)


def an_entry(kind: str, *, epoch: int = 3, **details: Any) -> Entry:
    (entry,) = a_chain_of([a_draft(7, kind=kind, **details)])
    return msgspec.structs.replace(entry, seq=7, epoch=epoch)


@pytest.mark.parametrize(
    ("epoch", "size", "head", "names"),
    [
        (0, 1, "a" * 64, True),
        (2, 9, "a" * 64, True),
        (3, 9, "a" * 64, False),
        (-1, 9, "a" * 64, False),
        (0, 0, "a" * 64, False),
        (0, 9, "a", False),
        (0, 9, None, False),
        (True, 9, "a" * 64, False),
        (0, True, "a" * 64, False),
        (0, "9", "a" * 64, False),
    ],
)
def test_only_a_state_of_an_earlier_epoch_is_given_up(
    epoch: object, size: object, head: object, names: bool
) -> None:
    entry = an_entry("anchor_given_up", size=size, head=head)
    assert given_up(entry) is None  # it says nothing of an epoch
    told = given_up(msgspec.structs.replace(entry, details={**entry.details, "epoch": epoch}))
    assert names is isinstance(told, GivenUp)
    assert told is None or (epoch, size) == (told.epoch, told.size)


@pytest.mark.parametrize(
    ("epoch", "size", "counts"),
    [(2, 6, True), (0, 0, True), (-1, 6, False), (2, -1, False), (True, 6, False), (2, "6", False)],
)
def test_a_restore_says_in_whole_numbers_what_was_lost(
    epoch: object, size: object, counts: bool
) -> None:
    entry = an_entry("restore_accepted", abandoned_epoch=epoch, abandoned_size=size)
    assert counts is isinstance(restore(entry, HEAD), Restore)


@pytest.mark.parametrize(
    ("epoch", "abandoned", "size", "why"),
    [
        (3, 2, 6, ""),
        (3, 2, 7, ""),
        (3, 2, 5, "it says that less was given up than is there"),
        (4, 2, 6, "it says epoch 4 after epoch 2"),
        (3, 2, None, "it does not say what was given up"),
    ],
)
def test_an_epoch_follows_the_one_that_was_given_up(
    epoch: int, abandoned: int, size: int | None, why: str
) -> None:
    entry = an_entry(
        "restore_accepted", epoch=epoch, abandoned_epoch=abandoned, abandoned_size=size
    )
    assert why == false_epoch(entry, HEAD)


def test_a_restore_gives_up_what_came_after_what_was_kept() -> None:
    told = Restore(seq=7, kept_epoch=0, epoch=1, abandoned_epoch=0, abandoned_size=8)
    gave_up = [each.size for each in checkpoints(a_chain(10)) if told.gave_up(each)]
    assert [7, 8] == gave_up
