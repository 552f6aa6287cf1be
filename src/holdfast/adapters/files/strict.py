"""Files that people write: read whole, and handed to the strict reader of their text."""

from collections.abc import Callable, Iterable
from pathlib import Path

from holdfast.adapters.files import regular
from holdfast.errors import BadInput
from holdfast.model import written
from holdfast.model.written import Fault

MOST_BYTES = 4 << 20


def read[T](
    path: Path,
    form: type[T],
    *,
    api_version: str,
    kind: str,
    faults: Callable[[T], Iterable[Fault]] = lambda _: (),
) -> T:
    """The value in a file of that form; `faults` says what no form can say is wrong with it."""
    text = content(path)
    return written.parse(text, str(path), form, api_version=api_version, kind=kind, faults=faults)


def content(path: Path) -> str:
    """The text of a file that people write."""
    try:
        # Not read_text, which turns line ends into ours: what is written back must be theirs.
        return regular.read(path, MOST_BYTES).decode("utf-8")
    except OSError as missing:
        raise BadInput(
            f"{path} cannot be read: {missing.strerror}.", remedy="Name a file that you may read."
        ) from None
    except UnicodeDecodeError:
        raise BadInput(f"{path} is not UTF-8.", remedy="Save it as UTF-8.") from None
