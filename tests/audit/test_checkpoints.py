"""Checkpoints as signed notes: read back exactly, or not at all."""

import random
from typing import Any

import msgspec
import pytest

from holdfast.adapters.signers.ed25519 import check
from holdfast.audit import checkpoints
from holdfast.audit.merkle import Tree
from holdfast.errors import BadRecord
from holdfast.model.canonical import LARGEST
from holdfast.model.entries import Checkpoint, PublicKey
from tests.audit.chains import a_chain, a_key, flipped
from tests.audit.chains import checkpoints as states_of


def a_checkpoint(size: int = 11) -> Checkpoint:
    return states_of(a_chain(size))[-1]


def a_note(checkpoint: Checkpoint, key: str = "audit") -> bytes:
    signer = a_key(key)
    signature = signer.sign(checkpoints.body(checkpoint))
    return checkpoints.note(checkpoint, signer.public, signature)


def read(note: bytes, *keys: PublicKey) -> Checkpoint:
    return checkpoints.read_note(note, keys or (a_key().public,), check)


@pytest.mark.parametrize("size", [1, 2, 11, 64])
def test_what_was_written_is_read_again(size: int) -> None:
    assert a_checkpoint(size) == read(a_note(a_checkpoint(size)))


def test_is_a_note_as_the_transparency_logs_write_it() -> None:
    lines = a_note(a_checkpoint()).decode().splitlines()
    assert ["holdfast.dev/audit/chn_test", "11"] == lines[:2]
    assert "" == lines[-2]
    assert lines[-1].startswith("\N{EM DASH} holdfast.dev/audit/chn_test ")


def test_every_flipped_byte_makes_it_worthless() -> None:
    note, dice = a_note(a_checkpoint()), random.Random(20261128)
    for at in range(len(note)):
        with pytest.raises(BadRecord):
            read(flipped(note, at, dice))


def test_a_note_of_another_key_is_refused() -> None:
    with pytest.raises(BadRecord, match="has not signed it"):
        read(a_note(a_checkpoint(), key="thief"))
    with pytest.raises(BadRecord, match="which was not given"):
        read(a_note(a_checkpoint()), a_key("thief").public)


def test_a_witness_may_sign_beside_us() -> None:
    witness = "\N{EM DASH} witness.example bm90IG91cnM=\n".encode()
    assert a_checkpoint() == read(a_note(a_checkpoint()) + witness)


@pytest.mark.parametrize("text", [b"", b"\n\n", b"x\n1\n\n", b"\xff\n\n", b"a" * 100_000])
def test_rubbish_is_refused(text: bytes) -> None:
    with pytest.raises(BadRecord):
        read(text)


def test_is_no_longer_than_it_may_be() -> None:
    witness = "\N{EM DASH} {} bm90IG91cnM=\n"
    note = a_note(a_checkpoint())
    room = 65_536 - len(note) - len(witness.format("").encode())
    assert a_checkpoint() == read(note + witness.format("w" * room).encode())
    with pytest.raises(BadRecord, match="too long"):
        read(note + witness.format("w" * (room + 1)).encode())


def test_what_was_signed_but_can_be_no_state_of_a_chain_is_refused() -> None:
    good = a_checkpoint(3)
    one = b"x" * checkpoints.HASH
    short = (one, one[1:])
    odd: list[dict[str, Any]] = [
        {"root": one},
        {"size": 7},
        {"epoch": -1},
        {"epoch": LARGEST + 1},
        {"size": LARGEST + 1, "frontier": (one,), "root": one},
        {"frontier": short, "root": Tree(3, short).root},
        {"head": "h"},
        {"key": good.key, "time": "noon"},
        {"chain": "a/b"},
        {"cluster": ""},
    ]
    for each in odd:
        with pytest.raises(BadRecord, match="not in the form"):
            read(a_note(msgspec.structs.replace(good, **each)))


def test_is_of_any_size_and_epoch_that_can_be_written() -> None:
    frontier = tuple(bytes([each]) * checkpoints.HASH for each in range(LARGEST.bit_count()))
    root = Tree(LARGEST, frontier).root
    far = msgspec.structs.replace(
        a_checkpoint(3), size=LARGEST, epoch=LARGEST, frontier=frontier, root=root
    )
    assert far == read(a_note(far))


def test_another_key_of_the_same_name_may_sign_beside_us() -> None:
    beside = a_note(a_checkpoint(), key="thief").splitlines(keepends=True)[-1]
    assert a_checkpoint() == read(a_note(a_checkpoint()) + beside)


def test_each_line_of_ours_below_it_is_right_and_whole() -> None:
    note = a_note(a_checkpoint())
    signer = a_key()
    wrong = checkpoints.note(a_checkpoint(), signer.public, signer.sign(b"something else"))
    with pytest.raises(BadRecord, match="has not signed it"):
        read(note + wrong.splitlines(keepends=True)[-1])
    with pytest.raises(BadRecord, match="cut off"):
        read(note.removesuffix(b"\n"))
