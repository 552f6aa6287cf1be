"""Chains for the tests: keys from a seed, entries of every sort that the record has."""

import hashlib
import random
from collections.abc import Mapping, Sequence

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from holdfast.adapters.signers.ed25519 import KeyInMemory, check
from holdfast.audit import chain
from holdfast.audit.merkle import Tree
from holdfast.audit.verification import Verified, Verifier
from holdfast.model.canonical import Plain
from holdfast.model.entries import Checkpoint, Draft, Entry, Head, PublicKey
from holdfast.ports import Store
from holdfast.ports.keys import Signer

CHAIN, CLUSTER = "chn_test", "7e8d3c52-0000-4000-8000-000000000001"
KINDS = ("signal", "proposal", "verdict", "expired", "lease", "step", "outcome")

SIGNED: Mapping[str, Plain] = {"statement": "{}", "signature": "made up"}
"""With this a person's word is sealed as one; who has the people file says that it is nobody's."""


def a_key(name: str = "audit") -> KeyInMemory:
    return KeyInMemory(Ed25519PrivateKey.from_private_bytes(hashlib.sha256(name.encode()).digest()))


def a_draft(number: int, *, kind: str | None = None, **details: object) -> Draft:
    told = details or {
        "number": number,
        "because": f'kube-system is never touched \N{EM DASH} \U0001f600 <&> \\ " {number}',
        "layers": [{"by": "protected_namespaces", "refused": number % 2 == 0}, None],
        "nested": {"a": {"b": [1, -2, 2**53 - 1]}, "A": "", "a-b": "tab\there"},
    }
    return Draft(
        id=f"ent_{number:026d}",
        kind=kind or KINDS[number % len(KINDS)],
        actor="keeper",
        subjects=(f"Deployment/shop/web-{number}",),
        details=told,  # type: ignore[arg-type]
    )


def a_chain(
    length: int, *, key: KeyInMemory | None = None, head: Head | None = None, first: int = 1
) -> list[Entry]:
    drafts = [a_draft(n) for n in range(first, first + length)]
    return a_chain_of(drafts, key=key, head=head)


def a_chain_of(
    drafts: Sequence[Draft], *, key: KeyInMemory | None = None, head: Head | None = None
) -> list[Entry]:
    key = key or a_key()
    head = head or chain.started(CHAIN, CLUSTER)
    time = "2026-01-01T12:00:00.000Z"
    return list(chain.sealed(head, drafts, time=time, key=key.public.id, sign=key.sign))


def at_the_end(store: Store, key: Signer, *drafts: Draft) -> None:
    """More at the end of a chain, as whoever has that key and the database can write it."""
    with store.transaction() as tx:
        tip = tx.records.tip()
        assert tip is not None
        head, tree = chain.head_of(tip), Tree(tip.size, tip.frontier)
        made = chain.sealed(head, drafts, time=tip.time, key=key.public.id, sign=key.sign)
        for each in made:
            tree.append(bytes.fromhex(each.hash))
        tx.records.seal(made, chain.state_of(chain.after(head, made[-1]), tree))


def lines(entries: Sequence[Entry]) -> list[bytes]:
    return [entry.line for entry in entries]


def verified(
    told: Sequence[bytes],
    *,
    keys: Sequence[PublicKey] | None = None,
    anchors: Sequence[Checkpoint] = (),
    start: Checkpoint | None = None,
    cluster: str = "",
) -> Verified:
    verifier = Verifier(
        keys if keys is not None else [a_key().public],
        check,
        anchors=anchors,
        start=start,
        cluster=cluster,
    )
    for line in told:
        if not verifier.take(line):
            break
    return verifier.outcome()


def checkpoints(entries: Sequence[Entry]) -> list[Checkpoint]:
    """The state after each entry."""
    tree, head = Tree(), chain.started(CHAIN, CLUSTER)
    states: list[Checkpoint] = []
    for entry in entries:
        tree.append(bytes.fromhex(entry.hash))
        head = chain.after(head, entry)
        states.append(chain.state_of(head, tree))
    return states


def flipped(line: bytes, at: int, dice: random.Random) -> bytes:
    """The line with one bit of one byte flipped."""
    return line[:at] + bytes([line[at] ^ (1 << dice.randrange(8))]) + line[at + 1 :]
