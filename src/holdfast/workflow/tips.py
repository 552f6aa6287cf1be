"""The chain ends where its tip says, and goes on from what was there, or nothing is added to it."""

from holdfast.errors import WrongStore
from holdfast.model.entries import Checkpoint, Entry
from holdfast.ports import Records


def require_tip(records: Records) -> None:
    """Raise `WrongStore` unless the last entry that is there is the one that the tip names."""
    tip, last = records.tip(), records.last()
    if _named(tip) != _there(last):
        there = f"the last that is there is entry {last.seq}" if last is not None else "none is"
        if last is not None and tip is not None and last.seq == tip.size:
            there = "the last that is there is another one"
        raise WrongStore(
            f"The chain should end with entry {_named(tip)[0]}, and {there}: somebody has written "
            "into the database, or its disk is damaged.",
            remedy="Keep it, see what is left of the record with `holdfast audit verify`, and "
            "restore a backup into another database with `holdfast db restore`.",
        )


def require_goes_on(records: Records, known: Checkpoint) -> None:
    """Raise `WrongStore` unless what we knew to be its last entry stands there still, or was let go
    since.
    """
    gone, entry, tip = records.start(), records.at(known.size), records.tip()
    let_go = gone is not None and gone.size >= known.size
    stands = let_go if entry is None else entry.hash == known.head
    if tip is None or tip.size < known.size or not stands:
        raise WrongStore(
            f"The chain does not hold entry {known.size} any more, as it was sealed here: somebody "
            "has put an older copy of the database in its place, or has rewritten it.",
            remedy="Find out who, and what was lost: the anchors know how far the record went. If "
            "it is a backup that you restored: holdfast db accept-restore --reason '...'",
        )


def _named(tip: Checkpoint | None) -> tuple[int, str]:
    return (tip.size, tip.head) if tip is not None and tip.size else (0, "")


def _there(last: Entry | None) -> tuple[int, str]:
    return (last.seq, last.hash) if last is not None else (0, "")
