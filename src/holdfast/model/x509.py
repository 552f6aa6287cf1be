"""When certificates hold: read from them in PEM, and nothing else of them.

Only the walk to the validity is here, by the lengths that DER writes before each value. Whatever
is odd on the way is no certificate.
"""

import binascii
import re
from base64 import b64decode
from collections.abc import Iterator
from datetime import UTC, datetime

_PEM = re.compile(
    rb"-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]{1,100000})-----END CERTIFICATE-----"
)
_SEQUENCE, _VERSION, _UTC_TIME, _TIME = 0x30, 0xA0, 0x17, 0x18
_LONG = re.compile(rb"\d{14}Z")
_SHORT = re.compile(rb"\d{12}Z")


def ends(bundle: str) -> datetime | None:
    """When the last of a bundle's certificates ends, as webhooks write it: PEM within base64.

    None when any of them cannot be read: that one may hold.
    """
    try:
        pem = b64decode(bundle, validate=True)
        moments = [_validity(b64decode(each))[1] for each in _PEM.findall(pem)]
    except (binascii.Error, ValueError, IndexError):
        return None
    return max(moments, default=None)


def validity(chain: bytes) -> tuple[datetime, datetime]:
    """From when on and until when the first certificate of a chain holds, which is in PEM.

    Raises ValueError when it cannot be read.
    """
    first = _PEM.search(chain)
    if first is None:
        raise ValueError("no certificate in PEM")
    try:
        return _validity(b64decode(first[1]))
    except IndexError:
        raise ValueError("cut off") from None


def _validity(der: bytes) -> tuple[datetime, datetime]:
    """The fifth value of the signed part, after its version: `notBefore` and `notAfter`."""
    certificate = _within(der, _SEQUENCE)
    parts = list(_values(_within(certificate, _SEQUENCE)))
    if parts[0][0] == _VERSION:
        parts = parts[1:]
    _, _, _, (tag, times), *_ = parts  # serial number, algorithm, issuer
    if tag != _SEQUENCE:
        raise ValueError("no validity")
    begins, ends = (_moment(kind, written) for kind, written in _values(times))
    return begins, ends


def _moment(kind: int, written: bytes) -> datetime:
    if kind == _UTC_TIME and _SHORT.fullmatch(written):
        century = b"19" if written[:2] >= b"50" else b"20"
        written = century + written
    elif kind != _TIME:
        raise ValueError("no time")
    if not _LONG.fullmatch(written):
        raise ValueError("a time of another form")
    year, *rest = int(written[:4]), *(int(written[at : at + 2]) for at in range(4, 14, 2))
    month, day, hour, minute, second = rest
    return datetime(year, month, day, hour, minute, second, tzinfo=UTC)


def _within(data: bytes, wanted: int) -> bytes:
    tag, value = next(_values(data), (0, b""))
    if tag != wanted:
        raise ValueError("another value than is to stand here")
    return value


def _values(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The values that stand one after the other: their tag, and what is in them."""
    at = 0
    while at < len(data):
        tag, size, at = data[at], data[at + 1], at + 2
        if size >= 0x80:
            long = size & 0x7F
            if not 1 <= long <= 4:
                raise ValueError("a length of another form")
            size, at = int.from_bytes(data[at : at + long]), at + long
        if at + size > len(data):
            raise ValueError("cut off")
        yield tag, data[at : at + size]
        at += size
