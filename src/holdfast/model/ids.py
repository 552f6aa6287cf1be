"""Ids: a prefix that says of what, then the time, then dice: they sort by time. `prp_01jx...`"""

from datetime import UTC, datetime, timedelta

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's: no letter that looks like a digit
RANDOM = 10  # bytes of dice in one id
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DIGITS = 26  # 48 bits of time and 80 of dice, five bits to a digit


def new_id(prefix: str, now: datetime, dice: bytes) -> str:
    """An id of that moment; `dice` are `RANDOM` bytes, from the port of that name."""
    if len(dice) != RANDOM:
        raise ValueError(f"an id takes {RANDOM} random bytes, not {len(dice)}")
    since = now - _EPOCH
    milliseconds = (since.days * 86_400_000 + since.seconds * 1000 + since.microseconds // 1000) % (
        1 << 48
    )
    number = (milliseconds << (8 * RANDOM)) | int.from_bytes(dice)
    digits = [ALPHABET[(number >> (5 * place)) & 31] for place in reversed(range(_DIGITS))]
    return f"{prefix}_{''.join(digits)}"


def made_at(id_: str) -> datetime | None:
    """When an id was made, as it says itself; None for what nobody of us made so."""
    _, parted, digits = id_.rpartition("_")
    if not parted or len(digits) != _DIGITS or not set(digits) <= set(ALPHABET):
        return None
    number = 0
    for digit in digits:
        number = number << 5 | ALPHABET.index(digit)
    return _EPOCH + timedelta(milliseconds=(number >> (8 * RANDOM)) % (1 << 48))
