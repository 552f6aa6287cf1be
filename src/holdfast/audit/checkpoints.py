"""Checkpoints: the state of a chain at one length, as a signed note (C2SP tlog-checkpoint).

Truncation and total deletion can only be found by whoever kept one of these elsewhere. It also
carries what is needed to go on from there, so that older entries may be let go.
"""

import base64
import binascii
import hashlib
from collections.abc import Iterable

from holdfast.errors import BadRecord
from holdfast.model.entries import Check, Checkpoint, PublicKey

ORIGIN = "holdfast.dev/audit/"
_DASH = "\N{EM DASH} "
_KEY_HASH = 4  # bytes of the key's hash that stand before a signature
_ED25519 = b"\x01"
LONGEST = 1 << 16
_WORDS = ("cluster", "epoch", "head", "time", "frontier")


def body(checkpoint: Checkpoint) -> bytes:
    """What is signed."""
    root = base64.b64encode(checkpoint.root).decode()
    words = {
        "cluster": checkpoint.cluster,
        "epoch": str(checkpoint.epoch),
        "head": checkpoint.head,
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
    return body(checkpoint) + f"\n{_DASH}{name} {signed}\n".encode()


def read_note(text: bytes, keys: Iterable[PublicKey], check: Check) -> Checkpoint:
    """The checkpoint of a note that one of those keys signed; raises `BadRecord` for any other."""
    if len(text) > LONGEST:
        raise _bad("it is too long")
    told, parted, signatures = text.partition(b"\n\n")
    told += b"\n"
    checkpoint = _parsed(told)
    if not parted or body(checkpoint) != told:
        raise _bad("it is not in the form in which it was signed")
    name = f"{ORIGIN}{checkpoint.chain}"
    for key in keys:
        expected = _key_hash(name, key)
        for signature in _signatures(signatures, name):
            if signature[:_KEY_HASH] == expected and check(key, told, signature[_KEY_HASH:]):
                return checkpoint
    raise _bad("no key that was given has signed it")


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
            frontier=tuple(bytes.fromhex(each) for each in words["frontier"].split(",")),
            time=words["time"],
        )
    except (UnicodeDecodeError, ValueError, KeyError, IndexError, binascii.Error):
        raise _bad("it has not the lines that it must have") from None


def _signatures(text: bytes, name: str) -> list[bytes]:
    found: list[bytes] = []
    for line in text.split(b"\n"):
        start = f"{_DASH}{name} ".encode()
        if line.startswith(start):
            try:
                found.append(base64.b64decode(line.removeprefix(start), validate=True))
            except binascii.Error:
                continue  # a witness of another make; ours decides
    return found


def _key_hash(name: str, key: PublicKey) -> bytes:
    return hashlib.sha256(name.encode() + b"\n" + _ED25519 + key.raw).digest()[:_KEY_HASH]


def _bad(why: str) -> BadRecord:
    return BadRecord(
        f"This is no checkpoint to rely on: {why}.",
        remedy="Give the file that `holdfast audit anchor` wrote, and the audit key with --key.",
    )
