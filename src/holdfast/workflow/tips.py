"""The chain ends where its tip says, or nothing is added to it and nobody acts."""

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


def _named(tip: Checkpoint | None) -> tuple[int, str]:
    return (tip.size, tip.head) if tip is not None and tip.size else (0, "")


def _there(last: Entry | None) -> tuple[int, str]:
    return (last.seq, last.hash) if last is not None else (0, "")
