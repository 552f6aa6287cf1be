"""Files that people write: read whole, and handed to the strict reader of their text."""

from pathlib import Path

from holdfast.errors import BadInput
from holdfast.model import written

MOST_BYTES = 4 << 20


def read[T](path: Path, form: type[T], *, api_version: str, kind: str) -> T:
    """The value in a file of that form."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise BadInput(f"{path} is larger than 4 MiB.", remedy="Name another file.")
        text = path.read_text(encoding="utf-8")
    except OSError as missing:
        raise BadInput(
            f"{path} cannot be read: {missing.strerror}.", remedy="Name a file that you may read."
        ) from None
    except UnicodeDecodeError:
        raise BadInput(f"{path} is not UTF-8.", remedy="Save it as UTF-8.") from None
    return written.parse(text, str(path), form, api_version=api_version, kind=kind)
