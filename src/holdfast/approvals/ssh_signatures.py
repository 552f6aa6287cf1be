"""SSH signatures as `ssh-keygen -Y sign` makes them, taken apart strictly.

- The public key comes from the people file. The blob names one as well: it must be the same.
- Namespace, hash and format are ours to choose from, and SHA-1 is not among them.
- Every encoding must be the only one of its value: base64, lengths, numbers. A bit that a lax
  reader ignores is a bit that somebody may flip.

This decides what must be checked; the check itself is arithmetic, and stands outside.
"""

import base64
import binascii
import hashlib
import re

from holdfast.errors import BadRecord
from holdfast.model.ssh import KEYS, Form, ToCheck, no_key, parts_of

BEGIN, END = "-----BEGIN SSH SIGNATURE-----", "-----END SSH SIGNATURE-----"
MAGIC = b"SSHSIG"
WIDTH = 70
MOST_BYTES = 16_384
_ARMOR = re.compile(rf"{BEGIN}\n((?:[A-Za-z0-9+/=]{{1,{WIDTH}}}\n)+){END}\n?")
_HASHES = {b"sha256": hashlib.sha256, b"sha512": hashlib.sha512}


def to_check(armored: str, statement: bytes, namespace: str, key: str) -> ToCheck:
    """What a signature claims over a statement, if it is by that key (`format base64`).

    Raises `BadRecord` with the reason when it is not what it must be.
    """
    blob = _dearmored(armored)
    reader = _Reader(blob)
    reader.expect(MAGIC, "the blob does not begin as an SSH signature does")
    if reader.number() != 1:
        raise _refused("its version is not 1")
    public, named, reserved, hash_name, signed = (reader.text() for _ in range(5))
    reader.end("the blob goes on after the signature")
    format_, parts = _key(key)
    if public != _unbase64(key.partition(" ")[2]):
        raise _refused("it names another key than the people file")
    if named != namespace.encode():
        raise _refused(f"it was made for {_shown(named)}, and not for {namespace}")
    if reserved:
        raise _refused("it holds something where nothing is to be")
    if hash_name not in _HASHES:
        raise _refused(f"its hash {_shown(hash_name)} is none of ours")
    digest = _HASHES[hash_name](statement).digest()
    message = MAGIC + b"".join(_told(each) for each in (named, reserved, hash_name, digest))
    inner = _Reader(signed)
    form = _form(inner.text(), format_)
    raw = inner.text()
    inner.end("the signature goes on after its end")
    pair = _pair(raw) if format_.startswith("ecdsa-") else None
    if form is Form.ED25519 and len(raw) != 64:
        raise _refused("it has not the length of an Ed25519 signature")
    if format_ == "ssh-rsa" and len(raw) != (int.from_bytes(parts[1]).bit_length() + 7) // 8:
        raise _refused("it has not the length of its key")
    return ToCheck(key=parts, form=form, message=message, signature=raw, pair=pair)


def _shown(name: bytes) -> str:
    return name[:40].decode("ascii", "replace")


def key_named(armored: str) -> str:
    """The key that a signature names (`format base64`), to be looked up and not to be trusted."""
    reader = _Reader(_dearmored(armored))
    reader.take(len(MAGIC) + 4)
    raw = reader.text()
    format_ = _Reader(raw).text()
    return f"{format_.decode('ascii', 'replace')} {base64.b64encode(raw).decode()}"


def _dearmored(armored: str) -> bytes:
    form = _ARMOR.fullmatch(armored) if len(armored) <= MOST_BYTES else None
    if form is None:
        raise _refused("it is not armored as ssh-keygen does it")
    lines = form[1].split("\n")[:-1]
    if any(len(line) != WIDTH for line in lines[:-1]):
        raise _refused("its lines are not broken as ssh-keygen breaks them")
    return _unbase64("".join(lines))


def _unbase64(text: str) -> bytes:
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise _refused("its base64 is broken") from None
    if base64.b64encode(raw).decode() != text:
        raise _refused("its base64 has bits that nobody reads")
    return raw


def _key(key: str) -> tuple[str, tuple[bytes, ...]]:
    format_, _, text = key.partition(" ")
    if format_.startswith("sk-"):
        raise _refused("keys on hardware (sk-) are not accepted yet")
    if format_ not in KEYS:
        raise _refused(f"a key of format {format_[:40]} is none of ours")
    if why := no_key(key):
        raise _refused(f"the key in the people file is not sound: {why}")
    return format_, tuple(parts_of(_unbase64(text))[1:])


def _form(named: bytes, format_: str) -> Form:
    form = next((each for each in KEYS[format_] if each.value.encode() == named), None)
    if form is None:
        said = named[:40].decode("ascii", "backslashreplace")
        taken = " or ".join(sorted(KEYS[format_]))
        raise _refused(
            f"it says that it is of the form {said}, and of a key of the format {format_} only "
            f"{taken} is taken"
        )
    return form


def _pair(raw: bytes) -> tuple[int, int]:
    reader = _Reader(raw)
    pair = reader.integer(), reader.integer()
    reader.end("the signature goes on after its two numbers")
    return pair


class _Reader:
    """Reads what SSH writes, and nothing but its one form."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw
        self._at = 0

    def take(self, count: int) -> bytes:
        part = self._raw[self._at : self._at + count]
        if len(part) != count:
            raise _refused("it ends too early")
        self._at += count
        return part

    def expect(self, wanted: bytes, why: str) -> None:
        if self.take(len(wanted)) != wanted:
            raise _refused(why)

    def number(self) -> int:
        return int.from_bytes(self.take(4))

    def text(self) -> bytes:
        return self.take(self.number())

    def integer(self) -> int:
        raw = self.text()
        value = int.from_bytes(raw)
        if value < 1 or raw != value.to_bytes(value.bit_length() // 8 + 1):
            raise _refused("one of its numbers is not written as SSH writes it")
        return value

    def end(self, why: str) -> None:
        if self._at != len(self._raw):
            raise _refused(why)


def _told(part: bytes) -> bytes:
    return len(part).to_bytes(4) + part


def _refused(why: str) -> BadRecord:
    return BadRecord(
        f"The SSH signature does not count: {why}.",
        remedy="Sign the statement again with `holdfast approve`, or with ssh-keygen -Y sign.",
    )
