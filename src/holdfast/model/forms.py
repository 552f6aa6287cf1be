"""The forms that values are read into, looked at once before anybody reads.

msgspec looks at a struct when it first reads one, and keeps what it found with the class before it
is complete. A second thread that reads the same form meanwhile takes the process down with it (seen
on 0.22). So whoever starts threads has every form looked at before.
"""

from collections.abc import Iterator

import msgspec

OURS = "holdfast."


def look_at_forms(of: str = OURS) -> list[type[msgspec.Struct]]:
    """Look at each form of that package that is imported by now: those that can be read into."""
    return [each for each in set(_below(msgspec.Struct)) if _in(each, of) and _looked_at(each)]


def _below(form: type[msgspec.Struct]) -> Iterator[type[msgspec.Struct]]:
    for each in form.__subclasses__():
        yield each
        yield from _below(each)


def _in(form: type[msgspec.Struct], package: str) -> bool:
    return form.__module__.startswith(package)


def _looked_at(form: type[msgspec.Struct]) -> bool:
    try:
        msgspec.json.Decoder(form)
    except (TypeError, RecursionError):
        return False  # nobody reads into this: it holds what JSON cannot say
    return True
