"""Verify a chain from its lines: one pass, bounded memory, the first bad entry by name.

- Keys are handed in by whoever verifies. None is ever taken from the record itself.
- One key signs at a time: the first entry's, until an entry `key_rotated` names the next.
- An epoch begins only with an entry `restore_accepted`, which says what was given up.
- Without an anchor, nobody can tell whether something was cut off the end: that is said.
"""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum

import msgspec

from holdfast.audit import chain
from holdfast.audit.merkle import Tree
from holdfast.errors import BadRecord
from holdfast.model.entries import (
    Check,
    Checkpoint,
    Entry,
    Head,
    PublicKey,
    entry_hash,
    genesis,
    signed_bytes,
)

ROTATED, REVOKED, RESTORED = "key_rotated", "key_revoked", "restore_accepted"


class Wrong(StrEnum):
    """What can be wrong with an entry."""

    MALFORMED = "malformed"
    OTHER_CHAIN = "other_chain"
    MISSING = "missing"  # entries before this one are not there
    REPEATED = "repeated"
    BROKEN_LINK = "broken_link"
    CHANGED = "changed"  # its hash is not the hash of what it says
    UNKNOWN_KEY = "unknown_key"
    OTHER_KEY = "other_key"  # a key that we know, and whose turn it is not
    BAD_SIGNATURE = "bad_signature"
    TIME_RUNS_BACK = "time_runs_back"
    FALSE_EPOCH = "false_epoch"
    NOT_THE_ANCHORED = "not_the_anchored"
    CUT_OFF = "cut_off"


class Broken(msgspec.Struct, frozen=True, kw_only=True):
    """The first bad entry: on which line of what was read, and what is wrong with it."""

    line: int
    seq: int  # as far as the chain before it tells
    wrong: Wrong
    because: str


class Restore(msgspec.Struct, frozen=True, kw_only=True):
    """A restored backup that somebody accepted, and what was lost by it."""

    seq: int
    epoch: int  # the new one
    abandoned: int  # the size that the chain had had


class Verified(msgspec.Struct, frozen=True, kw_only=True):
    """What holds: up to the whole chain, or up to the first bad entry."""

    entries: int  # verified in this run
    checkpoint: Checkpoint | None  # the state at the end; None for nothing at all
    anchored: int  # up to this size truncation is excluded; 0: by no anchor
    restores: tuple[Restore, ...]
    keys: tuple[str, ...]  # that signed, in their order
    revoked: tuple[str, ...]
    broken: Broken | None


class Verifier:
    """Takes lines one after the other, and stops believing at the first bad one."""

    def __init__(
        self,
        keys: Iterable[PublicKey],
        check: Check,
        *,
        anchors: Sequence[Checkpoint] = (),
        start: Checkpoint | None = None,
        cluster: str = "",
    ) -> None:
        self._keys: Mapping[str, PublicKey] = {key.id: key for key in keys}
        self._check = check
        self._anchors = tuple(sorted(anchors, key=lambda a: (a.epoch, a.size)))
        self._cluster = cluster or (start.cluster if start is not None else "")
        self._head: Head | None = None if start is None else _head_of(start)
        self._tree = Tree() if start is None else Tree(start.size, start.frontier)
        self._signers: list[str] = []
        self._turn = ""  # whose turn it is to sign; empty until the first entry says
        self._revoked: list[str] = []
        self._restores: list[Restore] = []
        self._lines = 0
        self._entries = 0
        self._anchored = 0
        self._broken: Broken | None = None

    def take(self, line: bytes) -> bool:
        """Take one line, without its end; False once the chain is broken."""
        if self._broken is not None:
            return False
        self._lines += 1
        try:
            entry = chain.parse(line)
        except BadRecord as bad:
            return self._break(Wrong.MALFORMED, bad.wrong)
        wrong = self._place(entry) or self._signature(entry)
        if wrong is not None:
            return self._break(*wrong)
        self._append(entry)
        return self._against_anchors()

    def outcome(self) -> Verified:
        """What holds after the last line."""
        self._against_the_end()
        return Verified(
            entries=self._entries,
            checkpoint=self._checkpoint(),
            anchored=self._anchored,
            restores=tuple(self._restores),
            keys=tuple(self._signers),
            revoked=tuple(self._revoked),
            broken=self._broken,
        )

    def _place(self, entry: Entry) -> tuple[Wrong, str] | None:
        head = self._head or self._beginning(entry)
        if (entry.chain, entry.cluster) != (head.chain, head.cluster):
            return Wrong.OTHER_CHAIN, f"it is of chain {entry.chain} of cluster {entry.cluster}"
        if entry.seq != head.seq + 1:
            wrong = Wrong.REPEATED if entry.seq <= head.seq else Wrong.MISSING
            return wrong, f"entry {entry.seq} stands after entry {head.seq}"
        return self._link(entry, head) or _epoch(entry, head)

    @staticmethod
    def _link(entry: Entry, head: Head) -> tuple[Wrong, str] | None:
        if entry.prev != head.hash:
            return Wrong.BROKEN_LINK, "it does not continue the entry before it"
        if entry.hash != entry_hash(entry.hashed):
            return Wrong.CHANGED, "its hash is not that of what it says"
        if entry.time < head.time:
            return Wrong.TIME_RUNS_BACK, f"it was sealed at {entry.time}, before {head.time}"
        return None

    def _beginning(self, entry: Entry) -> Head:
        cluster = self._cluster or entry.cluster
        return Head(chain=entry.chain, cluster=cluster, hash=genesis(entry.chain, cluster))

    def _signature(self, entry: Entry) -> tuple[Wrong, str] | None:
        key = self._keys.get(entry.key)
        if key is None:
            return Wrong.UNKNOWN_KEY, f"it is signed by key {entry.key}, which was not given"
        if self._turn and entry.key != self._turn:
            return Wrong.OTHER_KEY, f"it is signed by key {entry.key} in the turn of {self._turn}"
        if entry.key in self._revoked:
            return Wrong.OTHER_KEY, f"it is signed by key {entry.key}, which was revoked before"
        if not self._check(key, signed_bytes(entry.hash), bytes.fromhex(entry.sig)):
            return Wrong.BAD_SIGNATURE, f"its signature is not of key {entry.key}"
        return None

    def _append(self, entry: Entry) -> None:
        self._head = chain.after(self._head or self._beginning(entry), entry)
        self._tree.append(bytes.fromhex(entry.hash))
        self._entries += 1
        if entry.key not in self._signers:
            self._signers.append(entry.key)
        self._turn = entry.key
        if entry.kind == ROTATED:
            self._turn = str(entry.details.get("to", ""))
        elif entry.kind == REVOKED:
            self._revoked.append(str(entry.details.get("key", "")))
        elif entry.kind == RESTORED:
            self._restores.append(
                Restore(seq=entry.seq, epoch=entry.epoch, abandoned=_abandoned(entry) or 0)
            )

    def _against_anchors(self) -> bool:
        head = self._head
        for anchor in self._anchors:
            if head is None or anchor.size != head.seq or anchor.epoch != head.epoch:
                continue
            if not _same(anchor, head, self._tree):
                return self._break(
                    Wrong.NOT_THE_ANCHORED, f"the anchor of size {anchor.size} has another history"
                )
            self._anchored = anchor.size
        return True

    def _against_the_end(self) -> None:
        """Every anchor was met on the way, or lies in what a restore gave up."""
        head = self._head
        for anchor in self._anchors:
            if self._broken is not None:
                return
            if head is not None and (anchor.chain, anchor.cluster) != (head.chain, head.cluster):
                self._break(Wrong.OTHER_CHAIN, f"the anchor is of chain {anchor.chain}")
            elif anchor.size > self._vouched(anchor.epoch):
                had = head.seq if head is not None else 0
                self._break(
                    Wrong.CUT_OFF, f"the anchor knows {anchor.size} entries, and there are {had}"
                )

    def _vouched(self, epoch: int) -> int:
        """Up to which size the chain answers for that epoch: its own, or what it gave up."""
        given_up = next((r.abandoned for r in self._restores if r.epoch == epoch + 1), None)
        if given_up is not None:
            return given_up
        head = self._head
        return head.seq if head is not None and head.epoch >= epoch else 0

    def _checkpoint(self) -> Checkpoint | None:
        head = self._head
        if head is None or head.seq == 0:
            return None
        return checkpoint_of(head, self._tree)

    def _break(self, wrong: Wrong, because: str) -> bool:
        seq = (self._head.seq if self._head is not None else 0) + 1
        self._broken = Broken(line=self._lines, seq=seq, wrong=wrong, because=because)
        return False


def checkpoint_of(head: Head, tree: Tree) -> Checkpoint:
    """The state of a chain, ready to be signed."""
    return Checkpoint(
        chain=head.chain,
        cluster=head.cluster,
        epoch=head.epoch,
        size=tree.size,
        root=tree.root,
        head=head.hash,
        frontier=tree.frontier,
        time=head.time,
    )


def _head_of(start: Checkpoint) -> Head:
    return Head(
        chain=start.chain,
        cluster=start.cluster,
        epoch=start.epoch,
        seq=start.size,
        hash=start.head,
        time=start.time,
    )


def _same(anchor: Checkpoint, head: Head, tree: Tree) -> bool:
    return (anchor.chain, anchor.cluster, anchor.head, anchor.root) == (
        head.chain,
        head.cluster,
        head.hash,
        tree.root,
    )


def _abandoned(entry: Entry) -> int | None:
    size = entry.details.get("abandoned_size")
    return size if isinstance(size, int) and not isinstance(size, bool) and size >= 0 else None


def _epoch(entry: Entry, head: Head) -> tuple[Wrong, str] | None:
    begins = entry.kind == RESTORED
    if entry.epoch != head.epoch + begins:
        return Wrong.FALSE_EPOCH, f"it says epoch {entry.epoch} after epoch {head.epoch}"
    if begins and _abandoned(entry) is None:
        return Wrong.FALSE_EPOCH, "it does not say what was given up"
    return None
