"""Checkpoints: the state of a chain at one length, as a signed note (C2SP tlog-checkpoint).

Truncation and total deletion can only be found by whoever kept one of these elsewhere. It also
carries what is needed to go on from there, so that older entries may be let go.
"""

import base64
import binascii
import hashlib
from collections.abc import Iterable

from holdfast.audit.chain import is_chain, is_hash, is_time
from holdfast.audit.merkle import Tree
from holdfast.errors import BadRecord
from holdfast.model.canonical import LARGEST
from holdfast.model.entries import Check, Checkpoint, PublicKey, is_cluster

ORIGIN = "holdfast.dev/audit/"
DASH = "\N{EM DASH}"
_KEY_HASH = 4  # bytes of the key's hash that stand before a signature
_ED25519 = b"\x01"
LONGEST = 1 << 16
HASH = 32  # bytes
_WORDS = ("cluster", "epoch", "head", "key", "time", "frontier")


def body(checkpoint: Checkpoint) -> bytes:
    """What is signed."""
    root = base64.b64encode(checkpoint.root).decode()
    words = {
        "cluster": checkpoint.cluster,
        "epoch": str(checkpoint.epoch),
        "head": checkpoint.head,
        "key": checkpoint.key,
        "time": checkpoint.time,
        "frontier": ",".join(each.hex() for each in checkpoint.frontier),
    }
    told = [f"{ORIGIN}{checkpoint.chain}", str(checkpoint.size), root]
    told += [f"{word} {words[word]}" for word in _WORDS]
    return "".join(f"{line}\n" for line in told).encode()


def note(checkpoint: Checkpoint, key: PublicKey, signature: bytes) -> bytes:
    """The checkpoint as it is kept, with a signature over its body."""
    name = f"{ORIGIN}{checkpoint.chain}"
    signed = base64.b64encode(_key_hash(name, key) + signature).decode()
    return body(checkpoint) + f"\n{DASH} {name} {signed}\n".encode()


def read_note(text: bytes, keys: Iterable[PublicKey], check: Check) -> Checkpoint:
    """The checkpoint of a note that its own key has signed, if that is one of those keys.

    Raises `BadRecord` for any other.
    """
    if len(text) > LONGEST:
        raise _bad("it is too long")
    told, parted, signatures = text.partition(b"\n\n")
    told += b"\n"
    checkpoint = _parsed(told)
    if not parted or body(checkpoint) != told or not _sound(checkpoint):
        raise _bad("it is not in the form in which it was signed")
    key = next((key for key in keys if key.id == checkpoint.key), None)
    if key is None:
        raise _bad(f"it is to be signed by key {checkpoint.key}, which was not given")
    name = f"{ORIGIN}{checkpoint.chain}"
    ours = [
        signed[_KEY_HASH:]
        for signer, signed in _signatures(signatures)
        if signer == name and signed[:_KEY_HASH] == _key_hash(name, key)
    ]
    if not ours or not all(check(key, told, signature) for signature in ours):
        raise _bad(f"key {key.id} has not signed it")
    return checkpoint


def _sound(checkpoint: Checkpoint) -> bool:
    """Whether it can be the state of a chain at all."""
    if not 0 < checkpoint.size <= LARGEST or not 0 <= checkpoint.epoch <= LARGEST:
        return False
    if checkpoint.size.bit_count() != len(checkpoint.frontier):
        return False
    return (
        all(len(each) == HASH for each in (checkpoint.root, *checkpoint.frontier))
        and Tree(checkpoint.size, checkpoint.frontier).root == checkpoint.root
        and is_hash(checkpoint.head)
        and is_hash(checkpoint.key)
        and is_time(checkpoint.time)
        and is_chain(checkpoint.chain)
        and is_cluster(checkpoint.cluster)
    )


def _parsed(told: bytes) -> Checkpoint:
    try:
        lines = told.decode().splitlines()
        words = dict(line.split(" ", 1) for line in lines[3:])
        return Checkpoint(
            chain=lines[0].removeprefix(ORIGIN),
            cluster=words["cluster"],
            epoch=int(words["epoch"]),
            size=int(lines[1]),
            root=base64.b64decode(lines[2], validate=True),
            head=words["head"],
            key=words["key"],
            frontier=tuple(bytes.fromhex(each) for each in words["frontier"].split(",")),
            time=words["time"],
        )
    except (UnicodeDecodeError, ValueError, KeyError, IndexError, binascii.Error):
        raise _bad("it has not the lines that it must have") from None


def _signatures(text: bytes) -> list[tuple[str, bytes]]:
    """Who signed, and what stands behind his name. Witnesses may stand beside us."""
    if not text.endswith(b"\n"):
        raise _bad("it is cut off")
    found: list[tuple[str, bytes]] = []
    for line in text.removesuffix(b"\n").split(b"\n"):
        try:
            dash, name, signed = line.decode().split(" ")
            raw = base64.b64decode(signed, validate=True)
        except (UnicodeDecodeError, ValueError):
            raise _bad("a line below it is no signature") from None
        if dash != DASH or base64.b64encode(raw).decode() != signed:
            raise _bad("a line below it is no signature")
        found.append((name, raw))
    return found


def _key_hash(name: str, key: PublicKey) -> bytes:
    return hashlib.sha256(name.encode() + b"\n" + _ED25519 + key.raw).digest()[:_KEY_HASH]


def _bad(why: str) -> BadRecord:
    return BadRecord(
        f"This is no checkpoint to rely on: {why}.",
        remedy="Give the file that `holdfast audit anchor` wrote, and the audit key with --key.",
    )
