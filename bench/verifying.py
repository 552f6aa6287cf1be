"""Verify a record and bare signatures, in turns, on one core.

python -m bench.verifying CORE ENTRIES ROUNDS

Prints JSON: CPU seconds for one entry, and for one bare verification, of each round.
"""

import json
import os
import sys
import time

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from bench.recording import CLUSTER, OneKey, a_draft
from holdfast.adapters.signers.ed25519 import check
from holdfast.audit import chain
from holdfast.audit.verification import Verifier
from holdfast.model.entries import Entry, PublicKey, signed_bytes

TIME = "2026-03-02T12:00:00.000Z"


def a_chain(count: int) -> tuple[PublicKey, list[Entry]]:
    """A record, and the key that signed it."""
    signer = OneKey().signer()
    head = chain.started("chn_bench", CLUSTER)
    drafts = map(a_draft, range(count))
    return signer.public, list(
        chain.sealed(head, drafts, time=TIME, key=signer.public.id, sign=signer.sign)
    )


def verified(key: PublicKey, lines: list[bytes]) -> float:
    """CPU seconds for an entry."""
    verifier = Verifier([key], check)
    began = time.process_time()
    for line in lines:
        verifier.take(line)
    outcome = verifier.outcome()
    took = time.process_time() - began
    if outcome.broken is not None or outcome.entries != len(lines):
        raise AssertionError("a sound record does not verify")
    return took / len(lines)


def bare(key: PublicKey, signed: list[tuple[bytes, bytes]]) -> float:
    """CPU seconds for a signature."""
    loaded = Ed25519PublicKey.from_public_bytes(key.raw)
    began = time.process_time()
    for signature, message in signed:
        loaded.verify(signature, message)
    return (time.process_time() - began) / len(signed)


def main(core: int, count: int, rounds: int) -> None:
    """In turns."""
    os.sched_setaffinity(0, {core})
    key, entries = a_chain(count)
    lines = [entry.line for entry in entries]
    signed = [(bytes.fromhex(entry.sig), signed_bytes(entry.hash)) for entry in entries]
    told: dict[str, list[float]] = {"entries": [], "bare": []}
    for _ in range(rounds):
        told["bare"].append(bare(key, signed))
        told["entries"].append(verified(key, lines))
    print(json.dumps(told))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
