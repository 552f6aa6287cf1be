"""Checkpoints as signed notes: read back exactly, or not at all."""

import random

import pytest

from holdfast.adapters.signers.ed25519 import check
from holdfast.audit import checkpoints
from holdfast.errors import BadRecord
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
