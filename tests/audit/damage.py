"""All that can be done to a record, by name: every verifier must come to the same verdict."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import msgspec

from holdfast.audit import chain, checkpoints
from holdfast.model.canonical import LARGEST
from holdfast.model.entries import Checkpoint, Entry, Head, entry_hash, signed_bytes
from tests.audit.chains import CHAIN, CLUSTER, a_chain, a_chain_of, a_draft, a_key, flipped
from tests.audit.chains import checkpoints as states_of

OLD, NEXT, THIEF = a_key(), a_key("next"), a_key("thief")


@dataclass(frozen=True, kw_only=True)
class Case:
    """What a verifier is given, and at which entry it must stop (None: the whole is sound)."""

    name: str
    lines: Sequence[bytes]
    bad: int | None
    keys: Sequence[bytes] = (OLD.public.raw,)
    anchors: Sequence[bytes] = ()
    start: bytes | None = None
    cluster: str = ""


def a_note(state: Checkpoint) -> bytes:
    """A checkpoint, signed by the key whose turn it is."""
    key = {each.public.id: each for each in (OLD, NEXT, THIEF)}[state.key]
    return checkpoints.note(state, key.public, key.sign(checkpoints.body(state)))


def signed_again(entry: Entry, **changes: object) -> Entry:
    """An entry that somebody with the key has changed."""
    changed = msgspec.structs.replace(entry, **changes)
    hash_ = entry_hash(changed.hashed)
    return msgspec.structs.replace(changed, hash=hash_, sig=OLD.sign(signed_bytes(hash_)).hex())


def cases(entries: Sequence[Entry], seed: int) -> Iterator[Case]:
    """Damage all along a sound chain."""
    dice = random.Random(seed)
    told = [entry.line for entry in entries]
    states = states_of(entries)
    yield Case(name="sound", lines=told, bad=None)
    yield Case(name="sound and anchored", lines=told, bad=None, anchors=[a_note(states[-1])])
    yield Case(name="empty", lines=[], bad=None)
    yield from _changed(entries, states, told, dice)
    yield from _anchored(entries, states, told)
    yield from _keys()
    yield from _restores()


def _changed(
    entries: Sequence[Entry],
    states: Sequence[Checkpoint],
    told: Sequence[bytes],
    dice: random.Random,
) -> Iterator[Case]:
    for n in range(1, len(told) - 1):
        start = a_note(states[n - 1])
        for at in dice.sample(range(len(told[n])), 3):
            line = flipped(told[n], at, dice)
            yield Case(name=f"byte {at} of {n + 1}", lines=[line], bad=n + 1, start=start)
        swapped = [told[n + 1], told[n]]
        yield Case(name=f"swap at {n + 1}", lines=swapped, bad=n + 1, start=start)
        yield Case(name=f"without {n + 1}", lines=[told[n + 1]], bad=n + 1, start=start)
        yield Case(name=f"{n + 1} twice", lines=[told[n]] * 2, bad=n + 2, start=start)
    middle = len(told) // 2
    foreign = signed_again(entries[middle], cluster="another")
    early = signed_again(entries[middle], time="2020-01-01T00:00:00.000Z")
    arabic = entries[middle].time.replace("2", "\N{ARABIC-INDIC DIGIT TWO}", 1)
    digits = signed_again(entries[middle], time=arabic)
    other = a_chain(len(entries), first=10_000)
    forged = a_chain(len(entries), key=THIEF)
    for name, odd in (("of another cluster", foreign), ("earlier", early), ("digits", digits)):
        yield Case(name=name, lines=[*told[:middle], odd.line], bad=middle + 1)
    spliced = [*told[:middle], *(entry.line for entry in other[middle:])]
    yield Case(name="spliced", lines=spliced, bad=middle + 1)
    yield Case(name="written again", lines=[entry.line for entry in forged], bad=1)
    yield Case(name="another cluster asked for", lines=told[:3], bad=1, cluster="another")
    yield Case(name="rubbish", lines=[*told[:2], b"\xff\x00{"], bad=3)
    for old, new in ((b'"seq":2', b'"seq":2.0'), (b'"v":1', b'"v":1,"w":1'), (b":", b": ")):
        line = told[1].replace(old, new, 1)
        yield Case(name=f"{new!r} for {old!r}", lines=[told[0], line], bad=2)


def _anchored(
    entries: Sequence[Entry], states: Sequence[Checkpoint], told: Sequence[bytes]
) -> Iterator[Case]:
    last = [a_note(states[-1])]
    for left in range(0, len(told), max(1, len(told) // 20)):
        yield Case(name=f"cut off after {left}", lines=told[:left], bad=left + 1, anchors=last)
    middle = len(told) // 2
    other = states_of(a_chain(len(entries), first=10_000))[middle - 1]
    yield Case(name="another history", lines=told, bad=middle, anchors=[a_note(other)])
    start, later = a_note(states[middle - 1]), told[middle:]
    passed = [a_note(states[0]), *last]
    yield Case(name="goes on", lines=later, bad=None, start=start, anchors=passed)
    yield Case(
        name="goes on from another",
        lines=later,
        bad=middle + 1,
        start=start,
        anchors=[a_note(other)],
    )
    yield Case(name="goes on elsewhere", lines=later, bad=middle + 1, start=start, cluster="x")
    strange = msgspec.structs.replace(states[0], chain="chn_other")
    yield Case(name="an anchor of another chain", lines=told[:2], bad=1, anchors=[a_note(strange)])


def _keys() -> Iterator[Case]:
    both = (OLD.public.raw, NEXT.public.raw)
    rotated = a_chain_of([a_draft(1), a_draft(2, kind="key_rotated", to=NEXT.public.id)])
    head = _head(rotated)
    later = a_chain(2, key=NEXT, head=head, first=3)
    late = a_chain(2, head=head, first=3)
    yield Case(name="rotated", lines=_lines(rotated, later), bad=None, keys=both)
    yield Case(name="the old key after its turn", lines=_lines(rotated, late), bad=3, keys=both)
    yield Case(name="a key that was not brought", lines=_lines(rotated, later), bad=3)
    revoking = a_chain_of(
        [
            a_draft(3, kind="key_revoked", key=OLD.public.id),
            a_draft(4, kind="key_rotated", to=OLD.public.id),
        ],
        key=NEXT,
        head=head,
    )
    back = _lines(rotated, revoking)
    yield Case(name="a revoked key gets its turn", lines=back, bad=4, keys=both)
    yield Case(name="revoked", lines=back[:3], bad=None, keys=both)
    for kind, details in (
        ("key_rotated", {"to": OLD.public.id}),
        ("key_rotated", {"to": "next"}),
        ("key_rotated", {"from": NEXT.public.id}),
        ("key_revoked", {"key": OLD.public.id}),
        ("key_revoked", {"key": 1}),
    ):
        odd = a_chain_of([a_draft(1, kind=kind, **details)])
        yield Case(name=f"{kind} {details}", lines=_lines(odd), bad=1)


def _restores() -> Iterator[Case]:
    lost = a_chain(10)
    anchors = [a_note(state) for state in states_of(lost)]
    yield Case(name="restored", lines=_restored(0, 10), bad=None, anchors=anchors)
    yield Case(name="gave up too little", lines=_restored(0, 9), bad=15, anchors=anchors)
    yield Case(name="gave up less than there is", lines=_restored(0, 5), bad=7)
    yield Case(name="gave up less than nothing", lines=_restored(1, -1), bad=7)
    first = [chain.parse(line) for line in _restored(0, 10)]
    twice = [*anchors, *(a_note(state) for state in states_of(first))]
    yield Case(name="restored twice", lines=_restored(1, 14), bad=None, anchors=twice)
    # An older backup, in which the restore was not yet, is longer than where its epoch began.
    longer = a_chain(9)
    draft = a_draft(10, kind="restore_accepted", abandoned_epoch=1, abandoned_size=8)
    began = msgspec.structs.replace(_head(longer), epoch=2)
    told = _lines(longer, a_chain_of([draft], head=began))
    short = [a_note(state) for state in states_of(first)[:8]]
    yield Case(name="restored from before a restore", lines=told, bad=None, anchors=short)
    branch = [a_note(states_of(first)[8])]
    yield Case(name="the branch given up", lines=_lines(lost), bad=11, anchors=branch)
    yield from _given_up(first, anchors)
    draft = a_draft(1, kind="restore_accepted", abandoned_epoch=LARGEST, abandoned_size=1)
    (beyond,) = a_chain_of([draft])
    for number in (LARGEST, LARGEST + 1, 2**64):
        line = signed_again(beyond, epoch=number).line
        yield Case(name=f"an epoch of {number}", lines=[line], bad=1)
    draft = a_draft(1, kind="restore_accepted", abandoned_epoch=LARGEST - 1, abandoned_size=1)
    (last,) = a_chain_of([draft])
    last = signed_again(last, epoch=LARGEST)
    yield Case(name="the last epoch that can be", lines=[last.line], bad=None)
    for word, number in (("epoch", -1), ("seq", 0), ("seq", -1), ("seq", LARGEST + 1)):
        odd = signed_again(lost[0], **{word: number})
        yield Case(name=f"{word} {number}", lines=[odd.line], bad=1)
    silent = signed_again(lost[0], epoch=1)
    yield Case(name="an epoch of itself", lines=[silent.line], bad=1)


def _given_up(after: Sequence[Entry], anchors: Sequence[bytes]) -> Iterator[Case]:
    """One goes on from after a restore, and what that gave up is not known any more."""
    states = states_of(after)
    lost = states_of(a_chain(10))[9]
    start, head = a_note(states[7]), chain.head_of(states[7])
    rest = _lines(after[8:])
    end = chain.head_of(states[-1])
    told = {"epoch": 0, "size": 10, "head": lost.head}
    for name, bad, details in (
        ("an anchor given up", None, told),
        ("with a reason", None, told | {"reason": "the branch of Monday"}),
        ("an anchor of this epoch given up", 15, told | {"epoch": 1}),
        ("an anchor of a later epoch given up", 15, told | {"epoch": 2}),
        ("an anchor of no epoch given up", 15, told | {"epoch": -1}),
        ("an anchor of a true epoch given up", 15, told | {"epoch": False}),
        ("an anchor of no size given up", 15, told | {"size": 0}),
        ("an anchor of no head given up", 15, told | {"head": "x"}),
        ("nothing given up", 15, {"reason": "x"}),
        ("another size given up", 16, told | {"size": 11}),
        ("another head given up", 16, told | {"head": "0" * 64}),
        ("a shorter one given up", 16, told | {"size": 9}),
    ):
        given = a_chain_of([a_draft(15, kind="anchor_given_up", **details)], head=end)
        lines = [*rest, *_lines(given)]
        yield Case(name=name, lines=lines, bad=bad, anchors=[anchors[9]], start=start)
        # From the first entry on, the restore itself has given it up.
        whole, wrong = [*_lines(after), *_lines(given)], bad if bad == 15 else None
        yield Case(name=f"{name}, from the first", lines=whole, bad=wrong, anchors=[anchors[9]])
    yield Case(name="nobody gave it up", lines=rest, bad=15, anchors=[anchors[9]], start=start)
    other = a_chain_of([a_draft(9, kind="anchor_given_up", **told)], head=head)
    yield Case(
        name="given up at once", lines=_lines(other), bad=None, anchors=[anchors[9]], start=start
    )
    first = a_chain_of([a_draft(1, kind="anchor_given_up", **told)])
    yield Case(name="given up in the first epoch", lines=_lines(first), bad=1)


def _restored(epoch: int, size: int) -> list[bytes]:
    entries = a_chain(6)
    draft = a_draft(7, kind="restore_accepted", abandoned_epoch=epoch, abandoned_size=size)
    began = msgspec.structs.replace(_head(entries), epoch=epoch + 1)
    return _lines(entries, a_chain_of([draft, *map(a_draft, range(8, 15))], head=began))


def _head(entries: Sequence[Entry]) -> Head:
    return chain.after(chain.started(CHAIN, CLUSTER), entries[-1])


def _lines(*parts: Sequence[Entry]) -> list[bytes]:
    return [entry.line for part in parts for entry in part]
