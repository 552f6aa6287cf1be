"""A person's word: the statement, and the signature by a key of that person's own."""

from pathlib import Path

from holdfast.approvals import ssh_signatures
from holdfast.errors import BadInput, BadRecord, CannotSign
from holdfast.model.handed import Handed
from holdfast.model.ssh import SshCheck
from holdfast.surfaces.cli.pens import Pen, Signing
from holdfast.surfaces.cli.text import clean

MOST_BYTES = 20_000  # of a file of a statement or a signature


def chosen(pen: Pen, named: Path | None) -> Path | str:
    """The key to sign with: the one that was named, else the only one that there is."""
    if named is not None:
        return named
    held = pen.keys()
    if len(held) == 1:
        return held[0]
    if held:
        names = ", ".join(clean(called(each)) for each in held)
        raise BadInput(
            f"Your agent holds {len(held)} keys: {names}.",
            remedy="Say which one with --key: the .pub file of it will do.",
        )
    usual = pen.usual()
    if usual is None:
        raise CannotSign(
            "There is no key to sign with: your agent holds none that we take, nor ~/.ssh.",
            remedy="Name one with --key, or add one to your agent: ssh-add",
        )
    return usual


def called(key: Path | str) -> str:
    """A key for people: the file, or what the agent calls it."""
    if isinstance(key, Path):
        return str(key)
    format_, _, rest = key.partition(" ")
    return rest.partition(" ")[2] or format_


def signed(signing: Signing, key: Path | str, statement: bytes, namespace: str) -> Handed:
    """The statement with a signature that was checked before it is handed to anybody."""
    signature = signing.pen.sign(key, statement, namespace)
    return handed(signing.check, statement, signature, namespace)


def handed(check: SshCheck, statement: bytes, signature: str, namespace: str) -> Handed:
    """What was signed, here or elsewhere: refused before it is sent if it could never count."""
    key = ssh_signatures.key_named(signature)
    claimed = ssh_signatures.to_check(signature, statement, namespace, key)
    if not check(claimed):
        raise BadRecord(
            "The signature is not over that statement.",
            remedy="Sign the statement byte by byte as `--print` gave it, and hand both in again.",
        )
    return Handed(statement=statement.decode(), signature=signature)


def read_file(path: Path, what: str) -> bytes:
    """A statement or a signature that somebody made by hand."""
    try:
        with path.open("rb") as opened:
            text = opened.read(MOST_BYTES + 1)
    except OSError as failed:
        raise BadInput(
            f"The {what} {clean(str(path))} cannot be read: {failed.strerror}.",
            remedy=f"Name the file of the {what}.",
        ) from None
    if not text or len(text) > MOST_BYTES:
        raise BadInput(
            f"The {what} {clean(str(path))} is {'too long' if text else 'empty'}.",
            remedy=f"Name the file of the {what}.",
        )
    return text
