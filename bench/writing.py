"""Write a long record, entry after entry, into a file or a pipe.

python -m bench.writing COUNT TEXT PROOFS FILE

COUNT entries, each with TEXT bytes of text in it. Prints JSON: how many bytes were written, and how
many the longest of PROOFS proofs of inclusion of single entries has, all of which prove.
"""

import json
import random
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec

from bench.recording import CLUSTER, OneKey, a_draft
from holdfast.audit import chain, merkle
from holdfast.model.entries import Entry
from holdfast.ports import Signer

TIME = "2026-03-02T12:00:00.000Z"
AT_ONCE = 100
SEED = 20261128


def entries(signer: Signer, count: int, text: int) -> Iterator[Entry]:
    """The record, some entries at a time."""
    head = chain.started("chn_bench", CLUSTER)
    for first in range(0, count, AT_ONCE):
        drafts = [a_draft(n, text) for n in range(first, min(count, first + AT_ONCE))]
        for entry in chain.sealed(head, drafts, time=TIME, key=signer.public.id, sign=signer.sign):
            yield entry
            head = chain.after(head, entry)


def longest_proof(kept: dict[int, Entry], leaves: list[bytes]) -> int:
    """Bytes of the longest proof of those entries, each of which proves."""
    longest, root = 0, merkle.grown(leaves).root
    for index, entry in kept.items():
        path = merkle.roots(merkle.inclusion(index, len(leaves)), leaves, merkle.Tree())
        if not merkle.proves_inclusion(index, len(leaves), leaves[index], path, root):
            raise AssertionError(f"entry {index} is not proved")
        proof = {"size": len(leaves), "index": index, "root": root.hex(), "entry": entry}
        told = msgspec.json.encode(proof | {"path": [each.hex() for each in path]})
        longest = max(longest, len(told))
    return longest


def main(count: int, text: int, proofs: int, file: Path) -> None:
    """Write, then prove."""
    written, leaves, kept = 0, list[bytes](), dict[int, Entry]()
    wanted = {0, count - 1, *random.Random(SEED).sample(range(count), proofs)} if proofs else set()
    with file.open("wb") as opened:
        for number, entry in enumerate(entries(OneKey().signer(), count, text)):
            written += opened.write(entry.line + b"\n")
            if proofs:
                leaves.append(bytes.fromhex(entry.hash))
            if number in wanted:
                kept[number] = entry
    print(json.dumps({"bytes": written, "proof": longest_proof(kept, leaves) if proofs else 0}))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]))
