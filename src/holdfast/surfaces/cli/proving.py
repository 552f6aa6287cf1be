"""Proofs of the record for whoever has a checkpoint: short, and only of what holds.

- An entry is shown only if its hash is that of what it says, and a key of ours signed it that was
  not revoked before.
- The hash of each other entry that a proof is made of is judged as well.
"""

from collections.abc import Iterator

import msgspec

from holdfast.audit import chain, merkle
from holdfast.audit.merkle import Tree
from holdfast.errors import BadInput, BadRecord
from holdfast.model.entries import Checkpoint, Entry
from holdfast.surfaces.cli.audit import tip_of
from holdfast.surfaces.cli.exits import NOTHING
from holdfast.surfaces.cli.forms import as_json
from holdfast.surfaces.cli.ground import Ground
from holdfast.workflow.in_the_chain import (
    require_not_revoked,
    require_signed,
    require_whole,
    revocations,
)
from holdfast.workflow.retention import Trust

API_VERSION = "holdfast.dev/v1alpha1"


def prove(ground: Ground, seq: int, anchor: Checkpoint | None, *, prefix: bool) -> int:
    """Print the proof that an entry is in the record of that checkpoint."""
    trust = Trust(keys=ground.keys(()), check=ground.check)
    with ground.store() as store, store.reading() as tx:
        size = anchor.size if anchor is not None else tip_of(tx.records).size
        if not 0 < seq <= size:
            raise BadInput(
                f"There is no entry {seq} among {size}.", remedy="Name one from 1 on, up to that."
            )
        gone = trust.read(tx.records.start())
        if gone is not None and (seq < gone.size or (seq == gone.size and not prefix)):
            raise BadInput(
                f"Entry {seq} was let go, as all up to {gone.size}.",
                remedy="It is in the files that `holdfast audit retain` wrote.",
            )
        start = Tree(gone.size, gone.frontier) if gone is not None else Tree()
        seen = _Seen(seq, size, Tree(start.size, start.frontier))
        spans = merkle.consistency(seq, size) if prefix else merkle.inclusion(seq - 1, size)
        try:
            path = merkle.roots(spans, seen.leaves(tx.records.lines()), start)
        except ValueError:
            path = None
        revoked = revocations(tx.records)
    root = seen.tree.root
    if path is None or seen.tree.size < size or (anchor is not None and anchor.root != root):
        raise BadRecord(
            "The record is not the one that this checkpoint knows.",
            remedy="See what is wrong with: holdfast audit verify --anchor",
        )
    if seen.entry is not None:
        require_signed(seen.entry, {each.id: each for each in trust.keys}, trust.check)
        require_not_revoked(seen.entry, revoked)
    proof = {
        "apiVersion": API_VERSION,
        "kind": "ConsistencyProof" if prefix else "InclusionProof",
        "size": size,
        "root": root.hex(),
        "path": [each.hex() for each in path],
    }
    if prefix:
        proof |= {"of": seq, "ofRoot": seen.root.hex()}
    else:
        proof |= {"index": seq - 1, "entry": msgspec.to_builtins(seen.entry)}
    print(as_json(proof))
    return NOTHING


class _Seen:
    """What is picked up while the leaves of a tree pass by."""

    def __init__(self, seq: int, size: int, tree: Tree) -> None:
        self._seq = seq
        self._size = size
        self.tree = tree
        self.root = tree.root  # of the first `seq` leaves
        self.entry: Entry | None = None

    def leaves(self, lines: Iterator[bytes]) -> Iterator[bytes]:
        """The hashes of the entries, up to the size."""
        for line in lines:
            if self.tree.size == self._size:
                return
            entry = chain.parse(line)
            require_whole(entry)
            leaf = bytes.fromhex(entry.hash)
            self.tree.append(leaf)
            if self.tree.size == self._seq:
                self.root, self.entry = self.tree.root, entry
            yield leaf
