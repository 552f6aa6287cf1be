"""Signatures of the real ssh-keygen count; whatever is changed in one does not."""

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest

from holdfast.adapters.signers.ssh import check
from holdfast.approvals.ssh_signatures import BEGIN, END, WIDTH, to_check
from holdfast.approvals.statements import NAMESPACE
from holdfast.errors import BadRecord
from holdfast.model.ssh import parts_of, uncommented
from tests.approvals.keygen import make_key, public, sign
from tests.tally import Count, Tally

STATEMENT = b'{"proposal":"prp_1"}'
SORTS = (("ed25519", 0), ("rsa", 2048), ("ecdsa", 256), ("ecdsa", 384), ("ecdsa", 521))


@pytest.fixture(scope="module", params=SORTS, ids=lambda sort: f"{sort[0]}{sort[1] or ''}")
def key(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_key(tmp_path_factory.mktemp("keys"), *request.param)


@pytest.fixture(scope="module")
def ana(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_key(tmp_path_factory.mktemp("ana"), "ed25519")


def counts(armored: str, key: str, statement: bytes = STATEMENT, by: str = NAMESPACE) -> bool:
    try:
        return check(to_check(armored, statement, by, key))
    except BadRecord:
        return False


def why(armored: str, key: str, statement: bytes = STATEMENT) -> str:
    with pytest.raises(BadRecord) as refused:
        to_check(armored, statement, NAMESPACE, key)
    return refused.value.wrong


def armored(blob: bytes) -> str:
    text = base64.b64encode(blob).decode()
    lines = [text[at : at + WIDTH] for at in range(0, len(text), WIDTH)]
    return "\n".join([BEGIN, *lines, END, ""])


def blob_of(signature: str) -> bytes:
    return base64.b64decode("".join(signature.splitlines()[1:-1]))


@pytest.mark.parametrize("options", [(), ("-O", "hashalg=sha256")])
def test_accepts_what_a_person_signed(key: Path, options: tuple[str, ...]) -> None:
    signature = sign(key, STATEMENT, NAMESPACE, *options)
    assert counts(signature, public(key))
    assert armored(blob_of(signature)) == signature
    assert not counts(signature, public(key), b'{"proposal":"prp_2"}')
    assert not counts(sign(key, STATEMENT, "file", *options), public(key))


def _flips(signature: str) -> Iterator[str]:
    """Each bit of the blob flipped, and each bit of the text that carries it."""
    blob = blob_of(signature)
    for place in range(len(blob) * 8):
        flipped = bytearray(blob)
        flipped[place // 8] ^= 1 << place % 8
        yield armored(bytes(flipped))
    text = signature.encode()
    for place in range(len(text) * 8):
        changed = bytearray(text)
        changed[place // 8] ^= 1 << place % 8
        yield changed.decode("latin-1")


@pytest.mark.slow
def test_no_bit_may_be_flipped(key: Path, tally: Tally) -> None:
    signature, by = sign(key, STATEMENT, NAMESPACE), public(key)
    flips = list(_flips(signature))
    accepted = [flip for flip in flips if counts(flip, by)]
    tally(Count("approvals: flipped bits of SSH signatures", len(flips), failures=len(accepted)))
    assert [] == accepted


def test_the_key_is_that_of_the_people_file(ana: Path, tmp_path: Path) -> None:
    mallory = make_key(tmp_path, "ed25519")
    signature = sign(mallory, STATEMENT, NAMESPACE)
    assert counts(signature, public(mallory))
    assert "another key than the people file" in why(signature, public(ana))


def test_a_signature_of_the_right_key_in_the_wrong_blob_does_not_count(ana: Path) -> None:
    good = blob_of(sign(ana, STATEMENT, NAMESPACE))
    other = blob_of(sign(ana, b"another", NAMESPACE))
    swapped = good[:-64] + other[-64:]
    assert not counts(armored(swapped), public(ana))


@pytest.mark.parametrize(
    ("changed", "because"),
    [
        (lambda s: s.replace("\n", "\r\n"), "not armored"),
        (lambda s: " " + s, "not armored"),
        (lambda s: s + "more\n", "not armored"),
        (lambda s: s.replace(BEGIN, "-----BEGIN PGP SIGNATURE-----"), "not armored"),
        (lambda s: "\n".join([BEGIN, "".join(s.splitlines()[1:-1]), END, ""]), "not armored"),
        (lambda s: "x" * 20_000 + s, "not armored"),
        (lambda s: armored(blob_of(s)[:-1]), "ends too early"),
        (lambda s: armored(blob_of(s) + b"\0"), "goes on after the signature"),
        (lambda s: armored(b"SSHSIH" + blob_of(s)[6:]), "does not begin"),
        (lambda s: armored(blob_of(s)[:9] + b"\2" + blob_of(s)[10:]), "version"),
        (lambda s: armored(blob_of(s).replace(b"sha512", b"sha1\0\0")), "is none of ours"),
        (
            lambda s: armored(blob_of(s).replace(b"sha512", b"sha384")),
            "its hash sha384 is none of ours",
        ),
    ],
)
def test_says_what_is_wrong_with_it(ana: Path, changed: object, because: str) -> None:
    assert callable(changed)
    assert because in why(changed(sign(ana, STATEMENT, NAMESPACE)), public(ana))


@pytest.mark.parametrize(
    ("key", "because"),
    [
        ("sk-ssh-ed25519@openssh.com AAAA", "keys on hardware"),
        ("ssh-dss AAAA", "is none of ours"),
    ],
)
def test_says_which_keys_it_does_not_take(ana: Path, key: str, because: str) -> None:
    good = blob_of(sign(ana, STATEMENT, NAMESPACE))
    empty = base64.b64decode("AAAA")
    public_part = good[10:14]
    length = int.from_bytes(public_part)
    blob = good[:10] + len(empty).to_bytes(4) + empty + good[14 + length :]
    assert because in why(armored(blob), key)


def test_takes_no_rsa_key_that_is_too_short(tmp_path: Path) -> None:
    short = make_key(tmp_path, "rsa", 1024)
    line = uncommented(short.with_suffix(".pub").read_text())
    assert "1024 bits is too short" in why(sign(short, STATEMENT, NAMESPACE), line)


def test_takes_no_signature_that_needs_no_private_key() -> None:
    """Of a key of order one, every signature of nothing is right."""
    one = b"\1" + bytes(31)
    key = _strings(b"ssh-ed25519", one)
    body = _strings(
        key, NAMESPACE.encode(), b"", b"sha512", _strings(b"ssh-ed25519", one + bytes(32))
    )
    forged = armored(b"SSHSIG" + (1).to_bytes(4) + body)
    line = f"ssh-ed25519 {base64.b64encode(key).decode()}"
    assert "others could sign" in why(forged, line)


@pytest.mark.slow
def test_takes_no_other_encoding_of_a_key(tmp_path: Path) -> None:
    """The same numbers with a zero before them would be a second person's key."""
    rsa = make_key(tmp_path, "rsa", 2048)
    raw = base64.b64decode(public(rsa).split(" ")[1])
    format_, exponent, modulus = parts_of(raw)
    other = _strings(format_, exponent, b"\0" + modulus)
    blob = blob_of(sign(rsa, STATEMENT, NAMESPACE)).replace(_strings(raw), _strings(other))
    line = f"ssh-rsa {base64.b64encode(other).decode()}"
    assert "not written as SSH writes them" in why(armored(blob), line)


def _strings(*parts: bytes) -> bytes:
    return b"".join(len(part).to_bytes(4) + part for part in parts)


@pytest.mark.slow
def test_takes_no_sha1_of_an_rsa_key(tmp_path: Path) -> None:
    rsa = make_key(tmp_path, "rsa", 2048)
    blob = blob_of(sign(rsa, STATEMENT, NAMESPACE))
    old = blob.replace(b"\0\0\0\x0crsa-sha2-512", b"\0\0\0\x07ssh-rsa")
    at = blob.index(b"\0\0\0\x0crsa-sha2-512") - 4
    size = int.from_bytes(blob[at : at + 4]) - 5
    assert (
        "it says that it is of the form ssh-rsa, and of a key of the format ssh-rsa only "
        "rsa-sha2-256 or rsa-sha2-512 is taken"
    ) in why(armored(old[:at] + size.to_bytes(4) + old[at + 4 :]), public(rsa))


def _text(part: bytes) -> bytes:
    return len(part).to_bytes(4) + part


def made(
    key: Path,
    raw: bytes,
    *,
    form: bytes = b"",
    reserved: bytes = b"",
    after: bytes = b"",
    hash_name: bytes = b"sha512",
) -> str:
    """A signature in the right form that nobody made."""
    format_, text = public(key).split(" ")
    signed = _text(form or format_.encode()) + _text(raw) + after
    told = (base64.b64decode(text), NAMESPACE.encode(), reserved, hash_name, signed)
    return armored(b"SSHSIG" + (1).to_bytes(4) + b"".join(_text(each) for each in told))


def test_what_is_not_exactly_a_signature_is_refused_before_it_is_checked(ana: Path) -> None:
    by = public(ana)

    assert "goes on after its end" in why(made(ana, b"x" * 64, after=b"x"), by)
    assert "holds something where nothing" in why(made(ana, b"x" * 64, reserved=b"x"), by)
    assert "length of an Ed25519" in why(made(ana, b"x" * 65), by)
    assert "is not sound" in why(made(ana, b"x" * 64), by[:-4])
    assert f"its hash {'h' * 40} is none" in why(made(ana, b"x" * 64, hash_name=b"h" * 41), by)
    assert not counts(made(ana, b"x" * 64), by)


@pytest.mark.slow
def test_a_signature_of_an_rsa_key_has_its_length(tmp_path: Path) -> None:
    rsa = make_key(tmp_path, "rsa", 2048)

    def of(length: int) -> str:
        return made(rsa, b"x" * length, form=b"rsa-sha2-512")

    assert "length of its key" in why(of(255), public(rsa))
    assert "length of its key" in why(of(257), public(rsa))
    assert b"x" * 256 == to_check(of(256), STATEMENT, NAMESPACE, public(rsa)).signature


def test_is_no_longer_than_sixteen_kilobytes(ana: Path) -> None:
    blob = blob_of(sign(ana, STATEMENT, NAMESPACE))
    full = armored(blob + bytes(12_072 - len(blob)))

    assert 16_384 == len(full)
    assert "goes on after the signature" in why(full, public(ana))
    assert "not armored" in why(armored(blob + bytes(12_073 - len(blob))), public(ana))


def test_the_two_numbers_are_written_as_ssh_does_and_nothing_follows(tmp_path: Path) -> None:
    key = make_key(tmp_path, "ecdsa", 256)
    one, long = _text(b"\1"), _text(b"\0\1")
    by = public(key)

    assert (1, 1) == to_check(made(key, one + one), STATEMENT, NAMESPACE, by).pair
    assert "not written as SSH" in why(made(key, one + long), by)
    assert "not written as SSH" in why(made(key, _text(b"\0") + one), by)
    assert "after its two numbers" in why(made(key, one + one + b"x"), by)


def test_its_lines_are_broken_where_ssh_keygen_breaks_them(ana: Path) -> None:
    first, *between, last, end = sign(ana, STATEMENT, NAMESPACE).splitlines()
    moved = [*between[:-1], between[-1][:-1], between[-1][-1] + last]

    assert len(between) > 2
    assert "are not broken" in why("\n".join([first, *moved, end, ""]), public(ana))
