"""The real ssh-keygen: keys, and signatures by them."""

import subprocess
from pathlib import Path

from holdfast.model.ssh import public_key


def make_key(folder: Path, sort: str, bits: int = 0) -> Path:
    """A private key without a passphrase; its public half lies beside it."""
    path = folder / f"{sort}{bits or ''}"
    size = ["-b", str(bits)] if bits else []
    made = ["ssh-keygen", "-q", "-t", sort, *size, "-N", "", "-C", "ana@desk", "-f", str(path)]
    subprocess.run(made, check=True, capture_output=True)
    return path


def public(private: Path) -> str:
    """The key's public half as the people file holds it, without the comment."""
    return public_key(private.with_suffix(".pub").read_text())


def sign(private: Path, text: bytes, namespace: str, *options: str) -> str:
    """An armored signature over a text."""
    words = ["ssh-keygen", "-Y", "sign", *options, "-n", namespace, "-f", str(private)]
    signed = subprocess.run(words, input=text, check=True, capture_output=True)
    return signed.stdout.decode()
