"""Verify a chain from its lines: one pass, bounded memory, the first bad entry by name.

- Keys are handed in by whoever verifies. None is ever taken from the record itself.
- One key signs at a time: the first entry's, until an entry `key_rotated` names the next.
- An epoch begins only with an entry `restore_accepted`, which says what was given up.
- Every anchor must be met on the way, or lie within what a restore gave up, or be named by an
  entry `anchor_given_up` of a later epoch.
- Without an anchor, nobody can tell whether something was cut off the end: that is said.
"""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum

import msgspec

from holdfast.audit import chain
from holdfast.audit.changes import (
    GivenUp,
    Restore,
    false_epoch,
    false_giving_up,
    false_turn,
    given_up,
    restore,
)
from holdfast.audit.merkle import Tree
from holdfast.errors import BadRecord
from holdfast.model.entries import (
    GIVEN_UP,
    LET_GO,
    RESTORED,
    REVOKED,
    Check,
    Checkpoint,
    Entry,
    Head,
    PublicKey,
    entry_hash,
    signed_bytes,
)


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
    FALSE_TURN = "false_turn"  # a key is changed or revoked in a way that makes no sense
    FALSE_GIVING_UP = "false_giving_up"
    NOT_THE_ANCHORED = "not_the_anchored"
    CUT_OFF = "cut_off"


class Broken(msgspec.Struct, frozen=True, kw_only=True):
    """The first bad entry: on which line of what was read, and what is wrong with it."""

    line: int
    seq: int  # which was due, whatever the line says
    wrong: Wrong
    because: str


class Verified(msgspec.Struct, frozen=True, kw_only=True):
    """What holds: up to the whole chain, or up to the first bad entry."""

    entries: int  # verified in this run
    state: Checkpoint | None  # the chain's, as far as it holds; None for nothing at all
    anchored: int  # up to this size truncation is excluded; 0: by no anchor
    restores: tuple[Restore, ...]
    keys: tuple[str, ...]  # that signed, in their order
    revoked: tuple[str, ...]
    given_up: tuple[GivenUp, ...]
    let_go: tuple[int, ...]  # up to which entries, as the record itself says
    broken: Broken | None


type _Fault = tuple[Wrong, str] | None


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
        self._anchors = tuple(anchors)
        self._cluster = cluster
        self._start = start
        self._head: Head | None = chain.head_of(start) if start is not None else None
        self._tree = Tree(start.size, start.frontier) if start is not None else Tree()
        self._met: set[Checkpoint] = {a for a in anchors if a == start}
        self._signers: list[str] = []
        self._revoked: list[str] = []
        self._restores: list[Restore] = []
        self._given_up: list[GivenUp] = []
        self._let_go: list[int] = []
        self._lines = 0
        self._broken: Broken | None = None
        if start is not None:
            self._judge_start(start)

    def take(self, line: bytes) -> bool:
        """Take one line, without its end; False once the chain is broken."""
        if self._broken is not None:
            return False
        self._lines += 1
        try:
            entry = chain.parse(line)
        except BadRecord as bad:
            return self._break(Wrong.MALFORMED, bad.wrong)
        head = self._head or chain.started(entry.chain, self._cluster or entry.cluster)
        fault = self._place(entry, head) or self._sense(entry, head) or self._signature(entry, head)
        if fault is None:
            fault = self._meets(entry, chain.after(head, entry))
        if fault is not None:
            return self._break(*fault)
        self._append(entry, head)
        return True

    def breaks_off(self) -> bool:
        """The next line has no end: it is no entry, whatever it holds."""
        if self._broken is None:
            self._lines += 1
            self._break(Wrong.MALFORMED, "the file ends in the middle of it")
        return False

    def outcome(self) -> Verified:
        """What holds after the last line."""
        if self._broken is None:
            fault = next((f for a in self._anchors if (f := self._unmet(a)) is not None), None)
            if fault is not None:
                self._break(*fault)
        head = self._head
        return Verified(
            entries=self._tree.size - (self._start.size if self._start is not None else 0),
            state=chain.state_of(head, self._tree) if head is not None else None,
            anchored=max((anchor.size for anchor in self._met), default=0),
            restores=tuple(self._restores),
            keys=tuple(self._signers),
            revoked=tuple(self._revoked),
            given_up=tuple(self._given_up),
            let_go=tuple(self._let_go),
            broken=self._broken,
        )

    def _judge_start(self, start: Checkpoint) -> None:
        """It is of the cluster that was asked for, and no anchor of its length knows another."""
        if self._cluster not in ("", start.cluster):
            self._break(Wrong.OTHER_CHAIN, f"the checkpoint is of cluster {start.cluster}")
        for anchor in self._anchors:
            same = (anchor.epoch, anchor.size) == (start.epoch, start.size)
            if same and anchor != start:
                self._break(Wrong.NOT_THE_ANCHORED, f"the anchor of size {anchor.size} is another")

    def _place(self, entry: Entry, head: Head) -> _Fault:
        cluster = self._cluster or head.cluster
        if (entry.chain, entry.cluster) != (head.chain, cluster):
            return Wrong.OTHER_CHAIN, f"it is of chain {entry.chain} of cluster {entry.cluster}"
        if entry.seq != head.seq + 1:
            wrong = Wrong.REPEATED if entry.seq <= head.seq else Wrong.MISSING
            return wrong, f"entry {entry.seq} stands after entry {head.seq}"
        if entry.prev != head.hash:
            return Wrong.BROKEN_LINK, "it does not continue the entry before it"
        if entry.hash != entry_hash(entry.hashed):
            return Wrong.CHANGED, "its hash is not that of what it says"
        return None

    def _sense(self, entry: Entry, head: Head) -> _Fault:
        if entry.time < head.time:
            return Wrong.TIME_RUNS_BACK, f"it was sealed at {entry.time}, before {head.time}"
        if why := false_epoch(entry, head):
            return Wrong.FALSE_EPOCH, why
        if why := false_turn(entry, self._revoked):
            return Wrong.FALSE_TURN, why
        if why := false_giving_up(entry):
            return Wrong.FALSE_GIVING_UP, why
        return None

    def _signature(self, entry: Entry, head: Head) -> _Fault:
        key = self._keys.get(entry.key)
        if key is None:
            return Wrong.UNKNOWN_KEY, f"it is signed by key {entry.key}, which was not given"
        if head.turn not in ("", entry.key) and entry.kind != RESTORED:
            return Wrong.OTHER_KEY, f"it is signed by key {entry.key} in the turn of {head.turn}"
        if entry.key in self._revoked:
            return Wrong.OTHER_KEY, f"it is signed by key {entry.key}, which was revoked before"
        if not self._check(key, signed_bytes(entry.hash), bytes.fromhex(entry.sig)):
            return Wrong.BAD_SIGNATURE, f"its signature is not of key {entry.key}"
        return None

    def _meets(self, entry: Entry, head: Head) -> _Fault:
        """Whether the chain with that entry is what the anchors of its length say."""
        here = [a for a in self._anchors if (a.epoch, a.size) == (entry.epoch, entry.seq)]
        if not here:
            return None
        tree = Tree(self._tree.size, self._tree.frontier)
        tree.append(bytes.fromhex(entry.hash))
        state = chain.state_of(head, tree)
        for anchor in here:
            if anchor != state:
                return Wrong.NOT_THE_ANCHORED, f"the anchor of size {anchor.size} knows another"
            self._met.add(anchor)
        return None

    def _append(self, entry: Entry, head: Head) -> None:
        self._head = chain.after(head, entry)
        self._tree.append(bytes.fromhex(entry.hash))
        if entry.key not in self._signers:
            self._signers.append(entry.key)
        if entry.kind == REVOKED:
            self._revoked.append(str(entry.details["key"]))
        elif entry.kind == RESTORED and (told := restore(entry, head)) is not None:
            self._restores.append(told)
        elif entry.kind == GIVEN_UP and (gone := given_up(entry)) is not None:
            self._given_up.append(gone)
        elif entry.kind == LET_GO and isinstance(size := entry.details.get("size"), int):
            self._let_go.append(size)

    def _unmet(self, anchor: Checkpoint) -> _Fault:
        """An anchor must have been met, be given up, or be of entries that were let go before."""
        head = self._head
        if head is not None and (anchor.chain, anchor.cluster) != (head.chain, head.cluster):
            return Wrong.OTHER_CHAIN, f"the anchor is of chain {anchor.chain}"
        if anchor in self._met or any(each.gave_up(anchor) for each in self._restores):
            return None
        if any(each.gave_up(anchor) for each in self._given_up):
            return None
        if self._start is not None and head is not None and _passed_over(anchor, self._start, head):
            return None
        had = head.seq if head is not None else 0
        if anchor.size > had:
            return Wrong.CUT_OFF, f"the anchor knows {anchor.size} entries, and there are {had}"
        return Wrong.NOT_THE_ANCHORED, f"the anchor of epoch {anchor.epoch} was not met"

    def _break(self, wrong: Wrong, because: str) -> bool:
        seq = (self._head.seq if self._head is not None else 0) + 1
        self._broken = Broken(line=self._lines, seq=seq, wrong=wrong, because=because)
        return False


def _passed_over(anchor: Checkpoint, start: Checkpoint, head: Head) -> bool:
    """Whether an anchor is of entries that were let go before, and cannot be compared."""
    return anchor.size < start.size and anchor.epoch <= head.epoch
