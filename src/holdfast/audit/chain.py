"""The chain: each entry holds the hash of the one before, and a signature of its own.

- A line is accepted only if it equals its canonical form, so that no byte of it is free.
- The key that signs is named inside what is hashed: it cannot be exchanged.
- A sealing time never goes back, whatever the clock does.
"""

import re
from collections.abc import Callable, Iterable

import msgspec

from holdfast.errors import BadRecord, NotCanonical
from holdfast.model.canonical import refuse_doubtful
from holdfast.model.entries import (
    VERSION,
    Draft,
    Entry,
    Head,
    entry_hash,
    genesis,
    signed_bytes,
)

LONGEST = 1 << 20  # bytes of one line: nothing that we record comes near, and a reader has an end
_HASH = re.compile(r"[0-9a-f]{64}")
_SIGNATURE = re.compile(r"[0-9a-f]{128}")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
_DECODER = msgspec.json.Decoder(Entry)


def started(chain: str, cluster: str) -> Head:
    """The head of a chain that has no entry yet."""
    return Head(chain=chain, cluster=cluster, hash=genesis(chain, cluster))


def sealed(
    head: Head, drafts: Iterable[Draft], *, time: str, key: str, sign: Callable[[bytes], bytes]
) -> tuple[Entry, ...]:
    """The drafts as the next entries of the chain, in their order, signed one by one."""
    entries: list[Entry] = []
    for draft in drafts:
        entry = _unsigned(head, draft, max(time, head.time), key)
        hash_ = entry_hash(entry.hashed)
        signature = sign(signed_bytes(hash_)).hex()
        entry = msgspec.structs.replace(entry, hash=hash_, sig=signature)
        entries.append(entry)
        head = after(head, entry)
    return tuple(entries)


def after(head: Head, entry: Entry) -> Head:
    """The head once that entry is the last."""
    return msgspec.structs.replace(
        head, epoch=entry.epoch, seq=entry.seq, hash=entry.hash, time=entry.time
    )


def parse(line: bytes) -> Entry:
    """One line without its end. Raises `BadRecord` for whatever is not exactly an entry."""
    if len(line) > LONGEST:
        raise _bad(f"a line of {len(line)} bytes is longer than any entry")
    try:
        entry = _DECODER.decode(line)
        refuse_doubtful(entry.details)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as unfit:
        raise _bad(f"it is no entry ({unfit})") from None
    except NotCanonical as doubtful:
        raise _bad(doubtful.wrong) from None
    if entry.v != VERSION:
        raise _bad(f"it has version {entry.v}, and this reader knows {VERSION}")
    if not _well_formed(entry):
        raise _bad("a hash, a signature or a time has not the form that it must have")
    if entry.line != line:
        raise _bad("it is not in its canonical form")
    return entry


def _well_formed(entry: Entry) -> bool:
    return (
        all(_HASH.fullmatch(each) for each in (entry.hash, entry.prev, entry.key))
        and _SIGNATURE.fullmatch(entry.sig) is not None
        and _TIME.fullmatch(entry.time) is not None
    )


def _unsigned(head: Head, draft: Draft, time: str, key: str) -> Entry:
    return Entry(
        v=VERSION,
        chain=head.chain,
        cluster=head.cluster,
        epoch=head.epoch,
        seq=head.seq + 1,
        time=time,
        id=draft.id,
        kind=draft.kind,
        actor=draft.actor,
        subjects=draft.subjects,
        details=dict(draft.details),
        prev=head.hash,
        key=key,
        hash="",
        sig="",
    )


def _bad(why: str) -> BadRecord:
    return BadRecord(
        f"A line of the record cannot be accepted: {why}.",
        remedy="Take the file from its source again; if it is the source, somebody has changed it.",
    )
