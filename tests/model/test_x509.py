"""When certificates hold, and when a bundle ends; whatever is odd about it is no certificate."""

from base64 import b64decode, b64encode
from datetime import UTC, datetime
from random import Random

import pytest
from cryptography import x509 as real
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from holdfast.model.x509 import ends, validity

KEY = ec.generate_private_key(ec.SECP256R1())
SEED = 20260101


def pem(end: datetime, *, name: str = "ca") -> bytes:
    subject = real.Name([real.NameAttribute(NameOID.COMMON_NAME, name)])
    certificate = (
        real.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(KEY.public_key())
        .serial_number(real.random_serial_number())
        .not_valid_before(datetime(1990, 1, 1, tzinfo=UTC))
        .not_valid_after(end)
        .sign(KEY, hashes.SHA256())
    )
    return certificate.public_bytes(serialization.Encoding.PEM)


def bundle(*parts: bytes) -> str:
    return b64encode(b"".join(parts)).decode()


@pytest.mark.parametrize(
    "end",
    [
        datetime(1999, 12, 31, 23, 59, 59, tzinfo=UTC),
        datetime(2026, 1, 1, 12, tzinfo=UTC),
        datetime(2049, 12, 31, 23, 59, 59, tzinfo=UTC),
        datetime(2050, 1, 1, tzinfo=UTC),
        datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC),
    ],
    ids=lambda end: f"{end:%Y}",
)
def test_a_certificate_ends_when_it_says(end: datetime) -> None:
    assert end == ends(bundle(pem(end)))


def test_a_bundle_ends_with_its_last_certificate() -> None:
    early, late = datetime(2025, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
    assert late == ends(bundle(pem(late), b"\n# words between\n", pem(early)))


def test_a_long_name_needs_a_long_length() -> None:
    end = datetime(2027, 1, 1, tzinfo=UTC)
    assert end == ends(bundle(pem(end, name="a" * 64)))


@pytest.mark.parametrize(
    "odd",
    ["", "no base64!", bundle(b"no PEM"), bundle(b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END")],
    ids=["nothing", "words", "text", "half"],
)
def test_what_is_no_certificate_has_no_end(odd: str) -> None:
    assert ends(odd) is None


def test_a_chain_holds_as_long_as_its_first_certificate() -> None:
    early, late = datetime(2025, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
    chain = b"# words before\n" + pem(early) + pem(late)
    assert (datetime(1990, 1, 1, tzinfo=UTC), early) == validity(chain)


@pytest.mark.parametrize(
    "odd",
    [b"", b"no PEM", b"-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n"],
    ids=["nothing", "words", "empty"],
)
def test_a_chain_that_cannot_be_read_is_refused(odd: bytes) -> None:
    with pytest.raises(ValueError, match=r"no certificate|another value"):
        validity(odd)


def test_one_that_cannot_be_read_may_hold() -> None:
    broken = b"-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n"
    assert ends(bundle(pem(datetime(2020, 1, 1, tzinfo=UTC)), broken)) is None


def test_bytes_that_have_been_changed_break_nothing() -> None:
    dice = Random(SEED)
    body = b"".join(pem(datetime(2027, 1, 1, tzinfo=UTC)).splitlines()[1:-1])
    der = b64decode(body)
    for _ in range(2_000):
        changed = bytearray(der[: dice.randrange(len(der))] if dice.random() < 0.3 else der)
        for _ in range(dice.randrange(1, 5)):
            if changed:
                changed[dice.randrange(min(len(changed), 160))] = dice.randrange(256)
        written = b"-----BEGIN CERTIFICATE-----" + b64encode(bytes(changed))
        moment = ends(bundle(written + b"-----END CERTIFICATE-----"))
        assert moment is None or moment.tzinfo is UTC
