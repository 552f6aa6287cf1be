"""Whether the numbers of a public key are those of a sound one, written in the one way there is.

- A key has one encoding: what another reader takes for the same key would be a second person.
- A point lies on its curve, and an Ed25519 point in the group that signs: for the few others,
  signatures can be made by somebody who has no private key.
- An RSA modulus is long enough and odd, and its exponent odd and at least 3.
"""

from collections.abc import Sequence

LEAST_RSA_BITS = 2048
MOST_RSA_BITS = 16_384

_P = 2**255 - 19
_D = -121665 * pow(121666, -1, _P) % _P
_ROOT = pow(2, (_P - 1) // 4, _P)  # of -1
_ORDER = 2**252 + 27742317777372353535851937790883648493  # of the points that sign
type _Point = tuple[int, int, int, int]  # x, y, z, and x times y by z
_NOTHING: _Point = (0, 1, 1, 0)

# By curve: the prime, and b of y^2 = x^3 - 3x + b (FIPS 186-4, D.1.2).
_CURVES = {
    b"nistp256": (
        2**256 - 2**224 + 2**192 + 2**96 - 1,
        0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B,
    ),
    b"nistp384": (
        2**384 - 2**128 - 2**96 + 2**32 - 1,
        0xB3312FA7E23EE7E4988E056BE3F82D19181D9C6EFE8141120314088F5013875AC656398D8A2ED19D2A85C8EDD3EC2AEF,
    ),
    b"nistp521": (
        2**521 - 1,
        0x0051953EB9618E1C9A1F929A21A0B68540EEA2DA725B99B315F3B8B489918EF109E156193951EC7E937B1652C0BD3BB1BF073573DF883D2C34F1EF451FD46B503F00,
    ),
}


def unsound(format_: str, parts: Sequence[bytes]) -> str:
    """Why these parts (after the format) are no sound key of it; empty if they are."""
    if format_ == "ssh-ed25519":
        return _of_ed25519(parts[0])
    if format_ == "ssh-rsa":
        return _of_rsa(parts[0], parts[1])
    if format_.rpartition("-")[2].encode() != parts[0]:
        return "its curve is not that of its format"
    return _of_ecdsa(parts[0], parts[1])


def held(format_: str, parts: Sequence[bytes]) -> str:
    """What all the keys have in common that one private key can make of itself.

    Another exponent to one modulus, and a point with its sign turned, cost its holder nothing.
    """
    if format_ == "ssh-ed25519":
        known = int.from_bytes(parts[0], "little") % 2**255
    elif format_ == "ssh-rsa":
        known = int.from_bytes(parts[1])
    else:
        known = int.from_bytes(parts[1][1 : 1 + len(parts[1]) // 2])
    return f"{format_} {known:x}"


def _of_rsa(exponent: bytes, modulus: bytes) -> str:
    e, n = int.from_bytes(exponent), int.from_bytes(modulus)
    if exponent != _written(e) or modulus != _written(n):
        return "its numbers are not written as SSH writes them"
    if not LEAST_RSA_BITS <= n.bit_length() <= MOST_RSA_BITS:
        size = "short" if n.bit_length() < LEAST_RSA_BITS else "long"
        return f"an RSA key of {n.bit_length()} bits is too {size}"
    if n % 2 == 0:
        return "its modulus is even"
    if e % 2 == 0 or not 3 <= e < n:
        return "its exponent is not odd, or below 3, or larger than its modulus"
    return ""


def _written(number: int) -> bytes:
    """As SSH writes a positive number: as short as it goes, and the first bit is its sign."""
    return number.to_bytes(number.bit_length() // 8 + 1) if number else b""


def _of_ecdsa(curve: bytes, point: bytes) -> str:
    prime, b = _CURVES[curve]
    size = (prime.bit_length() + 7) // 8
    if len(point) != 1 + 2 * size or point[0] != 4:
        return "its point is not written out in full"
    x, y = int.from_bytes(point[1 : 1 + size]), int.from_bytes(point[1 + size :])
    if x >= prime or y >= prime or (y * y - x * x * x + 3 * x - b) % prime:
        return "its point is not on its curve"
    return ""


def _of_ed25519(raw: bytes) -> str:
    if len(raw) != 32:
        return "it has not the length of an Ed25519 key"
    told = int.from_bytes(raw, "little")
    y, sign = told % 2**255, told >> 255
    if y >= _P:
        return "its point is not written in the one way there is"
    square = (y * y - 1) * pow(_D * y * y + 1, -1, _P) % _P
    x = pow(square, (_P + 3) // 8, _P)
    if (x * x - square) % _P:
        x = x * _ROOT % _P
    if (x * x - square) % _P or (x == 0 and sign):
        return "its point is not on its curve"
    if x % 2 != sign:
        x = _P - x
    point: _Point = (x, y, 1, x * y % _P)
    if _is_nothing(point) or not _is_nothing(_times(_ORDER, point)):
        return "its point is not in the group that signs: others could sign with it"
    return ""


def _times(number: int, point: _Point) -> _Point:
    total = _NOTHING
    for bit in f"{number:b}":
        total = _sum(total, total)
        if bit == "1":
            total = _sum(total, point)
    return total


def _sum(one: _Point, other: _Point) -> _Point:
    (x1, y1, z1, t1), (x2, y2, z2, t2) = one, other
    a, b = (y1 - x1) * (y2 - x2) % _P, (y1 + x1) * (y2 + x2) % _P
    c, d = 2 * _D * t1 * t2 % _P, 2 * z1 * z2 % _P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % _P, g * h % _P, f * g % _P, e * h % _P


def _is_nothing(point: _Point) -> bool:
    x, y, z, _ = point
    return x % _P == 0 and (y - z) % _P == 0
