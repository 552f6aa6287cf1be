"""Which table is whose. `serve` hands things over and reads; what counts is the keeper's alone."""

import msgspec
from sqlalchemy import Column

from holdfast.adapters.stores import tables
from holdfast.adapters.stores.tables import REVISION
from holdfast.model.access import ADD, ALL, READ, Access, Process, Right


def _of(
    table: str,
    serve: frozenset[Right],
    keeper: frozenset[Right],
    *,
    counter: str = "",
    own: str = "",
    taker: Process | None = None,
) -> Access:
    rights = {Process.SERVE: serve, Process.KEEPER: keeper}
    return Access(table=table, rights=rights, counter=counter, own=own, taker=taker)


def _without(hidden: Column[str], access: Access) -> Access:
    """The same, but that `serve` does not read that column."""
    shown = tuple(each.name for each in hidden.table.columns if each is not hidden)
    return msgspec.structs.replace(access, hidden=(hidden.name,), shown=shown)


ACCESS = (
    _of(REVISION, READ, READ),
    _of(tables.FACTS.name, READ, READ),
    _of(
        tables.DRAFTS.name,
        ADD,
        ADD | {Right.DELETE},
        counter="hf_drafts_place_seq",
        own="process",
        taker=Process.KEEPER,
    ),
    _of(tables.ENTRIES.name, READ, ADD),
    _of(tables.TIPS.name, READ, ADD | {Right.UPDATE}),
    _of(tables.SEGMENTS.name, READ, ADD),  # letting go takes whoever upgrades the database
    _of(tables.LETTERS.name, ADD, READ),
    _of(tables.ANSWERS.name, READ, ADD),
    # What stood there before an act, values of variables too, is in its course.
    _without(tables.CASES.c.course, _of(tables.CASES.name, READ, ADD | {Right.UPDATE})),
    _of(tables.WORDS.name, READ, ADD, counter="hf_words_place_seq"),
    _of(tables.ONCE.name, READ, ADD),  # what is spent is taken back by nobody
    _of(tables.BUCKETS.name, READ, ADD | {Right.UPDATE}),
    _of(tables.SWITCHES.name, READ, ALL),
    _of(tables.BEATS.name, ALL, ALL, own="role"),
)
"""Every table of ours; a test compares it with what an upgrade makes."""
