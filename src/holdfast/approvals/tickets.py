"""Tickets: what travels inside after an approval was verified. One form, one algorithm.

A JSON Web Signature (RFC 7515) over Ed25519 whose header and claims are canonical JSON. Whoever
reads one knows beforehand what it must be for; what is missing, unknown or written otherwise is
refused. The key is looked up by its thumbprint among the keys of this purpose alone.
"""

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

import msgspec

from holdfast.errors import BadRecord
from holdfast.model.canonical import Plain, canonical
from holdfast.model.entries import Check, PublicKey, base64url

ALGORITHM = "Ed25519"
TYPE = "approval+jwt"
LONGEST = 4096
_FORM = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]{86})")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = timedelta(seconds=1)


class Header(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a ticket is signed, and what it is."""

    alg: str
    kid: str
    typ: str


class Claims(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a ticket says: each of these, and nothing else."""

    jti: str
    aud: str  # the executor, and the uid of its cluster
    iat: int
    nbf: int
    exp: int
    digest: str
    tier: int
    step: int
    sub: str  # the canonical person


def audience(executor: str, cluster: str) -> str:
    """For whom a ticket is: one executor of one cluster."""
    return f"{executor}@{cluster}"


def issue(claims: Claims, kid: str, sign: Callable[[bytes], bytes]) -> str:
    """The ticket of those claims."""
    header = _encoded({"alg": ALGORITHM, "kid": kid, "typ": TYPE})
    body = _encoded({name: getattr(claims, name) for name in Claims.__struct_fields__})
    return f"{header}.{body}.{base64url(sign(f'{header}.{body}'.encode()))}"


def read(
    ticket: str, *, keys: Mapping[str, PublicKey], check: Check, aud: str, now: datetime
) -> Claims:
    """The claims of a ticket that holds now and here. Raises `BadRecord` with the reason.

    `keys` are those of this purpose that may still be used, by thumbprint.
    """
    form = _FORM.fullmatch(ticket) if len(ticket) <= LONGEST else None
    if form is None:
        raise _refused("it has not the form of one")
    header = _decoded(form[1], Header)
    if header.alg != ALGORITHM:
        raise _refused(f"its algorithm is {header.alg[:20]}")
    if header.typ != TYPE:
        raise _refused(f"it is {header.typ[:40]}, and no approval")
    key = keys.get(header.kid)
    if key is None or key.id != header.kid:
        raise _refused("its key is none that issues tickets")
    signature = _unbase64url(form[3])
    if not check(key, f"{form[1]}.{form[2]}".encode(), signature):
        raise _refused("its signature is wrong")
    claims = _decoded(form[2], Claims)
    _refuse_elsewhere(claims, aud, now)
    return claims


def _refuse_elsewhere(claims: Claims, aud: str, now: datetime) -> None:
    if claims.aud != aud:
        raise _refused("it is for another executor or another cluster")
    if not claims.jti or not claims.digest or not claims.sub:
        raise _refused("one of its claims is empty")
    if not claims.iat <= claims.nbf < claims.exp:
        raise _refused("its times contradict each other")
    at = (now - _EPOCH) // _SECOND
    if at < claims.nbf:
        raise _refused("it does not hold yet")
    if at >= claims.exp:
        raise _refused("it has expired")


def _encoded(value: Plain) -> str:
    return base64url(canonical(value))


def _decoded[T: msgspec.Struct](text: str, form: type[T]) -> T:
    raw = _unbase64url(text)
    try:
        told = msgspec.json.decode(raw, type=form, strict=True)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise _refused("a part of it is missing, unknown or mistyped") from None
    if canonical({name: getattr(told, name) for name in form.__struct_fields__}) != raw:
        raise _refused("it is not written as we write it")
    return told


def _unbase64url(text: str) -> bytes:
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        raise _refused("its base64 is broken") from None
    if base64url(raw) != text:
        raise _refused("its base64 has bits that nobody reads")
    return raw


def _refused(why: str) -> BadRecord:
    return BadRecord(
        f"The ticket does not count: {why}.", remedy="Have the proposal approved again."
    )
