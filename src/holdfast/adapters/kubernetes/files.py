"""Read the files of a folder that anybody may have made: regular files, of UTF-8, inside of it."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from holdfast.adapters.kubernetes.halves import whole_letters
from holdfast.errors import BadSnapshot

BOM = b"\xef\xbb\xbf"
UTF_16 = (b"\xff\xfe", b"\xfe\xff")
OUT = "Write it again, or take it out of the folder."


def shown(text: object) -> str:
    """Other people's text, quoted where it holds what a terminal would obey."""
    plain = str(text)
    return plain if plain.isprintable() else repr(plain)


def content(path: Path, *, inside: Path, remedy: str = OUT) -> bytes:
    """All of a file; whatever is wrong with it is said with its name."""
    # Not Path.resolve, which raises RuntimeError where links lead to themselves.
    if not Path(os.path.realpath(path)).is_relative_to(os.path.realpath(inside)):
        raise BadSnapshot(f"{shown(path)} lies outside of {shown(inside)}.", remedy=remedy)
    try:
        # Without O_NONBLOCK, opening a pipe would wait for somebody to write into it.
        with open(path, "rb", opener=_without_waiting) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise BadSnapshot(f"{shown(path)} is no regular file.", remedy=remedy)
            body = file.read()
    except FileNotFoundError:
        raise BadSnapshot(f"{shown(path)} is missing.", remedy=remedy) from None
    except IsADirectoryError:
        raise BadSnapshot(f"{shown(path)} is a folder and no file.", remedy=remedy) from None
    except OSError as broken:
        raise unreadable(path, broken) from None
    if body.startswith(UTF_16):
        raise BadSnapshot(
            f"{shown(path)} is UTF-16, and only UTF-8 is read.", remedy="Save it as UTF-8."
        )
    return whole_letters(body.removeprefix(BOM))


def lists(folder: Path) -> Iterator[Path]:
    """Every `*.json` below a folder that is a file, or says that it leads to one; in order."""
    for path in _below(folder):
        if not _named_so(path):
            continue
        try:
            mode = path.stat().st_mode
        except OSError as broken:
            raise unreadable(path, broken) from None
        _refuse_endless(path, mode)
        yield path


def others(folder: Path) -> Iterator[Path]:
    """Every other file below a folder, which may hold what hurts; in order.

    Hidden ones are the system's, and `logs.txt` in a pod's folder is what `kubectl cluster-info
    dump` puts there.
    """
    for path in _below(folder):
        inside = path.relative_to(folder).parts
        hidden = any(part.startswith(".") for part in inside)
        log = path.name == "logs.txt" and len(inside) > 1
        if _named_so(path) or hidden or log or not path.exists():
            continue
        _refuse_endless(path, path.stat().st_mode)
        yield path


def _refuse_endless(path: Path, mode: int) -> None:
    """A pipe or a device may be what somebody wanted read, and has no end or none in sight."""
    if not stat.S_ISREG(mode):
        raise BadSnapshot(
            f"{shown(path)} is no regular file, and is not read.",
            remedy="Save what it gives as a file, or take it out of the folder.",
        )


def _named_so(path: Path) -> bool:
    return path.suffix.lower() == ".json"


def unreadable(path: Path, broken: OSError) -> BadSnapshot:
    """What the system says of a file or a folder that it does not hand over."""
    return BadSnapshot(
        f"{shown(path)} cannot be read: {broken.strerror or 'the system says no more'}.",
        remedy="Check what it is, and that you may read it.",
    )


def _below(folder: Path) -> list[Path]:
    def stop(broken: OSError) -> None:
        raise unreadable(Path(broken.filename or folder), broken)

    walk = os.walk(folder, onerror=stop)
    return sorted(Path(above) / name for above, _, names in walk for name in names)


def _without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK)
