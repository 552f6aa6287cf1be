"""Whatever is done to a chain is found, and the first bad entry is named."""

import random

import msgspec
import pytest

from holdfast.adapters.signers.ed25519 import check
from holdfast.audit import chain
from holdfast.audit.changes import GivenUp, Restore
from holdfast.audit.verification import Verifier, Wrong
from holdfast.conformance import audit_verifier as one_file
from holdfast.model.entries import Checkpoint, Entry, Head, entry_hash, signed_bytes
from tests.audit.chains import (
    CHAIN,
    CLUSTER,
    a_chain,
    a_chain_of,
    a_draft,
    a_key,
    checkpoints,
    flipped,
    lines,
    verified,
)
from tests.tally import Count, Tally

SEED = 20261128


@pytest.fixture(scope="module")
def length(prove: bool) -> int:
    return 1000 if prove else 12


@pytest.fixture(scope="module")
def entries(length: int) -> list[Entry]:
    return a_chain(length)


def test_what_is_wrong_is_told_in_words_that_last() -> None:
    told = """malformed other_chain missing repeated broken_link changed unknown_key other_key
    bad_signature time_runs_back false_epoch false_turn false_giving_up not_the_anchored cut_off"""
    assert told.split() == [each.value for each in Wrong]


def test_a_whole_chain_verifies_and_says_that_its_end_is_not_anchored() -> None:
    outcome = verified(lines(a_chain(20)))
    assert outcome.broken is None
    assert (20, 0) == (outcome.entries, outcome.anchored)
    assert (a_key().public.id,) == outcome.keys


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_every_byte_that_is_flipped_is_found_in_its_entry(
    entries: list[Entry], tally: Tally
) -> None:
    dice = random.Random(SEED)
    states = checkpoints(entries)
    keys = {a_key().public.id: a_key().public.raw}
    flips = missed = others = 0
    for number, entry in enumerate(entries):
        start = states[number - 1] if number else None
        state = one_file_state(start)
        for at in range(len(entry.line)):
            line = flipped(entry.line, at, dice)
            outcome = verified([line], start=start, cluster=CLUSTER)
            flips += 1
            missed += outcome.broken is None or outcome.broken.seq != number + 1
            _, wrong = one_file.verify([line], keys, start=state, cluster=CLUSTER)
            others += wrong is None or wrong[0] != number + 1
    tally(Count("audit: flipped bytes that are found", flips, failures=missed, seed=SEED))
    tally(Count("audit: flipped bytes, one file", flips, failures=others, seed=SEED))
    assert (missed, others) == (0, 0)


def one_file_state(start: Checkpoint | None) -> one_file.State | None:
    """A checkpoint as that verifier knows it."""
    return None if start is None else msgspec.structs.asdict(start)


def test_every_entry_swapped_dropped_or_doubled_is_found_where_it_happened(
    entries: list[Entry], tally: Tally
) -> None:
    told = lines(entries)
    states = checkpoints(entries)
    cases = missed = 0
    for n in range(len(told) - 1):
        start = states[n - 1] if n else None
        damaged = {
            "swapped": ([told[n + 1], told[n]], Wrong.MISSING, n + 1),
            "dropped": ([told[n + 1]], Wrong.MISSING, n + 1),
            "doubled": ([told[n], told[n]], Wrong.REPEATED, n + 2),
        }
        for rest, wrong, seq in damaged.values():
            broken = verified(rest, start=start).broken
            cases += 1
            missed += broken is None or (broken.wrong, broken.seq) != (wrong, seq)
    tally(Count("audit: entries swapped, dropped or doubled", cases, failures=missed))
    assert missed == 0


def test_an_inserted_entry_is_found_also_one_that_was_signed_with_our_key() -> None:
    entries = a_chain(10)
    other = a_chain_of([a_draft(99)], head=None)[0]
    for n in range(1, 10):
        forged = msgspec.structs.replace(other, seq=n + 1, prev=entries[n - 1].hash)
        signed = _signed_again(forged)
        broken = verified(lines([*entries[:n], signed, *entries[n:]])).broken
        assert broken is not None
        assert (Wrong.REPEATED, n + 2) == (broken.wrong, broken.seq)


def test_a_chain_that_was_written_again_without_the_key_is_found() -> None:
    forged = a_chain(10, key=a_key("thief"))
    broken = verified(lines(forged)).broken
    assert broken is not None
    assert (Wrong.UNKNOWN_KEY, 1) == (broken.wrong, broken.seq)


def test_a_chain_cannot_say_itself_by_which_key_it_is_to_be_judged() -> None:
    thief = a_key("thief")
    drafts = [a_draft(1, kind="key_rotated", to=thief.public.id, public=thief.public.raw.hex())]
    entries = a_chain_of(drafts)
    head = _head(entries[-1])
    forged = a_chain(3, key=thief, head=head)
    broken = verified(lines([*entries, *forged])).broken
    assert broken is not None
    assert (Wrong.UNKNOWN_KEY, 2) == (broken.wrong, broken.seq)


def test_an_entry_of_another_cluster_with_the_same_key_is_found() -> None:
    mine, theirs = a_chain(5), a_chain(5)
    moved = [_signed_again(msgspec.structs.replace(e, cluster="another")) for e in theirs]
    broken = verified(lines([*mine[:2], *moved[2:]])).broken
    assert broken is not None
    assert (Wrong.OTHER_CHAIN, 3) == (broken.wrong, broken.seq)


def test_a_whole_chain_of_another_cluster_is_found_by_who_says_which_he_wants() -> None:
    broken = verified(lines(a_chain(3)), cluster="another").broken
    assert broken is not None
    assert Wrong.OTHER_CHAIN == broken.wrong


def test_two_histories_spliced_together_are_found() -> None:
    one, other = a_chain(10), a_chain(10, first=100)
    broken = verified(lines([*one[:4], *other[4:]])).broken
    assert broken is not None
    assert (Wrong.BROKEN_LINK, 5) == (broken.wrong, broken.seq)


def test_without_an_anchor_a_truncated_chain_verifies_but_nothing_is_claimed_of_its_end() -> None:
    outcome = verified(lines(a_chain(10)[:6]))
    assert outcome.broken is None
    assert 0 == outcome.anchored


@pytest.mark.parametrize("left", range(10))
def test_with_an_anchor_truncation_and_deletion_are_found(left: int) -> None:
    entries = a_chain(10)
    anchor = checkpoints(entries)[-1]
    broken = verified(lines(entries[:left]), anchors=[anchor]).broken
    assert broken is not None
    assert (Wrong.CUT_OFF, left + 1) == (broken.wrong, broken.seq)


def test_an_anchor_vouches_up_to_its_own_length() -> None:
    entries = a_chain(10)
    outcome = verified(lines(entries), anchors=[checkpoints(entries)[6]])
    assert outcome.broken is None
    assert 7 == outcome.anchored


def test_another_history_than_the_anchored_one_is_found_although_it_is_signed() -> None:
    anchor = checkpoints(a_chain(10))[6]
    broken = verified(lines(a_chain(10, first=50)), anchors=[anchor]).broken
    assert broken is not None
    assert (Wrong.NOT_THE_ANCHORED, 7) == (broken.wrong, broken.seq)


def test_an_anchor_of_another_chain_vouches_for_nothing() -> None:
    for size, wrong in ((1, Wrong.NOT_THE_ANCHORED), (5, Wrong.OTHER_CHAIN)):
        for other in ({"chain": "chn_other"}, {"cluster": "c-2"}):
            anchor = msgspec.structs.replace(checkpoints(a_chain(5))[size - 1], **other)
            broken = verified(lines(a_chain(3)), anchors=[anchor]).broken
            assert broken is not None
            assert wrong == broken.wrong


def test_the_next_key_signs_from_the_entry_on_after_the_one_that_names_it() -> None:
    old, new = a_key(), a_key("next")
    rotated = a_chain_of([a_draft(1), a_draft(2, kind="key_rotated", to=new.public.id)])
    later = a_chain(2, key=new, head=_head(rotated[-1]), first=3)
    late = a_chain(2, key=old, head=_head(rotated[-1]), first=3)
    keys = [old.public, new.public]
    assert verified(lines([*rotated, *later]), keys=keys).broken is None
    broken = verified(lines([*rotated, *late]), keys=keys).broken
    assert broken is not None
    assert (Wrong.OTHER_KEY, 3) == (broken.wrong, broken.seq)


def test_a_key_that_was_revoked_signs_nothing_more() -> None:
    old, new = a_key(), a_key("next")
    drafts = [
        a_draft(1, kind="key_rotated", to=new.public.id),
    ]
    first = a_chain_of(drafts)
    revoking = a_chain_of(
        [
            a_draft(2, kind="key_revoked", key=old.public.id),
            a_draft(3, kind="key_rotated", to=old.public.id),
        ],
        key=new,
        head=_head(first[-1]),
    )
    outcome = verified(lines([*first, *revoking]), keys=[old.public, new.public])
    assert (old.public.id,) == outcome.revoked
    assert outcome.broken is not None
    assert (Wrong.FALSE_TURN, 3) == (outcome.broken.wrong, outcome.broken.seq)


@pytest.mark.parametrize(
    ("kind", "details"),
    [
        ("key_rotated", {"to": a_key().public.id}),
        ("key_rotated", {"to": "next"}),
        ("key_rotated", {"from": a_key().public.id}),
        ("key_revoked", {"key": a_key().public.id}),
        ("key_revoked", {"key": None}),
    ],
)
def test_a_change_of_keys_that_makes_no_sense_is_a_bad_entry(
    kind: str, details: dict[str, object]
) -> None:
    broken = verified(lines(a_chain_of([a_draft(1, kind=kind, **details)]))).broken
    assert broken is not None
    assert (Wrong.FALSE_TURN, 1) == (broken.wrong, broken.seq)


def restored(*, gave_up: int, epoch: int = 0) -> list[Entry]:
    """Six entries of a backup, and what came after somebody accepted it."""
    entries = a_chain(6)
    draft = a_draft(7, kind="restore_accepted", abandoned_epoch=epoch, abandoned_size=gave_up)
    began = msgspec.structs.replace(_head(entries[-1]), epoch=epoch + 1)
    return [*entries, *a_chain_of([draft, *map(a_draft, range(8, 15))], head=began)]


def test_a_restore_that_somebody_accepted_begins_an_epoch_and_says_what_was_lost() -> None:
    outcome = verified(lines(restored(gave_up=10)), anchors=checkpoints(a_chain(10)))
    assert outcome.broken is None
    expected = Restore(seq=7, kept_epoch=0, epoch=1, abandoned_epoch=0, abandoned_size=10)
    assert (expected,) == outcome.restores
    assert 6 == outcome.anchored


def test_a_restore_does_not_hide_more_than_it_says_was_given_up() -> None:
    outcome = verified(lines(restored(gave_up=9)), anchors=[checkpoints(a_chain(10))[-1]])
    assert outcome.broken is not None
    assert Wrong.NOT_THE_ANCHORED == outcome.broken.wrong


def test_a_restore_cannot_give_up_less_than_there_is() -> None:
    broken = verified(lines(restored(gave_up=5))).broken
    assert broken is not None
    assert (Wrong.FALSE_EPOCH, 7) == (broken.wrong, broken.seq)


def test_a_second_restore_of_the_same_backup_gives_up_what_came_after_the_first() -> None:
    first, second = restored(gave_up=10), restored(gave_up=14, epoch=1)
    lost = [*checkpoints(a_chain(10)), *checkpoints(first)]
    outcome = verified(lines(second), anchors=lost)
    assert outcome.broken is None
    assert 2 == second[6].epoch


def test_a_branch_that_was_given_up_does_not_pass_for_the_chain() -> None:
    """Somebody brings back the longer history from before the restore."""
    anchor = checkpoints(restored(gave_up=10))[8]
    broken = verified(lines(a_chain(10)), anchors=[anchor]).broken
    assert broken is not None
    assert Wrong.NOT_THE_ANCHORED == broken.wrong


def test_a_restore_may_be_signed_by_a_key_that_had_its_turn_later() -> None:
    new = a_key("next")
    head = msgspec.structs.replace(_head(a_chain(6)[-1]), epoch=1)
    draft = a_draft(7, kind="restore_accepted", abandoned_epoch=0, abandoned_size=10)
    told = [*a_chain(6), *a_chain_of([draft, a_draft(8)], key=new, head=head)]
    assert verified(lines(told), keys=[a_key().public, new.public]).broken is None


def test_no_epoch_begins_without_an_entry_that_says_so() -> None:
    began = msgspec.structs.replace(_head(a_chain(3)[-1]), epoch=1)
    broken = verified(lines([*a_chain(3), *a_chain(1, head=began, first=4)])).broken
    assert broken is not None
    assert (Wrong.FALSE_EPOCH, 4) == (broken.wrong, broken.seq)


def test_what_says_something_else_than_its_hash_and_what_another_key_signed_are_told_apart() -> (
    None
):
    entries = a_chain(3)
    changed = msgspec.structs.replace(entries[2], actor="somebody")
    by_thief = a_key("thief").sign(signed_bytes(entries[2].hash)).hex()
    forged = msgspec.structs.replace(entries[2], sig=by_thief)
    for last, wrong in ((changed, Wrong.CHANGED), (forged, Wrong.BAD_SIGNATURE)):
        broken = verified(lines([*entries[:2], last])).broken
        assert broken is not None
        assert (wrong, 3) == (broken.wrong, broken.seq)


def test_what_gives_up_no_state_of_an_earlier_epoch_is_found() -> None:
    draft = a_draft(2, kind="anchor_given_up", epoch=0, size=1, head="0" * 64)
    broken = verified(lines(a_chain_of([a_draft(1), draft]))).broken
    assert broken is not None
    assert (Wrong.FALSE_GIVING_UP, 2) == (broken.wrong, broken.seq)


def test_a_time_that_runs_back_is_found() -> None:
    entries = a_chain(3)
    early = msgspec.structs.replace(entries[2], time="2026-01-01T11:59:59.999Z")
    broken = verified(lines([*entries[:2], _signed_again(early)])).broken
    assert broken is not None
    assert (Wrong.TIME_RUNS_BACK, 3) == (broken.wrong, broken.seq)


def test_goes_on_from_a_checkpoint_where_older_entries_were_let_go() -> None:
    entries = a_chain(20)
    states = checkpoints(entries)
    outcome = verified(lines(entries[13:]), start=states[12], anchors=[states[3], states[-1]])
    assert outcome.broken is None
    assert states[-1] == outcome.state
    assert (7, 20) == (outcome.entries, outcome.anchored)


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b"\xff\xfe{}",
        b"{" * 100_000,
        b"[" * 100_000,
        b" " * (1 << 20) + b" ",
    ],
)
def test_rubbish_is_malformed_and_nothing_worse(line: bytes) -> None:
    broken = verified([line]).broken
    assert broken is not None
    assert (Wrong.MALFORMED, 1) == (broken.wrong, broken.seq)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"seq":1,', b'"seq":1.0,'),
        (b'"seq":1,', b'"seq": 1,'),
        (b'"seq":1,', b'"seq":1,"seq":1,'),
        (b'"number":1},', b'"number":1e0},'),
        (b'"number":1},', b'"number":1.5},'),
        (b'"actor":"keeper"', b'"actor":"\\u006beeper"'),
        (b'"v":1', b'"v":2'),
        (b'"v":1', b'"v":1,"w":1'),
        (b'"chain":"chn_test"', b'"chain":"chn test"'),
        (b'"cluster":"7e8d', b'"cluster":"7e8d\\n'),
    ],
)
def test_another_way_to_write_the_same_entry_is_none(old: bytes, new: bytes) -> None:
    line = a_chain(1)[0].line
    assert old in line
    broken = verified([line.replace(old, new, 1)]).broken
    assert broken is not None
    assert Wrong.MALFORMED == broken.wrong


def test_says_on_which_line_the_first_bad_entry_stands_and_which_was_due() -> None:
    entries = a_chain(6)
    told = [*lines(entries[3:5]), b"{}", *lines(entries[5:])]
    broken = verified(told, start=checkpoints(entries)[2]).broken
    assert broken is not None
    assert (3, 6, Wrong.MALFORMED) == (broken.line, broken.seq, broken.wrong)


def a_verifier(*anchors: Checkpoint) -> Verifier:
    return Verifier([a_key().public], check, anchors=anchors)


def test_a_line_that_has_no_end_is_the_bad_one_and_nothing_after_it_is_believed() -> None:
    one, other = lines(a_chain(2))
    verifier = a_verifier()
    assert [True, False, False, False] == [
        verifier.take(one),
        verifier.breaks_off(),
        verifier.take(other),
        verifier.breaks_off(),
    ]
    outcome = verifier.outcome()
    assert outcome.broken is not None
    assert 1 == outcome.entries
    assert (2, 2, Wrong.MALFORMED) == (
        outcome.broken.line,
        outcome.broken.seq,
        outcome.broken.wrong,
    )


def test_stops_to_take_lines_at_the_bad_one() -> None:
    one, other = lines(a_chain(2))
    verifier = a_verifier()
    assert [True, False, False] == [verifier.take(each) for each in (one, b"{}", other)]


def test_the_longest_anchor_that_was_met_vouches() -> None:
    states = checkpoints(a_chain(9))
    assert 8 == verified(lines(a_chain(9)), anchors=[states[2], states[7], states[4]]).anchored
    assert 5 == verified([], start=states[4], anchors=[states[4]]).anchored


def test_without_one_entry_even_the_shortest_anchor_was_cut_off() -> None:
    broken = verified([], anchors=[checkpoints(a_chain(1))[0]]).broken
    assert broken is not None
    assert (Wrong.CUT_OFF, 0, 1) == (broken.wrong, broken.line, broken.seq)


@pytest.mark.parametrize("length", [9, 10])
def test_a_chain_as_long_as_the_anchor_of_another_epoch_is_not_what_it_knows(length: int) -> None:
    anchor = checkpoints(restored(gave_up=10))[8]
    broken = verified(lines(a_chain(length)), anchors=[anchor]).broken
    assert broken is not None
    assert (Wrong.NOT_THE_ANCHORED, length + 1) == (broken.wrong, broken.seq)


def test_an_anchor_is_passed_over_only_if_it_is_shorter_than_where_one_goes_on() -> None:
    entries, lost = restored(gave_up=10), checkpoints(a_chain(10))
    start = checkpoints(entries)[7]
    assert (1, 8) == (start.epoch, start.size)
    assert verified(lines(entries[8:]), start=start, anchors=[lost[6]]).broken is None
    broken = verified(lines(entries[8:]), start=start, anchors=[lost[7]]).broken
    assert broken is not None
    assert Wrong.NOT_THE_ANCHORED == broken.wrong


def test_an_anchor_of_a_later_epoch_is_not_passed_over() -> None:
    entries = a_chain(10)
    later = checkpoints(restored(gave_up=10))[6]
    broken = verified(lines(entries[8:]), start=checkpoints(entries)[7], anchors=[later]).broken
    assert broken is not None
    assert Wrong.NOT_THE_ANCHORED == broken.wrong


def test_a_start_that_an_anchor_of_its_length_does_not_know_is_the_bad_one() -> None:
    mine, other = checkpoints(a_chain(4))[2], checkpoints(a_chain(4, first=50))[2]
    broken = verified([], start=mine, anchors=[other]).broken
    assert broken is not None
    assert (Wrong.NOT_THE_ANCHORED, 0, 4) == (broken.wrong, broken.line, broken.seq)
    elsewhere = verified([], start=mine, cluster="another").broken
    assert elsewhere is not None
    assert Wrong.OTHER_CHAIN == elsewhere.wrong
    assert verified([], start=mine, cluster=mine.cluster).broken is None


def test_a_revoked_key_signs_no_restore_either() -> None:
    old, new = a_key(), a_key("next")
    first = a_chain_of([a_draft(1, kind="key_rotated", to=new.public.id)])
    revoking = a_chain_of(
        [a_draft(2, kind="key_revoked", key=old.public.id)], key=new, head=_head(first[-1])
    )
    head = msgspec.structs.replace(_head(revoking[-1]), epoch=1)
    draft = a_draft(3, kind="restore_accepted", abandoned_epoch=0, abandoned_size=2)
    told = [*first, *revoking, *a_chain_of([draft], key=old, head=head)]
    outcome = verified(lines(told), keys=[old.public, new.public])
    assert outcome.broken is not None
    assert (Wrong.OTHER_KEY, 3) == (outcome.broken.wrong, outcome.broken.seq)
    assert (old.public.id, new.public.id) == outcome.keys


def test_says_what_was_given_up_and_what_was_let_go() -> None:
    head = checkpoints(a_chain(10))[9].head
    before = restored(gave_up=10)
    drafts = [
        a_draft(15, kind="anchor_given_up", epoch=0, size=10, head=head),
        a_draft(16, kind="entries_let_go", size=7),
        a_draft(17, kind="entries_let_go", size="7"),
    ]
    end = chain.head_of(checkpoints(before)[-1])
    outcome = verified(lines([*before, *a_chain_of(drafts, head=end)]))
    assert outcome.broken is None
    assert (GivenUp(seq=15, epoch=0, size=10, head=head),) == outcome.given_up
    assert (7,) == outcome.let_go


def _head(entry: Entry) -> Head:
    return chain.after(chain.started(CHAIN, CLUSTER), entry)


def _signed_again(entry: Entry) -> Entry:
    key = a_key()
    hash_ = entry_hash(entry.hashed)
    return msgspec.structs.replace(entry, hash=hash_, sig=key.sign(signed_bytes(hash_)).hex())
