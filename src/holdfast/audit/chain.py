"""The chain: each entry holds the hash of the one before, and a signature of its own.

- A line is accepted only if it equals its canonical form, so that no byte of it is free.
- The key that signs is named inside what is hashed: it cannot be exchanged.
- A sealing time never goes back, whatever the clock does.
"""

import codecs
import re
from collections.abc import Callable, Iterable

import msgspec

from holdfast.audit.merkle import Tree
from holdfast.errors import BadRecord, NotCanonical
from holdfast.model.canonical import LARGEST, refuse_doubtful
from holdfast.model.entries import (
    ROTATED,
    VERSION,
    Checkpoint,
    Draft,
    Entry,
    Head,
    entry_hash,
    genesis,
    is_cluster,
    signed_bytes,
)

LONGEST = 1 << 20  # bytes of one line: nothing that we record comes near, and a reader has an end
_HASH = re.compile(r"[0-9a-f]{64}")
_MARKS = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_SIGNATURE = re.compile(r"[0-9a-f]{128}")
_CHAIN = re.compile(r"[a-z0-9_]{1,64}")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", re.ASCII)
_DECODER = msgspec.json.Decoder(Entry)


def started(chain: str, cluster: str) -> Head:
    """The head of a chain that has no entry yet."""
    return Head(chain=chain, cluster=cluster, hash=genesis(chain, cluster))


def sealed(
    head: Head, drafts: Iterable[Draft], *, time: str, key: str, sign: Callable[[bytes], bytes]
) -> tuple[Entry, ...]:
    """The drafts as the next entries of the chain, in their order, signed one by one.

    Raises `BadRecord` for an entry that no verifier accepts, and none of them is handed out.
    """
    entries: list[Entry] = []
    for draft in drafts:
        entry = _unsigned(head, draft, max(time, head.time), key)
        hash_ = entry_hash(entry.hashed)
        signature = sign(signed_bytes(hash_)).hex()
        entry = msgspec.structs.replace(entry, hash=hash_, sig=signature)
        if odd := _odd(entry):
            raise _bad(f"{odd}, and no verifier would accept it")
        entries.append(entry)
        head = after(head, entry)
    return tuple(entries)


def after(head: Head, entry: Entry) -> Head:
    """The head once that entry is the last."""
    turn = entry.details.get("to", "") if entry.kind == ROTATED else entry.key
    return msgspec.structs.replace(
        head,
        epoch=entry.epoch,
        seq=entry.seq,
        hash=entry.hash,
        turn=str(turn),
        time=entry.time,
    )


def head_of(state: Checkpoint) -> Head:
    """The head of a chain in that state."""
    return Head(
        chain=state.chain,
        cluster=state.cluster,
        epoch=state.epoch,
        seq=state.size,
        hash=state.head,
        turn=state.key,
        time=state.time,
    )


def state_of(head: Head, tree: Tree) -> Checkpoint:
    """The state of a chain, ready to be signed."""
    return Checkpoint(
        chain=head.chain,
        cluster=head.cluster,
        epoch=head.epoch,
        size=tree.size,
        root=tree.root,
        head=head.hash,
        frontier=tree.frontier,
        key=head.turn,
        time=head.time,
    )


def parse(line: bytes) -> Entry:
    """One line without its end. Raises `BadRecord` for whatever is not exactly an entry."""
    if len(line) > LONGEST:
        raise _bad(f"a line of more than {LONGEST} bytes is longer than any entry")
    if why := _of_another_program(line):
        raise _bad(why)
    try:
        entry = _DECODER.decode(line)
        refuse_doubtful(entry.details)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as unfit:
        raise _bad(f"it is no entry ({unfit})") from None
    except NotCanonical as doubtful:
        raise _bad(doubtful.wrong) from None
    if entry.v != VERSION:
        raise _bad(f"it has version {entry.v}, and this reader knows {VERSION}")
    if odd := _odd(entry):
        raise _bad(odd)
    if entry.line != line:
        raise _bad("it is not in its canonical form")
    return entry


def is_hash(text: object) -> bool:
    """Whether that is a hash, or the id of a key."""
    return isinstance(text, str) and _HASH.fullmatch(text) is not None


def is_time(text: str) -> bool:
    """Whether that has the form of a time."""
    return _TIME.fullmatch(text) is not None


def is_chain(text: str) -> bool:
    """Whether that can be the id of a chain."""
    return _CHAIN.fullmatch(text) is not None


def _of_another_program(line: bytes) -> str:
    """What whoever copied the file has made of it; empty if nothing of that is seen."""
    if not line:
        return "it is an empty line"
    if line.startswith(_MARKS):
        return "it begins with a byte order mark: the file was written again in another encoding"
    if b"\0" in line:
        return "it is not in UTF-8: the file was written again in another encoding"
    if line.endswith(b"\r"):
        return "it ends with a carriage return: the file was written again with other line ends"
    return ""


def _odd(entry: Entry) -> str:
    """Which member has not the form that it must have; empty if each has."""
    forms = {
        "epoch": 0 <= entry.epoch <= LARGEST,
        "seq": 0 < entry.seq <= LARGEST,
        "chain": is_chain(entry.chain),
        "cluster": is_cluster(entry.cluster),
        "time": is_time(entry.time),
        "prev": is_hash(entry.prev),
        "key": is_hash(entry.key),
        "hash": is_hash(entry.hash),
        "sig": _SIGNATURE.fullmatch(entry.sig) is not None,
    }
    name = next((name for name, fits in forms.items() if not fits), None)
    return f"its {name} has not the form that it must have" if name is not None else ""


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
