"""Pod templates as controllers compare and name them."""

from hashlib import sha256

from holdfast.model.canonical import canonical
from holdfast.testing.documents import Json

HASH = "pod-template-hash"
_LETTERS = "bcdf2456789"


def bare(template: Json) -> bytes:
    """A template without the label that its controller adds."""
    metadata = {name: each for name, each in template["metadata"].items() if each is not None}
    labels = {k: v for k, v in (metadata.get("labels") or {}).items() if k != HASH}
    return canonical({**template, "metadata": {**metadata, "labels": labels}})


def code_of(template: Json) -> str:
    """What names of its revision end with."""
    digest = sha256(bare(template)).digest()
    return "".join(_LETTERS[byte % len(_LETTERS)] for byte in digest[:10])
