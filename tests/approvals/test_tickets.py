"""Every line of the table of refusals that is about a ticket, on both sides of each boundary."""

import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from holdfast.adapters.signers.ed25519 import KeyInMemory, check
from holdfast.approvals.tickets import Claims, audience, issue, read
from holdfast.errors import BadRecord
from holdfast.model.canonical import Plain, canonical
from holdfast.model.entries import base64url
from tests.tally import Count, Tally

KEY = KeyInMemory(Ed25519PrivateKey.from_private_bytes(b"k" * 32))
AUDIT = KeyInMemory(Ed25519PrivateKey.from_private_bytes(b"a" * 32))
KEYS = {KEY.public.id: KEY.public}
AUD = audience("keeper", "c-1")
NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
AT = int(NOW.timestamp())
CLAIMS = Claims(
    jti="tkt_1",
    aud=AUD,
    iat=AT - 60,
    nbf=AT - 60,
    exp=AT + 900,
    digest="d" * 64,
    tier=1,
    step=0,
    sub="ana",
)
TICKET = issue(CLAIMS, KEY.public.id, KEY.sign)
BODY: dict[str, Plain] = msgspec.structs.asdict(CLAIMS)
HEADER: dict[str, Plain] = {"alg": "Ed25519", "kid": KEY.public.id, "typ": "approval+jwt"}
SECOND = timedelta(seconds=1)


def opened(ticket: str, *, now: datetime = NOW, aud: str = AUD) -> Claims:
    return read(ticket, keys=KEYS, check=check, aud=aud, now=now)


def signed(header: Any, body: Any, by: KeyInMemory = KEY) -> str:
    """A ticket of anything, with a signature that is right."""
    told = ".".join(
        base64url(part if isinstance(part, bytes) else canonical(part)) for part in (header, body)
    )
    return f"{told}.{base64url(by.sign(told.encode()))}"


def without(name: str) -> dict[str, Plain]:
    return {key: value for key, value in BODY.items() if key != name}


def test_says_what_was_approved() -> None:
    assert CLAIMS == opened(TICKET)
    assert TICKET == signed(HEADER, BODY)


@pytest.mark.parametrize(
    ("now", "holds"),
    [
        (NOW - 61 * SECOND, False),
        (NOW - 60 * SECOND, True),
        (NOW + 900 * SECOND - timedelta(microseconds=1), True),
        (NOW + 900 * SECOND, False),
        (NOW + 901 * SECOND, False),
    ],
)
def test_holds_from_then_on_and_until_then(now: datetime, holds: bool) -> None:
    if holds:
        assert CLAIMS == opened(TICKET, now=now)
    else:
        with pytest.raises(BadRecord):
            opened(TICKET, now=now)


def _hmac_with_the_public_key() -> str:
    told = f"{base64url(canonical({**HEADER, 'alg': 'HS256'}))}.{base64url(canonical(BODY))}"
    made = hmac.digest(KEY.public.raw, told.encode(), hashlib.sha256)
    return f"{told}.{base64url(made + made)}"


FALSE: dict[str, str] = {
    "none": f"{base64url(canonical({**HEADER, 'alg': 'none'}))}.{base64url(canonical(BODY))}.",
    "none with a signature": signed({**HEADER, "alg": "none"}, BODY),
    "hmac with the public key": _hmac_with_the_public_key(),
    "other name of the algorithm": signed({**HEADER, "alg": "EdDSA"}, BODY),
    "other curve": signed({**HEADER, "alg": "Ed448"}, BODY),
    "a silence": signed({**HEADER, "typ": "silence+jwt"}, BODY),
    "no type": signed({k: v for k, v in HEADER.items() if k != "typ"}, BODY),
    "no key": signed({k: v for k, v in HEADER.items() if k != "kid"}, BODY),
    "key that came along": signed({**HEADER, "jwk": {"x": "y"}}, BODY),
    "unknown key": signed({**HEADER, "kid": AUDIT.public.id}, BODY, AUDIT),
    "key of another purpose": signed(HEADER, BODY, AUDIT),
    "another cluster": signed(HEADER, {**BODY, "aud": audience("keeper", "c-2")}),
    "another executor": signed(HEADER, {**BODY, "aud": audience("other", "c-1")}),
    "list of audiences": signed(HEADER, {**BODY, "aud": [AUD]}),
    "empty id": signed(HEADER, {**BODY, "jti": ""}),
    "empty digest": signed(HEADER, {**BODY, "digest": ""}),
    "times that contradict": signed(HEADER, {**BODY, "nbf": AT + 900}),
    "issued later than it holds": signed(HEADER, {**BODY, "iat": AT - 59}),
    "time as text": signed(HEADER, {**BODY, "exp": str(AT + 900)}),
    "time as a float": signed(HEADER, canonical(BODY).replace(b'"tier":1', b'"tier":1.0')),
    "more claims": signed(HEADER, {**BODY, "admin": True}),
    "spaces": signed(HEADER, canonical(BODY).replace(b":", b": ")),
    "twice the same claim": signed(HEADER, canonical(BODY)[:-1] + b',"tier":1}'),
    "other order": signed(HEADER, b'{"tier":1,' + canonical(without("tier"))[1:]),
    "no JSON": signed(HEADER, b"approve"),
    "four parts": f"{TICKET}.{TICKET.split('.')[2]}",
    "two parts": ".".join(TICKET.split(".")[:2]),
    "padding": f"{TICKET}=",
    "line end": f"{TICKET}\n",
    "long": signed(HEADER, {**BODY, "sub": "a" * 5000}),
    "a length that base64 never has": "A" * 5 + TICKET[TICKET.index(".") :],
    "nothing": "",
    **{f"without {name}": signed(HEADER, without(name)) for name in BODY},
}


@pytest.mark.parametrize("name", FALSE)
def test_is_refused(name: str) -> None:
    with pytest.raises(BadRecord):
        opened(FALSE[name])


def why(ticket: str, *, now: datetime = NOW) -> str:
    with pytest.raises(BadRecord) as refused:
        opened(ticket, now=now)
    return refused.value.wrong


def test_is_no_longer_than_four_kilobytes() -> None:
    full = signed(HEADER, {**BODY, "sub": "a" * 2707})
    assert 4096 == len(full)
    assert "a" * 2707 == opened(full).sub
    assert "has not the form of one" in why(f"A{full}")


def test_one_that_never_holds_contradicts_itself() -> None:
    never = signed(HEADER, {**BODY, "exp": BODY["nbf"]})
    assert "contradict each other" in why(never, now=NOW - 60 * SECOND)


def test_is_refused_elsewhere() -> None:
    with pytest.raises(BadRecord):
        opened(TICKET, aud=audience("keeper", "c-2"))


@pytest.mark.slow
def test_no_bit_of_it_may_be_flipped(tally: Tally) -> None:
    accepted = []
    for place in range(len(TICKET) * 8):
        flipped = bytearray(TICKET.encode())
        flipped[place // 8] ^= 1 << place % 8
        try:
            opened(flipped.decode("latin-1"))
        except BadRecord:
            continue
        accepted.append(place)
    tally(Count("approvals: flipped bits of a ticket", len(TICKET) * 8, failures=len(accepted)))
    assert [] == accepted


def test_bits_that_a_lax_reader_ignores_count() -> None:
    head, body, signature = TICKET.split(".")
    last = signature[-1]
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    twin = signature[:-1] + alphabet[alphabet.index(last) ^ 1]
    raw = [base64.urlsafe_b64decode(each + "==") for each in (signature, twin)]
    assert raw[0] == raw[1]
    with pytest.raises(BadRecord):
        opened(f"{head}.{body}.{twin}")
