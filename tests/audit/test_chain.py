"""What an entry must look like, and how the next ones are sealed."""

import msgspec
import pytest

from holdfast.audit import chain
from holdfast.errors import BadRecord
from holdfast.model.canonical import LARGEST
from holdfast.model.entries import Entry, Head
from tests.audit.chains import CHAIN, CLUSTER, a_chain, a_chain_of, a_draft, a_key
from tests.audit.damage import signed_again

NOON = "2026-01-01T12:00:00.000Z"


def an_entry() -> Entry:
    (entry,) = a_chain(1)
    return entry


@pytest.mark.parametrize(
    ("word", "odd"),
    [
        ("hash", "A" * 64),
        ("hash", "a" * 63),
        ("prev", "a" * 65),
        ("prev", ""),
        ("key", "g" * 64),
        ("chain", "Chn"),
        ("chain", ""),
        ("chain", "c" * 65),
        ("cluster", "a/b"),
        ("cluster", "c" * 129),
        ("sig", "a" * 127),
        ("sig", "A" * 128),
        ("time", "2026-01-01T12:00:00Z"),
        ("time", "2026-01-01T12:00:00.000+00:00"),
        ("time", "\N{ARABIC-INDIC DIGIT TWO}026-01-01T12:00:00.000Z"),
        ("seq", 0),
        ("seq", LARGEST + 1),
        ("epoch", -1),
        ("epoch", LARGEST + 1),
    ],
)
def test_each_word_of_an_entry_has_its_form(word: str, odd: str | int) -> None:
    entry = msgspec.structs.replace(an_entry(), **{word: odd})
    with pytest.raises(BadRecord, match=f"its {word} has not the form"):
        chain.parse(entry.line)


@pytest.mark.parametrize(
    ("word", "most"),
    [("chain", "c" * 64), ("cluster", "C" * 128), ("seq", LARGEST), ("epoch", LARGEST)],
)
def test_an_id_may_be_so_long_and_a_number_so_large(word: str, most: str | int) -> None:
    entry = msgspec.structs.replace(an_entry(), **{word: most})
    assert entry == chain.parse(entry.line)


@pytest.mark.parametrize(("length", "too_long"), [(1_048_576, False), (1_048_577, True)])
def test_a_line_may_be_a_mebibyte_long_and_no_longer(length: int, too_long: bool) -> None:
    with pytest.raises(BadRecord) as told:
        chain.parse(b"x" * length)
    assert too_long is ("longer than any entry" in str(told.value))


def test_an_entry_is_not_sealed_before_the_one_that_it_follows() -> None:
    head = chain.after(chain.started(CHAIN, CLUSTER), an_entry())
    key = a_key()

    def at(time: str) -> list[str]:
        drafts = [a_draft(2), a_draft(3)]
        sealed = chain.sealed(head, drafts, time=time, key=key.public.id, sign=key.sign)
        return [each.time for each in sealed]

    assert [NOON, NOON] == at("2025-12-31T23:59:59.999Z")
    assert ["2026-01-01T12:00:00.001Z"] * 2 == at("2026-01-01T12:00:00.001Z")


def test_the_turn_is_the_signers_until_an_entry_names_another() -> None:
    key, other = a_key(), "b" * 64
    same, rotated = a_chain_of([a_draft(1), a_draft(2, kind="key_rotated", to=other)])
    head = chain.after(chain.started(CHAIN, CLUSTER), same)

    assert key.public.id == head.turn
    assert other == chain.after(head, rotated).turn


@pytest.mark.parametrize(
    ("odd", "wrong"),
    [
        (Head(chain=CHAIN, cluster="bad uid!", hash="0" * 64), "its cluster has not the form"),
        (Head(chain=CHAIN, cluster="", hash="0" * 64), "its cluster has not the form"),
        (Head(chain=CHAIN, cluster=CLUSTER, hash="0" * 64, seq=LARGEST), "its seq has not"),
        (Head(chain=CHAIN, cluster=CLUSTER, hash="0" * 64, epoch=LARGEST + 1), "its epoch has not"),
    ],
)
def test_what_no_verifier_would_accept_is_not_sealed(odd: Head, wrong: str) -> None:
    with pytest.raises(BadRecord, match=wrong):
        a_chain_of([a_draft(1)], head=odd)


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        (b"", "an empty line"),
        (b"\xef\xbb\xbf{}", "it begins with a byte order mark"),
        ("{}".encode("utf-16"), "it begins with a byte order mark"),
        ("\ufeff{}".encode("utf-16-be"), "it begins with a byte order mark"),
        ("{}".encode("utf-16-be"), "it is not in UTF-8"),
        (b"{}\r", "it ends with a carriage return"),
        (b"x", "JSON is malformed"),
    ],
)
def test_what_another_program_made_of_a_line_is_said(line: bytes, wrong: str) -> None:
    with pytest.raises(BadRecord, match=wrong):
        chain.parse(line)


def test_another_version_is_none_of_ours() -> None:
    later = signed_again(an_entry(), v=2)
    with pytest.raises(BadRecord, match="it has version 2, and this reader knows 1"):
        chain.parse(later.line)
