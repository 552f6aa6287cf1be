"""The arithmetic of SSH signatures: whether a key made a signature over a message."""

from typing import assert_never

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from holdfast.model.ssh import Form, ToCheck


def check(claimed: ToCheck) -> bool:
    """Whether it is true. A key that is none has made no signature."""
    try:
        _verify(claimed)
    except (InvalidSignature, ValueError):
        return False
    return True


def _verify(claimed: ToCheck) -> None:
    match claimed.form:
        case Form.ED25519:
            key = Ed25519PublicKey.from_public_bytes(claimed.key[0])
            key.verify(claimed.signature, claimed.message)
        case Form.RSA_SHA256:
            _verify_rsa(claimed, hashes.SHA256())
        case Form.RSA_SHA512:
            _verify_rsa(claimed, hashes.SHA512())
        case Form.ECDSA_P256:
            _verify_ecdsa(claimed, ec.SECP256R1(), hashes.SHA256())
        case Form.ECDSA_P384:
            _verify_ecdsa(claimed, ec.SECP384R1(), hashes.SHA384())
        case Form.ECDSA_P521:
            _verify_ecdsa(claimed, ec.SECP521R1(), hashes.SHA512())
        case _:
            assert_never(claimed.form)


def _verify_rsa(claimed: ToCheck, hash_: hashes.HashAlgorithm) -> None:
    exponent, modulus = (int.from_bytes(part) for part in claimed.key)
    key = rsa.RSAPublicNumbers(exponent, modulus).public_key()
    key.verify(claimed.signature, claimed.message, padding.PKCS1v15(), hash_)


def _verify_ecdsa(claimed: ToCheck, curve: ec.EllipticCurve, hash_: hashes.HashAlgorithm) -> None:
    name, point = claimed.key
    if claimed.pair is None or name.decode("ascii", "replace") != claimed.form.rpartition("-")[2]:
        raise InvalidSignature
    key = ec.EllipticCurvePublicKey.from_encoded_point(curve, point)
    key.verify(encode_dss_signature(*claimed.pair), claimed.message, ec.ECDSA(hash_))
