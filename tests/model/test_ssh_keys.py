"""Public keys: real ones are sound; each other way to write one is refused with a reason."""

import base64
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from holdfast.model.ssh import holder, no_key

P = 2**255 - 19
CURVES = {"nistp256": ec.SECP256R1(), "nistp384": ec.SECP384R1(), "nistp521": ec.SECP521R1()}


def line(*parts: bytes) -> str:
    raw = b"".join(len(part).to_bytes(4) + part for part in parts)
    return f"{parts[0].decode()} {base64.b64encode(raw).decode()}"


def ed(point: bytes) -> str:
    return line(b"ssh-ed25519", point)


def mpint(number: int) -> bytes:
    return number.to_bytes(number.bit_length() // 8 + 1)


RSA = rsa.generate_private_key(65537, 2048).public_key().public_numbers()


def an_rsa(e: bytes = mpint(RSA.e), n: bytes = mpint(RSA.n)) -> str:
    return line(b"ssh-rsa", e, n)


def an_ec(curve: str, change: Callable[[bytes], bytes] = lambda point: point) -> str:
    key = ec.derive_private_key(7, CURVES[curve]).public_key()
    point = key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return line(b"ecdsa-sha2-" + curve.encode(), curve.encode(), change(point))


def test_what_others_make_is_sound() -> None:
    made = [Ed25519PrivateKey.generate().public_key().public_bytes_raw() for _ in range(16)]
    keys = [*map(ed, made), an_rsa(), *map(an_ec, CURVES)]
    assert [""] * len(keys) == [no_key(each) for each in keys]


def compressed(point: bytes) -> bytes:
    half = len(point) // 2
    return bytes([2 + point[-1] % 2]) + point[1 : 1 + half]


@pytest.mark.parametrize("curve", CURVES)
@pytest.mark.parametrize(
    ("change", "why"),
    [
        (compressed, "not written out in full"),
        (lambda point: bytes([6 + point[-1] % 2]) + point[1:], "not written out in full"),
        (lambda point: point + b"\0", "not written out in full"),
        (lambda _: b"\0", "not written out in full"),
        (lambda _: b"", "not written out in full"),
        (lambda point: point[:-1] + bytes([point[-1] ^ 1]), "not on its curve"),
        (lambda point: point[:1] + bytes(len(point) - 1), "not on its curve"),
    ],
)
def test_a_point_of_ecdsa_has_one_form(
    curve: str, change: Callable[[bytes], bytes], why: str
) -> None:
    assert why in no_key(an_ec(curve, change))


def test_a_curve_is_that_of_the_format() -> None:
    key = an_ec("nistp256").split(" ")[1]
    raw = base64.b64decode(key).replace(b"\0\0\0\x08nistp256", b"\0\0\0\x08nistp384")
    other = f"ecdsa-sha2-nistp256 {base64.b64encode(raw).decode()}"
    assert "not that of its format" in no_key(other)


@pytest.mark.parametrize(
    ("key", "why"),
    [
        (an_rsa(n=b"\0" + mpint(RSA.n)), "not written as SSH"),
        (an_rsa(n=mpint(RSA.n)[1:]), "not written as SSH"),  # a negative number
        (an_rsa(e=b"\0" + mpint(RSA.e)), "not written as SSH"),
        (an_rsa(e=b""), "exponent"),
        (an_rsa(e=mpint(1)), "exponent"),
        (an_rsa(e=mpint(2)), "exponent"),
        (an_rsa(e=mpint(RSA.n + 2)), "exponent"),
        (an_rsa(n=mpint(RSA.n - 1)), "even"),
        (an_rsa(n=mpint((1 << 2046) + 1)), "2047 bits is too short"),
        (an_rsa(n=mpint((1 << 16_384) + 1)), "16385 bits is too long"),
        (an_rsa(n=b""), "0 bits is too short"),
    ],
)
def test_an_rsa_key_is_sound_and_has_one_form(key: str, why: str) -> None:
    assert why in no_key(key)


def test_an_rsa_key_of_the_least_length_counts() -> None:
    assert "" == no_key(an_rsa(e=mpint(3), n=mpint((1 << 2047) + 1)))


EIGHTH = bytes.fromhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a")


@pytest.mark.parametrize(
    ("point", "why"),
    [
        ((1).to_bytes(32, "little"), "not in the group"),
        (bytes(32), "not in the group"),
        ((P - 1).to_bytes(32, "little"), "not in the group"),
        (EIGHTH, "not in the group"),
        (EIGHTH[:-1] + bytes([EIGHTH[-1] | 0x80]), "not in the group"),
        (b"b" * 32, "not in the group"),  # of a large order, and yet not of the right one
        ((P + 1).to_bytes(32, "little"), "one way"),
        (P.to_bytes(32, "little"), "one way"),
        (b"\xff" * 32, "one way"),
        ((1 + (1 << 255)).to_bytes(32, "little"), "not on its curve"),
        (b"a" * 32, "not on its curve"),
        (b"a" * 31, "length"),
    ],
)
def test_an_ed25519_key_is_one_that_only_its_holder_signs_with(point: bytes, why: str) -> None:
    assert why in no_key(ed(point))


def test_one_private_key_is_one_holder() -> None:
    raw = Ed25519PrivateKey.generate().public_key().public_bytes_raw()
    turned = raw[:-1] + bytes([raw[-1] ^ 0x80])
    assert "" == no_key(ed(turned))
    assert holder(ed(raw)) == holder(ed(turned))
    assert holder(an_rsa()) == holder(an_rsa(e=mpint(3)))
    prime = 2**256 - 2**224 + 2**192 + 2**96 - 1
    there = an_ec("nistp256")
    below = an_ec("nistp256", lambda p: p[:33] + (prime - int.from_bytes(p[33:])).to_bytes(32))
    assert "" == no_key(below)
    assert there != below
    assert holder(there) == holder(below)
    keys = [ed(raw), an_rsa(), *map(an_ec, CURVES)]
    assert len(keys) == len({holder(each) for each in keys})
