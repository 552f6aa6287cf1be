"""The lab's own authority and what it signs: server, clients, service accounts.

Everything is made afresh for each lab, lies in its folder and dies with it.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

# The server answers to this name too, which no resolver knows: what a test of
# `tls-server-name` asks for while it connects to 127.0.0.1.
OTHER_SERVER_NAME = "lab.holdfast.test"
_A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A certificate and its key, as files."""

    certificate: Path
    key: Path


class Authority:
    """Signs certificates with elliptic-curve keys, which are quick to make."""

    def __init__(self, folder: Path, *, name: str = "holdfast-lab") -> None:
        self._folder = folder
        self._now = datetime.now(UTC)
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        certificate = (
            x509.CertificateBuilder()
            .subject_name(self._name)
            .issuer_name(self._name)
            .public_key(self._key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(self._now - 3 * _A_DAY)
            .not_valid_after(self._now + 365 * _A_DAY)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(_usage(signs_certificates=True), critical=True)
            # Key identifiers: Python 3.13 verifies strictly and refuses chains without them.
            .add_extension(
                x509.SubjectKeyIdentifier.from_public_key(self._key.public_key()), critical=False
            )
            .sign(self._key, hashes.SHA256())
        )
        self.pair = _write(folder, "ca", certificate, self._key)

    def server(self, name: str = "server") -> Pair:
        """For 127.0.0.1, localhost and one name that only `tls-server-name` reaches."""
        names = x509.SubjectAlternativeName(
            [
                x509.IPAddress(ip_address("127.0.0.1")),
                x509.DNSName("localhost"),
                x509.DNSName(OTHER_SERVER_NAME),
            ]
        )
        return self._sign(name, x509.Name([]), names, ExtendedKeyUsageOID.SERVER_AUTH)

    def client(self, name: str, *, user: str, group: str = "", expired: bool = False) -> Pair:
        """What the API server takes as the user (common name) in the group (organization)."""
        subject = [x509.NameAttribute(NameOID.COMMON_NAME, user)]
        if group:
            subject.append(x509.NameAttribute(NameOID.ORGANIZATION_NAME, group))
        until = self._now - _A_DAY if expired else None
        return self._sign(name, x509.Name(subject), None, ExtendedKeyUsageOID.CLIENT_AUTH, until)

    def _sign(
        self,
        name: str,
        subject: x509.Name,
        alternatives: x509.SubjectAlternativeName | None,
        purpose: x509.ObjectIdentifier,
        until: datetime | None = None,
    ) -> Pair:
        key = ec.generate_private_key(ec.SECP256R1())
        draft = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(self._now - 2 * _A_DAY)
            .not_valid_after(until or self._now + 365 * _A_DAY)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()),
                critical=False,
            )
        )
        if alternatives is not None:
            draft = draft.add_extension(alternatives, critical=not subject.rdns)
        return _write(self._folder, name, draft.sign(self._key, hashes.SHA256()), key)


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        key_encipherment=False,
        content_commitment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def service_account_keys(folder: Path) -> Pair:
    """A bare key pair; its public half stands where a certificate would."""
    key = ec.generate_private_key(ec.SECP256R1())
    public = folder / "service-accounts.pub"
    public.write_bytes(
        key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    )
    return Pair(certificate=public, key=_write_key(folder, "service-accounts", key))


def _write(
    folder: Path, name: str, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey
) -> Pair:
    path = folder / f"{name}.crt"
    path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    return Pair(certificate=path, key=_write_key(folder, name, key))


def _write_key(folder: Path, name: str, key: ec.EllipticCurvePrivateKey) -> Path:
    path = folder / f"{name}.key"
    path.touch(mode=0o600)
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption(),
        )
    )
    return path
