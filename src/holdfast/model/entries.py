"""The audit record's words: what is submitted, what was sealed, what a checkpoint vouches for."""

import base64
import hashlib
import re
from collections.abc import Callable, Mapping
from types import MappingProxyType

import msgspec

from holdfast.errors import NotCanonical
from holdfast.model.access import Process
from holdfast.model.canonical import Plain, canonical

VERSION = 1
ROTATED, REVOKED, RESTORED = "key_rotated", "key_revoked", "restore_accepted"
GIVEN_UP = "anchor_given_up"
"""The kinds of entries that change how a record is judged."""

LET_GO = "entries_let_go"
"""Older entries were exported and dropped; it says up to which one."""

LONGEST_ID = 200  # characters of a draft's id
UNREADABLE = "unreadable"  # the kind of a draft whose row was written by nobody of ours
LONGEST_DRAFT = 1_000_000  # bytes: its line stays below what a reader accepts

ENTRY_DOMAIN = b"holdfast-audit-entry-v1\n"
"""Stands before what an entry's signature covers, so that it is a signature of nothing else."""


_CLUSTER = re.compile(r"[A-Za-z0-9._-]{1,128}")

SERVED = frozenset({"signal", "model_call"})
"""What `serve` may record by itself: everything else is the keeper's word, or a person's."""


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody has to record: everything about it but its place in the chain."""

    id: str
    kind: str  # `proposal`, `verdict`, `key_rotated`, ...
    actor: str
    subjects: tuple[str, ...] = ()
    details: Mapping[str, Plain] = MappingProxyType({})  # redacted; never a secret's value
    process: Process = Process.KEEPER  # who submitted it: the store says so, and nobody else


class Entry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One line of the chain. All bytes are lower-case hex."""

    v: int
    chain: str
    cluster: str
    epoch: int
    seq: int  # from 1 on, without a gap
    time: str  # when it was sealed; never earlier than the entry before
    id: str
    kind: str
    actor: str
    subjects: tuple[str, ...]
    details: dict[str, object]
    prev: str  # the hash of the entry before, or what `genesis` says
    key: str  # the id of the key that signed
    hash: str
    sig: str

    @property
    def line(self) -> bytes:
        """The entry as it is written: canonical, without a line end."""
        return _LINE.encode(self)

    @property
    def hashed(self) -> bytes:
        """What its hash is the hash of: everything but the hash and the signature."""
        told = {name: getattr(self, name) for name in BODY}
        return _LINE.encode(told)


BODY = tuple(name for name in Entry.__struct_fields__ if name not in ("hash", "sig"))
_LINE = msgspec.json.Encoder(order="sorted")


class PublicKey(msgspec.Struct, frozen=True, kw_only=True):
    """An Ed25519 public key, known by its thumbprint."""

    raw: bytes

    @property
    def id(self) -> str:
        """SHA-256 over the key as a JSON Web Key (RFC 7638, RFC 8037), in hex."""
        return hashlib.sha256(
            canonical({"crv": "Ed25519", "kty": "OKP", "x": base64url(self.raw)})
        ).hexdigest()


type Check = Callable[[PublicKey, bytes, bytes], bool]
"""Whether that key signed that message with that signature. What computes it stands outside."""


class Checkpoint(msgspec.Struct, frozen=True, kw_only=True):
    """A chain's state at one length: whoever keeps one can tell that nothing was cut off since."""

    chain: str
    cluster: str
    epoch: int
    size: int
    root: bytes  # of the Merkle tree over the entries' hashes
    head: str  # the hash of the last entry
    frontier: tuple[bytes, ...]  # roots of the full subtrees, so that the tree can be continued
    key: str  # whose turn it is to sign
    time: str


class Segment(msgspec.Struct, frozen=True, kw_only=True):
    """The end of a part of the chain, as a signed note: what stands before it may be let go."""

    size: int
    time: str  # of its last entry
    note: bytes
    let_go: bool = False


def genesis(chain: str, cluster: str) -> str:
    """What stands in place of a hash before the first entry."""
    return hashlib.sha256(f"holdfast-audit-chain-v1\n{chain}\n{cluster}\n".encode()).hexdigest()


def is_cluster(text: str) -> bool:
    """Whether that can be the uid of a cluster."""
    return _CLUSTER.fullmatch(text) is not None


def entry_hash(hashed: bytes) -> str:
    """The hash of an entry, over its canonical body."""
    return hashlib.sha256(hashed).hexdigest()


def signed_bytes(hash_: str) -> bytes:
    """What an entry's signature covers."""
    return ENTRY_DOMAIN + bytes.fromhex(hash_)


def base64url(raw: bytes) -> str:
    """Base64 for URLs, without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def check_draft(draft: Draft) -> None:
    """Raise `NotCanonical` for a draft that could not be sealed, before anybody relies on it."""
    if not draft.id:
        raise NotCanonical("A record needs an id.", remedy="Give it one that nothing else has.")
    if len(draft.id) > LONGEST_ID:
        raise NotCanonical(
            f"An id of {len(draft.id)} characters is too long.",
            remedy=f"Take an id of at most {LONGEST_ID}.",
        )
    who = canonical([draft.id, draft.kind, draft.actor, list(draft.subjects)])
    size = len(who) + len(canonical(draft.details))
    if size > LONGEST_DRAFT:
        raise NotCanonical(
            f"A record of {size} bytes is too long.",
            remedy=f"Record at most {LONGEST_DRAFT} bytes, and the hash of what is longer.",
        )


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """The end of a chain: what the next entry continues."""

    chain: str
    cluster: str
    epoch: int = 0
    seq: int = 0
    hash: str = ""  # of the last entry; what `genesis` says before the first
    turn: str = ""  # the id of the key that signs next; empty before the first entry
    time: str = ""
